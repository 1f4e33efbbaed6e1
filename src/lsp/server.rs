//! What the server remembers: open texts, which lab each belongs to, what each lab last came to.

use super::buffers::Buffers;
use super::diagnostics::by_document;
use super::evaluator::{Evaluator, Found, Outcome, Subject};
use super::place::{Encoding, path_of, uri_of};
use super::wire;
use crossbeam_channel::{Receiver, Sender};
use lsp_server::{ErrorCode, Message, Notification, Request};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{RegisterCapability, Request as _};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesRegistrationOptions, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, FileSystemWatcher, GlobPattern, PublishDiagnosticsParams, Registration,
    RegistrationParams,
};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use topo_lang::analysis::{Analysis, imports, names_lab};
use topo_lang::{Value, World};

/// No more files than so many of a directory are looked at to find the lab that imports a module.
const NEIGHBOURS: usize = 200;

/// What a lab came to when it was last evaluated.
#[derive(Default)]
struct Known {
    /// The value, from the last time there was one.
    value: Option<Value>,
    /// What is wrong, by document.
    diagnostics: BTreeMap<String, Vec<lsp_types::Diagnostic>>,
    /// The sources that were read.
    read: BTreeSet<String>,
}

pub(super) struct Server {
    to_editor: Sender<Message>,
    pub(super) encoding: Encoding,
    pub(super) buffers: Buffers,
    /// The lab that each open text belongs to.
    entries: BTreeMap<String, String>,
    /// Analyses of the labs' texts as they are now.
    analyses: BTreeMap<String, Rc<Analysis>>,
    labs: BTreeMap<String, Known>,
    evaluator: Evaluator,
    outcomes: Receiver<Outcome>,
}

impl Server {
    pub(super) fn new(to_editor: Sender<Message>, encoding: Encoding) -> Self {
        let (evaluator, outcomes) = Evaluator::start();
        Server {
            to_editor,
            encoding,
            buffers: Buffers::default(),
            entries: BTreeMap::new(),
            analyses: BTreeMap::new(),
            labs: BTreeMap::new(),
            evaluator,
            outcomes,
        }
    }

    pub(super) fn outcomes(&self) -> Receiver<Outcome> {
        self.outcomes.clone()
    }

