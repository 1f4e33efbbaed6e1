//! A node that defines an option: what stands in it, in the form that the option's type takes.

use super::program::*;
use super::{Context, Names, Resolver, Shape, children};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::finish::is_secret;
use crate::module::types::{SchemaId, Type};
use crate::nearest::{nearest, with_article};
use crate::source::Span;
use crate::syntax::tree::{Document, Entry, Node, Scalar, Text};
use std::sync::Arc;

/// What a node holds besides its name and, in a collection, its key.
#[derive(Clone)]
struct Parts<'a> {
    arguments: Vec<&'a Entry>,
    properties: Vec<&'a Entry>,
    block: Option<&'a Document>,
    /// What to underline where something is missing.
    head: Span,
    /// How messages call it.
    name: &'a str,
}

impl<'a> Resolver<'a> {
    /// A node that is none of the language's own.
    pub(super) fn definition(&mut self, node: &'a Node, context: &Context, items: &mut Vec<Item>) {
        let rank = self.rank(node.annotation.as_deref(), context.rank);
        let context = Context { rank, ..context.clone() };
        match &context.shape {
            Shape::Entries(ty) => {
                let key = self.text_term(&node.name, &context.names);
                for content in self.content(&ty.clone(), parts(node, 0), &context) {
                    let content = Content::Entry { key: key.clone(), content: Box::new(content) };
                    items.push(Item::Define(Definition {
                        schema: SchemaId::ROOT,
                        option: 0,
                        rank,
                        content,
                        span: node.head,
                    }));
                }
            }
            Shape::Options(schema) => {
                let schema = *schema;
                if let Some(template) = context.templates.find(&node.name.value) {
                    items.extend(self.call(node, template, &context).map(Item::Call));
                    return;
                }
                let Some((option, by_node)) = self.program.schema(schema).by_node(&node.name.value) else {
                    self.unknown_option(&node.name, schema, &context);
                    return;
                };
                if !self.may_define(schema, option, node.name.span, &context) {
                    return;
                }
                let ty = self.program.option(schema, option).ty.clone();
                for content in self.option_content(&ty, by_node, node, &context) {
                    items.push(Item::Define(Definition { schema, option, rank, content, span: node.head }));
                }
            }
        }
    }

    fn option_content(
        &mut self,
        ty: &Type,
        by_node: bool,
        node: &'a Node,
        context: &Context,
    ) -> Vec<Content> {
        match ty {
            Type::Map(inner) if by_node => {
                let Some(first) = node.entries.first().filter(|entry| entry.name.is_none()) else {
                    let name = &node.name.value;
                    let wrong = Diagnostic::error(
                        codes::ARGUMENTS,
                        node.head,
                        format!("`{name}` needs a name of its own"),
                    )
                    .help(format!("write `{name} NAME …`; the names are the keys of a collection"));
                    self.report(wrong);
                    return Vec::new();
                };
                let key = self.term(&first.value, &context.names);
                let contents = self.content(inner, parts(node, 1), context);
                let entry = |content| Content::Entry { key: key.clone(), content: Box::new(content) };
                contents.into_iter().map(entry).collect()
            }
            Type::List(inner) if by_node => {
                let contents = self.content(inner, parts(node, 0), context);
                contents.into_iter().map(|content| Content::Element(Box::new(content))).collect()
            }
            Type::Optional(inner) if by_node && matches!(**inner, Type::Map(_) | Type::List(_)) => {
                self.option_content(inner, by_node, node, context)
            }
            ty => self.content(ty, parts(node, 0), context),
        }
    }

