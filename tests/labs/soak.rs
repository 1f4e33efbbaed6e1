//! A lab that is edited at random, round after round: each time it is applied, and the next plan must be empty. In between
//! things are changed by hand, commands and the supervisor are killed, and the record is lost.
//!
//! `SOAK_ROUNDS` (25) and `SOAK_SEED` (1) say how long and which; the same seed makes the same rounds.

use crate::run::{Outcome, run};
use crate::stage::Actor;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

/// For one command.
const LIMIT: Duration = Duration::from_secs(60);

/// Edits a lab so many times.
pub(crate) fn soak(actor: &Actor) -> Result<(), String> {
    let (rounds, seed) = (number("SOAK_ROUNDS", 25)?, number("SOAK_SEED", 1)?);
    let mut random = Random(seed);
    let mut lab = Lab::new();
    let mut story = String::new();
    for round in 1..=rounds {
        let mut done = Vec::new();
        if round > 1 {
            for _ in 0..=random.below(2) {
                done.push(lab.edit(&mut random));
            }
        }
        fs::write(actor.home.join("lab.kdl"), lab.text()).map_err(|error| error.to_string())?;
        if round > 1 && random.below(3) == 0 {
            done.push(meddle(actor, &lab, &mut random)?);
        }
        let _ = writeln!(story, "{round}: {}", done.join("; "));
        let wrong = |outcome: &Outcome| {
            let last: Vec<&str> = story.lines().rev().take(5).collect();
            format!(
                "seed {seed}, round {round}:\n{}\n{outcome}\n--- the lab\n{}",
                last.into_iter().rev().collect::<Vec<_>>().join("\n"),
                lab.text()
            )
        };
        for (arguments, status) in [(&["apply", "--yes"][..], 0), (&["plan", "--detailed-exitcode"], 0)] {
            let outcome = topo(actor, arguments)?;
            if outcome.status != status {
                return Err(wrong(&outcome));
            }
        }
    }
    let outcome = topo(actor, &["destroy", "--yes"])?;
    if outcome.status == 0 { Ok(()) } else { Err(outcome.to_string()) }
}

fn number(variable: &str, otherwise: u64) -> Result<u64, String> {
    match std::env::var(variable) {
        Ok(text) => text.parse().map_err(|_| format!("{variable} is no number: `{text}`")),
        Err(_) => Ok(otherwise),
    }
}

/// Changes something that nobody asked for; says what.
fn meddle(actor: &Actor, lab: &Lab, random: &mut Random) -> Result<String, String> {
    let supervisor = "pkill -KILL -f \"supervise run.*$LAB_STATE\"";
    let by_hand = [
        "ip address flush dev eth0",
        "ip link set eth0 down",
        "ip link set eth0 mtu 1280",
        "ip link delete eth0",
        "ip route flush table main",
        "rm -f /etc/f0 /etc/f1",
        "echo other > /etc/f0",
        "pkill -KILL sleep",
        "sysctl -qw net.ipv4.ip_forward=1",
    ];
    let script = match random.below(14) {
        0 => supervisor.to_owned(),
        1 => format!("{supervisor}; rm -f \"$LAB_STATE\"/soak/supervisor.sock"),
        2 => "rm -f \"$LAB_STATE\"/soak/state.json".to_owned(),
        3..=5 => format!("timeout -s KILL 0.{:02} topo apply --yes -q", 2 + random.below(40)),
        _ => {
            let host = lab.hosts.keys().nth(random.below(lab.hosts.len())).copied().unwrap_or_default();
            let what = by_hand[random.below(by_hand.len())];
            format!("topo exec h{host} -- sh -c '{what}'")
        }
    };
    let mut bash = actor.command("bash");
    // What it says and how it ends is its own affair: the host may not be there yet.
    bash.args(["-c", &format!("{script}; true")]);
    run(bash, &script, LIMIT)?;
    Ok(script)
}

fn topo(actor: &Actor, arguments: &[&str]) -> Result<Outcome, String> {
    let mut command = actor.command("topo");
    command.args(arguments);
    run(command, &format!("topo {}", arguments.join(" ")), LIMIT)
}

/// Numbers that follow from a seed: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (limit.max(1) as u64)).unwrap_or(0)
    }
}

const NETWORKS: usize = 3;
const HOSTS: usize = 6;

/// The lab as it is now.
struct Lab {
    /// The largest packet of each network.
    networks: [usize; NETWORKS],
    /// Whether the first host leads out of the first network.
    gateway: bool,
    hosts: BTreeMap<usize, Host>,
    /// Numbers of principals, with the number of their password.
    principals: BTreeMap<usize, usize>,
    /// Whether things are said in the opposite order.
    turned: bool,
}

