//! Questions of the editor, each to the function of the analysis that answers it.

use super::convert::{self, Places};
use super::evaluator::{Found, Subject};
use super::place::{path_of, uri_of};
use super::server::{Server, lab_files};
use lsp_server::{ErrorCode, Request};
use lsp_types::request::{
    Completion, DocumentHighlightRequest, DocumentSymbolRequest, FoldingRangeRequest, Formatting,
    GotoDefinition, HoverRequest, PrepareRenameRequest, References, Rename, Request as _,
    SemanticTokensFullRequest,
};
use lsp_types::{
    CompletionList, CompletionParams, CompletionResponse, DocumentFormattingParams, DocumentHighlight,
    DocumentHighlightParams, DocumentSymbolParams, DocumentSymbolResponse, FoldingRangeParams,
    GotoDefinitionParams, GotoDefinitionResponse, HoverContents, HoverParams, PrepareRenameResponse,
    ReferenceParams, RenameParams, SemanticTokens, SemanticTokensParams, TextDocumentPositionParams,
    TextEdit, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use topo_lang::analysis::{Analysis, Hints, Hover, folds, outline};
use topo_lang::{Source, SourceId, Sources, Span, World, print, syntax};

/// Why there is no answer.
pub(super) struct Refused(pub(super) ErrorCode, pub(super) String);

/// JSON as text.
type Answer = Result<String, Refused>;

/// A place in a text of a lab.
struct At {
    path: String,
    analysis: Rc<Analysis>,
    source: SourceId,
    offset: u32,
}

impl At {
    fn text(&self) -> &Source {
        self.analysis.sources().get(self.source)
    }
}

impl Server {
    /// The answer to a request.
    pub(super) fn answer(&mut self, request: Request) -> Answer {
        let Request { method, params, .. } = request;
        match &*method {
            HoverRequest::METHOD => self.hover(read(params)?),
            Completion::METHOD => self.complete(read(params)?),
            GotoDefinition::METHOD => self.definition(read(params)?),
            References::METHOD => self.references(read(params)?),
            DocumentHighlightRequest::METHOD => self.highlights(read(params)?),
            PrepareRenameRequest::METHOD => self.prepare_rename(read(params)?),
            Rename::METHOD => self.rename(read(params)?),
            DocumentSymbolRequest::METHOD => self.symbols(read(params)?),
            FoldingRangeRequest::METHOD => self.folds(read(params)?),
            Formatting::METHOD => self.format(read(params)?),
            SemanticTokensFullRequest::METHOD => self.tokens(read(params)?),
            method => Err(Refused(ErrorCode::MethodNotFound, format!("`{method}` is not supported"))),
        }
    }

    fn at(&mut self, place: TextDocumentPositionParams) -> Option<At> {
        let path = path_of(&place.text_document.uri);
        let analysis = self.analysis(&path);
        let source = analysis.source(&path)?;
        let offset = self.encoding.offset(analysis.sources().get(source), place.position);
        Some(At { path, analysis, source, offset })
    }

    fn text(&self, uri: &Uri) -> Option<Source> {
        let path = path_of(uri);
        let text = match self.buffers.get(&path) {
            Some(text) => text.to_string(),
            None => self.buffers.read(&path).ok()?,
        };
        Some(Source::new(&path, &text))
    }

    fn hover(&mut self, params: HoverParams) -> Answer {
        let Some(at) = self.at(params.text_document_position_params) else { return nothing() };
        let Some(hover) = at.analysis.hover(at.source, at.offset) else { return nothing() };
        let subject = match (&hover.path, hover.defines) {
            (Some(path), _) => Some(Subject::Path(path.clone())),
            (None, Some(span)) => {
                let name = at.analysis.sources().get(span.source).name.to_string();
                Some(Subject::Place(name, span.start, span.end))
            }
            (None, None) => None,
        };
        let found = subject.map_or_else(Found::default, |subject| self.ask(&at.path, subject));
        answer(lsp_types::Hover {
            range: Some(self.encoding.range(at.text(), hover.span.start, hover.span.end)),
            contents: HoverContents::Markup(convert::markdown(markdown(
                &hover,
                &found,
                at.analysis.sources(),
            ))),
        })
    }

    fn complete(&mut self, params: CompletionParams) -> Answer {
        let Some(at) = self.at(params.text_document_position) else { return nothing() };
        let files = importable(&at.path);
        let hints = Hints { value: self.value(&at.path), files: &files };
        let found = at.analysis.complete(at.source, at.offset, hints);
        let range = self.encoding.range(at.text(), found.start, found.end);
        let items = found.items.into_iter().enumerate();
        let items = items.map(|(number, item)| convert::completion(item, number, range)).collect();
        answer(CompletionResponse::List(CompletionList { is_incomplete: found.more, items }))
    }

    fn definition(&mut self, params: GotoDefinitionParams) -> Answer {
        let Some(at) = self.at(params.text_document_position_params) else { return nothing() };
        let spans = at.analysis.definitions(at.source, at.offset);
        let mut places = Places::new(at.analysis.sources(), self.encoding);
        let places = spans.into_iter().filter_map(|span| places.of(span));
        answer(GotoDefinitionResponse::Array(places.collect()))
    }

    fn references(&mut self, params: ReferenceParams) -> Answer {
        let Some(at) = self.at(params.text_document_position) else { return nothing() };
        let declarations = params.context.include_declaration;
        let spans = at.analysis.references(at.source, at.offset, declarations);
        let mut places = Places::new(at.analysis.sources(), self.encoding);
        let places = spans.into_iter().filter_map(|span| places.of(span));
        answer(places.collect::<Vec<_>>())
    }

    fn highlights(&mut self, params: DocumentHighlightParams) -> Answer {
        let Some(at) = self.at(params.text_document_position_params) else { return nothing() };
        let spans = at.analysis.occurrences(at.source, at.offset);
        let range = |span: Span| self.encoding.range(at.text(), span.start, span.end);
        let highlights = spans.into_iter().map(|span| DocumentHighlight { range: range(span), kind: None });
        answer(highlights.collect::<Vec<_>>())
    }

    fn prepare_rename(&mut self, params: TextDocumentPositionParams) -> Answer {
        let Some(at) = self.at(params) else { return nothing() };
        let (span, placeholder) = at.analysis.can_rename(at.source, at.offset).map_err(refused)?;
        let range = self.encoding.range(at.text(), span.start, span.end);
        answer(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder })
    }

    fn rename(&mut self, params: RenameParams) -> Answer {
        let Some(at) = self.at(params.text_document_position) else { return nothing() };
        let edits = at.analysis.rename(at.source, at.offset, &params.new_name).map_err(refused)?;
        let mut places = Places::new(at.analysis.sources(), self.encoding);
        let mut changes: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
        for edit in edits {
            if let Some(place) = places.of(edit.span) {
                let edit = TextEdit { range: place.range, new_text: edit.text };
                changes.entry(place.uri.as_str().to_owned()).or_default().push(edit);
            }
        }
        // As `WorkspaceEdit` has it, whose keys clippy distrusts.
        answer(serde_json::json!({ "changes": changes }))
    }

    fn symbols(&mut self, params: DocumentSymbolParams) -> Answer {
        let Some(source) = self.text(&params.text_document.uri) else { return nothing() };
        let lines = outline(SourceId(0), &source.text).into_iter();
        let symbols = lines.map(|line| convert::symbol(line, &source, self.encoding));
        answer(DocumentSymbolResponse::Nested(symbols.collect()))
    }

    fn folds(&mut self, params: FoldingRangeParams) -> Answer {
        let Some(source) = self.text(&params.text_document.uri) else { return nothing() };
        answer(folds(&source.text).into_iter().map(|fold| convert::fold(fold, &source)).collect::<Vec<_>>())
    }

    /// A text that cannot be read stays as it is: what is wrong with it is among the diagnostics.
    fn format(&mut self, params: DocumentFormattingParams) -> Answer {
        let Some(source) = self.text(&params.text_document.uri) else { return nothing() };
        let Ok(after) = syntax::format(&source.text) else { return nothing() };
        answer(convert::difference(&source, &after, self.encoding).into_iter().collect::<Vec<_>>())
    }

    fn tokens(&mut self, params: SemanticTokensParams) -> Answer {
        let path = path_of(&params.text_document.uri);
        let analysis = self.analysis(&path);
        let Some(source) = analysis.source(&path) else { return nothing() };
        let painted = analysis.tokens(source);
        let data = convert::tokens(&painted, analysis.sources().get(source), self.encoding);
        answer(SemanticTokens { result_id: None, data })
    }
}

