//! What a plan says, in the words that all its forms share: reasons, consequences, differences, and hosts as groups.

use crate::ui::plural;
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeMap, BTreeSet};
use topo_engine::attribute::Attribute;
use topo_engine::graph::{Graph, ResourceId};
use topo_engine::kinds::Kind;
use topo_engine::plan::{Action, Change, Plan, Reason, Step};
use topo_lang::{Sources, Span};

/// So many hosts whose daemons restart are named one by one.
const RESTARTS_SHOWN: usize = 6;

/// A plan with all that is needed to tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// What the lab asks for.
    pub(crate) graph: &'a Graph,
    /// The texts that reasons point into.
    pub(crate) sources: &'a Sources,
    /// The version it is compared with; `None`: the running lab.
    pub(crate) base: Option<&'a Base>,
}

/// An earlier version of a lab.
#[derive(Debug)]
pub(crate) struct Base {
    /// As it was asked for: a revision or a file.
    pub(crate) name: String,
    /// The commit, where it is one.
    pub(crate) commit: Option<String>,
    /// Its lab file.
    pub(crate) file: String,
    /// What it asks for.
    pub(crate) graph: Graph,
    /// Its texts.
    pub(crate) sources: Sources,
}

/// One line of a text that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Whether it comes, or else goes.
    pub(crate) comes: bool,
    /// The line.
    pub(crate) text: String,
}

impl<'a> Told<'a> {
    /// A plan for the running lab.
    pub(crate) fn new(plan: &'a Plan, graph: &'a Graph, sources: &'a Sources) -> Self {
        Self { plan, graph, sources, base: None }
    }

    /// Why a step is in the plan, as a clause: `changed in lab.kdl:12`.
    pub(crate) fn reason(&self, step: &Step) -> String {
        match (&step.reason, self.place(step)) {
            (Reason::Unwanted, Some((file, line))) => format!("no longer in the lab, was in {file}:{line}"),
            _ => reason(&step.reason, self.sources),
        }
    }

    /// The file and line that asks for it, or did so in the version before.
    pub(crate) fn place(&self, step: &Step) -> Option<(String, u32)> {
        let at = |sources: &Sources, span: Span| {
            let source = sources.get(span.source);
            (source.name.to_string(), source.line_column(span.start).0)
        };
        match &step.reason {
            Reason::New(span) | Reason::Changed(span) => Some(at(self.sources, *span)),
            Reason::Unwanted => {
                let base = self.base?;
                Some(at(&base.sources, base.graph.get(&step.id)?.defined_at))
            }
            Reason::Destroyed
            | Reason::Missing
            | Reason::Drifted
            | Reason::Reads(_)
            | Reason::Inside(_)
            | Reason::Interrupted
            | Reason::Undone => None,
        }
    }

    /// The lines that differ, where a text changes that anybody may read and both versions of it are known.
    pub(crate) fn lines(&self, step: &Step) -> Vec<Line> {
        let text = |graph: &'a Graph| graph.get(&step.id)?.spec.text();
        let Some((before, after)) = self.base.and_then(|base| Some((text(&base.graph)?, text(self.graph)?)))
        else {
            return Vec::new();
        };
        let diff = TextDiff::from_lines(before, after);
        diff.iter_all_changes()
            .filter(|change| change.tag() != ChangeTag::Equal)
            .map(|change| Line {
                comes: change.tag() == ChangeTag::Insert,
                text: crate::ui::failure::printable(change.value().trim_end_matches(['\n', '\r'])),
            })
            .collect()
    }
}

/// Why a step is in the plan, as a clause: `changed in lab.kdl:12`.
pub(crate) fn reason(reason: &Reason, sources: &Sources) -> String {
    match reason {
        Reason::New(span) => format!("new in {}", sources.place(*span)),
        Reason::Changed(span) => format!("changed in {}", sources.place(*span)),
        Reason::Unwanted => "no longer in the lab".to_owned(),
        Reason::Destroyed => "destroyed".to_owned(),
        Reason::Missing => "missing".to_owned(),
        Reason::Drifted => "drifted".to_owned(),
        Reason::Reads(id) => format!("reads {id}"),
        Reason::Inside(id) => format!("inside {id}"),
        Reason::Interrupted => "left unfinished".to_owned(),
        Reason::Undone => "undone".to_owned(),
    }
}

