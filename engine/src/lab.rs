//! The lab as the engine understands it: exactly the options of `stdlib/core.kdl`, typed and checked.
//!
//! Deliberately absent: options the engine has no use for (`users`, `assigned`), which the library lowers to others.

mod firewall;
mod impairment;
mod interface;
mod route;
mod uplink;

pub use firewall::{Firewall, PortForward, Rule, Verdict, Way};
pub use impairment::Impairment;
pub use interface::{
    Bond, BondHash, BondMode, Interface, LacpRate, Link, Macvlan, MacvlanMode, Tunnel, TunnelMode, Vlan, Vrf,
    Vxlan, Wireguard, WireguardPeer,
};
pub use route::{Family, MAIN, NextHop, PolicyRule, Refusal, Route, Table};

pub use uplink::Uplink;

use crate::decode::Spanned;
use crate::linux::ids::IdMapping;
use crate::name::{
    AbsolutePath, Fqdn, HostName, InterfaceName, LabName, NetworkName, PrincipalName, RealmName,
    RulePriority, TableNumber, UnitName,
};
use crate::runtime::{Clocks, Isolation, SeccompAction};
use indexmap::IndexMap;
use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Everything one entry file describes.
#[derive(Clone, Debug)]
pub struct Lab {
    /// Its name.
    pub name: LabName,
    /// Broadcast domains.
    pub networks: IndexMap<NetworkName, Spanned<Network>>,
    /// Machines.
    pub hosts: IndexMap<HostName, Spanned<Host>>,
    /// Files that every host sees.
    pub files: IndexMap<AbsolutePath, Spanned<File>>,
}

impl Lab {
    /// Whether this text is a secret of the lab.
    pub fn has_secret(&self, text: &str) -> bool {
        let of_host = |host: &Host| {
            let files = host.files.values().map(|file| &file.text);
            let steps = host.steps.values().filter_map(|step| step.stdin.as_ref());
            let ready = host.daemons.values().filter_map(|daemon| daemon.ready.stdin.as_ref());
            let databases = host.kdc_databases.values();
            let masters = databases.clone().map(|database| &database.master_password);
            let principals = databases.flat_map(|database| database.principals.values());
            let passwords = principals.filter_map(|principal| principal.password.as_ref());
            files
                .chain(steps)
                .chain(ready)
                .chain(masters)
                .chain(passwords)
                .any(|secret| secret.reveal() == text)
        };
        self.hosts.values().any(|host| of_host(&host.value))
            || self.files.values().any(|file| file.text.reveal() == text)
    }
}

impl Host {
    /// Whether it asks for a namespace of this sort.
    pub fn isolates(&self, sort: Sort) -> bool {
        self.isolate.iter().any(|asked| asked.value == sort)
    }

    /// What it has of its own besides what every host has.
    pub fn isolation(&self) -> Isolation {
        let ids = || self.ids.iter().map(|line| line.0).collect();
        let Clock { boottime, monotonic } = self.clock.value;
        Isolation {
            user: self.isolates(Sort::User).then(ids),
            cgroup: self.isolates(Sort::Cgroup),
            time: self.isolates(Sort::Time).then_some(Clocks { monotonic, boottime }),
        }
    }
}

impl Lab {
    /// The networks that need no bridge: whatever is on them reaches the others by itself.
    pub fn without_bridge(&self) -> BTreeSet<&NetworkName> {
        let interfaces = || self.hosts.values().flat_map(|host| host.interfaces.values());
        let mut found: BTreeSet<&NetworkName> =
            interfaces().filter_map(|interface| Some(&interface.network.as_ref()?.value)).collect();
        for port in interfaces().filter_map(|interface| interface.port_of()) {
            found.remove(&port.value);
        }
        for (name, _) in self.networks.iter().filter(|(_, network)| network.uplink.is_some()) {
            found.remove(name);
        }
        found.extend(self.networks.iter().filter(|(_, network)| !network.bridge.value).map(|(name, _)| name));
        found
    }

