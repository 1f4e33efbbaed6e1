//! What an input may use up.

use topo_lang::{Inputs, Limits};

/// Limits that end whatever a fuzzer thinks up within a moment.
pub fn inputs() -> Inputs {
    let limits = Limits { depth: 2_000, steps: 100_000, memory: 64 << 20, ..Limits::default() };
    Inputs { limits, ..Inputs::default() }
}
