//! What `kadmin.local` reads on its standard input: one request a line, words apart by space, quoted with `"`.

use crate::error::Error;

/// The longest line that its reader takes in one piece.
const LONGEST: usize = 4000;

/// A word as the reader takes it, whatever is in it.
pub(crate) fn quote(word: &str) -> Result<String, Error> {
    let unfit = |detail: &str| Err(Error::found("write a request for `kadmin.local`", detail));
    if word.is_empty() {
        return unfit("a word of it is empty");
    }
    if word.chars().any(|c| c == '\n' || c == '\r' || c == '\0') {
        return unfit("a word of it has a line break or a zero byte, which its reader takes for the end");
    }
    if word.len() > LONGEST {
        return unfit("a word of it is longer than its reader takes");
    }
    Ok(format!("\"{}\"", word.replace('"', "\"\"")))
}

/// What was said of `name`: the lines of stderr that are complaints. Its exit status is no help: it is 0 whatever happened.
pub(crate) fn complaints(stderr: &str, name: &str) -> Vec<String> {
    let said: Vec<&str> = stderr
        .lines()
        .map(|line| line.trim_start_matches("kadmin.local:").trim())
        .filter(|line| {
            !line.is_empty()
                && !line.starts_with("No policy specified for")
                && !line.starts_with("Authenticating as")
        })
        .collect();
    let own: Vec<String> =
        said.iter().filter(|line| line.contains(name)).map(|line| (*line).to_owned()).collect();
    if own.is_empty() {
        said.iter().rev().take(5).rev().map(|line| (*line).to_owned()).collect()
    } else {
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_the_reader_wants_them() {
        let quoted = |word| quote(word).unwrap();
        assert_eq!(quoted("wonderland"), "\"wonderland\"");
        assert_eq!(quoted("wonder\"land x\\y'z"), "\"wonder\"\"land x\\y'z\"");
        for unfit in ["", "a\nb", "a\0b", &"x".repeat(5000)] {
            assert!(quote(unfit).is_err(), "{unfit:?}");
        }
    }

    #[test]
    fn complaints_are_found_by_name() {
        let stderr = "No policy specified for bob@A.TEST; defaulting to no policy\n\
            add_principal: Principal or policy already exists while creating \"alice@A.TEST\".\n\
            kadmin.local: Principal host/nope does not exist.\n";
        let alice = complaints(stderr, "alice@A.TEST");
        assert_eq!(
            alice,
            ["add_principal: Principal or policy already exists while creating \"alice@A.TEST\"."]
        );
        assert_eq!(complaints(stderr, "bob@B.TEST").len(), 2);
    }
}
