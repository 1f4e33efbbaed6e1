//! Daemons: they start, end, are started again, and stop.

use std::fs;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use topo_engine::linux::process;
use topo_engine::runtime::{DaemonState, Ending, Error, IdMap, Restart};

use crate::Claim;
use crate::lab::{Lab, environment, is_running, pid_of};

pub(crate) const TRIALS: &[Claim] = &[
    ("a_daemon_runs_and_stops", a_daemon_runs_and_stops),
    ("a_daemon_gets_only_what_it_is_given", a_daemon_gets_only_what_it_is_given),
    (
        "a_program_that_cannot_run_is_told_from_one_that_fails",
        a_program_that_cannot_run_is_told_from_one_that_fails,
    ),
    ("restart_on_failure_and_always", restart_on_failure_and_always),
    ("a_stubborn_daemon_is_killed_with_its_group", a_stubborn_daemon_is_killed_with_its_group),
    ("a_daemon_ends_with_all_that_descends_from_it", a_daemon_ends_with_all_that_descends_from_it),
    ("restart_on_request_and_forget", restart_on_request_and_forget),
    ("requests_while_it_stops_wait", requests_while_it_stops_wait),
    ("shutdown_lets_daemons_end", shutdown_lets_daemons_end),
    ("a_daemon_with_another_user", a_daemon_with_another_user),
    ("a_host_that_dies_comes_back_with_its_daemon", a_host_that_dies_comes_back_with_its_daemon),
    ("a_program_that_ends_at_once_is_seen", a_program_that_ends_at_once_is_seen),
];

fn a_daemon_runs_and_stops() {
    let lab = Lab::start();
    lab.open("h");
    let spec = lab.daemon("d", &["sh", "-c", "echo out; echo err >&2; hostname; exec sleep 1000"]);
    let pidfd = lab.client().start("d", &spec).unwrap();
    let status = lab.until("d", |status| is_running(&status.state) && lab.log("d").lines().count() == 3);
    assert_eq!(lab.log("d"), "out\nerr\nh.lab.test\n");
    assert_eq!((status.digest.as_str(), status.restarts, status.host.as_str()), ("digest of d", 0, "h"));
    assert!(matches!(lab.client().start("d", &spec), Err(Error::Running { .. })));
    lab.client().stop("d").unwrap();
    assert!(process::wait_until_ended(pidfd.as_fd(), Duration::ZERO).unwrap());
    assert_eq!(lab.status("d").unwrap().state, DaemonState::Stopped);
    assert!(matches!(lab.client().pidfd("d"), Err(Error::NotRunning { .. })));
    assert!(matches!(lab.client().stop("other"), Err(Error::UnknownDaemon { .. })));
    assert!(matches!(
        lab.client().start("x", &{
            let mut spec = lab.daemon("x", &["true"]);
            spec.host = "nowhere".into();
            spec
        }),
        Err(Error::HostNotOpen { .. })
    ));
}

fn a_daemon_gets_only_what_it_is_given() {
    let lab = Lab::start();
    lab.open("h");
    let script = "env | sort | grep -v -e ^_= -e SHLVL ; ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0; pwd; \
                  grep -E '^Sig(Blk|Ign)' /proc/self/status; umask; ulimit -n; ps -o sid= -p $$ | tr -d ' '; echo $$";
    let mut spec = lab.daemon("d", &["bash", "-c", script]);
    spec.cwd = "/usr".into();
    lab.client().start("d", &spec).unwrap();
    lab.until("d", |status| status.state == DaemonState::Exited { ending: Ending::Code(0) });
    let log = lab.log("d");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[..2], ["LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "{log}");
    assert_eq!(lines[2..5], ["PWD=/usr", "0 1 2 3 /dev/null", "/usr"], "{log}");
    assert_eq!(lines[5..8], ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "0022"], "{log}");
    let (soft, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    assert_eq!(lines[8], soft.to_string());
    assert_eq!(lines[9], lines[10], "not the leader of its session");
}

fn a_program_that_cannot_run_is_told_from_one_that_fails() {
    let lab = Lab::start();
    lab.open("h");
    let error = lab.client().start("a", &lab.daemon("a", &["no-such-daemon"])).unwrap_err();
    assert_eq!(error.to_string(), "cannot execute `no-such-daemon` on `h`");
    assert!(matches!(lab.status("a").unwrap().state, DaemonState::Failed { .. }));
    let error = lab.client().start("b", &lab.daemon("b", &["/etc/passwd"])).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("Permission denied"), "{error}");
    let mut nowhere = lab.daemon("c", &["true"]);
    nowhere.cwd = "/no/such/directory".into();
    let error = lab.client().start("c", &nowhere).unwrap_err();
    assert_eq!(error.to_string(), "cannot enter the directory /no/such/directory");
    lab.client().start("d", &lab.daemon("d", &["false"])).unwrap();
    lab.until("d", |status| status.state == DaemonState::Exited { ending: Ending::Code(1) });
    lab.client().start("e", &lab.daemon("e", &["sh", "-c", "kill -SEGV $$"])).unwrap();
    lab.until("e", |status| status.state == DaemonState::Exited { ending: Ending::Signal(11) });
}

