use super::*;
use crate::digest::DigestKey;
use crate::kinds::netns::Netns;
use crate::kinds::{Kind, Spec};
use crate::name::{Fqdn, HostName};
use crate::plan::{SavedPlan, undoing};
use crate::runtime::Isolation;
use proptest::prelude::*;
use topo_lang::{SourceId, Span};

/// How many things there can be in a generated world.
const THINGS: usize = 7;

/// An attribute that can be changed in place, one that cannot, and one that cannot be read back.
const NAMES: [&str; 3] = ["contents", "fixed", "password"];

/// Things of two hosts and of the lab as a whole.
fn id(number: usize) -> ResourceId {
    match number % 3 {
        2 => ResourceId::of_lab(Kind::File, format!("/{number}")),
        host => ResourceId::of_host(Kind::File, &host_name(host), format!("/{number}")),
    }
}

fn host_name(number: usize) -> HostName {
    HostName::try_from(format!("h{number}")).unwrap()
}

fn span() -> Span {
    Span::new(SourceId(0), 0, 0)
}

/// Edges from each thing to earlier ones, the same in every generation of one world.
type Edges = Vec<Vec<Option<Why>>>;

fn depends_on(edges: &Edges, number: usize, exists: impl Fn(usize) -> bool) -> Vec<Dependency> {
    (0..number)
        .filter(|on| exists(*on))
        .filter_map(|on| edges[number][on].map(|why| Dependency { on: id(on), why, asked_at: None }))
        .collect()
}

fn attributes(values: [u8; 3]) -> Attributes {
    NAMES.iter().zip(values).map(|(name, value)| ((*name).to_owned(), Attribute::Int(value.into()))).collect()
}

fn seen(attributes: &Attributes) -> Attributes {
    attributes.iter().filter(|(name, _)| *name != "password").map(|(a, b)| (a.clone(), b.clone())).collect()
}

/// What nobody looks at here.
fn spec() -> Spec {
    let hostname = Fqdn::try_from("a.test").unwrap();
    Netns { hostname, overlays: Vec::new(), isolation: Isolation::default() }.into()
}

fn graph(edges: &Edges, values: &[Option<[u8; 3]>]) -> Graph {
    let mut wanted: Vec<bool> = values.iter().map(Option::is_some).collect();
    for number in 0..THINGS {
        // What lives inside something unwanted cannot be wanted.
        wanted[number] &= (0..number).all(|on| edges[number][on] != Some(Why::Inside) || wanted[on]);
    }
    let resources = (0..THINGS).filter(|number| wanted[*number]).map(|number| Resource {
        id: id(number),
        spec: spec(),
        attributes: attributes(values[number].unwrap_or_default()),
        depends_on: depends_on(edges, number, |on| wanted[on]),
        defined_at: span(),
    });
    Graph::new(resources.collect()).unwrap()
}

/// A machine that does what it is told: what is removed takes along what lives inside it, and what is done reads what it
/// reads as that is then.
#[derive(Clone, Debug)]
struct Model {
    edges: Edges,
    recorded: BTreeMap<ResourceId, Recorded>,
    observed: Observed,
    /// How often each thing was changed.
    changes: BTreeMap<ResourceId, usize>,
    /// Per thing, how often each thing it reads had been changed when it was done.
    read: BTreeMap<(ResourceId, ResourceId), usize>,
}

impl Model {
    fn new(edges: Edges, recorded: BTreeMap<ResourceId, Recorded>, observed: Observed) -> Self {
        Self { edges, recorded, observed, changes: BTreeMap::new(), read: BTreeMap::new() }
    }

    /// Whether everything is as its latest reader saw it.
    fn is_read(&self, desired: &Graph) -> bool {
        desired.iter().all(|resource| {
            resource.depends_on.iter().filter(|edge| edge.why == Why::Reads).all(|edge| {
                let seen = self.read.get(&(resource.id.clone(), edge.on.clone()));
                seen.copied().unwrap_or(0) == self.changes.get(&edge.on).copied().unwrap_or(0)
            })
        })
    }

    fn remove(&mut self, gone: &ResourceId) {
        self.observed.remove(gone);
        for number in 0..THINGS {
            let inside = (0..number).any(|on| self.edges[number][on] == Some(Why::Inside) && id(on) == *gone);
            if inside && self.observed.contains_key(&id(number)) {
                self.remove(&id(number));
            }
        }
    }

    fn apply(&mut self, plan: &Plan) {
        self.apply_until(plan, plan.steps.len());
    }

