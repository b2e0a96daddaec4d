# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(guard default own together)
taps=(web db old tester prometheus outside)

web=10.244.1.10 db=10.244.1.30 old=10.244.1.40 tester=10.244.1.12 prometheus=10.244.1.20
outside=203.0.113.10 node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker web $web
	add_pod worker db $db
	add_pod worker old $old
	add_pod worker tester $tester
	add_pod worker prometheus $prometheus
	# A host on the internet.
	add_pod worker outside $outside
}

start_servers() {
	serve db /usr/bin/python3 "$lab_programs/greeter.py" 5432
	listening db tcp 5432
}

# See lab/pods.sh for what a line says. Where nobody listens, the refusal is the answer.
connections() {
	local w=shop/web b=shop/db o=legacy/old t=dev/tester p=monitoring/prometheus
	cat <<-LIST
		web        tcp  $db       5432 $w $b TCP 5432
		web        tcp  $db       9100 $w $b TCP 9100
		prometheus tcp  $db       9100 $p $b TCP 9100
		prometheus tcp  $db       5432 $p $b TCP 5432
		tester     tcp  $db       5432 $t $b TCP 5432
		tester     tcp  $old      8080 $t $o TCP 8080
		web        tcp  $old      8080 $w $o TCP 8080
		prometheus tcp  $old      9100 $p $o TCP 9100
		db         ping $web      -    $b $w ICMP -
		tester     ping $web      -    $t $w ICMP -
		web        tcp  $outside  443  $w 203.0.113.10 TCP 443
		web        tcp  $outside  80   $w 203.0.113.10 TCP 80
		tester     tcp  $outside  443  $t 203.0.113.10 TCP 443
		outside    tcp  $db       5432 203.0.113.10 $b TCP 5432
		outside    tcp  $old      8080 203.0.113.10 $o TCP 8080
		worker     tcp  $db       5432 node/worker $b TCP 5432
	LIST
}
