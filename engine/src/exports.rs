//! What shells and scripts get of a lab: `exports.sh` and `nsenter.sh`, for the lab and for every host.
//!
//! Sourcing another lab's file unsets what the first one set: each names its variables in `TOPO_EXPORTED`.

use crate::error::Error;
use crate::lab::{Host, Lab};
use crate::linux::files;
use crate::name::HostName;
use crate::runtime::{HostView, LabDirectory};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes the files of the lab and of every host, and beside the latter what the host sees, for those who open it later.
pub fn write(directory: &LabDirectory, lab: &Lab, views: &BTreeMap<HostName, HostView>) -> Result<(), Error> {
    put(&directory.path().join("exports.sh"), &exports(&lab_variables(directory, lab)), 0o644)?;
    for (name, host) in &lab.hosts {
        let own = directory.host(name.as_str());
        files::make_directories(own.path(), 0o755)
            .map_err(|error| Error::caused(format!("make the directory of `{name}`"), error))?;
        put(&own.path().join("exports.sh"), &exports(&host_variables(directory, lab, name, host)), 0o644)?;
        put(&own.path().join("nsenter.sh"), &nsenter(lab, name), 0o755)?;
        let view = views.get(name).map(serde_json::to_string).transpose();
        let view = view.map_err(|error| Error::caused(format!("describe what `{name}` sees"), error))?;
        put(&own.path().join("view.json"), &view.unwrap_or_default(), 0o644)?;
    }
    Ok(())
}

type Variables = BTreeMap<String, String>;

fn lab_variables(directory: &LabDirectory, lab: &Lab) -> Variables {
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

fn exports(variables: &Variables) -> String {
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

fn nsenter(lab: &Lab, host: &HostName) -> String {
    format!(
        "#!/bin/sh\n# made by topo: a command in all of the host's namespaces, a shell if none is given\n\
         [ $# -gt 0 ] || set -- \"${{SHELL:-/bin/sh}}\"\nexec topo exec --lab {} {} -- \"$@\"\n",
        quoted(lab.name.as_str()),
        quoted(host.as_str()),
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
        let text = exports(&variables);
        assert!(text.contains("export PASSWORD='it'\\''s $HOME `x` \"y\"\nz'\n"), "{text}");
        assert!(text.contains("export TOPO_EXPORTED='PASSWORD'\n"), "{text}");
        assert!(!text.contains("not a name"), "{text}");
    }
}