    /// Asks the editor to tell of files that change outside of it.
    pub(super) fn watch_files(&self) {
        let watcher =
            FileSystemWatcher { glob_pattern: GlobPattern::String("**/*.kdl".to_owned()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
        let registration = Registration {
            id: "files".to_owned(),
            method: DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        let params = RegistrationParams { registrations: vec![registration] };
        self.say(Message::Request(Request::new(
            "watch-files".to_owned().into(),
            RegisterCapability::METHOD.to_owned(),
            params,
        )));
    }

    fn say(&self, message: Message) {
        // When the editor is gone the loop ends by itself.
        let _ = self.to_editor.send(message);
    }

    /// The answer to a question, as it goes out. A mistake of ours becomes an error instead of the end.
    pub(super) fn request(&mut self, request: Request) -> String {
        let id = request.id.clone();
        let result = match catch_unwind(AssertUnwindSafe(|| self.answer(request))) {
            Ok(answer) => answer.map_err(|refused| (refused.0 as i32, refused.1)),
            Err(_) => Err((ErrorCode::InternalError as i32, "this is a bug of topo".to_owned())),
        };
        wire::answer(&id, result)
    }

    pub(super) fn notification(&mut self, notification: Notification) {
        let handled = catch_unwind(AssertUnwindSafe(|| match &*notification.method {
            DidOpenTextDocument::METHOD => self.opened(params(notification)),
            DidChangeTextDocument::METHOD => self.changed(params(notification)),
            DidCloseTextDocument::METHOD => self.closed(params(notification)),
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => self.files_changed(),
            _ => {}
        }));
        if handled.is_err() {
            // What is known of the texts may be half of it.
            self.analyses.clear();
        }
    }

    fn opened(&mut self, params: Option<DidOpenTextDocumentParams>) {
        let Some(document) = params.map(|params| params.text_document) else { return };
        let path = path_of(&document.uri);
        self.buffers.open(path.clone(), &document.text);
        // A lab may have wanted to import it in vain.
        self.analyses.clear();
        let entry = self.find_entry(&path);
        self.entries.insert(path.clone(), entry);
        self.texts_changed(&path);
    }

    fn changed(&mut self, params: Option<DidChangeTextDocumentParams>) {
        let Some(params) = params else { return };
        let path = path_of(&params.text_document.uri);
        self.buffers.change(&path, params.content_changes, self.encoding);
        self.texts_changed(&path);
    }

    fn closed(&mut self, params: Option<DidCloseTextDocumentParams>) {
        let Some(params) = params else { return };
        let path = path_of(&params.text_document.uri);
        self.buffers.close(&path);
        self.entries.remove(&path);
        self.texts_changed(&path);
        // A lab that nobody looks at has no diagnostics.
        let left: Vec<String> = self
            .labs
            .keys()
            .filter(|lab| !self.entries.values().any(|entry| entry == *lab))
            .cloned()
            .collect();
        for lab in left {
            let documents = self.labs.remove(&lab).map(|known| known.diagnostics).unwrap_or_default();
            documents.keys().for_each(|document| self.publish(document));
        }
    }

    fn files_changed(&mut self) {
        let open: Vec<String> = self.buffers.paths().cloned().collect();
        for path in open {
            let entry = self.find_entry(&path);
            self.entries.insert(path, entry);
        }
        self.analyses.clear();
        let entries: BTreeSet<&String> = self.entries.values().collect();
        entries.into_iter().for_each(|entry| self.evaluator.evaluate(entry, &self.buffers));
    }

    /// Forgets what depends on a text, and evaluates the labs that read it.
    fn texts_changed(&mut self, path: &str) {
        self.analyses.retain(|_, analysis| analysis.source(path).is_none());
        let entries: BTreeSet<&String> = self.entries.values().collect();
        for entry in entries {
            let reads = |known: &Known| known.read.contains(path);
            if entry == path
                || self.labs.get(entry).is_none_or(reads)
                || self.entries.get(path) == Some(entry)
            {
                self.evaluator.evaluate(entry, &self.buffers);
            }
        }
    }

    /// What came of a lab.
    pub(super) fn evaluated(&mut self, outcome: Outcome) {
        let Outcome { entry, sources, diagnostics, value } = outcome;
        let found = by_document(&entry, &sources, &diagnostics, self.encoding);
        let known = self.labs.entry(entry).or_default();
        let mut touched: BTreeSet<String> = known.diagnostics.keys().cloned().collect();
        touched.extend(found.keys().cloned());
        known.value = value.or(known.value.take());
        known.read = sources.iter().map(|source| source.name.to_string()).collect();
        known.diagnostics = found;
        touched.iter().for_each(|document| self.publish(document));
    }

    /// Tells the editor all that any lab finds wrong with a document.
    fn publish(&self, document: &str) {
        let Some(uri) = uri_of(document) else { return };
        let mut diagnostics: Vec<lsp_types::Diagnostic> = Vec::new();
        for diagnostic in self.labs.values().filter_map(|known| known.diagnostics.get(document)).flatten() {
            if !diagnostics.contains(diagnostic) {
                diagnostics.push(diagnostic.clone());
            }
        }
        let params = PublishDiagnosticsParams { uri, diagnostics, version: None };
        self.say(Message::Notification(Notification::new(PublishDiagnostics::METHOD.to_owned(), params)));
    }

    /// The lab that a text is part of, as its texts are now.
    pub(super) fn analysis(&mut self, path: &str) -> Rc<Analysis> {
        let entry = self.entry(path);
        if let Some(analysis) = self.analyses.get(&entry).filter(|analysis| analysis.source(path).is_some()) {
            return analysis.clone();
        }
        let mut analysis = Rc::new(Analysis::new(&self.buffers, &entry));
        if analysis.source(path).is_none() {
            // The lab does not import it any longer, or not yet.
            analysis = Rc::new(Analysis::new(&self.buffers, path));
        }
        self.analyses.insert(entry, analysis.clone());
        analysis
    }

    fn entry(&self, path: &str) -> String {
        self.entries.get(path).cloned().unwrap_or_else(|| path.to_owned())
    }

    /// What the lab of a text last came to.
    pub(super) fn value(&self, path: &str) -> Option<&Value> {
        self.labs.get(&self.entry(path))?.value.as_ref()
    }

    pub(super) fn ask(&self, path: &str, subject: Subject) -> Found {
        self.evaluator.ask(&self.entry(path), subject)
    }

    /// The lab that a text belongs to: itself if it says so or nobody imports it, else what imports it.
    fn find_entry(&self, path: &str) -> String {
        let mut entry = path.to_owned();
        let mut seen = BTreeSet::new();
        while seen.insert(entry.clone()) {
            let text = self.buffers.read(&entry).unwrap_or_default();
            if names_lab(&text) {
                break;
            }
            match self.importer(&entry) {
                Some(importer) => entry = importer,
                None => break,
            }
        }
        entry
    }

    fn importer(&self, path: &str) -> Option<String> {
        let open = self.buffers.paths().cloned();
        let module = path.strip_prefix("std:").map(|_| Vec::new());
        let near = module.unwrap_or_else(|| neighbours(path));
        let mut all = open.chain(near).filter(|other| other != path);
        let imported = |importer: &String| {
            let text = self.buffers.read(importer).unwrap_or_default();
            imports(&text).iter().any(|import| Analysis::import_target(importer, import) == path)
        };
        all.find(imported)
    }
}

/// The other lab files in the directory of a file and in the one above.
fn neighbours(path: &str) -> Vec<String> {
    let directory = Path::new(path).parent();
    let mut found = Vec::new();
    for directory in directory.into_iter().flat_map(|directory| directory.ancestors().take(2)) {
        found.extend(lab_files(directory));
    }
    found
}

/// The lab files of a directory, in order.
pub(super) fn lab_files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().take(NEIGHBOURS);
    let paths = entries.map(|entry| entry.path());
    let files =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "kdl") && path.is_file());
    let mut found: Vec<String> = files.map(|path| path.to_string_lossy().into_owned()).collect();
    found.sort();
    found
}

/// What a notification says; nothing where it does not say it as the protocol wants.
fn params<T: DeserializeOwned>(notification: Notification) -> Option<T> {
    serde_json::from_value(notification.params).ok()
}
