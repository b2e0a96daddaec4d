# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(as-printed tiers both)
taps=(frontend backend database other outside)

frontend=10.244.1.10 backend=10.244.1.20 database=10.244.1.30 other=10.244.1.40
internet=203.0.113.10
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker frontend $frontend
	add_pod worker backend $backend
	add_pod worker database $database
	add_pod worker other $other
	# A host on the internet.
	add_pod worker outside $internet
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve frontend /usr/bin/python3 -m http.server 80 --directory "$lab_folder/www"
	serve backend /usr/bin/python3 -m http.server 8080 --directory "$lab_folder/www"
	serve database /usr/bin/python3 "$lab_programs/greeter.py" 3306
	serve outside /usr/bin/python3 -m http.server 443 --directory "$lab_folder/www"
	listening frontend tcp 80
	listening backend tcp 8080
	listening database tcp 3306
	listening outside tcp 443
}

# See lab/pods.sh for what a line says.
connections() {
	local f=default/frontend-7c9d8-a1 b=default/backend-5f6b7-b1 d=default/database-0 o=default/other
	cat <<-LIST
		outside  tcp  $frontend 80   $internet $f TCP 80
		other    tcp  $frontend 80   $o $f TCP 80
		backend  tcp  $frontend 80   $b $f TCP 80
		backend  udp  $frontend 9    $b $f UDP 9
		backend  ping $frontend -    $b $f ICMP -
		database ping $frontend -    $d $f ICMP -
		frontend tcp  $backend  8080 $f $b TCP 8080
		frontend udp  $backend  9    $f $b UDP 9
		frontend ping $backend  -    $f $b ICMP -
		other    tcp  $backend  8080 $o $b TCP 8080
		outside  ping $backend  -    $internet $b ICMP -
		backend  tcp  $database 3306 $b $d TCP 3306
		backend  tcp  $database 22   $b $d TCP 22
		backend  ping $database -    $b $d ICMP -
		frontend tcp  $database 3306 $f $d TCP 3306
		other    tcp  $database 3306 $o $d TCP 3306
		outside  tcp  $database 3306 $internet $d TCP 3306
		worker   tcp  $database 3306 node/worker $d TCP 3306
		database tcp  $backend  8080 $d $b TCP 8080
		database tcp  $internet 443  $d $internet TCP 443
		database ping $other    -    $d $o ICMP -
		frontend tcp  $internet 443  $f $internet TCP 443
		backend  tcp  $internet 443  $b $internet TCP 443
		frontend ping $other    -    $f $o ICMP -
	LIST
}
