//! Hosts: what they see, and how one works on them from outside and from inside the lab.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use topo_engine::linux::netns;
use topo_engine::runtime::{Client, Command, Error, IdMap, netns_name, on_host, run_in_host};

use crate::Claim;
use crate::lab::{Lab, environment, eventually};

pub(crate) const TRIALS: &[Claim] = &[
    ("a_host_has_its_own_view", a_host_has_its_own_view),
    ("files_put_before_are_seen", files_put_before_are_seen),
    ("a_host_can_change_etc_and_var", a_host_can_change_etc_and_var),
    ("hosts_share_no_file_and_no_process", hosts_share_no_file_and_no_process),
    ("a_held_network_namespace_is_the_hosts", a_held_network_namespace_is_the_hosts),
    ("many_hosts_at_once", many_hosts_at_once),
    ("close_host_ends_all_on_it", close_host_ends_all_on_it),
    ("a_host_that_cannot_open_says_why", a_host_that_cannot_open_says_why),
    ("exec_gives_exit_codes_and_signals", exec_gives_exit_codes_and_signals),
    ("exec_hands_signals_on", exec_hands_signals_on),
    ("exec_dies_with_its_caller", exec_dies_with_its_caller),
    ("exec_is_quick", exec_is_quick),
    ("run_has_input_output_and_a_limit", run_has_input_output_and_a_limit),
    ("work_inside_keeps_the_directory", work_inside_keeps_the_directory),
    ("the_machine_sees_nothing", the_machine_sees_nothing),
];

/// The tasks of `inside`.
pub(crate) fn work(client: &Client, task: &str, words: &[String]) -> String {
    let limit = Duration::from_secs(10);
    match task {
        "make-netns" => {
            let made = netns::create_many(words[0].parse().unwrap()).unwrap();
            let named = made.iter().enumerate();
            client.hold(named.map(|(number, fd)| (netns_name(&format!("h{number}")), fd.as_fd()))).unwrap();
            let inodes = made.iter().map(|fd| nix::sys::stat::fstat(fd).unwrap().st_ino.to_string());
            inodes.collect::<Vec<_>>().join("\n")
        }
        "memory" => {
            let status = fs::read_to_string("/proc/1/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
            line.split_whitespace().nth(1).unwrap().to_string()
        }
        "open-many" => {
            let open = |number: u32| {
                let host = format!("m{number}");
                client.open_host(&host, &client.directory().host_view(&host, &host)).map(drop)
            };
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..40).map(|number| scope.spawn(move || open(number))).collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
            });
            client.hosts().unwrap().len().to_string()
        }
        "run" => {
            let init = client.open_host("h", &client.directory().host_view("h", "h.lab.test")).unwrap();
            let run = |argv: &[&str], stdin: &[u8], limit| {
                let command = Command::new(argv.iter().copied(), environment());
                run_in_host("h", init.as_fd(), &command, stdin, limit)
            };
            let big = vec![b'x'; 3 << 20];
            let output = run(&["cat"], &big, limit).unwrap();
            assert!(output.success() && output.stdout == big, "{:?} {}", output.ending, output.stdout.len());
            let output =
                run(&["sh", "-c", "read a; echo got $a; echo bad >&2; exit 3"], b"word\n", limit).unwrap();
            assert_eq!(output.stdout, b"got word\n");
            assert_eq!(output.stderr, b"bad\n");
            assert_eq!(output.ending.unwrap().to_string(), "exit code 3");
            // It does not read its input, and leaves something behind that keeps the output open.
            let begun = Instant::now();
            let output = run(&["sh", "-c", "sleep 1000 & echo $$"], &big, limit).unwrap();
            assert!(output.success() && begun.elapsed() < limit, "{output:?}");
            let output =
                run(&["sh", "-c", "echo before; sleep 1000"], b"", Duration::from_millis(200)).unwrap();
            assert_eq!((output.ending, output.stdout.as_slice()), (None, &b"before\n"[..]));
            let error = run(&["no-such-program"], b"", limit).unwrap_err();
            assert!(matches!(error, Error::Execute { .. }), "{error}");
            let pids = run(&["sh", "-c", "ls -d /proc/[0-9]* | wc -l; hostname"], b"", limit).unwrap();
            let hostname = on_host(init.as_fd(), || fs::read_to_string("/etc/hostname").unwrap()).unwrap();
            format!("{} {hostname}", String::from_utf8(pids.stdout).unwrap())
        }
        "where" => std::env::current_dir().unwrap().display().to_string(),
        other => panic!("no task `{other}`"),
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim()
}

