//! An MIT Kerberos database: its files, its master key. Who is in it are `principal`s.

mod access;
mod apply;
mod dump;
mod kadmin;
mod memo;
mod observe;
mod spec;

pub(super) use access::Kdc;
pub(super) use dump::{Database, Entry, flag, flags};
pub(super) use kadmin::{complaints, quote};
pub(super) use memo::{Memo, Remembered};
pub use spec::KdcDatabase;
