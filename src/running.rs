//! Labs that run: which one is meant by a host's name, and the way into it. Nothing is evaluated here: `topo exec`
//! must start at once.

use crate::cli::Context;
use crate::exit::Failure;
use crate::lab;
use std::collections::BTreeSet;
use topo_engine::runtime::{Client, LabDirectory};

/// A lab that runs.
pub(crate) struct Running {
    /// Its name.
    pub(crate) name: String,
    /// The connection to its supervisor.
    pub(crate) client: Client,
}

/// The way to say which lab is meant, where a host does not say it.
#[derive(Debug, clap::Args)]
pub(crate) struct WhichLab {
    /// Lab file, or name of the lab [default: $TOPO_LAB, the lab of this directory, or the only one with this host]
    #[arg(long, short, value_name = "LAB")]
    pub(crate) lab: Option<String>,
    /// The copy of the lab that runs under this name
    #[arg(long, conflicts_with = "lab")]
    pub(crate) name: Option<String>,
}

impl Running {
    /// The lab of this name, if it runs.
    ///
    /// # Errors
    /// Its supervisor does not answer.
    pub(crate) fn open(context: &Context, name: &str) -> Result<Option<Self>, Failure> {
        let Some(directory) = LabDirectory::open(context.labs.root(), name)? else { return Ok(None) };
        Ok(Client::connect(&directory)?.map(|client| Self { name: name.to_owned(), client }))
    }

    /// The lab of this name, which must run.
    ///
    /// # Errors
    /// It does not run, or its supervisor does not answer.
    pub(crate) fn named(context: &Context, name: &str) -> Result<Self, Failure> {
        Self::open(context, name)?
            .ok_or_else(|| Failure::input(format!("lab `{name}` does not run"), "`topo apply` starts it"))
    }

    /// The lab that is said, or else the one of this directory, or else the only one that has the host.
    ///
    /// # Errors
    /// None has the host, or several have.
    pub(crate) fn with_host(context: &Context, which: &WhichLab, host: &str) -> Result<Self, Failure> {
        if which.lab.is_some() || which.name.is_some() {
            let name = lab::name(context, which.lab.as_deref(), which.name.as_deref())?;
            return Self::named(context, &name)?.that_has(host);
        }
        if let Some(running) = Self::of_environment(context)? {
            return running.that_has(host);
        }
        let mut here: Vec<Self> = Vec::new();
        // Several files may be about one lab.
        let names: BTreeSet<String> = lab::lab_files(".").iter().map(|file| lab::name_of(file)).collect();
        for name in names {
            here.extend(Self::open(context, &name)?);
        }
        if here.len() == 1 {
            return here.remove(0).that_has(host);
        }
        let mut found = Vec::new();
        let elsewhere = if here.is_empty() { Self::all(context) } else { here };
        let none = elsewhere.is_empty();
        for running in elsewhere {
            if running.hosts()?.iter().any(|known| known == host) {
                found.push(running);
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 if none => Err(Failure::input("no lab runs", "`topo apply` starts one")),
            0 => Err(Failure::input(
                format!("no running lab has a host `{host}`"),
                "`topo list` shows the labs",
            )),
            _ => {
                let names: Vec<String> = found.into_iter().map(|running| running.name).collect();
                let message = format!("several running labs have a host `{host}`: `{}`", names.join("`, `"));
                Err(Failure::input(message, "say which with `--lab NAME`"))
            }
        }
    }

    /// The lab whose variables this shell has (`topo env`, `topo run`), if it still runs.
    fn of_environment(context: &Context) -> Result<Option<Self>, Failure> {
        match std::env::var("TOPO_LAB") {
            Ok(name) if context.labs.exists(&name) => Self::open(context, &name),
            _ => Ok(None),
        }
    }

    /// All labs of this user that run and answer.
    pub(crate) fn all(context: &Context) -> Vec<Self> {
        context.labs.names().iter().filter_map(|name| Self::open(context, name).ok().flatten()).collect()
    }

    /// The names of its hosts, in order.
    ///
    /// # Errors
    /// Its supervisor does not answer.
    pub(crate) fn hosts(&self) -> Result<Vec<String>, Failure> {
        let held = self.client.held()?;
        Ok(held.iter().filter_map(|name| name.strip_prefix("net/")).map(str::to_owned).collect())
    }

    /// The same lab, if it has this host.
    ///
    /// # Errors
    /// It has none of this name.
    pub(crate) fn that_has(self, host: &str) -> Result<Self, Failure> {
        let hosts = self.hosts()?;
        if hosts.iter().any(|known| known == host) {
            return Ok(self);
        }
        Err(lab::no_such_host(&self.name, host, &hosts))
    }
}
