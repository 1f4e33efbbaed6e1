//! Answers of the analysis in the protocol's words.

use super::place::{Encoding, uri_of};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, DocumentSymbol, Documentation, FoldingRange,
    FoldingRangeKind, Location, MarkupContent, MarkupKind, Range, SemanticToken, SymbolKind, TextEdit, Uri,
};
use std::collections::BTreeMap;
use topo_lang::analysis::{
    Completion, CompletionKind, Fold, FoldKind, Outline, OutlineKind, Painted, TokenKind,
};
use topo_lang::{Source, SourceId, Sources, Span};

/// How the protocol calls each [`TokenKind`], in the order of [`TokenKind::ALL`].
pub(super) const TOKEN_TYPES: [&str; TokenKind::ALL.len()] = [
    "comment",
    "string",
    "number",
    "keyword",
    "property",
    "type",
    "class",
    "variable",
    "parameter",
    "macro",
    "function",
    "namespace",
    "modifier",
];

pub(super) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

/// Spans as places in files. The file of a source is looked for once.
pub(super) struct Places<'s> {
    sources: &'s Sources,
    encoding: Encoding,
    uris: BTreeMap<SourceId, Option<Uri>>,
}

impl<'s> Places<'s> {
    pub(super) fn new(sources: &'s Sources, encoding: Encoding) -> Self {
        Places { sources, encoding, uris: BTreeMap::new() }
    }

    /// Where a span is; nowhere if its source is in no file.
    pub(super) fn of(&mut self, span: Span) -> Option<Location> {
        let source = self.sources.get(span.source);
        let uri = self.uris.entry(span.source).or_insert_with(|| uri_of(&source.name)).clone()?;
        Some(Location { uri, range: self.encoding.range(source, span.start, span.end) })
    }
}

pub(super) fn completion(item: Completion, at: usize, range: Range) -> CompletionItem {
    let kind = match item.kind {
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
        CompletionKind::Option => CompletionItemKind::PROPERTY,
        CompletionKind::Template => CompletionItemKind::SNIPPET,
        CompletionKind::Type => CompletionItemKind::CLASS,
        CompletionKind::Entry => CompletionItemKind::REFERENCE,
        CompletionKind::Word => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Name => CompletionItemKind::VARIABLE,
        CompletionKind::Function => CompletionItemKind::FUNCTION,
        CompletionKind::Module => CompletionItemKind::MODULE,
    };
    let new_text = item.insert.unwrap_or_else(|| item.label.clone());
    CompletionItem {
        kind: Some(kind),
        detail: Some(item.detail).filter(|detail| !detail.is_empty()),
        documentation: item.doc.map(|doc| Documentation::MarkupContent(markdown(doc.to_string()))),
        // Editors sort by this text: the order they are given in.
        sort_text: Some(format!("{}{at:05}", item.distance)),
        filter_text: Some(item.label.clone()),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
        label: item.label,
        ..CompletionItem::default()
    }
}

#[expect(deprecated, reason = "the protocol's type has a deprecated field that must be filled in")]
pub(super) fn symbol(line: Outline, source: &Source, encoding: Encoding) -> DocumentSymbol {
    let kind = match line.kind {
        OutlineKind::Module => SymbolKind::MODULE,
        OutlineKind::Type => SymbolKind::CLASS,
        OutlineKind::Option => SymbolKind::FIELD,
        OutlineKind::Template => SymbolKind::FUNCTION,
        OutlineKind::Name => SymbolKind::VARIABLE,
        OutlineKind::Control => SymbolKind::OPERATOR,
        OutlineKind::Entry => SymbolKind::OBJECT,
        OutlineKind::Value => SymbolKind::PROPERTY,
    };
    let children: Vec<DocumentSymbol> =
        line.children.into_iter().map(|child| symbol(child, source, encoding)).collect();
    DocumentSymbol {
        name: line.name,
        detail: Some(line.detail).filter(|detail| !detail.is_empty()),
        kind,
        tags: None,
        deprecated: None,
        range: encoding.range(source, line.span.start, line.span.end),
        selection_range: encoding.range(source, line.name_span.start, line.name_span.end),
        children: (!children.is_empty()).then_some(children),
    }
}

pub(super) fn fold(fold: Fold, source: &Source) -> FoldingRange {
    FoldingRange {
        start_line: source.line_column(fold.start).0 - 1,
        end_line: source.line_column(fold.end).0 - 1,
        kind: Some(match fold.kind {
            FoldKind::Region => FoldingRangeKind::Region,
            FoldKind::Comment => FoldingRangeKind::Comment,
            FoldKind::Imports => FoldingRangeKind::Imports,
        }),
        ..FoldingRange::default()
    }
}

/// Tokens, each relative to the one before, as the protocol has them.
pub(super) fn tokens(painted: &[Painted], source: &Source, encoding: Encoding) -> Vec<SemanticToken> {
    let (mut line, mut start) = (0, 0);
    let mut found = Vec::with_capacity(painted.len());
    for token in painted {
        let position = encoding.position(source, token.start);
        let text = source.text.get(token.start as usize..token.end as usize).unwrap_or_default();
        let delta_line = position.line - line;
        let delta_start = if delta_line == 0 { position.character - start } else { position.character };
        (line, start) = (position.line, position.character);
        let kind = TokenKind::ALL.iter().position(|kind| *kind == token.kind).unwrap_or_default();
        found.push(SemanticToken {
            delta_line,
            delta_start,
            length: encoding.length(text),
            token_type: kind as u32,
            token_modifiers_bitset: 0,
        });
    }
    found
}

/// The one change that makes a text another: everything between what they have in common.
pub(super) fn difference(source: &Source, after: &str, encoding: Encoding) -> Option<TextEdit> {
    let before = &*source.text;
    if before == after {
        return None;
    }
    let shared = |one: &mut dyn Iterator<Item = (char, char)>| -> usize {
        one.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
    };
    let start = shared(&mut before.chars().zip(after.chars()));
    let end = shared(&mut before[start..].chars().rev().zip(after[start..].chars().rev()));
    let range = encoding.range(source, start as u32, (before.len() - end) as u32);
    Some(TextEdit { range, new_text: after[start..after.len() - end].to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::Position;

    #[test]
    fn only_what_differs_is_changed() {
        let source = Source::new("x", "a\nbb\nc\n");
        let edit = difference(&source, "a\nbXb\nc\n", Encoding::Utf16).unwrap();
        let at = Position { line: 1, character: 1 };
        assert_eq!((edit.range, &*edit.new_text), (Range { start: at, end: at }, "X"));
        assert_eq!(difference(&source, "a\nbb\nc\n", Encoding::Utf16), None);
    }
}
