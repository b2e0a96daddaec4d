#!/bin/sh
# A compiled file is proven as it lies, mapped: by the objects that it was made from it holds, by
# others it does not; with any number of threads.
#
#	compiled.sh WEIR
set -u

weir=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

# expect CODE WHAT COMMAND...
expect() {
	code=$1 what=$2
	shift 2
	"$@" >"$folder/out" 2>"$folder/errors"
	got=$?
	[ "$got" -eq "$code" ] && return
	echo "$what: exit $got, not $code"
	grep -A9 'weir check:' "$folder/errors"
	failed=1
}

for threads in 1 3; do
	for switches in "" "--own-node policy --ipblock-pods ignore --other-protocols deny"; do
		for seed in 1 2; do
			"$weir" gen cluster --mix everything --port-specs 4 --seed $seed --pods 60 \
				-o "$folder/$seed.yaml"
			# shellcheck disable=SC2086
			"$weir" compile -f "$folder/$seed.yaml" $switches -o "$folder/$seed.weir" \
				2>/dev/null || failed=1
		done
		expect 0 "its own objects" "$weir" check -f "$folder/1.yaml" --prove \
			--threads $threads --compiled "$folder/1.weir"
		cp "$folder/out" "$folder/holds-$threads"
		expect 1 "other objects" "$weir" check -f "$folder/2.yaml" --prove \
			--threads $threads --compiled "$folder/1.weir"
		sed -n '/by the objects/,$p' "$folder/errors" >"$folder/differs-$threads"
		expect 0 "a compressed file" sh -c "gzip -c $folder/1.weir >$folder/1.gz
			$weir check -f $folder/1.yaml --prove --compiled $folder/1.gz"
	done
done
for what in holds differs; do
	cmp "$folder/$what-1" "$folder/$what-3" || failed=1
done
[ "$failed" -eq 0 ]