fn restart_on_failure_and_always() {
    let lab = Lab::start();
    lab.open("h");
    let counting = |word: &str, code: u32| {
        let mut spec = lab.daemon(
            word,
            &[
                "sh",
                "-c",
                &format!(
                    "echo x >> /tmp/{word}; [ $(wc -l < /tmp/{word}) -ge 3 ] && exec sleep 1000; exit {code}"
                ),
            ],
        );
        spec.restart = if word == "always" { Restart::Always } else { Restart::OnFailure };
        spec
    };
    lab.client().start("always", &counting("always", 0)).unwrap();
    lab.client().start("failing", &counting("failing", 5)).unwrap();
    lab.client().start("done", &counting("done", 0)).unwrap();
    for id in ["always", "failing"] {
        lab.until(id, |status| is_running(&status.state) && status.restarts == 2);
    }
    lab.until("done", |status| status.state == DaemonState::Exited { ending: Ending::Code(0) });
    // One that waits for its next start can be stopped.
    let mut hopeless = lab.daemon("hopeless", &["false"]);
    hopeless.restart = Restart::Always;
    lab.client().start("hopeless", &hopeless).unwrap();
    lab.until("hopeless", |status| {
        matches!(status.state, DaemonState::Backoff { ending: Ending::Code(1), .. })
    });
    lab.client().stop("hopeless").unwrap();
    assert_eq!(lab.status("hopeless").unwrap().state, DaemonState::Stopped);
}

