//! What holds for every lab, in this order: apply; its checks; the second plan is empty and nothing restarts;
//! each drift by hand is planned exactly, and repaired; destroyed; nothing is left.

use crate::case::{Case, Check, Drift};
use crate::documents;
use crate::outside::Outside;
use crate::remains::{self, Traces};
use crate::run::{Outcome, run, until};
use crate::stage::{Actor, Mode};
use std::fs;
use std::time::Duration;

/// One lab, run by one actor.
struct Lab<'a> {
    actor: &'a Actor,
    case: &'a Case,
    /// What plays the machine, where the lab reaches it.
    outside: Option<Outside>,
}

/// Applies the lab of `case` as `actor` and tries every claim.
pub(crate) fn hold(actor: &Actor, case: &Case) -> Result<(), String> {
    run_lab(actor, case, |lab| lab.life())
}

/// Tries to apply a lab that the running kernel has too little for: said by name, and nothing happened.
pub(crate) fn refused(actor: &Actor, case: &Case) -> Result<(), String> {
    run_lab(actor, case, |lab| {
        let applied = lab.topo(&["apply", "--yes"])?;
        lab.refused(&applied, "which this kernel does not have")
    })
}

fn run_lab(
    actor: &Actor,
    case: &Case,
    claims: impl FnOnce(&Lab<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let file = Actor::lab(&case.path);
    let name = case.path.file_name().ok_or("a lab without a file name")?;
    // The only lab file in the directory is the one that every command takes.
    fs::copy(&file, actor.home.join(name)).map_err(|error| format!("copy {}: {error}", file.display()))?;
    let links = remains::links();
    let setup = case.machine.as_deref().filter(|_| actor.mode == Mode::Root);
    let outside = setup.map(|setup| Outside::new(actor, setup)).transpose()?;
    let contents = outside.as_ref().map(|outside| outside.contents(actor)).transpose()?;
    let lab = Lab { actor, case, outside };
    let result = claims(&lab);
    if result.is_err() {
        let _ = lab.topo(&["destroy", "--yes"]);
        lab.traces().kill();
    }
    result?;
    if let (Some(outside), Some(before)) = (&lab.outside, contents) {
        until(Duration::from_secs(2), || match outside.contents(actor)? {
            after if after == before => Ok(()),
            after => Err(format!("the machine's network: {before}\n before,\n{after} after")),
        })?;
    }
    match remains::links() {
        after if after == links => Ok(()),
        after => Err(format!("links of the machine: {links:?} before, {after:?} after")),
    }
}

impl Lab<'_> {
    fn life(&self) -> Result<(), String> {
        let applied = self.topo(&["apply", "--yes"])?;
        if self.case.needs_range && self.actor.mode == Mode::Single {
            return self.refused(&applied, "a range of user ids");
        }
        if self.case.machine.is_some() && self.actor.mode != Mode::Root {
            return self.refused(&applied, "which only root has");
        }
        expect(&applied, 0)?;
        if self.traces().processes.is_empty() {
            return Err(format!("applied, but no process of the lab is to be seen\n{applied}"));
        }
        for check in &self.case.checks {
            self.check(check)?;
        }
        self.settled(&self.traces())?;
        for document in [["status", "--format", "json"].as_slice(), &["apply", "--yes", "--format", "json"]] {
            self.documented(&self.topo(document)?)?;
        }
        for drift in &self.case.drifts {
            self.drift(drift)
                .map_err(|error| format!("drift on {}: {}\n{error}", drift.host, drift.command))?;
        }
        let traces = self.traces();
        let destroyed = self.topo(&["destroy", "--yes", "--format", "json"])?;
        expect(&destroyed, 0)?;
        self.documented(&destroyed)?;
        self.nothing_left(&traces)
    }

    /// What is for programs is as the book's schemas say.
    fn documented(&self, outcome: &Outcome) -> Result<(), String> {
        let schemas = documents::schemas(&crate::checkout())?;
        documents::check(&schemas, &outcome.stdout).map(drop).map_err(|error| format!("{error}\n{outcome}"))
    }

    /// A lab that needs more than there is: said by name, and nothing happened.
    fn refused(&self, applied: &Outcome, lacking: &str) -> Result<(), String> {
        expect(applied, 3)?;
        if !applied.stderr.contains(lacking) {
            return Err(format!("expected a word on `{lacking}`\n{applied}"));
        }
        self.nothing_left(&self.traces())
    }

    fn check(&self, check: &Check) -> Result<(), String> {
        let outcome = self.on(&check.host, &check.command)?;
        match (outcome.status == 0) == check.succeeds {
            true => Ok(()),
            false if check.succeeds => Err(format!("check on {} failed\n{outcome}", check.host)),
            false => Err(format!("check on {} succeeded, but should fail\n{outcome}", check.host)),
        }
    }

    /// Plans nothing, does nothing, and every process is the one it was.
    fn settled(&self, before: &Traces) -> Result<(), String> {
        expect(&self.topo(&["plan", "--detailed-exitcode"])?, 0)?;
        let again = self.topo(&["apply", "--yes"])?;
        expect(&again, 0)?;
        if !format!("{}{}", again.stdout, again.stderr).contains("nothing to change") {
            return Err(format!("expected `nothing to change`\n{again}"));
        }
        nothing_started(before, &self.traces())
    }

    fn drift(&self, drift: &Drift) -> Result<(), String> {
        let before = self.traces();
        expect(&self.on(&drift.host, &drift.command)?, 0)?;
        let planned = self.planned()?;
        if planned != drift.planned {
            return Err(format!("expected the plan {:?}, found {planned:?}", drift.planned));
        }
        expect(&self.topo(&["apply", "--yes"])?, 0)?;
        let restarts = drift.planned.iter().any(|step| step.starts_with("daemon "));
        if !restarts {
            nothing_started(&before, &self.traces())?;
        }
        self.settled(&self.traces())
    }

    /// The resources that a plan would touch, sorted.
    fn planned(&self) -> Result<Vec<String>, String> {
        let plan = self.topo(&["plan", "--format", "json", "--detailed-exitcode"])?;
        expect(&plan, 2)?;
        self.documented(&plan)?;
        let value: serde_json::Value = serde_json::from_str(&plan.stdout)
            .map_err(|error| format!("the plan is not JSON: {error}\n{plan}"))?;
        let steps = value["steps"].as_array().ok_or_else(|| format!("no `steps` in the plan\n{plan}"))?;
        let mut planned = Vec::new();
        for step in steps {
            let resource =
                step["resource"].as_str().ok_or_else(|| format!("a step without `resource`: {step}"))?;
            planned.push(resource.to_owned());
        }
        planned.sort();
        Ok(planned)
    }

    fn nothing_left(&self, traces: &Traces) -> Result<(), String> {
        let state = &self.actor.state;
        until(Duration::from_secs(2), || match traces.left(state) {
            left if left.is_empty() => Ok(()),
            left => Err(format!("left behind:\n  {}", left.join("\n  "))),
        })
    }

    fn traces(&self) -> Traces {
        self.actor.traces()
    }

    fn on(&self, host: &str, command: &str) -> Result<Outcome, String> {
        if let (Some(outside), "machine") = (&self.outside, host) {
            return outside.does(self.actor, command);
        }
        self.topo(&["exec", host, "--", "sh", "-c", command])
    }

    fn topo(&self, arguments: &[&str]) -> Result<Outcome, String> {
        let mut command = match &self.outside {
            Some(outside) => outside.command(self.actor, "topo"),
            None => self.actor.command("topo"),
        };
        command.args(arguments);
        if let ["plan" | "apply", ..] = arguments {
            for set in &self.case.set {
                command.args(["--set", set]);
            }
        }
        run(command, &format!("topo {}", arguments.join(" ")), self.case.limit)
    }
}

/// What ends between two looks (a login that is over) is no daemon: it would be in the plan.
fn nothing_started(before: &Traces, after: &Traces) -> Result<(), String> {
    let new = after.processes.iter().filter(|(process, _)| !before.processes.contains_key(process));
    let new: Vec<String> = new.map(|((pid, _), command)| format!("{pid} ({command})")).collect();
    if new.is_empty() { Ok(()) } else { Err(format!("expected no new process, found {}", new.join(", "))) }
}

fn expect(outcome: &Outcome, status: i32) -> Result<(), String> {
    match outcome.status {
        found if found == status => Ok(()),
        _ => Err(format!("expected exit status {status}\n{outcome}")),
    }
}
