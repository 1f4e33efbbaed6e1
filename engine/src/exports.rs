//! What shells and scripts get of a lab: `exports.sh` and `nsenter.sh`, for the lab and for every host.
//!
//! Sourcing another lab's file unsets what the first one set: each names its variables in `TOPO_EXPORTED`.

use crate::error::Error;
use crate::lab::{Host, Lab};
use crate::linux::files;
use crate::name::HostName;
use crate::runtime::{HostView, LabDirectory};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What is known of a host without evaluating its lab.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KnownHost {
    /// What it sees once it runs a process.
    pub view: HostView,
    /// The variables of everything that runs there.
    pub variables: Variables,
}

/// Names and values of environment variables.
pub type Variables = BTreeMap<String, String>;

/// Writes `exports.sh` of the lab, what is known of its hosts, and the scripts of each host that runs something. A host
/// that runs nothing has no file of its own: it gets its scripts with its first process, by [`write_scripts`].
pub fn write(directory: &LabDirectory, lab: &Lab, views: BTreeMap<HostName, HostView>) -> Result<(), Error> {
    put(&directory.path().join("exports.sh"), &script(&lab_variables(directory, lab)), 0o644)?;
    let known: BTreeMap<HostName, KnownHost> = views
        .into_iter()
        .filter_map(|(name, view)| {
            let variables = host_variables(directory, lab, &name, lab.hosts.get(&name)?);
            Some((name, KnownHost { view, variables }))
        })
        .collect();
    let text = serde_json::to_string(&known)
        .map_err(|error| Error::caused("describe the hosts of the lab", error))?;
    put(&directory.path().join(HOSTS), &text, 0o600)?;
    for (name, host) in &lab.hosts {
        let runs = !host.daemons.is_empty() || !host.steps.is_empty() || !host.kdc_databases.is_empty();
        let own = directory.host(name.as_str());
        if let Some(known) = known.get(name).filter(|_| runs || own.path().exists()) {
            write_scripts(directory, lab.name.as_str(), name.as_str(), &known.variables)?;
        }
    }
    Ok(())
}

/// What the last apply knew of a host; `None` where it knew of no such host.
pub fn known(directory: &LabDirectory, host: &str) -> Result<Option<KnownHost>, Error> {
    let path = directory.path().join(HOSTS);
    let failed = || format!("read `{}`", path.display());
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::caused(failed(), error)),
    };
    let mut known: BTreeMap<String, KnownHost> =
        serde_json::from_slice(&text).map_err(|error| Error::caused(failed(), error))?;
    Ok(known.remove(host))
}

/// Writes `exports.sh` and `nsenter.sh` of one host.
pub fn write_scripts(
    directory: &LabDirectory,
    lab: &str,
    host: &str,
    variables: &Variables,
) -> Result<(), Error> {
    let own = directory.host(host);
    files::make_directories(own.path(), 0o755)
        .map_err(|error| Error::caused(format!("make the directory of `{host}`"), error))?;
    put(&own.path().join("exports.sh"), &script(variables), 0o644)?;
    put(&own.path().join("nsenter.sh"), &nsenter(lab, host), 0o755)
}

/// The file of the lab's directory that says what is known of its hosts.
const HOSTS: &str = "hosts.json";

/// The variables of the lab as a whole.
pub fn lab_variables(directory: &LabDirectory, lab: &Lab) -> Variables {
    let hosts: Vec<&str> = lab.hosts.keys().map(HostName::as_str).collect();
    let mut variables = Variables::from([
        ("TOPO_LAB".to_owned(), lab.name.to_string()),
        ("TOPO_DIRECTORY".to_owned(), directory.path().display().to_string()),
        ("TOPO_HOSTS".to_owned(), hosts.join(" ")),
    ]);
    for (name, host) in &lab.hosts {
        if let Some(address) = host.address {
            let name: String = name.as_str().to_ascii_uppercase().replace('-', "_");
            variables.insert(format!("TOPO_ADDRESS_{name}"), address.to_string());
        }
    }
    // What the library says of a realm or a domain is the same on all of its hosts.
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for host in lab.hosts.values() {
        for (variable, value) in &host.environment {
            said.entry(variable).or_default().push(value);
        }
    }
    for (variable, values) in said {
        if values.iter().all(|value| value == &values[0]) {
            variables.entry(variable.to_owned()).or_insert_with(|| values[0].to_owned());
        }
    }
    variables
}

fn host_variables(directory: &LabDirectory, lab: &Lab, name: &HostName, host: &Host) -> Variables {
    let mut variables = lab_variables_for_host(directory, lab);
    variables.insert("TOPO_HOST".to_owned(), name.to_string());
    variables.insert("TOPO_FQDN".to_owned(), host.fqdn.to_string());
    if let Some(address) = host.address {
        variables.insert("TOPO_ADDRESS".to_owned(), address.to_string());
    }
    variables.extend(host.environment.iter().map(|(variable, value)| (variable.clone(), value.clone())));
    variables
}

fn lab_variables_for_host(directory: &LabDirectory, lab: &Lab) -> Variables {
    Variables::from([
        ("TOPO_LAB".to_owned(), lab.name.to_string()),
        ("TOPO_DIRECTORY".to_owned(), directory.path().display().to_string()),
    ])
}

/// The text of an `exports.sh`.
pub fn script(variables: &Variables) -> String {
    let mut text = String::from(
        "# made by topo: sourcing this forgets what another lab's file set\nunset $TOPO_EXPORTED\n",
    );
    for (name, value) in variables.iter().filter(|(name, _)| is_name(name)) {
        let _ = writeln!(text, "export {name}={}", quoted(value));
    }
    let names: Vec<&str> = variables.keys().map(String::as_str).filter(|name| is_name(name)).collect();
    let _ = writeln!(text, "export TOPO_EXPORTED={}", quoted(&names.join(" ")));
    text
}

fn nsenter(lab: &str, host: &str) -> String {
    format!(
        "#!/bin/sh\n# made by topo: a command in all of the host's namespaces, a shell if none is given\n\
         [ $# -gt 0 ] || set -- \"${{SHELL:-/bin/sh}}\"\nexec topo exec --lab {} {} -- \"$@\"\n",
        quoted(lab),
        quoted(host),
    )
}

/// A value as the shell takes it for itself, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn put(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let failed = |source| Error::caused(format!("write `{}`", path.display()), source);
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(failed),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
        Err(_) if std::fs::read(path).is_ok_and(|found| found == text.as_bytes()) => Ok(()),
        Err(_) => files::replace(path, text.as_bytes(), mode)
            .map_err(|error| Error::caused(format!("write `{}`", path.display()), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_shell() {
        let variables = Variables::from([
            ("PASSWORD".to_owned(), "it's $HOME `x` \"y\"\nz".to_owned()),
            ("not a name".to_owned(), "x".to_owned()),
        ]);
        let text = script(&variables);
        assert!(text.contains("export PASSWORD='it'\\''s $HOME `x` \"y\"\nz'\n"), "{text}");
        assert!(text.contains("export TOPO_EXPORTED='PASSWORD'\n"), "{text}");
        assert!(!text.contains("not a name"), "{text}");
    }
}