    /// Killed after so many steps, with the next one begun.
    fn apply_until(&mut self, plan: &Plan, end: usize) {
        for entry in &plan.bookkeeping {
            match entry.clone() {
                Bookkeeping::Record(id, recorded) => self.recorded.insert(id, recorded),
                Bookkeeping::Forget(id) => self.recorded.remove(&id),
            };
        }
        for step in plan.steps.iter().filter(|step| matches!(step.reason, Reason::Reads(_))) {
            self.begin(step);
        }
        let mut done = BTreeSet::new();
        for step in &plan.steps[..end] {
            assert!(step.after.iter().all(|before| done.contains(before)), "{step:?} comes too early");
            self.carry_out(step);
            done.insert(step.id.clone());
        }
        if let Some(step) = plan.steps.get(end) {
            self.begin(step);
        }
    }

    fn begin(&mut self, step: &Step) {
        let recorded = Recorded::new(step.attributes.clone(), step.depends_on.clone());
        self.recorded.entry(step.id.clone()).or_insert(recorded).interrupted = true;
    }

    fn carry_out(&mut self, step: &Step) {
        if matches!(step.action, Action::Replace | Action::Delete) {
            self.remove(&step.id);
        }
        *self.changes.entry(step.id.clone()).or_default() += 1;
        if step.action == Action::Delete {
            self.recorded.remove(&step.id);
            return;
        }
        for edge in &step.depends_on {
            let there = edge.why == Why::After || self.observed.contains_key(&edge.on);
            assert!(there, "{step:?} is done without {edge:?}");
            let changes = self.changes.get(&edge.on).copied().unwrap_or(0);
            self.read.insert((step.id.clone(), edge.on.clone()), changes);
        }
        self.observed.insert(step.id.clone(), seen(&step.attributes));
        let recorded = Recorded::new(step.attributes.clone(), step.depends_on.clone());
        self.recorded.insert(step.id.clone(), recorded);
    }
}

fn why() -> impl Strategy<Value = Option<Why>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(Why::After)),
        1 => Just(Some(Why::Order)),
        1 => Just(Some(Why::Reads)),
        1 => Just(Some(Why::Inside)),
    ]
}

fn values() -> impl Strategy<Value = Vec<Option<[u8; 3]>>> {
    prop::collection::vec(prop::option::weighted(0.7, [0u8..2, 0u8..2, 0u8..2]), THINGS)
}

/// Mostly as it was.
fn changed(values: Vec<Option<[u8; 3]>>, changes: &[Option<Option<[u8; 3]>>]) -> Vec<Option<[u8; 3]>> {
    values.into_iter().zip(changes).map(|(value, change)| change.unwrap_or(value)).collect()
}

fn changes() -> impl Strategy<Value = Vec<Option<Option<[u8; 3]>>>> {
    let change = prop::option::weighted(0.3, prop::option::of([0u8..2, 0u8..2, 0u8..2]));
    prop::collection::vec(change, THINGS)
}

