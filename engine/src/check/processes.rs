//! Steps, daemons, and the keys that one host has from another's database.

use crate::codes;
use crate::decode::Spanned;
use crate::lab::{Keytab, Lab};
use crate::linux::{capability, seccomp};
use crate::name::{HostName, PrincipalName, RealmName};
use topo_lang::nearest::nearest;
use topo_lang::{Diagnostic, Span};

pub(super) fn check(lab: &Lab, complaints: &mut Vec<Diagnostic>) {
    for (name, host) in &lab.hosts {
        for (step_name, step) in &host.steps {
            command(&step.run, step.run.span, &format!("step `{name}/{step_name}`"), complaints);
        }
        for (daemon_name, daemon) in &host.daemons {
            command(&daemon.run, daemon.run.span, &format!("daemon `{name}/{daemon_name}`"), complaints);
            for capability in daemon.capabilities.iter().flatten() {
                known_capability(capability, complaints);
            }
            for call in daemon.seccomp.iter().flat_map(|filter| filter.deny.iter().chain(&filter.allow)) {
                known_call(call, complaints);
            }
        }
        for (path, own) in &host.keytabs {
            keytab(lab, name, path.as_str(), own, own.span, complaints);
        }
    }
}

fn command(run: &[String], span: Span, what: &str, complaints: &mut Vec<Diagnostic>) {
    if run.first().is_none_or(String::is_empty) {
        complaints.push(
            Diagnostic::error(codes::NO_COMMAND, span, format!("{what} has no command"))
                .help("add `run PROGRAM ARGUMENT…`"),
        );
    } else if run.iter().any(|word| word.contains('\0')) {
        complaints.push(Diagnostic::error(
            codes::NO_COMMAND,
            span,
            format!("{what} has a zero byte in its command"),
        ));
    }
}

fn known_capability(name: &Spanned<String>, complaints: &mut Vec<Diagnostic>) {
    if capability::number(name).is_some() {
        return;
    }
    let complaint =
        Diagnostic::error(codes::UNKNOWN_NAME, name.span, format!("there is no capability `{}`", name.value));
    complaints.push(match nearest(name, capability::NAMES) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint.help("`capabilities(7)` has them all; `net-bind-service` is one"),
    });
}

fn known_call(name: &Spanned<String>, complaints: &mut Vec<Diagnostic>) {
    if seccomp::number(name).is_some() {
        return;
    }
    let complaint = Diagnostic::error(
        codes::UNKNOWN_NAME,
        name.span,
        format!("there is no system call `{}`", name.value),
    );
    complaints.push(match nearest(name, seccomp::names()) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint.help("`syscalls(2)` has them all; `ptrace` is one"),
    });
}

fn keytab(
    lab: &Lab,
    host: &HostName,
    path: &str,
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
        complaints
            .push(Diagnostic::error(codes::BAD_KEYTAB, keytab.kdc.span, message).label(span, "the keytab"));
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
        let mut complaint = Diagnostic::error(codes::BAD_KEYTAB, principal.span, message)
            .label(database.span, "its database");
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
