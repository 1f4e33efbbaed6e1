//! A plan for people: what changes, grouped by host, each change with its attributes, its reason and its consequence.

use crate::ui::{Look, plural, style};
use std::collections::BTreeMap;
use std::fmt::Write;
use topo_engine::attribute::Attribute;
use topo_engine::graph::ResourceId;
use topo_engine::kinds::Kind;
use topo_engine::plan::{Action, Change, Plan, Reason, Step};
use topo_lang::Sources;

/// So many hosts that are only made are told one by one; the rest are counted.
const NEW_HOSTS_SHOWN: usize = 30;

/// How much of a plan is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Hosts that are only made or only removed in one line each.
    Brief,
    /// Every step with every attribute.
    Full,
}

/// The whole plan, with its counts at the end.
pub(crate) fn render(plan: &Plan, sources: &Sources, look: Look, detail: Detail) -> String {
    let mut out = String::new();
    let consequences = consequences(plan);
    let mut collapsed: Vec<(&str, &[&Step])> = Vec::new();
    let groups = groups(plan);
    for (group, steps) in &groups {
        if detail == Detail::Brief && is_whole(steps) {
            collapsed.push((group.name(), steps));
            continue;
        }
        let _ = writeln!(out, "{}{}{0:#}", style::HEADING, group.name());
        for step in steps {
            write_step(&mut out, step, sources, &consequences, look, detail);
        }
        out.push('\n');
    }
    write_collapsed(&mut out, &collapsed, look);
    let _ = writeln!(out, "{}", summary(plan));
    out
}

/// Whether a host is made, or removed, with all that is in it.
fn is_whole(steps: &[&Step]) -> bool {
    let host = steps.iter().find(|step| step.id.kind == Kind::Netns);
    host.is_some_and(|host| {
        matches!(host.action, Action::Create | Action::Delete)
            && steps.iter().all(|step| step.action == host.action)
    })
}

