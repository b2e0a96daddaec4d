# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(ipv4-only both-families hole selectors deny-all)
taps=(server client stranger outside)

server4=10.244.1.10 client4=10.244.1.11 stranger4=10.244.1.12 internet4=203.0.113.10
server6=fd00:10:244:1::10 client6=fd00:10:244:1::11 stranger6=fd00:10:244:1::12
internet6=2001:db8:10::10 bad6=2001:db8:bad::10
node_source=172.18.0.2 node_source6=fd00:172:18::2

build_cluster() {
	add_node worker $node_source $node_source6
	add_pod worker server $server4 $server6
	add_pod worker client $client4 $client6
	add_pod worker stranger $stranger4 $stranger6
	# Hosts on the internet.
	add_pod worker outside $internet4 $internet6 $bad6
}

start_servers() {
	mkdir -p "$lab_folder/www"
	serve server /usr/bin/python3 -m http.server 80 --bind :: --directory "$lab_folder/www"
	serve outside /usr/bin/python3 -m http.server 443 --bind :: --directory "$lab_folder/www"
	serve worker /usr/bin/python3 -m http.server 8080 --bind :: --directory "$lab_folder/www"
	listening server tcp 80
	listening outside tcp 443
	listening worker tcp 8080
	# Until every address is known to multicast listener discovery, which repeats itself.
	sleep 2
}

# See lab/pods.sh for what a line says. Rows name addresses, since a pod has two. To find its neighbour
# a pod asks ff02::1:ff00:1, where fe80::1 listens.
connections() {
	local asked=ff02::1:ff00:1
	cat <<-LIST
		client   neighbour $internet6    -    $client6 $asked ICMPv6 -
		server   neighbour $internet6    -    $server6 $asked ICMPv6 -
		stranger neighbour $internet6    -    $stranger6 $asked ICMPv6 -
		client   ping      $internet6    -    $client6 $internet6 ICMPv6 -
		server   ping      $internet6    -    $server6 $internet6 ICMPv6 -
		stranger ping      $internet6    -    $stranger6 $internet6 ICMPv6 -
		client   tcp       $server4      80   $client4 $server4 TCP 80
		client   tcp       $server6      80   $client6 $server6 TCP 80
		client   ping      $server4      -    $client4 $server4 ICMP -
		client   ping      $server6      -    $client6 $server6 ICMPv6 -
		stranger tcp       $server4      80   $stranger4 $server4 TCP 80
		stranger tcp       $server6      80   $stranger6 $server6 TCP 80
		server   ping      $stranger6    -    $server6 $stranger6 ICMPv6 -
		client   tcp       $internet4    443  $client4 $internet4 TCP 443
		client   tcp       $internet6    443  $client6 $internet6 TCP 443
		client   tcp       $bad6         443  $client6 $bad6 TCP 443
		outside  tcp       $server4      80   $internet4 $server4 TCP 80
		outside  tcp       $server6      80   $internet6 $server6 TCP 80
		worker   tcp       $server4      80   $node_source $server4 TCP 80
		worker   ping      $server6      -    $node_source6 $server6 ICMPv6 -
		client   tcp       $node_source6 8080 $client6 $node_source6 TCP 8080
	LIST
}