prop_compose! {
    fn worlds()(
        edges in prop::collection::vec(prop::collection::vec(why(), THINGS), THINGS),
        desired in values(),
        edited in changes(),
        interrupted in prop::collection::vec(prop::bool::weighted(0.1), THINGS),
        drifted in changes(),
    ) -> (Graph, Model) {
        let recorded = changed(desired.clone(), &edited);
        let mut observed = changed(recorded.clone(), &drifted);
        for number in 0..THINGS {
            // Nothing is seen inside what is not there.
            if (0..number).any(|on| edges[number][on] == Some(Why::Inside) && observed[on].is_none()) {
                observed[number] = None;
            }
        }
        let recorded: BTreeMap<ResourceId, Recorded> = (0..THINGS)
            .filter_map(|number| {
                let depends_on = depends_on(&edges, number, |on| recorded[on].is_some());
                let known = Recorded { interrupted: interrupted[number], ..Recorded::new(attributes(recorded[number]?), depends_on) };
                Some((id(number), known))
            })
            .collect();
        let observed = (0..THINGS).filter_map(|number| Some((id(number), seen(&attributes(observed[number]?))))).collect();
        (graph(&edges, &desired), Model::new(edges, recorded, observed))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn applying_a_plan_leaves_nothing_to_do((desired, before) in worlds()) {
        let mut model = before.clone();
        model.apply(&plan(&desired, &before.recorded, &before.observed));
        let second = plan(&desired, &model.recorded, &model.observed);
        prop_assert!(second.is_empty() && second.bookkeeping.is_empty(), "{second:#?}");
        prop_assert!(model.is_read(&desired), "{model:#?}");
        prop_assert_eq!(model.recorded.keys().collect::<Vec<_>>(), {
            let mut ids: Vec<_> = desired.iter().map(|resource| &resource.id).collect();
            ids.sort();
            ids
        });
    }

    #[test]
    fn the_next_plan_makes_good_for_a_killed_one((desired, before) in worlds(), steps in 0..=THINGS) {
        let mut model = before.clone();
        let first = plan(&desired, &before.recorded, &before.observed);
        model.apply_until(&first, steps.min(first.steps.len()));
        let second = plan(&desired, &model.recorded, &model.observed);
        model.apply(&second);
        let third = plan(&desired, &model.recorded, &model.observed);
        prop_assert!(third.is_empty() && third.bookkeeping.is_empty(), "{third:#?}");
        prop_assert!(model.is_read(&desired), "{first:#?} {second:#?} {model:#?}");
    }

    #[test]
    fn a_plan_for_one_host_has_all_that_it_needs_and_loses_nothing((desired, before) in worlds()) {
        let whole = plan(&desired, &before.recorded, &before.observed);
        let scope = Scope::Hosts([host_name(0)].into());
        let part = narrow(whole.clone(), &desired, &before.recorded, &scope);
        let is_meant = |id: &ResourceId| id.host.as_ref() == Some(&host_name(0));
        for step in whole.steps.iter().filter(|step| is_meant(&step.id)) {
            prop_assert!(part.steps.iter().any(|kept| kept.id == step.id), "{step:?} is left out");
        }
        let mut model = before.clone();
        // It asserts that what a step needs is there.
        model.apply(&part);
        let again = plan(&desired, &model.recorded, &model.observed);
        let nothing = narrow(again.clone(), &desired, &model.recorded, &scope);
        prop_assert!(nothing.steps.iter().all(|step| !is_meant(&step.id)), "{part:#?} {nothing:#?}");
        model.apply(&again);
        let last = plan(&desired, &model.recorded, &model.observed);
        prop_assert!(last.is_empty() && last.bookkeeping.is_empty(), "{last:#?}");
        prop_assert!(model.is_read(&desired), "{part:#?} {again:#?} {model:#?}");
    }

    #[test]
    fn a_saved_plan_reads_back_equal_and_notices_what_moved((desired, before) in worlds(), drifted in 0..THINGS) {
        let key = DigestKey::new([7; 32]);
        let saved = |model: &Model| {
            let plan = plan(&desired, &model.recorded, &model.observed);
            SavedPlan::new(&plan, &desired, Some(key.clone()))
        };
        let first = saved(&before);
        let text = serde_json::to_string(&first).unwrap();
        let read: SavedPlan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&first, &read);
        prop_assert!(read.moved(&saved(&before)).is_empty());
        // Something that was seen is gone: noticed exactly where a plan would care.
        let mut after = before.clone();
        after.remove(&id(drifted));
        let cares = before.observed != after.observed;
        prop_assert_eq!(!read.moved(&saved(&after)).is_empty(), cares && saved(&after) != first);
    }

    #[test]
    fn a_saved_plan_does_not_care_in_which_order_things_are_said((desired, model) in worlds()) {
        let saved = |graph: &Graph| {
            SavedPlan::new(&plan(graph, &model.recorded, &model.observed), graph, None)
        };
        let turned = desired.iter().rev().map(|resource| Resource {
            depends_on: resource.depends_on.iter().rev().cloned().collect(),
            ..resource.clone()
        });
        let turned = Graph::new(turned.collect()).unwrap();
        let (as_said, turned) = (saved(&desired), saved(&turned));
        prop_assert_eq!(as_said.moved(&turned), Vec::new());
    }

    #[test]
    fn undoing_a_run_brings_back_what_was_before((desired, model) in worlds(), steps in 0..=THINGS) {
        // A lab that was as it should be; nothing is inside what is not there.
        let mut recorded: BTreeMap<ResourceId, Recorded> = BTreeMap::new();
        for number in 0..THINGS {
            let inside = (0..number).filter(|on| model.edges[number][*on] == Some(Why::Inside));
            let has_place = inside.into_iter().all(|on| recorded.contains_key(&id(on)));
            if let Some(known) = model.recorded.get(&id(number)).filter(|_| has_place) {
                let depends_on = depends_on(&model.edges, number, |on| recorded.contains_key(&id(on)));
                recorded.insert(id(number), Recorded::new(known.attributes.clone(), depends_on));
            }
        }
        let former = recorded.iter().map(|(id, known)| Resource {
            id: id.clone(),
            spec: spec(),
            attributes: known.attributes.clone(),
            depends_on: known.depends_on.clone(),
            defined_at: span(),
        });
        let former = Graph::new(former.collect()).unwrap();
        let observed = recorded.iter().map(|(id, known)| (id.clone(), seen(&known.attributes))).collect();
        let before = Model::new(model.edges.clone(), recorded, observed);

        let mut after = before.clone();
        let run = plan(&desired, &before.recorded, &before.observed);
        after.apply_until(&run, steps.min(run.steps.len()));
        let unfinished = after.recorded.iter().filter(|(_, known)| known.interrupted).map(|(id, _)| id);
        let done = run.steps.iter().take(steps).map(|step| &step.id);
        let begun: BTreeSet<ResourceId> = done.chain(unfinished).cloned().collect();
        let back = undoing(plan(&former, &after.recorded, &after.observed), &after.recorded, &begun);
        after.apply(&back);
        prop_assert_eq!(&after.observed, &before.observed);
        prop_assert_eq!(&after.recorded, &before.recorded);
        prop_assert!(after.is_read(&former), "{run:#?} {back:#?}");
        prop_assert!(plan(&former, &after.recorded, &after.observed).is_empty());
    }

    #[test]
    fn removing_one_host_removes_it_and_what_lives_in_it((desired, before) in worlds()) {
        let scope = Scope::Hosts([host_name(0)].into());
        let whole = removal(&before.recorded, &before.observed);
        let part = narrow(whole, &Graph::default(), &before.recorded, &scope);
        let mut model = before.clone();
        model.apply(&part);
        let is_meant = |id: &ResourceId| id.host.as_ref() == Some(&host_name(0));
        prop_assert!(!model.recorded.keys().any(is_meant));
        for step in part.steps.iter().filter(|step| !is_meant(&step.id)) {
            let inside = before.recorded[&step.id].depends_on.iter().filter(|edge| edge.why == Why::Inside);
            let mut inside = inside.map(|edge| &edge.on);
            prop_assert!(inside.any(|on| part.steps.iter().any(|step| step.id == *on)), "{step:?}");
        }
        let again = plan(&desired, &model.recorded, &model.observed);
        model.apply(&again);
        prop_assert!(plan(&desired, &model.recorded, &model.observed).is_empty());
    }

    #[test]
    fn what_is_neither_wanted_nor_ours_is_never_in_a_plan((desired, model) in worlds()) {
        for step in plan(&desired, &model.recorded, &model.observed).steps {
            prop_assert!(desired.get(&step.id).is_some() || model.recorded.contains_key(&step.id));
        }
    }

    #[test]
    fn plans_are_deterministic((desired, model) in worlds()) {
        let one = plan(&desired, &model.recorded, &model.observed);
        let two = plan(&desired, &model.recorded, &model.observed);
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }

    #[test]
    fn removal_leaves_nothing_of_ours((_, before) in worlds()) {
        let mut model = before.clone();
        model.apply(&removal(&before.recorded, &before.observed));
        prop_assert!(model.recorded.is_empty());
    }
}

