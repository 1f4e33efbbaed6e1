//! The machine-readable forms. Each document names its shape and version in `format`; within a version, members are
//! only ever added.

use crate::commands::doc::Found;
use crate::exit::Failure;
use crate::ui::doc::functions_of;
use crate::ui::told::{self, Told};
use crate::ui::why as text_why;
use serde_json::{Value as Json, json};
use topo_engine::apply::Outcome;
use topo_engine::error::Error;
use topo_engine::graph::ResourceId;
use topo_engine::machine::Missing;
use topo_engine::plan::{Action, Plan, Reason, Scope, Step};
use topo_lang::{
    Diagnostic, Glimpse, Input, InputKind, Label, OptionDoc, Reason as WhyReason, Severity, Sources, Span,
    Value, print,
};

/// `topo.diagnostics/1`: `{format, diagnostics: [{severity, code, message, path, file, line, column, end_line, end_column,
/// text, labels: [{file, line, column, end_line, end_column, text}], help: […]}]}`. Lines and columns count from 1, columns
/// in characters; a diagnostic that belongs to no file, or is about no option, has `null` there.
pub(crate) fn diagnostics(sources: &Sources, diagnostics: &[Diagnostic]) -> Json {
    let all: Vec<Json> = diagnostics.iter().map(|diagnostic| one(sources, diagnostic)).collect();
    json!({ "format": "topo.diagnostics/1", "diagnostics": all })
}

/// `topo.failure/1`: `{format, error: {message, causes: […], log: […], help: […]}, missing: [{what, needed_by: […],
/// cure}]}`; `error` is `null` where the machine lacks something. A lab that is wrong gives `topo.diagnostics/1`.
pub(crate) fn failure(failure: &Failure) -> Json {
    let said =
        |message: &str, help: &[String]| json!({ "message": message, "causes": [], "log": [], "help": help });
    let document = |error: Json, missing: Json| json!({ "format": "topo.failure/1", "error": error, "missing": missing });
    match failure {
        Failure::Lab { sources, diagnostics } => self::diagnostics(sources, diagnostics),
        Failure::Input { message, help } | Failure::Interrupted { message, help } => {
            document(said(message, help), json!([]))
        }
        Failure::Output(error) => document(said(&error.to_string(), &[]), json!([])),
        Failure::Engine(error) => document(self::error(error), json!([])),
        Failure::Runtime(error) => document(chain(error, &[], &[]), json!([])),
        Failure::Missing(missing) => document(Json::Null, self::missing(missing)),
    }
}

/// `{message, causes: […], log: […], help: […]}`
pub(crate) fn error(error: &Error) -> Json {
    chain(error, &error.log, &error.help)
}

fn chain(error: &dyn std::error::Error, log: &[String], help: &[String]) -> Json {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(current) = cause {
        causes.push(current.to_string());
        cause = current.source();
    }
    json!({ "message": error.to_string(), "causes": causes, "log": log, "help": help })
}

/// `topo.plan/1`: `{format, topo, lab, base: {name, commit, file}, only: […], summary: {create, update, replace, delete,
/// unchanged}, steps: [{resource, kind, host, name, action, reason: {code, text, file, line, resource}, changes: [{attribute,
/// from, to}], lines: […], consequences: […], after: […]}], missing: [{what, needed_by: […], cure}]}`. Steps stand in an order
/// that respects `after`; a digest stands for what is long or secret.
pub(crate) fn plan(lab: &str, told: &Told<'_>, scope: &Scope, missing: &[Missing]) -> Json {
    let plan = told.plan;
    let consequences = told::consequences(plan);
    let count = |action| plan.steps.iter().filter(|step| step.action == action).count();
    let steps: Vec<Json> = plan
        .steps
        .iter()
        .map(|step| self::step(step, told, consequences.get(&step.id).map_or(&[][..], Vec::as_slice)))
        .collect();
    let base = told.base.map(|base| json!({ "name": base.name, "commit": base.commit, "file": base.file }));
    let only: Vec<&str> = match scope {
        Scope::Lab => Vec::new(),
        Scope::Hosts(hosts) => hosts.iter().map(|host| host.as_str()).collect(),
    };
    json!({
        "format": "topo.plan/1",
        "topo": env!("CARGO_PKG_VERSION"),
        "lab": lab,
        "base": base,
        "only": only,
        "summary": {
            "create": count(Action::Create), "update": count(Action::Update),
            "replace": count(Action::Replace), "delete": count(Action::Delete), "unchanged": plan.unchanged,
        },
        "steps": steps,
        "missing": self::missing(missing),
    })
}

