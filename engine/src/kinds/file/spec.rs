//! What a file should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::{self, DigestKey};
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::{Kind, Manage, Subject, Updating};
use crate::lab::{self, Lab, Secret};
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: AbsolutePath,
    /// What is in it.
    pub contents: Secret,
    /// Whether the contents are kept out of plans and logs.
    pub secret: bool,
    /// Permission bits.
    pub mode: u32,
    /// Numeric user id.
    pub owner: u32,
    /// Numeric group id.
    pub group: u32,
}

impl File {
    /// The resource of this kind that stands for `path`, on `host` or on all hosts.
    pub fn id(host: Option<&HostName>, path: &AbsolutePath) -> ResourceId {
        ResourceId { kind: Kind::File, host: host.cloned(), name: path.into() }
    }

    fn new(path: &AbsolutePath, file: &lab::File) -> Self {
        let text = file.text.reveal();
        let contents = if file.newline && !text.is_empty() && !text.ends_with('\n') {
            Secret::new(format!("{text}\n"))
        } else {
            file.text.clone()
        };
        let (mode, owner, group) = (file.mode, file.owner, file.group);
        File { path: path.clone(), contents, secret: file.secret, mode, owner, group }
    }

    /// What stands for `bytes` in a plan.
    pub(super) fn digest(bytes: &[u8], secret: bool, key: &DigestKey) -> crate::attribute::Attribute {
        if secret { key.secret(bytes) } else { digest::contents(bytes) }
    }
}

impl Manage for File {
    const IN_PLACE: &'static [&'static str] = &["contents", "mode", "owner", "group"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (path, file) in &lab.files {
            lowering
                .of_lab(path.as_str(), File::new(path, file), file.span)
                .sets_up_all()
                .provides(None, path);
        }
        for (name, host) in &lab.hosts {
            for (path, file) in &host.files {
                lowering
                    .of_host(name, path.as_str(), File::new(path, file), file.span)
                    .needs(Netns::id(name), Why::Order)
                    .sets_up(name)
                    .provides(Some(name), path);
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        Attributes::from([
            ("contents".into(), File::digest(self.contents.reveal().as_bytes(), self.secret, key)),
            ("mode".into(), format!("{:04o}", self.mode).into()),
            ("owner".into(), self.owner.into()),
            ("group".into(), self.group.into()),
        ])
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::write(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::write(machine, wanted)
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::remove(machine, unwanted)
    }
}
