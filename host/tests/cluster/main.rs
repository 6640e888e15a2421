//! A cluster as `check`, `review --cluster` and `run` see it: the real program against a stand-in for an API server.
#![allow(clippy::unwrap_used, missing_docs)]

mod stand_in;
mod world;

use std::process::{Command, Output};

use serde_json::{Value, json};

use stand_in::{StandIn, World};
use world::{cron_job, deployment, job, metrics, namespace, node, pod, strip, strip_template, webhook};

/// Runs the program against this cluster.
fn run(cluster: &StandIn, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = cluster.kubeconfig(folder.path());
    Command::new(env!("CARGO_BIN_EXE_native-sidecar"))
        .args(args)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .env_clear()
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What `check` prints, and its exit code.
fn check(world: World) -> (String, Option<i32>) {
    let cluster = StandIn::start(world);
    let output = run(&cluster, &["check"]);
    let text = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code())
}

/// A cluster in which all is well.
fn healthy() -> World {
    let objects = vec![node("a", "v1.36.1"), namespace("shop", json!({})), deployment("shop", "checkout", true)];
    World { objects, ..World::default() }
}

#[test]
fn a_cluster_that_is_fine() {
    let (text, code) = check(healthy());
    let expected = "\
API server
  ✔ version v1.36.2: it knows native sidecars
  ✔ feature gate SidecarContainers: on, and cannot be turned off

Nodes
  ✔ 1 of 1 node: native sidecars run

What strips
  ✔ 2 of 2 dry runs in 1 namespace kept the field
  ✔ nothing strips restartPolicy: Always

Injectors
  ✔ none that is known

Workloads
  ✔ 1 of 1 object is as it should be

The policy
  ! Kubewarden is not there
    → docs/adopting.md says what it is for. Without it, `review --cluster` shows the same.

What to do
  1. Install Kubewarden: https://docs.kubewarden.io/quick-start.
  2. kubectl apply -f deploy/audit.yaml: it warns, and denies nothing.
";
    assert_eq!(text, expected);
    assert_eq!(code, Some(0));
}

#[test]
fn nothing_is_stored() {
    let cluster = StandIn::start(healthy());
    run(&cluster, &["check"]);
    let requests = cluster.requests();
    assert!(requests.len() > 10, "{requests:?}");
    for request in requests {
        let is_harmless = request.starts_with("GET ")
            || request.starts_with("POST /api/v1/namespaces/shop/pods?dryRun=All")
            || request == "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        assert!(is_harmless, "{request}");
    }
}

