//! What modules declare, for `topo doc` and the book's reference; and which of it users see.

use crate::module::types::{SchemaId, Type};
use crate::resolve::program::{Program, Schema};
use crate::source::{Sources, Span};
use crate::value::{Data, Value};
use std::sync::Arc;

/// The options of the root or of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDoc {
    /// The type's name; empty for the root.
    pub name: Arc<str>,
    /// Its options, without those marked `internal`, in order of declaration.
    pub options: Vec<OptionDoc>,
}

/// One option.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionDoc {
    /// Its name.
    pub name: Arc<str>,
    /// The node that defines one entry or element of it.
    pub node: Option<Arc<str>>,
    /// Whether a node's further arguments are its value.
    pub argument: bool,
    /// Its type, as written.
    pub ty: String,
    /// The type of a map's keys.
    pub key: Option<String>,
    /// Its default, as written.
    pub default: Option<String>,
    /// What it is for.
    pub doc: Option<Arc<str>>,
    /// Examples, as written.
    pub examples: Vec<Arc<str>>,
    /// The file it is declared in, such as `std:core`.
    pub module: Arc<str>,
    /// Where it is declared.
    pub span: Span,
}

pub(crate) fn documentation(program: &Program, sources: &Sources) -> Vec<TypeDoc> {
    program.schemas.iter().map(|schema| type_doc(program, schema, sources)).collect()
}

fn type_doc(program: &Program, schema: &Schema, sources: &Sources) -> TypeDoc {
    let public = schema.options.iter().filter(|option| !option.internal);
    let options = public.map(|option| OptionDoc {
        name: option.name.clone(),
        node: option.node.clone(),
        argument: option.argument,
        ty: option.ty.display(&program.schemas).to_string(),
        key: option.key.as_ref().map(|key| key.display(&program.schemas).to_string()),
        default: option.default.as_ref().map(|default| sources.text(default.span()).to_owned()),
        doc: option.doc.clone(),
        examples: option.examples.clone(),
        module: sources.get(option.span.source).name.clone(),
        span: option.span,
    });
    TypeDoc { name: schema.name.clone(), options: options.collect() }
}

/// A configuration without options marked `internal`.
pub(crate) fn public(program: &Program, value: &Value) -> Value {
    match program.schemas.first() {
        Some(_) => shown(program, &Type::Submodule(SchemaId::ROOT), value),
        None => value.clone(),
    }
}

fn shown(program: &Program, ty: &Type, value: &Value) -> Value {
    let data = match (ty, &value.data) {
        (Type::Submodule(schema), Data::Set(entries)) => {
            let options = &program.schema(*schema).options;
            let find = |name: &Arc<str>| options.iter().find(|option| option.name == *name);
            let shown = entries.iter().filter_map(|(name, value)| match find(name) {
                Some(option) if option.internal => None,
                Some(option) => Some((name.clone(), shown(program, &option.ty, value))),
                None => Some((name.clone(), value.clone())),
            });
            Data::Set(shown.collect())
        }
        (Type::Map(inner), Data::Set(entries)) => Data::Set(
            entries.iter().map(|(name, value)| (name.clone(), shown(program, inner, value))).collect(),
        ),
        (Type::List(inner), Data::List(items)) => {
            Data::List(items.iter().map(|value| shown(program, inner, value)).collect())
        }
        (Type::Optional(inner), _) => return shown(program, inner, value),
        (Type::Union(types), Data::Set(_)) => {
            let fits = |one: &&Type| matches!(one, Type::Submodule(_) | Type::Map(_));
            return types.iter().find(fits).map_or_else(|| value.clone(), |one| shown(program, one, value));
        }
        (Type::Union(types), Data::List(_)) => {
            let list = types.iter().find(|one| matches!(one, Type::List(_)));
            return list.map_or_else(|| value.clone(), |one| shown(program, one, value));
        }
        (_, data) => data.clone(),
    };
    Value { data, span: value.span }
}
