//! What should happen to packets, and how it follows from the lab. A rate alone is for the kernel's `tbf`, which every
//! kernel has and which keeps it better; all else is for `netem`.

use super::{apply, observe};
use crate::attribute::Attributes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::veth::port_name;
use crate::kinds::{Manage, Subject, Updating};
use crate::lab::{self, Lab};
use crate::linux::machine::has_qdiscs;
use crate::linux::netlink::{Netem, Qdisc, Tbf};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use std::collections::BTreeMap;
use std::time::Duration;

/// What should happen to packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impairment {
    /// What the kernel is told.
    pub qdisc: Qdisc,
}

/// What the names of those on the way in end with.
const INGRESS: &str = "/ingress";

/// The packets that wait at most where nobody says.
const LIMIT: u32 = 1000;

/// How long what waits for a rate may take to be sent, where nobody says how many.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a burst may take to be sent, where nobody says how large it is.
const BURST: Duration = Duration::from_millis(10);

/// The header before a packet, in bytes.
const HEADER: u64 = 14;

/// The link that has an impairment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The host's.
    Interface(String),
    /// The bridge's, which the host's is plugged into.
    Port(String),
}

impl Place {
    pub(super) fn of(id: &ResourceId) -> Self {
        match (id.name.strip_suffix(INGRESS), &id.host) {
            (Some(interface), Some(host)) => Place::Port(port_name(host.as_str(), interface)),
            (_, _) => Place::Interface(id.name.to_string()),
        }
    }
}

impl Impairment {
    /// `None` where nothing happens to packets.
    fn of(impairment: &lab::Impairment, mtu: u64) -> Option<Self> {
        let bytes = impairment.rate().map(|bits| (bits / 8).max(1));
        if impairment.is_bad() {
            let nanoseconds =
                |time: Option<Duration>| time.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(0));
            return Some(Self {
                qdisc: Qdisc::Netem(Netem {
                    delay: nanoseconds(impairment.delay),
                    jitter: nanoseconds(impairment.jitter),
                    limit: impairment.limit.unwrap_or(LIMIT),
                    loss: chance(impairment.loss),
                    duplicate: chance(impairment.duplicate),
                    reorder: chance(impairment.reorder),
                    corrupt: chance(impairment.corrupt),
                    rate: bytes.unwrap_or(0),
                }),
            });
        }
        let rate = bytes?;
        let packet = mtu + HEADER;
        let within = |time: Duration| u64::try_from(u128::from(rate) * time.as_nanos() / 1_000_000_000).ok();
        // A packet that is larger than a burst is never sent.
        let least = 2 * packet;
        let burst =
            impairment.burst.map(|size| size.0).or(within(BURST)).map_or(least, |size| size.max(least));
        let limit = match impairment.limit {
            Some(packets) => u64::from(packets) * packet,
            None => burst + within(PATIENCE).unwrap_or_default().max(10 * packet),
        };
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        Some(Self { qdisc: Qdisc::Tbf(Tbf { rate, buffer: Tbf::buffer(burst, rate), limit }) })
    }
}

/// A discipline as attributes. All of them, so that one more than asked for is seen.
pub(super) fn attributes(qdisc: &Qdisc) -> Attributes {
    let texts = match qdisc {
        Qdisc::Netem(netem) => vec![
            ("delay", time(netem.delay)),
            ("jitter", time(netem.jitter)),
            ("loss", percent(netem.loss)),
            ("duplicate", percent(netem.duplicate)),
            ("reorder", percent(netem.reorder)),
            ("corrupt", percent(netem.corrupt)),
            ("rate", rate(netem.rate)),
            ("limit", format!("{} packets", netem.limit)),
        ],
        Qdisc::Tbf(tbf) => vec![
            ("rate", rate(tbf.rate)),
            ("burst", format!("{} bytes", tbf.burst())),
            ("limit", format!("{} bytes", tbf.limit)),
        ],
    };
    texts.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
}

const NONE: &str = "none";

fn time(nanoseconds: u64) -> String {
    match nanoseconds {
        0 => NONE.to_owned(),
        some => format!("{:?}", Duration::from_nanos(some)).replace('µ', "u"),
    }
}