/// `3 to create, 1 to change, 41 unchanged`
pub(crate) fn summary(plan: &Plan) -> String {
    let count = |action| plan.steps.iter().filter(|step| step.action == action).count();
    let parts: Vec<String> = [
        (count(Action::Create), "to create"),
        (count(Action::Update), "to change"),
        (count(Action::Replace), "to replace"),
        (count(Action::Delete), "to remove"),
        (plan.unchanged, "unchanged"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if plan.steps.is_empty() { "nothing to change".to_owned() } else { parts.join(", ") }
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
    }
}

/// What a step brings with it, by the step: `restarts daemon kdc1/krb5kdc`.
pub(crate) fn consequences(plan: &Plan) -> BTreeMap<&ResourceId, Vec<String>> {
    let mut out: BTreeMap<&ResourceId, Vec<String>> = BTreeMap::new();
    for step in &plan.steps {
        let (cause, verb) = match &step.reason {
            Reason::Reads(id) if step.id.kind == Kind::Daemon => (id, "restarts"),
            Reason::Reads(id) => (id, "does again"),
            Reason::Inside(id) => (id, "makes anew"),
            _ => continue,
        };
        out.entry(cause).or_default().push(format!("{verb} {}", step.id));
    }
    out
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
    let shown = |value: &Option<Attribute>| value.as_ref().map_or("nothing".to_owned(), shown);
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

fn write_step(
    out: &mut String,
    step: &Step,
    sources: &Sources,
    consequences: &BTreeMap<&ResourceId, Vec<String>>,
    look: Look,
    detail: Detail,
) {
    let (sign, paint) = sign(step.action);
    let reason = reason(&step.reason, sources);
    let name = within_host(&step.id);
    let _ = writeln!(out, " {paint}{sign:>3}{paint:#} {name}  {}({reason}){0:#}", style::DIM);
    let arrow = look.arrow();
    match (step.action, detail) {
        // What was there once is told in words; what is new is in the lab file.
        (Action::Create, Detail::Brief) if step.reason == Reason::Missing => {
            for (attribute, value) in step.attributes.iter().filter(|(_, value)| says_something(value)) {
                if let Attribute::Text(_) | Attribute::List(_) = value {
                    let _ = writeln!(out, "       {attribute} {}", shown(value));
                }
            }
        }
        (Action::Create, Detail::Brief) | (Action::Delete, _) => {}
        (Action::Create, Detail::Full) => {
            for (attribute, value) in step.attributes.iter().filter(|(_, value)| says_something(value)) {
                let _ = writeln!(out, "       {attribute} {}", shown(value));
            }
        }
        (Action::Update | Action::Replace, _) => {
            for change in &step.changes {
                let _ = writeln!(out, "       {} {}", change.attribute, difference(change, arrow));
            }
        }
    }
    for consequence in consequences.get(&step.id).into_iter().flatten() {
        let _ = writeln!(out, "       {}{arrow} {consequence}{0:#}", style::NOTE);
    }
}

fn write_collapsed(out: &mut String, hosts: &[(&str, &[&Step])], look: Look) {
    let width = hosts.iter().take(NEW_HOSTS_SHOWN).map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, steps) in hosts.iter().take(NEW_HOSTS_SHOWN) {
        let Some(first) = steps.first() else { continue };
        let (sign, paint) = sign(first.action);
        let indent = " ".repeat(width + 7);
        let contents = wrap(&contents(steps), look.width.saturating_sub(indent.len()), &indent);
        let _ = writeln!(out, " {paint}{sign:>3}{paint:#} {}{name:width$}{0:#}  {contents}", style::HEADING);
    }
    if hosts.len() > NEW_HOSTS_SHOWN {
        let _ =
            writeln!(out, "     and {}; `-v` shows all", plural(hosts.len() - NEW_HOSTS_SHOWN, "more host"));
    }
    if !hosts.is_empty() {
        out.push('\n');
    }
}

/// What a host that is made or removed as a whole consists of: few things by name, many by number.
fn contents(steps: &[&Step]) -> String {
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
            [name] => format!("{kind} {name}"),
            names if names.len() <= 3 => format!("{kind} {}", names.join(" ")),
            names => plural(names.len(), &kind),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.chars().count() > width {
            out.push('\n');
            out.push_str(indent);
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out
}

/// The resource without the host that the heading already names.
fn within_host(id: &ResourceId) -> String {
    if id.name.is_empty() { id.kind.to_string() } else { format!("{} {}", id.kind, id.name) }
}

/// Whether there is a value at all; none is worth a word only where there was one.
fn says_something(value: &Attribute) -> bool {
    !matches!(value, Attribute::List(values) if values.is_empty())
}

fn shown(value: &Attribute) -> String {
    match value {
        Attribute::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Attribute::Text(text) if text.contains('\n') => format!("{text:?}"),
        Attribute::List(values) if values.is_empty() => "none".to_owned(),
        value => value.to_string(),
    }
}

/// The sign before a step, and its colour.
fn sign(action: Action) -> (&'static str, anstyle::Style) {
    match action {
        Action::Create => ("+", style::GOOD),
        Action::Update => ("~", style::NOTE),
        Action::Replace => ("-/+", style::BAD),
        Action::Delete => ("-", style::BAD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use topo_engine::attribute::Attributes;
    use topo_engine::name::HostName;
    use topo_lang::{Source, SourceId, Span};

    const LOOK: Look = Look { unicode: true, graphics: true, width: 80 };

    fn id(kind: Kind, host: Option<&str>, name: &str) -> ResourceId {
        ResourceId { kind, host: host.map(|host| HostName::try_from(host).unwrap()), name: name.into() }
    }

    fn step(id: ResourceId, action: Action, reason: Reason, changes: Vec<Change>) -> Step {
        let attributes = Attributes::from([("mode".to_owned(), Attribute::Int(0o644))]);
        Step { id, action, changes, reason, after: Vec::new(), depends_on: Vec::new(), attributes }
    }

    fn change(attribute: &str, from: &str, to: &str) -> Change {
        Change { attribute: attribute.to_owned(), from: Some(from.into()), to: Some(to.into()) }
    }

    fn shown(steps: Vec<Step>, unchanged: usize) -> String {
        let mut sources = Sources::default();
        sources.add(Source::new("lab.kdl", "one\ntwo\nthree\n"));
        let plan = Plan { steps, unchanged, bookkeeping: Vec::new() };
        anstream::adapter::strip_str(&render(&plan, &sources, LOOK, Detail::Brief)).to_string()
    }

    fn line_two() -> Span {
        Span::new(SourceId(0), 4, 7)
    }

    #[test]
    fn a_change_names_attributes_reason_and_consequence() {
        let file = id(Kind::File, Some("kdc1"), "/etc/krb5.conf");
        let daemon = id(Kind::Daemon, Some("kdc1"), "krb5kdc");
        let out = shown(
            vec![
                step(
                    file.clone(),
                    Action::Update,
                    Reason::Changed(line_two()),
                    vec![change("owner", "0", "1")],
                ),
                step(daemon, Action::Update, Reason::Reads(file), Vec::new()),
            ],
            7,
        );
        let expected = "\
kdc1
   ~ file /etc/krb5.conf  (changed in lab.kdl:2)
       owner 0 → 1
       → restarts daemon kdc1/krb5kdc
   ~ daemon krb5kdc  (reads file kdc1:/etc/krb5.conf)

2 to change, 7 unchanged
";
        assert_eq!(out, expected);
    }

    #[test]
    fn new_hosts_take_a_line_each_in_the_order_of_their_numbers() {
        let made = |host: &str| {
            let new = || Reason::New(line_two());
            [
                step(id(Kind::Netns, Some(host), ""), Action::Create, new(), Vec::new()),
                step(id(Kind::Veth, Some(host), "eth0"), Action::Create, new(), Vec::new()),
            ]
        };
        let out = shown(["client10", "client9"].into_iter().flat_map(made).collect(), 0);
        assert_eq!(out, "   + client9   veth eth0\n   + client10  veth eth0\n\n4 to create\n");
    }

    #[test]
    fn an_empty_plan_says_so() {
        assert_eq!(shown(Vec::new(), 12), "nothing to change\n");
    }
}
