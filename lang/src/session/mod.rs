//! A lab that is talked to: expressions one after another, names that stay, and what could come next.
//!
//! ```text
//! line ─ parse → Expr + scope (the lab's names, then those bound here) ─ force, as far as is shown → Glimpse
//! ```
//!
//! Nothing of the lab is evaluated before a line asks for it. What a limit or an interrupt ended is marked as failed
//! for good in the arena of thunks, so the next line starts from the sources again. Deliberately absent: reading
//! lines, commands, printing.

mod complete;
pub(crate) mod glimpse;

pub use complete::Completion;
pub use glimpse::{Bounds, Glimpse};

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};
use crate::documentation::{TypeDoc, documentation};
use crate::eval::{Scope, ThunkId, is_limit};
use crate::evaluation::{Inputs, LabName, Nothing, Running, keys};
use crate::module::finish::tidy;
use crate::source::{Source, Sources};
use crate::syntax::expr::Expr;
use crate::why::{Reason, reason};
use crate::world::World;
use std::sync::Arc;

/// How much of the memory that is allowed may be left behind by earlier lines.
const LEFT_BEHIND: usize = 4;

/// A lab with the names that were bound beside it.
pub struct Session<'w> {
    world: &'w dyn World,
    entry: Option<String>,
    inputs: Inputs,
    running: Running,
    /// The names around the next line.
    scope: Scope,
    /// The lines that bound a name, in order.
    bindings: Vec<Source>,
    /// How many lines there were.
    lines: u32,
    /// Whether the next line starts from the sources again.
    stale: bool,
    wrong: bool,
}

