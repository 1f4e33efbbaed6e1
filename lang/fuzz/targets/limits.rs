//! What an input may use up.

use topo_lang::{Inputs, Limits};

/// Limits that end whatever a fuzzer thinks up within a moment.
pub fn inputs() -> Inputs {
    let limits = Limits { depth: 2_000, thunks: 100_000, calls: 100_000, bytes: 16 << 20 };
    Inputs { limits, ..Inputs::default() }
}