/// `topo.apply/1`: `{format, lab, done, failed: [{resource, error: {message, causes, log, help}}], skipped: [{resource,
/// because}], not_begun, milliseconds, steps: [{resource, action}]}`.
pub(crate) fn outcome(lab: &str, plan: &Plan, outcome: &Outcome) -> Json {
    let failed: Vec<Json> = outcome
        .failed
        .iter()
        .map(|(id, error)| json!({ "resource": id.to_string(), "error": self::error(error) }))
        .collect();
    let skipped: Vec<Json> = outcome
        .skipped
        .iter()
        .map(|(id, because)| json!({ "resource": id.to_string(), "because": because.to_string() }))
        .collect();
    let steps: Vec<Json> = plan
        .steps
        .iter()
        .map(|step| json!({ "resource": step.id.to_string(), "action": step.action }))
        .collect();
    json!({
        "format": "topo.apply/1", "lab": lab, "done": outcome.done, "failed": failed, "skipped": skipped,
        "not_begun": outcome.left, "milliseconds": outcome.took.as_secs_f64() * 1000.0, "steps": steps,
    })
}

/// `[{what, needed_by: […], cure}]`
pub(crate) fn missing(missing: &[Missing]) -> Json {
    missing
        .iter()
        .map(|one| json!({ "what": one.what, "needed_by": one.needed_by, "cure": one.cure }))
        .collect()
}

fn step(step: &Step, told: &Told<'_>, consequences: &[String]) -> Json {
    let changes: Vec<Json> = step
        .changes
        .iter()
        .map(|change| json!({ "attribute": change.attribute, "from": change.from, "to": change.to }))
        .collect();
    let lines: Vec<String> = told
        .lines(step)
        .into_iter()
        .map(|line| format!("{}{}", if line.comes { '+' } else { '-' }, line.text))
        .collect();
    json!({
        "resource": step.id.to_string(),
        "kind": step.id.kind,
        "host": step.id.host.as_ref().map(|host| host.as_str()),
        "name": &*step.id.name,
        "action": step.action,
        "reason": reason(step, told),
        "changes": changes,
        "lines": lines,
        "consequences": consequences,
        "after": step.after.iter().map(ResourceId::to_string).collect::<Vec<_>>(),
    })
}

fn reason(step: &Step, told: &Told<'_>) -> Json {
    let (code, resource) = match &step.reason {
        Reason::New(_) => ("new", None),
        Reason::Changed(_) => ("changed", None),
        Reason::Unwanted => ("unwanted", None),
        Reason::Destroyed => ("destroyed", None),
        Reason::Missing => ("missing", None),
        Reason::Drifted => ("drifted", None),
        Reason::Reads(id) => ("reads", Some(id)),
        Reason::Inside(id) => ("inside", Some(id)),
        Reason::Interrupted => ("interrupted", None),
        Reason::Undone => ("undone", None),
    };
    let place = told.place(step);
    json!({
        "code": code,
        "text": told.reason(step),
        "file": place.as_ref().map(|(file, _)| file),
        "line": place.as_ref().map(|(_, line)| line),
        "resource": resource.map(ResourceId::to_string),
    })
}

/// `topo.why/1`: `{format, path, value, option, type, doc, declared: {file, line}, definitions: [{file, line, text,
/// priority, rule, counts, by_way_of: [{file, line, text}]}], inputs: [{file, line, name, kind, value, text, priority, rule, inputs:
/// […]}]}`. The definition with the lowest priority counts.
pub(crate) fn why(path: &str, value: &Value, reason: &WhyReason, sources: &Sources) -> Json {
    let definitions: Vec<Json> = reason
        .definitions
        .iter()
        .map(|one| {
            let by_way_of =
                one.by_way_of.iter().map(|(span, text)| located(sources, *span, json!({ "text": text })));
            located(
                sources,
                one.span,
                json!({
                    "text": text_why::definition_text(reason, &sources.shown(one.span)),
                    "priority": one.priority, "rule": text_why::rule(one.priority), "counts": one.counts,
                    "by_way_of": by_way_of.collect::<Vec<_>>(),
                }),
            )
        })
        .collect();
    json!({
        "format": "topo.why/1", "path": path, "value": print::json(value), "option": reason.path, "type": reason.ty,
        "doc": reason.doc, "declared": located(sources, reason.declared, json!({})), "definitions": definitions,
        "inputs": reason.inputs.iter().map(|one| input(one, sources)).collect::<Vec<_>>(),
    })
}

