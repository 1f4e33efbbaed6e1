//! The claims: each kind on the kernel, from nothing over drift and change back to nothing; and what is wrong with a lab
//! before anything starts.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A claim and what it is called.
pub(crate) const CASES: &[(&str, fn())] = &[
    ("a_lab_is_applied_and_a_second_plan_is_empty", applied),
    ("what_drifted_is_put_back_and_nothing_else_is_touched", drift),
    ("only_what_changed_changes", changed),
    ("a_host_made_anew_has_its_routes_and_daemons", renamed),
    ("files_of_a_host_that_runs_something_show_what_is_below_when_removed", uncovered),
    ("a_killed_supervisor_leaves_a_lab_that_can_be_applied_again", killed),
    ("a_spoilt_state_is_said_and_the_lab_can_be_applied_and_destroyed", spoilt),
    ("a_plan_of_a_new_lab_leaves_nothing", planned_only),
    ("mistakes_are_told_all_at_once", mistakes),
];

const LAB: &str = r#"
network left { subnet "10.0.1.0/24" "fd00:1::/64"; gateway router; map { router 1; a 21 } }
network right { subnet "10.0.2.0/24"; gateway router; map { router 1; b 21 } }
host router { interface eth0 network=left; interface eth1 network=right; forward #true }
host a {
    interface eth0 network=left mac="02:00:00:00:00:0a"
    sysctls { net.ipv4.tcp_syncookies 0 }
    directory "/var/lib/thing" mode=0o700
    file "/var/lib/thing/x" "hello"
    file "/etc/secret" secret=#true "hush"
    file "/etc/debian_version" "mine"
}
host b { interface eth0 network=right }
"#;

fn applied() {
    let bench = Bench::new(LAB);
    let made = bench.apply();
    assert!(made.contains("create veth a/eth0 (new)"), "{made}");
    assert_eq!(bench.plan(), "");
    bench.on("a", "ping -c 1 -W 2 10.0.2.21 && ping -6 -c 1 -W 2 fd00:1::1");
    bench.on("a", "test $(cat /var/lib/thing/x) = hello && test $(stat -c %a /var/lib/thing) = 700");
    bench.on(
        "a",
        "test $(stat -c %a /etc/secret) = 600 && test $(cat /sys/class/net/eth0/address) = 02:00:00:00:00:0a",
    );
    bench.on("a", "test $(cat /proc/sys/net/ipv4/tcp_syncookies) = 0 && test $(hostname) = a.test");
    bench.on("b", "test ! -e /etc/secret && test ! -e /var/lib/thing");
    assert_eq!(bench.plan(), "", "a host that runs something is not another one");
    let state = std::fs::read_to_string(bench.root.path().join("state/lab/state.json")).unwrap();
    assert!(!state.contains("hush"), "a secret is in the state");
    bench.destroy();
    assert!(!bench.root.path().join("state/lab").exists());
}

fn drift() {
    let bench = Bench::new(LAB);
    bench.apply();
    let check = |host: &str, by_hand: &str, expected: &str| {
        bench.on(host, by_hand);
        assert_eq!(bench.plan(), expected, "after `{by_hand}`");
        assert_eq!(bench.apply(), expected, "after `{by_hand}`");
        assert_eq!(bench.plan(), "", "after `{by_hand}` was repaired");
    };
    check("b", "ip addr add 10.9.9.9/24 dev eth0", "");
    check("router", "ip addr del fd00:1::1/64 dev eth0", "create address router/eth0/ipv6 (missing)\n");
    check("b", "ip route del default", "create route b/0.0.0.0/0 (missing)\n");
    check(
        "b",
        "ip route replace default via 10.0.2.9",
        "update route b/0.0.0.0/0 via=10.0.2.9→10.0.2.1 (drifted)\n",
    );
    check("b", "ip link set eth0 mtu 1400", "update veth b/eth0 mtu=1400→1500 (drifted)\n");
    check(
        "router",
        "sysctl -qw net.ipv4.ip_forward=0",
        "update sysctl router/net.ipv4.ip_forward value=0→1 (drifted)\n",
    );
    check("a", "chmod 755 /var/lib/thing", "update directory a:/var/lib/thing mode=0755→0700 (drifted)\n");
    check("a", "rm /var/lib/thing/x", "create file a:/var/lib/thing/x (missing)\n");
    bench.on("a", "echo more >> /etc/hosts");
    assert!(bench.plan().starts_with("update file /etc/hosts contents=sha256:"), "{}", bench.plan());
    bench.apply();
    bench.on("a", "! grep more /etc/hosts && grep b.test /etc/hosts");
    bench.on("b", "ip link del eth0");
    let plan = bench.plan();
    assert!(plan.starts_with("create veth b/eth0 (missing)\n"), "{plan}");
    assert!(plan.contains("create address b/eth0/ipv4 (inside veth b/eth0)\n"), "{plan}");
    bench.apply();
    bench.on("b", "ping -c 1 -W 2 10.0.1.21");
    assert_eq!(bench.plan(), "");
}

fn changed() {
    let bench = Bench::new(LAB);
    bench.apply();
    let check = |from: &str, to: &str, expected: &[&str]| {
        let lab = std::fs::read_to_string(bench.file()).unwrap();
        assert!(lab.contains(from), "{from}");
        std::fs::write(bench.file(), lab.replace(from, to)).unwrap();
        let plan = bench.plan();
        let mut found: Vec<&str> = plan.lines().filter(|line| !line.contains("file /etc/hosts")).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{to}");
        assert_eq!(bench.apply(), plan);
        assert_eq!(bench.plan(), "", "{to}");
    };
    let routes = [
        "update address b/eth0/ipv4 address=10.0.2.21/24→10.0.2.22/24 (changed)",
        "update route b/0.0.0.0/0 (reads address b/eth0/ipv4)",
    ];
    check("b 21", "b 22", &routes);
    bench.on("b", "ping -c 1 -W 2 10.0.1.21");
    check(
        "right { subnet",
        "right mtu=1400 { subnet",
        &[
            "update bridge right mtu=1500→1400 (changed)",
            "update veth b/eth0 mtu=1500→1400 (changed)",
            "update veth router/eth1 mtu=1500→1400 (changed)",
        ],
    );
    bench.edit("hush", "hush hush");
    let plan = bench.plan();
    assert!(
        plan.starts_with("update file a:/etc/secret contents=hmac-sha256:") && plan.lines().count() == 1,
        "{plan}"
    );
}

fn renamed() {
    let bench = Bench::new(
        r#"
network n { subnet "10.0.1.0/24" }
host a {
    interface eth0 network=n address="10.0.1.1/24"
    route "10.9.0.0/16" "10.0.1.2"
    daemon still { run sleep infinity }
}
"#,
    );
    bench.apply();
    bench.edit("host a {", "host a {\n    fqdn a.example.test");
    let made = bench.apply();
    assert!(made.contains("netns a"), "{made}");
    assert_eq!(bench.plan(), "");
    bench.on("a", "test $(hostname) = a.example.test && ip route get 10.9.0.1 && pgrep -x sleep");
    bench.destroy();
}

fn uncovered() {
    let bench = Bench::new(LAB);
    bench.apply();
    bench.on("a", "grep mine /etc/debian_version");
    let machines = std::fs::read_to_string("/etc/debian_version").unwrap();
    bench.edit("file \"/etc/debian_version\" \"mine\"", "");
    assert_eq!(bench.apply(), "delete file a:/etc/debian_version (unwanted)\n");
    bench.on("a", &format!("test \"$(cat /etc/debian_version)\" = '{}'", machines.trim()));
    bench.edit("sysctls { net.ipv4.tcp_syncookies 0 }", "");
    assert_eq!(bench.apply(), "delete sysctl a/net.ipv4.tcp_syncookies (unwanted)\n");
    bench.on("a", "test $(cat /proc/sys/net/ipv4/tcp_syncookies) != 0");
    bench.edit("host b { interface eth0 network=right }", "");
    bench.edit("b 21", "");
    let gone = bench.apply();
    assert!(gone.contains("delete netns b (unwanted)"), "{gone}");
    assert_eq!(bench.plan(), "");
}

fn killed() {
    let bench = Bench::new(LAB);
    bench.apply();
    bench.on("a", "true");
    bench.run(&["kill"]);
    let plan = bench.plan();
    assert!(plan.contains("create netns a (missing)"), "{plan}");
    assert!(!plan.contains("file"), "files outlive a kill: {plan}");
    assert_eq!(bench.plan(), plan, "looking changes nothing");
    bench.apply();
    bench.on("a", "ping -c 1 -W 2 10.0.2.21");
    assert_eq!(bench.plan(), "");
}

fn spoilt() {
    let bench = Bench::new(LAB);
    bench.apply();
    std::fs::write(bench.root.path().join("state/lab/state.json"), "{ not").unwrap();
    let said = bench.run(&["plan", bench.file().to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("state.json` cannot be read"), "{said:?}");
    bench.apply();
    assert_eq!(bench.plan(), "");
    bench.on("a", "ping -c 1 -W 2 10.0.2.21");
    std::fs::remove_file(bench.root.path().join("state/lab/state.json")).unwrap();
    bench.destroy();
    assert!(!bench.root.path().join("state/lab").exists());
}

fn planned_only() {
    let bench = Bench::new(LAB);
    assert!(bench.plan().contains("create netns a (new)"));
    assert!(!bench.root.path().join("state/lab").exists());
}

fn mistakes() {
    let bench = Bench::new(
        r#"
network n { subnet "10.0.1.0/24"; gateway away; uplink u { address "10.0.1.5/24" "10.9.9.9/24" } }
network m { subnet "10.0.2.0/24" }
host a { interface eth0 network=n address="10.0.1.5/24" mac="02:00:00:00:00:01" }
host b { interface eth0 network=n address="10.0.1.6/24" mac="02:00:00:00:00:01"; route "10.7.0.0/16" "10.8.0.1" }
host c {
    interface eth0 network=n
    file "/proc/x" ""
    file "/usr/x" ""
    file "/etc/y" ""
    directory "/etc/y"
}
network w bridge=#false { uplink u }
host away { interface eth0 network=m; interface eth1 network=w }
host d {
    interface eth0 network=m up=#false { impairment jitter="1ms" reorder=5 burst="1M" }
    interface v1 { vlan 1 on=eth1 }
    interface v2 { vlan 2 on=eth0 }
    interface v3 { vxlan 3 remote="239.1.1.1"; ingress delay="1ms" }
    route "10.9.0.0/16" "10.0.2.200"
}
host e {
    interface eth0 network=m
    interface eth1 network=m mtu=1400 up=#false numbered=#false mac="02:00:00:00:00:02"
    interface bond0 network=m { bond { members eth0 eth1 eth9 } }
    interface red { vrf 10 { members eth0 } }
    interface blue { vrf 10 { members red } }
    route "10.1.0.0/16" "10.0.2.9" refuse=blackhole
    route "10.2.0.0/16" "10.9.9.9" onlink=#true
    route "10.3.0.0/16" dev=eth7 src="10.3.3.3"
    rule 7 table=9 from="10.0.0.0/8" to="fd00::/8"
    rule 8 table=9 { dport 80 }
}
"#,
    );
    let wrong = bench.run(&["plan", bench.file().to_str().unwrap()]);
    assert_eq!(wrong.status.code(), Some(1));
    let text = String::from_utf8_lossy(&wrong.stdout);
    for expected in [
        "duplicate-mac: `a/eth0` and `b/eth0` both have the hardware address `02:00:00:00:00:01` on network `n`",
        "gateway: gateway `away` has no interface on network `n`",
        "route: the next hop `10.8.0.1` is on no network of `b`",
        "path: `/proc/x` is in `/proc`, which the kernel fills",
        "path: `c` has nothing of its own at `/usr/x`, which is the machine's",
        "path: `/etc/y` of `c` cannot be a file and a directory",
        "unknown-interface: expected another interface of `d`, found `eth1`",
        "bad-link: expected the interface by which the group `239.1.1.1` is reached, found none",
        "bad-wire: expected two interfaces on network `w`, which has no bridge, found 1",
        "bad-link: `v2` cannot be up while `eth0`, which it sits on, is down",
        "bad-impairment: `d/v3` is not plugged into a bridge, so it cannot have `ingress`",
        "bad-impairment: expected a `delay` beside the `jitter` of `d/eth0`, found none",
        "bad-impairment: expected a `delay` beside the `reorder` of `d/eth0`, found none",
        "bad-impairment: expected only a `rate` beside the `burst` of `d/eth0`",
        "address-outside-network: address `10.9.9.9/24` is outside of network `n`",
        "duplicate-address: `10.0.1.5` is on network `n` twice",
        "bad-link: network `w` has no bridge that an uplink could be plugged into",
        "bad-link: the machine cannot have two interfaces `u`",
        "bad-route: the next hop `10.0.2.200` is on no network of `d`",
        "bad-link: `eth0` is a member of the bond `bond0` and cannot have an address",
        "bad-link: `eth1` has the hardware address of the bond `bond0` that it is a member of",
        "bad-link: `eth1` is set up with the bond `bond0` that it is a member of",
        "bad-link: `eth1` has an MTU of 1400, the bond `bond0` that it is a member of 1500",
        "unknown-interface: expected another interface of `e`, found `eth9`",
        "bad-link: `eth0` cannot be a member of `bond0` and of `red`",
        "bad-link: a VRF such as `red` cannot be a member of another one",
        "bad-route: expected one way for packets to `10.1.0.0/16`: a next hop, several, or none",
        "bad-route: nothing says on which link the next hop `10.9.9.9` is",
        "unknown-interface: expected an interface of `e`, found `eth7`",
        "bad-route: `e` has no address `10.3.3.3` for packets to come from",
        "bad-rule: expected addresses of one family, found both",
        "bad-rule: ports are those of some protocol",
        "bad-link: `red` and `blue` cannot both have table 10",
    ] {
        assert!(text.contains(expected), "expected {expected}, found\n{text}");
    }
    assert_eq!(text.lines().count(), 33, "{text}");
    assert!(!bench.root.path().join("state/lab").exists());
}

/// A lab file and a place for its state, gone with all of it at the end.
struct Bench {
    root: tempfile::TempDir,
}

impl Bench {
    fn new(lab: &str) -> Self {
        // Hosts cover `/tmp`, so a lab's directory lies elsewhere.
        let bench = Self { root: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() };
        std::fs::write(bench.file(), lab).unwrap();
        bench
    }

    fn file(&self) -> PathBuf {
        self.root.path().join("lab.kdl")
    }

    fn edit(&self, from: &str, to: &str) {
        let lab = std::fs::read_to_string(self.file()).unwrap();
        assert!(lab.contains(from), "{from}");
        std::fs::write(self.file(), lab.replace(from, to)).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let state = self.root.path().join("state");
        Command::new(std::env::current_exe().unwrap()).arg("lab").arg(state).args(words).output().unwrap()
    }

    fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn plan(&self) -> String {
        self.done(&["plan", self.file().to_str().unwrap()])
    }

    fn apply(&self) -> String {
        self.done(&["apply", self.file().to_str().unwrap()])
    }

    fn destroy(&self) {
        self.done(&["destroy"]);
    }

    fn on(&self, host: &str, script: &str) {
        self.done(&["on", host, "sh", "-c", script]);
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.run(&["destroy"]);
    }
}
