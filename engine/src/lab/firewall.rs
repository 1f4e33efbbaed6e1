//! What a host lets through.

use crate::decode::Spanned;
use crate::lab::Scalar;
use crate::name::{InterfaceName, UnitName};
use indexmap::IndexMap;
use serde::Deserialize;
use std::net::IpAddr;

/// What a host lets through, and what it makes of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Firewall {
    /// What happens to packets for the host that no rule is about.
    pub input: Verdict,
    /// The same for those that it passes on.
    pub forward: Verdict,
    /// The same for its own.
    pub output: Verdict,
    /// Whether replies, loopback and the search for neighbours always pass.
    pub established: bool,
    /// Rules, in order.
    pub rules: IndexMap<UnitName, Spanned<Rule>>,
    /// Interfaces whose address packets get that go out of them.
    pub masquerade: Vec<Spanned<InterfaceName>>,
    /// Ports that are somebody else's.
    pub port_forwards: IndexMap<UnitName, Spanned<PortForward>>,
    /// What stands in the table besides, as `nft` reads it.
    pub nft: String,
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It passes.
    Accept,
    /// It vanishes.
    Drop,
    /// It is sent back.
    Reject,
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To the host.
    Input,
    /// Through it.
    Forward,
    /// From it.
    Output,
}

/// What happens to some packets.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    /// This.
    pub action: Verdict,
    /// Which way they go.
    pub way: Way,
    /// Their protocols; any where none.
    pub protocol: Vec<String>,
    /// The ports that they go to: `80`, `6000-6010`.
    pub port: Vec<Spanned<Scalar>>,
    /// Whose they are: hosts, networks, addresses, prefixes.
    pub from: Vec<Spanned<String>>,
    /// Who they are for.
    pub to: Vec<Spanned<String>>,
    /// The interface they come in by.
    pub r#in: Option<Spanned<InterfaceName>>,
    /// The interface they go out of.
    pub out: Option<Spanned<InterfaceName>>,
    /// What they are to the connections that the host knows of.
    pub state: Vec<String>,
}

/// A port that is somebody else's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortForward {
    /// The port.
    pub port: u16,
    /// Of this protocol.
    pub protocol: String,
    /// Whose it is.
    pub to: IpAddr,
    /// Which one it is there.
    pub to_port: u16,
    /// The interface that packets to it come in by; any where none.
    pub r#in: Option<Spanned<InterfaceName>>,
}
