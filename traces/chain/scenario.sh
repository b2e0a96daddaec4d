# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(as-printed both-directions)
taps=(frontend backend database other outside)

frontend=10.244.1.10 backend=10.244.1.20 database=10.244.1.30 other=10.244.1.40
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker frontend $frontend
	add_pod worker backend $backend
	add_pod worker database $database
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
	serve_http frontend 80
	serve_http backend 80
	serve_http outside 443
	serve database /usr/bin/python3 "$lab_programs/greeter.py" 5432
	listening database tcp 5432
}

# See lab/pods.sh for what a line says.
connections() {
	local f=default/frontend b=default/backend d=default/database o=default/other
	cat <<-LIST
		frontend tcp  $backend     80   $f $b TCP 80
		frontend tcp  $backend     9999 $f $b TCP 9999
		frontend udp  $backend     80   $f $b UDP 80
		frontend ping $backend     -    $f $b ICMP -
		backend  tcp  $database    5432 $b $d TCP 5432
		backend  ping $database    -    $b $d ICMP -
		frontend tcp  $database    5432 $f $d TCP 5432
		frontend ping $database    -    $f $d ICMP -
		other    tcp  $backend     80   $o $b TCP 80
		other    tcp  $database    5432 $o $d TCP 5432
		outside  tcp  $backend     80   203.0.113.10 $b TCP 80
		outside  tcp  $database    5432 203.0.113.10 $d TCP 5432
		outside  tcp  $frontend    80   203.0.113.10 $f TCP 80
		other    tcp  $frontend    80   $o $f TCP 80
		backend  tcp  $frontend    80   $b $f TCP 80
		database tcp  $frontend    80   $d $f TCP 80
		database tcp  $backend     80   $d $b TCP 80
		database tcp  203.0.113.10 443  $d 203.0.113.10 TCP 443
		backend  tcp  203.0.113.10 443  $b 203.0.113.10 TCP 443
		frontend ping $other       -    $f $o ICMP -
		worker   tcp  $database    5432 node/worker $d TCP 5432
		worker   tcp  $backend     80   node/worker $b TCP 80
	LIST
}
