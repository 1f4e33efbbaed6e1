//! Paths of options and their parts, such as `hosts.kdc1.files."/etc/krb5.conf".text`, as they are typed.

use std::path::Path;

/// A lab and the path of a part of it, both of which may be left out: a single word that is no file is a path.
pub(crate) fn after_lab<'w>(
    first: Option<&'w str>,
    second: Option<&'w str>,
) -> (Option<&'w str>, Option<&'w str>) {
    let is_lab = |word: &str| word.ends_with(".kdl") || word.contains('/') && Path::new(word).exists();
    match (first, second) {
        (Some(one), None) if !is_lab(one) => (None, Some(one)),
        both => both,
    }
}

/// The keys of a path; one in quotes may contain dots.
pub(crate) fn keys(path: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut key = String::new();
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => keys.push(std::mem::take(&mut key)),
            c => key.push(c),
        }
    }
    keys.push(key);
    keys
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn quoted_keys_may_have_dots() {
        assert_eq!(
            keys("hosts.a.files.\"/etc/krb5.conf\".text"),
            ["hosts", "a", "files", "/etc/krb5.conf", "text"]
        );
        assert_eq!(keys("a"), ["a"]);
    }
}
