//! What evaluating a lab may use up, as it is set on the command line or in the environment.

use crate::timeout;
use std::time::{Duration, Instant};
use topo_lang::{Ended, Interrupt, Limits};

/// Limits of evaluation; a lab that goes beyond one is refused with a diagnostic that names it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits of evaluation")]
pub(crate) struct LimitArgs {
    /// Levels of calls and values within one another [default: 20000]
    #[arg(
        long,
        value_name = "LEVELS",
        env = "TOPO_LIMIT_DEPTH",
        hide_env_values = true,
        hide_short_help = true
    )]
    limit_depth: Option<u32>,
    /// Steps in all [default: 500000000]
    #[arg(
        long,
        value_name = "STEPS",
        env = "TOPO_LIMIT_STEPS",
        hide_env_values = true,
        hide_short_help = true
    )]
    limit_steps: Option<u64>,
    /// Memory for values, such as `512M` or `8G` [default: 2G]
    #[arg(
        long,
        value_name = "SIZE",
        env = "TOPO_LIMIT_MEMORY",
        hide_env_values = true,
        hide_short_help = true,
        value_parser = size
    )]
    limit_memory: Option<usize>,
    /// Time, such as `10s` [default: none]
    #[arg(
        long,
        value_name = "DURATION",
        env = "TOPO_LIMIT_TIME",
        hide_env_values = true,
        hide_short_help = true,
        value_parser = timeout::parse
    )]
    limit_time: Option<Duration>,
}

impl LimitArgs {
    /// The limits, the language's own where nothing is said.
    pub(crate) fn limits(&self) -> Limits {
        let own = Limits::default();
        Limits {
            depth: self.limit_depth.unwrap_or(own.depth),
            steps: self.limit_steps.unwrap_or(own.steps),
            memory: self.limit_memory.unwrap_or(own.memory),
        }
    }

    /// How long it may take, if that is said.
    pub(crate) fn time(&self) -> Option<Duration> {
        self.limit_time
    }

    /// Ends what is evaluated when the time is up, from now on.
    pub(crate) fn interrupt(&self) -> Interrupt {
        let end = self.limit_time.and_then(|time| Instant::now().checked_add(time));
        Interrupt::new(move || end.filter(|end| Instant::now() >= *end).map(|_| Ended::OutOfTime))
    }
}

/// Reads a number of bytes: `512M`, `2GiB`, `100000`.
fn size(text: &str) -> Result<usize, String> {
    let expected = || "expected a size such as `512M` or `2G`".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_end_matches("iB").trim_end_matches('B') {
        "" => 0,
        "k" | "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return Err(expected()),
    };
    let number: usize = number.parse().map_err(|_| expected())?;
    number.checked_mul(1 << shift).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("100"), Ok(100));
        for wrong in ["", "M", "5 parsecs", "-1", "1T", "99999999999999999999", "99999999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
