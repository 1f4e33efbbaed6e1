//! `topo logs`: what the daemons of a host print.

use crate::cli::Context;
use crate::exit::{Exit, Failure};
use crate::running::{Running, WhichLab};
use crate::ui::{self, style};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use topo_engine::error::Error;
use topo_engine::runtime::LogReader;

/// How often files are looked at for more.
const PAUSE: Duration = Duration::from_millis(100);

/// Show what the daemons of a host print
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: WhichLab,
    /// Host, or one daemon of it
    #[arg(value_name = "HOST[/DAEMON]")]
    subject: String,
    /// Wait for more
    #[arg(short, long)]
    follow: bool,
    /// Only the last lines
    #[arg(short = 'n', long, value_name = "LINES")]
    lines: Option<usize>,
}

/// One daemon's log, read so far.
struct Log {
    daemon: String,
    path: PathBuf,
    reader: LogReader,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (host, daemon) = match args.subject.split_once('/') {
        Some((host, daemon)) => (host, Some(daemon)),
        None => (args.subject.as_str(), None),
    };
    let running = Running::with_host(context, &args.which, host)?;
    let mut logs = logs(&running, host, daemon)?;
    let alone = logs.len() == 1;
    for log in &mut logs {
        let text = log.more()?;
        let text = last_lines(&text, args.lines);
        if !alone && !text.is_empty() {
            ui::data(&format!("{}{}{0:#}", style::HEADING, log.daemon))?;
        }
        ui::data(text)?;
    }
    if !args.follow {
        return Ok(Exit::Done);
    }
    loop {
        std::thread::sleep(PAUSE);
        for log in &mut logs {
            let text = log.more()?;
            if alone {
                ui::data(&text)?;
            } else {
                for line in text.lines() {
                    ui::data(&format!("{}{}:{0:#} {line}", style::HEADING, log.daemon))?;
                }
            }
        }
    }
}

/// The logs of all daemons of a host, or of one.
fn logs(running: &Running, host: &str, daemon: Option<&str>) -> Result<Vec<Log>, Failure> {
    let directory = running.client.directory().host(host).path().join("log");
    let mut daemons: Vec<String> = fs::read_dir(&directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            entry.ok()?.file_name().into_string().ok()?.strip_suffix(".log").map(str::to_owned)
        })
        .collect();
    daemons.sort();
    if let Some(daemon) = daemon {
        if !daemons.iter().any(|known| known == daemon) {
            let help = match daemons.as_slice() {
                [] => format!("`{host}` has no daemon"),
                known => format!("daemons of `{host}`: `{}`", known.join("`, `")),
            };
            return Err(Failure::input(format!("no log of `{host}/{daemon}`"), help));
        }
        daemons.retain(|known| known == daemon);
    }
    if daemons.is_empty() {
        return Err(Failure::input(
            format!("host `{host}` has no daemon"),
            "`topo status` shows who has which",
        ));
    }
    let log = |daemon: String| {
        let path = directory.join(format!("{daemon}.log"));
        Log { reader: LogReader::from_start(path.clone()), path, daemon }
    };
    Ok(daemons.into_iter().map(log).collect())
}

impl Log {
    /// What was added since it was read last.
    fn more(&mut self) -> Result<String, Failure> {
        let failed = |source| Error::caused(format!("read `{}`", self.path.display()), source);
        let bytes = self.reader.more().map_err(failed)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn last_lines(text: &str, count: Option<usize>) -> &str {
    let Some(count) = count else { return text };
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .filter(|at| *at < text.len())
        .collect();
    match starts.len().checked_sub(count) {
        Some(first) => starts.get(first).map_or("", |start| &text[*start..]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_last_lines_are_whole() {
        assert_eq!(last_lines("a\nb\nc\n", Some(2)), "b\nc\n");
        assert_eq!(last_lines("a\nb\nc", Some(1)), "c");
        assert_eq!(last_lines("a\n", Some(5)), "a\n");
        assert_eq!(last_lines("a\n", Some(0)), "");
        assert_eq!(last_lines("a\nb", None), "a\nb");
    }
}
