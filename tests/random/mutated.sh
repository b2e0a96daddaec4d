#!/bin/sh
# The weir command on saved policies with lies in them, of those that open: whatever it prints of
# them, it ends with an exit code of its own.
#
#	mutated.sh WEIR MUTATED MAKE_TRACE TRACE COUNT
set -u

weir=$1 mutated=$2 make_trace=$3 trace=$4 count=$5
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
ASAN_OPTIONS=${ASAN_OPTIONS:-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:halt_on_error=1:exitcode=99
export ASAN_OPTIONS UBSAN_OPTIONS
failed=0
ran=0

# ask OPTION...: codes 0 to 4 are weir's own.
ask() {
	"$weir" "$@" >"$folder/out" 2>"$folder/errors"
	code=$?
	ran=$((ran + 1))
	[ "$code" -le 4 ] && ! grep -q 'contradicts itself' "$folder/errors" && return
	echo "weir $*: exit $code"
	cat "$folder/errors"
	cp "$policy" "${MESON_BUILD_ROOT:-/tmp}/" && echo "kept in ${MESON_BUILD_ROOT:-/tmp}"
	failed=1
}

mkdir "$folder/kept"
"$mutated" --count "$count" --seed 9 --keep "$folder/kept" >/dev/null || exit 1
"$make_trace" <"$trace" >"$folder/trace.pcap" || exit 1
for policy in "$folder"/kept/*.weir; do
	ask list -f "$policy" --by pod --nodes -o csv
	sed -n '2,9s/"//g; 2,9s/\([^,]*\),\([^,]*\),.*/{"from": "\1", "to": "\2", "protocol": "TCP", "port": 80}/p' \
		"$folder/out" >"$folder/questions"
	ask eval -f "$policy" --queries "$folder/questions"
	ask eval -f "$policy" --from 10.0.0.1 --to 10.0.1.2 --port 80
	ask list -f "$policy" -o wide
	ask replay -f "$policy" -r "$folder/trace.pcap" -o jsonl
	ask replay -f "$policy" -r "$folder/trace.pcap" --live -o json
done
echo "$ran runs"
[ "$ran" -gt "$count" ] || {
	echo "too few of the policies open"
	failed=1
}
exit $failed
