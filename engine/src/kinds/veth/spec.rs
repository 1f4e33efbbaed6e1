//! What an interface should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::decode::Spanned;
use crate::digest::{self, DigestKey};
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::bridge::Bridge;
use crate::kinds::netns::Netns;
use crate::kinds::{Kind, Manage, Subject, Updating, goes_down};
use crate::lab::{Lab, Mac};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{HostName, InterfaceName, NetworkName};
use crate::plan::Change;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veth {
    /// The network it is on.
    pub network: NetworkName,
    /// The largest packet, in bytes.
    pub mtu: u32,
    /// The hardware address; the kernel's choice where none.
    pub mac: Option<Mac>,
    /// Whether the host's end is set up.
    pub up: bool,
}

/// What the kernel gives a link of which nothing is said.
const DEFAULT_MTU: u32 = 1500;

impl Veth {
    /// The resource of this kind that stands for `interface` of `host`.
    pub fn id(host: &HostName, interface: &InterfaceName) -> ResourceId {
        ResourceId::of_host(Kind::Veth, host, interface)
    }
}

/// The name of the other end, among the bridges: `kdc1.eth0`, or something short where that is too long for the kernel.
pub(crate) fn port_name(host: &str, interface: &str) -> String {
    const LONGEST: usize = 15;
    let whole = format!("{host}.{interface}");
    if whole.len() <= LONGEST {
        return whole;
    }
    let digest = digest::contents(whole.as_bytes()).to_string();
    let hex = digest.trim_start_matches("sha256:");
    format!("{}~{}", host.get(..4).unwrap_or(host), hex.get(..10).unwrap_or(hex))
}

impl Manage for Veth {
    const IN_PLACE: &'static [&'static str] = &["network", "mtu", "mac", "up"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (host_name, host) in &lab.hosts {
            for (name, interface) in &host.interfaces {
                let bridged = |network: &&Spanned<NetworkName>| {
                    lab.networks.get(&network.value).is_none_or(|network| network.bridge.value)
                };
                let Some(network) = interface.port_of().filter(bridged).map(|network| network.value.clone())
                else {
                    continue;
                };
                let on = Bridge::id(&network);
                let mtu = interface.mtu.or(lab.networks.get(&network).map(|network| network.mtu));
                let mac = interface.mac.map(|mac| mac.value);
                let spec = Veth { network, mtu: mtu.unwrap_or(DEFAULT_MTU), mac, up: interface.up };
                lowering
                    .of_host(host_name, name.as_str(), spec, interface.span)
                    .needs(Netns::id(host_name), Why::Inside)
                    .needs(on, Why::Order)
                    .is_interface(host_name, name)
                    .sets_up(host_name);
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        let mut attributes = Attributes::from([
            ("network".into(), self.network.as_str().into()),
            ("mtu".into(), self.mtu.into()),
            ("up".into(), self.up.into()),
        ]);
        if let Some(mac) = self.mac {
            attributes.insert("mac".into(), mac.to_string().into());
        }
        attributes
    }

    fn matters(change: &Change) -> bool {
        goes_down(change)
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::create(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::update(machine, wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::delete(machine, unwanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_names_fit_the_kernel_and_differ() {
        assert_eq!(port_name("kdc1", "eth0"), "kdc1.eth0");
        let (one, two) =
            (port_name("a-host-with-a-long-name", "eth0"), port_name("a-host-with-a-long-name", "eth1"));
        assert!(one.len() <= 15 && two.len() <= 15 && one != two, "{one} {two}");
    }
}