    fn content(&mut self, ty: &Type, parts: Parts<'a>, context: &Context) -> Vec<Content> {
        if is_secret(ty) {
            // Also where it is refused.
            let plain = parts.arguments.iter().filter_map(|entry| match &entry.value {
                Scalar::Text(text) if !text.value.contains('$') => Some(text.span),
                _ => None,
            });
            self.program.secrets.extend(plain);
        }
        match ty {
            Type::Optional(inner) => self.content(inner, parts, context),
            Type::Union(types) => {
                let plain = parts.properties.is_empty() && parts.block.is_none();
                let structured =
                    types.iter().find(|one| matches!(one, Type::Submodule(_) | Type::Map(_) | Type::Any));
                let several = types.iter().find(|one| matches!(one, Type::List(_)));
                match (plain, structured, several) {
                    (false, Some(one), _) => self.content(one, parts, context),
                    (true, _, Some(list)) if parts.arguments.len() != 1 => self.content(list, parts, context),
                    _ => self.one_value(parts, context),
                }
            }
            Type::Submodule(schema) => self.submodule(*schema, parts, context),
            Type::Map(inner) => self.map(inner, parts, context),
            Type::List(inner) => self.list(inner, parts, context),
            Type::Any => self.any(parts, context),
            Type::Bool
            | Type::Int(..)
            | Type::Float(..)
            | Type::Port
            | Type::Text(_)
            | Type::Enum(_)
            | Type::Ref(_)
            | Type::Function => self.one_value(parts, context),
        }
    }

    fn one_value(&mut self, parts: Parts<'a>, context: &Context) -> Vec<Content> {
        let name = parts.name;
        if let Some(property) = parts.properties.first() {
            let message = format!("`{name}` is one value and has no properties");
            self.report(
                Diagnostic::error(codes::ARGUMENTS, property.span, message)
                    .help(format!("write `{name} VALUE`")),
            );
            return Vec::new();
        }
        if let Some(block) = parts.block {
            let span = block.nodes.first().map_or(parts.head, |node| node.head);
            let message = format!("`{name}` is one value and has no block");
            self.report(
                Diagnostic::error(codes::ARGUMENTS, span, message).help(format!("write `{name} VALUE`")),
            );
            return Vec::new();
        }
        match parts.arguments[..] {
            [one] => vec![Content::Values(vec![self.term(&one.value, &context.names)])],
            [] => {
                let wrong =
                    Diagnostic::error(codes::ARGUMENTS, parts.head, format!("`{name}` needs a value"))
                        .help(format!("write `{name} VALUE`"));
                self.report(wrong);
                Vec::new()
            }
            [_, second, ..] => {
                let wrong =
                    Diagnostic::error(codes::ARGUMENTS, second.span, format!("`{name}` takes one value"))
                        .help("a value with spaces in it stands in quotes");
                self.report(wrong);
                Vec::new()
            }
        }
    }

    fn list(&mut self, inner: &Type, parts: Parts<'a>, context: &Context) -> Vec<Content> {
        if let Some(property) = parts.properties.first() {
            let message = format!("`{}` is a list and has no properties", parts.name);
            let wrong = Diagnostic::error(codes::ARGUMENTS, property.span, message)
                .help(format!("write its elements after its name: `{} A B C`", parts.name));
            self.report(wrong);
        }
        let mut found = Vec::new();
        if !parts.arguments.is_empty() || parts.block.is_none() {
            found.push(Content::Values(self.terms(&parts.arguments, &context.names)));
        }
        for child in children(parts.block) {
            if *child.name.value != *"-" {
                let message = format!("`{}` is a list: each element of its block is called `-`", parts.name);
                let wrong = Diagnostic::error(codes::UNKNOWN_OPTION, child.name.span, message)
                    .help(format!("write `{} {{ - A; - B }}`, or its elements after its name", parts.name));
                self.report(wrong);
                continue;
            }
            for content in self.content(inner, self::parts(child, 0), context) {
                found.push(Content::Element(Box::new(content)));
            }
        }
        found
    }

