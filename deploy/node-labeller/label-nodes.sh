#!/bin/sh
# Labels every node with whether its kubelet runs native sidecars: true, false, or no label where that is not known.
# The policy's settings nodeLabel and unsupportedNodes: pin build on that label.
#
# NODE_LABEL is the label's key, MINIMUM_NODE_VERSION the oldest version that counts (MAJOR.MINOR), METRICS_ACCOUNT the
# ServiceAccount in whose name kubelets are asked. Needs only kubectl.
set -eu

label=${NODE_LABEL:-native-sidecars.kubewarden.io/supported}
minimum=${MINIMUM_NODE_VERSION:-1.29}

# From this version on the feature gate is locked, and from 1.37 on its metric is gone.
locked=1.33

# is_older VERSION MINIMUM: both as MAJOR.MINOR.
is_older() {
    [ "${1%%.*}" -lt "${2%%.*}" ] || { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -lt "${2#*.}" ]; }
}

# release KUBELET_VERSION: MAJOR.MINOR of v1.29.3-gke.1; nothing where it can't be read. An alpha is as good as the release
# before it.
release() {
    major=${1#v}
    minor=${major#*.}
    major=${major%%.*}
    minor=${minor%%[!0-9]*}
    case $1 in
        v[0-9]*.[0-9]*) ;;
        *) return ;;
    esac
    case $major in
        *[!0-9]*) return ;;
    esac
    case $1 in
        *.*.*-alpha*) minor=$((minor - 1)) ;;
    esac
    echo "$major.$minor"
}

# metrics NODE PORT ADDRESS: what its kubelet measures.
#
# Kubelets get a token that is good for their metrics alone, so no more is lost to an impostor: their certificates are checked as
# little as an API server checks them by default. Through the API server this takes nodes/proxy, which is to run commands in
# every Pod: that way goes only who runs this by hand, and may do that anyway.
metrics() {
    if [ -z "$token" ]; then
        kubectl get --raw "/api/v1/nodes/$1/proxy/metrics"
        return
    fi
    case $3 in
        '') echo "$1 has no address" >&2 && return ;;
        *:*) address="[$3]" ;;
        *) address=$3 ;;
    esac
    kubectl --server "https://$address:$2" --insecure-skip-tls-verify --token "$token" --request-timeout 10s \
        get --raw /metrics
}

# support NODE KUBELET_VERSION PORT ADDRESS: true, false, or nothing.
support() {
    release=$(release "$2")
    case $2 in
        *-vk-*) echo false && return ;;
    esac
    [ -n "$release" ] || return 0
    if is_older "$release" "$minimum"; then
        echo false
    elif ! is_older "$release" "$locked"; then
        echo true
    else
        # Kubelets between the two may have the gate turned off: their metrics tell.
        metrics "$1" "$3" "$4" |
            sed -n 's/^kubernetes_feature_enabled{.*name="SidecarContainers".*} //p' |
            sed -n 's/^1$/true/p; s/^0$/false/p' | head -n 1
    fi
}

token=
[ -z "${METRICS_ACCOUNT:-}" ] || token=$(kubectl create token "$METRICS_ACCOUNT")
fields='{.metadata.name}|{.status.nodeInfo.kubeletVersion}|{.status.daemonEndpoints.kubeletEndpoint.Port}'
fields=$fields'|{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}'
nodes=$(kubectl get nodes -o jsonpath="{range .items[*]}$fields{end}")
failed=0
while IFS='|' read -r node version port addresses; do
    [ -n "$node" ] || continue
    # Of the addresses of both families, the first.
    support=$(support "$node" "$version" "$port" "${addresses%% *}")
    echo "$node ${version:-(no version)}: ${support:-unknown}"
    if [ -n "$support" ]; then
        kubectl label node "$node" "$label=$support" --overwrite >/dev/null || failed=1
    else
        kubectl label node "$node" "$label-" >/dev/null || failed=1
    fi
done <<EOF
$nodes
EOF
exit "$failed"
