//! Queueing disciplines: what happens to packets on their way out of a link. The numbers are the kernel's own.

use super::{Netlink, Request, word32};
use crate::linux::Result;
use rtnetlink::packet_core::{DefaultNla, Nla};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::tc::{TcAttribute, TcHandle, TcMessage, TcOption};

/// What a link does with packets on their way out, where that is not the kernel's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qdisc {
    /// It is like a bad line.
    Netem(Netem),
    /// It sends no faster than a rate.
    Tbf(Tbf),
}

/// A bad line. Chances are parts of `u32::MAX`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Netem {
    /// Nanoseconds that each packet is held back.
    pub delay: u64,
    /// Nanoseconds by which that differs, either way.
    pub jitter: u64,
    /// The packets that wait at most.
    pub limit: u32,
    /// The chance to be lost.
    pub loss: u32,
    /// The chance to come twice.
    pub duplicate: u32,
    /// The chance not to be held back.
    pub reorder: u32,
    /// The chance to have a bit turned.
    pub corrupt: u32,
    /// Bytes per second; 0 for as fast as can be.
    pub rate: u64,
}

/// A rate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tbf {
    /// Bytes per second.
    pub rate: u64,
    /// How long sending a burst takes, in ticks.
    pub buffer: u32,
    /// The bytes that wait at most.
    pub limit: u32,
}

/// Names of the protocol, as in the kernel's `linux/pkt_sched.h`.
mod name {
    pub(super) const OPTIONS: u16 = 2;
    pub(super) const NETEM_REORDER: u16 = 3;
    pub(super) const NETEM_CORRUPT: u16 = 4;
    pub(super) const NETEM_RATE: u16 = 6;
    pub(super) const NETEM_RATE64: u16 = 8;
    pub(super) const NETEM_LATENCY64: u16 = 10;
    pub(super) const NETEM_JITTER64: u16 = 11;
    pub(super) const TBF_PARMS: u16 = 1;
    pub(super) const TBF_RATE64: u16 = 4;
    pub(super) const ETHERNET: u8 = 1;
}

/// The nanoseconds of a tick.
const TICK: u64 = 64;
/// The length of `struct tc_netem_qopt`.
const NETEM: usize = 24;
/// The length of `struct tc_ratespec`.
const RATE: usize = 12;

impl Qdisc {
    /// The kernel's name for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Qdisc::Netem(_) => "netem",
            Qdisc::Tbf(_) => "tbf",
        }
    }

    fn options(&self) -> Vec<u8> {
        match self {
            Qdisc::Netem(netem) => netem.options(),
            Qdisc::Tbf(tbf) => tbf.options(),
        }
    }
}

impl Tbf {
    /// The ticks that sending `bytes` takes at `rate` bytes per second.
    pub fn buffer(bytes: u64, rate: u64) -> u32 {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
        u32::try_from(nanoseconds / u128::from(TICK)).unwrap_or(u32::MAX)
    }

    /// The bytes that are sent at once after a pause.
    pub fn burst(&self) -> u64 {
        let nanoseconds = u128::from(self.buffer) * u128::from(TICK);
        u64::try_from(nanoseconds * u128::from(self.rate) / 1_000_000_000).unwrap_or(u64::MAX)
    }

    fn options(&self) -> Vec<u8> {
        let mut parameters = rate_spec(self.rate);
        // No rate for peaks.
        parameters.extend([0; RATE]);
        for number in [self.limit, self.buffer, 0] {
            parameters.extend(number.to_ne_bytes());
        }
        let mut options = attribute(name::TBF_PARMS, &parameters);
        if self.rate > u64::from(u32::MAX) {
            options.extend(attribute(name::TBF_RATE64, &self.rate.to_ne_bytes()));
        }
        options
    }

    fn decode(options: &[u8]) -> Option<Self> {
        let parameters = find(options, name::TBF_PARMS)?;
        let rate = word64(find(options, name::TBF_RATE64)).or(word32(parameters, 8).map(u64::from));
        Some(Self {
            rate: rate?,
            limit: word32(parameters, 2 * RATE)?,
            buffer: word32(parameters, 2 * RATE + 4)?,
        })
    }
}

impl Netem {
    /// Whatever is left out of a change stays as it was, so nothing is.
    fn options(&self) -> Vec<u8> {
        // Without a gap no packet is sent early by its number.
        let gap = u32::from(self.reorder > 0);
        let mut options = Vec::new();
        for number in [ticks(self.delay), self.limit, self.loss, gap, self.duplicate, ticks(self.jitter)] {
            options.extend(number.to_ne_bytes());
        }
        for (kind, chance) in [(name::NETEM_REORDER, self.reorder), (name::NETEM_CORRUPT, self.corrupt)] {
            options.extend(attribute(kind, &[chance.to_ne_bytes(), [0; 4]].concat()));
        }
        let small = u32::try_from(self.rate).unwrap_or(u32::MAX);
        options.extend(attribute(name::NETEM_RATE, &[small.to_ne_bytes().as_slice(), &[0; 12]].concat()));
        for (kind, number) in [
            (name::NETEM_RATE64, self.rate),
            (name::NETEM_LATENCY64, self.delay),
            (name::NETEM_JITTER64, self.jitter),
        ] {
            options.extend(attribute(kind, &number.to_ne_bytes()));
        }
        options
    }

