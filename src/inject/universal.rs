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

use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::tree::Tree;
use crate::json::view::view;
use crate::kubernetes::pod;
use crate::settings::universal::{FOLDER, companions, volume_name};

const BUSYBOX: &str = "/native-sidecar/busybox";

/// The scripts, for any POSIX shell; `$0` is the folder, and the sidecar's command follows. The kubelet would replace `$(…)`
/// and `$$` in them.
const NATIVE: &[&str] = &[IDENTITY, MARK, include_str!("universal/native.sh")];
const PROBE: &[&str] = &[IDENTITY, MARK, include_str!("universal/probe.sh")];
const LEGACY: &[&str] = &[MARK, include_str!("universal/legacy.sh")];
const LEGACY_IDLE: &[&str] = &[MARK, include_str!("universal/legacy.sh"), include_str!("universal/idle.sh")];
const IDENTITY: &str = include_str!("universal/identity.sh");
const MARK: &str = include_str!("universal/mark.sh");

/// How many seconds the native twin may take from its first run to its second.
const PATIENCE: u32 = 300;

/// The user that owns nothing.
const NOBODY: u32 = 65534;

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
        let mount = || Tree::members([("name", Tree::text(&volume)), ("mountPath", Tree::text(FOLDER))]);
        let sidecar: Sidecar = read::document(container.get())?;

        let mut helper = Tree::members([
            ("name", Tree::text(&helper_name)),
            ("image", Tree::text(helper_image)),
            ("command", Tree::texts(["/bin/busybox", "cp", "-f", "/bin/busybox", BUSYBOX])),
            ("volumeMounts", Tree::Array(vec![mount()])),
        ]);
        if let Some(resources) = sidecar.resources {
            helper.set("resources", Tree::Raw(resources))?;
        }
        if let Some(security) = helper_security(sidecar.security_context, pod_security)? {
            helper.set("securityContext", security)?;
        }

        let twin = |name: &str, script: &[&str]| -> Result<Tree, Malformed> {
            let mut twin = Tree::Raw(container);
            twin.set("name", Tree::text(name))?;
            twin.set("command", shell(script))?;
            let command = [&sidecar.command, &sidecar.args].into_iter().flatten().flatten();
            twin.set("args", Tree::Array(command.map(|part| Tree::Raw(part)).collect()))?;
            twin.member("volumeMounts")?.array()?.push(mount());
            Ok(twin)
        };
        let mut native = pod::made_native(twin(name, NATIVE)?)?;
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
        let least = Tree::members([("cpu", Tree::text("1m")), ("memory", Tree::text("1Mi"))]);
        legacy.member("resources")?.set("requests", least)?;
        Ok(Self { init: [helper.into_json()?, native.into_json()?], legacy: legacy.into_json()? })
    }
}

/// A command that runs the script with what follows.
fn shell(script: &[&str]) -> Tree<'static> {
    Tree::texts([BUSYBOX, "sh", "-c", &script.concat(), FOLDER])
}

/// The startup probe of the native twin: it waits for the second run, and then for what the sidecar's own waits for. One
/// over the network finds nobody in the first run, and so stays as it is.
fn startup_probe(own: Option<&RawValue>) -> Result<Tree<'_>, Malformed> {
    let mut command = shell(PROBE);
    let mut probe = match own {
        Some(own) => {
            let Some(exec) = read::document::<Probe>(own.get())?.exec else { return Ok(Tree::Raw(own)) };
            command.array()?.extend(exec.command.into_iter().flatten().map(Tree::Raw));
            Tree::Raw(own)
        }
        None => Tree::members([
            ("periodSeconds", Tree::Number(1)),
            ("timeoutSeconds", Tree::Number(5)),
            ("failureThreshold", Tree::Number(PATIENCE)),
        ]),
    };
    probe.set("exec", Tree::members([("command", command)]))?;
    Ok(probe)
}

/// What the helper may do, where anything is to be said of it: no more than the sidecar. Its image runs as root, which some
/// Pods do not allow.
fn helper_security<'a>(container: Option<&'a RawValue>, pod: Option<&RawValue>) -> Result<Option<Tree<'a>>, Malformed> {
    let own = security_context(container)?;
    let pods = security_context(pod)?;
    let needs_user =
        own.run_as_non_root.or(pods.run_as_non_root) == Some(true) && own.run_as_user.or(pods.run_as_user).is_none();
    if container.is_none() && !needs_user {
        return Ok(None);
    }
    let mut security = container.map_or_else(|| Tree::members([]), Tree::Raw);
    security.remove("privileged")?;
    if needs_user {
        security.set("runAsUser", Tree::Number(NOBODY))?;
    }
    Ok(Some(security))
}

fn security_context(context: Option<&RawValue>) -> Result<SecurityContext<'_>, Malformed> {
    context.map_or_else(|| Ok(SecurityContext::default()), |context| read::document(context.get()))
}
