//! Making and removing the table: always as a whole, in one transaction, so that there is no moment without it.

use super::Firewall;
use super::nft::{WITHOUT, carry_out};
use crate::attribute::Attributes;
use crate::error::Error;
use crate::graph::ResourceId;
use crate::kinds::{change_per_host, delete_per_host};
use crate::machine::Machine;

pub(super) fn set(machine: &Machine, wanted: &[(&ResourceId, &Firewall)]) -> Vec<Result<(), Error>> {
    change_per_host(machine, wanted, |wanted| {
        let set = |(id, firewall): &&(&ResourceId, &Firewall)| {
            carry_out(&format!("{WITHOUT}{}", firewall.table()))
                .map(drop)
                .map_err(|error| Error::caused(format!("set up {id}"), error))
        };
        Ok(wanted.iter().map(set).collect())
    })
}

pub(super) fn remove(machine: &Machine, unwanted: &[(&ResourceId, &Attributes)]) -> Vec<Result<(), Error>> {
    delete_per_host(machine, unwanted, |unwanted| {
        let remove = |(id, _): &&(&ResourceId, &Attributes)| {
            carry_out(WITHOUT).map(drop).map_err(|error| Error::caused(format!("remove {id}"), error))
        };
        Ok(unwanted.iter().map(remove).collect())
    })
}
