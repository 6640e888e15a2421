#!/usr/bin/env bats
# The annotated module in a policy engine: kwctl, or the embedded host, whichever KWCTL names.
# The requests are those of tests/cases (those with a request.json); what is asserted is the answer, decoded.

bats_require_minimum_version 1.5.0

# judge CASE [SETTINGS]: the AdmissionResponse, with its patch decoded, into $answer. What the case knows of the cluster is
# its session.
judge() {
  local session="tests/cases/$1/session.yaml" cluster=()
  [ ! -f "$session" ] || cluster=(--allow-context-aware --replay-host-capabilities-interactions "$session")
  run --separate-stderr "$KWCTL" run --request-path "tests/cases/$1/request.json" \
    --settings-json "${2:-{\}}" "${cluster[@]}" annotated-policy.wasm
  echo "status: $status, stdout: $output, stderr: $stderr"
  [ "$status" -eq 0 ]
  answer=$(jq 'if .patch then .patch |= (@base64d | fromjson) else . end' <<<"$output")
}

# is FILTER: the answer fulfils a jq filter.
is() {
  jq --exit-status "$1" <<<"$answer" >/dev/null || {
    echo "not so: $1, in $answer"
    return 1
  }
}

@test "a native sidecar is accepted untouched" {
  judge native/is-accepted '{"sidecarNames":["logshipper"],"legacySidecars":"convert","strippedSidecars":"restore"}'
  is '.allowed and .patch == null and .warnings == null'
}

@test "a well-known legacy sidecar is rejected by default" {
  judge legacy/by-catalogue-is-rejected
  is '.allowed | not'
  is '.status.code == 403'
  is '.status.message == "Pod/shop/checkout: container \"cloud-sql-proxy\" at spec.containers[1] is a sidecar in the legacy form (well-known: Cloud SQL Auth Proxy). Move it to initContainers and set restartPolicy: Always on it."'
}

@test "the tutorial's Job is converted" {
  judge convert/the-job-of-the-tutorial '{"sidecarNames":["logshipper"],"legacySidecars":"convert","convertTemplates":true}'
  is '.allowed and .patchType == "JSONPatch"'
  is '[.patch[] | .op + " " + .path] | sort == ["add /spec/template/metadata", "add /spec/template/spec/initContainers", "remove /spec/template/spec/containers/1"]'
  is '.patch[] | select(.path == "/spec/template/metadata").value == {"annotations": {"sidecars.kubewarden.io/native": "logshipper"}}'
  is '.patch[] | select(.path == "/spec/template/spec/initContainers").value | length == 1 and .[0].name == "logshipper" and .[0].restartPolicy == "Always"'
}

@test "workloads are only warned about unless templates are converted" {
  judge convert/not-in-templates '{"sidecarNames":["logshipper"],"legacySidecars":"convert"}'
  is '.allowed and .patch == null and (.warnings | length) == 1'
}

@test "a stripped sidecar is rejected with its path and the evidence" {
  judge stripped/by-managed-fields
  is '.allowed | not'
  is '.status.message | startswith("Pod/shop/checkout: init container \"logshipper\" at spec.initContainers[1] has lost its restartPolicy (managedFields: kubectl-client-side-apply set it).")'
}

@test "a stripped sidecar is restored" {
  judge stripped/by-probes-and-a-wildcard-is-restored '{"strippedSidecars":"restore","sidecarNames":["log*"]}'
  is '.allowed'
  is '[.patch[] | select(.path == "/spec/initContainers/1/restartPolicy")] == [{"op": "add", "path": "/spec/initContainers/1/restartPolicy", "value": "Always"}]'
}

@test "a Pod that a tool reads and writes back is restored on UPDATE" {
  judge stripped/against-the-stored-object-is-restored '{"strippedSidecars":"restore"}'
  is '.allowed and any(.patch[]; .path == "/spec/initContainers/0/restartPolicy" and .value == "Always")'
}

@test "an injected sidecar is warned about, and never moved" {
  judge injected/is-never-converted '{"legacySidecars":"convert"}'
  is '.allowed and (.warnings | length) == 1'
  is '[.patch[] | select(.path | endswith("/initContainers")) | .value[].name] == ["cloud-sql-proxy"]'
}

@test "a Rollout is judged where podTemplates says so" {
  judge kind/by-jsonpath-is-judged '{"podTemplates":["argoproj.io/Rollout=$.spec.template"]}'
  is '.allowed | not'
  judge kind/unknown-is-accepted
  is '.allowed'
}

@test "nodes that are too old are named" {
  judge nodes/too-old-reject '{"nodeCheck":"nodes"}'
  is '.status.message == "Pod/shop/checkout: init container \"logshipper\" at spec.initContainers[0]: native sidecars do not work on nodes old-1 (v1.27.16-eks-1552ad0: the Pod hangs in Init), old-2 (v1.26.1: the Pod hangs in Init), old-3 (v1.26.1: the Pod hangs in Init) and 1 more. Update them, or keep the Pod off them."'
}

@test "a Pod is pinned to nodes with the label" {
  judge pin/a-pod '{"nodeCheck":"nodes","unsupportedNodes":"pin","nodeLabel":"example.com/native-sidecars=true"}'
  is '[.patch[] | .op + " " + .path] == ["add /spec/affinity"]'
}

@test "what the controller has and the Pod lost is restored, and the webhooks are named" {
  judge cluster/is-asked-for-all "$(<tests/cases/cluster/is-asked-for-all/settings.json)"
  is '.patch | any(.path == "/spec/initContainers/0/restartPolicy" and .value == "Always")'
  is '.warnings | any(contains("[4] pod-identity-webhook/iam-for-pods.amazonaws.com (known for it before 0.5.3: "))'
}

@test "a lookup that nobody granted is not a yes" {
  judge nodes/not-granted-reject '{"nodeCheck":"nodes"}'
  is '.status.message | contains("the policy cannot read v1 Node (contextAwareResources, RBAC): ")'
}

@test "malformed input is denied with what and where" {
  judge malformed/containers
  is '(.allowed | not) and .status.code == 400'
  is '.status.message == "Pod/shop/checkout cannot be judged: request.object.spec.containers: invalid type: string \"checkout\", expected a sequence"'
}

@test "wrong settings are refused" {
  run --separate-stderr "$KWCTL" run --request-path tests/cases/native/is-accepted/request.json \
    --settings-json '{"legacySidecars":"fix"}' annotated-policy.wasm
  [ "$status" -eq 1 ]
  [[ "$stderr" == *'Provided settings are not valid: legacySidecars: "fix" is none of reject, warn, convert, ignore'* ]]
}
