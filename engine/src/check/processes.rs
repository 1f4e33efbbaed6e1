//! Steps, daemons, and the keys that one host has from another's database.

use super::complaint;
use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Keytab, Lab};
use crate::linux::{capability, seccomp};
use crate::name::{AbsolutePath, HostName, PrincipalName, RealmName};
use std::fmt::Display;
use topo_lang::nearest::nearest;
use topo_lang::{Diagnostic, Span};

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (name, host) in &lab.hosts {
        for (step_name, step) in &host.steps {
            let path: [&dyn Display; 5] = [&"hosts", name, &"steps", step_name, &"run"];
            command(&step.run, step.span, &path, &format!("step `{name}/{step_name}`"), complaints);
        }
        for (daemon_name, daemon) in &host.daemons {
            let path: [&dyn Display; 5] = [&"hosts", name, &"daemons", daemon_name, &"run"];
            command(&daemon.run, daemon.span, &path, &format!("daemon `{name}/{daemon_name}`"), complaints);
            let path: [&dyn Display; 5] = [&"hosts", name, &"daemons", daemon_name, &"capabilities"];
            for capability in daemon.capabilities.iter().flatten() {
                known_capability(capability, &path, complaints);
            }
            for call in daemon.seccomp.iter().flat_map(|filter| filter.deny.iter().chain(&filter.allow)) {
                let path: [&dyn Display; 5] = [&"hosts", name, &"daemons", daemon_name, &"seccomp"];
                known_call(call, &path, complaints);
            }
        }
        for (path, own) in &host.keytabs {
            keytab(lab, name, path, own, own.span, complaints);
        }
    }
}

/// `of` is the node that should have the command.
fn command(
    run: &Spanned<Vec<String>>,
    of: Span,
    path: &[&dyn Display],
    what: &str,
    complaints: &mut Vec<Diagnostic>,
) {
    if run.first().is_none_or(String::is_empty) {
        let span = if run.is_empty() { of } else { run.span };
        complaints.push(
            complaint(codes::NO_COMMAND, path, span, format!("{what} has no command"))
                .help("add `run PROGRAM ARGUMENT…`"),
        );
    } else if run.iter().any(|word| word.contains('\0')) {
        let message = format!("{what} has a zero byte in its command, which ends a text for the kernel");
        complaints.push(complaint(codes::NO_COMMAND, path, run.span, message));
    }
}

fn known_capability(name: &Spanned<String>, path: &[&dyn Display], complaints: &mut Vec<Diagnostic>) {
    if capability::number(name).is_some() {
        return;
    }
    let message = format!("there is no capability `{}`", name.value);
    let complaint = complaint(codes::UNKNOWN_NAME, path, name.span, message);
    complaints.push(match nearest(name, capability::NAMES) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint.help("`capabilities(7)` has them all; `net-bind-service` is one"),
    });
}

fn known_call(name: &Spanned<String>, path: &[&dyn Display], complaints: &mut Vec<Diagnostic>) {
    if seccomp::number(name).is_some() {
        return;
    }
    let message = format!("there is no system call `{}`", name.value);
    let complaint = complaint(codes::UNKNOWN_NAME, path, name.span, message);
    complaints.push(match nearest(name, seccomp::names()) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint.help("`syscalls(2)` has them all; `ptrace` is one"),
    });
}

fn keytab(
    lab: &Lab,
    host: &HostName,
    path: &AbsolutePath,
    keytab: &Keytab,
    span: Span,
    complaints: &mut Vec<Diagnostic>,
) {
    let database =
        lab.hosts.get(&keytab.kdc.value).and_then(|kdc| kdc.kdc_databases.get(&keytab.realm.value));
    let Some(database) = database else {
        let message = format!(
            "keytab `{path}` of `{host}`: `{}` has no database of realm `{}`",
            keytab.kdc.value, keytab.realm.value
        );
        let at: [&dyn Display; 5] = [&"hosts", host, &"keytabs", path, &"kdc"];
        let mut complaint =
            complaint(codes::BAD_KEYTAB, &at, keytab.kdc.span, message).label(span, "the keytab");
        let realms = lab.hosts.get(&keytab.kdc.value).map(|kdc| &kdc.kdc_databases);
        let realms: Vec<&str> = realms.into_iter().flatten().map(|(realm, _)| realm.as_str()).collect();
        if !realms.is_empty() {
            complaint = complaint.help(format!("it has one of `{}`", realms.join("`, `")));
        }
        complaints.push(complaint);
        return;
    };
    for principal in &keytab.principals {
        let known = |name: &PrincipalName| database.principals.contains_key(name);
        if known(&principal.value)
            || without_realm(&principal.value, &keytab.realm.value).is_some_and(|name| known(&name))
        {
            continue;
        }
        let message = format!("realm `{}` has no principal `{}`", keytab.realm.value, principal.value);
        let at: [&dyn Display; 5] = [&"hosts", host, &"keytabs", path, &"principals"];
        let mut complaint =
            complaint(codes::BAD_KEYTAB, &at, principal.span, message).label(database.span, "its database");
        let names = database.principals.keys().map(PrincipalName::as_str);
        if let Some(near) = nearest(principal.value.as_str(), names) {
            complaint = complaint.help(format!("did you mean `{near}`?"));
        }
        complaints.push(complaint);
    }
}

fn without_realm(principal: &PrincipalName, realm: &RealmName) -> Option<PrincipalName> {
    let name = principal.as_str().strip_suffix(realm.as_str())?.strip_suffix('@')?;
    PrincipalName::try_from(name).ok()
}
