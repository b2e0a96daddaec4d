#!/bin/sh
# Every variant of every scenario: its compiled policy gives the bytes that its objects give, from
# replay in all its forms, list and eval, and is the same file when it is made again.
#
#	compiled.sh WEIR TRACES
set -u

weir=$1 traces=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0
compared=0

fail() {
	echo "$*"
	failed=1
}

# ask FILE POLICY... -- COMMAND [option...]: what it prints and how it exits, into FILE.
ask() {
	out=$1
	shift
	policies=
	while [ "$1" != -- ]; do
		policies="$policies -f $1"
		shift
	done
	shift
	command=$1
	shift
	# shellcheck disable=SC2086
	"$weir" "$command" $policies "$@" >"$out" 2>"$out.errors"
	echo "exit $?" >>"$out"
}

compare() {
	ask "$folder/objects" "$scenario/manifests" "$variant" -- "$@"
	ask "$folder/compiled" "$folder/policy.weir" -- "$@"
	grep -q '^exit [014]$' "$folder/objects" || fail "$variant: weir $*: $(tail -1 "$folder/objects")"
	cmp "$folder/objects" "$folder/compiled" || fail "$variant: weir $* differs"
	compared=$((compared + 1))
}

# Two questions for every pair of ends that the list names.
questions() {
	"$weir" list -f "$folder/policy.weir" --by pod -o csv | sed 1d | tr -d '"' |
		awk -F, '!/\// { next } { print "{\"from\": \"" $1 "\", \"to\": \"" $2 "\", \"protocol\": \"TCP\", \"port\": 80}"
			print "{\"from\": \"" $2 "\", \"to\": \"" $1 "\", \"protocol\": \"TCP\", \"port\": 5678}" }' |
		grep -v '/[0-9]*"' | sort -u
}

for scenario in "$traces"/*/; do
	scenario=${scenario%/}
	[ -d "$scenario/capture" ] || continue
	for expected in "$scenario"/expected-*.jsonl; do
		variant=${expected#"$scenario"/expected-}
		variant=$scenario/${variant%.jsonl}
		[ -d "$variant" ] || continue
		"$weir" compile -f "$scenario/manifests" -f "$variant" -o "$folder/policy.weir" 2>/dev/null ||
			fail "$variant: not compiled"
		"$weir" compile -f "$scenario/manifests" -f "$variant" -o "$folder/again.weir" 2>/dev/null
		cmp "$folder/policy.weir" "$folder/again.weir" || fail "$variant: other bytes"
		compare replay -r "$scenario/capture" -o jsonl
		compare replay -r "$scenario/capture" --live -o jsonl
		compare replay -r "$scenario/capture" --expect "$expected" --summary --stateless
		compare list -o json --nodes --by pod
		questions >"$folder/questions"
		compare eval --queries "$folder/questions"
	done
done
echo "$compared comparisons"
[ "$compared" -ge 250 ] || fail "too few comparisons"
exit $failed
