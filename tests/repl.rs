//! `topo repl` at a terminal: keys go into a pseudo terminal, and what appears on it is compared.

#![expect(clippy::disallowed_methods, reason = "the test starts the program outside of any lab")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use nix::pty::openpty;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Nothing here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

const LAB: &str = "lab typed
param clients type=int default=1
network lan { subnet \"10.0.0.0/24\" }
host kdc1 { interface eth0 network=lan }
host kdc2 { interface eth0 network=lan }
for i in=\"${lib.range 1 clients}\" { host \"client${i}\" { interface eth0 network=lan } }
";

/// A program at a terminal.
struct Terminal {
    keys: File,
    child: Child,
    seen: Arc<(Mutex<String>, Condvar)>,
    /// Up to where what appeared was looked at.
    looked: usize,
}

impl Terminal {
    fn start(home: &Path) -> Self {
        let pty = openpty(None, None).unwrap();
        let inner = || pty.slave.try_clone().unwrap();
        let child = Command::new("setsid")
            .args(["--ctty", env!("CARGO_BIN_EXE_topo"), "repl"])
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1")])
            .env("HOME", home)
            .current_dir(home)
            .stdin(inner())
            .stdout(inner())
            .stderr(inner())
            .spawn()
            .unwrap();
        let seen: Arc<(Mutex<String>, Condvar)> = Arc::default();
        let (mut screen, shared) = (File::from(pty.master.try_clone().unwrap()), seen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The last one to have the other end open is the program.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                shared.0.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
                shared.1.notify_all();
            }
        });
        Self { keys: File::from(pty.master), child, seen, looked: 0 }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a text appears behind what was looked at before.
    fn see(&mut self, text: &str) {
        assert!(self.sees(text, PATIENCE), "no {text:?} in {:?}", self.seen.0.lock().unwrap());
    }

    fn sees(&mut self, text: &str, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(at) = seen[self.looked..].find(text) {
                self.looked += at + text.len();
                return true;
            }
            let Some(left) = end.checked_duration_since(Instant::now()) else { return false };
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the program reads keys again: what is pressed before that may be taken for something else.
    fn prompt(&mut self) {
        self.see("topo> ");
    }

    /// Presses Ctrl-D at the prompt and waits for the end.
    fn leave(mut self) {
        self.prompt();
        self.press("\u{4}");
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "still there after Ctrl-D");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nothing where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home with a lab in it, removed at the end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("typed.kdl"), LAB).unwrap();
        Self(home)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn names_and_paths_are_completed() {
    let home = Home::new("repl-completes");
    let mut terminal = Terminal::start(&home.0);
    terminal.see("lab `typed` from typed.kdl");
    terminal.prompt();
    terminal.press("hos\t.kd\t\t");
    terminal.see("kdc1  kdc2");
    terminal.press("2.forw\t\r");
    terminal.see("hosts.kdc2.forward");
    terminal.see("false");
    terminal.prompt();
    terminal.press("mine = { some-attribute = 42; }\r");
    terminal.see("\n");
    terminal.prompt();
    terminal.press("min\t.so\t\r");
    terminal.see("mine.some-attribute");
    terminal.see("42");
    terminal.prompt();
    terminal.press(":rel\t\r");
    terminal.see(":reload");
    terminal.see("lab `typed` from typed.kdl");
    terminal.prompt();
    terminal.press(":load typ\t\r");
    terminal.see(":load typed.kdl");
    terminal.see("lab `typed` from typed.kdl");
    terminal.leave();
}

#[test]
fn an_unfinished_expression_goes_on_and_an_endless_one_is_interrupted() {
    let home = Home::new("repl-interrupts");
    let mut terminal = Terminal::start(&home.0);
    terminal.prompt();
    terminal.press("{ a = 1;\r b = 2; }\r");
    terminal.see("{ a = 1; b = 2; }\r\n");
    terminal.prompt();
    terminal.press("let ten = lib.range 1 9999; f = n: lib.all (i: n == 0 || f (n - 1)) ten; in f 9\r");
    // Pressed too early it belongs to the line that is being typed.
    let pressed = Instant::now();
    while !terminal.sees("interrupted", Duration::from_millis(200)) {
        assert!(pressed.elapsed() < PATIENCE, "still running");
        terminal.press("\u{3}");
    }
    // One press too many takes what is typed with it.
    let pressed = Instant::now();
    while !terminal.sees("\n3\r\n", Duration::from_millis(500)) {
        assert!(pressed.elapsed() < PATIENCE, "no answer after an interrupt");
        terminal.press("lib.length (lib.attrNames hosts)\r");
    }
    terminal.leave();
}

#[test]
fn lines_are_remembered_for_their_user_alone() {
    let home = Home::new("repl-remembers");
    let mut terminal = Terminal::start(&home.0);
    terminal.prompt();
    terminal.press("400 + 44\r");
    terminal.see("\n444\r\n");
    terminal.prompt();
    terminal.press(" 1 + 2\r");
    terminal.see("\n3\r\n");
    terminal.leave();

    let history = home.0.join(".local/state/topo/repl-history");
    assert_eq!(fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&history).unwrap();
    // A line that begins with a space is not kept.
    assert!(text.contains("400 + 44") && !text.contains("1 + 2"), "{text}");

    let mut terminal = Terminal::start(&home.0);
    terminal.prompt();
    terminal.press("\u{1b}[A\r");
    terminal.see("400 + 44");
    terminal.see("\n444\r\n");
    terminal.leave();
}