    /// What happens to packets on their way out of an interface: what it says, and its network where it says nothing.
    pub fn impairment(&self, interface: &Interface) -> Option<Impairment> {
        let network = interface.network.as_ref().and_then(|network| self.networks.get(&network.value));
        let common = network.and_then(|network| network.impairment.as_ref());
        match (&interface.impairment, common) {
            (Some(own), Some(common)) => Some(own.or(common)),
            (own, common) => own.as_deref().or(common).cloned(),
        }
    }
}

/// A broadcast domain.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Network {
    /// Prefixes in use.
    pub subnet: Vec<Spanned<IpNet>>,
    /// The largest packet, in bytes.
    pub mtu: u32,
    /// Whether its ports are a bridge's. Without one it is a wire between two.
    pub bridge: Spanned<bool>,
    /// What happens to packets on their way out of every interface on it.
    pub impairment: Option<Impairment>,
    /// The machine's own place on it.
    pub uplink: Option<Spanned<Uplink>>,
    /// The host that the others send everything else to.
    pub gateway: Option<Spanned<HostName>>,
    /// Numbers of hosts, fixed by hand.
    #[serde(default)]
    pub map: IndexMap<HostName, u32>,
}

/// A machine: a network namespace, and a view of the file system once it runs a process.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Host {
    /// The hostname that processes see.
    pub fqdn: Fqdn,
    /// Network interfaces.
    pub interfaces: IndexMap<InterfaceName, Spanned<Interface>>,
    /// The first address.
    pub address: Option<IpAddr>,
    /// Whether it passes packets on.
    pub forward: bool,
    /// Static routes of the main table, by destination.
    pub routes: IndexMap<IpNet, Spanned<Route>>,
    /// What it lets through.
    pub firewall: Option<Spanned<Firewall>>,
    /// Routing tables besides the main one.
    pub tables: IndexMap<TableNumber, Spanned<Table>>,
    /// Policy rules, by priority.
    pub rules: IndexMap<RulePriority, Spanned<PolicyRule>>,
    /// Kernel settings of the network namespace, by dotted name.
    pub sysctls: IndexMap<String, Spanned<Scalar>>,
    /// Directories, besides `/etc` and `/var`, that it may change.
    pub overlays: Vec<Spanned<AbsolutePath>>,
    /// Namespaces of its own.
    pub isolate: Vec<Spanned<Sort>>,
    /// The ids of its user namespace.
    pub ids: Vec<Spanned<IdLine>>,
    /// How its clocks differ.
    pub clock: Spanned<Clock>,
    /// Variables of everything that runs on it.
    pub environment: IndexMap<String, String>,
    /// Files, by path.
    pub files: IndexMap<AbsolutePath, Spanned<File>>,
    /// Directories, by path.
    pub directories: IndexMap<AbsolutePath, Spanned<Directory>>,
    /// Commands that are run once for their inputs.
    pub steps: IndexMap<UnitName, Spanned<Step>>,
    /// Long-running processes.
    pub daemons: IndexMap<UnitName, Spanned<Daemon>>,
    /// MIT Kerberos databases, by realm.
    pub kdc_databases: IndexMap<RealmName, Spanned<KdcDatabase>>,
    /// Keytabs, by path.
    pub keytabs: IndexMap<AbsolutePath, Spanned<Keytab>>,
}

/// A sort of namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Links, addresses, routes.
    Net,
    /// The host's name.
    Uts,
    /// The view of the file system.
    Mount,
    /// Processes.
    Pid,
    /// System V's shared memory and the like.
    Ipc,
    /// Ids and rights.
    User,
    /// The view of control groups.
    Cgroup,
    /// Clocks.
    Time,
}

/// A line of a user namespace's map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct IdLine(pub IdMapping);

impl TryFrom<String> for IdLine {
    type Error = crate::name::NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        IdMapping::read(&text).map(Self).ok_or(crate::name::NameError {
            expected: "ids as `INSIDE OUTSIDE COUNT` (`0 1000 100`)",
            found: text,
        })
    }
}

/// How many seconds clocks are ahead of the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Clock {
    /// `CLOCK_BOOTTIME`.
    pub boottime: i64,
    /// `CLOCK_MONOTONIC`.
    pub monotonic: i64,
}

