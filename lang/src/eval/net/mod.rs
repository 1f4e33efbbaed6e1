//! `net`: what neither Nix nor its library has: prefixes, hosts of a prefix, subnets, masks, reverse zones, MACs.

mod assign;
mod prefix;

pub(super) use assign::HostIndex;

use super::builtins::{Args, Builtin, row};
use super::val::Val;
use super::{Evaluator, Raised};
use crate::codes;
use prefix::Prefix;
use sha2::Digest;

/// What is said of each of them.
pub(crate) const DOCUMENTED: &str = include_str!("net.nix");

pub(super) const TABLES: &[&[Builtin]] = &[TABLE, assign::TABLE];

const TABLE: &[Builtin] = &[
    row("isIpv4", 1, |e, a| is_family(e, a, false)),
    row("isIpv6", 1, |e, a| is_family(e, a, true)),
    row("isPrefix", 1, |e, a| Ok(Val::Bool(e.arg_text(a, 0)?.contains('/') && one(e, a, 0).is_ok()))),
    row("family", 1, |e, a| Ok(Val::Int(if one(e, a, 0)?.six { 6 } else { 4 }))),
    row("address", 1, |e, a| Ok(text(one(e, a, 0)?.address_text()))),
    row("prefixLength", 1, |e, a| Ok(Val::Int(i64::from(one(e, a, 0)?.length)))),
    row("network", 1, |e, a| Ok(text(one(e, a, 0)?.network().to_string()))),
    row("mask", 1, |e, a| Ok(text(one(e, a, 0)?.mask_text()))),
    row("broadcast", 1, |e, a| {
        let prefix = one(e, a, 0)?;
        if prefix.six {
            return Err(Raised::new(
                codes::BAD_ADDRESS,
                a.span,
                format!("`{prefix}` is IPv6, which has no broadcast"),
            ));
        }
        Ok(text(prefix.with_number(prefix.last_number()).address_text()))
    }),
    row("size", 1, |e, a| {
        let prefix = one(e, a, 0)?;
        let size = prefix.last_number().checked_add(1).and_then(|size| i64::try_from(size).ok());
        size.map(Val::Int).ok_or_else(|| {
            Raised::new(
                codes::INTEGER_OVERFLOW,
                a.span,
                format!("`{prefix}` has more addresses than an integer can count"),
            )
        })
    }),
    row("host", 2, |e, a| Ok(text(numbered(e, a)?.address_text()))),
    row("hostPrefix", 2, |e, a| Ok(text(numbered(e, a)?.to_string()))),
    row("hostNumber", 1, |e, a| {
        let prefix = one(e, a, 0)?;
        i64::try_from(prefix.number()).map(Val::Int).map_err(|_| {
            Raised::new(
                codes::INTEGER_OVERFLOW,
                a.span,
                format!("the host's number in `{prefix}` does not fit an integer"),
            )
        })
    }),
    row("endpoint", 2, |e, a| {
        let (address, port) = (one(e, a, 0)?, e.arg_int(a, 1)?);
        let bare = address.address_text();
        Ok(text(if address.six { format!("[{bare}]:{port}") } else { format!("{bare}:{port}") }))
    }),
    row("contains", 2, |e, a| {
        let (outer, inner) = (one(e, a, 0)?, one(e, a, 1)?);
        Ok(Val::Bool(outer.contains(inner)))
    }),
    row("overlaps", 2, |e, a| {
        let (one, other) = (one(e, a, 0)?, self::one(e, a, 1)?);
        Ok(Val::Bool(one.network().contains(other.network()) || other.network().contains(one.network())))
    }),
    row("subnet", 3, |e, a| {
        let prefix = one(e, a, 0)?;
        let (bits, number) = (e.arg_int(a, 1)?, e.arg_int(a, 2)?);
        match prefix.subnet(bits, number) {
            Some(subnet) => Ok(text(subnet.to_string())),
            None => {
                let message = format!("`{prefix}` has no subnet {number} with {bits} more bits");
                Err(Raised::new(codes::BAD_ADDRESS, a.span, message))
            }
        }
    }),
    row("reverseZone", 1, |e, a| Ok(text(one(e, a, 0)?.reverse_zone()))),
    row("reverseName", 1, |e, a| {
        let address = one(e, a, 0)?;
        Ok(text(Prefix { length: address.bits(), ..address }.reverse_zone()))
    }),
    row("mac", 1, |e, a| {
        let bytes = match e.arg(a, 0)? {
            Val::Int(number) => {
                let bytes = number.to_be_bytes();
                [bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]
            }
            Val::Text(seed) => {
                let digest = sha2::Sha256::digest(seed.as_bytes());
                [digest[0], digest[1], digest[2], digest[3], digest[4]]
            }
            other => return Err(e.bad_argument(a, 0, "an integer or a text", &other)),
        };
        // 02: locally administered, one station.
        Ok(text(bytes.iter().fold("02".to_string(), |mac, byte| format!("{mac}:{byte:02x}"))))
    }),
];

fn text(text: String) -> Val {
    Val::Text(text.into())
}

fn is_family(e: &mut Evaluator, a: Args<'_>, six: bool) -> Result<Val, Raised> {
    let text = e.arg_text(a, 0)?;
    Ok(Val::Bool(Prefix::parse(&text).is_some_and(|prefix| prefix.six == six)))
}

/// An argument that is an address, with or without the length of its prefix.
fn one(e: &mut Evaluator, a: Args<'_>, index: usize) -> Result<Prefix, Raised> {
    let text = e.arg_text(a, index)?;
    Prefix::parse(&text).ok_or_else(|| {
        let message = format!("`net.{}` needs an address or a prefix, found {text:?}", a.name);
        Raised::new(codes::BAD_ADDRESS, a.span, message)
            .help("write an address as \"10.0.0.5\", a prefix as \"10.0.0.0/24\"")
    })
}

/// The address of the second argument's number in the first's prefix; negative numbers count from its end.
fn numbered(e: &mut Evaluator, a: Args<'_>) -> Result<Prefix, Raised> {
    let prefix = one(e, a, 0)?;
    let number = e.arg_int(a, 1)?;
    let last = prefix.last_number();
    let found = match u128::try_from(number) {
        Ok(number) => Some(number),
        Err(_) => last.checked_sub(u128::from(number.unsigned_abs()) - 1),
    };
    match found.filter(|number| *number <= last) {
        Some(number) => Ok(prefix.with_number(number)),
        None => {
            Err(Raised::new(codes::DOES_NOT_FIT, a.span, format!("number {number} does not fit `{prefix}`"))
                .help(format!("its numbers end at {last}")))
        }
    }
}
