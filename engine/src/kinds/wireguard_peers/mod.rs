//! The keys, the port and the peers of a WireGuard link.

mod apply;
mod observe;
mod spec;

pub use spec::{Peer, PrivateKey, PublicKey, WireguardPeers};