fn a_stubborn_daemon_is_killed_with_its_group() {
    let lab = Lab::start();
    lab.open("h");
    let script = "trap '' TERM; sleep 1001 & sleep 1002 & echo ready; while :; do wait; done";
    let mut spec = lab.daemon("d", &["sh", "-c", script]);
    spec.stop_timeout_ms = 100;
    lab.client().start("d", &spec).unwrap();
    lab.until("d", |_| lab.log("d").contains("ready"));
    let begun = Instant::now();
    lab.client().stop("d").unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(100) && begun.elapsed() < Duration::from_secs(5));
    let left = lab.exec("h", &["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]);
    let left = String::from_utf8(left.stdout).unwrap();
    assert!(!left.contains("sleep 100"), "{left}");
}

fn a_daemon_ends_with_all_that_descends_from_it() {
    let lab = Lab::start();
    lab.open("h");
    let sleeps = || {
        let found = lab.exec("h", &["pgrep", "-x", "-c", "sleep"]);
        String::from_utf8(found.stdout).unwrap().trim().to_string()
    };
    // In sessions of their own, their parents long gone.
    let script = "for i in 1 2 3; do setsid sh -c 'setsid sleep 1001 & sleep 0.01' & done; wait; echo ready; exec sleep 1002";
    lab.client().start("d", &lab.daemon("d", &["sh", "-c", script])).unwrap();
    lab.until("d", |_| lab.log("d").contains("ready") && sleeps() == "4");
    let pidfd = lab.client().pidfd("d").unwrap();
    lab.client().stop("d").unwrap();
    assert!(process::wait_until_ended(pidfd.as_fd(), Duration::ZERO).unwrap());
    assert_eq!(sleeps(), "0");
    assert_eq!(lab.log("d"), "ready\n");
    // Also when it ends by itself, and then that is said: it went to the background.
    let script = "setsid setsid sleep 1003 & exit 4";
    lab.client().start("e", &lab.daemon("e", &["sh", "-c", script])).unwrap();
    let status = lab.until("e", |status| !is_running(&status.state));
    assert_eq!(status.state, DaemonState::Exited { ending: Ending::Code(4) });
    assert_eq!(sleeps(), "0");
    let noted = status.noted.unwrap();
    assert!(noted.starts_with("ended with 1 process left behind, killed with it: "), "{noted}");
    assert_eq!(lab.log("e"), format!("topo: {noted}\n"));
    // Whatever runs on the host besides is left alone.
    let mut other = lab.exec_command("h", &["sleep", "1004"]).spawn().unwrap();
    lab.until("d", |_| sleeps() == "1");
    lab.client().restart("d").unwrap();
    lab.client().stop("d").unwrap();
    assert_eq!(sleeps(), "1");
    other.kill().unwrap();
    other.wait().unwrap();
}

fn restart_on_request_and_forget() {
    let lab = Lab::start();
    lab.open("h");
    let first = lab.client().start("d", &lab.daemon("d", &["sleep", "1000"])).unwrap();
    let before = pid_of(&lab.status("d").unwrap());
    let second = lab.client().restart("d").unwrap();
    assert!(process::wait_until_ended(first.as_fd(), Duration::ZERO).unwrap());
    assert!(!process::wait_until_ended(second.as_fd(), Duration::ZERO).unwrap());
    let status = lab.status("d").unwrap();
    assert_ne!(pid_of(&status), before);
    // Only restarts of its own accord count.
    assert_eq!(status.restarts, 0);
    lab.client().forget("d").unwrap();
    assert!(process::wait_until_ended(second.as_fd(), Duration::ZERO).unwrap());
    assert!(lab.client().status().unwrap().is_empty());
    lab.client().forget("d").unwrap();
    lab.client().start("d", &lab.daemon("d", &["sleep", "1000"])).unwrap();
}

fn requests_while_it_stops_wait() {
    let lab = Lab::start();
    lab.open("h");
    let slow = lab.daemon(
        "d",
        &["sh", "-c", "trap 'sleep 0.2; exit 0' TERM; echo ready; while :; do sleep 0.01; done"],
    );
    lab.client().start("d", &slow).unwrap();
    lab.until("d", |_| lab.log("d").contains("ready"));
    std::thread::scope(|scope| {
        let stop = scope.spawn(|| lab.client().stop("d"));
        lab.until("d", |status| matches!(status.state, DaemonState::Stopping { .. }));
        // Put off until it has stopped, then done.
        lab.client().start("d", &lab.daemon("d", &["sleep", "1000"])).unwrap();
        stop.join().unwrap().unwrap();
    });
    assert!(is_running(&lab.status("d").unwrap().state));
}

fn shutdown_lets_daemons_end() {
    let mut lab = Lab::start();
    lab.open("h");
    for (id, takes) in [("a", "0"), ("b", "0.1"), ("c", "0.3")] {
        let script =
            format!("trap 'sleep {takes}; echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
        let mut spec = lab.daemon(id, &["sh", "-c", &script]);
        // On its way out the lab starts nothing again.
        spec.restart = Restart::Always;
        lab.client().start(id, &spec).unwrap();
        lab.until(id, |_| lab.log(id).contains("ready"));
    }
    let mut hopeless = lab.daemon("hopeless", &["false"]);
    hopeless.restart = Restart::Always;
    lab.client().start("hopeless", &hopeless).unwrap();
    lab.until("hopeless", |status| matches!(status.state, DaemonState::Backoff { .. }));
    lab.client.take().unwrap().shutdown(Duration::from_secs(10)).unwrap();
    for id in ["a", "b", "c"] {
        assert_eq!(lab.log(id), "ready\nbye\n");
    }
}

fn a_daemon_with_another_user() {
    let lab = Lab::start();
    lab.open("h");
    let mut spec = lab.daemon("d", &["id"]);
    (spec.uid, spec.gid) = (33, 33);
    let started = lab.client().start("d", &spec);
    if matches!(IdMap::detect(), IdMap::Single { .. }) {
        let error = started.unwrap_err();
        assert_eq!(error.to_string(), "cannot become user 33, group 33");
        return;
    }
    started.unwrap();
    lab.until("d", |status| status.state == DaemonState::Exited { ending: Ending::Code(0) });
    assert_eq!(lab.log("d"), "uid=33(www-data) gid=33(www-data) groups=33(www-data)\n");
}

fn a_host_that_dies_comes_back_with_its_daemon() {
    let lab = Lab::start();
    let init = lab.open("h");
    let mut spec = lab.daemon("d", &["sleep", "1000"]);
    spec.restart = Restart::Always;
    lab.client().start("d", &spec).unwrap();
    process::signal(init.as_fd(), nix::sys::signal::Signal::SIGKILL).unwrap();
    lab.until("d", |status| is_running(&status.state) && status.restarts == 1);
    assert_eq!(lab.client().hosts().unwrap(), ["h"]);
}

fn a_program_that_ends_at_once_is_seen() {
    let lab = Lab::start();
    lab.open("h");
    for round in 0..30 {
        lab.client().start("d", &lab.daemon("d", &["/bin/true"])).unwrap();
        let status = lab.until("d", |status| !is_running(&status.state));
        assert_eq!(status.state, DaemonState::Exited { ending: Ending::Code(0) }, "round {round}");
    }
    assert!(fs::exists(lab.directory.supervisor_log()).unwrap() && !environment().is_empty());
}