/// What a value was made from; `kind` is `option`, `let`, `param` or `variable`.
fn input(one: &Input, sources: &Sources) -> Json {
    let kind = match one.kind {
        InputKind::Option => "option",
        InputKind::Let => "let",
        InputKind::Param => "param",
        InputKind::Variable => "variable",
    };
    let text = if one.secret { "<secret>".to_owned() } else { sources.shown(one.span) };
    let inner: Vec<Json> = one.inputs.iter().map(|inner| input(inner, sources)).collect();
    // Of a list or a set only a part is seen.
    let value = match &one.value {
        Glimpse::Bool(value) => Some(json!(value)),
        Glimpse::Int(number) => Some(json!(number)),
        Glimpse::Float(number) => Some(json!(number)),
        Glimpse::Text(text, true) => Some(json!(text)),
        Glimpse::Secret => Some(json!("<secret>")),
        _ => None,
    };
    located(
        sources,
        one.span,
        json!({
            "name": one.name, "kind": kind, "value": value, "text": text, "priority": one.priority,
            "rule": text_why::rule_of(one), "inputs": inner,
        }),
    )
}

/// `topo.doc/1`: `{format, options: […], types: [{name, options: [{name, type, node, argument, key, default, doc,
/// examples: […], module, file, line}]}]}`. `options` are those asked for, each with the `of` that has it; the name of what
/// a lab has at its top is empty.
pub(crate) fn documentation(found: &Found, sources: &Sources) -> Json {
    let option = |one: &OptionDoc| {
        located(
            sources,
            one.span,
            json!({
                "name": &*one.name, "type": one.ty, "node": one.node, "argument": one.argument, "key": one.key,
                "default": one.default, "doc": one.doc, "examples": one.examples, "module": &*one.module,
            }),
        )
    };
    let options = found.options.iter().map(|(of, one)| {
        let mut option = option(one);
        option["of"] = json!(&*of.name);
        option
    });
    let types = found.types.iter().map(
        |one| json!({ "name": &*one.name, "options": one.options.iter().map(option).collect::<Vec<_>>() }),
    );
    let functions =
        found.functions.iter().copied().chain(found.sections.iter().flat_map(|set| functions_of(set)));
    let functions = functions.map(|one| {
        json!({
            "name": one.name, "path": one.path(), "paths": one.paths, "set": one.section, "type": one.ty,
            "doc": one.doc, "example": one.example, "result": one.result,
        })
    });
    json!({
        "format": "topo.doc/1",
        "options": options.collect::<Vec<_>>(),
        "types": types.collect::<Vec<_>>(),
        "functions": functions.collect::<Vec<_>>(),
    })
}

/// `{file, line}` and the rest.
fn located(sources: &Sources, span: Span, rest: Json) -> Json {
    let source = sources.get(span.source);
    let mut out = json!({ "file": &*source.name, "line": source.line_column(span.start).0 });
    if let (Json::Object(out), Json::Object(rest)) = (&mut out, rest) {
        out.extend(rest);
    }
    out
}

/// Text of a document, as it is printed.
pub(crate) fn text(document: &Json) -> String {
    format!("{document:#}\n")
}

fn one(sources: &Sources, diagnostic: &Diagnostic) -> Json {
    let mut out = json!({
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "code": diagnostic.code.name(),
        "message": diagnostic.message,
        "path": diagnostic.path,
    });
    let place = match &diagnostic.primary {
        Some(label) => place(sources, label),
        None => {
            json!({ "file": null, "line": null, "column": null, "end_line": null, "end_column": null, "text": "" })
        }
    };
    if let (Json::Object(out), Json::Object(place)) = (&mut out, place) {
        out.extend(place);
        out.insert(
            "labels".into(),
            diagnostic.labels.iter().map(|label| self::place(sources, label)).collect(),
        );
        out.insert("help".into(), json!(diagnostic.help));
    }
    out
}

fn place(sources: &Sources, label: &Label) -> Json {
    let source = sources.get(label.span.source);
    let (line, column) = source.line_column(label.span.start);
    let (end_line, end_column) = source.line_column(label.span.end);
    json!({
        "file": &*source.name, "line": line, "column": column,
        "end_line": end_line, "end_column": end_column, "text": label.text,
    })
}
