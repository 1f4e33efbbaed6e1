//! The language server: an editor's questions in, answers and diagnostics out.
//!
//! ```text
//! editor ─ lsp-server ─→ Server (buffers, analyses) ─ answers → editor
//!                          │ changed texts, questions about values
//!                          └→ evaluator, a thread ─ diagnostics, values → Server
//! ```
//!
//! What needs no value is answered at once from the texts (`topo_lang::analysis`). The lab is evaluated beside that, when
//! the author pauses, within limits; a mistake of ours while doing so costs that answer and no more.

mod answers;
mod buffers;
mod convert;
mod diagnostics;
mod evaluator;
mod place;
mod server;
mod wire;

use crossbeam_channel::Sender;
use lsp_server::{Connection, Message, Response};
use lsp_types::{
    CompletionOptions, FoldingRangeProviderCapability, HoverProviderCapability, InitializeParams, OneOf,
    PositionEncodingKind, RenameOptions, SemanticTokenType, SemanticTokensFullOptions, SemanticTokensLegend,
    SemanticTokensOptions, SemanticTokensServerCapabilities, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind,
};
use place::Encoding;
use server::Server;
use std::error::Error;

/// Serves the editor at the other end of stdin and stdout until it says goodbye.
///
/// # Errors
/// It breaks the protocol, or goes without a word.
pub(crate) fn serve() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (connection, answers, threads) = wire::stdio();
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params)?;
    let encoding = encoding(&params);
    let capabilities = serde_json::json!({
        "capabilities": capabilities(encoding),
        "serverInfo": { "name": "topo", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, capabilities)?;
    let mut server = Server::new(connection.sender.clone(), encoding);
    if watches(&params) {
        server.watch_files();
    }
    converse(&connection, &answers, &mut server)?;
    drop((server, connection, answers));
    threads.join()?;
    Ok(())
}

fn converse(
    connection: &Connection,
    answers: &Sender<String>,
    server: &mut Server,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let outcomes = server.outcomes();
    loop {
        crossbeam_channel::select! {
            recv(connection.receiver) -> message => {
                let Ok(message) = message else { return Ok(()) };
                match message {
                    Message::Request(request) => {
                        if connection.handle_shutdown(&request)? {
                            return Ok(());
                        }
                        answers.send(server.request(request))?;
                    }
                    Message::Notification(notification) => server.notification(notification),
                    // To our request to watch files; a refusal only means that nobody tells us.
                    Message::Response(Response { .. }) => {}
                }
            }
            recv(outcomes) -> outcome => {
                if let Ok(outcome) = outcome {
                    server.evaluated(outcome);
                }
            }
        }
    }
}

/// Bytes if the editor can count them, which spares both sides the work; else what every editor can.
fn encoding(params: &InitializeParams) -> Encoding {
    let general = params.capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.as_deref()).unwrap_or_default();
    if offered.contains(&PositionEncodingKind::UTF8) { Encoding::Utf8 } else { Encoding::Utf16 }
}

fn watches(params: &InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false)
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let legend = SemanticTokensLegend {
        token_types: convert::TOKEN_TYPES.iter().map(|name| SemanticTokenType::new(name)).collect(),
        token_modifiers: Vec::new(),
    };
    let tokens = SemanticTokensOptions {
        legend,
        full: Some(SemanticTokensFullOptions::Bool(true)),
        ..SemanticTokensOptions::default()
    };
    let triggers = ["$", "{", ".", "=", "\"", "<", ":", "("];
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(triggers.iter().map(|text| (*text).to_owned()).collect()),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        semantic_tokens_provider: Some(SemanticTokensServerCapabilities::SemanticTokensOptions(tokens)),
        ..ServerCapabilities::default()
    }
}
