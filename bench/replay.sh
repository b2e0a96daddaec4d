#!/usr/bin/env bash
# The time that weir replay takes, beside tcpdump reading and copying the same trace.
#
#	bench/replay.sh [-n RUNS] [-p PACKETS] [BUILD]
#
# Makes a cluster of 10,000 pods and 800 policies, and a trace of 5 million small packets of 100,000
# flows, then of a million flows, all interleaved. Runs in turn `weir replay --summary` with one thread
# and with one for every processor, and `tcpdump -r TRACE -w /dev/null`, with the trace in the page
# cache; the first turn is not counted. Prints medians, and of the ratios of each turn the median and
# the range; of one thread also that of processor times, which other work on the machine disturbs less.
# What compiling the manifests takes, which is part of weir's time, is timed apart, as a replay of an
# empty trace. What weir counts is compared with what tcpdump counts before anything is
# timed.
set -euo pipefail

runs=7 packets=5000000
while getopts n:p: option; do
	case $option in
	n) runs=$OPTARG ;;
	p) packets=$OPTARG ;;
	*) sed -n '4,4s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=${1:-build/release}
weir=$build/cli/weir
input=$build/bench/weir-bench-replay-input
pods=10000 policies=800

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

TIMEFORMAT='%R %U %S'
# seconds COMMAND...: how long it took and how much of a processor's time, without what it prints
seconds() {
	{ time "$@" >/dev/null 2>"$folder/error"; } 2>"$folder/time" || {
		cat "$folder/error" >&2
		exit 1
	}
	awk '{ print $1, $2 + $3 }' "$folder/time"
}

replay() { # THREADS TRACE
	seconds "$weir" replay -f "$folder/cluster.yaml" --summary --threads "$1" -r "$2"
}

copy() { # TRACE
	seconds tcpdump -r "$1" -w /dev/null
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
processors=$(nproc)
echo "| packets | flows | manifests | 1 thread | $processors threads | tcpdump | tcpdump / 1 thread | tcpdump / $processors threads | processor time, tcpdump / 1 thread |"
echo "|---|---|---|---|---|---|---|---|---|"
for flows in 100000 1000000; do
	"$input" trace $pods "$packets" "$flows" >"$folder/trace.pcap"
	check_count "$folder/trace.pcap"
	: >"$folder/times"
	for ((run = 0; run <= runs; run++)); do
		one=$(replay 1 "$folder/trace.pcap")
		all=$(replay "$processors" "$folder/trace.pcap")
		load=$(replay 1 "$folder/empty.pcap")
		theirs=$(copy "$folder/trace.pcap")
		[ "$run" -eq 0 ] || awk -v one="$one" -v all="$all" -v load="$load" -v theirs="$theirs" \
			'BEGIN { split(one, a); split(all, b); split(load, c); split(theirs, d)
				print c[1], a[1], b[1], d[1], d[1] / a[1], d[1] / b[1], d[2] / a[2] }' >>"$folder/times"
	done
	printf '| %d | %d ' "$packets" "$flows"
	for column in 1 2 3 4; do
		read -r _ median _ < <(of $column)
		printf '| %.2f s ' "$median"
	done
	for column in 5 6 7; do
		read -r least median most < <(of $column)
		printf '| %.2f (%.2f-%.2f) ' "$median" "$least" "$most"
	done
	echo '|'
done