/// A file.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    /// What is in it.
    pub text: Secret,
    /// Whether a text that does not end with a newline gets one.
    pub newline: bool,
    /// Whether the contents are kept out of plans and logs.
    pub secret: bool,
    /// Permission bits.
    pub mode: u32,
    /// Numeric user id.
    pub owner: u32,
    /// Numeric group id.
    pub group: u32,
}

/// A directory.
#[derive(Clone, Debug, Deserialize)]
pub struct Directory {
    /// Permission bits.
    pub mode: u32,
    /// Numeric user id.
    pub owner: u32,
    /// Numeric group id.
    pub group: u32,
}

/// A command that is run once for its inputs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// Command and arguments.
    pub run: Spanned<Vec<String>>,
    /// A file the command makes.
    pub creates: Option<AbsolutePath>,
    /// Files whose change runs the command again.
    pub reads: Vec<Spanned<AbsolutePath>>,
    /// Any further value whose change runs the command again, as canonical JSON; secrets in it are in clear.
    pub inputs: Inputs,
    /// What comes first.
    pub after: Vec<Spanned<String>>,
    /// Variables, added to the host's.
    pub environment: IndexMap<String, String>,
    /// What the command reads.
    pub stdin: Option<Secret>,
    /// How long it may take.
    #[serde(deserialize_with = "crate::decode::duration")]
    pub timeout: Duration,
    /// Debian packages that have what it needs.
    pub package: Vec<String>,
    /// Whether it needs more than one user id.
    pub id_range: bool,
}

/// A long-running process.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Daemon {
    /// Command and arguments.
    pub run: Spanned<Vec<String>>,
    /// Files whose change restarts it.
    pub reads: Vec<Spanned<AbsolutePath>>,
    /// How it shows that it answers.
    pub ready: Ready,
    /// Where connections come that start it.
    pub listen: Option<Listen>,
    /// Whether it is not started, and nobody minds.
    pub skip: bool,
    /// Whether the supervisor starts it again when it ends.
    pub restart: Restart,
    /// The signal that ends it.
    pub stop: StopSignal,
    /// How long it may take to end.
    #[serde(deserialize_with = "crate::decode::duration")]
    pub stop_timeout: Duration,
    /// What comes first.
    pub after: Vec<Spanned<String>>,
    /// Variables, added to the host's.
    pub environment: IndexMap<String, String>,
    /// The working directory.
    pub directory: AbsolutePath,
    /// What it reads from standard input.
    pub stdin: Option<Secret>,
    /// The files that what it prints goes to.
    pub log: Log,
    /// How long it may run.
    #[serde(deserialize_with = "crate::decode::optional_duration")]
    pub lifetime: Option<Duration>,
    /// Numeric user id.
    pub user: u32,
    /// Numeric group id.
    pub group: u32,
    /// The only capabilities it may have; what its user has where none are said.
    pub capabilities: Option<Vec<Spanned<String>>>,
    /// Which system calls it may make.
    pub seccomp: Option<Seccomp>,
    /// Limits of its resources.
    pub limits: Limits,
    /// Debian packages that have what it needs.
    pub package: Vec<String>,
    /// Whether it needs more than one user id.
    pub id_range: bool,
}

/// Where connections come that start a daemon.
#[derive(Clone, Debug, Deserialize)]
pub struct Listen {
    /// TCP ports.
    pub port: Vec<u16>,
    /// A Unix socket.
    pub socket: Option<AbsolutePath>,
    /// Whether each has a process of its own.
    pub each: bool,
    /// How many of these there may be.
    pub most: u32,
}

/// A filter of system calls; one of the lists is empty.
#[derive(Clone, Debug, Deserialize)]
pub struct Seccomp {
    /// Those that do not pass.
    pub deny: Vec<Spanned<String>>,
    /// The only ones that pass.
    pub allow: Vec<Spanned<String>>,
    /// What becomes of those that do not.
    pub action: SeccompAction,
}

/// The files that what a daemon prints goes to.
#[derive(Clone, Debug, Deserialize)]
pub struct Log {
    /// How large one may become.
    pub size: Size,
    /// How many that were set aside are kept.
    pub count: u32,
}

