#!/bin/sh
# run.sh GATE EXPECTED CASE [FUNCTION]: counts the instructions that FUNCTION and what it calls take in
# CASE, and fails when they are over the count in EXPECTED by more than 2 %. Without FUNCTION the count
# is a size, which CASE prints. Fewer is a success that asks for a new count. Never a time: the same on
# a busy machine and an idle one.
set -u
gate=$1 expected=$2 case=$3 function=${4-}

count_instructions() {
	command -v valgrind >/dev/null || {
		echo "SKIPPED: valgrind is not installed"
		exit 77
	}
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
		--toggle-collect="$function" "$gate" "$case" >"$out" 2>&1
	status=$?
	[ $status -eq 77 ] && {
		echo "SKIPPED: this machine has no $case"
		exit 77
	}
	count=$(sed -n 's/^==[0-9]*== Collected : \([0-9]*\).*/\1/p' "$out")
	unit=instructions
}

print_size() {
	"$gate" "$case" >"$out" 2>&1
	status=$?
	count=$(cat "$out")
	unit=bytes
}

out=$(mktemp)
trap 'rm -f "$out"' EXIT
if [ "$function" ]; then
	count_instructions
else
	print_size
fi
[ $status -eq 0 ] && [ -n "$count" ] && [ "$count" -gt 0 ] || {
	cat "$out"
	exit 1
}
want=$(sed -n "s/^$case \([0-9]*\)$/\1/p" "$expected")
echo "$case: $count $unit, expected $want"
[ -n "$want" ] || exit 1
if [ "$count" -gt $((want + want / 50)) ]; then
	echo "more: if this is meant, say why in the commit that changes $expected"
	exit 1
fi
[ "$count" -ge $((want - want / 50)) ] || echo "less: write the new count into $expected"