    fn decode(options: &[u8]) -> Option<Self> {
        let number = |at: usize| word32(options, at * 4);
        let rest = options.get(NETEM..)?;
        let chance = |kind| find(rest, kind).and_then(|value| word32(value, 0)).unwrap_or_default();
        let time = |kind, ticks: u32| word64(find(rest, kind)).unwrap_or(u64::from(ticks) * TICK);
        Some(Self {
            delay: time(name::NETEM_LATENCY64, number(0)?),
            limit: number(1)?,
            loss: number(2)?,
            duplicate: number(4)?,
            jitter: time(name::NETEM_JITTER64, number(5)?),
            reorder: chance(name::NETEM_REORDER),
            corrupt: chance(name::NETEM_CORRUPT),
            rate: word64(find(rest, name::NETEM_RATE64)).unwrap_or(u64::from(chance(name::NETEM_RATE))),
        })
    }
}

/// Gives the link with this number a discipline, or changes the one it has.
pub fn set_qdisc(index: u32, qdisc: &Qdisc) -> Request {
    let mut message = at_root(index);
    message.attributes.push(TcAttribute::Kind(qdisc.kind().to_owned()));
    message.attributes.push(TcAttribute::Other(DefaultNla::new(name::OPTIONS, qdisc.options())));
    Request::replace(RouteNetlinkMessage::NewQueueDiscipline(message))
}

/// Leaves the discipline of the link with this number to the kernel.
pub fn remove_qdisc(index: u32) -> Request {
    Request::change(RouteNetlinkMessage::DelQueueDiscipline(at_root(index)))
}

fn at_root(index: u32) -> TcMessage {
    let mut message = TcMessage::with_index(index.cast_signed());
    message.header.parent = TcHandle::ROOT;
    message
}

impl Netlink {
    /// The disciplines that links have, of those we know, with the numbers of the links.
    pub fn qdiscs(&self) -> Result<Vec<(u32, Qdisc)>> {
        Ok(self.qdisc_messages()?.iter().filter_map(decode).collect())
    }
}

fn decode(message: &TcMessage) -> Option<(u32, Qdisc)> {
    if message.header.parent != TcHandle::ROOT {
        return None;
    }
    let mut kind = "";
    let mut options = Vec::new();
    for attribute in &message.attributes {
        match attribute {
            TcAttribute::Kind(name) => kind = name,
            TcAttribute::Options(all) => {
                if let [TcOption::Other(whole)] = all.as_slice() {
                    options.resize(whole.value_len(), 0);
                    whole.emit_value(&mut options);
                }
            }
            _ => {}
        }
    }
    let qdisc = match kind {
        "netem" => Qdisc::Netem(Netem::decode(&options)?),
        "tbf" => Qdisc::Tbf(Tbf::decode(&options)?),
        _ => return None,
    };
    Some((message.header.index.cast_unsigned(), qdisc))
}

fn ticks(nanoseconds: u64) -> u32 {
    u32::try_from(nanoseconds / TICK).unwrap_or(u32::MAX)
}

/// `struct tc_ratespec`: of what its packets are made, so that the kernel asks for no table, and the rate.
fn rate_spec(rate: u64) -> Vec<u8> {
    let mut spec = vec![0, name::ETHERNET, 0, 0, 0, 0, 0, 0];
    spec.extend(u32::try_from(rate).unwrap_or(u32::MAX).to_ne_bytes());
    spec
}

/// All values here are of whole words.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    [&length.to_ne_bytes(), &kind.to_ne_bytes(), value].concat()
}

/// The value of the first attribute of a kind.
fn find(mut rest: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(super::word16(rest, 0)?);
        let value = rest.get(4..length)?;
        if super::word16(rest, 2)? == kind {
            return Some(value);
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn word64(bytes: Option<&[u8]>) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes?.get(..8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::netns;
    use std::os::fd::AsFd;

    #[test]
    fn a_bad_line_is_read_as_it_was_written() {
        let bad = Netem {
            delay: 20_000_000,
            jitter: 1_500_000,
            limit: 1000,
            loss: 1 << 20,
            duplicate: 2 << 20,
            reorder: 3 << 20,
            corrupt: 4 << 20,
            rate: 10_000_000_000,
        };
        assert_eq!(Netem::decode(&bad.options()), Some(bad));
        assert_eq!(Netem::decode(&Netem::default().options()), Some(Netem::default()));
    }

    #[test]
    fn the_kernel_has_the_rate_it_was_given() {
        let netns = netns::create().unwrap();
        netns::with(netns.as_fd(), || {
            let netlink = Netlink::open().unwrap();
            for rate in [125_000, 12_500_000_000] {
                let wanted = Tbf { rate, buffer: Tbf::buffer(200_000, rate), limit: 300_000 };
                let answers = netlink.perform(&[set_qdisc(1, &Qdisc::Tbf(wanted.clone()))]).unwrap();
                assert_eq!(answers, [Ok(())]);
                assert_eq!(netlink.qdiscs().unwrap(), [(1, Qdisc::Tbf(wanted))]);
            }
            assert_eq!(netlink.perform(&[remove_qdisc(1)]).unwrap(), [Ok(())]);
            assert_eq!(netlink.qdiscs().unwrap(), []);
            assert!(netlink.perform(&[remove_qdisc(1)]).unwrap()[0].as_ref().unwrap_err().is_gone());
        })
        .unwrap();
    }
}
