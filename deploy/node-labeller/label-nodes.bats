#!/usr/bin/env bats
# The labeller against a stand-in for kubectl, in every shell that it may meet.

bats_require_minimum_version 1.5.0

# A kubectl that knows the nodes of $BATS_TEST_TMPDIR/nodes and the metrics in its folder metrics, by node where the API server is
# asked, and by address and port where a kubelet is. It writes down what it is told to label, and whom it asks for metrics.
setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir -p bin metrics
  cat >bin/kubectl <<'KUBECTL'
#!/bin/sh
case "$*" in
  "get nodes -o jsonpath="*) cat nodes ;;
  "create token metrics-reader") [ ! -e no-token ] && echo t0ken ;;
  "get --raw /api/v1/nodes/"*)
    node=${3#/api/v1/nodes/}
    echo "API server: $node" >>asked
    cat "metrics/${node%/proxy/metrics}"
    ;;
  "--server https://"*" --insecure-skip-tls-verify --token t0ken --request-timeout 10s get --raw /metrics")
    echo "kubelet: $2" >>asked
    cat "metrics/${2#https://}"
    ;;
  "label node "*) shift 2; echo "$*" >>labels; [ "$1" != broken ] ;;
  *) echo "kubectl $*" >&2; exit 1 ;;
esac
KUBECTL
  chmod +x bin/kubectl
  : >nodes
  : >labels
  : >asked
}

# node NAME VERSION [ADDRESSES]: as kubectl prints it.
node() {
  printf '%s|%s|10250|%s\n' "$1" "$2" "${3:-}" >>nodes
}

# metrics WHOSE VALUE: what a kubelet says of the gate, among other things.
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
  : >asked
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

@test "in a Pod, the kubelets themselves are asked, with a token that is good for nothing else" {
  node on v1.29.3 10.0.0.7 && metrics 10.0.0.7:10250 1
  node off v1.32.9 '10.0.0.8 fd00::8' && metrics 10.0.0.8:10250 0
  node six v1.30.0 'fd00::9 10.0.0.9' && metrics '[fd00::9]:10250' 1
  node silent v1.31.0 10.0.0.10
  node nowhere v1.31.0
  node old v1.28.9 10.0.0.11
  node new v1.33.0 10.0.0.12
  for shell in dash 'busybox sh' bash; do
    label "$shell" METRICS_ACCOUNT=metrics-reader
    [ "$status" -eq 0 ]
    diff labels - <<END
on $key=true --overwrite
off $key=false --overwrite
six $key=true --overwrite
silent $key-
nowhere $key-
old $key=false --overwrite
new $key=true --overwrite
END
    diff asked - <<END
kubelet: https://10.0.0.7:10250
kubelet: https://10.0.0.8:10250
kubelet: https://[fd00::9]:10250
kubelet: https://10.0.0.10:10250
END
    # Why nothing is known of it is in the log.
    [[ "$stderr" == *10.0.0.10:10250*'nowhere has no address'* ]]
  done
}

@test "without a token for the kubelets nothing is labelled, and the run fails" {
  touch no-token
  node on v1.29.3 10.0.0.7
  label dash METRICS_ACCOUNT=metrics-reader
  [ "$status" -ne 0 ]
  [ ! -s labels ]
}

@test "by hand, the API server is asked" {
  node on v1.29.3 10.0.0.7 && metrics on 1
  label dash
  [ "$status" -eq 0 ]
  [ "$(<labels)" = "on $key=true --overwrite" ]
  [ "$(<asked)" = "API server: on/proxy/metrics" ]
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
