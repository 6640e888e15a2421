#!/usr/bin/env bats
# The labeller against a stand-in for kubectl, in every shell that it may meet.

bats_require_minimum_version 1.5.0

# A kubectl that knows the nodes of $BATS_TEST_TMPDIR/nodes and the metrics in its folder metrics, and writes down what it is
# told to label.
setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir -p bin metrics
  cat >bin/kubectl <<'KUBECTL'
#!/bin/sh
case "$1 $2" in
  "get nodes") cat nodes ;;
  "get --raw") node=${3#/api/v1/nodes/}; cat "metrics/${node%/proxy/metrics}" ;;
  "label node") shift 2; echo "$*" >>labels; [ "$1" != broken ] ;;
  *) echo "kubectl $*" >&2; exit 1 ;;
esac
KUBECTL
  chmod +x bin/kubectl
  : >nodes
  : >labels
}

node() {
  printf '%s %s\n' "$1" "$2" >>nodes
}

# metrics NODE VALUE: what the kubelet of that node says of the gate, among other things.
metrics() {
  printf '%s\n' '# HELP kubernetes_feature_enabled [BETA] The status of features.' \
    'kubernetes_feature_enabled{name="SELinuxMount",stage="BETA"} 0' \
    "kubernetes_feature_enabled{name=\"SidecarContainers\",stage=\"BETA\"} $2" \
    'process_cpu_seconds_total 1' >"metrics/$1"
}

# label SHELL [VARIABLE=VALUE]: runs the labeller.
label() {
  local shell=$1
  shift
  : >labels
  run --separate-stderr env "$@" PATH="$PWD/bin:$PATH" $shell "$BATS_TEST_DIRNAME/label-nodes.sh"
  echo "$shell: $status, stdout: $output, stderr: $stderr, labels: $(<labels)"
}

key=native-sidecars.kubewarden.io/supported

@test "nodes are labelled by version and metrics" {
  node new v1.33.0
  node newest v1.37.2-gke.100
  node next v2.0.0
  node on v1.29.3-eks-abc && metrics on 1
  node off v1.30.1 && metrics off 0
  node old v1.28.9 && metrics old 1
  node older v1.9.11
  node alpha v1.29.0-alpha.1 && metrics alpha 1
  node candidate v1.29.0-rc.1 && metrics candidate 1
  node virtual v1.36.0-vk-azure-aci-1.4.8
  for shell in dash 'busybox sh' bash; do
    label "$shell"
    [ "$status" -eq 0 ]
    diff labels - <<END
new $key=true --overwrite
newest $key=true --overwrite
next $key=true --overwrite
on $key=true --overwrite
off $key=false --overwrite
old $key=false --overwrite
older $key=false --overwrite
alpha $key=false --overwrite
candidate $key=true --overwrite
virtual $key=false --overwrite
END
  done
}

@test "what is not known loses its label" {
  node silent v1.30.0
  node gone v1.31.0 && printf 'process_cpu_seconds_total 1\n' >metrics/gone
  node odd v1.32.0 && metrics odd NaN
  node strange custom
  node half v1
  node words v1.x.y
  node blank ''
  for shell in dash 'busybox sh' bash; do
    label "$shell"
    [ "$status" -eq 0 ]
    diff labels - <<END
silent $key-
gone $key-
odd $key-
strange $key-
half $key-
words $key-
blank $key-
END
  done
}

@test "the label and the oldest version can be chosen" {
  node early v1.28.4 && metrics early 1
  label dash NODE_LABEL=example.com/sidecars MINIMUM_NODE_VERSION=1.28
  [ "$status" -eq 0 ]
  [ "$(<labels)" = 'early example.com/sidecars=true --overwrite' ]
}

@test "a node that can't be labelled keeps no other from it, and fails the run" {
  node broken v1.33.0
  node fine v1.33.0
  label 'busybox sh'
  [ "$status" -eq 1 ]
  [ "$(tail -n 1 labels)" = "fine $key=true --overwrite" ]
}

@test "a cluster that does not answer fails the run" {
  rm nodes
  label dash
  [ "$status" -ne 0 ]
  [ ! -s labels ]
}

@test "a cluster without nodes is no failure" {
  label dash
  [ "$status" -eq 0 ]
  [ ! -s labels ]
}