    fn map(&mut self, inner: &Type, parts: Parts<'a>, context: &Context) -> Vec<Content> {
        let mut found = Vec::new();
        match parts.arguments[..] {
            [] => {}
            [one] => found.push(Content::Values(vec![self.term(&one.value, &context.names)])),
            [_, second, ..] => {
                let message = format!("`{}` is a map: its entries stand in its block", parts.name);
                let wrong = Diagnostic::error(codes::ARGUMENTS, second.span, message)
                    .help(format!("write `{} {{ KEY VALUE }}`, or `{} KEY=VALUE`", parts.name, parts.name));
                self.report(wrong);
            }
        }
        for property in &parts.properties {
            let Some(name) = &property.name else { continue };
            let key = self.text_term(name, &context.names);
            let value = Parts {
                arguments: vec![property],
                properties: Vec::new(),
                block: None,
                head: property.span,
                name: &name.value,
            };
            for content in self.content(inner, value, context) {
                found.push(Content::Entry { key: key.clone(), content: Box::new(content) });
            }
        }
        if let Some(block) = parts.block {
            let body = self.reserve();
            let context =
                Context { shape: Shape::Entries(Arc::new(inner.clone())), top: false, ..context.clone() };
            self.block(body, &block.nodes, &context, Vec::new());
            found.push(Content::Entries(body));
        }
        found
    }

    fn any(&mut self, parts: Parts<'a>, context: &Context) -> Vec<Content> {
        if parts.properties.is_empty() && parts.block.is_none() {
            if parts.arguments.is_empty() {
                return self.one_value(parts, context);
            }
            return vec![Content::Values(self.terms(&parts.arguments, &context.names))];
        }
        vec![Content::Data(self.data_parts(parts, &context.names))]
    }

    fn submodule(&mut self, schema: SchemaId, parts: Parts<'a>, context: &Context) -> Vec<Content> {
        let mut found = Vec::new();
        let mut head = Body::default();
        if !parts.arguments.is_empty() {
            match self.program.schema(schema).argument() {
                Some(option) => {
                    let ty = self.program.option(schema, option).ty.clone();
                    let values = Parts { properties: Vec::new(), block: None, ..parts.clone() };
                    for content in self.content(&ty, values, context) {
                        let span =
                            parts.arguments[0].span.to(parts.arguments[parts.arguments.len() - 1].span);
                        let rank = context.rank;
                        head.items.push(Item::Define(Definition { schema, option, rank, content, span }));
                    }
                }
                None if parts.arguments.len() == 1 && is_plain(&parts.arguments[0].value) => {
                    let (name, argument) = (parts.name, parts.arguments[0]);
                    let message = format!("`{name}` takes no further argument");
                    let wrong = Diagnostic::error(codes::ARGUMENTS, argument.span, message);
                    let help = self.list_before(schema, &parts).unwrap_or_else(|| {
                        format!(
                            "write its options as properties or in its block: `{name} … {{ OPTION VALUE }}`"
                        )
                    });
                    self.report(wrong.help(help));
                    head.broken = true;
                }
                None if parts.arguments.len() == 1 => {
                    let term = self.term(&parts.arguments[0].value, &context.names);
                    found.push(Content::Values(vec![term]));
                }
                None => {
                    let name = parts.name;
                    let message = format!("`{name}` takes no further argument");
                    let wrong =
                        Diagnostic::error(codes::ARGUMENTS, parts.arguments[1].span, message).help(format!(
                            "write its options as properties or in its block: `{name} … {{ OPTION VALUE }}`"
                        ));
                    self.report(wrong);
                }
            }
        }
        for property in &parts.properties {
            self.property(schema, property, context, &mut head);
        }
        let mut seen = Vec::new();
        head.items.retain(|item| match item {
            Item::Define(definition) => !self.duplicate(schema, definition, &mut seen),
            Item::For(_) | Item::If(_) | Item::Call(_) | Item::Assert(_) => true,
        });
        let body = parts.block.map(|block| {
            let id = self.reserve();
            let binds = self.binds(schema, &context.names);
            let context = Context { shape: Shape::Options(schema), top: false, ..context.clone() };
            self.block(id, &block.nodes, &context, binds);
            // What the head has given already, the block cannot give again.
            let mut body = std::mem::take(&mut self.program.bodies[id.0 as usize]);
            body.items.retain(|item| match item {
                Item::Define(definition) if seen.iter().any(|(option, ..)| *option == definition.option) => {
                    !self.duplicate(schema, definition, &mut seen)
                }
                Item::Define(_) | Item::For(_) | Item::If(_) | Item::Call(_) | Item::Assert(_) => true,
            });
            body.index(&self.program);
            self.program.bodies[id.0 as usize] = body;
            id
        });
        let head = (!head.items.is_empty() || head.broken).then(|| {
            head.index(&self.program);
            let id = self.reserve();
            self.program.bodies[id.0 as usize] = head;
            id
        });
        if head.is_some() || body.is_some() || found.is_empty() {
            found.push(Content::Block { head, body, open: false });
        }
        found
    }

