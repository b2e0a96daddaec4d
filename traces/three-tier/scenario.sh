# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(open as-printed mended)
taps=(frontend backend db dns outside)

frontend=10.244.1.10 backend=10.244.1.20 db=10.244.1.30 dns=10.244.1.53
node_source=10.244.1.1

build_cluster() {
	add_node worker $node_source
	add_pod worker frontend $frontend
	add_pod worker backend $backend
	add_pod worker db $db
	add_pod worker dns $dns
	# The machine outside: the client on the nodes' network, and a host on the internet.
	add_pod worker outside 172.18.0.1 203.0.113.10
	in_pod worker ip address add 172.18.0.2/32 dev lo

	# What kube-proxy does.
	in_pod worker nft -f - <<-NFT
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr 10.96.94.172 tcp dport 80 dnat to $frontend:80
				ip daddr 10.96.102.224 tcp dport 5678 dnat to $backend:5678
				ip daddr 10.96.0.10 udp dport 53 dnat to $dns:53
				ip daddr 10.96.0.10 tcp dport 53 dnat to $dns:53
				ip daddr 172.18.0.2 tcp dport 31000 mark set 0x4000 dnat to $frontend:80
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				mark 0x4000 masquerade
			}
		}
	NFT
}

start_servers() {
	mkdir -p "$lab_folder/www"
	echo "<h1>app1</h1>" >"$lab_folder/www/index.html"
	cat >"$lab_folder/nginx.conf" <<-NGINX
		daemon off; master_process off; pid $lab_folder/nginx.pid; error_log stderr;
		events { worker_connections 64; }
		http { access_log off; client_body_temp_path $lab_folder/b; proxy_temp_path $lab_folder/p;
			fastcgi_temp_path $lab_folder/f; uwsgi_temp_path $lab_folder/u;
			scgi_temp_path $lab_folder/s;
			server { listen 80; root $lab_folder/www; } }
	NGINX
	serve frontend nginx -c "$lab_folder/nginx.conf" -e stderr
	serve backend /usr/bin/python3 -m http.server 5678 --directory "$lab_folder/www"
	serve db /usr/bin/python3 "$lab_programs/greeter.py" 3306
	serve dns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
		--pid-file= --local=/cluster.local/ \
		--address=/backend-svc.app1-ns.svc.cluster.local/10.96.102.224 \
		--address=/frontend-svc.app1-ns.svc.cluster.local/10.96.94.172 \
		--address=/db-sts-0.db-svc.app1-ns.svc.cluster.local/$db
	serve outside /usr/bin/python3 -m http.server 443 --directory "$lab_folder/www"
	listening frontend tcp 80
	listening backend tcp 5678
	listening db tcp 3306
	listening dns udp 53
	listening outside tcp 443
}

# See lab/pods.sh for what a line says.
connections() {
	local f=app1-ns/frontend-deploy-6bc8df5bb8-wfjpt b=app1-ns/backend-deploy-8857b74db-tr8h8
	local d=app1-ns/db-sts-0 n=kube-system/coredns-674b8bbfcf-7k2mx
	cat <<-LIST
		frontend dig-udp  10.96.0.10     53    $f $n UDP 53
		frontend tcp      10.96.102.224  5678  $f $b TCP 5678
		frontend tcp      $backend       5678  $f $b TCP 5678
		frontend dig-tcp  10.96.0.10     53    $f $n TCP 53
		frontend tcp      $db            3306  $f $d TCP 3306
		frontend tcp      $backend       9999  $f $b TCP 9999
		frontend udp      $backend       5678  $f $b UDP 5678
		frontend ping     $backend       -     $f $b ICMP -
		frontend tcp      203.0.113.10   443   $f 203.0.113.10 TCP 443
		backend  dig-udp  10.96.0.10     53    $b $n UDP 53
		backend  dig-tcp  10.96.0.10     53    $b $n TCP 53
		backend  tcp      $db            3306  $b $d TCP 3306
		backend  tcp      10.96.94.172   80    $b $f TCP 80
		backend  tcp      $db            22    $b $d TCP 22
		db       dig-udp  10.96.0.10     53    $d $n UDP 53
		db       dig-tcp  10.96.0.10     53    $d $n TCP 53
		db       tcp      10.96.102.224  5678  $d $b TCP 5678
		db       tcp      10.96.94.172   80    $d $f TCP 80
		db       ping     $backend       -     $d $b ICMP -
		dns      ping     203.0.113.10   -     $n 203.0.113.10 ICMP -
		dns      ping     $frontend      -     $n $f ICMP -
		outside  tcp      172.18.0.2     31000 172.18.0.1 $f TCP 80
		outside  tcp      $db            3306  172.18.0.1 $d TCP 3306
		outside  tcp      $backend       5678  172.18.0.1 $b TCP 5678
		worker   tcp      $frontend      80    node/cka-2025-worker $f TCP 80
		worker   tcp      $db            3306  node/cka-2025-worker $d TCP 3306
		worker   ping     $backend       -     node/cka-2025-worker $b ICMP -
	LIST
}
