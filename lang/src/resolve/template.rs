//! Templates: declared once, resolved again for each type they are called in.

use super::block::is_name;
use super::program::*;
use super::{Context, Resolver, Shape, children, text_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::types::{SchemaId, Type};
use crate::nearest::nearest;
use crate::syntax::tree::Node;
use std::sync::Arc;

/// What a template was declared with.
pub(super) struct Declared<'a> {
    node: &'a Node,
    /// Where; `None` until its block's other templates are known as well.
    context: Option<Context>,
}

impl<'a> Resolver<'a> {
    /// The templates of a block, by name.
    pub(super) fn declare_templates(
        &mut self,
        nodes: &'a [Node],
        context: &Context,
    ) -> Vec<(Arc<str>, TemplateId)> {
        let mut found: Vec<(Arc<str>, TemplateId)> = Vec::new();
        for node in nodes.iter().filter(|node| *node.name.value == *"template") {
            let Some(name) = self.declared_name(node, "template client address { host … }") else {
                continue;
            };
            if let Some((_, first)) = found.iter().find(|(known, _)| *known == name.value) {
                let first = self.program.templates[first.0 as usize].name.span;
                let message = format!("template `{}` is declared twice", name.value);
                self.report(
                    Diagnostic::error(codes::DUPLICATE, name.span, message)
                        .label(first, "declared here first"),
                );
                continue;
            }
            if let Shape::Options(schema) = context.shape
                && let Some((option, _)) = self.program.schema(schema).by_node(&name.value)
            {
                let option = self.program.option(schema, option).span;
                let message = format!("template `{}` hides an option's node", name.value);
                let warning = Diagnostic::warning(codes::HIDES_OPTION, name.span, message)
                    .label(option, "the option")
                    .help("give the template another name");
                self.report(warning);
            }
            let id = TemplateId(self.program.templates.len() as u32);
            self.program.templates.push(TemplateDecl {
                name: name.clone(),
                params: Vec::new(),
                within: context.within,
            });
            self.declared.push(Declared { node, context: None });
            found.push((name.value.clone(), id));
        }
        found
    }

    /// A template's parameters.
    pub(super) fn template_head(&mut self, id: TemplateId, context: &Context) {
        let node = self.declared[id.0 as usize].node;
        let mut params: Vec<TemplateParam> = Vec::new();
        let mut names = context.names.clone();
        for entry in &node.entries[1..] {
            let (name, default) = match &entry.name {
                Some(name) => (Some(name), Some(&entry.value)),
                None => (text_of(&entry.value), None),
            };
            let Some(name) = name.filter(|name| is_name(&name.value)) else {
                let wrong =
                    Diagnostic::error(codes::ARGUMENTS, entry.span, "expected the name of a parameter");
                self.report(wrong);
                continue;
            };
            if let Some(first) = params.iter().find(|param| param.name == name.value) {
                let wrong = Diagnostic::error(
                    codes::DUPLICATE,
                    name.span,
                    format!("parameter `{}` is there twice", name.value),
                )
                .label(first.span, "the first");
                self.report(wrong);
                continue;
            }
            self.hides(&name.value, name.span, context.module);
            let default = default.map(|value| self.term(value, &names));
            names = names.with(vec![name.value.clone()]);
            params.push(TemplateParam { name: name.value.clone(), span: name.span, default });
        }
        if node.children.is_none() {
            let wrong = Diagnostic::error(
                codes::ARGUMENTS,
                node.head,
                "a template needs a block, which is what it stands for",
            );
            self.report(wrong);
        }
        self.program.templates[id.0 as usize].params = params;
        self.declared[id.0 as usize].context = Some(context.clone());
    }