/// One thing, in one situation: the action and the reason it gets.
#[test]
fn reasons() {
    let lone: Edges = vec![vec![None; THINGS]; THINGS];
    let check =
        |desired: Option<[u8; 3]>, recorded: Option<[u8; 3]>, observed: Option<[u8; 3]>, expected: &str| {
            let mut values = vec![None; THINGS];
            values[0] = desired;
            let known = recorded.map(|values| (id(0), Recorded::new(attributes(values), Vec::new())));
            let there = observed.map(|values| (id(0), seen(&attributes(values))));
            let plan =
                plan(&graph(&lone, &values), &known.into_iter().collect(), &there.into_iter().collect());
            let found: Vec<String> = plan
                .steps
                .iter()
                .map(|step| {
                    let reason = format!("{:?}", step.reason);
                    format!("{:?} {}", step.action, reason.split(['(', ' ']).next().unwrap())
                })
                .collect();
            assert_eq!(found.join(", "), expected, "{desired:?} {recorded:?} {observed:?}");
        };
    let (a, b, c) = (Some([0, 0, 0]), Some([1, 0, 0]), Some([0, 1, 0]));
    check(a, None, None, "Create New");
    check(a, a, None, "Create Missing");
    check(a, a, a, "");
    check(a, None, a, "Replace New"); // who knows what its password is
    check(b, a, a, "Update Changed");
    check(a, a, b, "Update Drifted");
    check(c, a, a, "Replace Changed");
    check(a, a, c, "Replace Drifted");
    check(a, b, c, "Replace Drifted");
    check(Some([0, 0, 1]), a, a, "Replace Changed");
    check(None, a, a, "Delete Unwanted");
    check(None, a, None, "");
    check(None, None, a, "");
}
