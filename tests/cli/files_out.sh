#!/bin/sh
# T23, files out, over every bundled capture: what weir counts and writes is what tcpdump counts and
# reads, with tcpdump and tshark as readers that are not ours.
#
#	files_out.sh WEIR TRACES
set -u

weir=$1 traces=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0
checked=0

command -v tcpdump >/dev/null || {
	echo "SKIPPED: tcpdump is not installed, so nobody compares what weir writes"
	exit 77
}
command -v tshark >/dev/null || echo "tshark is not installed: comments are not read back"

fail() {
	echo "$*"
	failed=1
}

# Packets of a file, as tcpdump counts them.
count() {
	tcpdump --count -r "$1" 2>/dev/null | sed -n 's/ packets*$//p'
}

# Records of a file behind its header, with nanoseconds.
records() {
	tcpdump -r "$1" --time-stamp-precision=nano -w - 2>/dev/null | tail -c +25
}

# number NAME: a number of the summary.
number() {
	grep -o "\"$1\": [0-9]*" "$folder/summary" | head -1 | sed 's/.* //'
}

replay() {
	rm -f "$folder"/out.* "$folder"/allowed.* "$folder"/denied.*
	"$weir" replay -f "$scenario/manifests" -f "$policies" "$@" --summary -o jsonl \
		>"$folder/summary" || fail "$*: weir failed"
}

# The same trace out as pcapng and as pcap; $1 is the number of packets that went in.
compare() {
	[ "$(number packets)" -eq "$1" ] || fail "$scenario: $(number packets) packets, tcpdump says $1"
	[ "$(count "$folder/out.$2")" -eq "$1" ] || fail "$scenario: -w .$2 has not $1 packets"
	[ "$(count "$folder/allowed.$2")" -eq "$(number allowed)" ] || fail "$scenario: --allowed .$2"
	[ "$(count "$folder/denied.$2")" -eq "$(number denied)" ] || fail "$scenario: --denied .$2"
}

comments() {
	grep -c "^weir: $1" "$folder/comments"
}

for scenario in "$traces"/*/; do
	scenario=${scenario%/}
	[ -d "$scenario/capture" ] || continue
	for policies in "$scenario"/*/; do
		[ -e "$scenario/expected-$(basename "$policies").jsonl" ] &&
			ls "$policies"*.yaml >/dev/null 2>&1 && break
	done
	total=0
	for capture in "$scenario"/capture/*; do
		in=$(count "$capture")
		total=$((total + in))
		replay -r "$capture" -w "$folder/out.pcap"
		[ "$(number packets)" -eq "$in" ] || fail "$capture: $(number packets) packets, tcpdump says $in"
		records "$capture" >"$folder/before"
		tail -c +25 "$folder/out.pcap" >"$folder/after"
		cmp -s "$folder/before" "$folder/after" || fail "$capture: other packets came out"
		checked=$((checked + 1))
	done
	for format in pcapng pcap; do
		replay -r "$scenario/capture" -w "$folder/out.$format" \
			--allowed "$folder/allowed.$format" --denied "$folder/denied.$format"
		compare "$total" "$format"
	done
	replay -r "$scenario/capture" -w "$folder/out.pcapng"
	if command -v tshark >/dev/null; then
		tshark -r "$folder/out.pcapng" -T fields -e frame.comment >"$folder/comments" 2>/dev/null
		[ "$(comments .)" -eq "$total" ] || fail "$scenario: comments"
		[ "$(comments allow)" -eq "$(number allowed)" ] || fail "$scenario: allow"
		[ "$(comments deny)" -eq "$(number denied)" ] || fail "$scenario: deny"
	fi
	# what weir wrote, read and written again, is the same file
	mv "$folder/out.pcapng" "$folder/again.pcapng"
	replay -r "$folder/again.pcapng" -w "$folder/out.pcapng"
	cmp -s "$folder/again.pcapng" "$folder/out.pcapng" || fail "$scenario: written twice differs"
done
echo "$checked captures"
[ "$checked" -gt 50 ] || fail "too few captures"
exit $failed
