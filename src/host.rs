//! What a command on a host is given: the host's view of the files, its variables, a working directory.

use crate::exit::Failure;
use crate::running::Running;
use std::collections::BTreeMap;
use std::env;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use topo_engine::exports::{self, KnownHost};
use topo_engine::runtime::Client;

/// Variables of the caller that a command on a host gets as well: they describe the terminal, the time and the language.
const PASSED: &[&str] =
    &["TERM", "COLORTERM", "TZ", "LANG", "LANGUAGE", "NO_COLOR", "COLUMNS", "LINES", "EDITOR", "PAGER"];

/// Directories of the machine that are empty or other ones on a host.
const NOT_THERE: &[&str] = &["/tmp", "/run", "/proc", "/sys", "/dev"];

/// What is known of a host without evaluating its lab.
pub(crate) struct HostContext {
    known: KnownHost,
}

impl HostContext {
    /// What the last apply left about this host.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(running: &Running, host: &str) -> Result<Self, Failure> {
        let directory = running.client.directory();
        // A host that no apply has described sees at least what every host sees.
        let described = exports::known(directory, host)?;
        let known = described
            .unwrap_or_else(|| KnownHost { view: directory.host_view(host, host), ..KnownHost::default() });
        Ok(Self { known })
    }

    /// The host's init, started if the host has no process yet; from then on its scripts are there as well.
    ///
    /// # Errors
    /// The supervisor could not start it, or the scripts could not be written.
    pub(crate) fn open(&self, client: &Client, host: &str) -> Result<OwnedFd, Failure> {
        let is_first = !client.directory().host(host).path().exists();
        let init = client.open_host(host, &self.known.view)?;
        if is_first {
            let lab = client.directory().lab();
            exports::write_scripts(client.directory(), lab, host, &self.known.variables)?;
        }
        Ok(init)
    }

    /// The whole environment of a command: a plain one, the host's own over it.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let mut environment: BTreeMap<String, String> = PASSED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
            .chain(env::vars().filter(|(name, _)| name.starts_with("LC_")))
            .collect();
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (name, value) in
            [("PATH", path), ("HOME", "/root"), ("USER", "root"), ("LOGNAME", "root"), ("SHELL", "/bin/bash")]
        {
            environment.insert(name.to_owned(), value.to_owned());
        }
        environment.extend(self.known.variables.clone());
        environment
    }

    /// Where the command starts: where the caller is, if a host has that directory too.
    pub(crate) fn working_directory(&self) -> PathBuf {
        let here = env::current_dir().ok().filter(|here| here.is_dir());
        here.filter(|here| !NOT_THERE.iter().any(|covered| here.starts_with(covered)))
            .unwrap_or_else(|| Path::new("/").to_owned())
    }
}
