//! Which rules hosts have. Where several have one priority, the wanted one counts, then the one applied before.

use super::Rule;
use super::spec::place_of;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, observe_per_host};
use crate::linux::netlink::{self, Netlink};
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Rule>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_per_host(machine, subjects, |subjects| {
        let failed = |error| Error::caused("read a host's rules", error);
        let rules = Netlink::open().and_then(|netlink| netlink.rules()).map_err(failed)?;
        Ok(subjects.iter().map(|subject| look(subject, &rules)).collect())
    })
}

fn look(subject: &Subject<'_, Rule>, rules: &[netlink::Rule]) -> Option<Attributes> {
    let place = place_of(subject.id)?;
    let there: Vec<Rule> = rules
        .iter()
        .filter(|rule| (rule.priority, rule.is_ipv6) == place)
        .map(|rule| Rule { rule: rule.clone() })
        .collect();
    let recorded = subject.recorded.and_then(|recorded| Rule::of(subject.id, recorded));
    let best = there
        .iter()
        .find(|rule| subject.desired == Some(rule))
        .or_else(|| there.iter().find(|rule| recorded.as_ref() == Some(rule)))
        .or(there.first())?;
    Some(best.as_attributes())
}
