//! A sidecar in both forms in one Pod, of which exactly one works, whether or not the kubelet knows native sidecars:
//! the strategy `universal` of injections.
//!
//! The twins share a folder with a mark, which says what is known of the kubelet:
//!
//! | mark | written by | means |
//! |---|---|---|
//! | `ran` | the native twin, which then ends | it ran once; a kubelet that knows native sidecars starts it again |
//! | `native` | the native twin, which then becomes the sidecar | it was started again |
//! | `legacy` | the legacy twin, which then becomes the sidecar | it was not, and the init containers are done |
//!
//! Behind the word stands the sandbox of the Pod that it holds for: in a new one the kubelet runs all init containers anew,
//! and `ran` or `native` would let the native twin take the old kubelet for a new one.
//!
//! That is the third way of <https://kubernetes.io/docs/tutorials/configuration/pod-sidecar-containers/>. The main
//! containers wait for the native twin's startup probe, so that the first run is not taken for the start of the sidecar. The
//! shell comes along, as many images have none.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::edit::Node;
use crate::path::Path;
use crate::read::{self, Malformed};
use crate::view::view;

/// The image that has a statically linked busybox at `/bin/busybox`, unless the settings name another.
pub const HELPER_IMAGE: &str = "docker.io/library/busybox:1.37.0-musl";

/// Where the containers see the folder that they share.
const FOLDER: &str = "/native-sidecar";
const BUSYBOX: &str = "/native-sidecar/busybox";

/// The scripts, for any POSIX shell; `$0` is the folder, and the sidecar's command follows. The kubelet would replace `$(…)`
/// and `$$` in them.
const NATIVE: &[&str] = &[IDENTITY, MARK, include_str!("twins/native.sh")];
const PROBE: &[&str] = &[IDENTITY, MARK, include_str!("twins/probe.sh")];
const LEGACY: &[&str] = &[MARK, include_str!("twins/legacy.sh")];
const LEGACY_IDLE: &[&str] = &[MARK, include_str!("twins/legacy.sh"), include_str!("twins/idle.sh")];
const IDENTITY: &str = include_str!("twins/identity.sh");
const MARK: &str = include_str!("twins/mark.sh");

/// The resources that Kubernetes lets a container have more of than it asks for.
const SHARED_RESOURCES: [&str; 3] = ["cpu", "ephemeral-storage", "memory"];

/// How many seconds the native twin may take from its first run to its second.
const PATIENCE: u32 = 300;

/// The user that owns nothing.
const NOBODY: u32 = 65534;

/// The names of what comes with the native twin: the container that brings the shell, and the legacy twin.
pub fn companions(name: &str) -> [String; 2] {
    [format!("{name}-helper"), format!("{name}-legacy")]
}

/// The name of the volume that they share.
fn volume_name(name: &str) -> String {
    format!("{name}-twins")
}

/// The volume that they share: its name, and itself.
pub fn volume(name: &str) -> Result<(String, Box<RawValue>), Malformed> {
    let name = volume_name(name);
    let volume = Node::members([("name", Node::text(&name)), ("emptyDir", Node::members([]))]);
    Ok((name, volume.into_json()?))
}

/// What keeps a container of the settings from being injected in both forms, at its place in it.
pub fn obstacles(container: &Value) -> Vec<Malformed> {
    let mut found = Vec::new();
    if container["command"].as_array().is_none_or(Vec::is_empty) {
        found.push(Malformed::new("command", "missing; universal can't see what the image runs"));
    }
    let mut not = |place: Path, why: &str| found.push(Malformed::new(place, format_args!("not with universal: {why}")));
    let at = Path::default;
    let elements = |name: &str| container[name].as_array().into_iter().flatten().enumerate();
    if !container["lifecycle"]["postStart"].is_null() {
        not(at().key("lifecycle").key("postStart"), "the first run of the native form ends at once");
    }
    if !container["resources"]["claims"].is_null() {
        not(at().key("resources").key("claims"), "both forms would use them");
    }
    for list in ["limits", "requests"] {
        let resources = container["resources"][list].as_object().into_iter().flat_map(Map::keys);
        for name in resources.filter(|name| !SHARED_RESOURCES.contains(&&***name)) {
            not(at().key("resources").key(list).key(name), "both forms would take it");
        }
    }
    for (index, _) in elements("ports").filter(|(_, port)| port["hostPort"].as_i64().is_some_and(|port| port != 0)) {
        not(at().key("ports").index(index).key("hostPort"), "it would be lost where the legacy form works");
    }
    for (index, _) in elements("volumeMounts").filter(|(_, mount)| mount["mountPath"] == FOLDER) {
        not(at().key("volumeMounts").index(index).key("mountPath"), "the forms share a folder there");
    }
    found
}

/// The containers of a sidecar in both forms.
#[derive(Debug)]
pub struct Twins {
    /// The init containers: what brings the shell, and the native twin.
    pub init: [Box<RawValue>; 2],
    /// The regular container.
    pub legacy: Box<RawValue>,
}

