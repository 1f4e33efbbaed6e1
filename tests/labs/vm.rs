//! Tests that need more of a kernel than the running one has: they run in a virtual machine with Debian's kernel, under
//! plain emulation. It sees this machine's programs, the checkout and this very test program, to be read, and runs it
//! there; one start serves all tests that were asked for. `scripts/make-vm` makes what it boots, `tests/vm/init` is its
//! first process.

use crate::run::run;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The file with the names of the tests to run in the virtual machine, one a line.
const ONLY: &str = "TOPO_TEST_ONLY";

/// So many times longer may a command take there.
pub(crate) const SLOWER: u32 = 5;

/// For making the machine, where that means downloading a kernel, and for everything that runs in it.
const LIMIT: Duration = Duration::from_secs(1200);

/// How each test ended.
type Outcomes = BTreeMap<String, Result<(), String>>;

/// The virtual machine, and how the tests in it ended.
#[derive(Debug)]
pub(crate) struct Guest {
    tests: Vec<String>,
    outcomes: OnceLock<Result<Outcomes, String>>,
}

impl Guest {
    /// A machine to run these tests in; it starts when the first outcome is asked for.
    pub(crate) fn new(tests: Vec<String>) -> Self {
        Self { tests, outcomes: OnceLock::new() }
    }

    /// How a test ended there.
    pub(crate) fn outcome(&self, test: &str, checkout: &Path, topo: &Path) -> Result<(), String> {
        let outcomes = self.outcomes.get_or_init(|| boot(&self.tests, checkout, topo));
        let outcomes = outcomes.as_ref().map_err(|error| format!("the virtual machine: {error}"))?;
        outcomes.get(test).cloned().unwrap_or_else(|| Err("it did not run in the virtual machine".to_owned()))
    }
}

/// In the virtual machine: the tests to run.
pub(crate) fn only() -> Option<BTreeSet<String>> {
    let text = fs::read_to_string(std::env::var_os(ONLY)?).unwrap_or_default();
    Some(text.lines().map(str::to_owned).collect())
}

/// Whether the running kernel can do what `probe` does, in a network namespace that ends with it.
pub(crate) fn kernel_can(probe: &str) -> bool {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", probe]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    run(command, probe, Duration::from_secs(10)).is_ok_and(|outcome| outcome.status == 0)
}

fn boot(tests: &[String], checkout: &Path, topo: &Path) -> Result<Outcomes, String> {
    let target = topo.ancestors().nth(2).ok_or("the binary is in no directory of cargo's")?;
    let place = target.join("vm");
    let mut make = Command::new(checkout.join("scripts/make-vm"));
    make.arg(&place);
    let made = run(make, "scripts/make-vm", LIMIT)?;
    if made.status != 0 {
        return Err(format!("{made}\nhelp: `scripts/install-packages test` installs what it needs"));
    }
    let errand = place.join(format!("run-{}", std::process::id()));
    let serial = errand.join("serial");
    write(&errand, tests, checkout, target)?;
    let started = run(qemu(&place, &errand, &serial)?, "qemu-system-x86_64", LIMIT);
    let said = fs::read(&serial).map(|bytes| String::from_utf8_lossy(&bytes).replace('\r', ""));
    let said = said.map_err(|error| format!("read {}: {error}", serial.display()))?;
    fs::remove_dir_all(&errand).map_err(|error| format!("remove {}: {error}", errand.display()))?;
    match started {
        Ok(ended) if ended.status == 0 && said.contains("vm: the tests ended") => Ok(outcomes(&said)),
        Ok(ended) => Err(format!("{ended}\n--- serial\n{said}")),
        Err(error) => Err(format!("{error}\n--- serial\n{said}")),
    }
}

/// What the first process reads: paths to lend, tests to run, and the command.
#[expect(clippy::disallowed_methods, reason = "nobody reads these files while they are written")]
fn write(errand: &Path, tests: &[String], checkout: &Path, target: &Path) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let kernel = target.join("vm/kernel");
    let command = format!(
        "export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CI=1 {ONLY}={errand}/only
printf '#!/bin/sh\\nexec modprobe -C /run/modprobe.conf -d {kernel} \"$@\"\\n' >/run/modprobe
# Those of bonds and dummies make one of their own otherwise.
echo options bonding max_bonds=0 >/run/modprobe.conf
echo options dummy numdummies=0 >>/run/modprobe.conf
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
# Modules of tunnels make links of their own otherwise, in every namespace.
echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net
cd {checkout}
{program} --format json --test-threads 2
echo vm: the tests ended
busybox poweroff -f
",
        errand = errand.display(),
        kernel = kernel.display(),
        checkout = checkout.display(),
        program = program.display(),
    );
    let files = [
        ("lend", format!("{}\n{}\n", checkout.display(), target.display())),
        ("only", tests.join("\n")),
        ("command", command),
    ];
    let failed = |error: std::io::Error| format!("write into {}: {error}", errand.display());
    fs::create_dir_all(errand).map_err(failed)?;
    files.into_iter().try_for_each(|(name, text)| fs::write(errand.join(name), text)).map_err(failed)
}

fn qemu(place: &Path, errand: &Path, serial: &Path) -> Result<Command, String> {
    let boot = fs::read_dir(place.join("kernel/boot")).map_err(|error| error.to_string())?;
    let kernel: Option<PathBuf> = boot
        .flatten()
        .find(|file| file.file_name().to_string_lossy().starts_with("vmlinuz"))
        .map(|file| file.path());
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"])
        .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"])
        .arg("-serial")
        .arg(format!("file:{}", serial.display()))
        .args(["-virtfs", "local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap"])
        .arg("-kernel")
        .arg(kernel.ok_or("the kernel's package has no kernel")?)
        .arg("-initrd")
        .arg(place.join("initramfs"))
        .arg("-append")
        .arg(format!(
            "console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check topo.run={}",
            errand.display()
        ));
    Ok(qemu)
}

/// What the test program said, a JSON object for each test that ended, among the kernel's own lines.
fn outcomes(said: &str) -> Outcomes {
    let events = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let ended = events.filter_map(|event| {
        let name = event["name"].as_str()?.to_owned();
        match event["event"].as_str()? {
            "ok" => Some((name, Ok(()))),
            "failed" => Some((name, Err(event["stdout"].as_str().unwrap_or_default().to_owned()))),
            _ => None,
        }
    });
    ended.collect()
}
