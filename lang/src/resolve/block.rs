//! Blocks: the language's own nodes, and which option every other node defines.

use super::declare::Declarations;
use super::options::KEYWORDS;
use super::program::*;
use super::{Context, Exports, Names, Resolver, Shape, Templates, children, text_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::types::SchemaId;
use crate::source::Span;
use crate::syntax::tree::{Document, Entry, Node, Text};
use std::sync::Arc;

impl<'a> Resolver<'a> {
    /// One module: its inputs, its types' blocks, the defaults of its options, its definitions.
    pub(super) fn module(&mut self, id: ModuleId, declared: &Declarations<'a>) {
        let loaded = &self.loaded[id.0 as usize];
        let body = declared.tops[id.0 as usize];
        let nodes = &loaded.document.nodes;
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut templates = Vec::new();
        for (at, module) in &loaded.imports {
            let exports = &self.exports[*module];
            templates.extend(exports.templates.iter().cloned());
            match import_name(&nodes[*at]) {
                Some(under) => names.push(under.value.clone()),
                None => names.extend(exports.lets.iter().cloned()),
            }
        }
        let params = nodes.iter().filter(|node| *node.name.value == *"param");
        for name in params.filter_map(|node| node.entries.first().and_then(|entry| text_of(&entry.value))) {
            // A param is called as its lab's users call it: `--set hosts=300`.
            names.push(name.value.clone());
        }
        let context = Context {
            module: id,
            names: Names::default().with(names),
            templates: Templates::default().with(templates),
            shape: Shape::Options(SchemaId::ROOT),
            rank: Rank::PLAIN,
            within: body,
            top: true,
        };
        let inner = self.block(body, nodes, &context, Vec::new());
        self.exports.push(Exports {
            lets: self.program.body(body).lets.iter().map(|one| one.name.clone()).collect(),
            templates: inner.templates.0.as_ref().map_or_else(Vec::new, |frame| frame.templates.clone()),
        });
        self.head(id, &inner);
        for block in declared.types.iter().filter(|block| block.module == id) {
            let binds = self.binds(block.schema, &inner.names);
            let context = Context { shape: Shape::Options(block.schema), top: false, ..inner.clone() };
            self.block(block.body, block.nodes, &context, binds);
        }
        for unresolved in declared.defaults.iter() {
            let option = self.program.option(unresolved.schema, unresolved.option);
            if option.module != id {
                continue;
            }
            let mut names = inner.names.clone();
            if unresolved.schema != SchemaId::ROOT {
                let block = self.program.body(unresolved.body);
                let binds = block.binds.iter().map(|(name, _)| name.clone()).collect();
                let lets = block.lets.iter().map(|one| one.name.clone()).collect();
                names = names.with_implicit(binds).with(lets);
            }
            let term = self.term(unresolved.value, &names);
            self.program.schemas[unresolved.schema.0 as usize].options[unresolved.option as usize].default =
                Some(term);
        }
    }

    /// `lab`, `import` and `param`, which stand at the top of a file.
    fn head(&mut self, id: ModuleId, context: &Context) {
        let loaded = &self.loaded[id.0 as usize];
        let mut module = Module {
            name: loaded.name.clone(),
            body: context.within,
            params: Vec::new(),
            imports: Vec::new(),
        };
        for (at, node) in loaded.document.nodes.iter().enumerate() {
            match &*node.name.value {
                "lab" => self.lab_name(node, id),
                "param" => module.params.extend(self.param(node, &module.params, context)),
                "import" => {
                    let Some((_, target)) = loaded.imports.iter().find(|(known, _)| *known == at) else {
                        continue;
                    };
                    let target = ModuleId(*target as u32);
                    module.imports.push(self.import(node, target, context));
                }
                _ => {}
            }
        }
        self.program.modules.push(module);
    }

    fn lab_name(&mut self, node: &'a Node, id: ModuleId) {
        let Some(name) = self.declared_name(node, "lab kerberos-in-a-box") else { return };
        // A lab that is imported by another does not name it.
        if id.0 as usize + 1 == self.loaded.len() {
            self.lab = Some((name.value.clone(), name.span));
        }
    }

    fn param(&mut self, node: &'a Node, known: &[Param], context: &Context) -> Option<Param> {
        let name = self.declared_name(node, "param clients type=int default=3")?;
        if let Some(first) = known.iter().find(|param| param.name.value == name.value) {
            let message = format!("param `{}` is declared twice", name.value);
            self.report(
                Diagnostic::error(codes::DUPLICATE, name.span, message)
                    .label(first.name.span, "declared here first"),
            );
            return None;
        }
        let mistakes = self.diagnostics.len();
        let mut param = Param {
            name: name.clone(),
            ty: crate::module::types::Type::Any,
            default: None,
            span: node.head,
            given: None,
        };
        for entry in &node.entries[1..] {
            match entry.name.as_ref().map(|name| &*name.value) {
                Some("type") => {
                    param.ty = self.written_type(entry).unwrap_or(crate::module::types::Type::Any)
                }
                Some("default") => param.default = Some(self.term(&entry.value, &context.names)),
                _ => self.unknown_entry(entry, "param", &["type", "default"]),
            }
        }
        for child in children(node.children.as_ref()) {
            if *child.name.value != *"doc" {
                let wrong = Diagnostic::error(
                    codes::UNKNOWN_OPTION,
                    child.head,
                    "a param's block has `doc \"…\"` only",
                );
                self.report(wrong);
            }
        }
        if self.diagnostics.len() > mistakes {
            // Whatever it is, that it has no value would only follow.
            param.default.get_or_insert(Term::Broken(node.head));
        }
        Some(param)
    }

    fn import(&mut self, node: &'a Node, module: ModuleId, context: &Context) -> Import {
        let mut import = Import { module, under: None, arguments: Vec::new() };
        for entry in &node.entries {
            let Some(name) = &entry.name else { continue };
            if *name.value == *"as" {
                import.under = text_of(&entry.value).map(|text| text.value.clone());
                if let Some(under) = &import.under {
                    self.hides(under, entry.value.span(), context.module);
                }
                continue;
            }
            let target = &self.program.modules[module.0 as usize];
            if target.params.iter().all(|param| param.name.value != name.value) {
                let names = target.params.iter().map(|param| &*param.name.value);
                let near = crate::nearest::nearest(&name.value, names).map(String::from);
                let message = format!("`{}` has no param `{}`", target.name, name.value);
                let mut wrong = Diagnostic::error(codes::UNKNOWN_PARAM, name.span, message);
                wrong.help.extend(near.map(|near| format!("did you mean `{near}`?")));
                self.report(wrong);
                continue;
            }
            let term = self.term(&entry.value, &context.names);
            import.arguments.push((name.clone(), term));
        }
        import
    }

    /// The names a block of a submodule of this type binds, beside those it writes.
    pub(super) fn binds(&self, schema: SchemaId, names: &Names) -> Vec<(Arc<str>, Bind)> {
        let of = self.program.schema(schema);
        let mut binds: Vec<(Arc<str>, Bind)> = vec![("self".into(), Bind::Own)];
        if of.keyed {
            binds.push(("name".into(), Bind::Key));
        }
        for around in &of.around {
            let name = &self.program.schema(*around).name;
            // A loop variable called `host` is what the author wrote; the host at hand is `self` as well.
            if !name.is_empty() && !names.explicit(name) {
                binds.push((name.clone(), Bind::Around(*around)));
            }
        }
        binds
    }

    /// Resolves a block into its reserved body; returns the context its nodes were in.
    pub(super) fn block(
        &mut self,
        id: BodyId,
        nodes: &'a [Node],
        outer: &Context,
        binds: Vec<(Arc<str>, Bind)>,
    ) -> Context {
        let implicit = binds.iter().map(|(name, _)| name.clone()).collect();
        let mut context = Context { within: id, names: outer.names.with_implicit(implicit), ..outer.clone() };
        let lets = self.let_names(nodes, &context);
        context.names = context.names.with(lets);
        let templates = self.declare_templates(nodes, &context);
        context.templates = context.templates.with(templates.clone());
        for (_, template) in &templates {
            self.template_head(*template, &context);
        }
        let mut body = Body { binds, lets: self.lets(nodes, &context), ..Body::default() };
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.items(nodes, &context, &mut body));
        self.duplicates(&mut body, &context);
        body.index(&self.program);
        self.program.bodies[id.0 as usize] = body;
        context
    }

    fn items(&mut self, nodes: &'a [Node], context: &Context, body: &mut Body) {
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            at += 1;
            let item = match &*node.name.value {
                "let" => None,
                "template" => None,
                "lab" | "import" | "param" if context.top => None,
                "option" | "type" if context.top => None,
                "option" if matches!(context.shape, Shape::Options(_)) && self.is_type_block(context) => None,
                keyword @ ("lab" | "import" | "param" | "option" | "type") => {
                    self.misplaced(node, keyword);
                    None
                }
                "for" => self.loop_node(node, context).map(Item::For),
                "if" => {
                    let from = at;
                    while nodes.get(at).is_some_and(|next| *next.name.value == *"else") {
                        at += 1;
                    }
                    self.condition(node, &nodes[from..at], context).map(Item::If)
                }
                "else" => {
                    let wrong = Diagnostic::error(
                        codes::ELSE_WITHOUT_IF,
                        node.name.span,
                        "there is no `if` before this",
                    )
                    .help("`else { … }` stands right after the block of its `if`");
                    self.report(wrong);
                    None
                }
                "assert" => self.assertion(node, false, context).map(Item::Assert),
                "warn" => self.assertion(node, true, context).map(Item::Assert),
                _ => {
                    let before = body.items.len();
                    self.definition(node, context, &mut body.items);
                    body.broken |= body.items.len() == before;
                    continue;
                }
            };
            body.items.extend(item);
        }
    }

    fn is_type_block(&self, context: &Context) -> bool {
        match context.shape {
            Shape::Options(schema) => {
                self.program.schema(schema).bodies.iter().any(|(body, _)| *body == context.within)
            }
            Shape::Entries(_) => false,
        }
    }

    fn misplaced(&mut self, node: &Node, keyword: &str) {
        let message = format!("`{keyword}` cannot stand here");
        let place = match keyword {
            "option" => "at the top of a file, or in the block of a `type`",
            _ => "at the top of a file",
        };
        let wrong = Diagnostic::error(codes::MISPLACED, node.name.span, message)
            .help(format!("it belongs {place}: what a lab is made of is known before anything is evaluated"));
        self.report(wrong);
    }

    fn loop_node(&mut self, node: &'a Node, context: &Context) -> Option<For> {
        let mut names: Vec<&Text> = Vec::new();
        let mut list = None;
        for entry in &node.entries {
            match (&entry.name, text_of(&entry.value)) {
                (None, Some(name)) if is_name(&name.value) => names.push(name),
                (None, _) => {
                    let wrong = Diagnostic::error(
                        codes::ARGUMENTS,
                        entry.span,
                        "expected a name for the loop's variable",
                    );
                    self.report(wrong);
                    return None;
                }
                (Some(property), _) if *property.value == *"in" => list = Some(&entry.value),
                (Some(_), _) => self.unknown_entry(entry, "for", &["in"]),
            }
        }
        let (Some(list), 1..=2, Some(block)) = (list, names.len(), &node.children) else {
            let wrong = Diagnostic::error(
                codes::ARGUMENTS,
                node.head,
                "`for` takes one or two names, `in=` and a block",
            )
            .help("write `for host in=\"${…}\" { … }`, or `for name host in=$hosts { … }` over a set");
            self.report(wrong);
            return None;
        };
        let list = self.term(list, &context.names);
        for name in &names {
            self.hides(&name.value, name.span, context.module);
        }
        let names_span = names[0].span;
        let names: Vec<Arc<str>> = names.iter().map(|name| name.value.clone()).collect();
        let inner = Context { names: context.names.with(names.clone()), top: false, ..context.clone() };
        let body = self.inner(block, &inner);
        Some(For { names, names_span, list, body })
    }

    fn condition(&mut self, node: &'a Node, otherwise: &'a [Node], context: &Context) -> Option<If> {
        let (condition, yes) = self.condition_head(&node.entries, node, "if", context)?;
        let no = match otherwise {
            [] => None,
            [first, rest @ ..] => self.otherwise(first, rest, context),
        };
        Some(If { condition, yes, no })
    }

    fn otherwise(&mut self, node: &'a Node, rest: &'a [Node], context: &Context) -> Option<BodyId> {
        let is_if = node.entries.first().is_some_and(|entry| {
            entry.name.is_none() && text_of(&entry.value).is_some_and(|text| *text.value == *"if")
        });
        if !is_if {
            if let Some(entry) = node.entries.first() {
                let wrong = Diagnostic::error(
                    codes::ARGUMENTS,
                    entry.span,
                    "`else` takes a block, or `if` and a condition",
                );
                self.report(wrong);
            }
            if let Some(next) = rest.first() {
                let wrong =
                    Diagnostic::error(codes::ELSE_WITHOUT_IF, next.name.span, "the `else` above is the last")
                        .label(node.name.span, "the last");
                self.report(wrong);
            }
            return node.children.as_ref().map(|block| self.inner(block, &plain(context)));
        }
        // `else if` is an `else` whose block is the `if`.
        let id = self.reserve();
        let (condition, yes) = self.condition_head(&node.entries[1..], node, "else if", context)?;
        let no = match rest {
            [] => None,
            [first, rest @ ..] => self.otherwise(first, rest, context),
        };
        let mut body = Body { items: vec![Item::If(If { condition, yes, no })], ..Body::default() };
        body.index(&self.program);
        self.program.bodies[id.0 as usize] = body;
        Some(id)
    }

    fn condition_head(
        &mut self,
        entries: &'a [Entry],
        node: &'a Node,
        keyword: &str,
        context: &Context,
    ) -> Option<(Term, BodyId)> {
        let ([Entry { name: None, value, .. }], Some(block)) = (entries, &node.children) else {
            let message = format!("`{keyword}` takes one condition and a block");
            let wrong = Diagnostic::error(codes::ARGUMENTS, node.head, message)
                .help(format!("write `{keyword} \"${{…}}\" {{ … }}`"));
            self.report(wrong);
            return None;
        };
        let condition = self.term(value, &context.names);
        Some((condition, self.inner(block, &plain(context))))
    }

    /// A block within the same submodule: of a loop or a condition.
    fn inner(&mut self, block: &'a Document, context: &Context) -> BodyId {
        let id = self.reserve();
        self.block(id, &block.nodes, context, Vec::new());
        id
    }

    fn assertion(&mut self, node: &'a Node, warning: bool, context: &Context) -> Option<Assert> {
        let keyword = if warning { "warn" } else { "assert" };
        let arguments: Vec<&Entry> = node.entries.iter().filter(|entry| entry.name.is_none()).collect();
        if let Some(entry) = node.entries.iter().find(|entry| entry.name.is_some()) {
            self.unknown_entry(entry, keyword, &[]);
        }
        let (condition, message) = match arguments[..] {
            [condition] => (condition, None),
            [condition, message] => (condition, Some(message)),
            _ => {
                let message = format!("`{keyword}` takes a condition and a message");
                let wrong = Diagnostic::error(codes::ARGUMENTS, node.head, message)
                    .help(format!("write `{keyword} \"${{…}}\" \"what must hold\"`"));
                self.report(wrong);
                return None;
            }
        };
        let condition = self.term(&condition.value, &context.names);
        let message = message.map(|message| self.term(&message.value, &context.names));
        Some(Assert { condition, message, warning })
    }

    /// The names that a block's `let`s bind.
    fn let_names(&mut self, nodes: &'a [Node], context: &Context) -> Vec<Arc<str>> {
        let mut known: Vec<(Arc<str>, Span)> = Vec::new();
        for node in nodes.iter().filter(|node| *node.name.value == *"let") {
            let properties = node.entries.iter().filter_map(|entry| entry.name.as_ref());
            for name in properties.chain(children(node.children.as_ref()).iter().map(|child| &child.name)) {
                if let Some((_, first)) = known.iter().find(|(known, _)| *known == name.value) {
                    let message = format!("`{}` is bound twice in this block", name.value);
                    let wrong = Diagnostic::error(codes::DUPLICATE, name.span, message)
                        .label(*first, "bound here first");
                    self.diagnostics.push(wrong);
                    continue;
                }
                self.hides(&name.value, name.span, context.module);
                known.push((name.value.clone(), name.span));
            }
        }
        known.into_iter().map(|(name, _)| name).collect()
    }

    fn lets(&mut self, nodes: &'a [Node], context: &Context) -> Vec<Let> {
        let mut lets: Vec<Let> = Vec::new();
        for node in nodes.iter().filter(|node| *node.name.value == *"let") {
            for entry in &node.entries {
                let Some(name) = &entry.name else {
                    let wrong = Diagnostic::error(
                        codes::ARGUMENTS,
                        entry.span,
                        "`let` binds names: `let name=value`",
                    );
                    self.report(wrong.help(match text_of(&entry.value) {
                        Some(name) if is_name(&name.value) => format!("write `let {}=VALUE`", name.value),
                        _ => "write `let NAME=VALUE`".to_owned(),
                    }));
                    break;
                };
                let value = Data::Term(self.term(&entry.value, &context.names));
                lets.push(Let { name: name.value.clone(), span: name.span, value });
            }
            for child in children(node.children.as_ref()) {
                let value = self.data(child, &context.names);
                lets.push(Let { name: child.name.value.clone(), span: child.name.span, value });
            }
        }
        let mut seen: Vec<Arc<str>> = Vec::new();
        lets.retain(|one| {
            let new = !seen.contains(&one.name);
            seen.push(one.name.clone());
            new
        });
        lets
    }

    /// The same scalar twice in one node is a mistake; in two nodes it is a merge.
    fn duplicates(&mut self, body: &mut Body, context: &Context) {
        let Shape::Options(schema) = context.shape else { return };
        if context.top {
            return;
        }
        let mut seen: Vec<(u32, u32, Span)> = Vec::new();
        body.items.retain(|item| match item {
            Item::Define(definition) => !self.duplicate(schema, definition, &mut seen),
            Item::For(_) | Item::If(_) | Item::Call(_) | Item::Assert(_) => true,
        });
    }

    /// Whether its node has the definition already, which is reported.
    pub(super) fn duplicate(
        &mut self,
        schema: SchemaId,
        definition: &Definition,
        seen: &mut Vec<(u32, u32, Span)>,
    ) -> bool {
        let option = self.program.option(schema, definition.option);
        if !option.ty.is_scalar() {
            return false;
        }
        let same = |(known, priority, _): &&(u32, u32, Span)| {
            *known == definition.option && *priority == definition.rank.priority
        };
        if let Some((_, _, first)) = seen.iter().find(same) {
            let message = format!("`{}` is given twice in one node", option.name);
            let wrong = Diagnostic::error(codes::DUPLICATE, definition.span, message)
                .label(*first, "given here first")
                .label(option.span, "declared here, with one value");
            self.report(wrong);
            return true;
        }
        seen.push((definition.option, definition.rank.priority, definition.span));
        false
    }
}

