//! The language server as an editor meets it: the real binary, over stdin and stdout.
//!
//! What the answers are is in `tests/lsp/` and needs no protocol; here it is that they arrive.

#![expect(clippy::unwrap_used, reason = "a server that does not answer is a failed test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the binary outside of any lab, and write its files"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const LAB: &str =
    "lab editors\nnetwork lan { subnet \"10.0.0.0/24\" }\nhost a { interface eth0 network=lan }\n";
const PATIENCE: Duration = Duration::from_secs(60);

struct Editor {
    server: Child,
    stdin: ChildStdin,
    messages: Receiver<Value>,
    requests: u64,
    /// What came while something else was waited for.
    early: Vec<Value>,
    directory: tempfile::TempDir,
}

impl Editor {
    fn start(capabilities: Value) -> (Self, Value) {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_topo"));
        command.arg("lsp").env("XDG_CACHE_HOME", directory.path().join("cache"));
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = message(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let stdin = server.stdin.take().unwrap();
        let mut editor = Editor { server, stdin, messages, requests: 0, early: Vec::new(), directory };
        let answer = editor
            .ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": capabilities }));
        editor.tell("initialized", json!({}));
        (editor, answer)
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The result of a request, or its error.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = self.wait(|message| message["id"] == id && message.get("method").is_none());
        answer.get("error").or(answer.get("result")).cloned().unwrap_or_default()
    }

    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.early.iter().position(&is_it) {
            return self.early.remove(at);
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server does not say it");
            if is_it(&message) {
                return message;
            }
            self.early.push(message);
        }
    }

    /// The messages of the next diagnostics of a file that are as many as this.
    fn diagnostics(&mut self, name: &str, count: usize) -> Vec<String> {
        let uri = self.uri(name);
        let found = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["diagnostics"].as_array().is_some_and(|all| all.len() == count)
        });
        let all = found["params"]["diagnostics"].as_array().cloned().unwrap();
        all.iter().map(|one| one["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.directory.path().join(name).display())
    }

    fn open(&mut self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        let document = json!({ "uri": self.uri(name), "languageId": "topo", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, name: &str, range: Value, text: &str) {
        let document = json!({ "uri": self.uri(name), "version": 2 });
        let change = json!({ "range": range, "text": text });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.tell("textDocument/didChange", params);
    }

    fn at(&mut self, method: &str, name: &str, line: u32, character: u32) -> Value {
        let position = json!({ "line": line, "character": character });
        let document = json!({ "uri": self.uri(name) });
        let context = json!({ "includeDeclaration": true, "triggerKind": 1 });
        let params =
            json!({ "textDocument": document, "position": position, "context": context, "newName": "wan" });
        self.ask(&format!("textDocument/{method}"), params)
    }

    fn end(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        drop(self.stdin);
        assert!(self.server.wait().unwrap().success());
    }
}

/// One message, as the protocol frames it.
fn message(from: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse::<usize>().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length?];
    from.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn range(line: u32, start: u32, end: u32) -> Value {
    json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } })
}

fn labels(completions: &Value) -> Vec<&str> {
    let items = completions["items"].as_array().unwrap();
    items.iter().filter_map(|item| item["label"].as_str()).collect()
}