#[derive(Default)]
struct Host {
    /// The network of each interface, and the number of its address where it has one of its own.
    interfaces: BTreeMap<usize, (usize, Option<usize>)>,
    /// The contents of each file.
    files: BTreeMap<usize, usize>,
    /// How long each daemon sleeps, and whether it reads the first file.
    daemons: BTreeMap<usize, (usize, bool)>,
    forward: bool,
    sysctl: Option<usize>,
    /// What a step leaves.
    step: Option<usize>,
}

impl Lab {
    fn new() -> Self {
        let mut lab = Self {
            networks: [1500; NETWORKS],
            gateway: false,
            hosts: BTreeMap::new(),
            principals: BTreeMap::from([(0, 0)]),
            turned: false,
        };
        for host in 0..2 {
            lab.hosts.entry(host).or_default().interfaces.insert(0, (0, None));
        }
        lab
    }

    /// Changes one thing; says which.
    fn edit(&mut self, random: &mut Random) -> String {
        let number = random.below(HOSTS);
        let what = random.below(14);
        let value = random.below(4);
        match what {
            0 => self.turned = !self.turned,
            1 => self.gateway = !self.gateway,
            2 => self.networks[random.below(NETWORKS)] = [1500, 1400, 9000, 1300][value],
            3 | 4 if self.principals.contains_key(&number) && value == 0 => {
                self.principals.remove(&number);
            }
            3 | 4 => {
                self.principals.insert(number, value);
            }
            // The first host is the key distribution centre, and stays.
            5 | 6 if number > 0 && self.hosts.remove(&number).is_some() => {}
            _ => {
                let is_first = number == 0;
                self.hosts.entry(number).or_default().edit(is_first, what, value, random);
            }
        }
        format!("edit {what} of {number} ({value})")
    }

    fn text(&self) -> String {
        let mut parts = Vec::new();
        for (network, mtu) in self.networks.iter().enumerate() {
            let gateway = if network == 0 && self.gateway { "gateway h0; " } else { "" };
            parts.push(format!("network n{network} {{ subnet \"10.{network}.0.0/24\" \"fd00:{network}::/64\"; {gateway}mtu {mtu} }}"));
        }
        let principals = self
            .principals
            .iter()
            .map(|(name, password)| format!("principal p{name} password=word{password}; "));
        parts.push(format!("realm R.TEST {{ kdc h0; {}}}", principals.collect::<String>()));
        parts.extend(self.hosts.iter().map(|(number, host)| host.text(*number)));
        if self.turned {
            parts.reverse();
        }
        format!("lab soak\n\nimport \"std:kerberos\"\n\n{}\n", parts.join("\n"))
    }
}

impl Host {
    fn edit(&mut self, is_first: bool, what: usize, value: usize, random: &mut Random) {
        let which = random.below(2);
        match what {
            7 => self.forward = !self.forward,
            8 => self.sysctl = (value > 0).then_some(value),
            9 | 10 if value == 0 => {
                self.files.remove(&which);
            }
            9 | 10 => {
                self.files.insert(which, value);
            }
            11 if value == 0 => {
                self.daemons.remove(&which);
            }
            11 => {
                self.daemons.insert(which, (1000 + value, random.below(2) == 0));
            }
            12 => self.step = (value > 0).then_some(value),
            _ if value == 0 && !(is_first && which == 0) => {
                self.interfaces.remove(&which);
            }
            _ => {
                let network = if is_first && which == 0 { 0 } else { random.below(NETWORKS) };
                let address = (random.below(2) == 0).then(|| 100 + random.below(2));
                // One interface on each network.
                if !self.interfaces.iter().any(|(other, (on, _))| *other != which && *on == network) {
                    self.interfaces.insert(which, (network, address));
                }
            }
        }
    }

    fn text(&self, number: usize) -> String {
        let mut text = format!("host h{number} {{");
        for (interface, (network, address)) in &self.interfaces {
            let address = address
                .map(|last| format!(" address=\"10.{network}.0.{}/24\"", last + 2 * number))
                .unwrap_or_default();
            let _ = write!(text, "\n    interface eth{interface} network=n{network}{address}");
        }
        if self.forward {
            text.push_str("\n    forward #true");
        }
        if let Some(value) = self.sysctl {
            let _ = write!(text, "\n    sysctl net.ipv4.ip_default_ttl \"{}\"", 60 + value);
        }
        for (file, contents) in &self.files {
            let _ = write!(text, "\n    file \"/etc/f{file}\" {{ text \"contents {contents}\" }}");
        }
        let reads =
            |reads: bool| if reads && self.files.contains_key(&0) { "; reads \"/etc/f0\"" } else { "" };
        for (daemon, (seconds, does_read)) in &self.daemons {
            let _ = write!(text, "\n    daemon d{daemon} {{ run sleep \"{seconds}\"{} }}", reads(*does_read));
        }
        if let Some(value) = self.step {
            let _ = write!(
                text,
                "\n    step left {{ run sh \"-c\" \"echo {value} > /var/left\"{} }}",
                reads(true)
            );
        }
        text.push_str("\n}");
        text
    }
}
