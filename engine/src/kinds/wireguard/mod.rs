//! One end of WireGuard's tunnels: the link. Keys and peers are [`super::wireguard_peers`].

mod spec;
