//! Where the files of hosts are reached: in the host's own layer as long as it has no process, in its own view afterwards.

use crate::error::Error;
use crate::graph::ResourceId;
use crate::linux::{Error as KernelError, place};
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName};
use std::collections::BTreeMap;
use std::path::Path;

/// The path that a resource named by one is about.
pub(crate) fn path_of(id: &ResourceId) -> Result<AbsolutePath, Error> {
    AbsolutePath::try_from(&*id.name).map_err(|error| Error::caused(format!("find the path of {id}"), error))
}

/// How one path of a host is to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    /// Through the host's view: the path is the host's.
    View(&'p Path),
    /// In the host's own layer: the path is the lab's.
    Layer(&'p Path),
}

impl Place<'_> {
    /// The path as the calling thread sees it.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Place::View(path) | Place::Layer(path) => path,
        }
    }
}

/// Whether `/run` and `/tmp`, which only a host with a process has, are worth giving it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fleeting {
    /// Open the host.
    Open,
    /// They are not there.
    Absent,
}

/// Does `work` on each path where it can be reached, all of one host's together. One answer each, in order; `None` for
/// a path that is not there because its host has no process.
pub(crate) fn at_places<'i, I: Sync, R: Send>(
    machine: &Machine,
    items: &'i [I],
    whose: impl Fn(&'i I) -> (&'i HostName, AbsolutePath),
    fleeting: Fleeting,
    work: impl Fn(&'i I, Place<'_>) -> Result<R, KernelError> + Sync,
) -> Vec<Result<Option<R>, Error>> {
    let mut groups: BTreeMap<&HostName, Vec<(usize, AbsolutePath)>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let (host, path) = whose(item);
        groups.entry(host).or_default().push((index, path));
    }
    let mut answers: Vec<Option<Result<Option<R>, Error>>> = (0..items.len()).map(|_| None).collect();
    for (host, paths) in groups {
        let needs_view = |path: &AbsolutePath| machine.layer_path(host, path).is_none();
        let open = machine.opened(host).is_some()
            || (fleeting == Fleeting::Open && paths.iter().any(|(_, path)| needs_view(path)));
        let one = |index: usize, place: Place<'_>| {
            let path = place.path().display().to_string();
            work(&items[index], place)
                .map(Some)
                .map_err(|error| Error::caused(format!("reach `{path}` on `{host}`"), error))
        };
        if open {
            let together = || {
                paths.iter().map(|(index, path)| (*index, one(*index, Place::View(path.as_path())))).collect()
            };
            let outcome: Result<Vec<_>, Error> = machine.on_host(host, together);
            match outcome {
                Ok(found) => found.into_iter().for_each(|(index, answer)| answers[index] = Some(answer)),
                Err(error) => paths.iter().for_each(|(index, _)| answers[*index] = Some(Err(error.retold()))),
            }
        } else {
            for (index, path) in &paths {
                answers[*index] = Some(match machine.layer_path(host, path) {
                    Some(path) => one(*index, Place::Layer(&path)),
                    None => Ok(None),
                });
            }
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or(Ok(None))).collect()
}

/// Makes the directories above a path. In a host's layer they get the machine's modes.
pub(crate) fn make_parents(place: Place<'_>, path: &AbsolutePath) -> Result<(), KernelError> {
    match place {
        Place::View(_) => place::make_parents(Path::new("/"), path.relative(), Path::new("/")),
        Place::Layer(layer) => {
            // Below the root of the host's layers the way is the path's own.
            let root = layer.ancestors().nth(path.relative().components().count()).unwrap_or(layer);
            crate::linux::files::make_directories(root, 0o755)?;
            place::make_parents(root, path.relative(), Path::new("/"))
        }
    }
}
