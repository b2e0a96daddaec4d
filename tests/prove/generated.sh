#!/bin/sh
# Every bundled scenario, and clusters from seeds that mix every feature, are proven.
#
#	generated.sh WEIR TRACES SMALL LARGE
#
# SMALL clusters of 70 pods and LARGE ones of 1050. Seeds whose cluster lacks a feature are passed over.
set -u

weir=$1 traces=$2 small=$3 large=$4
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0
proven=0

# prove NAME -f PATH...
prove() {
	name=$1
	shift
	if "$weir" check "$@" --prove >"$folder/out" 2>"$folder/errors" &&
		grep -q 'headers judged otherwise *0$' "$folder/out"; then
		proven=$((proven + 1))
		return
	fi
	echo "$name is not proven:"
	grep -A9 'weir check:' "$folder/errors"
	failed=1
}

# has_all FILE: whether each feature is in it.
has_all() {
	for word in ipBlock: except: endPort: 'fd' namespaceSelector: podSelector: matchLabels: NotIn \
		Exists DoesNotExist 'hostNetwork: true' podCIDRs: SCTP UDP 'tier: Admin' \
		'tier: Baseline' 'action: Accept' 'action: Deny' 'action: Pass' namespaces: nodes: \
		networks: domainNames: destinationNamedPort:; do
		grep -q "$word" "$1" || return 1
	done
}

# generate COUNT FIRST_SEED OPTION...
generate() {
	left=$1 seed=$2 last=$(($2 + 20 * $1))
	shift 2
	while [ "$left" -gt 0 ]; do
		if [ "$seed" -gt "$last" ]; then
			echo "$left clusters with every feature are missing"
			failed=1
			return
		fi
		"$weir" gen cluster --mix everything --port-specs 4 --sctp-ports 30% \
			--seed "$seed" "$@" -o "$folder/cluster.yaml" || failed=1
		if has_all "$folder/cluster.yaml"; then
			prove "seed $seed, $*" -f "$folder/cluster.yaml"
			left=$((left - 1))
		fi
		seed=$((seed + 1))
	done
}

for scenario in "$traces"/*/; do
	for variant in "$scenario"*/; do
		case $variant in
		*/manifests/ | */capture/ | */nftables/) continue ;;
		esac
		[ -d "$scenario/manifests" ] || continue
		# What a tutorial printed and no API server accepts is no policy.
		"$weir" check -f "$scenario/manifests" -f "$variant" >"$folder/out" 2>&1 || continue
		prove "$variant" -f "$scenario/manifests" -f "$variant"
	done
done
generate "$small" 1 --pods 70 --tiers 14 --policies 14 --host-network 15%
generate "$large" 1001 --pods 1050 --tiers 8
echo "$proven proven"
[ "$failed" -eq 0 ]
