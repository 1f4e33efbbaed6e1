//! The name that was probably meant.

/// `a host`, `an interface`: a name in backticks with its article.
pub(crate) fn with_article(name: &str) -> String {
    // As it is spoken: a user, a unit.
    let vowel =
        name.starts_with(['a', 'e', 'i', 'o', 'u']) && !name.starts_with("us") && !name.starts_with("uni");
    let article = if vowel { "an" } else { "a" };
    format!("{article} `{name}`")
}

/// The candidate nearest to `name`, if one is near enough to be worth suggesting.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0 => return None,
        1..=2 => 1,
        3..=5 => 2,
        count => count / 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(name, candidate, limit), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two names: insertion, deletion, replacement, neighbours swapped, each one. More than `limit` may be any such number.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = last.clone();
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        (before_last, last, row) = (last, row, before_last);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names() {
        let names = ["interface", "address", "network", "mtu", "mac", "on"];
        assert_eq!(nearest("adress", names), Some("address"));
        assert_eq!(nearest("netwrok", names), Some("network"));
        assert_eq!(nearest("Interface", names), Some("interface"));
        assert_eq!(nearest("mut", names), Some("mtu"));
        assert_eq!(nearest("principal", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest("x", names), None);
    }
}
