#!/usr/bin/env bats
# What other people's tools say of deploy/, the workflows and the scripts. A tool that is not installed is not asked.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_DIRNAME/.."
}

# needs PROGRAM: skips the test where it is not installed.
needs() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
}

@test "kustomize builds the base" {
  needs kubectl
  run --separate-stderr kubectl kustomize deploy
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(grep -c '^kind: ClusterAdmissionPolicy$' <<<"$output")" -eq 2 ]
}

@test "the overlay of the README leaves a namespace out of both policies" {
  needs kubectl
  mkdir "$BATS_TEST_TMPDIR/overlay"
  cp -r deploy "$BATS_TEST_TMPDIR/base"
  sed -n '/^apiVersion: kustomize/,/^```/p' deploy/README.md | sed '$d; s|https://.*|../base|' \
    >"$BATS_TEST_TMPDIR/overlay/kustomization.yaml"
  run --separate-stderr kubectl kustomize "$BATS_TEST_TMPDIR/overlay"
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [ "$(grep -c '^      - rook-ceph$' <<<"$output")" -eq 2 ]
}

@test "kustomize builds the node labeller" {
  needs kubectl
  run --separate-stderr kubectl kustomize deploy/node-labeller
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ "$output" == *'kind: CronJob'* ]]
}

@test "actionlint finds nothing in the workflows" {
  needs actionlint
  run actionlint
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "shellcheck finds nothing in the scripts" {
  needs shellcheck
  run shellcheck --severity warning e2e-cluster.bats scripts/*.sh deploy/node-labeller/label-nodes.sh
  echo "$output"
  [ "$status" -eq 0 ]
}