    /// What an argument after a property was probably meant for: a further element of it.
    fn list_before(&self, schema: SchemaId, parts: &Parts<'a>) -> Option<String> {
        let argument = parts.arguments[0].span;
        let before = parts.properties.iter().rfind(|property| property.span.end <= argument.start)?;
        let name = &before.name.as_ref()?.value;
        let (option, _) = self.program.schema(schema).by_node(name)?;
        if !matches!(&self.program.option(schema, option).ty, Type::List(inner) if !is_secret(inner)) {
            return None;
        }
        let [first, second] = [before.value.span(), argument].map(|span| self.sources.text(span));
        Some(format!("several elements of `{name}` stand in the block: `{{ {name} {first} {second} }}`"))
    }

    fn property(&mut self, schema: SchemaId, property: &'a Entry, context: &Context, head: &mut Body) {
        let Some(name) = &property.name else { return };
        let of = self.program.schema(schema);
        let option = of.by_name(&name.value).or_else(|| of.by_node(&name.value).map(|(option, _)| option));
        let Some(option) = option else {
            self.unknown_option(name, schema, context);
            head.broken = true;
            return;
        };
        if !self.may_define(schema, option, name.span, context) {
            return;
        }
        let rank = self.rank(property.annotation.as_deref(), context.rank);
        let ty = self.program.option(schema, option).ty.clone();
        let value = Parts {
            arguments: vec![property],
            properties: Vec::new(),
            block: None,
            head: property.span,
            name: &name.value,
        };
        for content in self.content(&ty, value, context) {
            head.items.push(Item::Define(Definition { schema, option, rank, content, span: property.span }));
        }
    }

    fn may_define(&mut self, schema: SchemaId, option: u32, span: Span, context: &Context) -> bool {
        let option = self.program.option(schema, option);
        if !option.internal || self.loaded[context.module.0 as usize].standard {
            return true;
        }
        let wrong = Diagnostic::error(
            codes::INTERNAL_OPTION,
            span,
            format!("`{}` is computed and cannot be given", option.name),
        )
        .label(option.span, "declared `internal` here");
        self.report(wrong);
        false
    }

    fn unknown_option(&mut self, name: &Text, schema: SchemaId, context: &Context) {
        let of = self.program.schema(schema);
        let written = &name.value;
        let message = match schema {
            SchemaId::ROOT => format!("there is no option `{written}`"),
            _ => format!("{} has no option `{written}`", with_article(&of.name)),
        };
        let mut wrong = Diagnostic::error(codes::UNKNOWN_OPTION, name.span, message);
        if written.contains('$') {
            wrong = wrong.help(
                "which option a node defines is known without evaluating; compute keys and values, not names",
            );
            self.report(wrong);
            return;
        }
        let own = of.options.iter().filter(|option| !option.internal);
        let names = own.flat_map(|option| option.node.iter().chain([&option.name]).map(|name| &**name));
        let language = ["for", "if", "let", "assert", "warn"];
        let known = names.chain(context.templates.names()).chain(language);
        if let Some(near) = nearest(written, known) {
            wrong = wrong.help(format!("did you mean `{near}`?"));
        } else if let Some(elsewhere) = self.elsewhere(written, schema) {
            wrong = wrong.help(elsewhere);
        } else if schema == SchemaId::ROOT {
            wrong = wrong.help("is an `import` missing?");
        }
        self.report(wrong);
    }

