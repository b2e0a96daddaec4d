# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(sctp-80 tcp-80 any-sctp)
taps=(server client stranger outside)

server=10.244.1.10 client=10.244.1.11 stranger=10.244.1.12 internet=203.0.113.10
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker server $server
	add_pod worker client $client
	add_pod worker stranger $stranger
	# A host on the internet.
	add_pod worker outside $internet
}

# serve_sctp NAME PORT...: waits for its raw socket, of protocol 132.
serve_sctp() {
	local name=$1 try
	shift
	serve "$name" /usr/bin/python3 "$lab_programs/sctp.py" serve "$@"
	for try in $(seq 50); do
		in_pod "$name" ss -Hlnw | grep -q ':132 ' && return
		sleep 0.1
	done
	lab_fail "nothing takes SCTP at $name"
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve_sctp server 80 81
	serve_sctp client 80
	serve_sctp outside 80
	serve server /usr/bin/python3 -m http.server 80 --directory "$lab_folder/www"
	listening server tcp 80
}

# See lab/pods.sh for what a line says.
connections() {
	local s=signalling/server c=signalling/client t=signalling/stranger
	cat <<-LIST
		client   sctp $server   80 $c $s SCTP 80
		client   sctp $server   81 $c $s SCTP 81
		client   sctp $server   9  $c $s SCTP 9
		client   tcp  $server   80 $c $s TCP 80
		client   tcp  $server   81 $c $s TCP 81
		client   udp  $server   80 $c $s UDP 80
		client   ping $server   -  $c $s ICMP -
		stranger sctp $server   80 $t $s SCTP 80
		stranger tcp  $server   80 $t $s TCP 80
		outside  sctp $server   80 $internet $s SCTP 80
		server   sctp $client   80 $s $c SCTP 80
		server   sctp $internet 80 $s $internet SCTP 80
		worker   sctp $server   80 node/worker $s SCTP 80
	LIST
}
