//! A plan as a picture: hosts and what joins them, coloured by what happens to them, in the language of Mermaid that
//! GitHub draws.
//!
//! A host is joined to what its resources live in or need of the lab as a whole (networks), and to another host on which
//! something restarts because of it. Files of every host are no such thing: they would join everything.

use crate::ui::plan::few_hosts;
use crate::ui::told::{Told, groups};
use indexmap::{IndexMap, IndexSet};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use topo_engine::graph::{Dependency, ResourceId, Why};
use topo_engine::kinds::Kind;
use topo_engine::plan::{Action, Reason, Step};

/// Hosts that stay as they are are drawn too, where there are no more hosts than this.
const ALL_DRAWN: usize = 24;

/// Where there are more hosts, those to which the same happens become one.
const EACH_DRAWN: usize = 30;

/// GitHub draws no more than 500 edges; long before that nobody sees anything.
const MOST_EDGES: usize = 200;

/// What happens to a host or to what joins hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Fate {
    Same,
    Create,
    Change,
    Replace,
    Remove,
}

/// Something that is drawn: a host, or what joins hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node<'a> {
    Host(&'a str),
    Joint(&'a str),
}

/// What hosts in one box have in common: what happens to them, their links with what happens to those, and a name where
/// each has a box of its own.
type Looks<'a> = (Fate, Vec<(&'a str, Fate)>, &'a str);

/// The picture; `None` where nothing could be seen in it.
pub(crate) fn plan(told: &Told<'_>) -> Option<String> {
    let fates = fates(told);
    let joined = joined(told);
    let restarts = restarts(told);
    let hosts: BTreeSet<&str> = joined.keys().map(|(host, _)| *host).chain(hosts_of(&fates)).collect();
    let drawn: BTreeSet<&str> = hosts
        .iter()
        .copied()
        .filter(|host| hosts.len() <= ALL_DRAWN || fates.contains_key(&Node::Host(host)))
        .collect();
    let fate = |node: Node<'_>| fates.get(&node).copied().unwrap_or(Fate::Same);

    // Hosts that look the same: one by one, or together where there are many.
    let mut boxes: IndexMap<Looks<'_>, Vec<&str>> = IndexMap::new();
    for host in in_order(told, &drawn) {
        let links: Vec<(&str, Fate)> = joined
            .iter()
            .filter(|((of, _), _)| *of == host)
            .map(|((_, joint), fate)| (*joint, *fate))
            .collect();
        let own = if drawn.len() > EACH_DRAWN { "" } else { host };
        boxes.entry((fate(Node::Host(host)), links, own)).or_default().push(host);
    }
    let edges: usize = boxes.keys().map(|(_, links, _)| links.len()).sum();
    if boxes.is_empty() || boxes.len() > 2 * EACH_DRAWN || edges > MOST_EDGES {
        return None;
    }

    let mut out = "graph LR\n".to_owned();
    let joints: BTreeSet<&str> =
        boxes.keys().flat_map(|(_, links, _)| links).map(|(joint, _)| *joint).collect();
    let numbers: BTreeMap<&str, usize> = joints.iter().enumerate().map(|(at, joint)| (*joint, at)).collect();
    for (joint, number) in &numbers {
        let _ = writeln!(out, "  n{number}([\"{}\"]):::{}", text(joint), class(fate(Node::Joint(joint))));
    }
    for (at, ((fate, links, _), names)) in boxes.iter().enumerate() {
        let _ = writeln!(out, "  h{at}[\"{}\"]:::{}", text(&few_hosts(names)), class(*fate));
        for (joint, fate) in links {
            let Some(number) = numbers.get(joint) else { continue };
            let _ = writeln!(out, "  h{at} {} n{number}", line(*fate));
        }
    }
    let at = |host: &str| boxes.values().position(|names| names.contains(&host));
    for (from, to) in restarts {
        if let (Some(from), Some(to)) = (at(from), at(to)) {
            let _ = writeln!(out, "  h{from} -->|restarts| h{to}");
        }
    }
    out.push_str(CLASSES);
    Some(out)
}

const CLASSES: &str = "  classDef same fill:#f6f8fa,stroke:#8c959f,color:#57606a
  classDef create fill:#dafbe1,stroke:#1a7f37,color:#116329
  classDef change fill:#fff8c5,stroke:#9a6700,color:#7d4e00
  classDef replace fill:#ffd8b5,stroke:#bc4c00,color:#762c00
  classDef remove fill:#ffebe9,stroke:#cf222e,color:#a40e26,stroke-dasharray:4 3
";

