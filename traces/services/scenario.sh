# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(service-ports target-ports deny-all dns-or)
nodes=(worker worker2)
# Not those of cache-1 and cache-2: of connections to them only the client's side is seen.
taps=(web-1 web-2 db-0 client-1 client-2 coredns resolver impostor stray friend friend-2 friend-3 stranger)

web1=10.244.1.10 web2=10.244.1.11 db=10.244.1.20 client1=10.244.1.30 client2=10.244.1.31
dns=10.244.1.53 resolver=10.244.1.54 impostor=10.244.1.60 stray=10.244.1.61
cache1=10.244.2.40 cache2=10.244.2.41
friend=203.0.113.10 friend2=203.0.113.20 friend3=203.0.113.30 stranger=198.51.100.7

build_cluster() {
	add_node worker 10.244.1.1 172.18.0.2
	add_node worker2 10.244.2.1 172.18.0.3
	link_nodes worker 172.18.0.2 10.244.1.0/24 worker2 172.18.0.3 10.244.2.0/24
	in_pod worker2 ip route add default via 172.18.0.2 dev to-worker onlink src 172.18.0.3
	node_source=10.244.1.1
	add_pod worker web-1 $web1
	add_pod worker web-2 $web2
	add_pod worker db-0 $db
	add_pod worker client-1 $client1
	add_pod worker client-2 $client2
	add_pod worker coredns $dns
	add_pod worker resolver $resolver
	add_pod worker impostor $impostor
	add_pod worker stray $stray
	node_source=10.244.2.1
	add_pod worker2 cache-1 $cache1
	add_pod worker2 cache-2 $cache2
	# Hosts on the internet.
	node_source=172.18.0.2
	add_pod worker friend $friend
	add_pod worker friend-2 $friend2
	add_pod worker friend-3 $friend3
	add_pod worker stranger $stranger

	# What kube-proxy does. Its choice among the pods is each client's for good (sessionAffinity). A
	# client outside and a pod that reaches itself are masqueraded; friend-3 gets another port too.
	in_pod worker nft -f - <<-NFT
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr 10.96.0.10 udp dport 53 dnat to $dns:53
				ip daddr 10.96.0.10 tcp dport 53 dnat to $dns:53
				ip daddr 10.96.10.1 tcp dport 80 ip saddr { $client1, $web1 } dnat to $web1:8080
				ip daddr 10.96.10.1 tcp dport 80 dnat to $web2:80
				ip daddr 10.96.10.2 tcp dport 5432 dnat to $db:85
				ip daddr 10.96.10.3 tcp dport 6379 dnat to $cache1:6379
				ip daddr 172.18.0.2 tcp dport 30080 mark set 0x4000 dnat to $web1:8080
				ip daddr 172.18.0.2 tcp dport 30081 dnat to $web2:80
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				ip saddr $web1 ip daddr $web1 snat to 10.244.1.1
				mark 0x4000 ip saddr $friend3 meta l4proto tcp snat to 10.244.1.1:50000-59999 fully-random
				mark 0x4000 snat to 10.244.1.1
			}
		}
	NFT
	in_pod worker2 nft -f - <<-NFT
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr 172.18.0.3 tcp dport 30080 mark set 0x4000 dnat to $web1:8080
				ip daddr 172.18.0.3 tcp dport 30379 mark set 0x4000 dnat to $cache2:6379
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				mark 0x4000 snat to 172.18.0.3
			}
		}
	NFT
}

start_servers() {
	local pod
	mkdir -p "$lab_folder/www"
	serve web-1 /usr/bin/python3 -m http.server 8080 --directory "$lab_folder/www"
	serve web-2 /usr/bin/python3 -m http.server 80 --directory "$lab_folder/www"
	serve db-0 /usr/bin/python3 "$lab_programs/greeter.py" 85
	serve cache-1 /usr/bin/python3 "$lab_programs/greeter.py" 6379
	serve cache-2 /usr/bin/python3 "$lab_programs/greeter.py" 6379
	# The name of a headless Service, or of a pod behind it, is the pod's address.
	for pod in coredns resolver impostor stray; do
		serve $pod dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
			--pid-file= --local=/cluster.local/ \
			--address=/db.shop.svc.cluster.local/10.96.10.2 \
			--address=/db-headless.shop.svc.cluster.local/$db
		listening $pod udp 53
	done
	listening web-1 tcp 8080
	listening web-2 tcp 80
	listening db-0 tcp 85
	listening cache-1 tcp 6379
	listening cache-2 tcp 6379
}

# See lab/pods.sh for what a line says.
connections() {
	local w1=shop/web-1 w2=shop/web-2 d=shop/db-0 c1=shop/client-1 c2=shop/client-2
	local n=kube-system/coredns
	cat <<-LIST
		client-1 dig-udp  10.96.0.10  53    $c1 $n UDP 53
		client-1 dig-tcp  10.96.0.10  53    $c1 $n TCP 53
		client-1 tcp      10.96.10.1  80    $c1 $w1 TCP 8080
		client-2 tcp      10.96.10.1  80    $c2 $w2 TCP 80
		web-1    tcp      10.96.10.1  80    $w1 $w1 TCP 8080
		client-1 tcp      10.96.10.2  5432  $c1 $d TCP 85
		client-2 tcp-name db-0.db-headless.shop.svc.cluster.local 85 $c2 $d TCP 85
		client-2 tcp-name db.shop.svc.cluster.local 5432 $c2 $d TCP 85
		client-1 tcp      $db 5432  $c1 $d TCP 5432
		friend   tcp      172.18.0.2  30080 $friend $w1 TCP 8080
		stranger tcp      172.18.0.2  30080 $stranger $w1 TCP 8080
		friend-3 tcp      172.18.0.2  30080 $friend3 $w1 TCP 8080
		friend   tcp      172.18.0.2  30081 $friend $w2 TCP 80
		stranger tcp      172.18.0.2  30081 $stranger $w2 TCP 80
		friend-2 tcp      172.18.0.3  30080 $friend2 $w1 TCP 8080
		client-1 tcp      10.96.10.3  6379  $c1 shop/cache-1 TCP 6379
		stranger tcp      172.18.0.3  30379 $stranger shop/cache-2 TCP 6379
		worker   tcp      $db 85    node/worker $d TCP 85
		client-1 dig-udp  $resolver 53 $c1 kube-system/resolver UDP 53
		client-1 dig-udp  $impostor 53 $c1 shop/impostor UDP 53
		client-1 dig-udp  $stray 53   $c1 play/stray UDP 53
	LIST
}
