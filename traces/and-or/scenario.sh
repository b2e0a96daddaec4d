# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(or and)
taps=(backend helper other job idle eu-job eu-no runner visitor outside)

backend=10.244.1.20 helper=10.244.1.21 other=10.244.1.22
job=10.244.1.30 idle=10.244.1.31 eu_job=10.244.1.32 eu_no=10.244.1.33
runner=10.244.1.40 visitor=10.244.1.41
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker backend $backend
	add_pod worker helper $helper
	add_pod worker other $other
	add_pod worker job $job
	add_pod worker idle $idle
	add_pod worker eu-job $eu_job
	add_pod worker eu-no $eu_no
	add_pod worker runner $runner
	add_pod worker visitor $visitor
	# A host on the internet.
	add_pod worker outside 203.0.113.10
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve backend /usr/bin/python3 -m http.server 5678 --directory "$lab_folder/www"
	listening backend tcp 5678
}

# See lab/pods.sh for what a line says. Where nobody listens, the refusal is the answer.
connections() {
	local b=app/backend h=app/helper o=app/other j=analytics/job i=analytics/idle
	local ej=analytics-eu/eu-job en=analytics-eu/eu-no r=ci/runner v=ci/visitor
	cat <<-LIST
		job     tcp  $backend     5678 $j $b TCP 5678
		job     ping $backend     -    $j $b ICMP -
		job     udp  $backend     5678 $j $b UDP 5678
		idle    tcp  $backend     5678 $i $b TCP 5678
		idle    ping $backend     -    $i $b ICMP -
		eu-job  tcp  $backend     5678 $ej $b TCP 5678
		eu-no   tcp  $backend     5678 $en $b TCP 5678
		runner  tcp  $backend     5678 $r $b TCP 5678
		runner  ping $backend     -    $r $b ICMP -
		visitor tcp  $backend     5678 $v $b TCP 5678
		helper  tcp  $backend     5678 $h $b TCP 5678
		helper  udp  $backend     9    $h $b UDP 9
		other   tcp  $backend     5678 $o $b TCP 5678
		outside tcp  $backend     5678 203.0.113.10 $b TCP 5678
		worker  tcp  $backend     5678 node/worker $b TCP 5678
		backend ping $runner      -    $b $r ICMP -
		backend tcp  203.0.113.10 443  $b 203.0.113.10 TCP 443
		runner  tcp  $helper      5678 $r $h TCP 5678
	LIST
}
