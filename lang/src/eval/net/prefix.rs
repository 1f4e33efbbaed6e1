//! An address with the length of its prefix, as one number.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of either family, and how many of its bits name the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix {
    pub(super) six: bool,
    pub(super) address: u128,
    pub(super) length: u8,
}

impl Prefix {
    /// `10.0.0.5`, `10.0.0.0/24`, `fd00::1/64`; an address alone is a prefix of its full length.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(length.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        let (six, address, bits) = match address.parse().ok()? {
            IpAddr::V4(address) => (false, u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (true, u128::from(address), 128),
        };
        let length = length.unwrap_or(bits);
        (length <= bits).then_some(Self { six, address, length })
    }

    /// 32 or 128.
    pub(super) fn bits(self) -> u8 {
        if self.six { 128 } else { 32 }
    }

    /// The greatest number of a host; its bits are those that the network leaves.
    pub(super) fn last_number(self) -> u128 {
        match self.bits() - self.length {
            128 => u128::MAX,
            free => (1 << free) - 1,
        }
    }

    /// The number of this address within its network.
    pub(super) fn number(self) -> u128 {
        self.address & self.last_number()
    }

    /// The address of that number within the network.
    pub(super) fn with_number(self, number: u128) -> Self {
        Self { address: (self.address & !self.last_number()) | number, ..self }
    }

    pub(super) fn network(self) -> Self {
        self.with_number(0)
    }

    /// The numbers hosts may have: not the network's own, nor in IPv4 the broadcast; prefixes of a link between
    /// two, or of one host, have all.
    pub(super) fn usable(self) -> (u128, u128) {
        let last = self.last_number();
        match (last, self.six) {
            (0 | 1, _) => (0, last),
            (_, false) => (1, last - 1),
            (_, true) => (1, last),
        }
    }

    /// Whether all of `inner` is in this network.
    pub(super) fn contains(self, inner: Prefix) -> bool {
        self.six == inner.six
            && self.length <= inner.length
            && (self.address ^ inner.address) & !self.mask_of_hosts() == 0
    }

    fn mask_of_hosts(self) -> u128 {
        // Bits above the address are zero in both addresses of IPv4.
        self.last_number()
    }

    pub(super) fn subnet(self, bits: i64, number: i64) -> Option<Self> {
        let length = u8::try_from(bits).ok()?.checked_add(self.length)?;
        let number = u128::try_from(number).ok()?;
        if length > self.bits() {
            return None;
        }
        let subnet = Self { length, ..self.network() };
        let shift = u32::from(self.bits() - length);
        let offset = if number == 0 {
            0
        } else {
            number.checked_shl(shift).filter(|moved| moved >> shift == number)?
        };
        (offset <= self.last_number()).then_some(Self { address: subnet.address | offset, ..subnet })
    }

    pub(super) fn address_text(self) -> String {
        if self.six {
            Ipv6Addr::from(self.address).to_string()
        } else {
            Ipv4Addr::from(self.address as u32).to_string()
        }
    }

    pub(super) fn mask_text(self) -> String {
        let all = if self.six { u128::MAX } else { u128::from(u32::MAX) };
        Self { address: all & !self.last_number(), ..self }.address_text()
    }

    /// The zone that holds the names of all its addresses: of the nearest whole octet, or hexadecimal digit.
    pub(super) fn reverse_zone(self) -> String {
        let (step, radix_bits, suffix) = if self.six { (4, 4, "ip6.arpa") } else { (8, 8, "in-addr.arpa") };
        let mut zone = String::new();
        for index in (0..self.length / step).rev() {
            let shift = u32::from(self.bits() - (index + 1) * step);
            let digit = (self.address >> shift) & ((1 << radix_bits) - 1);
            zone.push_str(&if self.six { format!("{digit:x}.") } else { format!("{digit}.") });
        }
        zone + suffix
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address_text(), self.length)
    }
}
