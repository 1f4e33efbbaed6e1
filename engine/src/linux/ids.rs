//! The ids that an ordinary user may give to others: `/etc/subuid`, `/etc/subgid`, and the tools that use them.

use std::fs;

/// Consecutive ids of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The tools that may set a map of more than one id.
pub const TOOLS: [&str; 2] = ["/usr/bin/newuidmap", "/usr/bin/newgidmap"];

/// The ranges that a file like `/etc/subuid` gives to this user, by name or by number.
pub fn subordinate(file: &str, user: u32) -> Vec<IdRange> {
    let name = nix::unistd::User::from_uid(user.into()).ok().flatten().map(|entry| entry.name);
    // No file, or one that cannot be read, gives no range.
    fs::read_to_string(file).map(|text| ranges(&text, name.as_deref(), user)).unwrap_or_default()
}

fn ranges(text: &str, name: Option<&str>, user: u32) -> Vec<IdRange> {
    let number = user.to_string();
    let mut found = Vec::new();
    for line in text.lines() {
        let mut fields = line.trim().split(':');
        let owner = fields.next();
        let first = fields.next().and_then(|field| field.parse().ok());
        let count = fields.next().and_then(|field| field.parse().ok());
        if let (Some(owner), Some(first), Some(count)) = (owner, first, count)
            && (Some(owner) == name || owner == number)
            && count > 0
        {
            found.push(IdRange { first, count });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_found_by_name_and_by_number() {
        let text = "alice:100000:65536\nbob:165536:65536\n1000:300000:10\nbroken\nalice:x:1\nalice:5:0\n";
        let found = ranges(text, Some("alice"), 1000);
        assert_eq!(found, [IdRange { first: 100_000, count: 65_536 }, IdRange { first: 300_000, count: 10 }]);
        assert!(ranges(text, Some("carol"), 1002).is_empty());
    }
}
