# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(as-printed mended)
taps=(web api coredns metrics outside)

web=10.244.1.10 api=10.244.1.11 coredns=10.244.1.53 metrics=10.244.1.54
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker web $web
	add_pod worker api $api
	add_pod worker coredns $coredns
	add_pod worker metrics $metrics
	# A host on the internet.
	add_pod worker outside 203.0.113.10

	# What kube-proxy does.
	in_pod worker nft -f - <<-NFT
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr 10.96.0.10 udp dport 53 dnat to $coredns:53
				ip daddr 10.96.0.10 tcp dport 53 dnat to $coredns:53
			}
		}
	NFT
}

# serve_http NAME PORT...
serve_http() {
	local name=$1 port
	shift
	for port; do
		serve "$name" /usr/bin/python3 -m http.server "$port" --directory "$lab_folder/www"
		listening "$name" tcp "$port"
	done
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve_http web 8080
	serve_http outside 443
	serve coredns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
		--pid-file= --local=/cluster.local/
	listening coredns udp 53
}

# See lab/pods.sh for what a line says. Where nobody listens, the refusal is the answer.
connections() {
	local w=default/web a=default/api n=kube-system/coredns m=kube-system/metrics
	cat <<-LIST
		web     dig-udp 10.96.0.10   53   $w $n UDP 53
		web     dig-udp $coredns     53   $w $n UDP 53
		web     dig-tcp 10.96.0.10   53   $w $n TCP 53
		web     udp     $metrics     53   $w $m UDP 53
		web     ping    $coredns     -    $w $n ICMP -
		web     tcp     203.0.113.10 443  $w 203.0.113.10 TCP 443
		web     tcp     203.0.113.10 80   $w 203.0.113.10 TCP 80
		web     udp     203.0.113.10 443  $w 203.0.113.10 UDP 443
		web     ping    203.0.113.10 -    $w 203.0.113.10 ICMP -
		web     udp     203.0.113.10 53   $w 203.0.113.10 UDP 53
		web     tcp     $api         443  $w $a TCP 443
		web     tcp     $metrics     443  $w $m TCP 443
		web     tcp     $api         8080 $w $a TCP 8080
		api     tcp     $web         8080 $a $w TCP 8080
		outside tcp     $web         8080 203.0.113.10 $w TCP 8080
		api     dig-udp 10.96.0.10   53   $a $n UDP 53
		api     tcp     203.0.113.10 80   $a 203.0.113.10 TCP 80
		web     tcp     172.18.0.2   9100 $w node/worker TCP 9100
		worker  tcp     $web         8080 node/worker $w TCP 8080
	LIST
}
