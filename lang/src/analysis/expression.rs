//! Expressions, as a walk meets them: what each name and attribute means, and what is known of the result.
//!
//! What is known is the declared type, carried through names, selections, and the functions in [`CALLS`]. Nothing is
//! evaluated; what cannot be told is [`Known::Nothing`].

use super::scope::{Known, LocalKind, MANY, Name, Scope, Target, below, structure};
use super::seen::{Role, Seen, Slot};
use super::walk::Walker;
use crate::module::types::{SchemaId, Type};
use crate::source::Span;
use crate::syntax::expr::{Binding, Expr, Key, Kind, NodeId, Parameter, Piece};
use std::rc::Rc;
use std::sync::Arc;

/// What the arguments of a function are to one another.
enum Call {
    /// The first argument is given elements of the argument with this number, and the result is this.
    Each(usize, Result),
    /// The first argument is given names and values of the set with this number.
    EachEntry(usize, Result),
    /// The first argument is given the result so far and elements of the last.
    Fold,
    /// The argument with this number decides the result.
    Of(usize, Result),
}

/// What a call gives.
#[derive(Clone, Copy)]
enum Result {
    /// The same list or set.
    Same,
    /// One element of the list.
    Element,
    /// A list of a set's values.
    Values,
    /// A list of what the function gives.
    List,
    /// What the function gives, which is a list already.
    Concat,
    /// A set of what the function gives.
    Map,
    /// Something that has no parts.
    Plain,
}

/// The functions of `lib` and `builtins` that are called with a function, or hand on what they are given.
const CALLS: &[(&str, Call)] = &[
    ("all", Call::Each(1, Result::Plain)),
    ("any", Call::Each(1, Result::Plain)),
    ("count", Call::Each(1, Result::Plain)),
    ("concatMap", Call::Each(1, Result::Concat)),
    ("concatMapStrings", Call::Each(1, Result::Plain)),
    ("filter", Call::Each(1, Result::Same)),
    ("findFirst", Call::Each(2, Result::Element)),
    ("groupBy", Call::Each(1, Result::Plain)),
    ("map", Call::Each(1, Result::List)),
    ("partition", Call::Each(1, Result::Plain)),
    ("sort", Call::Each(1, Result::Same)),
    ("foldl'", Call::Fold),
    ("foldl", Call::Fold),
    ("filterAttrs", Call::EachEntry(1, Result::Same)),
    ("mapAttrs", Call::EachEntry(1, Result::Map)),
    ("mapAttrsToList", Call::EachEntry(1, Result::List)),
    ("attrValues", Call::Of(0, Result::Values)),
    ("drop", Call::Of(1, Result::Same)),
    ("elemAt", Call::Of(0, Result::Element)),
    ("head", Call::Of(0, Result::Element)),
    ("last", Call::Of(0, Result::Element)),
    ("optionals", Call::Of(1, Result::Same)),
    ("reverseList", Call::Of(0, Result::Same)),
    ("tail", Call::Of(0, Result::Same)),
    ("take", Call::Of(1, Result::Same)),
    ("unique", Call::Of(0, Result::Same)),
];

