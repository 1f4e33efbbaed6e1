//! Which database, and how its tools are run on its host.

use super::dump::{self, Database};
use super::memo::Memo;
use crate::environment;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::Kind;
use crate::kinds::host_file;
use crate::kinds::output::{ended, last_lines};
use crate::lab::Lab;
use crate::machine::Machine;
use crate::name::{AbsolutePath, HostName, RealmName};
use crate::runtime::{Command, Output};
use indexmap::IndexMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One database on its host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kdc {
    /// The host.
    pub(crate) host: HostName,
    /// The realm.
    pub(crate) realm: RealmName,
    /// The `kdc.conf` that says where the database is.
    pub(crate) config: AbsolutePath,
    /// The database, as that file says.
    pub(crate) database: AbsolutePath,
}

/// Long enough for thousands of passwords on a slow machine.
const LIMIT: Duration = Duration::from_secs(300);

impl Kdc {
    /// The database of `realm` on `host`, if the lab has it.
    pub(crate) fn find(lab: &Lab, host: &HostName, realm: &RealmName) -> Option<Kdc> {
        let database = lab.hosts.get(host)?.kdc_databases.get(realm)?;
        Some(Kdc {
            host: host.clone(),
            realm: realm.clone(),
            config: database.config.clone(),
            database: database.database.clone(),
        })
    }

    /// The resource that stands for it.
    pub(crate) fn id(&self) -> ResourceId {
        ResourceId::of_host(Kind::KdcDatabase, &self.host, &self.realm)
    }

    /// A principal's full name.
    pub(crate) fn full_name(&self, principal: &str) -> String {
        if principal.contains('@') { principal.to_owned() } else { format!("{principal}@{}", self.realm) }
    }

    /// Where its memo is.
    pub(super) fn memo(&self) -> Result<AbsolutePath, Error> {
        self.beside(".memo")
    }

    /// A file whose name is the database's with `suffix` at its end.
    pub(crate) fn beside(&self, suffix: &str) -> Result<AbsolutePath, Error> {
        let path = format!("{}{suffix}", self.database);
        AbsolutePath::try_from(path)
            .map_err(|error| Error::caused(format!("name a file beside `{}`", self.database), error))
    }

    /// Whether the database's own files are there.
    pub(super) fn exists(&self, machine: &Machine) -> Result<bool, Error> {
        Ok(host_file::exists(machine, &self.host, &self.database)?
            && host_file::exists(machine, &self.host, &self.beside(".ok")?)?)
    }

    /// Runs one of krb5's tools on the host.
    pub(crate) fn run(&self, machine: &Machine, argv: &[&str], stdin: &str) -> Result<Output, Error> {
        machine.run(&self.host, &self.command(argv), stdin.as_bytes(), LIMIT)
    }

    fn command(&self, argv: &[&str]) -> Command {
        let own = IndexMap::from([("KRB5_KDC_PROFILE".to_owned(), self.config.to_string())]);
        Command::new(argv.iter().copied(), environment::of_process([&own]))
    }

    /// All principals; `None` where the database is not there or not whole.
    pub(crate) fn dump(&self, machine: &Machine) -> Result<Option<(Memo, Database)>, Error> {
        let Some(memo) = Memo::read(machine, self)? else { return Ok(None) };
        if !self.exists(machine)? {
            return Ok(None);
        }
        let command = self.command(&["kdb5_util", "-r", self.realm.as_str(), "dump"]);
        let output = machine.run(&self.host, &command, b"", LIMIT)?;
        let operation = format!("dump {}", self.id());
        if !output.success() {
            // What it wrote to its output are keys.
            let said = Output { stdout: Vec::new(), ..output };
            return Err(Error::found(operation, ended(&said)).log(last_lines(&said)));
        }
        match dump::parse(&String::from_utf8_lossy(&output.stdout)) {
            Some(database) => Ok(Some((memo, database))),
            None => Err(Error::found(
                operation,
                "`kdb5_util dump` wrote something else than a dump of version 7 or so",
            )),
        }
    }

    /// The same for whoever is about to change it: a host that is up gets its first process where it has none. One that is
    /// not is visited: opened for good, it would never be in the lab's network.
    pub(crate) fn open(&self, machine: &Machine) -> Result<Option<(Memo, Database)>, Error> {
        if Memo::read(machine, self)?.is_none() {
            return Ok(None);
        }
        if machine.is_up(&self.host)? {
            machine.open(&self.host)?;
        }
        self.dump(machine)
    }

    /// Held by whoever changes a database: the memo must change with it.
    pub(crate) fn lock() -> MutexGuard<'static, ()> {
        static CHANGING: Mutex<()> = Mutex::new(());
        CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
