//! A plan as Markdown, for a pull request's comment: a summary, a picture, then each host folded away. Where that is more
//! than a comment may have, it says less of each host, never half of one.

use crate::ui::plan::few_hosts;
use crate::ui::told::{Told, consequences, difference, groups};
use crate::ui::{mermaid, plural};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::fmt::Write;
use topo_engine::graph::ResourceId;
use topo_engine::plan::{Action, Step};

/// A comment on a pull request may have 65,536 characters; whoever posts it adds some.
const LARGEST: usize = 64_000;

/// So many lines of a text that changes are shown.
const LINES_SHOWN: usize = 30;

/// So many hosts are folded one by one, more with their like.
const EACH_FOLDED: usize = 24;

/// How much is said, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Every attribute of every step of every host.
    Whole,
    /// The same, hosts to which the same happens together.
    Alike,
    /// The steps without their attributes.
    Steps,
}

/// The plan of `lab`, no larger than a comment may be.
pub(crate) fn plan(lab: &str, told: &Told<'_>) -> String {
    let beginning = beginning(lab, told);
    if told.plan.is_empty() {
        return beginning;
    }
    let picture = mermaid::plan(told).map(|text| fenced("mermaid", &text) + "\n").unwrap_or_default();
    let many = groups(told.plan).len() > EACH_FOLDED;
    let levels = [Level::Whole, Level::Alike, Level::Steps];
    for level in levels.into_iter().skip(usize::from(many)) {
        let text = format!("{beginning}{picture}{}", details(told, level));
        if text.len() <= LARGEST {
            return text;
        }
    }
    let with_picture = format!("{beginning}{picture}");
    let start = if with_picture.len() <= LARGEST / 2 { with_picture } else { beginning };
    counts(start, told)
}

/// The title and the summary.
fn beginning(lab: &str, told: &Told<'_>) -> String {
    let plan = told.plan;
    let mut out = match told.base {
        None => format!("### Plan for `{lab}`\n\n"),
        Some(base) => {
            let commit = base.commit.as_deref().map(|commit| commit.get(..10).unwrap_or(commit));
            let commit = commit.filter(|commit| !base.name.starts_with(*commit));
            let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
            format!("### Change of `{lab}` since {}{commit}\n\n", code(&base.name))
        }
    };
    if plan.is_empty() {
        let _ = writeln!(out, "Nothing to change ({} unchanged).", plan.unchanged);
        return out;
    }
    let count = |action| plan.steps.iter().filter(|step| step.action == action).count();
    out.push_str("| create | change | replace | remove | unchanged |\n| --: | --: | --: | --: | --: |\n");
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} |\n",
        count(Action::Create),
        count(Action::Update),
        count(Action::Replace),
        count(Action::Delete),
        plan.unchanged
    );
    out
}

/// Each host, or all hosts to which the same happens, folded away.
fn details(told: &Told<'_>, level: Level) -> String {
    let consequences = consequences(told.plan);
    let mut bodies: IndexMap<String, (Vec<String>, usize)> = IndexMap::new();
    for (group, steps) in groups(told.plan) {
        let mut body = String::new();
        for step in &steps {
            write_step(&mut body, told, step, &consequences, level);
        }
        // A key of its own keeps a host by itself.
        let key = if level == Level::Whole { format!("{}\n{body}", group.name()) } else { body };
        let entry = bodies.entry(key).or_insert_with(|| (Vec::new(), steps.len()));
        entry.0.push(group.name().to_owned());
    }
    let mut out = String::new();
    for (key, (names, steps)) in &bodies {
        let body =
            if level == Level::Whole { key.split_once('\n').map_or("", |(_, body)| body) } else { key };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let each = if names.len() > 1 { " each" } else { "" };
        let _ = writeln!(
            out,
            "<details><summary><b>{}</b>: {}{each}</summary>\n\n{}\n</details>",
            few_hosts(&names),
            plural(*steps, "step"),
            fenced("diff", body)
        );
    }
    out
}

/// How many steps each host has, of as many hosts as there is room for.
fn counts(start: String, told: &Told<'_>) -> String {
    let groups = groups(told.plan);
    let mut out = start;
    out.push_str("The plan is larger than a comment may be, so that this only counts.\n\n| host | steps |\n| --- | --: |\n");
    let mut left_out = 0;
    for (group, steps) in &groups {
        let row = format!("| {} | {} |\n", group.name(), steps.len());
        if out.len() + row.len() + 100 > LARGEST {
            left_out += 1;
        } else {
            out.push_str(&row);
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "\nand {}", plural(left_out, "more host"));
    }
    out
}

