//! Giving WireGuard links their settings.

use super::WireguardPeers;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::change_per_host;
use crate::linux::netlink::wireguard::Wireguard;
use crate::machine::Machine;

pub(super) fn set(machine: &Machine, wanted: &[(&ResourceId, &WireguardPeers)]) -> Vec<Result<(), Error>> {
    change_per_host(machine, wanted, |wanted| {
        let socket = Wireguard::open().map_err(|error| Error::caused("set up WireGuard", error))?;
        let set = |(id, spec): &&(&ResourceId, &WireguardPeers)| {
            let answer = socket.set(&id.name, &spec.device(machine.key()));
            answer.map_err(|error| Error::caused(format!("set up {id}"), error))
        };
        Ok(wanted.iter().map(set).collect())
    })
}
