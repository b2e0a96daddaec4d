# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(1-open 2-block-all 3-within-prod 4-dev-to-prod 5-prod-to-qa 6-coredns)
nodes=(worker worker2)
taps=(prod1 prod2 dev1 worker2:dev2 worker2:qa1 qa2 coredns metrics outside)

prod1=100.102.231.4 prod2=100.102.231.7
dev1=100.102.231.5 dev2=100.118.47.197
qa1=100.118.47.198 qa2=100.102.231.6
coredns=100.102.231.2 metrics=100.102.231.3

build_cluster() {
	add_node worker 172.18.0.2
	add_node worker2 172.18.0.3
	link_nodes worker 172.18.0.2 100.102.231.0/26 worker2 172.18.0.3 100.118.47.192/26
	node_source=172.18.0.2
	add_pod worker prod1 $prod1
	add_pod worker prod2 $prod2
	add_pod worker dev1 $dev1
	add_pod worker qa2 $qa2
	add_pod worker coredns $coredns
	add_pod worker metrics $metrics
	node_source=172.18.0.3
	add_pod worker2 dev2 $dev2
	add_pod worker2 qa1 $qa1
	# A host on the internet.
	node_source=172.18.0.2
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

start_servers() {
	local pod
	mkdir -p "$lab_folder/www"
	for pod in prod1 prod2 dev2 qa1 qa2; do
		serve $pod /usr/bin/python3 -m http.server 8888 --directory "$lab_folder/www"
	done
	serve prod1 /usr/bin/python3 -m http.server 8080 --directory "$lab_folder/www"
	serve metrics /usr/bin/python3 -m http.server 9153 --directory "$lab_folder/www"
	serve outside /usr/bin/python3 -m http.server 443 --directory "$lab_folder/www"
	serve coredns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
		--pid-file= --local=/cluster.local/
	for pod in prod1 prod2 dev2 qa1 qa2; do
		listening $pod tcp 8888
	done
	listening prod1 tcp 8080
	listening metrics tcp 9153
	listening outside tcp 443
	listening coredns udp 53
}

# See lab/pods.sh for what a line says. The first twelve are the tutorial's pings.
connections() {
	local p1=prod/prod1 p2=prod/prod2 d1=dev/dev1 d2=dev/dev2 q1=qa/qa1 q2=qa/qa2
	local dns=kube-system/coredns server=kube-system/metrics-server
	cat <<-LIST
		prod1   ping    $dev1        -    $p1 $d1 ICMP -
		prod2   ping    $dev2        -    $p2 $d2 ICMP -
		prod1   ping    $qa1         -    $p1 $q1 ICMP -
		prod2   ping    $qa2         -    $p2 $q2 ICMP -
		dev1    ping    $qa1         -    $d1 $q1 ICMP -
		dev2    ping    $qa2         -    $d2 $q2 ICMP -
		dev1    ping    $prod1       -    $d1 $p1 ICMP -
		dev2    ping    $prod2       -    $d2 $p2 ICMP -
		qa1     ping    $prod1       -    $q1 $p1 ICMP -
		qa2     ping    $prod2       -    $q2 $p2 ICMP -
		qa1     ping    $dev1        -    $q1 $d1 ICMP -
		qa2     ping    $dev2        -    $q2 $d2 ICMP -
		prod1   ping    $prod2       -    $p1 $p2 ICMP -
		prod2   tcp     $prod1       8888 $p2 $p1 TCP 8888
		dev1    tcp     $dev2        8888 $d1 $d2 TCP 8888
		qa1     tcp     $qa2         8888 $q1 $q2 TCP 8888
		dev1    tcp     $prod1       8080 $d1 $p1 TCP 8080
		dev2    tcp     $prod2       8888 $d2 $p2 TCP 8888
		prod1   tcp     $qa1         8888 $p1 $q1 TCP 8888
		prod2   tcp     $qa2         8888 $p2 $q2 TCP 8888
		prod1   tcp     $qa2         8080 $p1 $q2 TCP 8080
		prod1   udp     $qa1         8888 $p1 $q1 UDP 8888
		dev1    tcp     $qa1         8888 $d1 $q1 TCP 8888
		qa1     tcp     $prod1       8888 $q1 $p1 TCP 8888
		prod1   dig-udp 10.96.0.10   53   $p1 $dns UDP 53
		prod2   dig-tcp 10.96.0.10   53   $p2 $dns TCP 53
		dev1    dig-udp 10.96.0.10   53   $d1 $dns UDP 53
		prod1   tcp     $coredns     9153 $p1 $dns TCP 9153
		prod1   ping    $coredns     -    $p1 $dns ICMP -
		prod1   tcp     $metrics     9153 $p1 $server TCP 9153
		prod1   tcp     $metrics     4443 $p1 $server TCP 4443
		prod1   tcp     203.0.113.10 443  $p1 203.0.113.10 TCP 443
		coredns ping    $prod1       -    $dns $p1 ICMP -
		coredns ping    203.0.113.10 -    $dns 203.0.113.10 ICMP -
		worker  ping    $prod1       -    node/worker $p1 ICMP -
		worker2 ping    $prod1       -    node/worker2 $p1 ICMP -
		worker2 ping    $dev2        -    node/worker2 $d2 ICMP -
	LIST
}
