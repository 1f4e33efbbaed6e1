//! The formats of texts: what an address, a principal or a duration looks like, and how it is written canonically.
//!
//! Deliberately absent: which option has which format (`types.rs`), and what a value means to the engine.

use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A format of text with a rule of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Any text at all.
    Text,
    /// Text on one line.
    String,
    /// An absolute path.
    Path,
    /// `10s`, `500ms`, `1h30m`
    Duration,
    /// `512`, `64k`, `10MiB`
    Size,
    /// `500kbit`, `10mbit`, `1gbit`
    Rate,
    /// Text that is not shown.
    Secret,
    /// An IP address of either family.
    Ip,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An address with a prefix length.
    Prefix,
    /// An IP address, with or without a prefix length.
    Address,
    /// A hardware address.
    Mac,
    /// One label of a DNS name.
    Hostname,
    /// A DNS name.
    Fqdn,
    /// A Kerberos realm.
    Realm,
    /// A Kerberos principal, with or without its realm.
    Principal,
    /// A Kerberos encryption type.
    Enctype,
    /// The name of a network interface.
    InterfaceName,
}

/// Every format with the name it has in a lab.
pub(crate) const FORMATS: [(&str, Format); 19] = [
    ("text", Format::Text),
    ("string", Format::String),
    ("path", Format::Path),
    ("duration", Format::Duration),
    ("size", Format::Size),
    ("rate", Format::Rate),
    ("secret", Format::Secret),
    ("ip", Format::Ip),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("prefix", Format::Prefix),
    ("address", Format::Address),
    ("mac", Format::Mac),
    ("hostname", Format::Hostname),
    ("fqdn", Format::Fqdn),
    ("realm", Format::Realm),
    ("principal", Format::Principal),
    ("enctype", Format::Enctype),
    ("interface-name", Format::InterfaceName),
];

/// The encryption types that MIT krb5 knows by name.
pub(crate) const ENCTYPES: [&str; 23] = [
    "aes256-cts-hmac-sha1-96",
    "aes256-cts",
    "aes256-sha1",
    "aes128-cts-hmac-sha1-96",
    "aes128-cts",
    "aes128-sha1",
    "aes256-cts-hmac-sha384-192",
    "aes256-sha2",
    "aes128-cts-hmac-sha256-128",
    "aes128-sha2",
    "camellia256-cts-cmac",
    "camellia256-cts",
    "camellia128-cts-cmac",
    "camellia128-cts",
    "arcfour-hmac",
    "rc4-hmac",
    "arcfour-hmac-md5",
    "arcfour-hmac-exp",
    "rc4-hmac-exp",
    "des3-cbc-sha1",
    "des3-hmac-sha1",
    "des3-cbc-sha1-kd",
    "aes",
];

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FORMATS.iter().find(|(_, format)| format == self).map_or("text", |(name, _)| name);
        f.write_str(name)
    }
}

impl Format {
    /// What a value of this format is, for `expected …`.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::String => "text on one line",
            Format::Path => "an absolute path",
            Format::Duration => "a duration such as `10s`",
            Format::Size => "a size such as `64M`",
            Format::Rate => "a rate such as `10mbit`",
            Format::Secret => "text (a secret)",
            Format::Ip => "an IP address",
            Format::Ipv4 => "an IPv4 address",
            Format::Ipv6 => "an IPv6 address",
            Format::Prefix => "an address with a prefix length, such as `10.0.0.0/24`",
            Format::Address => "an IP address, with or without a prefix length",
            Format::Mac => "a hardware address such as `02:00:00:00:00:01`",
            Format::Hostname => "a host name",
            Format::Fqdn => "a DNS name",
            Format::Realm => "a Kerberos realm",
            Format::Principal => "a Kerberos principal",
            Format::Enctype => "a Kerberos encryption type",
            Format::InterfaceName => "an interface name",
        }
    }

    /// The canonical spelling of `text`, `None` where it already is; or what is wrong with it.
    ///
    /// # Errors
    /// The reason, to stand beside the underlined value.
    pub(crate) fn check(self, text: &str) -> Result<Option<String>, String> {
        match self {
            Format::Text | Format::Secret => no_nul(text).map(|()| None),
            Format::String if text.contains('\n') => Err("this has more than one line".into()),
            Format::String => no_nul(text).map(|()| None),
            Format::Path => path(text).map(|()| None),
            Format::Duration => duration(text).map(|()| None),
            Format::Size => size(text).map(|()| None),
            Format::Rate => rate(text).map(|()| None),
            Format::Ip => ip(text).map(|ip| canonical(text, ip)),
            // There is one way to write it.
            Format::Ipv4 => ipv4(text).map(|_| None),
            Format::Ipv6 => ipv6(text).map(|ip| changed(text, &ip)),
            Format::Prefix => prefix(text).map(|net| changed(text, &net)),
            Format::Address if text.contains('/') => prefix(text).map(|net| changed(text, &net)),
            Format::Address => ip(text).map(|ip| canonical(text, ip)),
            Format::Mac => mac(text).map(|mac| changed(text, &mac)),
            Format::Hostname => label(text).map(|()| None),
            Format::Fqdn => fqdn(text).map(|()| None),
            Format::Realm => realm(text).map(|()| None),
            Format::Principal => principal(text).map(|()| None),
            Format::Enctype => enctype(text).map(|()| None),
            Format::InterfaceName => interface_name(text).map(|()| None),
        }
    }
}

