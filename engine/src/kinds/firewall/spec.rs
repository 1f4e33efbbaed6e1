//! The table that a host should have, and how it follows from the lab.

use super::rules::{Chain, Unknown, chains, table};
use super::{apply, nft, observe};
use crate::attribute::Attributes;
use crate::codes;
use crate::digest::DigestKey;
use crate::error::Error;
use crate::graph::{ResourceId, Why};
use crate::kinds::netns::Netns;
use crate::kinds::package::{self, Needs};
use crate::kinds::{ANY, Manage, Subject, Updating};
use crate::lab::{Lab, Verdict};
use crate::lower::Lowering;
use crate::machine::{Machine, Missing};
use topo_lang::Diagnostic;
use topo_lang::nearest::nearest;

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// Its chains.
    pub chains: Vec<Chain>,
    /// What is in it besides, as `nft` reads it.
    pub besides: String,
}

/// The attribute with what is in the table besides.
pub(super) const BESIDES: &str = "nft";

/// The attribute with the policy of a chain and the names of its rules.
pub(super) fn attribute_of_chain(name: &str) -> String {
    format!("chain {name}")
}

/// A policy, and rules by name.
pub(super) fn chain_in_words(policy: &str, rules: &[&str]) -> String {
    if rules.is_empty() { policy.to_owned() } else { format!("{policy}: {}", rules.join(", ")) }
}

impl Firewall {
    /// The table as `nft` reads it.
    pub(super) fn table(&self) -> String {
        table(&self.chains, &self.besides)
    }

    /// One attribute for each rule, one for each chain.
    pub(super) fn as_attributes(&self) -> Attributes {
        let mut attributes = Attributes::new();
        for chain in &self.chains {
            let policy = if chain.policy == Verdict::Drop { "drop" } else { "accept" };
            let names: Vec<&str> = chain.rules.iter().map(|(name, _)| name.as_str()).collect();
            attributes.insert(attribute_of_chain(chain.name), chain_in_words(policy, &names).into());
            for (name, lines) in &chain.rules {
                attributes.insert(name.clone(), lines.join("; ").into());
            }
        }
        let besides = if self.besides.trim().is_empty() { "none" } else { self.besides.trim() };
        attributes.insert(BESIDES.into(), besides.into());
        attributes
    }
}

impl Manage for Firewall {
    const IN_PLACE: &'static [&'static str] = ANY;
    const BATCH: bool = true;

    fn lower(lab: &Lab, lowering: &mut Lowering) {
        for (host_name, host) in &lab.hosts {
            let Some(firewall) = &host.firewall else { continue };
            match chains(lab, firewall) {
                Ok(chains) => {
                    let spec = Firewall { chains, besides: firewall.nft.clone() };
                    lowering
                        .of_host(host_name, "", spec, firewall.span)
                        .needs(Netns::id(host_name), Why::Inside)
                        .sets_up(host_name);
                }
                Err(Unknown(name)) => {
                    let message =
                        format!("expected a host, a network, an address or a prefix, found `{}`", name.value);
                    let mut complaint = Diagnostic::error(codes::UNKNOWN_NAME, name.span, message);
                    let known = lab.hosts.keys().map(|name| name.as_str());
                    let known = known.chain(lab.networks.keys().map(|name| name.as_str()));
                    if let Some(near) = nearest(&name.value, known) {
                        complaint = complaint.help(format!("did you mean `{near}`?"));
                    }
                    lowering.complain(complaint);
                }
            }
        }
    }

    fn attributes(&self, _key: &DigestKey) -> Attributes {
        self.as_attributes()
    }

    fn missing(specs: &[(&ResourceId, &Self)]) -> Vec<Missing> {
        let packages = ["nftables".to_owned()];
        package::missing(specs.iter().map(|(id, _)| Needs {
            id,
            program: nft::PROGRAM,
            packages: &packages,
            id_range: false,
        }))
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
