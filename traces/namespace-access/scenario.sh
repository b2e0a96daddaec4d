# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(prod dev both)
taps=(db neighbour api nameless tester visitor outside)

db=10.244.1.30 neighbour=10.244.1.31
api=10.244.1.10 nameless=10.244.1.11 tester=10.244.1.12 visitor=10.244.1.13
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker db $db
	add_pod worker neighbour $neighbour
	add_pod worker api $api
	add_pod worker nameless $nameless
	add_pod worker tester $tester
	add_pod worker visitor $visitor
	# A host on the internet.
	add_pod worker outside 203.0.113.10
}

start_servers() {
	serve db /usr/bin/python3 "$lab_programs/greeter.py" 5432
	listening db tcp 5432
}

# See lab/pods.sh for what a line says. Where nobody listens, the refusal is the answer.
connections() {
	local a=prod/api e=prod-eu/nameless t=dev/tester v=plain/visitor n=data/neighbour d=data/db
	cat <<-LIST
		api       tcp  $db          5432 $a $d TCP 5432
		api       tcp  $db          22   $a $d TCP 22
		api       udp  $db          5432 $a $d UDP 5432
		api       ping $db          -    $a $d ICMP -
		nameless  tcp  $db          5432 $e $d TCP 5432
		tester    tcp  $db          5432 $t $d TCP 5432
		tester    ping $db          -    $t $d ICMP -
		visitor   tcp  $db          5432 $v $d TCP 5432
		visitor   ping $db          -    $v $d ICMP -
		neighbour tcp  $db          5432 $n $d TCP 5432
		outside   tcp  $db          5432 203.0.113.10 $d TCP 5432
		worker    tcp  $db          5432 node/worker $d TCP 5432
		visitor   tcp  $neighbour   8080 $v $n TCP 8080
		db        ping $tester      -    $d $t ICMP -
		db        tcp  203.0.113.10 443  $d 203.0.113.10 TCP 443
		tester    ping $api         -    $t $a ICMP -
	LIST
}