view! {
    /// What depends on what the sidecar has.
    struct Sidecar<'a> {
        args: Vec<&'a RawValue> = "args",
        command: Vec<&'a RawValue> = "command",
        resources: &'a RawValue = "resources",
        security_context: &'a RawValue = "securityContext",
        startup_probe: &'a RawValue = "startupProbe",
    }

    /// Its startup probe.
    struct Probe<'a> {
        exec: Exec<'a> = "exec",
    }

    /// The command of a probe.
    struct Exec<'a> {
        command: Vec<&'a RawValue> = "command",
    }

    /// As whom a container runs, or all in a Pod.
    struct SecurityContext<'a> {
        run_as_non_root: bool = "runAsNonRoot",
        run_as_user: &'a RawValue = "runAsUser",
    }
}

impl Twins {
    /// Those of this container, for a Pod with this `restartPolicy` and this `securityContext`. The error is where the
    /// container is not what the API server would take.
    pub fn new(
        name: &str,
        container: &RawValue,
        helper_image: &str,
        restart_policy: &str,
        pod_security: Option<&RawValue>,
    ) -> Result<Self, Malformed> {
        let [helper_name, legacy_name] = companions(name);
        let volume = volume_name(name);
        let mount = || Node::members([("name", Node::text(&volume)), ("mountPath", Node::text(FOLDER))]);
        let sidecar: Sidecar = read::document(container.get())?;

        let mut helper = Node::members([
            ("name", Node::text(&helper_name)),
            ("image", Node::text(helper_image)),
            ("command", Node::texts(["/bin/busybox", "cp", "-f", "/bin/busybox", BUSYBOX])),
            ("volumeMounts", Node::Array(vec![mount()])),
        ]);
        if let Some(resources) = sidecar.resources {
            helper.set("resources", Node::Raw(resources))?;
        }
        if let Some(security) = helper_security(sidecar.security_context, pod_security)? {
            helper.set("securityContext", security)?;
        }

        let twin = |name: &str, script: &[&str]| -> Result<Node, Malformed> {
            let mut twin = Node::Raw(container);
            twin.set("name", Node::text(name))?;
            twin.set("command", shell(script))?;
            let command = [&sidecar.command, &sidecar.args].into_iter().flatten().flatten();
            twin.set("args", Node::Array(command.map(|part| Node::Raw(part)).collect()))?;
            twin.member("volumeMounts")?.array()?.push(mount());
            Ok(twin)
        };
        let mut native = twin(name, NATIVE)?.made_native()?;
        native.set("startupProbe", startup_probe(sidecar.startup_probe)?)?;

        let script = match restart_policy {
            "" | "Always" => LEGACY_IDLE,
            _ => LEGACY,
        };
        let mut legacy = twin(&legacy_name, script)?;
        ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "ports"]
            .iter()
            .try_for_each(|name| legacy.remove(name))?;
        // As a rule it idles: it asks for next to nothing, but may use what the sidecar may where it has to work.
        let least = Node::members([("cpu", Node::text("1m")), ("memory", Node::text("1Mi"))]);
        legacy.member("resources")?.set("requests", least)?;
        Ok(Self { init: [helper.into_json()?, native.into_json()?], legacy: legacy.into_json()? })
    }
}

/// A command that runs the script with what follows.
fn shell(script: &[&str]) -> Node<'static> {
    Node::texts([BUSYBOX, "sh", "-c", &script.concat(), FOLDER])
}

/// The startup probe of the native twin: it waits for the second run, and then for what the sidecar's own waits for. One
/// over the network finds nobody in the first run, and so stays as it is.
fn startup_probe(own: Option<&RawValue>) -> Result<Node<'_>, Malformed> {
    let mut command = shell(PROBE);
    let mut probe = match own {
        Some(own) => {
            let Some(exec) = read::document::<Probe>(own.get())?.exec else { return Ok(Node::Raw(own)) };
            command.array()?.extend(exec.command.into_iter().flatten().map(Node::Raw));
            Node::Raw(own)
        }
        None => Node::members([
            ("periodSeconds", Node::Number(1)),
            ("timeoutSeconds", Node::Number(5)),
            ("failureThreshold", Node::Number(PATIENCE)),
        ]),
    };
    probe.set("exec", Node::members([("command", command)]))?;
    Ok(probe)
}

/// What the helper may do, where anything is to be said of it: no more than the sidecar. Its image runs as root, which some
/// Pods do not allow.
fn helper_security<'a>(container: Option<&'a RawValue>, pod: Option<&RawValue>) -> Result<Option<Node<'a>>, Malformed> {
    let own = security_context(container)?;
    let pods = security_context(pod)?;
    let needs_user =
        own.run_as_non_root.or(pods.run_as_non_root) == Some(true) && own.run_as_user.or(pods.run_as_user).is_none();
    if container.is_none() && !needs_user {
        return Ok(None);
    }
    let mut security = container.map_or_else(|| Node::members([]), Node::Raw);
    security.remove("privileged")?;
    if needs_user {
        security.set("runAsUser", Node::Number(NOBODY))?;
    }
    Ok(Some(security))
}

fn security_context(context: Option<&RawValue>) -> Result<SecurityContext<'_>, Malformed> {
    context.map_or_else(|| Ok(SecurityContext::default()), |context| read::document(context.get()))
}
