//! The language's own nodes, as a walk meets them.

use super::scope::{Known, LocalKind, MANY, Name, Scope, Target, TemplateKnown};
use super::seen::{Owner, Role, Shape, Sink, Slot};
use super::walk::{Here, Walker, constant};
use crate::module::types::{Named, SchemaId, Type};
use crate::source::Span;
use crate::syntax::tree::{Entry, Node, Scalar, Text};
use std::rc::Rc;
use std::sync::Arc;

/// What stands in the head of an `option` beside its name, and in its block.
const OPTION: &[&str] = &["type", "default", "node", "key", "arg", "internal"];
const OPTION_BLOCK: &[&str] = &["doc", "example", "default"];
const PARAM: &[&str] = &["type", "default"];
const PARAM_BLOCK: &[&str] = &["doc"];
const FOR: &[&str] = &["in"];
const IMPORT: &[&str] = &["as"];
const ELSE: &[&str] = &["if"];

impl Walker<'_> {
    /// A node that belongs to the language; `false` where it does not.
    pub(super) fn keyword(&mut self, node: &Node, here: &Here, role: Role<'_>) -> bool {
        let keyword = match &*node.name.value {
            "let" => "let",
            "for" => "for",
            "if" => "if",
            "else" => "else",
            "assert" => "assert",
            "warn" => "warn",
            "template" => "template",
            "lab" if here.top => "lab",
            "import" if here.top => "import",
            "param" if here.top => "param",
            "type" if here.top => "type",
            "option" if here.top || here.type_block => "option",
            _ => return false,
        };
        self.say(&node.name, role, Some(Target::Keyword(keyword)), &here.scope);
        let inner = Here { top: false, type_block: false, ..here.clone() };
        match keyword {
            "let" => self.let_node(node, here),
            "for" => self.for_node(node, &inner),
            "template" => self.template_node(node, &inner),
            "lab" => {
                if let Some(name) = first_text(node) {
                    self.say(name, Role::New(&Known::Nothing), None, &here.scope);
                }
            }
            "import" => self.import_node(node, here),
            "param" => self.param_node(node, &inner),
            "type" => self.type_node(node, &inner),
            "option" => self.option_node(node, here),
            _ => {
                for entry in node.entries.iter().filter(|entry| entry.name.is_none()) {
                    let role = if keyword == "else" { Role::Words(ELSE) } else { Role::Value(&Type::Any) };
                    self.value(&entry.value, role, None, &here.scope, &Slot::default());
                }
                self.inside(node, &inner);
            }
        }
        true
    }

    /// The block of a node that stays within the same submodule.
    fn inside(&mut self, node: &Node, here: &Here) {
        if let Some(block) = &node.children {
            self.block(&block.nodes, here, None, Some(node));
        }
    }

    /// The names that the `let`s of a block bind.
    pub(super) fn lets(&mut self, nodes: &[Node], outer: &Scope) -> Scope {
        let mut names: Vec<Name> = Vec::new();
        for node in nodes.iter().filter(|node| *node.name.value == *"let") {
            let properties = node.entries.iter().filter_map(|entry| entry.name.as_ref());
            let children = node.children.iter().flat_map(|block| &block.nodes).map(|child| &child.name);
            names.extend(properties.chain(children).map(|name| local(name, LocalKind::Let)));
        }
        if names.is_empty() {
            return outer.clone();
        }
        let mut scope = outer.with(names.clone());
        let values = nodes.iter().filter(|node| *node.name.value == *"let").flat_map(|node| {
            let properties = node.entries.iter().filter(|entry| entry.name.is_some()).map(Ok);
            properties.chain(node.children.iter().flat_map(|block| &block.nodes).map(Err))
        });
        for (at, value) in values.enumerate() {
            let mut quiet = self.quiet();
            names[at].known = match value {
                Ok(entry) => quiet.walker().known(&entry.value, &scope),
                Err(child) => quiet.walker().known_data(child, &scope),
            };
            // What is bound later may refer to it.
            if !matches!(names[at].known, Known::Nothing) && names.len() <= MANY {
                scope = outer.with(names.clone());
            }
        }
        outer.with(names)
    }

    fn known(&mut self, scalar: &Scalar, scope: &Scope) -> Known {
        match scalar {
            Scalar::Text(text) => self.text(text, scope),
            _ => Known::Nothing,
        }
    }

    fn known_data(&mut self, node: &Node, scope: &Scope) -> Known {
        let properties = node.entries.iter().filter_map(|entry| {
            let name = entry.name.as_ref()?;
            Some(Name { known: self.known(&entry.value, scope), ..local(name, LocalKind::Let) })
        });
        let mut names: Vec<Name> = properties.collect();
        for child in node.children.iter().flat_map(|block| &block.nodes) {
            names.push(Name { known: self.known_data(child, scope), ..local(&child.name, LocalKind::Let) });
        }
        match (names.is_empty(), &node.entries[..]) {
            (true, [only]) => self.known(&only.value, scope),
            (true, _) => Known::Nothing,
            (false, _) => Known::Set(names.into()),
        }
    }

    fn let_node(&mut self, node: &Node, here: &Here) {
        for entry in &node.entries {
            if let Some(name) = &entry.name {
                self.declared_local(name, LocalKind::Let, &here.scope);
            }
            self.value(&entry.value, Role::Value(&Type::Any), None, &here.scope, &Slot::default());
        }
        for child in node.children.iter().flat_map(|block| &block.nodes) {
            self.declared_local(&child.name, LocalKind::Let, &here.scope);
            self.let_data(child, here);
        }
    }

    /// A block of a `let`: every name in it can be selected.
    fn let_data(&mut self, node: &Node, here: &Here) {
        for entry in &node.entries {
            if let Some(name) = &entry.name {
                self.declare(name, local(name, LocalKind::Let).target, &Known::Nothing, &here.scope);
            }
            self.value(&entry.value, Role::Value(&Type::Any), None, &here.scope, &Slot::default());
        }
        for child in node.children.iter().flat_map(|block| &block.nodes) {
            self.declare(
                &child.name,
                local(&child.name, LocalKind::Let).target,
                &Known::Nothing,
                &here.scope,
            );
            self.let_data(child, here);
        }
    }

    fn declared_local(&mut self, name: &Text, kind: LocalKind, scope: &Scope) {
        let found = scope.find(&name.value).filter(|found| found.target == local(name, kind).target);
        let known = found.map_or(Known::Nothing, |found| found.known.clone());
        self.declare(name, local(name, kind).target, &known, scope);
    }

    fn for_node(&mut self, node: &Node, here: &Here) {
        let mut quiet = self.quiet();
        let list = property(node, "in");
        let known = list.map_or(Known::Nothing, |list| quiet.walker().known(&list.value, &here.scope));
        let variables: Vec<&Text> =
            node.entries.iter().filter(|entry| entry.name.is_none()).filter_map(text_of).collect();
        let of = match variables[..] {
            [_, _] => vec![Known::Nothing, known.entry()],
            _ => vec![known.element()],
        };
        for (at, variable) in variables.iter().enumerate() {
            let known = self.guessed(of.get(at).cloned().unwrap_or_default(), &variable.value);
            self.declare(variable, local(variable, LocalKind::Loop).target, &known, &here.scope);
        }
        self.words(node, FOR, here);
        let names = variables.iter().zip(of.into_iter().chain(std::iter::repeat(Known::Nothing)));
        let names = names.map(|(name, known)| {
            let known = self.guessed(known, &name.value);
            Name { known, ..local(name, LocalKind::Loop) }
        });
        let scope = here.scope.with(names.collect());
        self.inside(node, &Here { scope, ..here.clone() });
    }

    /// The properties of a node of the language, with values of any type.
    fn words(&mut self, node: &Node, words: &'static [&'static str], here: &Here) {
        for entry in node.entries.iter() {
            let Some(name) = &entry.name else { continue };
            self.say(name, Role::Property(Owner::Words(words), node), None, &here.scope);
            self.value(&entry.value, Role::Value(&Type::Any), None, &here.scope, &Slot::default());
        }
    }

    fn import_node(&mut self, node: &Node, here: &Here) {
        let path = node.entries.iter().find(|entry| entry.name.is_none()).and_then(text_of);
        let module = path.and_then(|path| self.analysis.imported(self.module, &path.value));
        if let Some(path) = path {
            let target = module.map(|module| Target::Module(self.analysis.source_of(module).0));
            self.say(path, Role::Import, target, &here.scope);
        }
        for entry in node.entries.iter() {
            match (&entry.name, text_of(entry)) {
                (None, Some(text)) if path.is_some_and(|path| path.span != text.span) => {
                    let owner = module.map_or(Owner::Words(IMPORT), Owner::Module);
                    self.say(text, Role::Argument(None, owner, node), None, &here.scope);
                }
                (None, _) => {}
                (Some(name), text) if *name.value == *"as" => {
                    self.say(name, Role::Property(Owner::Words(IMPORT), node), None, &here.scope);
                    if let Some(text) = text {
                        self.declared_local(text, LocalKind::Import, &here.scope);
                    }
                }
                (Some(name), _) => {
                    let params = module.map_or(&[][..], |module| &self.analysis.exports(module).params);
                    let param = params.iter().find(|param| param.name == name.value).cloned();
                    let owner = module.map_or(Owner::Words(IMPORT), Owner::Module);
                    let target = param.as_ref().map(|param| param.target.clone());
                    self.say(name, Role::Property(owner, node), target, &here.scope);
                    let ty = match param.map(|param| param.known) {
                        Some(Known::Value(ty, _)) => ty,
                        _ => Type::Any,
                    };
                    self.value(&entry.value, Role::Value(&ty), Some(&ty), &here.scope, &Slot::default());
                }
            }
        }
    }

    fn param_node(&mut self, node: &Node, here: &Here) {
        if let Some(name) = first_text(node) {
            self.declared_local(name, LocalKind::Param, &here.scope);
        }
        self.declaration(node, PARAM, PARAM_BLOCK, here);
    }

    fn option_node(&mut self, node: &Node, here: &Here) {
        if let (Some(name), Shape::Options(schema)) = (first_text(node), &here.shape) {
            let options = &self.analysis.schemas[schema.0 as usize].options;
            let at = options.iter().position(|option| option.span == name.span);
            // The text may be newer than the declarations.
            let at = at.or_else(|| options.iter().position(|option| option.name == name.value));
            match at {
                Some(at) => {
                    let target = Target::Option(*schema, at as u32);
                    self.declare(name, target, &Known::of(&options[at].ty), &here.scope);
                }
                None => self.say(name, Role::New(&Known::Nothing), None, &here.scope),
            }
        }
        self.declaration(node, OPTION, OPTION_BLOCK, &Here { top: false, ..here.clone() });
    }

    /// The rest of an `option` or a `param`.
    fn declaration(
        &mut self,
        node: &Node,
        words: &'static [&'static str],
        block: &'static [&'static str],
        here: &Here,
    ) {
        let declared = property(node, "type").and_then(text_of);
        let ty = declared.and_then(|text| Type::parse(&text.value, &self.analysis.schemas).ok());
        let ty = ty.unwrap_or(Type::Any);
        for entry in node.entries.iter().skip(1) {
            let Some(name) = &entry.name else {
                if let Some(text) = text_of(entry) {
                    self.say(text, Role::Argument(None, Owner::Words(words), node), None, &here.scope);
                }
                continue;
            };
            self.say(name, Role::Property(Owner::Words(words), node), None, &here.scope);
            match (&*name.value, text_of(entry)) {
                ("type" | "key", Some(text)) => self.written_type(text, &here.scope),
                ("default", _) => {
                    self.value(&entry.value, Role::Value(&ty), Some(&ty), &here.scope, &Slot::default());
                }
                ("arg" | "internal", _) => {
                    self.value(&entry.value, Role::Value(&Type::Bool), None, &here.scope, &Slot::default());
                }
                (_, Some(text)) => self.say(text, Role::New(&Known::Nothing), None, &here.scope),
                _ => {}
            }
        }
        if let Some(children) = &node.children {
            let here = Here { shape: Shape::Words(block), path: None, ..here.clone() };
            self.block(&children.nodes, &here, None, Some(node));
        }
    }

    /// The words of a type that are declared types and root options.
    fn written_type(&mut self, text: &Text, scope: &Scope) {
        self.say(text, Role::Type(false), None, scope);
        let value = &text.value;
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let mut at = 0;
        while let Some(start) = value[at..].find(is_word).map(|offset| at + offset) {
            let end = value[start..].find(|c| !is_word(c)).map_or(value.len(), |length| start + length);
            let word = &value[start..end];
            let quoted = value[..start].matches('"').count() % 2 == 1;
            let reference = value[..start].trim_end().ends_with("ref<");
            let target = if quoted {
                None
            } else if reference {
                let root = &self.analysis.schemas[0];
                root.by_name(word).map(|at| Target::Option(SchemaId::ROOT, at))
            } else {
                self.analysis.schemas.find(word).map(Target::Type)
            };
            let span = text.span_of(start as u32, end as u32);
            self.say(&Text::plain(word, span), Role::Type(reference), target, scope);
            at = end;
        }
    }

    fn type_node(&mut self, node: &Node, here: &Here) {
        let Some(name) = first_text(node) else { return };
        let schema = self.analysis.schemas.find(&name.value);
        let Some(schema) = schema else {
            return self.say(name, Role::New(&Known::Nothing), None, &here.scope);
        };
        self.declare(name, Target::Type(schema), &Known::Nothing, &here.scope);
        let Some(block) = &node.children else { return };
        let here = Here { shape: Shape::Options(schema), path: None, type_block: true, ..here.clone() };
        self.block(&block.nodes, &here, Some(schema), Some(node));
    }

    fn template_node(&mut self, node: &Node, here: &Here) {
        if let Some(name) = first_text(node) {
            let known = here.templates.find(&name.value).map_or(Known::Nothing, |found| found.known.clone());
            self.declare(name, local(name, LocalKind::Template).target, &known, &here.scope);
        }
        let mut names = Vec::new();
        for entry in node.entries.iter().skip(1) {
            let scope = here.scope.with(names.clone());
            let name = match &entry.name {
                Some(name) => {
                    self.value(&entry.value, Role::Value(&Type::Any), None, &scope, &Slot::default());
                    Some(name)
                }
                None => text_of(entry),
            };
            if let Some(name) = name {
                let parameter = local(name, LocalKind::Parameter);
                self.declare(name, parameter.target.clone(), &Known::Nothing, &scope);
                names.push(parameter);
            }
        }
        self.inside(node, &Here { scope: here.scope.with(names), path: here.path.clone(), ..here.clone() });
    }

    /// The templates that a block declares.
    pub(super) fn templates(&mut self, nodes: &[Node], here: &Here) -> Scope {
        let mut found = Vec::new();
        for node in nodes.iter().filter(|node| *node.name.value == *"template") {
            let Some(name) = first_text(node) else { continue };
            let params = node.entries.iter().skip(1).filter_map(|entry| match &entry.name {
                Some(name) => Some((name.value.clone(), name.span, true)),
                None => text_of(entry).map(|text| (text.value.clone(), text.span, false)),
            });
            let known = TemplateKnown { params: params.collect(), extra: self.extra(node, here) };
            found.push(Name { known: Known::Template(Rc::new(known)), ..local(name, LocalKind::Template) });
        }
        here.templates.with(found)
    }

    /// The submodule that a template defines, if it defines one and no more.
    fn extra(&self, node: &Node, here: &Here) -> Option<SchemaId> {
        let Shape::Options(schema) = here.shape else { return None };
        let nodes = node.children.iter().flat_map(|block| &block.nodes);
        let mut defining = nodes.filter(|node| !matches!(&*node.name.value, "assert" | "warn" | "let"));
        let (only, None) = (defining.next()?, defining.next()) else { return None };
        let of = &self.analysis.schemas[schema.0 as usize];
        let (at, _) = of.by_node(&only.name.value)?;
        fn submodule(ty: &Type) -> Option<SchemaId> {
            match ty {
                Type::Map(inner) | Type::List(inner) => submodule(inner),
                other => other.submodule(),
            }
        }
        submodule(&of.options[at as usize].ty)
    }

    /// A template's name as a node.
    pub(super) fn call(&mut self, node: &Node, template: &Name, here: &Here) {
        let Known::Template(known) = &template.known else { return };
        for entry in &node.entries {
            let owner = Owner::Template(known);
            match &entry.name {
                Some(name) => {
                    let param = known.params.iter().find(|(param, ..)| *param == name.value);
                    let target = param.map(|(_, span, _)| Target::Local(*span, LocalKind::Parameter));
                    self.say(name, Role::Property(owner, node), target, &here.scope);
                    self.value(&entry.value, Role::Value(&Type::Any), None, &here.scope, &Slot::default());
                }
                None => {
                    let role = Role::Argument(Some(&Type::Any), owner, node);
                    self.value(&entry.value, role, None, &here.scope, &Slot::default());
                }
            }
        }
        let Some(block) = &node.children else { return };
        match known.extra {
            Some(schema) => {
                let shape = Shape::Options(schema);
                let here = Here { shape, path: None, top: false, type_block: false, ..here.clone() };
                self.block(&block.nodes, &here, Some(schema), Some(node));
            }
            None => self.inside(node, &Here { top: false, type_block: false, ..here.clone() }),
        }
    }

    /// The same walk, of which nothing is reported.
    pub(super) fn quiet(&self) -> Quiet<'_> {
        Quiet { analysis: self.analysis, module: self.module, sink: Nowhere, guesses: self.guesses }
    }
}

