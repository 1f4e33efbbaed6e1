//! What is there when somebody looks: each host's namespaces, and the processes in them.

use std::collections::BTreeMap;
use std::fs;

use nix::sys::stat::fstat;
use nix::unistd::Pid;

use super::super::netns_name;
use super::super::spec::{HostTable, ProcessEntry};
use super::hosts::Host;
use super::serve::Supervisor;
use crate::linux::family::{self, Entry};
use crate::linux::namespace;

/// Field 22 of `/proc/PID/stat` counts in hundredths of a second on every machine there is.
const TICK_MS: u64 = 10;

impl Supervisor {
    /// Every host that is held or has a process, in order.
    pub(super) fn table(&self) -> Vec<HostTable> {
        let now = uptime_ms();
        let table = family::table();
        let mut processes = self.processes(&table, now);
        let prefix = netns_name("");
        let held = self.held.keys().filter_map(|name| name.strip_prefix(&prefix));
        let mut names: Vec<&str> = held.chain(self.hosts.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        let host = |name: &str| HostTable {
            name: name.to_string(),
            namespaces: self.namespaces(name),
            processes: processes.remove(name).unwrap_or_default(),
        };
        names.into_iter().map(host).collect()
    }

    /// By their words; a host without a process has but one of its own.
    fn namespaces(&self, host: &str) -> BTreeMap<String, u64> {
        if let Some(init) = self.hosts.get(host).and_then(Host::pid) {
            let words = namespace::WORDS.iter().map(|(word, _)| *word);
            return words
                .filter_map(|word| Some((word.to_string(), namespace::inode(init, word)?)))
                .collect();
        }
        let held = self.held.get(&netns_name(host)).and_then(|held| fstat(held).ok());
        held.map(|stat| ("net".to_string(), stat.st_ino)).into_iter().collect()
    }

    /// By host, without the inits and the daemons' guards.
    fn processes(&self, table: &[Entry], now: u64) -> BTreeMap<String, Vec<ProcessEntry>> {
        let inits = self.hosts.iter().filter_map(|(name, host)| Some((name, host.pid()?)));
        let hosts: BTreeMap<u64, (&String, Pid)> =
            inits.filter_map(|(name, init)| Some((namespace::inode(init, "pid")?, (name, init)))).collect();
        let daemons =
            self.daemons.iter().flat_map(|(id, daemon)| daemon.guards().map(move |guard| (guard, id)));
        let guards: BTreeMap<Pid, &String> = daemons.collect();
        let mut found: BTreeMap<String, Vec<ProcessEntry>> = BTreeMap::new();
        for entry in table.iter().filter(|entry| !guards.contains_key(&entry.pid)) {
            let host = namespace::inode(entry.pid, "pid").and_then(|inode| hosts.get(&inode));
            let Some((name, _)) = host.filter(|(_, init)| *init != entry.pid) else { continue };
            let daemon = family::ancestry(table, entry.pid).find_map(|pid| guards.get(&pid));
            let process = ProcessEntry {
                pid: family::own_pid(entry.pid).unwrap_or(entry.pid).as_raw(),
                pid_in_lab: entry.pid.as_raw(),
                ran_ms: now.saturating_sub(entry.started * TICK_MS),
                command: family::command(entry.pid).unwrap_or_default(),
                daemon: daemon.map(|id| (*id).clone()),
            };
            found.entry((*name).clone()).or_default().push(process);
        }
        found
    }
}

fn uptime_ms() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default();
    (seconds * 1000.0) as u64
}