fn class(fate: Fate) -> &'static str {
    match fate {
        Fate::Same => "same",
        Fate::Create => "create",
        Fate::Change => "change",
        Fate::Replace => "replace",
        Fate::Remove => "remove",
    }
}

/// Thick where a link comes, dotted where it goes.
fn line(fate: Fate) -> &'static str {
    match fate {
        Fate::Create => "===",
        Fate::Remove => "-.-",
        Fate::Same | Fate::Change | Fate::Replace => "---",
    }
}

/// What happens to each host and to what joins hosts: made, made anew or removed as itself does, else changed.
fn fates<'a>(told: &Told<'a>) -> BTreeMap<Node<'a>, Fate> {
    let mut fates = BTreeMap::new();
    for step in &told.plan.steps {
        let (node, is_itself) = match (&step.id.host, is_joint(&step.id)) {
            (Some(host), _) => (Node::Host(host.as_str()), step.id.kind == Kind::Netns),
            (None, true) => (Node::Joint(&step.id.name), true),
            (None, false) => continue,
        };
        let fate = match (step.action, is_itself) {
            (Action::Create, true) => Fate::Create,
            (Action::Replace, true) => Fate::Replace,
            (Action::Delete, true) => Fate::Remove,
            (Action::Update, true) | (_, false) => Fate::Change,
        };
        let known = fates.entry(node).or_insert(fate);
        if is_itself && *known == Fate::Change {
            *known = fate;
        }
    }
    fates
}

/// Which host is joined to what, and whether that link comes or goes.
fn joined<'a>(told: &Told<'a>) -> BTreeMap<(&'a str, &'a str), Fate> {
    let links = |id: &'a ResourceId, edges: &'a [Dependency]| {
        let host = id.host.as_ref().map(|host| host.as_str());
        let joints = edges.iter().filter(|edge| edge.why != Why::After && is_joint(&edge.on));
        joints.filter_map(move |edge| Some((host?, &*edge.on.name))).collect::<Vec<_>>()
    };
    let now: BTreeSet<_> =
        told.graph.iter().flat_map(|resource| links(&resource.id, &resource.depends_on)).collect();
    let before: BTreeSet<_> = match told.base {
        Some(base) => {
            base.graph.iter().flat_map(|resource| links(&resource.id, &resource.depends_on)).collect()
        }
        None => {
            let created: BTreeSet<&ResourceId> =
                told.plan.steps.iter().filter(|step| is_created(step)).map(|step| &step.id).collect();
            let kept = told.graph.iter().filter(|resource| !created.contains(&resource.id));
            let kept = kept.flat_map(|resource| links(&resource.id, &resource.depends_on));
            let removed = told.plan.steps.iter().filter(|step| step.action == Action::Delete);
            kept.chain(removed.flat_map(|step| links(&step.id, &step.depends_on))).collect()
        }
    };
    now.union(&before)
        .map(|link| {
            let fate = match (before.contains(link), now.contains(link)) {
                (false, _) => Fate::Create,
                (true, false) => Fate::Remove,
                (true, true) => Fate::Same,
            };
            (*link, fate)
        })
        .collect()
}

fn is_created(step: &Step) -> bool {
    step.action == Action::Create
}

/// Hosts on which a daemon restarts because of another host.
fn restarts<'a>(told: &Told<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let of = |step: &'a Step| {
        let Reason::Reads(cause) = &step.reason else { return None };
        let (from, to) = (cause.host.as_ref()?, step.id.host.as_ref()?);
        (step.id.kind == Kind::Daemon && from != to).then(|| (from.as_str(), to.as_str()))
    };
    told.plan.steps.iter().filter_map(of).collect()
}

/// What belongs to the lab as a whole and is no file of every host joins the hosts that need it.
fn is_joint(id: &ResourceId) -> bool {
    id.host.is_none() && id.kind != Kind::File
}

fn hosts_of<'a>(fates: &BTreeMap<Node<'a>, Fate>) -> Vec<&'a str> {
    let host = |node: &Node<'a>| match node {
        Node::Host(host) => Some(*host),
        Node::Joint(_) => None,
    };
    fates.keys().filter_map(host).collect()
}

/// The hosts as the plan has them, then the others.
fn in_order<'a>(told: &Told<'a>, drawn: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let steps = groups(told.plan).into_values().flatten();
    let changed = steps.filter_map(|step| step.id.host.as_ref()).map(|host| host.as_str());
    let hosts: IndexSet<&str> =
        changed.chain(drawn.iter().copied()).filter(|host| drawn.contains(host)).collect();
    hosts.into_iter().collect()
}

/// A text within quotes.
fn text(text: &str) -> String {
    text.replace('"', "#quot;")
}
