#!/usr/bin/env bats
# deploy/enforce.yaml in a real cluster: the one of kubectl's current context, in which it has to be active.
#
#     kubectl apply -k deploy && bats e2e-cluster.bats
#
# Needs kubectl, jq and the rights of a cluster admin. All objects are in a namespace of its own, which is removed at the
# end. Some scenarios start before the policy came: for these the namespace is left out of the policies for a while, by their
# namespaceSelector. What needs the controllers of Kubernetes is skipped where none run, as on a bare API server.

# bats sets $stderr.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0

mutating=native-sidecars
validating=native-sidecars-validate
# Says that it is a sidecar, whatever its image.
declared='"annotations": {"sidecars.kubewarden.io/native": "logshipper"}'
# Any image that runs for ever. A cluster without an Internet needs one from its own registry.
image=${E2E_IMAGE:-registry.k8s.io/pause:3.10}

# until_true SECONDS COMMAND...: waits until a command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >"$BATS_FILE_TMPDIR/last" 2>&1; do
    [ "$SECONDS" -lt "$end" ] || {
      echo "waited in vain for: $*, which last said:" "$(<"$BATS_FILE_TMPDIR/last")" >&2
      return 1
    }
    sleep 1
  done
}

# k ARGUMENT...: kubectl in the namespace; its answer is in $output, its warnings and errors in $stderr.
k() {
  run --separate-stderr kubectl --namespace "$NAMESPACE" "$@"
  echo "kubectl $*: status $status, stdout: $output, stderr: $stderr"
}

# fine: what k has just done worked.
fine() {
  [ "$status" -eq 0 ]
}

# is FILTER: the object in $output fulfils a jq filter.
is() {
  jq --exit-status "$1" <<<"$output" >/dev/null || {
    echo "not so: $1"
    return 1
  }
}

# pod_spec legacy|native|stripped|probes: a container and its sidecar, in that form. `probes` is stripped, with a probe.
pod_spec() {
  local app sidecar
  app='{"name": "app", "image": "'$image'"}'
  sidecar='"name": "logshipper", "image": "'$image'"'
  case $1 in
    legacy) echo '{"containers": ['"$app"', {'"$sidecar"'}]}' ;;
    native) echo '{"initContainers": [{'"$sidecar"', "restartPolicy": "Always"}], "containers": ['"$app"']}' ;;
    stripped) echo '{"initContainers": [{'"$sidecar"'}], "containers": ['"$app"']}' ;;
    probes)
      echo '{"initContainers": [{'"$sidecar"', "startupProbe": {"exec": {"command": ["/pause", "-v"]}}}],
        "containers": ['"$app"']}'
      ;;
  esac
}

# pod NAME FORM [METADATA]: writes a Pod to the file NAME.json.
pod() {
  local metadata=${3:+, $3}
  echo '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "'"$1"'"'"$metadata"'}, "spec": '"$(pod_spec "$2")"'}' |
    jq . >"$BATS_FILE_TMPDIR/$1.json"
}

# deployment NAME FORM: writes a Deployment of one Pod, which declares its sidecar, to the file NAME.json.
deployment() {
  echo '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "'"$1"'"}, "spec": {"replicas": 1,
    "selector": {"matchLabels": {"app": "'"$1"'"}}, "template": {"metadata": {"labels": {"app": "'"$1"'"}, '"$declared"'},
    "spec": '"$(pod_spec "$2")"'}}}' | jq . >"$BATS_FILE_TMPDIR/$1.json"
}

