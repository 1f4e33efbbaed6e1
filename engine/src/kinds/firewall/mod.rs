//! What a host lets through: one table of the kernel's packet filter, `inet topo`, made and replaced as a whole by `nft`.
//! Other tables are never touched.

mod apply;
mod listing;
mod nft;
mod observe;
mod rules;
mod spec;

pub use spec::Firewall;
