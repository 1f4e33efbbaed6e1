//! What a file should be, and how it follows from the lab.

use super::{apply, observe};
use crate::attribute::{Attribute, Attributes};
use crate::digest::{self, DigestKey};
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::directory::{access_attributes, below_directories};
use crate::kinds::netns::Netns;
use crate::kinds::{Kind, Manage, Subject, Updating, Watched};
use crate::lab::{self, Lab, Secret};
use crate::linux::place::Access;
use crate::lower::Lowering;
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};

/// A file; its path is the resource's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub contents: Secret,
    /// Whether the contents are kept out of plans and logs.
    pub secret: bool,
    /// Who may do what.
    pub access: Access,
    /// Of a file that all hosts see: those that have none of their own at its path.
    pub seen_by: Vec<HostName>,
}

impl File {
    /// The resource of this kind that stands for `path`, on `host` or on all hosts.
    pub fn id(host: Option<&HostName>, path: &AbsolutePath) -> ResourceId {
        ResourceId { kind: Kind::File, host: host.cloned(), name: path.into() }
    }

    fn new(file: &lab::File, seen_by: Vec<HostName>) -> Self {
        let text = file.text.reveal();
        let contents = if file.newline && !text.is_empty() && !text.ends_with('\n') {
            Secret::new(format!("{text}\n"))
        } else {
            file.text.clone()
        };
        let access = Access { mode: file.mode, owner: file.owner, group: file.group };
        File { contents, secret: file.secret, access, seen_by }
    }
}

/// A file as attributes. Contents that are a secret are digested under the lab's key.
pub(super) fn attributes(contents: &[u8], access: Access, key: Option<&DigestKey>) -> Attributes {
    let mut attributes = access_attributes(access);
    attributes.insert(
        "contents".into(),
        key.map_or_else(|| digest::contents(contents), |key| key.secret(contents)),
    );
    attributes
}

/// Whether recorded contents are those of a secret.
pub(super) fn is_secret(attributes: &Attributes) -> bool {
    matches!(attributes.get("contents"), Some(Attribute::Digest { digest }) if !digest.starts_with("sha256:"))
}

impl Manage for File {
    const IN_PLACE: &'static [&'static str] = &["contents", "mode", "owner", "group"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (path, file) in &lab.files {
            let without = lab.hosts.iter().filter(|(_, host)| !host.files.contains_key(path));
            let spec = File::new(file, without.map(|(name, _)| name.clone()).collect());
            lowering.of_lab(path.as_str(), spec, file.span).sets_up_all().provides(None, path);
        }
        for (name, host) in &lab.hosts {
            for (path, file) in &host.files {
                let adding = lowering
                    .of_host(name, path.as_str(), File::new(file, Vec::new()), file.span)
                    .needs(Netns::id(name), Why::Order)
                    .sets_up(name)
                    .provides(Some(name), path);
                below_directories(adding, name, host, path);
            }
        }
    }

    fn attributes(&self, key: &DigestKey) -> Attributes {
        attributes(self.contents.reveal().as_bytes(), self.access, self.secret.then_some(key))
    }

    fn text(&self) -> Option<&str> {
        (!self.secret).then(|| self.contents.reveal())
    }

    fn watched(&self, id: &ResourceId) -> Option<Watched> {
        Some(Watched::Path(id.host.clone(), AbsolutePath::try_from(&*id.name).ok()?))
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::write(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::write(machine, &wanted.iter().map(|one| (one.id, one.spec)).collect::<Vec<_>>())
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::remove(machine, unwanted)
    }
}
