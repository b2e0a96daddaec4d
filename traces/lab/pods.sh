# Pods as network namespaces: what every scenario's capture.sh and verify.sh share.
#
# A node is a namespace that routes; each pod is a namespace with a /32 address, or a /128 one or both,
# and a veth to its node, whose end there has the pod's name. Everything is named after this
# process and goes with it. Traffic never leaves these namespaces.
#
# A scenario is a folder with manifests/, a folder of policies for each variant, capture/, and for
# each variant expected-VARIANT.jsonl and nftables/VARIANT.nft, and unseen-VARIANT.jsonl where the capture
# does not tell all that happens. Its scenario.sh sets
#
#	variants    the names of the variants
#	nodes       the nodes, if there are others than `worker`: verify.sh loads the rules, a table
#	            `policies` of any family, into each
#	stateless   the variants that are judged packet by packet, if any: a connection comes about there
#	            only where the row of its answers, to and from exchanged and without a port, allows too
#	taps        the veths of node `worker` (or node:veth) at which capture.sh listens
#	build_cluster, start_servers    functions that use those below
#	connections    a function that prints a line for each connection to make: the client, how it
#	               asks (try, below), whom, the port or -, and then the connection as policies see
#	               it: from, to, protocol and port of its row in expected-VARIANT.jsonl; at the end
#	               the protocol of the answers if it is another

lab=weir$$
lab_programs=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
lab_servers=()
nodes=(worker)
stateless=()

lab_fail() {
	echo "$0: $*" >&2
	exit 1
}

# Leaves with 77, which test runners count as skipped, where namespaces or nftables are refused.
lab_require() {
	local tool
	[ "$(id -u)" -eq 0 ] || {
		echo "SKIPPED: network namespaces need root"
		exit 77
	}
	for tool in ip nft tcpdump dnsmasq nginx ping dig /usr/bin/python3; do
		command -v "$tool" >/dev/null || {
			echo "SKIPPED: $tool is not installed"
			exit 77
		}
	done
	ip netns add "$lab-probe" 2>/dev/null || {
		echo "SKIPPED: this kernel refuses network namespaces"
		exit 77
	}
	ip netns exec "$lab-probe" nft add table ip probe 2>/dev/null || {
		ip netns delete "$lab-probe"
		echo "SKIPPED: this kernel refuses nftables"
		exit 77
	}
	ip netns delete "$lab-probe"
}

# Namespaces of labs whose process is gone.
lab_sweep() {
	local name pid
	for name in $(ip netns list | sed -n 's/^\(weir[0-9][0-9]*-[^ ]*\).*/\1/p'); do
		pid=${name#weir}
		pid=${pid%%-*}
		[ -d "/proc/$pid" ] || ip netns delete "$name" 2>/dev/null
	done
}

lab_end() {
	local name
	for name in "${lab_servers[@]}"; do
		kill -KILL "$name" 2>/dev/null
	done
	wait "${lab_servers[@]}" 2>/dev/null
	for name in $(ip netns list | sed -n "s/^\($lab-[^ ]*\).*/\1/p"); do
		ip netns delete "$name"
	done
	rm -rf "$lab_folder"
}

lab_begin() {
	lab_require
	lab_sweep
	lab_folder=$(mktemp -d)
	trap lab_end EXIT
	trap 'exit 130' INT TERM
}

# in_pod NAME COMMAND...: also for nodes.
in_pod() {
	local name=$1
	shift
	ip netns exec "$lab-$name" "$@"
}

add_namespace() {
	ip netns add "$lab-$1" || lab_fail "cannot add a namespace"
	in_pod "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	in_pod "$1" ip link set lo up
}

# Only devices that are given an IPv6 address speak IPv6, and nothing of their own accord: no address
# but those given, no duplicate address detection, no router solicitations.
speak_ipv6() {
	in_pod "$1" sysctl -qw "net.ipv6.conf.$2.addr_gen_mode=1" "net.ipv6.conf.$2.accept_dad=0" \
		"net.ipv6.conf.$2.router_solicitations=0" "net.ipv6.conf.$2.accept_ra=0" \
		"net.ipv6.conf.$2.disable_ipv6=0"
}

# add_address NAME DEVICE ADDRESS
add_address() {
	case $3 in
	*:*)
		speak_ipv6 "$1" "$2"
		in_pod "$1" ip address add "$3/128" dev "$2" nodad
		;;
	*) in_pod "$1" ip address add "$3/32" dev "$2" ;;
	esac
}

# add_node NAME ADDRESS [more addresses]: a router; the addresses are those that probes of its pods
# come from.
add_node() {
	local node=$1 address
	shift
	add_namespace "$node"
	in_pod "$node" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv6.conf.all.forwarding=1
	for address; do
		add_address "$node" lo "$address"
	done
	# The gateway of every pod: the node answers for it on each veth. That of IPv6 is fe80::1.
	in_pod "$node" ip address add 169.254.1.1/32 dev lo scope link
}