/// The name in `as=name`.
fn import_name(node: &Node) -> Option<&Text> {
    let under =
        node.entries.iter().find(|entry| entry.name.as_ref().is_some_and(|name| *name.value == *"as"))?;
    text_of(&under.value)
}

fn plain(context: &Context) -> Context {
    Context { top: false, ..context.clone() }
}

/// Whether an expression can refer to it.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\''))
        && !KEYWORDS.contains(&text)
}

impl Body {
    /// Notes which items define which option, and which have assertions.
    pub(super) fn index(&mut self, program: &Program) {
        let mut sites: std::collections::BTreeMap<u32, Vec<u32>> = std::collections::BTreeMap::new();
        let mut asserts = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let at = at as u32;
            let inner: &[Option<BodyId>] = match item {
                Item::Define(definition) => {
                    sites.entry(definition.option).or_default().push(at);
                    continue;
                }
                Item::Assert(_) => {
                    asserts.push(at);
                    continue;
                }
                Item::For(one) => &[Some(one.body), None],
                Item::If(one) => &[Some(one.yes), one.no],
                Item::Call(call) => &[
                    Some(call.body),
                    match call.extra {
                        Some(Extra::Beside(body)) => Some(body),
                        Some(Extra::Inside(_)) | None => None,
                    },
                ],
            };
            for body in inner.iter().flatten().map(|body| program.body(*body)) {
                for (option, _) in &body.sites {
                    let items = sites.entry(*option).or_default();
                    if items.last() != Some(&at) {
                        items.push(at);
                    }
                }
                self.broken |= body.broken;
                if !body.asserts.is_empty() && asserts.last() != Some(&at) {
                    asserts.push(at);
                }
            }
        }
        self.sites = sites.into_iter().collect();
        self.asserts = asserts;
    }
}
