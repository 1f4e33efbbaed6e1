//! The supervisor's life: it starts, it is found, it ends, and nothing of the lab is left.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::signal::Signal;
use topo_engine::linux::{netns, process};
use topo_engine::runtime::protocol::{Request, VERSION, encode};
use topo_engine::runtime::{Client, Error, IdMap, LabDirectory, netns_name, start};

use crate::Claim;
use crate::lab::{LAB, Lab, eventually, exe};

pub(crate) const TRIALS: &[Claim] = &[
    ("start_connect_shutdown", start_connect_shutdown),
    ("start_twice_is_one_supervisor", start_twice_is_one_supervisor),
    ("a_killed_supervisor_leaves_nothing", a_killed_supervisor_leaves_nothing),
    ("hold_get_release", hold_get_release),
    ("supervisor_is_small", supervisor_is_small),
    ("removal_follows_no_link", removal_follows_no_link),
    ("a_failed_start_says_why", a_failed_start_says_why),
    ("a_client_that_goes_away_harms_nothing", a_client_that_goes_away_harms_nothing),
    ("the_machine_is_probed", the_machine_is_probed),
];

fn the_machine_is_probed() {
    let output = process::command(exe()).arg("probes").output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    for name in ["proc", "overlay", "bridge", "veth"] {
        assert!(found.contains(&format!("Probe {{ name: \"{name}\", outcome: Works }}")), "{found}");
    }
    let ranged = found.contains("Probe { name: \"id range\", outcome: Works }");
    assert_eq!(ranged, matches!(IdMap::detect(), IdMap::Range { .. }), "{found}");
    assert_eq!(
        found.contains("usermod --add-subuids"),
        matches!(IdMap::detect(), IdMap::Single { .. }),
        "{found}"
    );
}

fn start_connect_shutdown() {
    let mut lab = Lab::start();
    let mode = fs::metadata(lab.directory.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let socket = lab.directory.path().join("supervisor.sock");
    assert_eq!(fs::metadata(socket).unwrap().permissions().mode() & 0o777, 0o600);
    let other = Client::connect(&lab.directory).unwrap().unwrap();
    assert_eq!(other.user_namespace(), IdMap::detect() != IdMap::Root);
    lab.client.take().unwrap().shutdown(Duration::from_secs(5)).unwrap();
    assert!(Client::connect(&lab.directory).unwrap().is_none());
    assert!(matches!(other.held(), Err(Error::Gone { .. })));
}

fn start_twice_is_one_supervisor() {
    let lab = Lab::start();
    lab.client().hold([("a".to_string(), netns::current().unwrap().as_fd())]).unwrap();
    let again = start(&lab.directory, &exe(), &IdMap::detect()).unwrap();
    assert_eq!(again.held().unwrap(), ["a"]);
}

fn a_killed_supervisor_leaves_nothing() {
    let mut lab = Lab::start();
    let init = lab.open("h");
    let daemon = lab.client().start("d", &lab.daemon("d", &["sleep", "1000"])).unwrap();
    let client = lab.client.take().unwrap();
    process::signal(client.supervisor(), Signal::SIGKILL).unwrap();
    let limit = Duration::from_secs(5);
    for pidfd in [client.supervisor(), init.as_fd(), daemon.as_fd()] {
        assert!(process::wait_until_ended(pidfd, limit).unwrap());
    }
    assert!(Client::connect(&lab.directory).unwrap().is_none());
    let place = lab.state_root.path().to_str().unwrap().to_string();
    let mounted = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounted.contains(&place), "{mounted}");
    assert!(eventually(|| processes_naming(&place).is_empty().then_some(())).is_some());
    // And it comes back.
    let again = start(&lab.directory, &exe(), &IdMap::detect()).unwrap();
    assert!(again.held().unwrap().is_empty());
    lab.client = Some(again);
}

