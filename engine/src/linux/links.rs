//! Whether the kernel has a kind of link or queueing discipline, found out by making one. All else about links is
//! `netlink`'s; this must work in a process that was just forked.

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};

use super::{Error, Result};

/// Makes a link of this kind (`bridge`, `veth`, `vxlan`, …), named after it, in the calling thread's network namespace.
/// A kernel without it answers `EOPNOTSUPP`.
pub fn make(kind: &str) -> Result<()> {
    let mut body = vec![0; size_of::<libc::ifinfomsg>()];
    attribute(&mut body, libc::IFLA_IFNAME, &[kind.as_bytes(), &[0]].concat());
    let mut information = Vec::new();
    attribute(&mut information, libc::IFLA_INFO_KIND, kind.as_bytes());
    attribute(&mut body, libc::IFLA_LINKINFO, &information);
    ask(libc::RTM_NEWLINK, &body).map_err(|source| Error::new("make a link of kind", kind, source))
}

/// Gives loopback this queueing discipline, in the calling thread's network namespace. A kernel without it answers
/// `ENOENT`; one with it wants to be told more.
pub fn queue(kind: &str) -> Result<()> {
    const KIND: u16 = 1;
    const LOOPBACK: i32 = 1;
    const ROOT: u32 = u32::MAX;
    // `struct tcmsg`: family, link, handle, parent, information.
    let mut body = [[0; 4], LOOPBACK.to_ne_bytes(), [0; 4], ROOT.to_ne_bytes(), [0; 4]].concat();
    attribute(&mut body, KIND, &[kind.as_bytes(), &[0]].concat());
    ask(libc::RTM_NEWQDISC, &body).map_err(|source| Error::new("queue packets by", kind, source))
}

/// Asks the kernel to make something.
fn ask(kind: u16, body: &[u8]) -> io::Result<()> {
    let socket =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    sendto(socket.as_raw_fd(), &request(kind, body), &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    let mut answer = [0; 4096];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    // The header (16 bytes), then the error number, negative; 0 is an acknowledgement.
    let code = answer[..length].get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match code {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn request(kind: u16, body: &[u8]) -> Vec<u8> {
    const HEADER: usize = 16;
    let flags = libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    let mut message = Vec::new();
    message.extend(u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(u16::try_from(flags).unwrap_or_default().to_ne_bytes());
    // Sequence number and port.
    message.extend([0; 8]);
    message.extend(body);
    message
}

fn attribute(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(u16::try_from(4 + value.len()).unwrap_or(u16::MAX).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::linux::netns;

    #[test]
    fn a_bridge_can_be_made_and_nonsense_cannot() {
        let netns = netns::create().unwrap();
        let made = netns::with(netns.as_fd(), || (make("bridge"), make("veth"), make("nonsense"))).unwrap();
        made.0.unwrap();
        made.1.unwrap();
        assert_eq!(made.2.unwrap_err().errno(), Some(libc::EOPNOTSUPP));
    }

    #[test]
    fn what_queues_packets_is_known_or_not() {
        let netns = netns::create().unwrap();
        let tried = netns::with(netns.as_fd(), || (queue("tbf"), queue("nonsense"))).unwrap();
        // It wants to be told its rate.
        assert_eq!(tried.0.unwrap_err().errno(), Some(libc::EINVAL));
        assert_eq!(tried.1.unwrap_err().errno(), Some(libc::ENOENT));
    }
}