    /// Where an option of this name would be known.
    fn elsewhere(&self, name: &str, not: SchemaId) -> Option<String> {
        let mut homes = Vec::new();
        for (at, schema) in self.program.schemas.iter().enumerate() {
            if at as u32 != not.0
                && schema.by_node(name).is_some_and(|(at, _)| !schema.options[at as usize].internal)
            {
                homes.push(if at == 0 { "the top level".to_owned() } else { format!("`{}`", schema.name) });
            }
        }
        match &homes[..] {
            [] => None,
            [some @ .., last] if !some.is_empty() && homes.len() <= 4 => {
                Some(format!("`{name}` is known in {} and {last}", some.join(", ")))
            }
            [one] => Some(format!("`{name}` is known in {one}")),
            _ => None,
        }
    }

    fn terms(&mut self, entries: &[&'a Entry], names: &Names) -> Vec<Term> {
        entries.iter().map(|entry| self.term(&entry.value, names)).collect()
    }

    /// A node as plain data.
    pub(super) fn data(&mut self, node: &'a Node, names: &Names) -> Data {
        self.data_parts(parts(node, 0), names)
    }

    fn data_parts(&mut self, parts: Parts<'a>, names: &Names) -> Data {
        if parts.properties.is_empty() && parts.block.is_none() {
            return match &parts.arguments[..] {
                [one] => Data::Term(self.term(&one.value, names)),
                several => {
                    Data::List(several.iter().map(|one| Data::Term(self.term(&one.value, names))).collect())
                }
            };
        }
        if let Some(argument) = parts.arguments.first() {
            let wrong = Diagnostic::error(
                codes::ARGUMENTS,
                argument.span,
                format!("`{}` has both a value and entries", parts.name),
            )
            .help("a name has either a value or a block");
            self.report(wrong);
        }
        let nodes = children(parts.block);
        if !nodes.is_empty()
            && parts.properties.is_empty()
            && nodes.iter().all(|node| *node.name.value == *"-")
        {
            return Data::List(nodes.iter().map(|node| self.data(node, names)).collect());
        }
        let mut entries: Vec<(Arc<str>, Data)> = Vec::new();
        for property in &parts.properties {
            let Some(name) = &property.name else { continue };
            entries.push((name.value.clone(), Data::Term(self.term(&property.value, names))));
        }
        for node in nodes {
            if let Some((known, _)) = entries.iter().find(|(known, _)| *known == node.name.value) {
                let wrong =
                    Diagnostic::error(codes::DUPLICATE, node.name.span, format!("`{known}` is given twice"));
                self.report(wrong);
                continue;
            }
            let value = self.data(node, names);
            entries.push((node.name.value.clone(), value));
        }
        Data::Set(entries)
    }

    /// A definition's priority and order.
    pub(super) fn rank(&mut self, annotation: Option<&Text>, outer: Rank) -> Rank {
        let Some(annotation) = annotation else { return outer };
        match &*annotation.value {
            "default" => Rank { priority: 1000, ..outer },
            "force" => Rank { priority: 50, ..outer },
            "before" => Rank { order: 500, ..outer },
            "after" => Rank { order: 1500, ..outer },
            other => {
                let known = ["default", "force", "before", "after"];
                let wrong = Diagnostic::error(
                    codes::UNKNOWN_ANNOTATION,
                    annotation.span,
                    format!("`({other})` means nothing here"),
                )
                .help(match nearest(other, known) {
                    Some(near) => format!("did you mean `({near})`?"),
                    None => "there are `(default)`, `(force)`, `(before)` and `(after)`".into(),
                });
                self.report(wrong);
                outer
            }
        }
    }
}

/// A node without its first `skip` entries.
fn parts(node: &Node, skip: usize) -> Parts<'_> {
    let (properties, arguments): (Vec<&Entry>, Vec<&Entry>) =
        node.entries[skip..].iter().partition(|entry| entry.name.is_some());
    Parts { arguments, properties, block: node.children.as_ref(), head: node.head, name: &node.name.value }
}

/// Whether a value is what it says, and neither a set nor none.
fn is_plain(value: &Scalar) -> bool {
    match value {
        Scalar::Text(text) => !text.value.contains('$'),
        Scalar::Bool(..) | Scalar::Int(..) | Scalar::Float(..) => true,
        Scalar::Null(_) => false,
    }
}