fn hold_get_release() {
    let lab = Lab::start();
    let made: Vec<(String, OwnedFd)> = lab
        .inside("make-netns", &["300"])
        .lines()
        .map(str::to_string)
        .zip(
            lab.client()
                .get(&(0..300).map(|number| netns_name(&format!("h{number}"))).collect::<Vec<_>>())
                .unwrap(),
        )
        .collect();
    assert_eq!(made.len(), 300);
    for (inode, netns) in &made {
        assert_eq!(*inode, nix::sys::stat::fstat(netns).unwrap().st_ino.to_string());
    }
    assert_eq!(lab.client().held().unwrap().len(), 300);
    lab.client().release(&[netns_name("h7")]).unwrap();
    assert!(matches!(lab.client().get(&[netns_name("h7")]), Err(Error::NotHeld { .. })));
    assert_eq!(lab.client().held().unwrap().len(), 299);
}

fn supervisor_is_small() {
    let lab = Lab::start();
    lab.inside("make-netns", &["1000"]);
    lab.open("h");
    let memory = lab.inside("memory", &[]);
    let kilobytes: u64 = memory.trim().parse().unwrap();
    assert!(kilobytes < 8 * 1024, "{kilobytes} kB");
}

fn removal_follows_no_link() {
    let mut lab = Lab::start();
    let outside = lab.state_root.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir(outside.join("kept")).unwrap();
    symlink(&outside, lab.directory.path().join("link")).unwrap();
    lab.open("h");
    assert!(
        lab.exec("h", &["sh", "-c", "mkdir -p /etc/a/b && touch /etc/a/b/c && chmod 0 /etc/a/b /etc/a"])
            .status
            .success()
    );
    if !matches!(IdMap::detect(), IdMap::Single { .. }) {
        assert!(
            lab.exec("h", &["sh", "-c", "mkdir /etc/x && touch /etc/x/y && chown -R 33:33 /etc/x"])
                .status
                .success()
        );
    }
    lab.client.take().unwrap().kill(Duration::from_secs(5)).unwrap();
    // Whatever the state is like.
    fs::write(lab.directory.state(), "spoilt").unwrap();
    lab.directory.duplicate().unwrap().remove(&exe(), &IdMap::detect()).unwrap();
    assert!(LabDirectory::open(lab.state_root.path(), LAB).unwrap().is_none());
    assert!(outside.join("kept").exists());
}

fn a_failed_start_says_why() {
    let root = tempfile::tempdir().unwrap();
    let directory = LabDirectory::create(root.path(), LAB).unwrap();
    fs::create_dir(directory.path().join("supervisor.sock")).unwrap();
    let error = start(&directory, &exe(), &IdMap::detect()).err().unwrap();
    assert_eq!(error.to_string(), "cannot remove the old socket supervisor.sock");
    let error = start(&directory, &root.path().join("nothing"), &IdMap::detect()).err().unwrap();
    assert!(error.to_string().starts_with("cannot execute /"), "{error}");
}

fn a_client_that_goes_away_harms_nothing() {
    let lab = Lab::start();
    let socket = lab.directory.path().join("supervisor.sock");
    for rubbish in [&b"\xff\xff\xff\xff\xff\xff\xff\xff"[..], b"\x02\0\0\0\0\0\0\0{}", b"\x10\0\0\0"] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(rubbish).unwrap();
    }
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(&encode(&Request::Hello { version: VERSION }, 0).unwrap()).unwrap();
    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    let view = lab.directory.host_view("h", "h.lab.test");
    stream.write_all(&encode(&Request::OpenHost { host: "h".into(), view }, 0).unwrap()).unwrap();
    drop(stream);
    let opened = eventually(|| (lab.client().hosts().unwrap() == ["h"]).then_some(()));
    assert!(opened.is_some());
}

/// Processes whose command line names this.
fn processes_naming(place: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| *name != own);
    pids.filter(|pid| {
        fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains(place))
    })
    .collect()
}