/// What is said in the box over a word.
fn markdown(hover: &Hover, found: &Found, sources: &Sources) -> String {
    let mut text = format!("```topo\n{}\n```\n", hover.title);
    if let Some(doc) = &hover.doc {
        text.push_str(&format!("\n{doc}\n"));
    }
    let mut lines = Vec::new();
    for (path, value) in &found.values {
        if let Some(value) = print::arguments(value) {
            let short: String = value.chars().take(200).collect();
            let dots = if short.len() < value.len() { "…" } else { "" };
            lines.push(format!("**value** of {}: {}", code(path), code(&format!("{short}{dots}"))));
        }
    }
    lines.extend(hover.facts.iter().cloned());
    match found.reason.as_ref().filter(|reason| !reason.definitions.is_empty()) {
        Some(reason) => {
            for one in &reason.definitions {
                let rank = match one.priority {
                    50 => ", `(force)`",
                    1000 => ", `(default)`",
                    1500 => ", the declaration's default",
                    _ => "",
                };
                let counts = if one.counts { "" } else { ", gives way" };
                lines.push(format!("defined in {}{rank}{counts}", link(&found.sources, one.span)));
            }
        }
        None => {
            lines.extend(
                hover.defined.iter().take(5).map(|span| format!("defined in {}", link(sources, *span))),
            );
        }
    }
    lines.into_iter().for_each(|line| text.push_str(&format!("\n- {line}")));
    text
}

