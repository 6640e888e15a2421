#!/usr/bin/env bats
# The annotated module through a real registry: pushed, pulled, the same, and it runs. Skipped where there is no docker-registry.

bats_require_minimum_version 1.5.0

setup_file() {
  command -v docker-registry >/dev/null || skip "docker-registry is not installed"
  export HOST=${HOST:-target/debug/native-sidecar}
  # Ports that the system does not give away by itself.
  local port=$((20000 + RANDOM % 10000))
  export OPEN=localhost:$port CLOSED=localhost:$((port + 1)) NOBODY=localhost:$((port + 2))
  serve "$OPEN" open ''
  serve "$CLOSED" closed $'auth: {htpasswd: {realm: test, path: '"$BATS_FILE_TMPDIR"$'/users}}\n'
  printf 'insecure_sources: ["%s", "%s", "%s"]\n' "$OPEN" "$CLOSED" "$NOBODY" >"$BATS_FILE_TMPDIR/sources.yaml"
}

# serve ADDRESS NAME SETTINGS: starts a registry, and waits until it answers.
serve() {
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "%s"}\n%s' \
    "$BATS_FILE_TMPDIR/$2" "$1" "$3" >"$BATS_FILE_TMPDIR/$2.yaml"
  : >"$BATS_FILE_TMPDIR/users"
  docker-registry serve "$BATS_FILE_TMPDIR/$2.yaml" >"$BATS_FILE_TMPDIR/$2.log" 2>&1 3>&- &
  echo $! >>"$BATS_FILE_TMPDIR/registries"
  for _ in $(seq 100); do
    ! curl --silent --output /dev/null "http://$1/v2/" || return 0
    sleep 0.1
  done
  cat "$BATS_FILE_TMPDIR/$2.log" >&2
  return 1
}

teardown_file() {
  [ ! -f "$BATS_FILE_TMPDIR/registries" ] || xargs kill <"$BATS_FILE_TMPDIR/registries"
}

# push ARGUMENT...: to a registry, as `make push` does.
push() {
  DOCKER_CONFIG=$BATS_FILE_TMPDIR run --separate-stderr "$HOST" push --sources-path "$BATS_FILE_TMPDIR/sources.yaml" "$@"
  echo "status: $status, stdout: $output, stderr: $stderr"
}

@test "a policy goes there and comes back the same" {
  push annotated-policy.wasm "registry://$OPEN/policies/native-sidecar-policy:v1"
  [ "$status" -eq 0 ]
  digest=${output##*@}
  [ "$output" = "Policy successfully pushed: $OPEN/policies/native-sidecar-policy@$digest" ]

  local at=http://$OPEN/v2/policies/native-sidecar-policy
  curl --fail --silent --header 'Accept: application/vnd.oci.image.manifest.v1+json' "$at/manifests/v1" >"$BATS_TEST_TMPDIR/manifest.json"
  [ "sha256:$(sha256sum <"$BATS_TEST_TMPDIR/manifest.json" | cut -d ' ' -f 1)" = "$digest" ]
  is() {
    jq --exit-status "$1" "$BATS_TEST_TMPDIR/manifest.json"
  }
  is '.schemaVersion == 2 and .config.mediaType == "application/vnd.wasm.config.v1+json" and .config.size == 2'
  is '.layers | length == 1 and .[0].mediaType == "application/vnd.wasm.content.layer.v1+wasm"'
  is '.annotations["io.kubewarden.policy.title"] == "native-sidecar-policy"'
  is '.annotations["org.opencontainers.image.source"] == .annotations["io.kubewarden.policy.source"]'
  # The README is an annotation of the module, and too long for one of the manifest.
  is '.annotations | has("io.kubewarden.policy.usage") | not'

  curl --fail --silent "$at/blobs/$(jq --raw-output '.layers[0].digest' "$BATS_TEST_TMPDIR/manifest.json")" >"$BATS_TEST_TMPDIR/pulled.wasm"
  cmp "$BATS_TEST_TMPDIR/pulled.wasm" annotated-policy.wasm
  run --separate-stderr "$HOST" run --request-path tests/cases/native/is-accepted/request.json "$BATS_TEST_TMPDIR/pulled.wasm"
  [ "$(jq .allowed <<<"$output")" = true ]
}

@test "pushing again changes nothing, and answers in JSON where asked" {
  push --output json annotated-policy.wasm "$OPEN/twice:v1"
  first=$(jq --raw-output .immutable_ref <<<"$output")
  push --output json annotated-policy.wasm "$OPEN/twice:v1"
  [ "$(jq --raw-output .immutable_ref <<<"$output")" = "$first" ]
  [[ "$first" == $OPEN/twice@sha256:* ]]
}

@test "a module without annotations is pushed by force only" {
  push policy.wasm "$OPEN/bare:v1"
  [ "$status" -eq 1 ]
  [ "$stderr" = "Error: policy.wasm is not annotated: annotate it, or push it with --force" ]
  push --force policy.wasm "$OPEN/bare:v1"
  [ "$status" -eq 0 ]
}

@test "a registry that wants a login says so" {
  push annotated-policy.wasm "$CLOSED/closed:v1"
  [ "$status" -eq 1 ]
  [ "$stderr" = "Error: cannot push to registry://$CLOSED/closed:v1: the registry does not let you: docker login $CLOSED" ]
}

@test "what does not answer is named" {
  push annotated-policy.wasm "$NOBODY/nobody:v1"
  [ "$status" -eq 1 ]
  [[ "$stderr" == "Error: cannot push to registry://$NOBODY/nobody:v1: "*"Connection refused"* ]]
}

@test "a registry without a certificate has to be called insecure" {
  run --separate-stderr "$HOST" push annotated-policy.wasm "$OPEN/secure:v1"
  [ "$status" -eq 1 ]
  [[ "$stderr" == "Error: cannot push to registry://$OPEN/secure:v1: "* ]]
}

@test "what is no reference is refused" {
  push annotated-policy.wasm 'registry://Example.com/Upper:v1'
  [ "$status" -eq 1 ]
  [[ "$stderr" == "Error: Example.com/Upper:v1 is no reference of the form HOST[:PORT]/PATH:TAG: "* ]]
}
