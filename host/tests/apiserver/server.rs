//! A real API server on loopback, with the programs that setup-envtest installs. Nothing else runs: no controller, no kubelet.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use native_sidecar::cluster::connection::{Connection, Target};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificates::{Authority, keys};

/// How long the server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster that ends with the test.
pub struct Cluster {
    folder: TempDir,
    /// Whose certificates the server trusts.
    pub authority: Authority,
    /// The kubeconfig of an admin.
    pub kubeconfig: PathBuf,
    address: String,
    processes: [Process; 2],
}

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the programs are: `$KUBEBUILDER_ASSETS`, as setup-envtest has it.
fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").expect("KUBEBUILDER_ASSETS names no folder");
    Path::new(&folder).join(name)
}

/// An address on loopback at which nobody listens.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn start(name: &str, folder: &Path, args: &[String]) -> Process {
    let log = std::fs::File::create(folder.join(format!("{name}.log"))).unwrap();
    let mut command = Command::new(program(name));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Process(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program(name).display())))
}

impl Cluster {
    /// Starts a cluster with this namespace in it.
    pub fn start(namespace: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (certificate, key) = authority.issue();
        let (certificate, key) = (file("server.crt", &certificate), file("server.key", &key));
        let (private, public) = keys();
        let (private, public) = (file("accounts.key", &private), file("accounts.pub", &public));
        let tokens = file("tokens.csv", "admin,admin,admin,system:masters\n");
        let (etcd, peers, server) = (free_address(), free_address(), free_address());
        let (_, port) = server.split_once(':').unwrap();
        let etcd_args = [
            format!("--data-dir={}", folder.path().join("etcd").display()),
            format!("--listen-client-urls=http://{etcd}"),
            format!("--advertise-client-urls=http://{etcd}"),
            format!("--listen-peer-urls=http://{peers}"),
        ];
        let server_args = [
            format!("--etcd-servers=http://{etcd}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={certificate}"),
            format!("--tls-private-key-file={key}"),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={public}"),
            format!("--service-account-signing-key-file={private}"),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            format!("--token-auth-file={tokens}"),
            "--authorization-mode=RBAC".to_owned(),
            "--allow-privileged".to_owned(),
        ];
        let processes =
            [start("etcd", folder.path(), &etcd_args), start("kube-apiserver", folder.path(), &server_args)];
        let mut cluster =
            Self { authority, kubeconfig: PathBuf::new(), address: format!("https://{server}"), processes, folder };
        cluster.kubeconfig = cluster.kubeconfig_of("admin");
        cluster.wait();
        cluster.namespace(namespace, json!({}));
        cluster
    }

    fn wait(&mut self) {
        let connection = self.connection();
        let end = Instant::now() + PATIENCE;
        while connection.text("/readyz").ok().as_deref() != Some("ok") {
            let has_ended = self.processes.iter_mut().any(|process| process.0.try_wait().unwrap().is_some());
            if has_ended || Instant::now() > end {
                let log = std::fs::read_to_string(self.folder.path().join("kube-apiserver.log")).unwrap_or_default();
                panic!("the API server does not get ready:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A kubeconfig for whoever has this token.
    pub fn kubeconfig_of(&self, token: &str) -> PathBuf {
        let authority = base64(self.authority.certificate().as_bytes());
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.address, "certificate-authority-data": authority}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": {"token": token}}],
        });
        // The end of a token is its signature.
        let path = self.folder.path().join(format!("kubeconfig-{}", &token[token.len().saturating_sub(20)..]));
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }

    /// The program's own connection to it.
    pub fn connection(&self) -> Connection {
        Connection::open(&Target { kubeconfig: Some(self.kubeconfig.clone()), context: None }).unwrap()
    }

    /// Runs kubectl as the admin, with this on its standard input. Returns what it prints.
    pub fn kubectl(&self, args: &[&str], input: &str) -> String {
        let mut command = Command::new(program("kubectl"));
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {args:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Creates these objects.
    pub fn create(&self, objects: &[Value]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.kubectl(&["create", "-f", "-"], &list.to_string());
    }

    /// Creates a namespace, with the service account that a controller would make.
    pub fn namespace(&self, name: &str, labels: Value) {
        let metadata = json!({"name": name, "labels": labels});
        let account = json!({"namespace": name, "name": "default"});
        self.create(&[
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}),
        ]);
    }

    /// Runs the program as the admin.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        run(&self.kubeconfig, args)
    }

    /// What is stored: the version of each object, by its kind, namespace and name. Leases are renewed by themselves, events
    /// come and go, and the states of components are not stored.
    pub fn stored(&self) -> BTreeSet<String> {
        let kinds = self.kubectl(&["api-resources", "--verbs=list", "--output=name"], "");
        let others = ["leases.", "events", "componentstatuses"];
        let is_meant = |kind: &&str| !others.iter().any(|other| kind.starts_with(other));
        let kinds: Vec<&str> = kinds.lines().filter(is_meant).collect();
        let text = self.kubectl(&["get", &kinds.join(","), "--all-namespaces", "--output=json"], "");
        let list: Value = serde_json::from_str(&text).unwrap();
        let told = |object: &Value| {
            let metadata = &object["metadata"];
            let text = |key: &str| metadata[key].as_str().unwrap_or_default();
            let [namespace, name, version] = ["namespace", "name", "resourceVersion"].map(text);
            format!("{} {namespace}/{name} {version}", object["kind"])
        };
        list["items"].as_array().unwrap().iter().map(told).collect()
    }
}

/// Runs the program with a kubeconfig.
pub fn run<S: AsRef<OsStr>>(kubeconfig: &Path, args: &[S]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_native-sidecar"));
    command.args(args).arg("--kubeconfig").arg(kubeconfig).env_clear().output().unwrap()
}

/// What it prints, and its exit code.
pub fn printed(output: &Output) -> (String, Option<i32>) {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (text.concat(), output.status.code())
}

/// Bytes as text, as Kubernetes has them in JSON.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
