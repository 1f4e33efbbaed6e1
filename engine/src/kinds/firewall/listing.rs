//! The table as `nft` lists it, taken apart: rules by their names, and all that is around them.

use std::collections::BTreeMap;

/// A table as it is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The lines of each named rule, without the name.
    pub(super) rules: BTreeMap<String, Vec<String>>,
    /// Of each chain and set: its first line, and the rest with names in place of named rules.
    pub(super) blocks: BTreeMap<String, Vec<String>>,
}

impl Listing {
    /// Our table, out of all that `nft list ruleset` says; `None` where it is not there.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip_while(|line| *line != "table inet topo {");
        lines.next()?;
        let mut listing = Self::default();
        let mut block = String::new();
        for line in lines.take_while(|line| *line != "}") {
            let inner = line.trim();
            match line.strip_prefix('\t') {
                Some(start) if !start.starts_with(['\t', '}']) && !start.is_empty() => {
                    block = inner.trim_end_matches(" {").to_owned();
                    listing.blocks.entry(block.clone()).or_default();
                }
                Some(_) if inner != "}" => listing.add(&block, inner),
                _ => {}
            }
        }
        Some(listing)
    }

    fn add(&mut self, block: &str, line: &str) {
        let named = line.strip_suffix('"').and_then(|line| line.rsplit_once(" comment \""));
        let (Some((rule, name)), true) = (named, block.starts_with("chain ")) else {
            self.blocks.entry(block.to_owned()).or_default().push(line.to_owned());
            return;
        };
        let lines = self.rules.entry(name.to_owned()).or_default();
        if lines.is_empty() {
            self.blocks.entry(block.to_owned()).or_default().push(format!("{NAMED}{name}"));
        }
        lines.push(rule.to_owned());
    }
}

/// What stands before the name of a rule; no line of `nft` begins so.
pub(super) const NAMED: char = '#';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_name() {
        let text = "table inet other {\n\tchain a {\n\t\tdrop comment \"x\"\n\t}\n}\ntable inet topo {\n\tset s {\n\t\t\
                    type ipv4_addr\n\t\telements = { 1.2.3.4 }\n\t}\n\n\tchain input {\n\t\ttype filter hook input \
                    priority filter; policy drop;\n\t\ttcp dport 22 accept comment \"ssh\"\n\t\tudp dport 22 accept \
                    comment \"ssh\"\n\t\tdrop\n\t}\n}\n";
        let listing = Listing::of(text).unwrap();
        assert_eq!(listing.rules.keys().collect::<Vec<_>>(), ["ssh"]);
        assert_eq!(listing.rules["ssh"], ["tcp dport 22 accept", "udp dport 22 accept"]);
        assert_eq!(listing.blocks["chain input"][1..], ["#ssh", "drop"]);
        assert_eq!(listing.blocks["set s"], ["type ipv4_addr", "elements = { 1.2.3.4 }"]);
        assert_eq!(Listing::of("table inet other {\n}\n"), None);
        assert_eq!(Listing::of("table inet topo {\n}\n"), Some(Listing::default()));
    }
}
