use super::*;
use crate::kinds::Kind;
use crate::kinds::netns::Netns;
use crate::name::{Fqdn, HostName};
use proptest::prelude::*;
use topo_lang::{SourceId, Span};

/// How many things there can be in a generated world.
const THINGS: usize = 7;

/// An attribute that can be changed in place, one that cannot, and one that cannot be read back.
const NAMES: [&str; 3] = ["contents", "fixed", "password"];

fn id(number: usize) -> ResourceId {
    let host = HostName::try_from(format!("h{}", number % 2)).unwrap();
    ResourceId::of_host(Kind::File, &host, format!("/{number}"))
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

fn graph(edges: &Edges, values: &[Option<[u8; 3]>]) -> Graph {
    let mut wanted: Vec<bool> = values.iter().map(Option::is_some).collect();
    for number in 0..THINGS {
        // What lives inside something unwanted cannot be wanted.
        wanted[number] &= (0..number).all(|on| edges[number][on] != Some(Why::Inside) || wanted[on]);
    }
    let resources = (0..THINGS).filter(|number| wanted[*number]).map(|number| Resource {
        id: id(number),
        spec: Netns { hostname: Fqdn::try_from("a.test").unwrap(), overlays: Vec::new() }.into(),
        attributes: attributes(values[number].unwrap_or_default()),
        depends_on: depends_on(edges, number, |on| wanted[on]),
        defined_at: span(),
    });
    Graph::new(resources.collect()).unwrap()
}

/// A machine that does what it is told: what is removed takes along what lives inside it.
#[derive(Clone, Debug)]
struct Model {
    edges: Edges,
    recorded: BTreeMap<ResourceId, Recorded>,
    observed: Observed,
}

impl Model {
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
        let mut done = BTreeSet::new();
        for step in &plan.steps {
            assert!(step.after.iter().all(|before| done.contains(before)), "{step:?} comes too early");
            done.insert(step.id.clone());
            if matches!(step.action, Action::Replace | Action::Delete) {
                self.remove(&step.id);
            }
            if step.action == Action::Delete {
                self.recorded.remove(&step.id);
            } else {
                self.observed.insert(step.id.clone(), seen(&step.attributes));
                let recorded = Recorded::new(step.attributes.clone(), step.depends_on.clone());
                self.recorded.insert(step.id.clone(), recorded);
            }
        }
        for entry in &plan.bookkeeping {
            match entry.clone() {
                Bookkeeping::Record(id, recorded) => self.recorded.insert(id, recorded),
                Bookkeeping::Forget(id) => self.recorded.remove(&id),
            };
        }
    }
}

fn why() -> impl Strategy<Value = Option<Why>> {
    prop_oneof![Just(None), Just(Some(Why::Order)), Just(Some(Why::Reads)), Just(Some(Why::Inside))]
}

fn values() -> impl Strategy<Value = Vec<Option<[u8; 3]>>> {
    prop::collection::vec(prop::option::of([0u8..2, 0u8..2, 0u8..2]), THINGS)
}

prop_compose! {
    fn worlds()(
        edges in prop::collection::vec(prop::collection::vec(why(), THINGS), THINGS),
        desired in values(),
        recorded in values(),
        interrupted in prop::collection::vec(prop::bool::weighted(0.2), THINGS),
        observed in values(),
    ) -> (Graph, Model) {
        let recorded: BTreeMap<ResourceId, Recorded> = (0..THINGS)
            .filter_map(|number| {
                let depends_on = depends_on(&edges, number, |on| recorded[on].is_some());
                let known = Recorded { interrupted: interrupted[number], ..Recorded::new(attributes(recorded[number]?), depends_on) };
                Some((id(number), known))
            })
            .collect();
        let observed = (0..THINGS).filter_map(|number| Some((id(number), seen(&attributes(observed[number]?))))).collect();
        (graph(&edges, &desired), Model { edges, recorded, observed })
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
        prop_assert_eq!(model.recorded.keys().collect::<Vec<_>>(), {
            let mut ids: Vec<_> = desired.iter().map(|resource| &resource.id).collect();
            ids.sort();
            ids
        });
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