#[test]
fn a_day_with_an_editor() {
    let (mut editor, answer) = Editor::start(json!({}));
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
    editor.open("lab.kdl", LAB);
    assert_eq!(editor.diagnostics("lab.kdl", 0), Vec::<String>::new());

    let hover = editor.at("hover", "lab.kdl", 2, 32);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("networks.lan: network"), "{text}");

    // While it is broken there are answers, and what is wrong is said.
    editor.change("lab.kdl", range(2, 24, 35), "network=l mtu=");
    assert_eq!(labels(&editor.at("completion", "lab.kdl", 2, 33)).first(), Some(&"lan"));
    assert_eq!(editor.diagnostics("lab.kdl", 1).len(), 1);
    editor.change("lab.kdl", range(2, 32, 38), "lan mtu=1400");
    editor.diagnostics("lab.kdl", 0);
    let hover = editor.at("hover", "lab.kdl", 2, 38);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("**value** of `hosts.a.interfaces.eth0.mtu`: `1400`"), "{text}");
    assert!(text.contains("lab.kdl:3"), "{text}");

    let definition = editor.at("definition", "lab.kdl", 2, 26);
    let uri = definition[0]["uri"].as_str().unwrap();
    assert!(uri.ends_with("/core.kdl"), "{uri}");
    let core = std::fs::read_to_string(uri.strip_prefix("file://").unwrap()).unwrap();
    assert!(core.contains("type interface"), "a module of the library is a file that can be opened");

    assert_eq!(editor.at("references", "lab.kdl", 1, 9).as_array().unwrap().len(), 2);
    let rename = editor.at("rename", "lab.kdl", 1, 9);
    let uri = editor.uri("lab.kdl");
    assert_eq!(rename["changes"][&*uri].as_array().unwrap().len(), 2, "{rename}");
    let refused = editor.at("rename", "lab.kdl", 0, 1);
    assert_eq!(refused["message"], "`lab` belongs to the language");

    let document =
        json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 4, "insertSpaces": true } });
    assert_eq!(editor.ask("textDocument/documentSymbol", document.clone())[2]["name"], "a");
    assert_eq!(editor.ask("textDocument/formatting", document.clone()), json!([]));
    editor.change("lab.kdl", range(0, 3, 4), "   ");
    let edit = &editor.ask("textDocument/formatting", document.clone())[0];
    assert_eq!((&edit["newText"], &edit["range"]), (&json!(""), &range(0, 4, 6)));
    assert!(
        !editor.ask("textDocument/semanticTokens/full", document.clone())["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(editor.ask("textDocument/foldingRange", document).is_array());
    assert_eq!(editor.ask("textDocument/nobodyKnows", json!({}))["code"], -32601);
    editor.end();
}

#[test]
fn a_module_is_judged_as_part_of_its_lab() {
    let (mut editor, _) = Editor::start(json!({}));
    let lab = editor.directory.path().join("whole.kdl");
    std::fs::write(lab, "lab whole\nimport \"./part.kdl\" size=2\nhost a { mtu 1 }\n").unwrap();
    editor.open("part.kdl", "param size type=int\nlet x=\"${size + y}\"\n");
    let found = editor.diagnostics("part.kdl", 1);
    assert!(found[0].starts_with("nothing is called `y` here"), "{found:?}");
    let found = editor.diagnostics("whole.kdl", 1);
    assert!(found[0].starts_with("a `host` has no option `mtu`"), "{found:?}");
    editor.change("part.kdl", range(1, 13, 17), "");
    editor.diagnostics("part.kdl", 0);
    // When nobody looks at it any longer, nothing is wrong with it.
    let uri = editor.uri("part.kdl");
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    editor.diagnostics("whole.kdl", 0);
    editor.end();
}

#[test]
fn bytes_are_counted_where_the_editor_can() {
    let (mut editor, answer) =
        Editor::start(json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } }));
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-8");
    editor.open("lab.kdl", "lab x\nlet wide=\"ü😀\" n=1 m=$n\n");
    // Twice two quotes, 2 and 4 bytes: the name after `$` begins at 25.
    let definition = editor.at("definition", "lab.kdl", 1, 25);
    assert_eq!(definition[0]["range"], range(1, 18, 19), "{definition}");
    editor.end();
}

#[test]
fn a_lab_without_end_ends() {
    let (mut editor, _) = Editor::start(json!({}));
    editor.open("lab.kdl", "lab x\nlet f=\"${let f = n: f (n + 1); in f 0}\"\nassert \"${f == 1}\" x\n");
    // Answers do not wait for it.
    assert!(labels(&editor.at("completion", "lab.kdl", 2, 0)).contains(&"host"));
    assert_eq!(editor.diagnostics("lab.kdl", 1).len(), 1);
    editor.open("next.kdl", LAB);
    editor.diagnostics("next.kdl", 0);
    editor.end();
}

/// The grammar and the extension beside it, as far as that can be told without an editor.
#[test]
fn the_grammar_is_whole() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("lang/editors/vscode");
    let read = |name: &str| -> Value {
        let text =
            std::fs::read_to_string(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let package = read("package.json");
    let contributes = &package["contributes"];
    read(contributes["languages"][0]["configuration"].as_str().unwrap());
    let grammar = read(contributes["grammars"][0]["path"].as_str().unwrap());
    assert_eq!(grammar["scopeName"], contributes["grammars"][0]["scopeName"]);
    assert!(directory.join(package["main"].as_str().unwrap()).is_file());

    let mut patterns = Vec::new();
    let mut left = vec![&grammar];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(entries) => {
                if let Some(include) = entries.get("include") {
                    let name = include.as_str().and_then(|include| include.strip_prefix('#')).unwrap();
                    assert!(grammar["repository"].get(name).is_some(), "nothing is called `{name}`");
                }
                let begins = entries.contains_key("begin");
                assert_eq!(
                    begins,
                    entries.contains_key("end"),
                    "one of `begin` and `end` is missing: {value}"
                );
                patterns.extend(["match", "begin"].iter().filter_map(|key| entries.get(*key)?.as_str()));
                left.extend(entries.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    for keyword in topo_lang::analysis::keywords() {
        let has = |pattern: &&str| pattern.split(|c: char| !c.is_alphanumeric()).any(|word| word == keyword);
        assert!(patterns.iter().any(has), "the grammar does not know `{keyword}`");
    }
}
