# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(tunnel no-tunnel)
nodes=(worker worker2)
# The last is the network between the nodes.
taps=(client stranger router-a worker2:server worker2:router-b to-worker2)

client=10.244.1.10 stranger=10.244.1.11 server=10.244.2.20 router_a=10.244.1.30 router_b=10.244.2.31

# overlay NODE ADDRESS OTHER ADDRESS BLOCK: one node's end of the VXLAN that its pods reach the other's
# through: block, with the port that Linux had before there was a number.
overlay() {
	in_pod "$1" ip link add overlay type vxlan id 1 dstport 8472 dev "to-$3" local "$2" remote "$4" || {
		echo "SKIPPED: this kernel has no VXLAN"
		exit 77
	}
	in_pod "$1" ip link set overlay up
	in_pod "$1" ip route replace "$5" via "$4" dev overlay onlink src "$2"
}

# A tunnel that a pod makes itself, to another pod.
pod_tunnel() {
	in_pod "$1" ip link add tunnel type vxlan id 9 dstport 4789 dev eth0 local "$2" remote "$3"
	in_pod "$1" ip address add "$4/24" dev tunnel
	in_pod "$1" ip link set tunnel up
}

build_cluster() {
	add_node worker 172.18.0.2
	add_node worker2 172.18.0.3
	link_nodes worker 172.18.0.2 10.244.1.0/24 worker2 172.18.0.3 10.244.2.0/24
	overlay worker 172.18.0.2 worker2 172.18.0.3 10.244.2.0/24
	overlay worker2 172.18.0.3 worker 172.18.0.2 10.244.1.0/24
	node_source=172.18.0.2
	add_pod worker client $client
	add_pod worker stranger $stranger
	add_pod worker router-a $router_a
	node_source=172.18.0.3
	add_pod worker2 server $server
	add_pod worker2 router-b $router_b
	pod_tunnel router-a $router_a $router_b 10.99.0.1
	pod_tunnel router-b $router_b $router_a 10.99.0.2
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve server /usr/bin/python3 -m http.server 80 --directory "$lab_folder/www"
	serve router-b /usr/bin/python3 -m http.server 80 --directory "$lab_folder/www"
	listening server tcp 80
	listening router-b tcp 80
}

# See lab/pods.sh for what a line says. 10.99.0.2 is router-b inside of the tunnel from router-a:
# whether it answers is whether the tunnel may be.
connections() {
	local c=shop/client s=shop/server o=shop/stranger a=shop/router-a b=shop/router-b
	cat <<-LIST
		client   tcp  $server    80   $c $s TCP 80
		client   tcp  $server    9999 $c $s TCP 9999
		client   ping $server    -    $c $s ICMP -
		stranger tcp  $server    80   $o $s TCP 80
		server   tcp  $client    80   $s $c TCP 80
		server   ping $stranger  -    $s $o ICMP -
		router-a tcp  10.99.0.2  80   $a $b UDP 4789
		router-a tcp  $router_b  80   $a $b TCP 80
		router-a ping $router_b  -    $a $b ICMP -
		worker   tcp  $server    80   node/worker $s TCP 80
		worker2  tcp  $server    80   node/worker2 $s TCP 80
		worker   ping $stranger  -    node/worker $o ICMP -
	LIST
}
