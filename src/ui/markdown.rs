//! A plan as Markdown, for a pull request's comment: a summary, then each host folded away.

use crate::ui::plan::{consequences, difference, groups, reason};
use std::fmt::Write;
use topo_engine::plan::{Action, Plan, Step};
use topo_lang::Sources;

/// A comment on a pull request may have 65,536 characters.
const LARGEST: usize = 60_000;

/// The plan of `lab`, no larger than a comment may be.
pub(crate) fn plan(lab: &str, plan: &Plan, sources: &Sources) -> String {
    let mut out = format!("### Plan for `{lab}`\n\n");
    if plan.steps.is_empty() {
        let _ = writeln!(out, "Nothing to change ({} unchanged).", plan.unchanged);
        return out;
    }
    out.push_str("| create | change | replace | remove | unchanged |\n| --: | --: | --: | --: | --: |\n");
    let count = |action| plan.steps.iter().filter(|step| step.action == action).count();
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} |\n",
        count(Action::Create),
        count(Action::Update),
        count(Action::Replace),
        count(Action::Delete),
        plan.unchanged
    );
    let consequences = consequences(plan);
    let mut left_out = 0;
    for (group, steps) in groups(plan) {
        let mut section = format!(
            "<details><summary><b>{}</b>: {}</summary>\n\n```diff\n",
            group.name(),
            super::plural(steps.len(), "step")
        );
        for step in &steps {
            write_step(&mut section, step, sources);
            for consequence in consequences.get(&step.id).into_iter().flatten() {
                let _ = writeln!(section, "!     {consequence}");
            }
        }
        section.push_str("```\n\n</details>\n");
        if out.len() + section.len() > LARGEST {
            left_out += 1;
        } else {
            out.push_str(&section);
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\n{} left out: the plan is larger than a comment may be.",
            super::plural(left_out, "host")
        );
    }
    out
}

fn write_step(out: &mut String, step: &Step, sources: &Sources) {
    let sign = match step.action {
        Action::Create => '+',
        Action::Delete => '-',
        Action::Update | Action::Replace => '!',
    };
    let _ = writeln!(out, "{sign} {}  ({})", step.id, reason(&step.reason, sources));
    if matches!(step.action, Action::Update | Action::Replace) {
        for change in &step.changes {
            // A fence in a value would end ours.
            let difference = difference(change, "→").replace("```", "'''");
            let _ = writeln!(out, "      {} {difference}", change.attribute);
        }
    }
}