/// A walk for what is known, not for what is seen.
pub(super) struct Quiet<'a> {
    analysis: &'a super::Analysis,
    module: usize,
    sink: Nowhere,
    guesses: bool,
}

impl Quiet<'_> {
    pub(super) fn walker(&mut self) -> Walker<'_> {
        let Quiet { analysis, module, sink, guesses } = self;
        Walker { analysis, module: *module, sink, guesses: *guesses }
    }
}

/// Takes everything and keeps nothing.
struct Nowhere;

impl Sink for Nowhere {
    fn enters(&self, _: Span) -> bool {
        true
    }

    fn seen(&mut self, _: super::seen::Seen<'_>) {}
}

/// A name of the author's, where it is declared.
pub(super) fn local(name: &Text, kind: LocalKind) -> Name {
    Name { name: name.value.clone(), target: Target::Local(name.span, kind), known: Known::Nothing }
}

/// The first argument, if it is text.
pub(super) fn first_text(node: &Node) -> Option<&Text> {
    node.entries.first().filter(|entry| entry.name.is_none()).and_then(text_of)
}

/// The property of this key.
pub(super) fn property<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    node.entries.iter().find(|entry| entry.name.as_ref().is_some_and(|name| *name.value == *key))
}

/// An entry's value, if it is text.
pub(super) fn text_of(entry: &Entry) -> Option<&Text> {
    match &entry.value {
        Scalar::Text(text) => Some(text),
        _ => None,
    }
}

/// The path of an import, if it can be told.
pub(super) fn import_path(node: &Node) -> Option<Arc<str>> {
    node.entries.iter().find(|entry| entry.name.is_none()).and_then(text_of).and_then(constant)
}
