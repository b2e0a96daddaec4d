# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(deny-ingress deny-both)
taps=(trouble1 trouble2 trouble3 outside)

trouble1=10.244.1.11 trouble2=10.244.1.12 trouble3=10.244.1.13
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker trouble1 $trouble1
	add_pod worker trouble2 $trouble2
	add_pod worker trouble3 $trouble3
	# A host on the internet.
	add_pod worker outside 203.0.113.10
}

start_servers() {
	local pod
	mkdir -p "$lab_folder/www"
	for pod in trouble1 trouble2 trouble3 outside worker; do
		serve $pod /usr/bin/python3 -m http.server 8080 --directory "$lab_folder/www"
	done
	for pod in trouble1 trouble2 trouble3 outside worker; do
		listening $pod tcp 8080
	done
}

# See lab/pods.sh for what a line says.
connections() {
	local one=default/trouble1 two=default/trouble2 three=default/trouble3
	cat <<-LIST
		trouble1 ping $trouble2    -    $one $two ICMP -
		trouble1 tcp  $trouble2    8080 $one $two TCP 8080
		trouble2 ping $trouble1    -    $two $one ICMP -
		trouble2 tcp  $trouble1    8080 $two $one TCP 8080
		trouble2 tcp  $trouble3    8080 $two $three TCP 8080
		trouble3 ping $trouble2    -    $three $two ICMP -
		trouble3 udp  $trouble1    8080 $three $one UDP 8080
		trouble1 tcp  203.0.113.10 8080 $one 203.0.113.10 TCP 8080
		outside  tcp  $trouble1    8080 203.0.113.10 $one TCP 8080
		outside  tcp  $trouble2    8080 203.0.113.10 $two TCP 8080
		worker   tcp  $trouble1    8080 node/worker $one TCP 8080
		worker   ping $trouble1    -    node/worker $one ICMP -
		trouble1 tcp  172.18.0.2   8080 $one node/worker TCP 8080
	LIST
}