#[test]
fn old_nodes_and_a_gate_that_is_off() {
    let objects = vec![node("a", "v1.27.4"), node("b", "v1.30.2"), node("c", "v1.30.2")];
    let kubelets = vec![("b", metrics(1)), ("c", metrics(0))];
    let world = World { version: "v1.30.2", metrics: Some(metrics(0)), kubelets, objects, ..World::default() };
    let (text, code) = check(world);
    assert_eq!(code, Some(1));
    for line in [
        "  ✘ feature gate SidecarContainers: off, so that the field is dropped from every new Pod\n",
        "  ✔ 1 of 3 nodes: native sidecars run\n",
        "  ✘ 1 of 3 nodes: Pods with native sidecars are refused: the feature gate SidecarContainers is off\n      c (v1.30.2)\n",
        "  ✘ 1 of 3 nodes: too old: Pods with native sidecars hang in Init\n      a (v1.27.4)\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

/// Five webhooks, of which `c` strips: it is called in some namespace, or for some label, alone.
fn five_webhooks(selects: Value) -> Vec<Value> {
    let all = ["a", "b", "c", "d", "e"];
    all.iter().map(|name| webhook(name, if *name == "c" { selects.clone() } else { json!({}) })).collect()
}

#[test]
fn the_stripper_of_one_namespace_is_named_and_it_alone() {
    let mut objects = five_webhooks(json!({"namespaceSelector": {"matchLabels": {"team": "x"}}}));
    objects.extend([
        node("a", "v1.36.1"),
        namespace("shop", json!({"team": "x"})),
        namespace("bank", json!({"team": "y"})),
    ]);
    objects.extend([deployment("shop", "checkout", true), deployment("bank", "ledger", true)]);
    let admit =
        Box::new(|_: &World, pod: Value| Ok(if pod["metadata"]["namespace"] == "shop" { strip(pod) } else { pod }));
    let (text, code) = check(World { objects, admit, ..World::default() });
    let expected = "\
What strips
  ✘ webhook c/c.example.com strips restartPolicy: Always
      a plain Pod in shop
      Deployment shop/checkout
    → Update it, or keep it from these Pods. Until then, strippedSidecars: restore in a mutating
      policy puts the field back.
  ✔ 2 of 4 dry runs in 2 namespaces kept the field
";
    assert!(text.contains(expected), "{text}");
    assert_eq!(code, Some(1));
}

#[test]
fn the_stripper_of_one_label_is_named_and_it_alone() {
    let mut objects = five_webhooks(json!({"objectSelector": {"matchLabels": {"app": "checkout"}}}));
    objects.extend([node("a", "v1.36.1"), namespace("shop", json!({}))]);
    objects.extend([deployment("shop", "checkout", true), deployment("shop", "orders", true)]);
    let admit = Box::new(|_: &World, pod: Value| {
        Ok(if pod["metadata"]["labels"]["app"] == "checkout" { strip(pod) } else { pod })
    });
    let (text, _) = check(World { objects, admit, ..World::default() });
    let expected = "✘ webhook c/c.example.com strips restartPolicy: Always\n      Deployment shop/checkout\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.matches("strips restartPolicy").count(), 1, "{text}");
}

#[test]
fn two_strippers_are_told_apart() {
    let select = |team: &str| json!({"namespaceSelector": {"matchLabels": {"team": team}}});
    let mut objects = vec![webhook("a", select("x")), webhook("b", select("y")), webhook("c", json!({}))];
    objects.extend(["x", "y", "z"].map(|team| namespace(team, json!({"team": team}))));
    objects.extend(["x", "y", "z"].map(|team| deployment(team, "app", true)));
    let admit =
        Box::new(|_: &World, pod: Value| Ok(if pod["metadata"]["namespace"] == "z" { pod } else { strip(pod) }));
    let (text, _) = check(World { objects, admit, ..World::default() });
    for line in ["✘ webhook a/a.example.com strips", "✘ webhook b/b.example.com strips"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_may_not_be_asked_is_not_known() {
    let missing =
        vec![("list", "nodes"), ("create", "pods"), ("list", "mutatingwebhookconfigurations"), ("list", "jobs")];
    let (text, code) = check(World { missing, ..healthy() });
    for line in [
        "  ? not known: the right to list nodes is missing\n",
        "  ? not known: the right to create pods is missing\n    → It is used for dry runs alone, which store nothing.\n",
        "  ? not known: the right to list mutatingwebhookconfigurations.admissionregistration.k8s.io is\n    missing\n",
        "  ? some kinds could not be listed\n      Job: jobs.batch is forbidden: User \"test\" cannot list resource \"jobs\" in API group \"batch\" at\n        the cluster scope\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(code, Some(0));
}

#[test]
fn a_webhook_without_dry_runs_is_named() {
    let mut objects = vec![webhook("a", json!({"sideEffects": "Some"}))];
    objects.extend([namespace("shop", json!({})), deployment("shop", "checkout", true)]);
    let refusal = "admission webhook \"a.example.com\" does not support dry run";
    let admit = Box::new(move |_: &World, _: Value| Err((400, refusal.to_owned())));
    let (text, _) = check(World { objects, admit, ..World::default() });
    let line = "  ? webhook a/a.example.com takes no dry runs, so it is not known what admission does to 2 Pods\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn jobs_that_hang_come_first() {
    let mut objects = vec![namespace("shop", json!({})), job("shop", "report"), cron_job("shop", "nightly")];
    objects.push(deployment("shop", "orders", false));
    let (text, code) = check(World { objects, ..World::default() });
    let expected = "  ✘ a Job whose sidecar is in the legacy form does not complete: 2 Jobs or CronJobs\n      CronJob shop/nightly\n      Job shop/report\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(code, Some(1));
}

#[test]
fn policies_are_emitted_and_json_is_printed() {
    let cluster = StandIn::start(World { version: "v1.31.0", objects: vec![node("a", "v1.28.1")], ..World::default() });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policies.yaml");
    let output = run(&cluster, &["check", "--output", "json", "--emit-policy", file.to_str().unwrap()]);
    let printed: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(printed["findings"][0]["group"], "api-server");
    assert_eq!(printed["findings"][0]["status"], "good");
    let policies = std::fs::read_to_string(file).unwrap();
    assert_eq!(policies.matches("nodeCheck: nodes").count(), 2, "{policies}");
}

#[test]
fn a_review_of_the_cluster_shows_what_runs() {
    let mut objects = vec![namespace("shop", json!({})), namespace("bank", json!({})), job("shop", "report")];
    objects.extend([deployment("shop", "checkout", true), deployment("bank", "ledger", false)]);
    let spec = json!({
        "module": "registry://example.com/native-sidecar-policy:v0.1.0", "mutating": false,
        "settings": {"legacySidecars": "warn"},
        "rules": [{"apiGroups": ["batch"], "apiVersions": ["v1"], "resources": ["jobs"], "operations": ["CREATE"]}],
    });
    objects.push(json!({
        "apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy", "metadata": {"name": "own"}, "spec": spec,
    }));
    let cluster = StandIn::start(World { objects, has_kubewarden: true, ..World::default() });
    let output = run(&cluster, &["review", "--cluster", "--quiet"]);
    let expected = "\
denied    Deployment bank/ledger
  - container \"cloud-sql-proxy\" at spec.template.spec.containers[1] is a sidecar in the legacy form
    (well-known: Cloud SQL Auth Proxy). Move it to initContainers and set restartPolicy: Always
    on it.
denied    Job shop/report
  - container \"cloud-sql-proxy\" at spec.template.spec.containers[1] is a sidecar in the legacy form
    (well-known: Cloud SQL Auth Proxy). Move it to initContainers and set restartPolicy: Always
    on it.

NAMESPACE  RULE        OBJECTS
bank       legacy      1
shop       legacy      1

3 objects: 1 accepted, 2 denied
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(output.status.code(), Some(1));
    let output = run(&cluster, &["review", "--cluster", "--quiet", "--namespace", "bank"]);
    assert!(stdout(&output).ends_with("1 object: 1 denied\n"), "{}", stdout(&output));
    let output = run(&cluster, &["review", "--cluster", "--quiet", "--policy-in-cluster", "own"]);
    let end = "1 object: 1 warned; 2 skipped: not matched by the rules of ClusterAdmissionPolicy own\n";
    assert!(stdout(&output).ends_with(end), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_kind_that_may_not_be_listed_is_an_error() {
    let cluster = StandIn::start(World { missing: vec![("list", "jobs")], ..healthy() });
    let output = run(&cluster, &["review", "--cluster"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    const EXPECTED: &str = "error: <cluster>: cannot list Job: jobs.batch is forbidden: User \"test\" cannot list resource \
        \"jobs\" in API group \"batch\" at the cluster scope\n";
    assert_eq!(error, EXPECTED);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_review_of_a_part_keeps_the_rest_of_the_baseline() {
    let objects = vec![
        namespace("shop", json!({})),
        namespace("bank", json!({})),
        deployment("shop", "orders", false),
        deployment("bank", "ledger", false),
    ];
    let cluster = StandIn::start(World { objects, ..World::default() });
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.json");
    let baseline = baseline.to_str().unwrap();
    let write = ["review", "--cluster", "--quiet", "--baseline", baseline, "--write-baseline"];
    let all = run(&cluster, &write);
    assert_eq!(stdout(&all), "2 objects: 2 accepted; 2 known findings (baseline)\n");
    let text = std::fs::read_to_string(baseline).unwrap();
    let line = "{\"file\":\"<cluster>\",\"object\":\"Deployment bank/ledger\",\"rule\":\"legacy\",\"container\":\"cloud-sql-proxy\"}";
    assert!(text.contains(line), "{text}");
    for part in [["--namespace", "bank"], ["--selector", "app=none"]] {
        run(&cluster, &[&write[..], &part, &["--allow-empty"]].concat());
        assert_eq!(std::fs::read_to_string(baseline).unwrap(), text, "{part:?}");
    }
    let known = run(&cluster, &["review", "--cluster", "--quiet", "--baseline", baseline, "--namespace", "bank"]);
    assert_eq!(
        (stdout(&known).as_str(), stderr(&known).as_str()),
        ("1 object: 1 accepted; 1 known finding (baseline)\n", "")
    );
}

#[test]
fn what_is_in_no_file_has_a_name_and_no_line() {
    let cluster = StandIn::start(World {
        objects: vec![namespace("shop", json!({})), job("shop", "report")],
        ..World::default()
    });
    let printed = |format: &str| stdout(&run(&cluster, &["review", "--cluster", "--output", format]));
    let line: Value = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!(
        [&line["file"], &line["line"], &line["document"]],
        [&json!("shop/Job/report"), &json!(null), &json!(null)]
    );
    assert_eq!([&line["findings"][0]["line"], &line["findings"][0]["column"]], [&json!(null), &json!(null)]);
    let sarif: Value = serde_json::from_str(&printed("sarif")).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(*location, json!({"artifactLocation": {"uri": "shop/Job/report", "uriBaseId": "%SRCROOT%"}}));
    for (format, part) in [
        ("junit", ">shop/Job/report: Job/shop/report: container &quot;cloud-sql-proxy&quot;"),
        ("github", "::error file=shop/Job/report,title="),
        ("markdown", "<code>Job shop/report</code> | <code>shop/Job/report</code> |"),
    ] {
        assert!(printed(format).contains(part), "{}", printed(format));
    }
    let diff = run(&cluster, &["review", "--cluster", "--output", "diff"]);
    assert_eq!(stderr(&diff), "Error: a diff needs files to name, which a cluster has none of\n");
    assert_eq!(diff.status.code(), Some(2));
}

#[test]
fn a_client_that_drops_the_field_is_named() {
    let mut orders = deployment("shop", "orders", true);
    let applied = json!({"spec": {"template": orders["spec"]["template"]}}).to_string();
    orders = strip_template(orders);
    orders["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": applied});
    orders["metadata"]["managedFields"] = json!([
        {"manager": "kubectl-client-side-apply", "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": {}},
        {"manager": "old-controller", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {}},
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "time": "2026-01-03T00:00:00Z"},
    ]);
    let (text, code) = check(World { objects: vec![namespace("shop", json!({})), orders], ..World::default() });
    let expected = "\
What strips
  ✔ 2 of 2 dry runs in 1 namespace kept the field
  ✘ old-controller dropped restartPolicy: Always when it wrote objects back: 1 object
      Deployment shop/orders (cloud-sql-proxy)
    → Update it (its Kubernetes libraries are older than 1.28), and apply the manifests again.
";
    assert!(text.contains(expected), "{text}");
    assert_eq!(code, Some(1));
}

/// The cluster of docs/adopting.md.
fn documented() -> World {
    let injector = json!({
        "name": "namespace.sidecar-injector.istio.io", "namespaceSelector": {"matchLabels": {"istio-injection": "enabled"}},
    });
    let stripper =
        json!({"name": "pod-identity-webhook.amazonaws.com", "objectSelector": {"matchLabels": {"app": "orders"}}});
    let mut istiod = pod("system", "istiod", json!(null));
    istiod["spec"] = json!({"containers": [{"name": "discovery", "image": "docker.io/istio/pilot:1.26.3"}]});
    let mut objects =
        vec![webhook("istio-sidecar-injector", injector), webhook("pod-identity-webhook", stripper), istiod];
    objects.extend([node("node-1", "v1.31.4"), node("node-2", "v1.31.4"), node("node-3", "v1.27.9")]);
    objects.extend([namespace("shop", json!({})), namespace("system", json!({}))]);
    objects.extend([
        deployment("shop", "checkout", true),
        deployment("shop", "orders", true),
        cron_job("shop", "nightly"),
    ]);
    let admit = Box::new(|_: &World, pod: Value| {
        Ok(if pod["metadata"]["labels"]["app"] == "orders" { strip(pod) } else { pod })
    });
    let kubelets = vec![("node-1", metrics(1)), ("node-2", metrics(1))];
    World {
        version: "v1.31.4",
        metrics: Some(metrics(1)),
        objects,
        kubelets,
        has_kubewarden: true,
        admit,
        ..World::default()
    }
}

#[test]
fn the_documents_show_what_is_printed() {
    const MARK: &str = "<!-- check -->\n```text\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/adopting.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(MARK).unwrap();
    let (shown, after) = rest.split_once("```\n").unwrap();
    let (printed, code) = check(documented());
    assert_eq!(code, Some(1));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, format!("{before}{MARK}{printed}```\n{after}")).unwrap();
        return;
    }
    assert_eq!(shown, printed);
}

#[test]
fn the_readme_shows_a_part_of_it() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let (_, rest) = page.split_once("<!-- check -->\n```text\n").unwrap();
    let (shown, _) = rest.split_once("```\n").unwrap();
    let (printed, _) = check(documented());
    assert!(shown.lines().count() > 5 && printed.contains(shown), "{printed}");
}

#[test]
fn what_a_controller_made_is_its_controllers() {
    let owner =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "uid": "Deployment-shop-orders", "controller": true});
    let mut replica_set = deployment("shop", "orders-1", false);
    replica_set["kind"] = json!("ReplicaSet");
    replica_set["metadata"]["uid"] = json!("rs");
    replica_set["metadata"]["ownerReferences"] = json!([owner]);
    let of_set = |name: &str| {
        pod("shop", name, json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": "rs", "controller": true}))
    };
    // Its sidecar is native, where that of its controller is not.
    let changed = of_set("orders-1-a");
    let mut same = of_set("orders-1-b");
    same["spec"] = replica_set["spec"]["template"]["spec"].clone();
    let objects = vec![namespace("shop", json!({})), deployment("shop", "orders", false), replica_set, changed, same];
    let (text, _) = check(World { objects, ..World::default() });
    assert!(text.contains("  ✔ 1 of 2 objects are as they should be\n"), "{text}");
    assert!(text.contains("  ! sidecars in the legacy form: 1 object\n      Deployment shop/orders\n"), "{text}");
}

#[test]
fn two_hundred_workloads_take_seconds() {
    let names: Vec<String> = (0..200).map(|number| format!("app-{number}")).collect();
    let mut objects = vec![node("a", "v1.36.1"), namespace("shop", json!({}))];
    objects.extend(names.iter().map(|name| deployment("shop", name, true)));
    let start = std::time::Instant::now();
    let (text, code) = check(World { objects, ..World::default() });
    assert_eq!(code, Some(0));
    assert!(text.contains("  ✔ 201 of 201 dry runs in 1 namespace kept the field\n"), "{text}");
    // The goal is 10 s for a program that is built for speed; this one is not.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// `cargo test --workspace --test cluster -- --ignored --nocapture large`
#[test]
#[ignore = "takes minutes"]
fn a_large_cluster() {
    let names: Vec<String> = (0..10_000).map(|number| format!("app-{number}")).collect();
    let nodes: Vec<String> = (0..5_000).map(|number| format!("node-{number}")).collect();
    let mut objects: Vec<Value> = nodes.iter().map(|name| node(name, "v1.36.1")).collect();
    objects.push(namespace("shop", json!({})));
    objects.extend(names.iter().map(|name| deployment("shop", name, true)));
    let start = std::time::Instant::now();
    let (text, _) = check(World { objects, ..World::default() });
    println!("{:?}\n{text}", start.elapsed());
    assert!(text.contains("  ✔ 2000 of 2000 dry runs in 1 namespace kept the field\n"), "{text}");
}

#[test]
fn no_cluster_is_an_error() {
    let cluster = StandIn::nobody();
    let output = run(&cluster, &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("Error: cannot check http://127.0.0.1:1/: "), "{error}");
}

#[test]
fn run_asks_the_cluster_and_records_it() {
    let objects = vec![node("a", "v1.27.4")];
    let cluster = StandIn::start(World { objects, ..World::default() });
    let folder = tempfile::tempdir().unwrap();
    let request = folder.path().join("request.json");
    std::fs::write(&request, pod_request().to_string()).unwrap();
    let session = folder.path().join("session.yaml");
    let settings = "{\"nodeCheck\":\"nodes\"}";
    let request = request.to_str().unwrap();
    let args = ["run", "--request-path", request, "--settings-json", settings, "--allow-context-aware"];
    let (record, replay) = ("--record-host-capabilities-interactions", "--replay-host-capabilities-interactions");
    let live = run(&cluster, &[&args[..], &[record, session.to_str().unwrap()]].concat());
    let text = stdout(&live);
    assert!(text.contains("v1.27.4"), "{text}{}", String::from_utf8_lossy(&live.stderr));
    let again = run(&cluster, &[&args[..], &[replay, session.to_str().unwrap()]].concat());
    assert_eq!(stdout(&again), text);
}

fn pod_request() -> Value {
    json!({
        "uid": "u", "operation": "CREATE", "userInfo": {},
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "shop", "object": pod("shop", "p", json!(null)),
    })
}