/// A place that can be clicked on.
fn link(sources: &Sources, span: Span) -> String {
    let source = sources.get(span.source);
    let line = source.line_column(span.start).0;
    let name = source.name.rsplit('/').next().unwrap_or_default();
    match uri_of(&source.name) {
        Some(uri) => format!("[{name}:{line}]({}#L{line})", uri.as_str()),
        None => format!("{name}:{line}"),
    }
}

/// A text in backticks, whatever is in it.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// The files beside a file, as its imports write them.
fn importable(path: &str) -> Vec<String> {
    let Some(directory) = Path::new(path).parent().filter(|_| path.starts_with('/')) else {
        return Vec::new();
    };
    let files = lab_files(directory).into_iter().filter(|file| file != path);
    let names = files.filter_map(|file| Some(Path::new(&file).file_name()?.to_string_lossy().into_owned()));
    names.map(|name| format!("./{name}")).collect()
}

fn refused(reason: String) -> Refused {
    Refused(ErrorCode::RequestFailed, reason)
}

fn read<T: DeserializeOwned>(params: Json) -> Result<T, Refused> {
    serde_json::from_value(params).map_err(|error| Refused(ErrorCode::InvalidParams, error.to_string()))
}

fn answer(answer: impl Serialize) -> Answer {
    serde_json::to_string(&answer).map_err(|error| Refused(ErrorCode::InternalError, error.to_string()))
}

fn nothing() -> Answer {
    Ok("null".to_owned())
}
