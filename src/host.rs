//! What a command on a host is given: the host's view of the files, its variables, a working directory.

use crate::exit::Failure;
use crate::running::Running;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use topo_engine::runtime::{Client, HostView};

/// Variables of the caller that a command on a host gets as well: they describe the terminal and the language.
const PASSED: &[&str] =
    &["TERM", "COLORTERM", "LANG", "LANGUAGE", "NO_COLOR", "COLUMNS", "LINES", "EDITOR", "PAGER"];

/// Directories of the machine that are empty or other ones on a host.
const NOT_THERE: &[&str] = &["/tmp", "/run", "/proc", "/sys", "/dev"];

/// What is known of a host without evaluating its lab.
pub(crate) struct HostContext {
    view: HostView,
    exports: BTreeMap<String, String>,
}

impl HostContext {
    /// What the last apply left about this host.
    pub(crate) fn read(running: &Running, host: &str) -> Result<Self, Failure> {
        let directory = running.client.directory();
        let own = directory.host(host);
        // What a host without a process will see; without the note, at least what every host sees.
        let view =
            fs::read(own.path().join("view.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let view = view.unwrap_or_else(|| directory.host_view(host, host));
        let exports = fs::read_to_string(own.path().join("exports.sh")).unwrap_or_default();
        Ok(Self { view, exports: parse_exports(&exports) })
    }

    /// The host's init, started if the host has no process yet.
    pub(crate) fn open(&self, client: &Client, host: &str) -> Result<OwnedFd, Failure> {
        Ok(client.open_host(host, &self.view)?)
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
        environment.extend(self.exports.clone());
        // Only of use to a shell that sources another file.
        environment.remove("TOPO_EXPORTED");
        environment
    }

    /// Where the command starts: where the caller is, if a host has that directory too.
    pub(crate) fn working_directory(&self) -> PathBuf {
        let here = env::current_dir().ok().filter(|here| here.is_dir());
        here.filter(|here| !NOT_THERE.iter().any(|covered| here.starts_with(covered)))
            .unwrap_or_else(|| Path::new("/").to_owned())
    }
}

/// The variables of an `exports.sh`: lines `export NAME='value'`, a quote in a value written `'\''`.
pub(crate) fn parse_exports(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some(at) = rest.find("export ") {
        let at_line_start = at == 0 || rest.as_bytes()[at - 1] == b'\n';
        rest = &rest[at + "export ".len()..];
        let Some((name, quoted)) = rest.split_once("='").filter(|_| at_line_start) else { continue };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let mut value = String::new();
        let mut tail = quoted;
        while let Some((piece, after)) = tail.split_once('\'') {
            value.push_str(piece);
            tail = after;
            match after.strip_prefix("\\''") {
                Some(more) => {
                    value.push('\'');
                    tail = more;
                }
                None => break,
            }
        }
        found.insert(name.to_owned(), value);
        rest = tail;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_read_as_a_shell_reads_them() {
        let text = "# ours\nexport REALM='ATHENA.TEST'\nexport PASSWORD='it'\\''s\ntwo lines'\nexport EMPTY=''\n\
                    echo \"export NOT='this'\"\n";
        let found = parse_exports(text);
        let expected = [("REALM", "ATHENA.TEST"), ("PASSWORD", "it's\ntwo lines"), ("EMPTY", "")];
        let expected: BTreeMap<String, String> =
            expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(found, expected);
    }
}