/// What each step brings with it: `restarts kadmind, krb5kdc on kdc1`, `takes along veth eth0`.
pub(crate) fn consequences(plan: &Plan) -> BTreeMap<&ResourceId, Vec<String>> {
    let steps: BTreeMap<&ResourceId, &Step> = plan.steps.iter().map(|step| (&step.id, step)).collect();
    let mut followers: BTreeMap<&ResourceId, Followers<'_>> = BTreeMap::new();
    for step in &plan.steps {
        if let Some(host) = step.id.host.as_ref().filter(|_| runs_anew(step)) {
            let own = followers.entry(&step.id).or_default();
            match step.id.kind {
                Kind::Daemon => own.restarts.entry(host.as_str()).or_default().push(&step.id.name),
                _ => own.others.push(format!("runs {} again", step.id)),
            }
        }
        match &step.reason {
            Reason::Reads(cause) => {
                let followers = followers.entry(cause).or_default();
                match (step.id.kind, &step.id.host) {
                    (Kind::Daemon, Some(host)) => {
                        followers.restarts.entry(host.as_str()).or_default().push(&step.id.name);
                    }
                    (Kind::Step, _) => followers.others.push(format!("runs {} again", step.id)),
                    _ => followers.others.push(format!("renews {}", step.id)),
                }
            }
            Reason::Inside(cause) => followers.entry(outermost(cause, &steps)).or_default().inside.push(step),
            Reason::New(_)
            | Reason::Changed(_)
            | Reason::Unwanted
            | Reason::Destroyed
            | Reason::Missing
            | Reason::Drifted
            | Reason::Interrupted
            | Reason::Undone => {}
        }
    }
    let told = |(cause, followers): (&'_ ResourceId, Followers<'_>)| {
        let is_new = steps.get(cause).is_some_and(|step| step.action == Action::Create);
        followers.told(if is_new { "brings back" } else { "takes along" })
    };
    followers.into_iter().map(|(cause, followers)| (cause, told((cause, followers)))).collect()
}

/// Whether a daemon that runs is restarted, or a step that was run is run again, for a reason of its own.
fn runs_anew(step: &Step) -> bool {
    let runs = match step.id.kind {
        Kind::Daemon => !step.changes.iter().any(|change| change.attribute == "state"),
        kind => kind == Kind::Step,
    };
    let goes_on = |change: &Change| step.id.kind.while_it_runs().contains(&change.attribute.as_str());
    let is_adjusted = !step.changes.is_empty() && step.changes.iter().all(goes_on);
    runs && !is_adjusted && step.action == Action::Update && !matches!(step.reason, Reason::Reads(_))
}

/// What happens because of one step.
#[derive(Default)]
struct Followers<'p> {
    /// Daemons that restart, by host.
    restarts: BTreeMap<&'p str, Vec<&'p str>>,
    /// What is made anew because it lives inside.
    inside: Vec<&'p Step>,
    others: Vec<String>,
}

impl Followers<'_> {
    fn told(self, verb: &str) -> Vec<String> {
        let mut out = Vec::new();
        if !self.inside.is_empty() {
            out.push(format!("{verb} {}", contents(&self.inside)));
        }
        if self.restarts.len() > RESTARTS_SHOWN {
            let daemons: usize = self.restarts.values().map(Vec::len).sum();
            let hosts = plural(self.restarts.len(), "host");
            out.push(format!("restarts {} on {hosts}", plural(daemons, "daemon")));
        } else {
            let restarts = self.restarts.into_iter();
            out.extend(restarts.map(|(host, daemons)| format!("restarts {} on {host}", daemons.join(", "))));
        }
        out.extend(self.others);
        out
    }
}

