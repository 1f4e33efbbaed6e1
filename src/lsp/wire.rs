//! Stdin and stdout as channels of messages. Answers go out as text, made once: an answer of megabytes, such as the
//! outline of a long lab, would take many times as long as a tree of JSON values.

use crossbeam_channel::{Receiver, RecvError, Sender, bounded, select};
use lsp_server::{Connection, Message, Notification, RequestId};
use lsp_types::notification::{Exit, Notification as _};
use serde::Serialize;
use std::io::{self, Write};
use std::thread::{self, JoinHandle};

/// The two threads at the ends of the channels.
pub(super) struct Threads {
    reader: JoinHandle<io::Result<()>>,
    writer: JoinHandle<io::Result<()>>,
}

/// The editor's messages and ours, and the answers to what it asks.
pub(super) fn stdio() -> (Connection, Sender<String>, Threads) {
    let (to_writer, messages) = bounded(0);
    let (to_answer, answers) = bounded(0);
    let (to_reader, receiver) = bounded(0);
    let threads = Threads {
        reader: thread::spawn(move || read(&to_reader)),
        writer: thread::spawn(move || write(&messages, &answers)),
    };
    (Connection { sender: to_writer, receiver }, to_answer, threads)
}

impl Threads {
    /// Waits for both. The channels must be closed, or they do not end.
    ///
    /// # Errors
    /// The editor is gone, or does not keep to the protocol.
    pub(super) fn join(self) -> io::Result<()> {
        let ended = |thread: JoinHandle<io::Result<()>>| {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread of the server ended early")))
        };
        ended(self.reader).and(ended(self.writer))
    }
}

/// The answer to a request, as it goes out.
pub(super) fn answer(id: &RequestId, result: Result<String, (i32, String)>) -> String {
    let id = text_of(id);
    match result {
        Ok(result) => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#),
        Err((code, message)) => {
            let message = text_of(&message);
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#)
        }
    }
}

/// What can always be said in JSON: numbers and texts.
fn text_of(plain: &impl Serialize) -> String {
    serde_json::to_string(plain).unwrap_or_default()
}

fn read(to: &Sender<Message>) -> io::Result<()> {
    let mut stdin = io::stdin().lock();
    while let Some(message) = Message::read(&mut stdin)? {
        let last =
            matches!(&message, Message::Notification(Notification { method, .. }) if method == Exit::METHOD);
        if to.send(message).is_err() || last {
            break;
        }
    }
    Ok(())
}

fn write(messages: &Receiver<Message>, answers: &Receiver<String>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    loop {
        let written = select! {
            recv(messages) -> message => match message {
                Ok(message) => message.write(&mut stdout),
                Err(RecvError) => return Ok(()),
            },
            recv(answers) -> answer => match answer {
                Ok(text) => write!(stdout, "Content-Length: {}\r\n\r\n", text.len())
                    .and_then(|()| stdout.write_all(text.as_bytes()))
                    .and_then(|()| stdout.flush()),
                Err(RecvError) => return Ok(()),
            },
        };
        written?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn an_answer_is_a_message_of_the_protocol() {
        let check = |id: RequestId, result, expected: Value| {
            assert_eq!(serde_json::from_str::<Value>(&answer(&id, result)).unwrap(), expected);
        };
        check(7.into(), Ok("[1]".to_owned()), json!({ "jsonrpc": "2.0", "id": 7, "result": [1] }));
        check(
            "a\"b".to_owned().into(),
            Err((-32803, "no \"such\"\nname".to_owned())),
            json!({
                "jsonrpc": "2.0",
                "id": "a\"b",
                "error": { "code": -32803, "message": "no \"such\"\nname" },
            }),
        );
    }
}
