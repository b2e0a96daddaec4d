# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(one-way one-way-stateless both-ways both-ways-stateless)
stateless=(one-way-stateless both-ways-stateless)
taps=(client client2 server other outside)

client=10.244.1.10 client2=10.244.1.11 server=10.244.1.20 other=10.244.1.30
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker client $client
	add_pod worker client2 $client2
	add_pod worker server $server
	add_pod worker other $other
	# A host on the internet.
	add_pod worker outside 203.0.113.10
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
	serve_http server 8080
	serve_http client2 9000
}

# See lab/pods.sh for what a line says. Where nobody listens, the refusal is the answer: to UDP it is
# an ICMP error.
connections() {
	local c=default/client c2=default/client2 s=default/server o=default/other
	cat <<-LIST
		client  tcp  $server      8080 $c $s TCP 8080
		client  udp  $server      5353 $c $s UDP 5353 ICMP
		client  ping $server      -    $c $s ICMP -
		server  tcp  $client2     9000 $s $c2 TCP 9000
		client  tcp  $other       80   $c $o TCP 80
		other   tcp  $server      8080 $o $s TCP 8080
		other   tcp  203.0.113.10 443  $o 203.0.113.10 TCP 443
		outside tcp  $other       80   203.0.113.10 $o TCP 80
		worker  ping $server      -    node/worker $s ICMP -
	LIST
}