/// What a shell on host `h` prints.
fn says(lab: &Lab, host: &str, script: &str) -> String {
    let output = lab.exec(host, &["sh", "-c", script]);
    assert!(output.status.success(), "{script}: {output:?}");
    text(&output.stdout).to_string()
}

fn a_host_has_its_own_view() {
    let lab = Lab::start();
    lab.open("h");
    assert_eq!(says(&lab, "h", "hostname; cat /etc/hostname"), "h.lab.test\nh.lab.test");
    assert_eq!(says(&lab, "h", "id -u; id -g"), "0\n0");
    assert_eq!(says(&lab, "h", "ls -A /tmp; stat -c %a /tmp /var/tmp /run/lock /run/sshd"), {
        // The state of this test may lie below /tmp, and then is still seen there.
        let inside_tmp = lab.state_root.path().strip_prefix("/tmp").ok();
        let seen = inside_tmp.map(|path| format!("{}\n", path.display())).unwrap_or_default();
        format!("{seen}1777\n1777\n1777\n755")
    });
    assert_eq!(says(&lab, "h", "cat /proc/1/comm"), "topo@h");
    assert_eq!(says(&lab, "h", "ls /sys/class/net; cat /sys/class/net/lo/operstate"), "lo\nunknown");
    assert_eq!(says(&lab, "h", "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), "0");
    assert_eq!(
        says(&lab, "h", &format!("ls -d {}", lab.directory.path().display())),
        lab.directory.path().display().to_string()
    );
}

fn files_put_before_are_seen() {
    let lab = Lab::start();
    let etc = lab.directory.host("h").upper("/etc".as_ref());
    fs::create_dir_all(&etc).unwrap();
    fs::write(etc.join("krb5.conf"), "mine").unwrap();
    let common = lab.directory.common().join("etc");
    fs::create_dir_all(&common).unwrap();
    fs::write(common.join("shared"), "all").unwrap();
    lab.open("h");
    assert_eq!(says(&lab, "h", "cat /etc/krb5.conf /etc/shared; grep -c root: /etc/passwd"), "mineall1");
    assert!(!std::path::Path::new("/etc/shared").exists());
}

fn a_host_can_change_etc_and_var() {
    let lab = Lab::start();
    lab.open("h");
    // New files in directories of the machine, at every depth, and a file of the machine replaced.
    for place in [
        "/etc",
        "/etc/ssh",
        "/etc/pam.d",
        "/var/tmp",
        "/var/log",
        "/var/lib",
        "/var/lib/dpkg",
        "/var/cache/apt",
    ] {
        says(&lab, "h", &format!("echo new > {place}/made-on-a-host && cat {place}/made-on-a-host"));
    }
    says(
        &lab,
        "h",
        "cp /etc/passwd /etc/passwd.new && mv /etc/passwd.new /etc/passwd && echo a:x:5:5::/: >> /etc/passwd",
    );
    assert!(!std::path::Path::new("/etc/made-on-a-host").exists());
}

fn hosts_share_no_file_and_no_process() {
    let lab = Lab::start();
    lab.open("h");
    lab.open("g");
    says(&lab, "h", "touch /etc/mine /tmp/mine /run/mine /var/lib/mine /dev/shm/mine");
    let elsewhere =
        "ls /etc/mine /tmp/mine /run/mine /var/lib/mine /dev/shm/mine 2>&1 | grep -c 'No such file'";
    assert_eq!(says(&lab, "g", elsewhere), "5");
    // Its init, the shell and ls.
    assert!(says(&lab, "g", "ls -d /proc/[0-9]* | wc -l").parse::<u32>().unwrap() <= 4);
}

fn a_held_network_namespace_is_the_hosts() {
    let lab = Lab::start();
    let inodes = lab.inside("make-netns", &["2"]);
    lab.open("h1");
    let seen = says(&lab, "h1", "readlink /proc/self/ns/net");
    assert_eq!(seen, format!("net:[{}]", inodes.lines().nth(1).unwrap()));
}

fn many_hosts_at_once() {
    let lab = Lab::start();
    assert_eq!(lab.inside("open-many", &[]).trim(), "40");
}

fn close_host_ends_all_on_it() {
    let lab = Lab::start();
    let init = lab.open("h");
    let daemon = lab.client().start("d", &lab.daemon("d", &["sleep", "1000"])).unwrap();
    lab.client().close_host("h").unwrap();
    let now = Duration::ZERO;
    assert!(topo_engine::linux::process::wait_until_ended(init.as_fd(), now).unwrap());
    assert!(topo_engine::linux::process::wait_until_ended(daemon.as_fd(), now).unwrap());
    assert!(lab.client().hosts().unwrap().is_empty());
    lab.client().close_host("h").unwrap();
    // It opens again, with the files it had.
    lab.open("h");
    assert_eq!(says(&lab, "h", "hostname"), "h.lab.test");
}

fn a_host_that_cannot_open_says_why() {
    let lab = Lab::start();
    let mut view = lab.directory.host_view("h", "h.lab.test");
    view.keep.push("/no/such/directory".into());
    let error = lab.client().open_host("h", &view).unwrap_err();
    assert_eq!(error.to_string(), "cannot open the directory /no/such/directory");
    view.keep.pop();
    view.overlays[0].target = "/no/such/target".into();
    let error = lab.client().open_host("h", &view).unwrap_err();
    assert_eq!(error.to_string(), "cannot mount an overlay on /no/such/target");
    assert!(lab.client().hosts().unwrap().is_empty());
    // With the right view it opens.
    lab.open("h");
}

fn exec_gives_exit_codes_and_signals() {
    let lab = Lab::start();
    assert_eq!(lab.exec("h", &["sh", "-c", "exit 42"]).status.code(), Some(42));
    assert_eq!(lab.exec("h", &["sh", "-c", "kill -9 $$"]).status.code(), Some(137));
    let output = lab.exec("h", &["no-such-program"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(
        text(&output.stderr).starts_with("cannot execute `no-such-program` on `h`: No such file"),
        "{output:?}"
    );
    // The caller's descriptors are passed on, and none of the lab's.
    let mut outside = topo_engine::linux::process::command("ls");
    let outside = outside.arg("/proc/self/fd").stdin(Stdio::null()).output().unwrap();
    assert_eq!(says(&lab, "h", "exec ls /proc/self/fd"), text(&outside.stdout));
}

fn exec_hands_signals_on() {
    let lab = Lab::start();
    let mut child = lab
        .exec_command(
            "h",
            &["sh", "-c", "trap 'echo term; exit 7' TERM; echo ready; while :; do sleep 0.01; done"],
        )
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    let mut output = child.stdout.take().unwrap();
    std::io::Read::read_exact(&mut output, &mut ready).unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut output, &mut rest).unwrap();
    assert_eq!(rest, "term\n");
}

fn exec_dies_with_its_caller() {
    let lab = Lab::start();
    let mut child = lab.exec_command("h", &["sleep", "987"]).spawn().unwrap();
    let runs = || says(&lab, "h", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").contains("sleep 987");
    assert!(eventually(|| runs().then_some(())).is_some());
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(eventually(|| (!runs()).then_some(())).is_some());
}

fn exec_is_quick() {
    let lab = Lab::start();
    lab.open("h");
    let once = |_| {
        let begun = Instant::now();
        assert!(lab.exec("h", &["/bin/true"]).status.success());
        begun.elapsed()
    };
    // The best of many, because other tests keep the machine busy; it is some 3 ms when they do not.
    let best = (0..40).map(once).min().unwrap();
    assert!(best < Duration::from_millis(30), "{best:?}");
}

fn run_has_input_output_and_a_limit() {
    let lab = Lab::start();
    let said = lab.inside("run", &[]);
    let words: Vec<&str> = said.split_whitespace().collect();
    // Init, the shell, and the parts of its pipe; the host's name twice.
    assert!(words[0].parse::<u32>().unwrap() <= 5, "{said}");
    assert_eq!(words[1..], ["h.lab.test", "h.lab.test"]);
}

fn work_inside_keeps_the_directory() {
    let lab = Lab::start();
    let here = std::env::current_dir().unwrap();
    assert_eq!(lab.inside("where", &[]).trim(), here.to_str().unwrap());
}

fn the_machine_sees_nothing() {
    let before = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let links = fs::read_to_string("/proc/self/net/dev").unwrap().lines().count();
    let lab = Lab::start();
    lab.open("h");
    says(&lab, "h", "touch /etc/here /var/here");
    assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap(), before);
    assert_eq!(fs::read_to_string("/proc/self/net/dev").unwrap().lines().count(), links);
    assert!(!std::path::Path::new("/etc/here").exists() && !std::path::Path::new("/var/here").exists());
    assert_eq!(IdMap::detect() != IdMap::Root, lab.client().user_namespace());
}
