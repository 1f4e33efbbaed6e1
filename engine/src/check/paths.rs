//! Files, directories and the parts of the file system that are a host's own.

use super::complaint;
use crate::codes;
use crate::lab::{Host, Lab};
use crate::name::{AbsolutePath, HostName};
use std::fmt::Display;
use topo_lang::{Diagnostic, Span};

/// What the kernel fills, not a lab.
const SPECIAL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What every host has of its own: two that begin as the machine's, two that begin empty.
const OWN: [&str; 4] = ["/etc", "/var", "/run", "/tmp"];

/// Where files lie that all hosts see.
const COMMON: &str = "/etc";

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (path, file) in &lab.files {
        if !below(path, COMMON) {
            let message = format!("expected a path below `{COMMON}` for a file of all hosts, found `{path}`");
            complaints.push(
                complaint(codes::BAD_PATH, &[&"files", path], file.span, message)
                    .help("give the file to the hosts that need it"),
            );
        }
    }
    for (name, host) in &lab.hosts {
        overlays(name, host, complaints);
        for (path, file) in &host.files {
            place(name, host, ("files", path), file.span, complaints);
            if let Some(directory) = host.directories.get(path) {
                let message = format!("`{path}` of `{name}` cannot be a file and a directory");
                let at: [&dyn Display; 4] = [&"hosts", name, &"files", path];
                complaints.push(
                    complaint(codes::BAD_PATH, &at, file.span, message)
                        .label(directory.span, "the directory")
                        .help("take one of them away"),
                );
            }
        }
        for (path, directory) in &host.directories {
            place(name, host, ("directories", path), directory.span, complaints);
        }
        for (path, keytab) in &host.keytabs {
            place(name, host, ("keytabs", path), keytab.span, complaints);
        }
    }
}

/// A path must lie where the host has something of its own.
fn place(
    name: &HostName,
    host: &Host,
    (option, path): (&str, &AbsolutePath),
    span: Span,
    complaints: &mut Vec<Diagnostic>,
) {
    let at: [&dyn Display; 4] = [&"hosts", name, &option, path];
    if let Some(special) = SPECIAL.iter().find(|special| path.is_within(special)) {
        let message = format!("`{path}` is in `{special}`, which the kernel fills");
        complaints.push(complaint(codes::BAD_PATH, &at, span, message));
        return;
    }
    let own = OWN.iter().any(|own| below(path, own))
        || host.overlays.iter().any(|own| path.is_within(own.as_str()));
    if !own {
        let parent = path.as_path().parent().and_then(|parent| parent.to_str()).unwrap_or("/");
        let message = format!("`{name}` has nothing of its own at `{path}`, which is the machine's");
        let mut complaint = complaint(codes::BAD_PATH, &at, span, message);
        if parent != "/" {
            complaint = complaint.help(format!("add `overlays \"{parent}\"` to the host: a copy of its own"));
        }
        complaints.push(complaint);
    }
}

fn overlays(name: &HostName, host: &Host, complaints: &mut Vec<Diagnostic>) {
    for (index, overlay) in host.overlays.iter().enumerate() {
        let taken = SPECIAL.iter().chain(&OWN).find(|taken| overlay.is_within(taken));
        let at: [&dyn Display; 3] = [&"hosts", name, &"overlays"];
        let wrong = |message: String| complaint(codes::BAD_OVERLAY, &at, overlay.span, message);
        complaints.extend(match taken {
            Some(taken) => Some(
                wrong(format!("`{}` is in `{taken}`, which every host has of its own", overlay.value))
                    .help("take it away"),
            ),
            None if overlay.as_str() == "/" => {
                Some(wrong("expected a directory below `/`, found `/`".to_owned()))
            }
            None => host.overlays[..index]
                .iter()
                .find(|other| overlay.is_within(other.as_str()) || other.is_within(overlay.as_str()))
                .map(|other| {
                    let outer = if overlay.is_within(other.as_str()) { other } else { overlay };
                    wrong(format!("`{}` and `{}` lie in one another", overlay.value, other.value))
                        .label(other.span, "the other")
                        .help(format!("`{}` alone has both", outer.value))
                }),
        });
    }
}

fn below(path: &AbsolutePath, directory: &str) -> bool {
    path.is_within(directory) && path.as_str() != directory
}
