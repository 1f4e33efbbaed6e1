//! Which settings WireGuard links have. Where a peer's place is not the lab's to say, wherever it is is right.

use super::WireguardPeers;
use super::spec::attributes;
use crate::attribute::Attributes;
use crate::error::Error;
use crate::kinds::{Subject, links_here, observe_per_host};
use crate::linux::netlink::InfoKind;
use crate::linux::netlink::wireguard::Wireguard;
use crate::machine::Machine;

pub(super) fn observe(
    machine: &Machine,
    subjects: &[Subject<'_, WireguardPeers>],
) -> Result<Vec<Option<Attributes>>, Error> {
    observe_per_host(machine, subjects, |subjects| {
        let links = links_here()?;
        let is = |subject: &Subject<'_, WireguardPeers>| {
            let link = links.get(&*subject.id.name);
            link.is_some_and(|link| link.kind == Some(InfoKind::Wireguard))
        };
        if !subjects.iter().any(|subject| is(subject)) {
            return Ok(subjects.iter().map(|_| None).collect());
        }
        let socket = Wireguard::open().map_err(|error| Error::caused("read WireGuard settings", error))?;
        let look = |subject: &&Subject<'_, WireguardPeers>| {
            if is(subject) { settings(machine, &socket, subject).map(Some) } else { Ok(None) }
        };
        subjects.iter().map(look).collect()
    })
}

fn settings(
    machine: &Machine,
    socket: &Wireguard,
    subject: &Subject<'_, WireguardPeers>,
) -> Result<Attributes, Error> {
    let mut device =
        socket.get(&subject.id.name).map_err(|error| Error::caused(format!("read {}", subject.id), error))?;
    let desired = subject.desired.map(|spec| spec.device(machine.key()));
    for wanted in desired.iter().flat_map(|desired| &desired.peers).filter(|wanted| wanted.endpoint.is_none())
    {
        for peer in device.peers.iter_mut().filter(|peer| peer.public == wanted.public) {
            peer.endpoint = None;
        }
    }
    Ok(attributes(&device, machine.key()))
}
