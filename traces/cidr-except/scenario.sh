# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(as-printed same-rule second-policy)
taps=(app web open inside before first middle last after beyond far)

app=10.0.6.10 web=10.0.6.11 open=10.0.6.30
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker app $app
	add_pod worker web $web
	add_pod worker open $open
	# Machines outside the cluster, by where they lie to 10.0.0.0/16 and to 10.0.5.0/24 within it.
	add_pod worker inside 10.0.1.9
	add_pod worker before 10.0.4.255
	add_pod worker first 10.0.5.0
	add_pod worker middle 10.0.5.77
	add_pod worker last 10.0.5.255
	add_pod worker after 10.0.7.0
	add_pod worker beyond 10.1.0.0
	add_pod worker far 203.0.113.10
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve app /usr/bin/python3 -m http.server 80 --directory "$lab_folder/www"
	listening app tcp 80
}

# See lab/pods.sh for what a line says. Where nobody listens, the refusal is the answer.
connections() {
	local a=default/app w=default/web o=free/open
	cat <<-LIST
		inside tcp  $app         80   10.0.1.9 $a TCP 80
		inside ping $app         -    10.0.1.9 $a ICMP -
		inside udp  $app         161  10.0.1.9 $a UDP 161
		before tcp  $app         80   10.0.4.255 $a TCP 80
		first  tcp  $app         80   10.0.5.0 $a TCP 80
		middle tcp  $app         80   10.0.5.77 $a TCP 80
		middle ping $app         -    10.0.5.77 $a ICMP -
		last   tcp  $app         80   10.0.5.255 $a TCP 80
		after  tcp  $app         80   10.0.7.0 $a TCP 80
		beyond tcp  $app         80   10.1.0.0 $a TCP 80
		far    tcp  $app         80   203.0.113.10 $a TCP 80
		middle tcp  $web         80   10.0.5.77 $w TCP 80
		inside tcp  $web         80   10.0.1.9 $w TCP 80
		web    tcp  $app         80   $w $a TCP 80
		open   tcp  $app         80   $o $a TCP 80
		middle tcp  $open        80   10.0.5.77 $o TCP 80
		far    tcp  $open        80   203.0.113.10 $o TCP 80
		app    tcp  10.0.5.77    9090 $a 10.0.5.77 TCP 9090
		app    ping 203.0.113.10 -    $a 203.0.113.10 ICMP -
		worker tcp  $app         80   node/worker $a TCP 80
	LIST
}