/// The step that is in the plan for its own sake, of all that contain something.
fn outermost<'p>(id: &'p ResourceId, steps: &BTreeMap<&'p ResourceId, &'p Step>) -> &'p ResourceId {
    let mut seen = BTreeSet::new();
    let mut id = id;
    while let Some(Reason::Inside(outer)) = steps.get(id).map(|step| &step.reason) {
        if !seen.insert(id) {
            break;
        }
        id = outer;
    }
    id
}

/// What is done to a resource, as a verb.
pub(crate) fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "change",
        Action::Replace => "replace",
        Action::Delete => "remove",
    }
}

/// `10.0.0.5/24 → 10.0.0.6/24`
pub(crate) fn difference(change: &Change, arrow: &str) -> String {
    let shown = |value: &Option<Attribute>| {
        value.as_ref().map_or("nothing".to_owned(), |value| shown(&change.attribute, value))
    };
    match (&change.from, &change.to) {
        (Some(Attribute::Digest { .. }), Some(Attribute::Digest { .. })) => "changed".to_owned(),
        (from, to) => format!("{} {arrow} {}", shown(from), shown(to)),
    }
}

/// Where a plan's steps are told: what belongs to the lab as a whole, then each host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Networks, files of every host, and whatever else has no host.
    Lab,
    /// One host; numbers within names sort as numbers.
    Host(Vec<Piece>, String),
}

/// A piece of a name, for sorting `client2` before `client10`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// Digits.
    Number(u64),
    /// Anything else.
    Text(String),
}

impl Group {
    fn of(id: &ResourceId) -> Self {
        match &id.host {
            None => Group::Lab,
            Some(host) => Group::Host(pieces(host.as_str()), host.as_str().to_owned()),
        }
    }

    /// How it is headed.
    pub(crate) fn name(&self) -> &str {
        match self {
            Group::Lab => "lab",
            Group::Host(_, name) => name,
        }
    }
}

/// The steps by group, in the plan's order within each.
pub(crate) fn groups(plan: &Plan) -> BTreeMap<Group, Vec<&Step>> {
    let mut out: BTreeMap<Group, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        out.entry(Group::of(&step.id)).or_default().push(step);
    }
    out
}

fn pieces(name: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        out.push(match piece.parse() {
            Ok(number) if digits => Piece::Number(number),
            _ => Piece::Text(piece.to_owned()),
        });
        rest = after;
    }
    out
}

/// What a host that is made or removed as a whole consists of: few things by name, many by number.
pub(crate) fn contents(steps: &[&Step]) -> String {
    let mut kinds: Vec<(String, Vec<&str>)> = Vec::new();
    for step in steps {
        let kind = step.id.kind.to_string();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) => names.push(&step.id.name),
            None => kinds.push((kind, vec![&step.id.name])),
        }
    }
    let parts = kinds.into_iter().filter(|(kind, _)| kind != Kind::Netns.name()).map(|(kind, names)| {
        match names.as_slice() {
            [""] => kind,
            [name] => format!("{kind} {name}"),
            names if names.len() <= 3 => format!("{kind} {}", names.join(" ")),
            names => plural(names.len(), &kind),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The resource without the host that the heading already names.
pub(crate) fn within_host(id: &ResourceId) -> String {
    if id.name.is_empty() { id.kind.to_string() } else { format!("{} {}", id.kind, id.name) }
}

/// Whether there is a value at all; none is worth a word only where there was one.
pub(crate) fn says_something(value: &Attribute) -> bool {
    !matches!(value, Attribute::List(values) if values.is_empty())
}

/// The value of an attribute as it is shown.
pub(crate) fn shown(attribute: &str, value: &Attribute) -> String {
    match value {
        Attribute::Int(mode) if attribute == "mode" => format!("0o{mode:o}"),
        Attribute::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Attribute::Text(text) if text.contains('\n') => format!("{text:?}"),
        Attribute::List(values) if values.is_empty() => "none".to_owned(),
        value => value.to_string(),
    }
}