# route_pod NODE NAME ADDRESS: between a pod's address and its node. What the pod sends comes from its
# first address of the family.
route_pod() {
	local family=-4 length=32 gateway=169.254.1.1 source=${node_source:-}
	case $3 in
	*:*)
		family=-6 length=128 gateway=fe80::1 source=${node_source6:-}
		speak_ipv6 "$1" "$2"
		in_pod "$1" ip address replace fe80::1/64 dev "$2" nodad
		;;
	esac
	in_pod "$1" ip $family route add "$3/$length" dev "$2" ${source:+src "$source"}
	[ -n "$(in_pod "$2" ip $family route show default)" ] ||
		in_pod "$2" ip $family route add default via $gateway dev eth0 onlink src "$3"
}

# connect_pod NODE NAME: the veth between them. Whoever wants something else there defines another.
connect_pod() {
	ip link add "$2" netns "$lab-$1" type veth peer name eth0 netns "$lab-$2"
}

# add_pod NODE NAME ADDRESS [more addresses]: everything that is not the pod's goes to its node.
add_pod() {
	local node=$1 name=$2 address
	shift 2
	add_namespace "$name"
	connect_pod "$node" "$name"
	in_pod "$node" ip link set "$name" up
	in_pod "$name" ip link set eth0 up
	for address; do
		add_address "$name" eth0 "$address"
		route_pod "$node" "$name" "$address"
	done
}

# link_nodes NODE ADDRESS BLOCK OTHER ADDRESS BLOCK: the network between two nodes; a block is that
# node's addresses of pods.
link_nodes() {
	ip link add "to-$4" netns "$lab-$1" type veth peer name "to-$1" netns "$lab-$4"
	in_pod "$1" ip link set "to-$4" up
	in_pod "$4" ip link set "to-$1" up
	in_pod "$1" ip route add "$5/32" dev "to-$4" src "$2"
	in_pod "$4" ip route add "$2/32" dev "to-$1" src "$5"
	in_pod "$1" ip route add "$6" via "$5" dev "to-$4" onlink src "$2"
	in_pod "$4" ip route add "$3" via "$2" dev "to-$1" onlink src "$5"
}

# serve NAME COMMAND...: in the background until the lab ends.
serve() {
	local name=$1
	shift
	ip netns exec "$lab-$name" "$@" >"$lab_folder/$name.log" 2>&1 &
	lab_servers+=($!)
}

# listening NAME tcp|udp PORT: waits until the port is open, at most 5 s.
listening() {
	local try
	for try in $(seq 50); do
		in_pod "$1" ss -Hln --"$2" "sport = :$3" | grep -q . && return
		sleep 0.1
	done
	cat "$lab_folder/$1.log" >&2
	lab_fail "nothing listens on $2 port $3 of $1"
}

# try CLIENT HOW ADDRESS PORT SECONDS: 0 when the other side answers, also with a refusal. HOW is
# tcp, udp, sctp, ping, dig-udp, dig-tcp, tcp-name: what the cluster's DNS says that ADDRESS, a name, is;
# or neighbour: the gateway of IPv6 tells its link-layer address, when it is needed for a ping of ADDRESS.
try() {
	local address
	case $2 in
	dig-udp) in_pod "$1" dig +notcp +tries=1 +time="$5" -p "$4" "@$3" weir.cluster.local A >/dev/null ;;
	dig-tcp) in_pod "$1" dig +tcp +tries=1 +time="$5" -p "$4" "@$3" weir.cluster.local A >/dev/null ;;
	neighbour)
		in_pod "$1" ip neighbour flush dev eth0
		in_pod "$1" ping -q -c 1 -W "$5" "$3" >/dev/null
		in_pod "$1" ip neighbour show fe80::1 dev eth0 | grep -q lladdr
		;;
	ping) in_pod "$1" ping -q -c 2 -i 0.2 -W "$5" "$3" >/dev/null ;;
	sctp) in_pod "$1" /usr/bin/python3 "$lab_programs/sctp.py" connect "$3" "$4" "$5" || [ $? -eq 3 ] ;;
	tcp-name)
		address=$(in_pod "$1" dig +short +tries=1 +time="$5" @10.96.0.10 "$3" A) && [ -n "$address" ] &&
			try "$1" tcp "$address" "$4" "$5"
		;;
	tcp | udp) in_pod "$1" /usr/bin/python3 "$lab_programs/connect.py" "$2" "$3" "$4" "$5" || [ $? -eq 3 ] ;;
	*) lab_fail "no such way to ask: $2" ;;
	esac
}