    /// A template's name as a node.
    pub(super) fn call(&mut self, node: &'a Node, template: TemplateId, context: &Context) -> Option<Call> {
        let rank = self.rank(node.annotation.as_deref(), context.rank);
        let name = self.program.templates[template.0 as usize].name.clone();
        let params = self.program.templates[template.0 as usize].params.clone();
        let mut arguments: Vec<Option<Term>> = params.iter().map(|_| None).collect();
        let mut next = 0;
        let mistakes = self.diagnostics.len();
        for entry in &node.entries {
            let at = match &entry.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(name) => match params.iter().position(|param| param.name == name.value) {
                    Some(at) => at,
                    None => {
                        let near = nearest(&name.value, params.iter().map(|param| &*param.name));
                        let message =
                            format!("template `{}` has no parameter `{}`", node.name.value, name.value);
                        let mut wrong = Diagnostic::error(codes::UNKNOWN_PROPERTY, name.span, message);
                        wrong.help.extend(near.map(|near| format!("did you mean `{near}`?")));
                        self.report(wrong);
                        continue;
                    }
                },
            };
            match arguments.get_mut(at) {
                None => {
                    let message = format!("template `{}` takes {} arguments", node.name.value, params.len());
                    let wrong = Diagnostic::error(codes::ARGUMENTS, entry.span, message)
                        .label(name.span, "declared here");
                    self.report(wrong);
                }
                Some(Some(_)) => {
                    let message = format!("parameter `{}` is given twice", params[at].name);
                    let wrong = Diagnostic::error(codes::DUPLICATE, entry.span, message);
                    self.report(wrong);
                }
                Some(slot) => *slot = Some(self.term(&entry.value, &context.names)),
            }
        }
        let missing: Vec<String> = params
            .iter()
            .zip(&arguments)
            .filter(|(param, argument)| param.default.is_none() && argument.is_none())
            .map(|(param, _)| format!("`{}`", param.name))
            .collect();
        if !missing.is_empty() && self.diagnostics.len() > mistakes {
            // One that is misspelt is not also missing.
            return None;
        }
        if !missing.is_empty() {
            let message = format!("template `{}` needs {}", node.name.value, missing.join(" and "));
            let wrong =
                Diagnostic::error(codes::ARGUMENTS, node.head, message).label(name.span, "declared here");
            self.report(wrong);
            return None;
        }
        let body = self.expand(template, node, rank, context)?;
        let extra = node.children.as_ref().map(|block| {
            let id = self.reserve();
            let nodes = children(Some(block));
            let context = Context { rank, top: false, ..context.clone() };
            match self.only_block(body) {
                Some(schema) => {
                    let binds = self.binds(schema, &context.names);
                    let context = Context { shape: Shape::Options(schema), ..context };
                    self.block(id, nodes, &context, binds);
                    Extra::Inside(id)
                }
                None => {
                    self.block(id, nodes, &context, Vec::new());
                    Extra::Beside(id)
                }
            }
        });
        Some(Call { template, arguments, body, extra, span: node.head })
    }

    /// The template's block as one of the submodule it is called in.
    fn expand(&mut self, template: TemplateId, call: &Node, rank: Rank, context: &Context) -> Option<BodyId> {
        let Shape::Options(schema) = context.shape else { return None };
        let key = (template.0, schema.0, rank.priority, rank.order);
        if let Some(body) = self.expanded.get(&key) {
            return Some(*body);
        }
        if let Some(at) = self.expanding.iter().position(|(open, _)| *open == template) {
            let message = format!("template `{}` calls itself", call.name.value);
            let mut wrong = Diagnostic::error(codes::TEMPLATE_CYCLE, call.head, message);
            for (_, span) in &self.expanding[at + 1..] {
                wrong = wrong.label(*span, "by way of this");
            }
            self.report(
                wrong.help("what a lab defines is known before anything is evaluated; use `for` to repeat"),
            );
            return None;
        }
        let Declared { node, context: declared } = &self.declared[template.0 as usize];
        let (node, declared) = (*node, declared.clone()?);
        let params = &self.program.templates[template.0 as usize].params;
        let names = declared.names.with(params.iter().map(|param| param.name.clone()).collect());
        let binds = if schema == SchemaId::ROOT { Vec::new() } else { self.binds(schema, &names) };
        let inner = Context { names, shape: context.shape.clone(), rank, top: false, ..declared };
        let body = self.reserve();
        self.expanding.push((template, call.head));
        self.block(body, children(node.children.as_ref()), &inner, binds);
        self.expanding.pop();
        self.open_block(body);
        self.expanded.insert(key, body);
        Some(body)
    }

    /// Lets a call's block into the one submodule that a template defines, if it defines one and no more.
    fn open_block(&mut self, body: BodyId) {
        let body = &mut self.program.bodies[body.0 as usize];
        let definitions = body.items.iter().filter(|item| !matches!(item, Item::Assert(_))).count();
        let only = body.items.iter_mut().find(|item| !matches!(item, Item::Assert(_)));
        let (1, Some(Item::Define(definition))) = (definitions, only) else { return };
        let mut content = &mut definition.content;
        loop {
            match content {
                Content::Entry { content: inner, .. } | Content::Element(inner) => content = inner,
                Content::Block { open, .. } => {
                    *open = true;
                    return;
                }
                Content::Values(_) | Content::Entries(_) | Content::Data(_) => return,
            }
        }
    }

    /// The type of the submodule that a call's block goes into.
    fn only_block(&self, body: BodyId) -> Option<SchemaId> {
        self.program.body(body).items.iter().find_map(|item| match item {
            Item::Define(definition) if definition.content.is_open() => {
                submodule(&self.program.option(definition.schema, definition.option).ty)
            }
            _ => None,
        })
    }
}

/// The submodule type within a collection's or an option's type.
fn submodule(ty: &Type) -> Option<SchemaId> {
    match ty {
        Type::Map(inner) | Type::List(inner) => submodule(inner),
        other => other.submodule(),
    }
}

impl Content {
    fn is_open(&self) -> bool {
        match self {
            Content::Entry { content, .. } | Content::Element(content) => content.is_open(),
            Content::Block { open, .. } => *open,
            Content::Values(_) | Content::Entries(_) | Content::Data(_) => false,
        }
    }
}
