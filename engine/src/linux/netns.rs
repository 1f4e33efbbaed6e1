//! Network namespaces: make one, work in one. Each visit has a thread of its own that ends with the visit, so no pooled
//! thread is ever left in a foreign namespace. A netlink socket opened inside stays tied to that namespace.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::panic::resume_unwind;
use std::thread;

use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::namespace;
use super::{Error, Result};

/// A new network namespace with loopback up and without duplicate address detection (an IPv6 address is usable at
/// once). The descriptor keeps it alive.
pub fn create() -> Result<OwnedFd> {
    on_thread(create_here)
}

/// Several new network namespaces, made one after the other by one thread.
pub fn create_many(count: usize) -> Result<Vec<OwnedFd>> {
    on_thread(|| (0..count).map(|_| create_here()).collect())
}

/// Runs `work` inside the network namespace, on a thread of its own, and waits for it. For opening sockets (netlink,
/// probes), for ioctls, and for reading and writing `/proc/sys/net`.
pub fn with<T: Send>(netns: BorrowedFd<'_>, work: impl FnOnce() -> T + Send) -> Result<T> {
    on_thread(|| {
        namespace::enter(netns, CloneFlags::CLONE_NEWNET)?;
        Ok(work())
    })
}

/// The network namespace of the calling thread.
pub fn current() -> Result<OwnedFd> {
    let path = "/proc/thread-self/ns/net";
    File::open(path).map(OwnedFd::from).map_err(|source| Error::new("open", path, source))
}

/// Brings loopback up in the calling thread's network namespace.
pub fn loopback_up() -> Result<()> {
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
        .map_err(|errno| Error::new("open", "a socket for interface flags", errno))?;
    // SAFETY: `ifreq` is plain data for which all zeroes is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l'.cast_signed();
    request.ifr_name[1] = b'o'.cast_signed();
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request outlives the call and has the layout SIOCSIFFLAGS expects.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if answer < 0 { Err(Error::last("bring up", "loopback")) } else { Ok(()) }
}

/// Turns duplicate address detection off, for the interfaces to come too, in the calling thread's network namespace.
pub fn no_duplicate_address_detection() -> Result<()> {
    for scope in ["all", "default"] {
        let path = format!("/proc/sys/net/ipv6/conf/{scope}/accept_dad");
        match write_proc(&path, "0") {
            // A kernel without IPv6 has nothing to turn off.
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Turns IPv6 off, for the interfaces to come too, in the calling thread's network namespace.
pub fn without_ipv6() -> Result<()> {
    for scope in ["all", "default"] {
        match write_proc(&format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"), "1") {
            // A kernel without IPv6 has nothing to turn off.
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Has the interfaces of the calling thread's network namespace keep their IPv6 addresses when they go down.
pub fn keep_addresses() -> Result<()> {
    match write_proc("/proc/sys/net/ipv6/conf/all/keep_addr_on_down", "1") {
        // A kernel without IPv6 has none to keep.
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Writes one value into a file of `/proc`; such a write is a single system call.
pub(crate) fn write_proc(path: &str, value: &str) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a file of /proc is not replaced but written")]
    fs::write(path, value).map_err(|source| Error::new("write", path, source))
}

fn create_here() -> Result<OwnedFd> {
    namespace::unshare(CloneFlags::CLONE_NEWNET)?;
    no_duplicate_address_detection()?;
    loopback_up()?;
    current()
}

/// Runs `work` on a thread that ends with it.
pub(crate) fn on_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("namespace".into()).stack_size(256 * 1024);
        let thread = builder
            .spawn_scoped(scope, work)
            .map_err(|source| Error::new("start", "a thread for a namespace", source))?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    fn links() -> Vec<String> {
        let text = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
        text.lines().skip(2).map(|line| line.split(':').next().unwrap().trim().to_string()).collect()
    }

    #[test]
    fn a_new_namespace_has_loopback_up_and_the_thread_stays_where_it_was() {
        let before = fs::read_link("/proc/thread-self/ns/net").unwrap();
        let netns = create().unwrap();
        let (inside, dad, flags) = with(netns.as_fd(), || {
            let dad = fs::read_to_string("/proc/sys/net/ipv6/conf/default/accept_dad").unwrap();
            let address = std::net::UdpSocket::bind("127.0.0.1:53");
            (links(), dad, address.is_ok())
        })
        .unwrap();
        assert!(inside.contains(&"lo".to_string()), "{inside:?}");
        assert_eq!(dad.trim(), "0");
        assert!(flags, "loopback is not up");
        assert_eq!(before, fs::read_link("/proc/thread-self/ns/net").unwrap());
    }

    #[test]
    fn many_are_all_different() {
        let made = create_many(3).unwrap();
        let inodes: std::collections::BTreeSet<u64> =
            made.iter().map(|fd| nix::sys::stat::fstat(fd).unwrap().st_ino).collect();
        assert_eq!(inodes.len(), 3);
    }
}