/// What came of a line.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it is, where it was right and no binding.
    pub value: Option<Glimpse>,
    /// The name that it bound.
    pub bound: Option<Arc<str>>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'w> Session<'w> {
    /// A session with the names at the top of the lab at `entry`; without one, with the language's own. What is
    /// wrong with the sources is in [`Session::take_diagnostics`].
    pub fn start(world: &'w dyn World, entry: Option<&str>, inputs: Inputs) -> Self {
        let mut running = match entry {
            Some(entry) => Running::start(world, entry, &inputs),
            None => Running::start(&Nothing, "", &inputs),
        };
        let error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        if let Some(machine) = &running.machine {
            running.diagnostics.extend(machine.check_given(&mut running.evaluator));
        }
        let wrong = running.diagnostics.iter().any(error);
        let mut session = Self {
            world,
            entry: entry.map(str::to_owned),
            inputs,
            running,
            scope: Scope::empty(),
            bindings: Vec::new(),
            lines: 0,
            stale: false,
            wrong,
        };
        session.scope = session.top();
        session
    }

    /// The texts that places point into, up to the next line.
    pub fn sources(&self) -> &Sources {
        &self.running.sources
    }

    /// The lab's name; `None` without a lab.
    pub fn lab(&self) -> Option<&LabName> {
        self.entry.as_ref().map(|_| &self.running.lab)
    }

    /// Whether the lab's sources are wrong, so that it has no value as a whole.
    pub fn is_wrong(&self) -> bool {
        self.wrong
    }

    /// Whether a line needs another one after it to be an expression or a binding.
    pub fn is_unfinished(text: &str) -> bool {
        match binding(text) {
            Some((_, blanked)) => blanked.trim().is_empty() || Expr::is_unfinished(&blanked),
            None => Expr::is_unfinished(text),
        }
    }

    /// What was found to be wrong with the lab so far, each once.
    pub fn take_diagnostics(&mut self) -> Vec<Diagnostic> {
        tidy(std::mem::take(&mut self.running.diagnostics))
    }

    /// Starts from the sources again, read anew, with another lab or other inputs; names that were bound stay.
    pub fn restart(&mut self, entry: Option<&str>, inputs: Inputs) {
        let fresh = Session::start(self.world, entry, inputs);
        let bindings = std::mem::take(&mut self.bindings);
        *self = Session { lines: self.lines, ..fresh };
        for binding in bindings {
            self.bind_again(binding);
        }
    }

    /// The same lab, its sources read anew.
    pub fn reload(&mut self) {
        let entry = self.entry.clone();
        self.restart(entry.as_deref(), self.inputs.clone());
    }

    /// Evaluates an expression, as far as is shown; or binds a name: `name = expression`.
    pub fn line(&mut self, text: &str, bounds: Bounds) -> Answer {
        self.begin();
        let source = Source::new(&format!("input {}", self.lines), text);
        let (name, blanked) = match binding(text) {
            Some((name, blanked)) => (Some(name), blanked),
            None => (None, text.to_owned()),
        };
        let mut answer = Answer { value: None, bound: None, diagnostics: Vec::new() };
        match (self.parse(source.clone(), &blanked), name) {
            (Err(wrong), _) => answer.diagnostics = wrong,
            (Ok(expr), Some(name)) => {
                let wrong = self.running.evaluator.check_names(&expr, &self.scope);
                if wrong.is_empty() {
                    self.bind(&name, &expr);
                    self.bindings.push(source);
                    answer.bound = Some(name);
                }
                answer.diagnostics = wrong;
            }
            (Ok(expr), None) => {
                let thunk = self.running.evaluator.expr(&expr, &self.scope);
                answer.value = self.look(thunk, bounds, &mut answer.diagnostics);
            }
        }
        self.end(answer)
    }

    /// What an expression is: an option's type, if it is the path of one, and else the kind of its value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn type_of(&mut self, text: &str) -> Result<String, Vec<Diagnostic>> {
        self.begin();
        if let Some(machine) = self.running.machine.clone()
            && let Some(ty) = machine.type_at(&mut self.running.evaluator, &keys(text.trim()))
        {
            return Ok(ty);
        }
        let source = Source::new(&format!("input {}", self.lines), text);
        let expr = self.parse(source, text)?;
        let thunk = self.running.evaluator.expr(&expr, &self.scope);
        match self.running.evaluator.force(thunk) {
            Ok(value) => Ok(self.running.evaluator.describe(&value)),
            Err(raised) => {
                let answer = Answer { value: None, bound: None, diagnostics: vec![raised.into()] };
                Err(self.end(answer).diagnostics)
            }
        }
    }

    /// Why the value at a path of the lab is what it is, with the value.
    ///
    /// # Errors
    /// What is wrong with the path, or with the value.
    pub fn why(&mut self, path: &str, bounds: Bounds) -> Result<(Glimpse, Reason), Vec<Diagnostic>> {
        self.begin();
        let source = Source::new(&format!("input {}", self.lines), path);
        let expr = self.parse(source, path)?;
        let mut diagnostics = Vec::new();
        let thunk = self.running.evaluator.expr(&expr, &self.scope);
        let value = self.look(thunk, bounds, &mut diagnostics);
        let found = match (&self.running.machine, value) {
            (Some(machine), Some(value)) => {
                reason(machine, &mut self.running.evaluator, &keys(path.trim()), 1)
                    .map(|reason| (value, reason))
            }
            (_, _) => None,
        };
        if found.is_none() && diagnostics.is_empty() {
            let message = format!("`{}` is no path of an option of this lab", path.trim());
            diagnostics.push(Diagnostic::error(codes::UNKNOWN_PATH, expr.span(), message));
        }
        let answer = self.end(Answer { value: None, bound: None, diagnostics });
        found.ok_or(answer.diagnostics)
    }

    /// What the lab's modules declare: the root's options first, then each type's.
    pub fn documentation(&self) -> Vec<TypeDoc> {
        documentation(&self.running.program, &self.running.sources)
    }

    /// The names of the lab's top level.
    fn top(&self) -> Scope {
        self.running.machine.as_ref().map_or_else(Scope::empty, |machine| machine.entry_scope())
    }

    fn begin(&mut self) {
        let behind = self.running.evaluator.memory() > self.inputs.limits.memory / LEFT_BEHIND;
        if self.stale || behind {
            self.reload();
            // It was said when it was found.
            self.running.diagnostics.clear();
        }
        self.lines += 1;
        self.running.evaluator.restart_count();
    }

    fn end(&mut self, mut answer: Answer) -> Answer {
        if let Some(machine) = &self.running.machine {
            answer.diagnostics.extend(machine.take_reported());
        }
        answer.diagnostics.extend(self.running.evaluator.take_warnings());
        answer.diagnostics = tidy(answer.diagnostics);
        self.stale |= answer.diagnostics.iter().any(|diagnostic| is_limit(diagnostic.code));
        answer
    }

    fn parse(&mut self, source: Source, text: &str) -> Result<Arc<Expr>, Vec<Diagnostic>> {
        let source = self.running.sources.add(source);
        self.running.evaluator.set_sources(&self.running.sources);
        Expr::parse(source, text).map(Arc::new)
    }

    fn bind(&mut self, name: &Arc<str>, expr: &Arc<Expr>) {
        let thunk = self.running.evaluator.expr(expr, &self.scope);
        let symbol = self.running.evaluator.symbol_of(name);
        self.scope = self.scope.with(vec![(symbol, thunk)]);
    }

    /// A binding that was right once; a name that is gone since is said when it is used.
    fn bind_again(&mut self, source: Source) {
        if let Some((name, blanked)) = binding(&source.text)
            && let Ok(expr) = self.parse(source.clone(), &blanked)
        {
            self.bind(&name, &expr);
            self.bindings.push(source);
        }
    }

    fn look(&mut self, thunk: ThunkId, bounds: Bounds, wrong: &mut Vec<Diagnostic>) -> Option<Glimpse> {
        glimpse::look(&mut self.running.evaluator, thunk, bounds, wrong)
    }
}