# native_in PODSPEC: a jq filter for a Pod spec in which the sidecar is native, and nowhere else.
native_in() {
  echo "($1 | ([.initContainers[]? | select(.name == \"logshipper\") | .restartPolicy] == [\"Always\"])
    and ([.containers[].name] == [\"app\"]))"
}

# legacy_in PODSPEC: a jq filter for a Pod spec in which the sidecar is as it came.
legacy_in() {
  echo "($1 | .initContainers == null and ([.containers[].name] == [\"app\", \"logshipper\"]))"
}

# new_pod FILTER: a new Pod with a legacy sidecar would be stored so that it fulfils a jq filter.
new_pod() {
  kubectl --namespace "$NAMESPACE" create --dry-run=server --output json --filename "$BATS_FILE_TMPDIR/probe-pod.json" |
    jq --exit-status "$1"
}

# new_deployment WARNINGS: a new Deployment with a legacy sidecar would get so many warnings of the policy.
new_deployment() {
  local said
  said=$(kubectl --namespace "$NAMESPACE" create --dry-run=server --filename "$BATS_FILE_TMPDIR/probe.json" 2>&1) &&
    [ "$(grep -c "^Warning: Deployment/$NAMESPACE/probe: " <<<"$said")" -eq "$1" ]
}

# select_namespaces POLICY FILTER: puts a policy's match expressions for namespaces through a jq filter.
select_namespaces() {
  local patch
  patch=$(kubectl get clusteradmissionpolicies.policies.kubewarden.io "$1" --output json |
    jq --arg namespace "$NAMESPACE" '.spec.namespaceSelector.matchExpressions // []
      | map(select(.values != [$namespace])) | '"$2"' | {spec: {namespaceSelector: {matchExpressions: .}}}')
  kubectl patch clusteradmissionpolicies.policies.kubewarden.io "$1" --type merge --patch "$patch"
}

# leave_out POLICY...: keeps policies away from the namespace. come_back brings them again.
leave_out() {
  local policy
  for policy; do
    select_namespaces "$policy" '. + [{key: "kubernetes.io/metadata.name", operator: "NotIn", values: [$namespace]}]'
  done
  for policy; do
    case $policy in
      "$mutating") until_true 120 new_pod "$(legacy_in .spec)" ;;
      "$validating") until_true 120 new_deployment 0 ;;
    esac
  done
}

come_back() {
  select_namespaces "$mutating" .
  select_namespaces "$validating" .
  until_true 120 new_pod "$(native_in .spec)"
  until_true 120 new_deployment 1
}

setup_file() {
  # Short, as warnings are: with a longer one they would leave out a part of it.
  export NAMESPACE="e2e-$$-$RANDOM"
  kubectl create namespace "$NAMESPACE"
  # Without controllers nobody else makes it. With them, they may have been faster.
  kubectl --namespace "$NAMESPACE" create serviceaccount default || true
  pod probe-pod legacy "$declared"
  deployment probe legacy
  until_true 120 new_pod "$(native_in .spec)"
  until_true 120 new_deployment 1
  # A controller says that it has seen the Deployment.
  deployment controllers native
  kubectl --namespace "$NAMESPACE" create --filename "$BATS_FILE_TMPDIR/controllers.json"
  export CONTROLLERS=
  if until_true 20 observed controllers; then CONTROLLERS=1; fi
}

teardown_file() {
  select_namespaces "$mutating" . || true
  select_namespaces "$validating" . || true
  kubectl delete namespace "$NAMESPACE" --ignore-not-found --wait=false
}

setup() {
  cd "$BATS_FILE_TMPDIR" || return
}

# teardown brings back what a failed test has left out.
teardown() {
  [ ! -e "$BATS_FILE_TMPDIR/left-out" ] || come_back
  rm -f "$BATS_FILE_TMPDIR/left-out"
}

# observed DEPLOYMENT: its controller has seen it as it is now.
observed() {
  kubectl --namespace "$NAMESPACE" get deployment "$1" --output json |
    jq --exit-status '.status.observedGeneration == .metadata.generation'
}

# has_pod SELECTOR FILTER: one of these Pods fulfils a jq filter.
has_pod() {
  kubectl --namespace "$NAMESPACE" get pods --selector "$1" --output json | jq --exit-status "any(.items[]; $2)"
}

# revisions_of DEPLOYMENT: how many ReplicaSets it has made.
revisions_of() {
  kubectl --namespace "$NAMESPACE" get replicasets --selector "app=$1" --output json | jq '.items | length'
}

needs_controllers() {
  [ -n "$CONTROLLERS" ] || skip "no controller looks after Deployments here"
}

@test "Kubewarden hands the conditions on, and the API server evaluates them without an error" {
  for webhook in "mutatingwebhookconfiguration clusterwide-$mutating" "validatingwebhookconfiguration clusterwide-$validating"; do
    # shellcheck disable=SC2086
    k get $webhook --output json
    is '[.webhooks[].matchConditions[].name] == ["the-spec-changes", "not-just-a-container"]'
  done
  k create --dry-run=server --output json --filename - <<<'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
    "spec": {"containers": [{"name": "app", "image": "'"$image"'"}]}}'
  fine
  [ "$stderr" = "" ]
}

@test "a legacy Pod is stored native" {
  pod legacy legacy "$declared"
  k create --filename legacy.json
  fine
  k get pod legacy --output json
  is "$(native_in .spec)"
}

@test "a native Pod is stored unchanged, without a word" {
  pod native native
  k create --filename native.json
  fine
  [ "$stderr" = "" ]
  k get pod native --output json
  is "$(native_in .spec)"
  is '.metadata.annotations == null'
}

