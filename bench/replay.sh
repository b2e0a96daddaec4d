#!/usr/bin/env bash
# The time that weir replay takes, beside tcpdump reading and copying the same trace.
#
#	bench/replay.sh [-n RUNS] [-p PACKETS] [BUILD]
#
# Makes a cluster of 10,000 pods and 800 policies, and a trace of 5 million small packets of 100,000
# flows, then of a million flows, all interleaved. Runs `weir replay --summary` and `tcpdump -r
# TRACE -w /dev/null` in turn, on one core each, with the trace in the page cache; the first turn is
# not counted. Prints the median of each, and median and range of the ratio of each pair. What
# compiling the manifests takes, which is part of weir's time, is timed apart: a replay of an empty
# trace. Counts are compared with tcpdump's before anything is timed.
set -euo pipefail

runs=7 packets=5000000
while getopts n:p: option; do
	case $option in
	n) runs=$OPTARG ;;
	p) packets=$OPTARG ;;
	*) sed -n '2,4s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=${1:-build/release}
weir=$build/cli/weir
input=$build/bench/weir-bench-replay-input
pods=10000 policies=800

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# seconds COMMAND...: how long it took, without what it prints
seconds() {
	local before=$EPOCHREALTIME
	"$@" >/dev/null 2>"$folder/error" || { cat "$folder/error" >&2 && exit 1; }
	echo "$before $EPOCHREALTIME" | awk '{ printf "%.4f\n", $2 - $1 }'
}

replay() { # TRACE [OPTION...]
	seconds taskset -c 0 "$weir" replay -f "$folder/cluster.yaml" --summary -r "$@"
}

copy() { # TRACE
	seconds taskset -c 0 tcpdump -r "$1" -w /dev/null
}

# of COLUMN: its least, median and greatest value
of() {
	cut -d ' ' -f "$1" "$folder/times" | sort -n | awk '
		{ all[NR] = $1 }
		END { printf "%.3f %.3f %.3f\n", all[1], all[int((NR + 1) / 2)], all[NR] }'
}

check_count() { # TRACE: weir counts what tcpdump counts
	local weirs tcpdumps
	weirs=$("$weir" replay -f "$folder/cluster.yaml" --summary -r "$1" | awk 'NR == 1 { print $2 }')
	tcpdumps=$(tcpdump -r "$1" --count 2>/dev/null | awk '{ print $1 }')
	[ "$weirs" = "$tcpdumps" ] || { echo "weir counts $weirs packets, tcpdump $tcpdumps" >&2 && exit 1; }
}

"$input" cluster $pods $policies >"$folder/cluster.yaml"
"$input" trace $pods 0 1 >"$folder/empty.pcap"
echo "| packets | flows | weir replay | of it manifests | tcpdump -w /dev/null | tcpdump / weir | without manifests |"
echo "|---|---|---|---|---|---|---|"
for flows in 100000 1000000; do
	"$input" trace $pods "$packets" "$flows" >"$folder/trace.pcap"
	check_count "$folder/trace.pcap"
	: >"$folder/times"
	for ((run = 0; run <= runs; run++)); do
		ours=$(replay "$folder/trace.pcap")
		load=$(replay "$folder/empty.pcap")
		theirs=$(copy "$folder/trace.pcap")
		[ "$run" -eq 0 ] || awk -v a="$ours" -v b="$load" -v c="$theirs" \
			'BEGIN { print a, b, c, c / a, c / (a - b) }' >>"$folder/times"
	done
	read -r _ ours _ < <(of 1)
	read -r _ load _ < <(of 2)
	read -r _ theirs _ < <(of 3)
	read -r least ratio most < <(of 4)
	read -r least_bare bare most_bare < <(of 5)
	printf '| %d | %d | %.2f s | %.2f s | %.2f s | %.2f (%.2f-%.2f) | %.2f (%.2f-%.2f) |\n' "$packets" "$flows" \
		"$ours" "$load" "$theirs" "$ratio" "$least" "$most" "$bare" "$least_bare" "$most_bare"
done
