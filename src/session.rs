//! From the command line to the engine's session: the lab that is meant, evaluated, decoded, and looked at from inside.

use crate::cli::{Context, InputArgs, conclude};
use crate::evaluated::{Evaluated, Leases, evaluate_in, lab_name};
use crate::exit::{Exit, Failure};
use crate::lab;
use crate::labs::Entry;
use crate::ui;
use crate::world::Files;
use std::path::Path;
use topo_engine::decode::decode;
use topo_engine::digest::DigestKey;
use topo_engine::error::Error;
use topo_engine::lab::Lab;
use topo_engine::linux::machine::{Outcome, Probe, probes};
use topo_engine::machine::Missing;
use topo_engine::name::LabName;
use topo_engine::plan::Scope;
use topo_engine::session::{Held, Refused, Session, Work};
use topo_lang::{LabName as Named, Sources, World};

/// This program, as the supervisor is started from it.
pub(crate) const EXE: &str = "/proc/self/exe";

/// A lab that has no mistake, and the session with it.
pub(crate) struct Prepared {
    /// What it is called.
    pub(crate) name: LabName,
    /// Where it came from.
    pub(crate) entry: Entry,
    /// The texts that places point into.
    pub(crate) sources: Sources,
    /// What it should be.
    pub(crate) lab: Lab,
    /// The lab file, as it was named to the language.
    pub(crate) file: String,
    /// The engine's side.
    pub(crate) session: Session,
}

impl Prepared {
    /// The lab that the arguments mean.
    ///
    /// # Errors
    /// There is none, or it has mistakes.
    pub(crate) fn new(context: &Context, given: Option<&str>, inputs: &InputArgs) -> Result<Self, Failure> {
        let file = lab::file(context, given)?;
        let renamed = match (&inputs.name, given) {
            (Some(name), _) => Some(name.as_str()),
            // Meant by the name it runs under, which may not be the one in its file.
            (None, Some(given)) if given != file => Some(given),
            (None, _) => None,
        };
        Self::of_file(context, &file, inputs, renamed)
    }

    /// The lab in a file, under another name if one is given.
    ///
    /// # Errors
    /// It has mistakes.
    pub(crate) fn of_file(
        context: &Context,
        file: &str,
        inputs: &InputArgs,
        renamed: Option<&str>,
    ) -> Result<Self, Failure> {
        Self::in_world(context, &Files, file, inputs, renamed)
    }

    /// The same in another world, such as an earlier version.
    ///
    /// # Errors
    /// It has mistakes.
    pub(crate) fn in_world(
        context: &Context,
        world: &dyn World,
        file: &str,
        inputs: &InputArgs,
        renamed: Option<&str>,
    ) -> Result<Self, Failure> {
        let known = renamed.map_or_else(|| lab::name_of(file), str::to_owned);
        let leases = leases(context, &known)?;
        let evaluation = evaluate_in(world, file, inputs, leases)?;
        let named = evaluation.lab.clone();
        let Evaluated { sources, value, .. } = Evaluated::from(context, evaluation, None)?;
        let named = renamed.map_or(named, |name| Named { name: name.into(), span: None });
        let decoded = lab_name(&named).and_then(|name| Ok((decode(&value, &name)?, name)));
        let (lab, name) = match decoded {
            Ok(found) => found,
            Err(diagnostics) => return Err(Failure::Lab { sources, diagnostics }),
        };
        let session = Session::new(context.labs.root(), &name, Path::new(EXE));
        Ok(Self { name, entry: Entry::new(file, inputs), sources, lab, file: file.to_owned(), session })
    }

    /// The same lab; plans are about this part of it only.
    pub(crate) fn only(self, scope: Scope) -> Self {
        Self { session: self.session.only(scope), ..self }
    }

    /// The same lab; if it was never applied, its digests are made under this key.
    pub(crate) fn with_key(self, key: &DigestKey) -> Self {
        Self { session: self.session.with_key(key.clone()), ..self }
    }

    /// Looks at the lab, running or not, and hands the plan to `work`.
    pub(crate) fn look(
        &self,
        context: &Context,
        for_programs: bool,
        work: impl FnOnce(&Work) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let code = self.session.look(&self.lab, |found| {
            conclude(context, for_programs, || work(&readable(context, found?, &self.name)?))
        });
        ended(&self.name, code, &self.sources)
    }

    /// Looks at the lab with all that is needed to change it.
    pub(crate) fn change(
        &self,
        context: &Context,
        for_programs: bool,
        work: impl FnOnce(Work) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let root_was_there = context.labs.root().exists();
        let code = self.session.change(&self.lab, |found| {
            conclude(context, for_programs, || work(readable(context, found?, &self.name)?))
        });
        let Err(Refused::Failed(error)) = code else { return ended(&self.name, code, &self.sources) };
        if !root_was_there {
            // Nothing was begun, and there is nothing in it, or somebody else's lab.
            let _ = std::fs::remove_dir(context.labs.root());
        }
        Err(lacking().map_or(Failure::Engine(error), Failure::Missing))
    }
}