fn canonical(text: &str, ip: IpAddr) -> Option<String> {
    if ip.is_ipv4() { None } else { changed(text, &ip) }
}

fn changed(text: &str, canonical: &impl fmt::Display) -> Option<String> {
    let canonical = canonical.to_string();
    (canonical != text).then_some(canonical)
}

fn no_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("this has a NUL character".into()) } else { Ok(()) }
}

fn path(text: &str) -> Result<(), String> {
    no_nul(text)?;
    if text.starts_with('/') {
        Ok(())
    } else if text.is_empty() {
        Err("this is empty".into())
    } else {
        Err(format!("a path begins with `/`: `/{}`", text.trim_start_matches("./")))
    }
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| match text.split_once('/') {
        Some((address, _)) if address.parse::<IpAddr>().is_ok() => {
            format!("without the prefix length: `{address}`")
        }
        _ => "this is not an IP address".into(),
    })
}

fn ipv4(text: &str) -> Result<Ipv4Addr, String> {
    match ip(text)? {
        IpAddr::V4(ip) => Ok(ip),
        IpAddr::V6(_) => Err("this is an IPv6 address".into()),
    }
}

fn ipv6(text: &str) -> Result<Ipv6Addr, String> {
    match ip(text)? {
        IpAddr::V6(ip) => Ok(ip),
        IpAddr::V4(_) => Err("this is an IPv4 address".into()),
    }
}

fn prefix(text: &str) -> Result<IpNet, String> {
    text.parse().map_err(|_| match text.split_once('/') {
        None => match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => format!("the prefix length is missing: `{ip}/24`?"),
            Ok(IpAddr::V6(ip)) => format!("the prefix length is missing: `{ip}/64`?"),
            Err(_) => "this is not an address with a prefix length".into(),
        },
        Some((address, length)) => match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => format!("`{length}` is not a prefix length between 0 and 32"),
            Ok(IpAddr::V6(_)) => format!("`{length}` is not a prefix length between 0 and 128"),
            Err(_) => format!("`{address}` is not an IP address"),
        },
    })
}

fn mac(text: &str) -> Result<String, String> {
    let bytes: Vec<&str> = text.split([':', '-']).collect();
    let hex = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    if bytes.len() != 6 || !bytes.iter().all(hex) {
        return Err("six bytes of two hexadecimal digits, with colons between".into());
    }
    if u8::from_str_radix(bytes[0], 16).is_ok_and(|first| first & 1 == 1) {
        return Err("this is a multicast address: its first byte is odd".into());
    }
    Ok(bytes.join(":").to_ascii_lowercase())
}

fn label(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("this is empty".into());
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !text.bytes().all(known)
        && let Some(odd) = text.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-')
    {
        return Err(format!("`{odd}` cannot be in a host name: letters, digits and `-` only"));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("a host name neither begins nor ends with `-`".into());
    }
    if text.len() > 63 {
        return Err(format!("this has {} characters, and 63 is the limit", text.len()));
    }
    Ok(())
}

fn fqdn(text: &str) -> Result<(), String> {
    if text.len() > 253 {
        return Err(format!("this has {} characters, and 253 is the limit", text.len()));
    }
    text.split('.').try_for_each(|part| match part {
        "" => Err("a label between the dots is empty".into()),
        // Service names (`_kerberos._udp`) are DNS names too.
        service if service.starts_with('_') => label(&service[1..]),
        part => label(part),
    })
}

fn realm(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("this is empty".into());
    }
    match text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | ':' | '\\')) {
        Some(odd) => Err(format!("`{}` cannot be in a realm", odd.escape_default())),
        None => Ok(()),
    }
}

fn principal(text: &str) -> Result<(), String> {
    let mut component = 0;
    let mut in_realm = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                if chars.next().is_none() {
                    return Err("`\\` at the end quotes nothing".into());
                }
                component += 1;
            }
            '/' | '@' if component == 0 => return Err(format!("nothing stands before `{c}`")),
            '@' if in_realm => return Err("there are two `@`".into()),
            '@' => {
                in_realm = true;
                component = 0;
            }
            '/' if !in_realm => component = 0,
            '\0' | '\n' | '\t' | ' ' => return Err("white space cannot be in a principal".into()),
            _ => component += 1,
        }
    }
    if component == 0 { Err("its last part is empty".into()) } else { Ok(()) }
}