/// The name that `name = …` binds, and the text with spaces instead of what is before the expression.
fn binding(text: &str) -> Option<(Arc<str>, String)> {
    let start = text.len() - text.trim_start().len();
    let name = complete::word(&text[start..]);
    let after = text[start + name.len()..].trim_start();
    let value = after.strip_prefix('=').filter(|rest| !rest.starts_with('='))?;
    if name.is_empty() || complete::is_keyword(name) {
        return None;
    }
    let blank = text.len() - value.len();
    let blanks: String = text[..blank].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
    Some((name.into(), blanks + value))
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Session, binding};
    use crate::evaluation::{Inputs, Nothing};

    #[test]
    fn bindings() {
        assert_eq!(binding("x = 1"), Some(("x".into(), "    1".into())));
        assert_eq!(binding(" x'=x + 1"), Some(("x'".into(), "    x + 1".into())));
        for text in ["x == 1", "x", "{ x = 1; }", "let x = 1; in x", "= 1", "in = 1", "x.y = 1"] {
            assert_eq!(binding(text), None, "{text}");
        }
    }

    #[test]
    fn what_goes_on() {
        for text in ["x =", "x = 1 +", "[ 1", "{ a = 1;"] {
            assert!(Session::is_unfinished(text), "{text}");
        }
        for text in ["x = 1", "x == 1", "x = )", "", "{ a = 1; }"] {
            assert!(!Session::is_unfinished(text), "{text}");
        }
    }

    #[test]
    fn names_stay() {
        let mut session = Session::start(&Nothing, None, Inputs::default());
        let mut say = |text: &str| {
            let answer = session.line(text, Bounds::SHALLOW);
            match (answer.value, answer.bound, answer.diagnostics.first()) {
                (Some(value), None, None) => format!("{value:?}"),
                (None, Some(name), None) => format!("{name} is bound"),
                (_, _, Some(wrong)) => format!("{}: {}", wrong.code, wrong.message),
                (value, bound, None) => panic!("{value:?} {bound:?}"),
            }
        };
        assert_eq!(say("x = 1"), "x is bound");
        assert_eq!(say("x = x + 1"), "x is bound");
        assert_eq!(say("x"), "Int(2)");
        assert_eq!(say("y = z"), "unknown-name: nothing is called `z` here");
        assert_eq!(say("let f = n: f n + 1; in f 0"), "too-deep: evaluation deeper than 20000 levels");
        assert_eq!(say("x"), "Int(2)");
    }
}
