#!/bin/sh
# Every bundled scenario, and clusters from seeds that mix every feature, are proven.
#
#	generated.sh WEIR TRACES SMALL LARGE
#
# SMALL clusters of 60 pods and LARGE ones of 1050.
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

# generate SEED PODS
generate() {
	"$weir" gen cluster --mix everything --port-specs 4 --seed "$1" --pods "$2" \
		-o "$folder/cluster.yaml" || failed=1
	prove "seed $1 of $2 pods" -f "$folder/cluster.yaml"
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
seed=1
while [ "$seed" -le $((small + large)) ]; do
	if [ "$seed" -le "$small" ]; then
		generate "$seed" 60
	else
		generate "$seed" 1050
	fi
	seed=$((seed + 1))
done
echo "$proven proven"
[ "$failed" -eq 0 ]
