//! Which of the addresses that are wanted or were applied an interface has, in the order the lab gives them.

use super::Address;
use super::spec::{addresses_of, attributes, interface_of};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, observe_stacks};
use crate::linux::netlink;
use crate::machine::Machine;
use ipnet::IpNet;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Address>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_stacks(machine, subjects, |stack, subjects| {
        let (links, found) = (stack.links()?, stack.addresses()?);
        let look = |subject: &&Subject<'_, Address>| {
            let index = links.get(interface_of(subject.id))?.index;
            let here: Vec<IpNet> = ours(subject)
                .into_iter()
                .filter(|address| found.contains(&netlink::Address { index, address: *address }))
                .collect();
            (!here.is_empty()).then(|| attributes(&here))
        };
        Ok(subjects.iter().map(look).collect())
    })
}

/// The wanted addresses, then those applied before.
fn ours(subject: &Subject<'_, Address>) -> Vec<IpNet> {
    let mut ours = subject.desired.map(|desired| desired.addresses.clone()).unwrap_or_default();
    for address in subject.recorded.map(addresses_of).unwrap_or_default() {
        if !ours.contains(&address) {
            ours.push(address);
        }
    }
    ours
}
