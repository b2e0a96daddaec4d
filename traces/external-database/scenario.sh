# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(app-access deny-all database together)
taps=(my-app frontend backend other coredns outside worker2)

app=10.244.1.10 frontend=10.244.1.11 backend=10.244.1.12 other=10.244.1.13
coredns=10.244.1.53
database=192.168.1.100 neighbour=192.168.1.101
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker my-app $app
	add_pod worker frontend $frontend
	add_pod worker backend $backend
	add_pod worker other $other
	add_pod worker coredns $coredns
	# Machines outside the pods' network: two databases, and the other node.
	add_pod worker outside $database $neighbour
	add_pod worker worker2 172.18.0.3
}

# serve_http NAME PORT...
serve_http() {
	local name=$1 port
	shift
	for port; do
		serve "$name" /usr/bin/python3 -m http.server "$port" --directory "$lab_folder/www"
	done
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve_http my-app 80 81
	serve_http backend 8080
	serve_http other 80
	serve_http outside 5432
	# The pods in the nodes' networks.
	serve_http worker 9100
	serve_http worker2 8080
	serve coredns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
		--pid-file= --local=/cluster.local/
	listening my-app tcp 80
	listening my-app tcp 81
	listening backend tcp 8080
	listening other tcp 80
	listening outside tcp 5432
	listening worker tcp 9100
	listening worker2 tcp 8080
	listening coredns udp 53
}

# See lab/pods.sh for what a line says.
connections() {
	local a=default/my-app f=default/frontend b=default/backend o=default/other
	local n=kube-system/coredns
	cat <<-LIST
		frontend tcp     $app       80   $f $a TCP 80
		frontend tcp     $app       81   $f $a TCP 81
		frontend ping    $app       -    $f $a ICMP -
		other    tcp     $app       80   $o $a TCP 80
		outside  tcp     $app       80   $database $a TCP 80
		my-app   ping    $frontend  -    $a $f ICMP -
		my-app   tcp     $database  5432 $a $database TCP 5432
		backend  tcp     $database  5432 $b $database TCP 5432
		backend  tcp     $database  22   $b $database TCP 22
		backend  ping    $database  -    $b $database ICMP -
		backend  tcp     $neighbour 5432 $b $neighbour TCP 5432
		backend  dig-udp $coredns   53   $b $n UDP 53
		backend  tcp     $other     80   $b $o TCP 80
		other    tcp     $backend   8080 $o $b TCP 8080
		outside  tcp     $backend   8080 $database $b TCP 8080
		other    tcp     $neighbour 5432 $o $neighbour TCP 5432
		coredns  ping    $neighbour -    $n $neighbour ICMP -
		worker   tcp     $neighbour 5432 node/worker $neighbour TCP 5432
		worker   tcp     $app       80   node/worker $a TCP 80
		worker2  tcp     $app       80   node/worker2 $a TCP 80
		worker2  tcp     $neighbour 5432 node/worker2 $neighbour TCP 5432
		other    tcp     172.18.0.2 9100 $o node/worker TCP 9100
		other    tcp     172.18.0.3 8080 $o node/worker2 TCP 8080
	LIST
}
