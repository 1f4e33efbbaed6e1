//! Adding, changing and removing rules.

use super::Rule;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{Updating, change_per_host, delete_per_host, perform};
use crate::linux::netlink::{self, Netlink, Refusal, Request};
use crate::machine::Machine;

pub(super) fn create(machine: &Machine, wanted: &[(&ResourceId, &Rule)]) -> Vec<Result<(), Error>> {
    change_per_host(machine, wanted, |wanted| {
        let wanted: Vec<_> = wanted.iter().map(|(id, rule)| (*id, Some((*rule).clone()))).collect();
        // One that is there is an interrupted run's, and as good.
        ask("add", &wanted, netlink::add_rule, Refusal::exists)
    })
}

/// The new rule comes before the old one goes: at no time is there none.
pub(super) fn update(machine: &Machine, wanted: &[Updating<'_, Rule>]) -> Vec<Result<(), Error>> {
    change_per_host(machine, wanted, |wanted| {
        let new: Vec<_> = wanted.iter().map(|one| (one.id, Some(one.spec.clone()))).collect();
        let old: Vec<_> = wanted
            .iter()
            .map(|one| (one.id, Rule::of(one.id, one.before).filter(|rule| rule != one.spec)))
            .collect();
        let added = ask("add", &new, netlink::add_rule, Refusal::exists)?;
        let removed = ask("remove", &old, netlink::delete_rule, Refusal::is_gone)?;
        Ok(added.into_iter().zip(removed).map(|(added, removed)| added.and(removed)).collect())
    })
}

pub(super) fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    delete_per_host(machine, unwanted, |unwanted| {
        let unwanted: Vec<_> =
            unwanted.iter().map(|(id, attributes)| (*id, Rule::of(id, attributes))).collect();
        ask("remove", &unwanted, netlink::delete_rule, Refusal::is_gone)
    })
}

/// One request for each rule there is, in the namespace this thread is in.
fn ask(
    verb: &str,
    rules: &[(&ResourceId, Option<Rule>)],
    request: impl Fn(&netlink::Rule) -> Request,
    is_fine: impl Fn(&Refusal) -> bool,
) -> Result<Vec<Result<(), Error>>, Error> {
    let netlink = Netlink::open().map_err(|error| Error::caused("change rules", error))?;
    let mut answers: Vec<Result<(), Error>> = rules.iter().map(|_| Ok(())).collect();
    let there = rules.iter().enumerate().filter_map(|(number, (id, rule))| {
        Some((number, (format!("{verb} {id}"), request(&rule.as_ref()?.rule))))
    });
    let (numbers, requests): (Vec<usize>, Vec<_>) = there.unzip();
    for (number, answer) in numbers.into_iter().zip(perform(&netlink, requests, is_fine)?) {
        answers[number] = answer;
    }
    Ok(answers)
}
