//! Whether tables are as they should be. `nft` lists a rule in other words than it was written in; so what it should list
//! is found by giving the kernel the wanted table in a network namespace that is thrown away.

use super::Firewall;
use super::listing::{Listing, NAMED};
use super::nft::{carry_out, list};
use super::spec::{BESIDES, attribute_of_chain, chain_in_words};
use crate::attribute::{Attribute, Attributes};
use crate::error::Error;
use crate::kinds::{Subject, observe_per_host};
use crate::linux::netns;
use crate::machine::Machine;
use std::os::fd::AsFd;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Firewall>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_per_host(machine, subjects, |subjects| subjects.iter().map(|subject| look(subject)).collect())
}

fn look(subject: &Subject<'_, Firewall>) -> Result<Option<Attributes>, Error> {
    let failed = |error| Error::caused(format!("read {}", subject.id), error);
    let Some(found) = list().map_err(failed)? else { return Ok(None) };
    let Some(desired) = subject.desired else { return Ok(Some(Attributes::new())) };
    let apart = |error| Error::caused("make a network namespace to be thrown away", error);
    let scratch = netns::create().map_err(apart)?;
    let right =
        netns::with(scratch.as_fd(), || carry_out(&desired.table()).and_then(|_| list())).map_err(apart)?;
    let right = right.map_err(failed)?.unwrap_or_default();
    Ok(Some(compare(desired.as_attributes(), &right, &found)))
}

/// What is desired, but for what `found` has otherwise than it should be.
fn compare(mut attributes: Attributes, right: &Listing, found: &Listing) -> Attributes {
    for (name, lines) in &right.rules {
        if found.rules.get(name) != Some(lines) {
            attributes.insert(name.clone(), shown(found.rules.get(name)));
        }
    }
    let mut besides = Vec::new();
    let blocks =
        right.blocks.keys().chain(found.blocks.keys().filter(|name| !right.blocks.contains_key(*name)));
    for name in blocks.filter(|name| right.blocks.get(*name) != found.blocks.get(*name)) {
        let chain = name.strip_prefix("chain ").map(attribute_of_chain);
        match chain.filter(|chain| attributes.contains_key(chain)) {
            Some(chain) => {
                attributes.insert(chain, found.blocks.get(name).map_or_else(none, |lines| in_words(lines)));
            }
            None => besides.push(name.clone()),
        }
    }
    if !besides.is_empty() {
        attributes.insert(BESIDES.to_owned(), format!("another `{}`", besides.join("`, `")).into());
    }
    attributes
}

fn shown(lines: Option<&Vec<String>>) -> Attribute {
    lines.map_or_else(none, |lines| lines.join("; ").into())
}

fn none() -> Attribute {
    "none".into()
}

/// A chain as [`super::spec`] writes it: its policy, and rules by name; those that have none as they are.
fn in_words(lines: &[String]) -> Attribute {
    let policy =
        lines.first().and_then(|line| line.split_once("policy ")).map_or("none", |(_, policy)| policy);
    let rules: Vec<&str> = lines.iter().skip(1).map(|line| line.trim_start_matches(NAMED)).collect();
    chain_in_words(policy.trim_end_matches(';'), &rules).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let listing = |text: &str| Listing::of(&format!("table inet topo {{\n{text}}}\n")).unwrap();
        let right = listing(
            "\tchain input {\n\t\thook; policy drop;\n\t\ta accept comment \"one\"\n\t\tb comment \"two\"\n\t}\n",
        );
        let found = listing(
            "\tchain input {\n\t\thook; policy accept;\n\t\ta drop comment \"one\"\n\t\tc\n\t}\n\tset s {\n\t\ttype t\n\t}\n",
        );
        let desired = Attributes::from([
            ("chain input".to_owned(), "drop: one, two".into()),
            ("one".to_owned(), "A accept".into()),
            ("two".to_owned(), "B".into()),
            (BESIDES.to_owned(), none()),
        ]);
        assert_eq!(compare(desired.clone(), &right, &right), desired);
        let differs = compare(desired, &right, &found);
        let expected = Attributes::from([
            ("chain input".to_owned(), "accept: one, c".into()),
            ("one".to_owned(), "a drop".into()),
            ("two".to_owned(), none()),
            (BESIDES.to_owned(), "another `set s`".into()),
        ]);
        assert_eq!(differs, expected);
    }
}
