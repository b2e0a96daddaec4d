#!/usr/bin/env bash
# scenario.sh WEIR SCENARIO af_packet|af_xdp CHANGED: a scenario of traces/ live. Its pods, servers and
# connections are those that traces/lab builds, but between each pod and its node, in a namespace `wire`,
# is weir run, whose ports the two ends are. A connection between pods passes twice.
#
# Of every variant, the connections come about that its expectations allow, and the others do not; from one to
# the next weir run reads its policies again. What it counts is what tcpdump saw at the ends. Where a
# policy changes under open connections, --at-change decides: CHANGED is a client, an address and a port
# that the last variant allows and the one before it does not, and a client, an address and a port that both allow.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
weir=$(readlink -f "$1") kind=$3 changed=($4)
. "$here/../../traces/lab/pods.sh"
. "$lab_programs/attempts.sh"
cd "$2" || exit 2
. ./scenario.sh

ports=()
run=0

# What is in front of weir's ports leaves no checksum to hardware.
connect_pod() {
	ip link add "$2" netns "$lab-$1" type veth peer name "$2-node" netns "$lab-wire"
	ip link add "$2-pod" netns "$lab-wire" type veth peer name eth0 netns "$lab-$2"
	in_pod wire ip link set "$2-node" up
	in_pod wire ip link set "$2-pod" up
	in_pod "$1" /usr/bin/python3 "$here/checksums.py" "$2"
	in_pod "$2" /usr/bin/python3 "$here/checksums.py" eth0
	ports+=("$2-pod" "$2-node")
	ends+=("$1 $2 $2-node" "$2 eth0 $2-pod")
}

# Weir takes addresses as they are, so pods translate those of services themselves; what a node translates for
# who comes from outside, it does.
translate_in_pods() {
	local port pod
	for port in "${ports[@]}"; do
		pod=${port%-pod}
		[ "$pod" != "$port" ] && [ "$pod" != outside ] || continue
		in_pod worker nft list chain ip services prerouting |
			sed '/masquerade\|mark/d; s/hook prerouting/hook output/; s/priority dstnat/priority -100/' |
			in_pod "$pod" nft -f - || lab_fail "pods cannot translate addresses"
	done
}

# use VARIANT: its policies are the ones that weir run looks at.
use() {
	cp "$1"/*.yaml "$lab_folder/policies/"
}

await() { # await WORDS FILE
	local try
	for try in $(seq 100); do
		grep -q -- "$1" "$2" && return
		sleep 0.1
	done
	cat "$2" >&2
	lab_fail "waited in vain for '$1'"
}

# Becomes weir run, so that signals reach it.
become_run() {
	local i eal devices=()
	for i in "${!ports[@]}"; do
		devices+=("--vdev=net_$kind$i,iface=${ports[i]}")
	done
	read -ra eal < <(cd "$here" && /usr/bin/python3 -c 'from fastpath import EAL, lcores; print(*EAL, *lcores(1))')
	exec ip netns exec "$lab-wire" "$weir" run -o json -f manifests -f "$lab_folder/policies" "$@" -- \
		"${eal[@]}" --no-telemetry "${devices[@]}"
}

begin_run() {
	become_run "$@" >"$lab_folder/report" 2>"$lab_folder/run.log" &
	run=$!
	lab_servers+=($run)
	await ready "$lab_folder/run.log"
}

end_run() {
	kill -TERM $run
	wait $run || {
		cat "$lab_folder/run.log" >&2
		lab_fail "weir run fails"
	}
}

change_to() {
	: >"$lab_folder/run.log"
	use "$1"
	kill -HUP $run
	await 'a new policy is in force' "$lab_folder/run.log"
}

begin_dumps() {
	local name device port
	dumps=()
	for end in "${ends[@]}"; do
		read -r name device port <<<"$end"
		in_pod "$name" cat "/sys/class/net/$device/address" >"$lab_folder/$port.mac"
		ip netns exec "$lab-$name" tcpdump -i "$device" -B 16384 -s 2048 --immediate-mode -Z root -w "$lab_folder/$port.pcap" \
			2>"$lab_folder/$port.tcpdump" &
		dumps+=($!)
		lab_servers+=($!)
	done
	for end in "${ends[@]}"; do
		await 'listening on' "$lab_folder/${end##* }.tcpdump"
	done
}

end_dumps() {
	kill -TERM "${dumps[@]}"
	wait "${dumps[@]}"
}

# hold CLIENT ADDRESS PORT NAME: a connection that is used once more when NAME.go is there.
hold() {
	in_pod "$1" /usr/bin/python3 "$here/hold.py" "$2" "$3" "$lab_folder/$4" >"$lab_folder/$4.held" 2>&1 &
	lab_servers+=($!)
	await open "$lab_folder/$4.held"
}

# at_change HOW WANTED: what becomes of the connection that the new policy does not allow.
at_change() {
	local last=${variants[-1]} before=${variants[-2]} got
	use "$last"
	begin_run --at-change "$1"
	hold "${changed[@]:0:3}" changed
	hold "${changed[@]:3:3}" spared
	change_to "$before"
	touch "$lab_folder/changed.go" "$lab_folder/spared.go"
	for name in changed spared; do
		await 'goes on\|has ended' "$lab_folder/$name.held"
	done
	got="$(tail -1 "$lab_folder/changed.held"), $(tail -1 "$lab_folder/spared.held")"
	[ "$got" = "$2, goes on" ] || {
		echo "--at-change $1: $got; expected $2, goes on"
		wrong=$((wrong + 1))
	}
	rm -f "$lab_folder"/*.go
	end_run
}

ends=()
lab_begin
add_namespace wire
build_cluster
translate_in_pods
start_servers
connections >"$lab_folder/connections"
mkdir "$lab_folder/policies"
judge="weir run"

policed=()
for variant in "${variants[@]}"; do
	compgen -G "$variant/*.yaml" >/dev/null && policed+=("$variant")
done
variants=("${policed[@]}")
use "${variants[0]}"
begin_run
begin_dumps
for variant in "${variants[@]}"; do
	[ "$variant" = "${variants[0]}" ] || change_to "$variant"
	attempt_all "$variant"
	compare_all "$variant"
done
sleep 0.5
end_dumps
end_run
/usr/bin/python3 "$here/tally.py" "$lab_folder" || wrong=$((wrong + 1))
at_change revalidate 'has ended'
at_change keep 'goes on'
at_change flush 'has ended'
echo "$right connections as expected, $wrong wrong"
[ $wrong -eq 0 ]
