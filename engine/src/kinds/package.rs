//! What the machine lacks to run programs: the programs themselves, the packages around them, user ids.
//!
//! Deliberately absent: asking a package manager. Debian's own list of installed files says it in microseconds.

use crate::environment::PATH;
use crate::graph::ResourceId;
use crate::linux::machine::{self, Outcome};
use crate::machine::Missing;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What one resource needs of the machine.
#[derive(Debug)]
pub(super) struct Needs<'a> {
    /// Who asks.
    pub(super) id: &'a ResourceId,
    /// The program it runs.
    pub(super) program: &'a str,
    /// The Debian packages that have what it needs.
    pub(super) packages: &'a [String],
    /// Whether it needs more than one user id.
    pub(super) id_range: bool,
}

/// What is lacking, each thing once.
pub(super) fn missing<'a>(needs: impl IntoIterator<Item = Needs<'a>>) -> Vec<Missing> {
    let mut lacking: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut lack = |what: String, cure: String, id: &ResourceId| {
        lacking.entry((what, cure)).or_default().insert(id.to_string());
    };
    let user = nix::unistd::geteuid().as_raw();
    let mut range = None;
    for need in needs {
        match find(need.program) {
            Found::Nowhere => {
                lack(format!("`{}`", need.program), install(need.program, need.packages), need.id)
            }
            Found::Packaged => {
                for package in need.packages.iter().filter(|package| !installed(package)) {
                    lack(format!("the package `{package}`"), format!("apt install {package}"), need.id);
                }
            }
            Found::Elsewhere => {}
        }
        if need.id_range
            && let Outcome::Missing { found, cure, .. } = range.get_or_insert_with(|| machine::id_range(user))
        {
            lack(format!("a range of user ids ({found})"), cure.clone().unwrap_or_default(), need.id);
        }
    }
    lacking
        .into_iter()
        .map(|((what, cure), by)| Missing { what, needed_by: by.into_iter().collect(), cure })
        .collect()
}

enum Found {
    /// Not on this machine.
    Nowhere,
    /// Where Debian's packages put programs: what belongs to it is in packages as well.
    Packaged,
    /// Put there by hand, or by the lab itself: whoever did so knows what it needs.
    Elsewhere,
}

fn find(program: &str) -> Found {
    let path = if program.contains('/') {
        PathBuf::from(program)
    } else {
        let places = PATH.split(':').map(|directory| Path::new(directory).join(program));
        match places.into_iter().find(|path| is_program(path)) {
            Some(path) => path,
            None => return Found::Nowhere,
        }
    };
    let below = |directories: &[&str]| directories.iter().any(|directory| path.starts_with(directory));
    if below(&["/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/sbin", "/lib"]) {
        if is_program(&path) { Found::Packaged } else { Found::Nowhere }
    } else if is_program(&path) || below(&["/etc", "/var", "/run", "/tmp"]) {
        Found::Elsewhere
    } else {
        Found::Nowhere
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn install(program: &str, packages: &[String]) -> String {
    if packages.is_empty() {
        format!("install the package that has `{program}`")
    } else {
        format!("apt install {}", packages.join(" "))
    }
}

/// Whether dpkg has installed a package. On a machine without dpkg everything counts as there.
fn installed(package: &str) -> bool {
    let info = Path::new("/var/lib/dpkg/info");
    if !info.exists() || info.join(format!("{package}.list")).exists() {
        return true;
    }
    let architectures = ["amd64", "arm64", "i386", "armhf", "riscv64", "ppc64el", "s390x"];
    architectures.iter().any(|architecture| info.join(format!("{package}:{architecture}.list")).exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;
    use crate::name::HostName;

    #[test]
    fn a_program_that_is_nowhere_is_named_with_its_package() {
        let host = HostName::try_from("kdc1").unwrap();
        let id = ResourceId::of_host(Kind::Daemon, &host, "krb5kdc");
        let packages = ["krb5-kdc".to_owned()];
        let need = |program| Needs { id: &id, program, packages: &packages, id_range: false };
        let lacking = missing([need("no-such-program"), need("no-such-program")]);
        let expected = Missing {
            what: "`no-such-program`".to_owned(),
            needed_by: vec!["daemon kdc1/krb5kdc".to_owned()],
            cure: "apt install krb5-kdc".to_owned(),
        };
        assert_eq!(lacking, [expected]);
        assert_eq!(missing([Needs { packages: &[], ..need("sh") }]), []);
        assert_eq!(missing([need("/etc/lab/made-by-a-file")]), []);
    }
}