impl Prepared {
    /// Makes a new lab that lives only as long as it is held, and hands `work` all that is needed to bring it up.
    pub(crate) fn hold(
        &self,
        context: &Context,
        work: impl FnOnce(Work) -> Result<Exit, Failure>,
    ) -> Result<(Exit, Held), Failure> {
        match self.session.hold(&self.lab, |found| conclude(context, false, || work(found?))) {
            Ok((code, held)) => Ok((Exit::Command(code), held)),
            Err(refused @ Refused::Failed(_)) => {
                Err(lacking().map_or_else(|| refusal(&self.name, refused, &self.sources), Failure::Missing))
            }
            Err(refused) => Err(refusal(&self.name, refused, &self.sources)),
        }
    }
}

/// Looks at a running lab with all that is needed to remove the hosts in scope. It needs no lab file.
///
/// # Errors
/// It does not run, or has no such host.
pub(crate) fn remove(
    context: &Context,
    name: &LabName,
    scope: Scope,
    for_programs: bool,
    work: impl FnOnce(Work) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let session = Session::new(context.labs.root(), name, Path::new(EXE)).only(scope);
    let code = session
        .remove(|found| conclude(context, for_programs, || work(readable(context, found?, name)?)))
        .transpose();
    match code {
        Some(code) => ended(name, code, &Sources::default()),
        None => Err(Failure::input(
            format!("lab `{name}` does not run, so that none of its hosts is there"),
            format!("`topo destroy {name}` removes what is left of it"),
        )),
    }
}

/// How the child that looked from inside ended.
fn ended(name: &LabName, code: Result<u8, Refused>, sources: &Sources) -> Result<Exit, Failure> {
    match code {
        // Nobody but the kernel's hand ends a process so: it, or the supervisor with all that is in the lab.
        Ok(137) => Err(Failure::Engine(
            Error::found(format!("work in lab `{name}`"), "topo or the lab's supervisor was killed")
                .help("`topo apply` goes on from here")
                .help(format!("`topo destroy {name}` removes all of it")),
        )),
        // The signals that a terminal or another process ends us with: hang-up, interrupt, terminate.
        Ok(129 | 130 | 143) => Err(Failure::Interrupted {
            message: "interrupted before anything was changed".to_owned(),
            help: Vec::new(),
        }),
        Ok(code) => Ok(Exit::Command(code)),
        Err(refused) => Err(refusal(name, refused, sources)),
    }
}

/// Why nothing was done.
fn refusal(name: &LabName, refused: Refused, sources: &Sources) -> Failure {
    match refused {
        Refused::Wrong(diagnostics) => Failure::Lab { sources: sources.clone(), diagnostics },
        Refused::Missing(missing) => Failure::Missing(missing),
        Refused::NoHost { host, known } => {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            lab::no_such_host(name.as_str(), host.as_str(), &known)
        }
        Refused::Failed(error) => Failure::Engine(error),
    }
}

/// Why labs cannot run on this machine at all, if they cannot. Asked only when one did not start: trying takes time.
fn lacking() -> Option<Vec<Missing>> {
    let mut missing: Vec<(String, Vec<&str>, String)> = Vec::new();
    for Probe { name, outcome } in probes().ok()?.into_iter().filter(|probe| probe.name != "id range") {
        let Outcome::Missing { found, cure, .. } = outcome else { continue };
        match missing.iter_mut().find(|(known, ..)| *known == found) {
            Some((_, names, _)) => names.push(name),
            None => missing.push((found, vec![name], cure.unwrap_or_default())),
        }
    }
    let missing: Vec<Missing> =
        missing.into_iter().map(|(found, names, cure)| lack(&found, &names, cure)).collect();
    Some(missing).filter(|missing| !missing.is_empty())
}

/// One reason, whatever number of probes it spoilt.
fn lack(found: &str, names: &[&str], cure: String) -> Missing {
    let (what, cure) = match names {
        [name] => (format!("`{name}`: {found}"), cure),
        // Several things fail for one reason only where no namespace could be made to try them in.
        _ => (
            format!("namespaces: {found}"),
            "allow this user to make them; a container needs to be started with that right".to_owned(),
        ),
    };
    Missing { what, needed_by: vec!["every lab".to_owned()], cure }
}

/// A state that cannot be read is not taken for an empty one, unless the running lab tells what it was.
fn readable(context: &Context, work: Work, name: &LabName) -> Result<Work, Failure> {
    match &work.spoilt {
        None => Ok(work),
        Some(spoilt) if spoilt.is_rebuilt => {
            if !context.quiet {
                ui::message(&ui::failure::warning(
                    &format!("the record of lab `{name}` is lost: {}", spoilt.reason),
                    "the running lab was looked at instead; of its hosts' files, what the lab no longer asks for stays",
                ));
            }
            Ok(work)
        }
        Some(spoilt) => Err(Failure::Engine(
            Error::found(format!("read the recorded state of lab `{name}`"), &spoilt.reason)
                .help(format!("`topo destroy {name}` removes all of it; then apply it again")),
        )),
    }
}

/// The numbers of addresses that the lab of this name handed out before.
pub(crate) fn leases(context: &Context, name: &str) -> Result<Leases, Failure> {
    let Ok(name) = LabName::try_from(name) else { return Ok(Leases::new()) };
    let session = Session::new(context.labs.root(), &name, Path::new(EXE));
    let numbers = |hosts: std::collections::BTreeMap<String, u32>| {
        hosts.into_iter().map(|(host, number)| (host, u64::from(number))).collect()
    };
    Ok(session.leases()?.into_iter().map(|(network, hosts)| (network.to_string(), numbers(hosts))).collect())
}
