//! Which of the addresses that are wanted or were applied an interface has, in the order the lab gives them.

use super::Address;
use super::spec::{addresses_of, attributes, interface_of};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, links_of, observe_per_host};
use crate::linux::netlink::{self, Netlink};
use crate::machine::Machine;
use ipnet::IpNet;
use std::collections::BTreeSet;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, Address>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_per_host(machine, subjects, |subjects| {
        let failed = |error| Error::caused("read a host's addresses", error);
        let netlink = Netlink::open().map_err(failed)?;
        let links = links_of(&netlink)?;
        let found: BTreeSet<netlink::Address> = netlink.addresses().map_err(failed)?.into_iter().collect();
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