fn write_step(
    out: &mut String,
    told: &Told<'_>,
    step: &Step,
    consequences: &BTreeMap<&ResourceId, Vec<String>>,
    level: Level,
) {
    let sign = match step.action {
        Action::Create => '+',
        Action::Delete => '-',
        Action::Update | Action::Replace => '!',
    };
    let replaced = if step.action == Action::Replace { "replace " } else { "" };
    let name = crate::ui::told::within_host(&step.id);
    let _ = writeln!(out, "{sign} {replaced}{name}  ({})", told.reason(step));
    if level < Level::Steps && matches!(step.action, Action::Update | Action::Replace) {
        for change in &step.changes {
            let _ = writeln!(out, "      {} {}", change.attribute, difference(change, "→"));
        }
        let lines = told.lines(step);
        for line in lines.iter().take(LINES_SHOWN) {
            let _ = writeln!(out, "{}       {}", if line.comes { '+' } else { '-' }, line.text);
        }
        if lines.len() > LINES_SHOWN {
            let _ = writeln!(out, "        and {}", plural(lines.len() - LINES_SHOWN, "more line"));
        }
    }
    for consequence in consequences.get(&step.id).into_iter().flatten() {
        let _ = writeln!(out, "!     → {consequence}");
    }
}

/// A block of code that nothing in it ends.
fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A word of code within a line.
fn code(text: &str) -> String {
    let tick = "`".repeat(longest_run(text) + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{tick}{room}{text}{room}{tick}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use topo_engine::attribute::Attributes;
    use topo_engine::graph::Graph;
    use topo_engine::kinds::Kind;
    use topo_engine::name::HostName;
    use topo_engine::plan::{Change, Plan, Reason};
    use topo_lang::Sources;

    /// A step on each of so many hosts, with a name and a value of so many bytes; `unlike` each other or not.
    fn comment(hosts: usize, unlike: bool, bytes: usize) -> String {
        let steps = (0..hosts).map(|number| {
            let host = HostName::try_from(format!("host-{number}")).unwrap();
            let value = format!("``` </details> {number}").repeat(bytes / 10 + 1);
            let name = if unlike { format!("net.number-{number}") } else { "net.one".to_owned() };
            Step {
                id: ResourceId::of_host(Kind::Sysctl, &host, name),
                action: Action::Update,
                changes: vec![Change { attribute: "value".into(), from: None, to: Some(value.into()) }],
                reason: Reason::Drifted,
                after: Vec::new(),
                depends_on: Vec::new(),
                attributes: Attributes::new(),
            }
        });
        let plan = Plan { steps: steps.collect(), unchanged: 1, bookkeeping: Vec::new() };
        super::plan("big", &Told::new(&plan, &Graph::default(), &Sources::default()))
    }

    /// No larger than GitHub takes, and every part of it ends.
    fn check(text: &str) {
        assert!(text.chars().count() <= 65_536, "{} characters", text.chars().count());
        let mut fence: Option<&str> = None;
        let mut open = 0;
        for line in text.lines() {
            match fence {
                Some(ticks) if line == ticks => fence = None,
                Some(_) => {}
                None if line.starts_with("```") => fence = Some(line.trim_end_matches(char::is_alphabetic)),
                None if line.starts_with("<details>") => open += 1,
                None if line == "</details>" => open -= 1,
                None => {}
            }
        }
        assert_eq!((fence, open), (None, 0), "{text}");
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn a_comment_is_never_too_large_and_never_cut() {
        for (hosts, unlike, bytes, expected) in [
            (3, false, 10, "<b>host-2</b>: 1 step"),
            (300, true, 10, "<b>host-299</b>: 1 step"),
            (300, false, 5_000, "(300 hosts)</b>: 1 step each"),
            (2, false, 500_000, "<b>host-0, host-1</b>: 1 step each"),
            (20_000, false, 10, "(20000 hosts)</b>: 1 step each"),
            (1_000, true, 10, "| host-999 | 1 |"),
            (20_000, true, 10, "more hosts\n"),
        ] {
            let text = comment(hosts, unlike, bytes);
            check(&text);
            let beginning = text.get(..2_000).unwrap_or(&text);
            assert!(text.contains(expected), "{hosts} hosts, {bytes} bytes:\n{beginning}");
        }
    }
}
