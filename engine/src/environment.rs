//! The environment of what runs on a host: complete, and nothing of whoever started it.

use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Where programs are looked for, on hosts and when the machine is asked what it lacks. An ordinary user's own `PATH` often
/// has no `sbin`.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What every process gets, then the host's variables, then its own.
pub fn of_process<'a>(
    layers: impl IntoIterator<Item = &'a IndexMap<String, String>>,
) -> BTreeMap<String, String> {
    let base =
        [("PATH", PATH), ("LANG", "C.UTF-8"), ("HOME", "/root"), ("USER", "root"), ("LOGNAME", "root")];
    let mut environment: BTreeMap<String, String> =
        base.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for layer in layers {
        environment.extend(layer.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    environment
}