fn enctype(text: &str) -> Result<(), String> {
    if ENCTYPES.contains(&text) {
        return Ok(());
    }
    match crate::nearest::nearest(text, ENCTYPES.iter().copied()) {
        Some(near) => Err(format!("MIT krb5 has no such type; did you mean `{near}`?")),
        None => Err("MIT krb5 has no such type".into()),
    }
}

fn interface_name(text: &str) -> Result<(), String> {
    match text {
        "" => Err("this is empty".into()),
        "." | ".." => Err("the kernel forbids this name".into()),
        _ if text.len() > 15 => Err(format!("this has {} bytes, and the kernel's limit is 15", text.len())),
        _ => match text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':')) {
            Some(odd) => Err(format!("`{}` cannot be in an interface name", odd.escape_default())),
            None => Ok(()),
        },
    }
}

/// Digits and a unit, one or more times: `1h30m`.
fn duration(text: &str) -> Result<(), String> {
    let units = ["ms", "us", "s", "m", "h", "d", "w"];
    let mut rest = text;
    if rest.is_empty() {
        return Err("this is empty".into());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            return Err(format!("a number and a unit ({}), such as `1h30m`", units.join(", ")));
        }
        let after = &rest[digits..];
        let unit = after.len() - after.trim_start_matches(|c: char| !c.is_ascii_digit()).len();
        if unit == 0 {
            return Err(format!("the unit is missing: `{text}s`?"));
        }
        if !units.contains(&&after[..unit]) {
            return Err(format!("`{}` is not a unit of time: {}", &after[..unit], units.join(", ")));
        }
        rest = &after[unit..];
    }
    Ok(())
}

fn size(text: &str) -> Result<(), String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Err("a number and a unit, such as `64M`".into());
    }
    let unit = &text[digits..];
    let prefix = unit.trim_end_matches('B').trim_end_matches('i');
    let ending = &unit[prefix.len()..];
    match (prefix, ending) {
        ("" | "k" | "K" | "M" | "G" | "T", "" | "B") | ("k" | "K" | "M" | "G" | "T", "iB" | "i") => Ok(()),
        _ => Err(format!("`{unit}` is not a unit of size: k, M, G, T")),
    }
}

/// Digits and a unit in thousands of bits per second.
fn rate(text: &str) -> Result<(), String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Err("a number and a unit, such as `10mbit`".into());
    }
    match &text[digits..] {
        "bit" | "kbit" | "mbit" | "gbit" => Ok(()),
        "" => Err(format!("the unit is missing: `{text}mbit`?")),
        unit => Err(format!("`{unit}` is not a unit of rate: bit, kbit, mbit, gbit")),
    }
}

#[cfg(test)]
mod tests {
    use super::Format::{self, *};

    #[track_caller]
    fn check(format: Format, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(format.check(text), Ok(None), "{text}");
        }
        for text in bad {
            assert!(format.check(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn formats() {
        check(Duration, &["10s", "500ms", "5m", "7d", "1h30m"], &["", "10", "s", "1x", "1h30", "-1s"]);
        check(Rate, &["64kbit", "10mbit", "1gbit", "8bit"], &["", "10", "mbit", "10M", "1.5mbit"]);
        check(Size, &["512", "64k", "10M", "1GiB", "2TB"], &["", "M", "10X", "1iB"]);
        check(
            Principal,
            &["alice", "host/a.b@X.Y", "a\\/b", "krbtgt/A@B"],
            &["", "/x", "a@", "a@b@c", "a b", "a\\"],
        );
        check(Fqdn, &["test", "a.b.c", "_kerberos._udp.a"], &["", ".", "a..b", "a.", "-a", "a_b"]);
        check(InterfaceName, &["eth0", "a.1"], &["", ".", "a b", "a/b", "sixteen-bytes-xx"]);
        check(Mac, &["02:00:00:00:00:01"], &["02:00", "03:00:00:00:00:01", "02:00:00:00:00:0g"]);
        check(Prefix, &["10.0.0.1/24", "fd00::/64"], &["10.0.0.1", "10.0.0.0/33", "x/24", "::/200"]);
        check(Ipv4, &["10.0.0.1"], &["10.0.0", "::1", "10.0.0.1/24"]);
        check(Enctype, &["aes256-cts", "rc4-hmac"], &["aes512-cts"]);
        check(Realm, &["ATHENA.TEST"], &["", "A B", "A/B", "A@B"]);
        check(Hostname, &["kdc1", "a"], &["", "a.b", "-a", "a_b"]);
        check(Path, &["/etc/hosts"], &["etc", "./x", ""]);
    }

    #[test]
    fn canonical() {
        assert_eq!(Ip.check("FD00::0:1"), Ok(Some("fd00::1".into())));
        assert_eq!(Prefix.check("fd00:0::/64"), Ok(Some("fd00::/64".into())));
        assert_eq!(Mac.check("02-AB-00-00-00-01"), Ok(Some("02:ab:00:00:00:01".into())));
    }
}