@test "a stripped Pod with probes, which the API server alone refuses, is restored" {
  pod probes probes
  k create --filename probes.json
  fine
  k get pod probes --output json
  is "$(native_in .spec)"
}

@test "a stripped Pod without probes is restored" {
  pod stripped stripped "$declared"
  k create --filename stripped.json
  fine
  k get pod stripped --output json
  is "$(native_in .spec)"
}

@test "with only the validating policy, a stripped Pod is denied with the policy's message" {
  touch left-out
  leave_out "$mutating"
  pod denied stripped "$declared"
  k create --filename denied.json
  [ "$status" -ne 0 ]
  [[ "$stderr" == *"Pod/$NAMESPACE/denied: init container \"logshipper\" at spec.initContainers[0] has lost restartPolicy: Always "* ]]
  k get pod denied --ignore-not-found
  [ "$output" = "" ]
}

@test "a dry run on the server shows the native form, and stores nothing" {
  pod dry legacy "$declared"
  k apply --dry-run=server --output json --filename dry.json
  fine
  is "$(native_in .spec)"
  k get pod dry --ignore-not-found
  [ "$output" = "" ]
}

@test "warnings about a Deployment's template reach kubectl, which is stored as it came" {
  deployment warned legacy
  k apply --filename warned.json
  fine
  [[ "$stderr" == *"Warning: Deployment/$NAMESPACE/warned: container \"logshipper\" at spec.template.spec.containers[1] is a sidecar in the legacy form "* ]]
  k get deployment warned --output json
  is "$(legacy_in .spec.template.spec)"
}

@test "a Deployment whose template is stripped is denied with the policy's message" {
  deployment refused stripped
  k create --filename refused.json
  [ "$status" -ne 0 ]
  [[ "$stderr" == *"Deployment/$NAMESPACE/refused: init container \"logshipper\" at spec.template.spec.initContainers[0] has lost restartPolicy: Always "* ]]
}

@test "the Pods of a legacy Deployment are native" {
  needs_controllers
  deployment converted legacy
  k create --filename converted.json
  fine
  until_true 60 has_pod app=converted "$(native_in .spec)"
  k get pods --selector app=converted --output json
  is "all(.items[]; $(native_in .spec))"
}

@test "a second apply of the same manifest changes nothing, and rolls nothing out" {
  deployment again legacy
  k apply --filename again.json
  fine
  [ -z "$CONTROLLERS" ] || until_true 60 observed again
  before=$(kubectl --namespace "$NAMESPACE" get deployment again --output jsonpath='{.metadata.generation} {.metadata.uid}')
  k apply --filename again.json
  fine
  [ "$output" = "deployment.apps/again unchanged" ]
  after=$(kubectl --namespace "$NAMESPACE" get deployment again --output jsonpath='{.metadata.generation} {.metadata.uid}')
  [ "$after" = "$before" ]
  [ -z "$CONTROLLERS" ] || [ "$(revisions_of again)" -eq 1 ]
  pod steady native
  k apply --filename steady.json
  fine
  k apply --filename steady.json
  fine
  [ "$output" = "pod/steady unchanged" ]
}

@test "a Deployment that ran before the policy came can be scaled, labelled and rolled back" {
  touch left-out
  leave_out "$mutating" "$validating"
  # Two revisions, both with a legacy sidecar.
  deployment former legacy
  k apply --filename former.json
  fine
  if [ -n "$CONTROLLERS" ]; then until_true 60 has_pod app=former "$(legacy_in .spec)"; fi
  k patch deployment former --type merge --patch '{"spec": {"template": {"metadata": {"labels": {"revision": "2"}}}}}'
  fine
  if [ -n "$CONTROLLERS" ]; then until_true 60 observed former; fi
  come_back
  rm left-out

  generation=$(kubectl --namespace "$NAMESPACE" get deployment former --output jsonpath='{.metadata.generation}')
  k label deployment former team=shop
  fine
  [ "$stderr" = "" ]
  k scale deployment former --replicas 2
  fine
  [ "$stderr" = "" ]
  k get deployment former --output json
  is ".spec.replicas == 2 and .metadata.generation == $((generation + 1)) and .metadata.labels.team == \"shop\""
  is "$(legacy_in .spec.template.spec)"

  needs_controllers
  # What it makes now is native.
  until_true 60 observed former
  until_true 60 has_pod app=former,revision=2 "$(native_in .spec)"
  k rollout undo deployment former
  fine
  k get deployment former --output json
  is '.spec.template.metadata.labels.revision == null'
  until_true 120 has_pod 'app=former,!revision' "$(native_in .spec)"
}
