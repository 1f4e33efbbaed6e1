//! The machine's own place on a network.

use crate::decode::Spanned;
use crate::name::InterfaceName;
use ipnet::IpNet;
use serde::Deserialize;

/// An interface of the machine that is plugged into a network's bridge.
#[derive(Clone, Debug, Deserialize)]
pub struct Uplink {
    /// What it is called on the machine.
    pub interface: Spanned<InterfaceName>,
    /// The bridge of the machine that it is plugged into.
    pub bridge: Option<InterfaceName>,
    /// Its addresses.
    pub address: Vec<Spanned<IpNet>>,
}