fn rate(bytes: u64) -> String {
    let bits = u128::from(bytes) * 8;
    let units = [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1000, "kbit")];
    match units.iter().find(|(unit, _)| bits.is_multiple_of(*unit)) {
        _ if bits == 0 => NONE.to_owned(),
        Some((unit, name)) => format!("{}{name}", bits / unit),
        None => format!("{bits}bit"),
    }
}

/// Percents as the kernel has them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100 percent of it")]
fn chance(percent: Option<f64>) -> u32 {
    (percent.unwrap_or_default().clamp(0.0, 100.0) / 100.0 * f64::from(u32::MAX)).round() as u32
}

fn percent(chance: u32) -> String {
    if chance == 0 {
        return NONE.to_owned();
    }
    let text = format!("{:.4}", f64::from(chance) / f64::from(u32::MAX) * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Manage for Impairment {
    const IN_PLACE: &'static [&'static str] =
        &["delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "rate", "burst", "limit"];
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (host_name, host) in &lab.hosts {
            for (name, interface) in &host.interfaces {
                let mtu = interface.mtu.unwrap_or(1500);
                let ingress = interface.ingress.as_deref().cloned();
                for (impairment, ending) in [(lab.impairment(interface), ""), (ingress, INGRESS)] {
                    if let Some(spec) =
                        impairment.and_then(|impairment| Impairment::of(&impairment, mtu.into()))
                    {
                        lowering
                            .of_host(host_name, &format!("{name}{ending}"), spec, interface.span)
                            .needs_interface(host_name, name, Why::Inside)
                            .sets_up(host_name);
                    }
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        attributes(&self.qdisc)
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let mut asked: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (id, spec) in specs {
            asked.entry(spec.qdisc.kind()).or_default().push(id.to_string());
        }
        let kinds: Vec<&str> = asked.keys().copied().collect();
        // Where nothing can be tried, whatever keeps it from being tried has words of its own.
        let has = has_qdiscs(&kinds).unwrap_or_default();
        asked
            .into_iter()
            .zip(has)
            .filter(|(_, has)| !has)
            .map(|((kind, needed_by), _)| Missing {
                what: format!("the queueing discipline `{kind}`, which this kernel does not have"),
                needed_by,
                cure: format!("use a kernel with the module `sch_{kind}`; Debian's have it"),
            })
            .collect()
    }

    fn observe(machine: &Machine, subjects: &[Subject<'_, Self>]) -> Result<Vec<Option<Attributes>>, Error> {
        observe::observe(machine, subjects)
    }

    fn create(machine: &Machine, wanted: &[(&ResourceId, &Self)]) -> Vec<Result<(), Error>> {
        apply::set(machine, wanted)
    }

    fn update(machine: &Machine, wanted: &[Updating<'_, Self>]) -> Vec<Result<(), Error>> {
        apply::set(machine, &wanted.iter().map(|one| (one.id, one.spec)).collect::<Vec<_>>())
    }

    fn delete(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
        apply::remove(machine, unwanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Rate;

    #[test]
    fn numbers_are_shown_as_they_are_written() {
        assert_eq!(
            [time(0), time(20_000_000), time(1_500_000), time(250_000)],
            ["none", "20ms", "1.5ms", "250us"]
        );
        assert_eq!(
            [0.0, 100.0, 1.0, 0.25, 33.3333].map(|given| percent(chance(Some(given)))),
            ["none", "100%", "1%", "0.25%", "33.3333%"]
        );
        assert_eq!([1, 8_000, 1_250_000, 125_000_000].map(rate), ["8bit", "64kbit", "10mbit", "1gbit"]);
    }

    #[test]
    fn a_rate_alone_lets_the_largest_packet_through() {
        let of = |bits| {
            let asked = lab::Impairment { rate: Some(Rate(bits)), ..lab::Impairment::default() };
            Impairment::of(&asked, 9000).map(|impairment| impairment.qdisc)
        };
        assert_eq!(of(0), None);
        for bits in [8_000, 1_000_000, 10_000_000_000] {
            let Some(Qdisc::Tbf(tbf)) = of(bits) else { panic!("a rate alone is tbf's") };
            assert!(tbf.burst() >= 9000 && u64::from(tbf.limit) >= tbf.burst(), "{tbf:?}");
        }
    }
}