/// How much of its host's resources a daemon may have; all there is where nothing is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Bytes of address space.
    pub address_space: Option<Size>,
    /// Bytes of a core file.
    pub core: Option<Size>,
    /// Processor time.
    #[serde(deserialize_with = "crate::decode::optional_duration")]
    pub cpu_time: Option<Duration>,
    /// Bytes of data.
    pub data: Option<Size>,
    /// Bytes of any file it writes.
    pub file_size: Option<Size>,
    /// Bytes that stay in memory.
    pub locked_memory: Option<Size>,
    /// Open files.
    pub open_files: Option<u32>,
    /// Processes of its user.
    pub processes: Option<u32>,
    /// Bytes of stack.
    pub stack: Option<Size>,
}

/// When the supervisor starts an ended daemon again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Never.
    No,
    /// When its exit status is not 0.
    OnFailure,
    /// Always.
    Always,
}

/// The signal that ends a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StopSignal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
    /// SIGQUIT.
    Quit,
    /// SIGHUP.
    Hup,
    /// SIGWINCH, Apache's graceful stop.
    Winch,
    /// SIGKILL.
    Kill,
}

/// How a daemon shows that it answers. All that is said must hold; nothing said: it runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ready {
    /// A text in its log.
    pub log: Option<String>,
    /// TCP ports that listen.
    pub port: Vec<u16>,
    /// A Unix socket that listens.
    pub socket: Option<AbsolutePath>,
    /// Whether it says itself that it is ready.
    pub notify: bool,
    /// A file that exists.
    pub file: Option<AbsolutePath>,
    /// A command that ends with 0.
    pub command: Vec<String>,
    /// What that command reads.
    pub stdin: Option<Secret>,
    /// Variables of that command, added to the daemon's.
    pub environment: IndexMap<String, String>,
    /// The host that command runs on; the daemon's where none.
    pub on: Option<HostName>,
    /// How long it may take.
    #[serde(deserialize_with = "crate::decode::duration")]
    pub timeout: Duration,
}

/// An MIT Kerberos database.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KdcDatabase {
    /// The `kdc.conf` that says where it is.
    pub config: AbsolutePath,
    /// The database, as that file says.
    pub database: AbsolutePath,
    /// Of the master key.
    pub master_password: Secret,
    /// Identities.
    pub principals: IndexMap<PrincipalName, Spanned<Principal>>,
}

/// An identity in a realm.
#[derive(Clone, Debug, Deserialize)]
pub struct Principal {
    /// Its password; a random key where none.
    pub password: Option<Secret>,
    /// Options of `kadmin addprinc`.
    pub attributes: Vec<Spanned<String>>,
}

/// A file with long-term keys.
#[derive(Clone, Debug, Deserialize)]
pub struct Keytab {
    /// The host with the database.
    pub kdc: Spanned<HostName>,
    /// The realm.
    pub realm: Spanned<RealmName>,
    /// Whose keys it has.
    pub principals: Vec<Spanned<PrincipalName>>,
    /// Permission bits.
    pub mode: u32,
    /// Numeric user id.
    pub owner: u32,
    /// Numeric group id.
    pub group: u32,
}

/// A text that is never shown: `Debug`, `Display` and `Serialize` say `<secret>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that hands it to the machine.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("<secret>")
    }
}

/// Any value as canonical JSON, compared and never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs(pub Secret);

/// A number of bytes, such as `64M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// Bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub u64);

/// A number or a text, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar(pub String);

/// A hardware address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Mac(pub [u8; 6]);

impl TryFrom<String> for Mac {
    type Error = crate::name::NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes: Option<Vec<u8>> = text
            .split([':', '-'])
            .map(|part| u8::from_str_radix(part, 16).ok().filter(|_| part.len() == 2))
            .collect();
        match bytes.and_then(|bytes| <[u8; 6]>::try_from(bytes).ok()) {
            Some(bytes) if bytes[0] & 1 == 0 => Ok(Self(bytes)),
            _ => Err(crate::name::NameError {
                expected: "the hardware address of one interface (`02:00:00:00:00:01`)",
                found: text,
            }),
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
