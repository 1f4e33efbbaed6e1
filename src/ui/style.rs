//! Colours by what they mean. They are taken out where nobody would see them.

use anstyle::{AnsiColor, Style};

/// Made, running, as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Worth a look.
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
/// Removed, failed, missing.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// Names of things.
pub(crate) const HEADING: Style = Style::new().bold();
/// Reasons, times and other small print.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Ways out.
pub(crate) const HELP: Style = AnsiColor::Cyan.on_default();
