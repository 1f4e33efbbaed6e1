//! A plan for people: what changes, grouped by host, each change with its attributes, its reason and its consequence.

use crate::ui::told::{Told, consequences, contents, difference, groups, says_something, shown, within_host};
use crate::ui::{Look, plural, style};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::fmt::Write;
use topo_engine::attribute::Attribute;
use topo_engine::graph::ResourceId;
use topo_engine::kinds::Kind;
use topo_engine::plan::{Action, Plan, Reason, Step};

/// So many hosts that are only made are told one by one; the rest are counted.
const NEW_HOSTS_SHOWN: usize = 30;

/// So many hosts to which the same happens are named one by one.
const ALIKE_SHOWN: usize = 12;

/// So many lines of a text that changes are shown.
const LINES_SHOWN: usize = 12;

/// How much of a plan is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Hosts that are only made or only removed in one line each.
    Brief,
    /// Every step with every attribute.
    Full,
}

/// The whole plan, with its counts at the end.
pub(crate) fn render(told: &Told<'_>, look: Look, detail: Detail) -> String {
    let mut out = String::new();
    let consequences = consequences(told.plan);
    let mut collapsed: Vec<(&str, &[&Step])> = Vec::new();
    // Hosts to which the same happens are told together.
    let mut alike: IndexMap<String, Vec<&str>> = IndexMap::new();
    let groups = groups(told.plan);
    for (group, steps) in &groups {
        if detail == Detail::Brief && is_whole(steps) {
            collapsed.push((group.name(), steps));
            continue;
        }
        let mut body = String::new();
        for step in steps {
            write_step(&mut body, told, step, &consequences, look, detail);
        }
        alike.entry(body).or_default().push(group.name());
    }
    for (body, names) in &alike {
        let heading = wrap(&few_hosts(names), look.width, "  ");
        let _ = writeln!(out, "{}{heading}{0:#}\n{body}", style::HEADING);
    }
    write_collapsed(&mut out, &collapsed, look);
    let _ = writeln!(out, "{}", summary(told.plan));
    out
}

/// The names of hosts; of many, the first and the last.
pub(crate) fn few_hosts(names: &[&str]) -> String {
    match names {
        [first, second, third, .., last] if names.len() > ALIKE_SHOWN => {
            format!("{first}, {second}, {third} … {last} ({} hosts)", names.len())
        }
        names => names.join(", "),
    }
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

fn write_step(
    out: &mut String,
    told: &Told<'_>,
    step: &Step,
    consequences: &BTreeMap<&ResourceId, Vec<String>>,
    look: Look,
    detail: Detail,
) {
    let (sign, paint) = sign(step.action);
    let name = within_host(&step.id);
    let _ = writeln!(out, " {paint}{sign:>3}{paint:#} {name}  {}({}){0:#}", style::DIM, told.reason(step));
    let arrow = look.arrow();
    let attributes = || step.attributes.iter().filter(|(_, value)| says_something(value));
    match (step.action, detail) {
        // What was there once is told in words; what is new is in the lab file.
        (Action::Create, Detail::Brief) if step.reason == Reason::Missing => {
            for (attribute, value) in attributes() {
                if let Attribute::Text(_) | Attribute::List(_) = value {
                    let _ = writeln!(out, "       {attribute} {}", shown(attribute, value));
                }
            }
        }
        (Action::Create, Detail::Brief) | (Action::Delete, _) => {}
        (Action::Create, Detail::Full) => {
            for (attribute, value) in attributes() {
                let _ = writeln!(out, "       {attribute} {}", shown(attribute, value));
            }
        }
        (Action::Update | Action::Replace, _) => {
            for change in &step.changes {
                let _ = writeln!(out, "       {} {}", change.attribute, difference(change, arrow));
            }
        }
    }
    let lines = told.lines(step);
    let most = if detail == Detail::Full { usize::MAX } else { LINES_SHOWN };
    for line in lines.iter().take(most) {
        let (sign, paint) = if line.comes { ('+', style::GOOD) } else { ('-', style::BAD) };
        let _ = writeln!(out, "         {paint}{sign} {}{paint:#}", line.text);
    }
    if lines.len() > most {
        let _ = writeln!(out, "         and {}; `-v` shows all", plural(lines.len() - most, "more line"));
    }
    for consequence in consequences.get(&step.id).into_iter().flatten() {
        let indent = " ".repeat(9);
        let text = wrap(consequence, look.width.saturating_sub(indent.len()), &indent);
        let _ = writeln!(out, "       {}{arrow} {text}{0:#}", style::NOTE);
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
    use topo_engine::graph::Graph;
    use topo_engine::name::HostName;
    use topo_engine::plan::Change;
    use topo_lang::{Source, SourceId, Sources, Span};

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
        let (plan, graph) = (Plan { steps, unchanged, bookkeeping: Vec::new() }, Graph::default());
        let told = Told::new(&plan, &graph, &sources);
        anstream::adapter::strip_str(&render(&told, LOOK, Detail::Brief)).to_string()
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
       → restarts krb5kdc on kdc1
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
