//! What a daemon says about itself, as `sd_notify` does: datagrams of `NAME=VALUE` lines to a socket on its host. The
//! supervisor binds it, through the host's own root directory.

use std::fs::{self, Permissions};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use nix::unistd::Pid;

use crate::linux::{Error as KernelError, Result as KernelResult};

/// The variable that names the socket.
pub(super) const VARIABLE: &str = "NOTIFY_SOCKET";

/// A daemon has little to say at once.
const LONGEST: usize = 4096;

pub(super) struct Notices {
    socket: UnixDatagram,
    /// Whether it said `READY=1`.
    pub(super) ready: bool,
    /// What it said last as `STATUS=…`.
    pub(super) status: Option<String>,
}

/// Where the daemon of this id finds the socket on its host.
pub(super) fn path(id: &str) -> String {
    format!("/run/{}.notify", id.rsplit('/').next().unwrap_or(id))
}

impl Notices {
    /// Listens on the host whose init is `host`; an old socket is replaced.
    pub(super) fn open(id: &str, host: Pid) -> KernelResult<Notices> {
        let path = PathBuf::from(format!("/proc/{host}/root{}", path(id)));
        // There is one only where the daemon ran before.
        let _ = fs::remove_file(&path);
        let failed = |source| KernelError::new("listen for the notices of", id, source);
        let socket = UnixDatagram::bind(&path).map_err(failed)?;
        // Its user need not be root.
        fs::set_permissions(&path, Permissions::from_mode(0o666)).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        Ok(Notices { socket, ready: false, status: None })
    }

    /// Hears what was said so far.
    pub(super) fn take(&mut self) {
        let mut datagram = [0; LONGEST];
        while let Ok(count) = self.socket.recv(&mut datagram) {
            let text = String::from_utf8_lossy(&datagram[..count]);
            for line in text.lines() {
                match line.split_once('=') {
                    Some(("READY", "1")) => self.ready = true,
                    Some(("STATUS", status)) => self.status = Some(status.to_owned()),
                    _ => {}
                }
            }
        }
    }
}

impl AsFd for Notices {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
