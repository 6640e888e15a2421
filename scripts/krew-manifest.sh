#!/usr/bin/env bash
# Prints the manifest of the krew plugin for a release: .krew.yaml, with the checksums of its archives.
# Usage: krew-manifest.sh TAG SHA256SUMS
set -euo pipefail

# addURIAndSha is what krew-release-bot calls it, which can read the same file.
awk -v tag="$1" '
    FNR == NR { sums[$2] = $1; next }
    {
        gsub(/[{][{] *[.]TagName *[}][}]/, tag)
        if (match($0, /"https:[^"]*"/) && /addURIAndSha/) {
            address = substr($0, RSTART + 1, RLENGTH - 2)
            file = address
            sub(/.*\//, "", file)
            if (!(file in sums)) {
                print "no checksum of " file > "/dev/stderr"
                exit 1
            }
            printf "    uri: %s\n    sha256: %s\n", address, sums[file]
            next
        }
        print
    }' "$2" "$(dirname "$0")/../.krew.yaml"
