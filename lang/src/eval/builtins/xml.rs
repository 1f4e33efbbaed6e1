//! `toXML`, letter by letter as Nix prints it.

use crate::eval::code::ParameterCode;
use crate::eval::val::{Function, ThunkId, Val};
use crate::eval::{Evaluator, Raised};
use crate::source::Span;

pub(super) fn print(e: &mut Evaluator, thunk: ThunkId, span: Span) -> Result<String, Raised> {
    let mut output = String::from("<?xml version='1.0' encoding='utf-8'?>\n<expr>\n");
    element(e, &mut output, thunk, 1, span)?;
    output.push_str("</expr>\n");
    Ok(output)
}

fn element(
    e: &mut Evaluator,
    output: &mut String,
    thunk: ThunkId,
    depth: usize,
    span: Span,
) -> Result<(), Raised> {
    let value = e.force(thunk)?;
    e.check_text(output.len(), span)?;
    match &value {
        Val::Null => line(output, depth, "<null />"),
        Val::Bool(value) => line(output, depth, &format!("<bool value=\"{value}\" />")),
        Val::Int(number) => line(output, depth, &format!("<int value=\"{number}\" />")),
        Val::Float(number) => {
            line(output, depth, &format!("<float value=\"{}\" />", crate::eval::text::short(*number)))
        }
        Val::Text(text) => line(output, depth, &format!("<string value=\"{}\" />", escape(text))),
        Val::List(items) => {
            line(output, depth, "<list>");
            for item in items.iter() {
                e.deeper(|e| element(e, output, *item, depth + 1, span))?;
            }
            line(output, depth, "</list>");
        }
        Val::Set(set) => {
            line(output, depth, "<attrs>");
            for entry in e.sorted(set) {
                line(output, depth + 1, &format!("<attr name=\"{}\">", escape(e.name(entry.name))));
                e.deeper(|e| element(e, output, entry.value, depth + 2, span))?;
                line(output, depth + 1, "</attr>");
            }
            line(output, depth, "</attrs>");
        }
        Val::Function(function) => match &**function {
            Function::Builtin(..) => line(output, depth, "<unevaluated />"),
            Function::Lambda(code, _) => {
                line(output, depth, "<function>");
                match &code.parameter {
                    ParameterCode::One(name) => {
                        line(output, depth + 1, &format!("<varpat name=\"{}\" />", escape(e.name(*name))));
                    }
                    ParameterCode::Pattern { fields, open, all } => {
                        let ellipsis = if *open { " ellipsis=\"1\"" } else { "" };
                        let name =
                            all.map(|name| format!(" name=\"{}\"", escape(e.name(name)))).unwrap_or_default();
                        line(output, depth + 1, &format!("<attrspat{ellipsis}{name}>"));
                        let mut names: Vec<String> =
                            fields.iter().map(|field| escape(e.name(field.name))).collect();
                        names.sort();
                        for name in names {
                            line(output, depth + 2, &format!("<attr name=\"{name}\" />"));
                        }
                        line(output, depth + 1, "</attrspat>");
                    }
                }
                line(output, depth, "</function>");
            }
        },
    }
    Ok(())
}

fn line(output: &mut String, depth: usize, text: &str) {
    output.push_str(&"  ".repeat(depth));
    output.push_str(text);
    output.push('\n');
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("&quot;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' => escaped.push_str("&#xA;"),
            other => escaped.push(other),
        }
    }
    escaped
}
