//! A lab that is new and lives only as long as somebody holds it.

use super::known::Known;
use super::{Refused, Session, Work, Yard, enter, inside, outside};
use crate::digest::DigestKey;
use crate::error::Error;
use crate::lab::Lab;
use crate::lower::lower;
use crate::plan::Observed;
use crate::runtime::{self, Client, IdMap, LabDirectory, Tether};
use crate::state::{self, State};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A lab that lives as long as this and the copies of it in forked processes: also when all of them are killed, it ends,
/// and its directory goes.
pub struct Held {
    client: Client,
    directory: LabDirectory,
    exe: PathBuf,
    _tether: Tether,
}

impl Session {
    /// Hands `work` the plan for a new lab and the means to carry it out, and gives what it returned. The lab runs until
    /// [`Held::end`], whatever `work` applied.
    pub fn hold(
        &self,
        lab: &Lab,
        work: impl FnOnce(Result<Work, Error>) -> u8,
    ) -> Result<(u8, Held), Refused> {
        let known = Known { state: State::new(DigestKey::random()?), spoilt: None, is_new: true };
        let graph = Arc::new(lower(lab, &known.state.key).map_err(Refused::Wrong)?);
        let missing = self.missing(&graph);
        if !missing.is_empty() {
            return Err(Refused::Missing(missing));
        }
        let directory = LabDirectory::create_new(&self.root, self.name.as_str())
            .map_err(|error| Error::caused("make the lab's directory", error))?
            .ok_or_else(|| {
                Error::found(format!("make lab `{}`", self.name), "there is one of that name")
                    .help("without `--name` it gets a name of its own")
            })?;
        let lock = state::lock(directory.path())?;
        let (client, tether) = runtime::start_held(&directory, &self.exe, &IdMap::detect())
            .map_err(|error| Error::caused("start the lab's supervisor", error))?;
        let held = Held { client, directory, exe: self.exe.clone(), _tether: tether };
        let (_heard, begun) =
            std::io::pipe().map_err(|source| Error::caused("make a pipe to a child", source))?;
        let outside = outside()?;
        let code = enter(&held.client, || {
            work(inside(&held.directory, lab, &known.state, outside).map(|machine| {
                let plan = self.planned(&graph, &known.state, &Observed::new());
                let (machine, state) = (Arc::new(machine), known.state.clone());
                let yard = Yard { machine, state, lab: Some(lab.clone()), lock, begun };
                known.work(graph, plan, Some(yard))
            }))
        });
        match code {
            Ok(code) => Ok((code, held)),
            Err(refused) => {
                // The first failure is the one to tell.
                let _ = held.end(Duration::ZERO);
                Err(refused)
            }
        }
    }
}

impl Held {
    /// The connection to the lab's supervisor.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the lab and removes all of it. What has not ended by itself after `limit` is killed.
    ///
    /// # Errors
    /// Something of it stays.
    pub fn end(self, limit: Duration) -> Result<(), Error> {
        self.client.shutdown(limit).map_err(|error| Error::caused("end the lab's supervisor", error))?;
        self.directory
            .remove_in_place(&self.exe, &IdMap::detect())
            .map_err(|error| Error::caused("remove the lab's directory", error))
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("directory", &self.directory).finish_non_exhaustive()
    }
}