impl Walker<'_> {
    /// All of an expression.
    pub(super) fn expression(&mut self, expr: &Expr, scope: &Scope) -> Known {
        self.expr(expr, expr.root(), scope)
    }

    fn expr(&mut self, expr: &Expr, id: NodeId, scope: &Scope) -> Known {
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.expr_here(expr, id, scope))
    }

    fn expr_here(&mut self, expr: &Expr, id: NodeId, scope: &Scope) -> Known {
        let node = expr.node(id);
        match &node.kind {
            Kind::Int(_) | Kind::Float(_) => Known::Nothing,
            Kind::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Interpolation(id) = piece {
                        self.expr(expr, *id, scope);
                    }
                }
                Known::Nothing
            }
            Kind::Name(name) => self.name(name, node.span, scope),
            Kind::List(items) => {
                let mut items = items.iter().map(|item| self.expr(expr, *item, scope));
                let first = items.next().unwrap_or_default();
                items.for_each(drop);
                Known::List(Rc::new(first))
            }
            Kind::Set { recursive, bindings } => {
                let (inner, names) = self.bindings(expr, bindings, scope, *recursive);
                self.walk_bindings(expr, bindings, scope, &inner);
                Known::Set(names.into())
            }
            Kind::Let { bindings, body } => {
                let (inner, _) = self.bindings(expr, bindings, scope, true);
                self.walk_bindings(expr, bindings, scope, &inner);
                self.expr(expr, *body, &inner)
            }
            Kind::Select { from, path, default } => {
                let mut known = self.expr(expr, *from, scope);
                for key in path {
                    known = self.select(expr, &known, key, scope);
                }
                match default {
                    Some(default) => {
                        let other = self.expr(expr, *default, scope);
                        either(known, other)
                    }
                    None => known,
                }
            }
            Kind::Has { from, path } => {
                let mut known = self.expr(expr, *from, scope);
                for key in path {
                    known = self.select(expr, &known, key, scope);
                }
                Known::Nothing
            }
            Kind::Lambda { parameter, body } => {
                Known::Function(Rc::new(self.lambda(expr, parameter, *body, &[], scope)))
            }
            Kind::Apply { function, arguments } => self.apply(expr, *function, arguments, scope),
            Kind::With { set, body } => {
                let known = self.expr(expr, *set, scope);
                // Names in scope go before those of a `with`, so that only what is unknown is left to it.
                self.expr(expr, *body, &self.with(&known, scope))
            }
            Kind::If { condition, yes, no } => {
                self.expr(expr, *condition, scope);
                let yes = self.expr(expr, *yes, scope);
                let no = self.expr(expr, *no, scope);
                either(yes, no)
            }
            Kind::Assert { condition, body } => {
                self.expr(expr, *condition, scope);
                self.expr(expr, *body, scope)
            }
            Kind::Not(operand) | Kind::Negate(operand) => {
                self.expr(expr, *operand, scope);
                Known::Nothing
            }
            Kind::Binary { operator, left, right } => {
                use crate::syntax::expr::Operator;
                let (left, right) = (self.expr(expr, *left, scope), self.expr(expr, *right, scope));
                match operator {
                    Operator::Concat | Operator::Update => either(left, right),
                    Operator::PipeInto => right.result(),
                    Operator::PipeFrom => left.result(),
                    _ => Known::Nothing,
                }
            }
        }
    }

    fn name(&mut self, name: &Arc<str>, span: Span, scope: &Scope) -> Known {
        let (target, known) = self.resolve(name, scope);
        let path = known.path();
        self.sink.seen(Seen { target, slot: Slot::at(path), ..Seen::new(span, Role::Name, scope) });
        known
    }

    fn resolve(&self, name: &Arc<str>, scope: &Scope) -> (Option<Target>, Known) {
        if let Some(found) = scope.find(name) {
            return (Some(found.target.clone()), found.known.clone());
        }
        if let Some(at) = self.analysis.schemas[0].by_name(name) {
            let option = &self.analysis.schemas[0].options[at as usize];
            let known = Known::Value(option.ty.clone(), Some([name.clone()].into()));
            return (Some(Target::Option(SchemaId::ROOT, at)), known);
        }
        if super::library::NAMES.contains(&&**name) {
            return (Some(Target::Builtin(name.clone())), Known::Library(name.clone()));
        }
        let known = self.analysis.library.global(name) && !scope.is_open();
        (known.then(|| Target::Builtin(name.clone())), Known::Nothing)
    }

    /// The names of a set, where they can be told.
    fn with(&self, known: &Known, scope: &Scope) -> Scope {
        match known {
            Known::Set(names) => {
                let new = names.iter().filter(|name| scope.find(&name.name).is_none());
                scope.with(new.cloned().collect())
            }
            Known::Library(library) => {
                let names = self.analysis.library.names(library);
                let new = names.filter(|name| scope.find(name).is_none() && !self.is_global(name));
                scope.with(new.map(|name| self.member(library, &name)).collect())
            }
            _ => scope.with_open(),
        }
    }

    /// A function of `lib` and its like, or a set of them within it.
    fn member(&self, library: &str, name: &Arc<str>) -> Name {
        let target = Target::Builtin(format!("{library}.{name}").into());
        let known = self.analysis.library.set(library, name).map_or(Known::Nothing, Known::Library);
        Name { name: name.clone(), target, known }
    }

    fn is_global(&self, name: &str) -> bool {
        self.analysis.schemas[0].by_name(name).is_some() || self.analysis.library.global(name)
    }

    /// One step of a path.
    fn select(&mut self, expr: &Expr, from: &Known, key: &Key, scope: &Scope) -> Known {
        let (name, span) = match key {
            Key::Dynamic(id, _) => {
                self.expr(expr, *id, scope);
                return from.entry();
            }
            Key::Static(name, span) => (name, *span),
        };
        let (target, known) = self.attribute(from, name);
        let path = known.path();
        let role = Role::Attribute(from);
        self.sink.seen(Seen { target, slot: Slot::at(path), ..Seen::new(span, role, scope) });
        known
    }

    fn attribute(&self, from: &Known, name: &Arc<str>) -> (Option<Target>, Known) {
        match from {
            Known::Set(names) => match names.iter().find(|known| known.name == *name) {
                Some(found) => (Some(found.target.clone()), found.known.clone()),
                None => (None, Known::Nothing),
            },
            Known::Library(library) => {
                let Name { target, known, .. } = self.member(library, name);
                let there = self.analysis.library.names(library).any(|known| known == *name);
                (there.then_some(target), known)
            }
            Known::Value(ty, path) => match structure(ty) {
                Type::Submodule(schema) => {
                    let of = &self.analysis.schemas[schema.0 as usize];
                    match of.by_name(name) {
                        Some(at) => {
                            let ty = of.options[at as usize].ty.clone();
                            (Some(Target::Option(*schema, at)), Known::Value(ty, below(path, Some(name))))
                        }
                        None if of.keyed && **name == *"name" => {
                            (Some(Target::Bound(*schema, super::scope::Bound::Key)), Known::Nothing)
                        }
                        None => (None, Known::Nothing),
                    }
                }
                Type::Map(inner) => {
                    let path = below(path, Some(name));
                    (path.clone().map(Target::Key), Known::Value((**inner).clone(), path))
                }
                _ => (None, Known::Nothing),
            },
            Known::Map(inner) => (None, (**inner).clone()),
            Known::Nothing | Known::List(_) | Known::Function(_) | Known::Template(_) => {
                (None, Known::Nothing)
            }
        }
    }

    /// The names that bindings make, and the scope they are visible in.
    fn bindings(
        &mut self,
        expr: &Expr,
        bindings: &[Binding],
        scope: &Scope,
        visible: bool,
    ) -> (Scope, Vec<Name>) {
        let mut names: Vec<Name> = Vec::new();
        for binding in bindings {
            match binding {
                Binding::Value { key: Key::Static(name, span), .. } => names.push(bound(name, *span)),
                Binding::Value { .. } => {}
                // An inherited name is the one outside: it is no declaration of its own.
                Binding::Inherit { name, .. } => {
                    let (target, known) = self.resolve(name, scope);
                    names.extend(target.map(|target| Name { name: name.clone(), target, known }));
                }
                Binding::InheritFrom { from, names: inherited } => {
                    let known = self.quietly(expr, *from, scope);
                    for (name, span) in inherited {
                        let (target, known) = self.attribute(&known, name);
                        let target = target.unwrap_or(Target::Local(*span, LocalKind::Expression));
                        names.push(Name { name: name.clone(), target, known });
                    }
                }
            }
        }
        let mut inner = if visible { scope.with(names.clone()) } else { scope.clone() };
        if names.len() > MANY {
            return (inner, names);
        }
        for binding in bindings {
            let Binding::Value { key: Key::Static(name, span), value } = binding else { continue };
            let known = self.quietly(expr, *value, &inner);
            if matches!(known, Known::Nothing) {
                continue;
            }
            let own = Target::Local(*span, LocalKind::Expression);
            if let Some(one) = names.iter_mut().find(|one| one.name == *name && one.target == own) {
                one.known = known;
            }
            if visible {
                inner = scope.with(names.clone());
            }
        }
        (inner, names)
    }

    /// What is known of a part, without reporting it. Only what is short is looked at twice: nesting would make it many
    /// times.
    fn quietly(&self, expr: &Expr, id: NodeId, scope: &Scope) -> Known {
        let simple = |id: NodeId| match &expr.node(id).kind {
            Kind::Name(_) => true,
            Kind::Select { from, .. } => matches!(expr.node(*from).kind, Kind::Name(_)),
            _ => false,
        };
        let shallow = match &expr.node(id).kind {
            Kind::Apply { arguments, .. } => {
                arguments.iter().all(|argument| match &expr.node(*argument).kind {
                    Kind::Lambda { .. } => true,
                    Kind::Apply { arguments, .. } => arguments.iter().all(|argument| simple(*argument)),
                    _ => simple(*argument),
                })
            }
            _ => simple(id),
        };
        if !shallow {
            return Known::Nothing;
        }
        self.quiet().walker().expr(expr, id, scope)
    }

    fn walk_bindings(&mut self, expr: &Expr, bindings: &[Binding], outer: &Scope, inner: &Scope) {
        for binding in bindings {
            match binding {
                Binding::Value { key, value } => {
                    match key {
                        Key::Static(name, span) => self.declare_name(name, *span, inner),
                        Key::Dynamic(id, _) => {
                            self.expr(expr, *id, inner);
                        }
                    }
                    self.expr(expr, *value, inner);
                }
                Binding::Inherit { name, span } => {
                    let (target, known) = self.resolve(name, outer);
                    let slot = Slot::at(known.path());
                    self.sink.seen(Seen { target, slot, ..Seen::new(*span, Role::Inherited, outer) });
                }
                Binding::InheritFrom { from, names } => {
                    let known = self.expr(expr, *from, inner);
                    for (name, span) in names {
                        let (target, _) = self.attribute(&known, name);
                        self.sink.seen(Seen { target, ..Seen::new(*span, Role::Inherited, inner) });
                    }
                }
            }
        }
    }

    fn declare_name(&mut self, name: &Arc<str>, span: Span, scope: &Scope) {
        let target = Target::Local(span, LocalKind::Expression);
        let found = scope.find(name).filter(|found| found.target == target);
        let known = found.map_or(Known::Nothing, |found| found.known.clone());
        let role = Role::New(&known);
        self.sink.seen(Seen { target: Some(target), declares: true, ..Seen::new(span, role, scope) });
    }

    /// A function whose arguments are known to be these.
    fn lambda(
        &mut self,
        expr: &Expr,
        parameter: &Parameter,
        body: NodeId,
        arguments: &[Known],
        scope: &Scope,
    ) -> Known {
        let first = arguments.first().cloned().unwrap_or_default();
        let names = match parameter {
            Parameter::Name(name, span) => {
                vec![Name { known: self.guessed(first, name), ..bound(name, *span) }]
            }
            Parameter::Pattern { fields, all, .. } => {
                let mut names: Vec<Name> = Vec::new();
                for field in fields {
                    let (_, known) = self.attribute(&first, &field.name);
                    let target = Target::Local(field.span, LocalKind::Field);
                    names.push(Name { name: field.name.clone(), target, known });
                }
                names.extend(
                    all.iter().map(|(name, span)| Name { known: first.clone(), ..bound(name, *span) }),
                );
                names
            }
        };
        let inner = scope.with(names.clone());
        for name in names {
            if let Target::Local(span, _) = name.target {
                let seen = Seen::new(span, Role::New(&name.known), &inner);
                self.sink.seen(Seen { target: Some(name.target), declares: true, ..seen });
            }
        }
        if let Parameter::Pattern { fields, .. } = parameter {
            for default in fields.iter().filter_map(|field| field.default) {
                self.expr(expr, default, &inner);
            }
        }
        match (&expr.node(body).kind, arguments.get(1..)) {
            (Kind::Lambda { parameter, body }, Some(rest)) if !rest.is_empty() => {
                stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || {
                    self.lambda(expr, parameter, *body, rest, &inner)
                })
            }
            _ => self.expr(expr, body, &inner),
        }
    }

    /// What is known of a name; of one that is called `host` and of which nothing is known, that it is a host.
    pub(super) fn guessed(&self, known: Known, name: &str) -> Known {
        let nothing = matches!(known, Known::Nothing) && self.guesses;
        let root = &self.analysis.schemas[0].options;
        let same = root.iter().find(|option| nothing && option.node.as_deref() == Some(name));
        match same.map(|option| structure(&option.ty)) {
            Some(Type::Map(inner) | Type::List(inner)) => Known::of(inner),
            _ => known,
        }
    }

    fn apply(&mut self, expr: &Expr, function: NodeId, arguments: &[NodeId], scope: &Scope) -> Known {
        let called = self.expr(expr, function, scope);
        let name = self.called(expr, function, scope);
        // `concatMapStringsSep` and its like take one more argument in front.
        let (name, skip) = match name.as_deref() {
            Some("concatMapStringsSep") => (Some("concatMapStrings"), 1),
            Some("concatImapStringsSep") | None => (None, 0),
            Some(name) => (Some(name), 0),
        };
        let call = CALLS.iter().find(|(known, _)| Some(*known) == name).map(|(_, call)| call);
        let is_lambda = |id: NodeId| matches!(expr.node(id).kind, Kind::Lambda { .. });
        // What is not a function first: it says what the function is given.
        let mut known: Vec<Known> = vec![Known::Nothing; arguments.len()];
        for (at, argument) in arguments.iter().enumerate().filter(|(_, argument)| !is_lambda(**argument)) {
            known[at] = self.expr(expr, *argument, scope);
        }
        let of = |at: usize| known.get(at + skip).cloned().unwrap_or_default();
        let text = || Known::of(&Type::Text(crate::module::format::Format::Text));
        let given: Vec<Known> = match call {
            Some(Call::Each(list, _)) => vec![of(*list).element(), of(*list).element()],
            Some(Call::EachEntry(set, _)) => vec![text(), of(*set).entry()],
            Some(Call::Fold) => vec![of(1), of(2).element()],
            Some(Call::Of(..)) | None => Vec::new(),
        };
        let mut made = Known::Nothing;
        for (at, argument) in arguments.iter().enumerate() {
            if let Kind::Lambda { parameter, body } = &expr.node(*argument).kind {
                let given = if at == skip { &given[..] } else { &[] };
                let result = self.lambda(expr, parameter, *body, given, scope);
                if at == skip {
                    made = result;
                }
            }
        }
        let (of, result) = match call {
            Some(Call::Each(at, result) | Call::EachEntry(at, result) | Call::Of(at, result)) => {
                (of(*at), *result)
            }
            Some(Call::Fold) => (of(1), Result::Same),
            None => return called.result(),
        };
        match result {
            Result::Same => of,
            Result::Element => of.element(),
            Result::Values => Known::List(Rc::new(of.entry())),
            Result::List => Known::List(Rc::new(made)),
            Result::Map => Known::Map(Rc::new(made)),
            Result::Concat => made,
            Result::Plain => Known::Nothing,
        }
    }

    /// The name of the language's function that is called.
    fn called(&self, expr: &Expr, function: NodeId, scope: &Scope) -> Option<Arc<str>> {
        match &expr.node(function).kind {
            Kind::Name(name) => {
                let (target, _) = self.resolve(name, scope);
                matches!(target, Some(Target::Builtin(_))).then(|| name.clone())
            }
            Kind::Select { from, path, default: None } => match (&expr.node(*from).kind, &path[..]) {
                (Kind::Name(from), [.., Key::Static(name, _)]) => {
                    let (_, known) = self.resolve(from, scope);
                    matches!(known, Known::Library(of) if *of != *"net").then(|| name.clone())
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// What is known of one of two values.
fn either(one: Known, other: Known) -> Known {
    let empty = match &one {
        Known::Nothing => true,
        Known::List(of) => matches!(**of, Known::Nothing),
        Known::Set(names) => names.is_empty(),
        _ => false,
    };
    if empty { other } else { one }
}

fn bound(name: &Arc<str>, span: Span) -> Name {
    let target = Target::Local(span, LocalKind::Expression);
    Name { name: name.clone(), target, known: Known::Nothing }
}
