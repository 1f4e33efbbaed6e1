//! What a bond has besides what every link has: how it spreads frames, and over which interfaces.

use crate::attribute::Attributes;
use crate::kinds::own_link::{Joining, Shape};
use crate::lab::{self, Bond, Interface, Link};
use crate::linux::netlink::{BondLacpRate, BondMode, BondXmitHashPolicy, InfoBond, InfoData, InfoKind};

impl Shape for Bond {
    const IN_PLACE: &'static [&'static str] = &["mtu", "mac", "up", "members", "miimon", "hash"];
    const MODULES: &'static [(InfoKind, &'static str)] = &[(InfoKind::Bond, "bonding")];
    const JOINING: Option<Joining> = Some(Joining::Down);

    fn of(interface: &Interface) -> Option<Self> {
        if let Link::Bond(bond) = &interface.link { Some(bond.value.clone()) } else { None }
    }

    fn kind(&self) -> InfoKind {
        InfoKind::Bond
    }

    fn data(&self, _on: Option<u32>) -> Option<InfoData> {
        let mut data = vec![InfoBond::Mode(self.kernel_mode())];
        data.extend(self.lacp_rate().map(InfoBond::AdLacpRate));
        data.extend([InfoBond::MiiMon(self.miimon), InfoBond::XmitHashPolicy(self.policy())]);
        Some(InfoData::Bond(data))
    }

    fn change(&self) -> Option<InfoData> {
        Some(InfoData::Bond(vec![InfoBond::MiiMon(self.miimon), InfoBond::XmitHashPolicy(self.policy())]))
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::from([
            ("mode".into(), self.kernel_mode().to_string().into()),
            ("miimon".into(), self.miimon.into()),
            ("hash".into(), self.policy().to_string().into()),
        ]);
        attributes.extend(self.lacp_rate().map(|rate| ("lacp-rate".into(), rate.to_string().into())));
        attributes
    }

    fn observed(_kind: &InfoKind, data: Option<&InfoData>) -> Attributes {
        let Some(InfoData::Bond(all)) = data else { return Attributes::new() };
        let known = all.iter().filter_map(|one| match one {
            InfoBond::Mode(mode) => Some(("mode", mode.to_string().into())),
            InfoBond::MiiMon(interval) => Some(("miimon", (*interval).into())),
            InfoBond::XmitHashPolicy(policy) => Some(("hash", policy.to_string().into())),
            InfoBond::AdLacpRate(rate) => Some(("lacp-rate", rate.to_string().into())),
            _ => None,
        });
        known.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Bond {
    fn kernel_mode(&self) -> BondMode {
        match self.mode {
            lab::BondMode::BalanceRr => BondMode::BalanceRr,
            lab::BondMode::ActiveBackup => BondMode::ActiveBackup,
            lab::BondMode::BalanceXor => BondMode::BalanceXor,
            lab::BondMode::Broadcast => BondMode::Broadcast,
            lab::BondMode::Lacp => BondMode::Ieee8023Ad,
            lab::BondMode::BalanceTlb => BondMode::BalanceTlb,
            lab::BondMode::BalanceAlb => BondMode::BalanceAlb,
        }
    }

    /// Only one mode talks to the other side; the kernel takes it for no other.
    fn lacp_rate(&self) -> Option<BondLacpRate> {
        let rate = match self.lacp_rate {
            lab::LacpRate::Slow => BondLacpRate::Slow,
            lab::LacpRate::Fast => BondLacpRate::Fast,
        };
        (self.mode == lab::BondMode::Lacp).then_some(rate)
    }

    fn policy(&self) -> BondXmitHashPolicy {
        match self.hash {
            lab::BondHash::Layer2 => BondXmitHashPolicy::Layer2,
            lab::BondHash::Layer23 => BondXmitHashPolicy::Layer23,
            lab::BondHash::Layer34 => BondXmitHashPolicy::Layer34,
        }
    }
}
