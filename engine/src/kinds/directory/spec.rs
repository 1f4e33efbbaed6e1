//! What a directory should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::{Kind, Manage, Subject, Updating, Watched};
use crate::lab::{Host, Lab};
use crate::linux::place::Access;
use crate::lower::{Adding, Lowering};
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};

/// A directory; its path is the resource's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Who may do what.
    pub access: Access,
}

impl Directory {
    /// The resource of this kind that stands for `path` on `host`.
    pub fn id(host: &HostName, path: &AbsolutePath) -> ResourceId {
        ResourceId::of_host(Kind::Directory, host, path)
    }
}

/// Who may do what, as attributes.
pub(in crate::kinds) fn access_attributes(access: Access) -> Attributes {
    Attributes::from([
        ("mode".into(), format!("{:04o}", access.mode).into()),
        ("owner".into(), access.owner.into()),
        ("group".into(), access.group.into()),
    ])
}

/// What is at `path` comes after the directories of the lab that it lies in.
pub(in crate::kinds) fn below_directories<'l>(
    mut adding: Adding<'l>,
    name: &HostName,
    host: &Host,
    path: &AbsolutePath,
) -> Adding<'l> {
    for directory in path.as_path().ancestors().skip(1).filter_map(|path| path.to_str()) {
        if let Some((directory, _)) = host.directories.get_key_value(directory) {
            adding = adding.needs(Directory::id(name, directory), Why::Order);
        }
    }
    adding
}

impl Manage for Directory {
    const IN_PLACE: &'static [&'static str] = &["mode", "owner", "group"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (name, host) in &lab.hosts {
            for (path, directory) in &host.directories {
                let access = Access { mode: directory.mode, owner: directory.owner, group: directory.group };
                let adding = lowering
                    .of_host(name, path.as_str(), Directory { access }, directory.span)
                    .needs(Netns::id(name), Why::Order)
                    .sets_up(name)
                    .provides(Some(name), path);
                below_directories(adding, name, host, path);
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        access_attributes(self.access)
    }

    fn watched(&self, id: &ResourceId) -> Option<Watched> {
        Some(Watched::Path(id.host.clone(), AbsolutePath::try_from(&*id.name).ok()?))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::put(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::put(machine, &wanted.iter().map(|one| (one.id, one.spec)).collect::<Vec<_>>())
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::remove(machine, unwanted)
    }
}
