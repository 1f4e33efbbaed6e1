//! A lab that was evaluated once and is asked many times: for editors.

use crate::evaluation::{Evaluation, Inputs, Running};
use crate::source::{SourceId, Sources, Span};
use crate::syntax::expr::Expr;
use crate::value::{Data, Value};
use crate::why::{Reason, reason};
use crate::world::World;
use std::fmt::Write;
use std::sync::Arc;

/// An evaluated lab, with all it was evaluated from.
pub struct Asked {
    running: Running,
    value: Option<Value>,
}

impl Asked {
    /// Evaluates the lab at the path `entry`.
    pub fn new(world: &dyn World, entry: &str, inputs: &Inputs) -> (Asked, Evaluation) {
        let mut running = Running::start(world, entry, inputs);
        let value = running.finish();
        let evaluation = running.so_far(value.clone());
        (Asked { running, value }, evaluation)
    }

    /// The sources that places point into.
    pub fn sources(&self) -> &Sources {
        &self.running.sources
    }

    /// The value at a path from the root, or of a name at the top of the lab; whatever is wrong with other parts.
    pub fn value(&mut self, path: &[Arc<str>]) -> Option<Value> {
        let mut text = String::new();
        for (at, key) in path.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if plain {
                write!(text, "{dot}{key}").ok()?;
            } else {
                write!(
                    text,
                    "{dot}\"{}\"",
                    key.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$")
                )
                .ok()?;
            }
        }
        // What is wrong with a question is not said, so that its places need no source of their own.
        let expr = Expr::parse(SourceId(0), &text).ok()?;
        let value = self.running.expression(&Arc::new(expr));
        self.running.diagnostics.clear();
        value
    }

    /// Every definition of the option at a path.
    pub fn reason(&mut self, path: &[Arc<str>]) -> Option<Reason> {
        let path: Vec<String> = path.iter().map(|key| key.to_string()).collect();
        let machine = self.running.machine.clone()?;
        reason(&machine, &mut self.running.evaluator, &path, 0)
    }

    /// The values that the place `start..end` of a source defines, each with its path; a few of them, where a loop makes
    /// many.
    pub fn defined_at(&self, (name, start, end): &(String, u32, u32)) -> Vec<(String, Value)> {
        const MOST: usize = 4;
        let source = self.running.sources.iter().position(|source| *source.name == **name);
        let (Some(source), Some(root)) = (source, &self.value) else { return Vec::new() };
        let place = Span::new(SourceId(source as u32), *start, *end);
        let mut found = Vec::new();
        let mut left = vec![(String::new(), root)];
        while let (Some((path, value)), true) = (left.pop(), found.len() < MOST) {
            let span = value.span;
            let defined = span.source == place.source && place.start <= span.start && span.end <= place.end;
            match &value.data {
                Data::Set(entries) => {
                    for (key, value) in entries.iter().rev() {
                        let dot = if path.is_empty() { "" } else { "." };
                        left.push((format!("{path}{dot}{key}"), value));
                    }
                }
                _ if defined => found.push((path, value.clone())),
                _ => {}
            }
        }
        found
    }
}
