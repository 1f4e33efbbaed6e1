//! Names, checked once: whoever holds one of these types may build a path, a netlink message or a config line from it.
//!
//! Deliberately absent: any way to make one without the check, and any way to change one.

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Why a text is not the name it should be: `expected …, found …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct NameError {
    /// What the name must look like.
    pub expected: &'static str,
    /// The text.
    pub found: String,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $check:ident, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::try_from(text.as_str())
            }
        }

        impl TryFrom<&str> for $name {
            type Error = NameError;
            fn try_from(text: &str) -> Result<Self, NameError> {
                if $check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(NameError { expected: $expected, found: text.to_owned() })
                }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl From<$name> for Arc<str> {
            fn from(name: $name) -> Arc<str> {
                name.0
            }
        }

        impl From<&$name> for Arc<str> {
            fn from(name: &$name) -> Arc<str> {
                name.0.clone()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $free:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(pub u32);

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                match text.parse::<u32>() {
                    Ok(number) if $free(number) => Ok(Self(number)),
                    Ok(_) | Err(_) => Err(NameError { expected: $expected, found: text }),
                }
            }
        }
    )*};
}

numbers! {
    /// The number of a routing table that is not the kernel's own and not the main one.
    TableNumber: |number| !matches!(number, 0 | 253..=255), "the number of a routing table: from 1, without 253 to 255";
    /// The priority of a policy rule that is not the kernel's own.
    RulePriority: |number| !matches!(number, 0 | 32766 | 32767), "the priority of a rule: from 1, without 32766 and 32767";
}

names! {
    /// The name of a lab: a directory below the state directory.
    LabName: is_lab_name, "a lab name (letters, digits, `.`, `_` and `-`, at most 64, a letter or digit first)";
    /// The name of a host: one label of a domain name.
    HostName: is_label, "a hostname (letters, digits and `-` inside, at most 63)";
    /// The name of a network, which is also its bridge's.
    NetworkName: is_interface_name, "a network name (1 to 15 bytes without space, `/` or `:`)";
    /// The name of a network interface.
    InterfaceName: is_interface_name, "an interface name (1 to 15 bytes without space, `/` or `:`)";
    /// A domain name, without the final dot.
    Fqdn: is_fqdn, "a domain name (labels of letters, digits and `-`, joined by `.`)";
    /// The name of a Kerberos realm.
    RealmName: is_realm, "a realm (no space, `/`, `@`, `:` or control character)";
    /// The name of a Kerberos principal, with or without its realm.
    PrincipalName: is_principal, "a principal (`primary`, `primary/instance`, perhaps `@REALM`, no space or quote)";
    /// A path from the root, without `.`, `..` or empty parts.
    AbsolutePath: is_absolute_path, "an absolute path without `.` and `..`";
    /// The name of a step or a daemon.
    UnitName: is_unit_name, "a name (letters, digits, `.`, `_`, `@` and `-`, a letter or digit first)";
}

impl AbsolutePath {
    /// The name as a path.
    pub fn as_path(&self) -> &Path {
        Path::new(&*self.0)
    }

    /// The path without its leading slash, to be joined to another root.
    pub fn relative(&self) -> &Path {
        Path::new(self.0.trim_start_matches('/'))
    }

    /// Whether this is `directory` or lies below it.
    pub fn is_within(&self, directory: &str) -> bool {
        self.as_path().starts_with(directory)
    }
}

fn is_lab_name(text: &str) -> bool {
    is_unit_name(text) && text.len() <= 64 && !text.contains('@')
}

fn is_unit_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@'))
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_fqdn(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_interface_name(text: &str) -> bool {
    // The kernel's `dev_valid_name`, and nothing that a path or a message could trip over.
    (1..=15).contains(&text.len())
        && text != "."
        && text != ".."
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/' && byte != b':')
}

fn is_realm(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text != "."
        && text != ".."
        && text
            .chars()
            .all(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '/' | '@' | ':' | '"' | '\\'))
}

fn is_principal(text: &str) -> bool {
    let primary = text.split('@').next().unwrap_or_default();
    !primary.is_empty()
        && !text.starts_with('-')
        && text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '"' | '\''))
}

fn is_absolute_path(text: &str) -> bool {
    text == "/"
        || text.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
                && !text.chars().any(char::is_control)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let good: &[bool] = &[
            HostName::try_from("kdc1").is_ok(),
            HostName::try_from("A-1").is_ok(),
            InterfaceName::try_from("eth0.100").is_ok(),
            Fqdn::try_from("kdc1.athena.test").is_ok(),
            RealmName::try_from("ATHENA.TEST").is_ok(),
            PrincipalName::try_from("host/kdc1.athena.test@ATHENA.TEST").is_ok(),
            AbsolutePath::try_from("/etc/krb5.conf").is_ok(),
            AbsolutePath::try_from("/").is_ok(),
            LabName::try_from("quickstart").is_ok(),
        ];
        assert!(good.iter().all(|ok| *ok), "{good:?}");
        let bad: &[bool] = &[
            HostName::try_from("").is_err(),
            HostName::try_from("-a").is_err(),
            HostName::try_from("a.b").is_err(),
            HostName::try_from("../x").is_err(),
            InterfaceName::try_from("0123456789abcdef").is_err(),
            InterfaceName::try_from("a/b").is_err(),
            InterfaceName::try_from("..").is_err(),
            Fqdn::try_from("a..b").is_err(),
            Fqdn::try_from("a.test.").is_err(),
            RealmName::try_from("A/B").is_err(),
            PrincipalName::try_from("a b").is_err(),
            PrincipalName::try_from("@REALM").is_err(),
            AbsolutePath::try_from("/etc/../x").is_err(),
            AbsolutePath::try_from("etc").is_err(),
            AbsolutePath::try_from("/etc/").is_err(),
            AbsolutePath::try_from("//").is_err(),
            LabName::try_from("a/b").is_err(),
            LabName::try_from(".hidden").is_err(),
        ];
        assert!(bad.iter().all(|ok| *ok), "{bad:?}");
    }
}
