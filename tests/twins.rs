//! What `strategy: universal` puts into a Pod, run as kubelets that know native sidecars and kubelets that don't would run it,
//! in every shell that it may meet.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const SHELLS: [&[&str]; 2] = [&["dash"], &["busybox", "sh"]];
const RESTART_POLICIES: [Option<&str>; 3] = [None, Some("Always"), Some("Never")];
const FOLDER: &str = "/native-sidecar";

/// The Pod as it comes out, with a sidecar that says that it works and then does so until it is told to end.
fn pod(restart_policy: Option<&str>, startup_probe: &Value) -> Value {
    let mut container = json!({
        "image": "shipper",
        "command": ["sh", "-c", "echo \"$0 $1\" >>\"$LOG\"; exec sleep 1000"],
        "args": ["works", "a b"],
    });
    if !startup_probe.is_null() {
        container["startupProbe"] = startup_probe.clone();
    }
    let injection = json!({"name": "shipper", "container": container, "podSelector": {}, "strategy": "universal"});
    let mut spec = json!({"containers": [{"name": "app", "image": "shop"}]});
    if let Some(policy) = restart_policy {
        spec["restartPolicy"] = json!(policy);
    }
    let request = json!({
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"}, "spec": spec},
    });
    let payload = json!({"request": request, "settings": {"injections": [injection]}}).to_string();
    let host = |_: &str, _: &[u8]| Err("no cluster".to_owned());
    let answer: Value = serde_json::from_slice(&native_sidecar_policy::validate(payload.as_bytes(), &host)).unwrap();
    answer["mutated_object"].clone()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Process 1 of a container. With its owner all that it has started ends, as in a container.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

impl Process {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Its exit code, once it has ended.
    fn exit_code(&mut self) -> Option<i32> {
        wait("the end of a container", || self.has_ended());
        self.0.wait().unwrap().code()
    }

    fn terminate(&self) {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
    }
}

fn wait(what: &str, mut is_there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_there() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A Pod on a node.
struct Kubelet {
    shell: &'static [&'static str],
    pod: Value,
    /// Its folders: the emptyDir, and what the containers see of /proc.
    folder: tempfile::TempDir,
}

impl Kubelet {
    fn new(shell: &'static [&'static str], pod: Value) -> Self {
        let kubelet = Self { shell, pod, folder: tempfile::tempdir().unwrap() };
        fs::create_dir(kubelet.path("shared")).unwrap();
        kubelet.boot("b0071");
        kubelet.sandbox("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a4d1/resolv.conf");
        kubelet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The node has booted; this is the boot.
    fn boot(&self, id: &str) {
        fs::write(self.path("boot_id"), format!("{id}\n")).unwrap();
    }

    /// The Pod has this sandbox now, as a container sees it.
    fn sandbox(&self, resolv_conf: &str) {
        let mounts = format!(
            "1 0 0:30 / / rw,relatime - overlay overlay rw\n\
             2 1 8:1 /var/lib/kubelet/pods/9f/etc-hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw\n\
             3 1 8:1 {resolv_conf} /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw\n"
        );
        fs::write(self.path("mountinfo"), mounts).unwrap();
    }

    fn container(&self, name: &str) -> &Value {
        let lists = [&self.pod["spec"]["initContainers"], &self.pod["spec"]["containers"]];
        lists.into_iter().flat_map(|list| list.as_array().unwrap()).find(|container| container["name"] == name).unwrap()
    }

    fn log(&self, container: &str) -> String {
        fs::read_to_string(self.path(container)).unwrap_or_default()
    }

    /// Starts a command of a container: with this shell as the one that comes along, and our folders as its own.
    fn run(&self, container: &str, command: &[String]) -> Process {
        let shared = self.path("shared");
        let place = |text: &String| {
            let text = text.replace("/proc/sys/kernel/random/boot_id", self.path("boot_id").to_str().unwrap());
            let text = text.replace("/proc/self/mountinfo", self.path("mountinfo").to_str().unwrap());
            text.replace("/bin/busybox", "busybox").replace(FOLDER, shared.to_str().unwrap())
        };
        let command: Vec<String> = match command {
            [busybox, sh, rest @ ..] if busybox == "/native-sidecar/busybox" && sh == "sh" => {
                assert!(shared.join("busybox").is_file());
                self.shell.iter().map(|part| (*part).to_owned()).chain(rest.iter().map(place)).collect()
            }
            [cp, rest @ ..] if cp == "/bin/busybox" => {
                let source = which("busybox");
                let rest = rest.iter().map(|part| if part == cp { source.clone() } else { place(part) });
                std::iter::once(source.clone()).chain(rest).collect()
            }
            other => panic!("{other:?}"),
        };
        let [program, rest @ ..] = &command[..] else { panic!("no command") };
        let mut command = Command::new(program);
        command.args(rest).env("LOG", self.path(container)).stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        Process(command.spawn().unwrap())
    }

    fn start(&self, name: &str) -> Process {
        let container = self.container(name);
        self.run(name, &[texts(&container["command"]), texts(&container["args"])].concat())
    }

    /// Asks the native twin's startup probe.
    fn has_started(&self) -> bool {
        let probe = texts(&self.container("shipper")["startupProbe"]["exec"]["command"]);
        self.run("shipper", &probe).exit_code() == Some(0)
    }

    /// Starts a twin that is to work, and waits until it does.
    fn start_to_work(&self, name: &str) -> Process {
        let before = self.log(name);
        let mut twin = self.start(name);
        wait(&format!("{name} to work"), || self.log(name) == format!("{before}works a b\n"));
        assert!(!twin.has_ended());
        twin
    }

    /// Runs an init container, which is to end well without doing the sidecar's work.
    fn run_once(&self, name: &str) {
        let before = self.log(name);
        assert_eq!(self.start(name).exit_code(), Some(0), "{name}");
        assert_eq!(self.log(name), before);
    }

    fn restarts_all(&self) -> bool {
        matches!(self.pod["spec"]["restartPolicy"].as_str(), None | Some("Always"))
    }

    /// Starts the legacy twin where the native one works: it idles, or ends where nothing would start it again.
    fn start_to_idle(&self) -> Option<Process> {
        let before = self.log("shipper-legacy");
        let mut twin = self.start("shipper-legacy");
        if !self.restarts_all() {
            assert_eq!(twin.exit_code(), Some(0));
        } else {
            std::thread::sleep(Duration::from_millis(100));
            assert!(!twin.has_ended());
        }
        assert_eq!(self.log("shipper-legacy"), before);
        self.restarts_all().then_some(twin)
    }

    /// Runs the Pod in a new sandbox as a kubelet does that knows native sidecars. Returns the twins.
    fn start_new(&self) -> (Process, Option<Process>) {
        self.run_once("shipper-helper");
        // What is left of another sandbox says nothing of this one.
        assert!(!self.has_started());
        self.run_once("shipper");
        assert!(!self.has_started());
        let native = self.start_to_work("shipper");
        assert!(self.has_started());
        (native, self.start_to_idle())
    }

    /// The same as one does that knows none. Returns the legacy twin.
    fn start_old(&self) -> Process {
        self.run_once("shipper-helper");
        self.run_once("shipper");
        self.start_to_work("shipper-legacy")
    }
}

fn which(program: &str) -> String {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

/// Does this for every shell and restart policy.
fn each(test: fn(&Kubelet)) {
    for shell in SHELLS {
        for policy in RESTART_POLICIES {
            test(&Kubelet::new(shell, pod(policy, &Value::Null)));
        }
    }
}

#[test]
fn where_the_field_is_kept_the_native_twin_works() {
    each(|kubelet| {
        let (native, idle) = kubelet.start_new();
        native.terminate();
        // Process 1 of a container gets only the signals that it traps: the idle twin has to end by itself.
        if let Some(mut idle) = idle {
            idle.terminate();
            assert_eq!(idle.exit_code(), Some(0));
        }
    });
}

#[test]
fn where_the_field_is_kept_containers_start_again() {
    each(|kubelet| {
        let (native, idle) = kubelet.start_new();
        drop(native);
        let _native = kubelet.start_to_work("shipper");
        assert!(kubelet.has_started());
        if idle.is_some() {
            drop(idle);
            kubelet.start_to_idle();
        }
    });
}

#[test]
fn where_the_field_is_kept_sandboxes_start_again() {
    each(|kubelet| {
        drop(kubelet.start_new());
        kubelet.sandbox("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a4d2/resolv.conf");
        drop(kubelet.start_new());
        kubelet.boot("b0072");
        drop(kubelet.start_new());
        // The sandbox ends between the two runs of the native twin.
        kubelet.boot("b0073");
        kubelet.run_once("shipper-helper");
        kubelet.run_once("shipper");
        kubelet.boot("b0074");
        drop(kubelet.start_new());
    });
}

#[test]
fn where_the_field_is_dropped_the_legacy_twin_works() {
    each(|kubelet| {
        let mut legacy = kubelet.start_old();
        legacy.terminate();
        legacy.exit_code();
    });
}

#[test]
fn where_the_field_is_dropped_containers_start_again() {
    each(|kubelet| {
        drop(kubelet.start_old());
        drop(kubelet.start_to_work("shipper-legacy"));
        // Init containers run anew in the same sandbox where their traces were cleaned up.
        drop(kubelet.start_old());
    });
}

#[test]
fn where_the_field_is_dropped_sandboxes_start_again() {
    each(|kubelet| {
        drop(kubelet.start_old());
        kubelet.sandbox("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a4d2/resolv.conf");
        drop(kubelet.start_old());
        kubelet.boot("b0072");
        drop(kubelet.start_old());
        // The sandbox ends while another init container still works.
        kubelet.boot("b0073");
        kubelet.run_once("shipper-helper");
        kubelet.run_once("shipper");
        kubelet.boot("b0074");
        drop(kubelet.start_old());
    });
}

#[test]
fn sandboxes_of_every_runtime_are_told_apart() {
    let places = [
        // containerd
        |id: &str| format!("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{id}/resolv.conf"),
        // CRI-O
        |id: &str| format!("/containers/storage/overlay-containers/{id}/userdata/resolv.conf"),
        // Docker, with a space in its folder
        |id: &str| format!("/my\\040disk/docker/containers/{id}/resolv.conf"),
    ];
    for (shell, place) in SHELLS.into_iter().flat_map(|shell| places.map(|place| (shell, place))) {
        let kubelet = Kubelet::new(shell, pod(None, &Value::Null));
        kubelet.sandbox(&place("5a4d1"));
        drop(kubelet.start_new());
        drop(kubelet.start_to_work("shipper"));
        kubelet.sandbox(&place("5a4d2"));
        drop(kubelet.start_new());
    }
}

/// A file of the container, as Kata makes it, would be another one after each restart.
#[test]
fn what_is_not_the_sandbox_does_not_count() {
    for shell in SHELLS {
        let kubelet = Kubelet::new(shell, pod(None, &Value::Null));
        kubelet.sandbox("/passthrough/c0ffee1-8f2e-resolv.conf");
        kubelet.run_once("shipper-helper");
        kubelet.run_once("shipper");
        kubelet.sandbox("/passthrough/c0ffee2-9a3b-resolv.conf");
        drop(kubelet.start_to_work("shipper"));
    }
}

#[test]
fn nothing_to_see_in_proc_is_no_obstacle() {
    for shell in SHELLS {
        let kubelet = Kubelet::new(shell, pod(None, &Value::Null));
        fs::remove_file(kubelet.path("boot_id")).unwrap();
        fs::remove_file(kubelet.path("mountinfo")).unwrap();
        drop(kubelet.start_new());
        let kubelet = Kubelet::new(shell, pod(None, &Value::Null));
        fs::remove_file(kubelet.path("boot_id")).unwrap();
        fs::remove_file(kubelet.path("mountinfo")).unwrap();
        drop(kubelet.start_old());
        drop(kubelet.start_old());
    }
}

#[test]
fn what_cannot_be_marked_fails() {
    for shell in SHELLS {
        let kubelet = Kubelet::new(shell, pod(None, &Value::Null));
        kubelet.run_once("shipper-helper");
        fs::create_dir(kubelet.path("shared/mark")).unwrap();
        assert_ne!(kubelet.start("shipper").exit_code(), Some(0));
    }
}

#[test]
fn the_probe_of_the_sidecar_is_asked_behind_ours() {
    let ready = "test -e \"$0\" && test \"$1\" = 'a b'";
    for shell in SHELLS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready");
        let command = json!(["sh", "-c", ready, file.to_str().unwrap(), "a b"]);
        let kubelet = Kubelet::new(shell, pod(None, &json!({"exec": {"command": command}, "periodSeconds": 3})));
        assert_eq!(kubelet.container("shipper")["startupProbe"]["periodSeconds"], 3);
        fs::write(&file, "").unwrap();
        kubelet.run_once("shipper-helper");
        kubelet.run_once("shipper");
        assert!(!kubelet.has_started());
        let _native = kubelet.start_to_work("shipper");
        assert!(kubelet.has_started());
        fs::remove_file(&file).unwrap();
        assert!(!kubelet.has_started());
    }
}

/// The kubelet replaces `$(NAME)` and `$$` in commands:
/// <https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/>.
#[test]
fn the_kubelet_has_nothing_to_replace_in_the_scripts() {
    let pod = pod(None, &Value::Null);
    let all = pod.to_string();
    assert!(all.contains("mountinfo") && !all.contains("$(") && !all.contains("$$"), "{all}");
}
