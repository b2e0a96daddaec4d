# The pods of manifests/ with their addresses, their servers, and the connections to make. Read by
# lab/capture.sh and lab/verify.sh.
variants=(and or pods-only)
taps=(frontend backend db old-db toolbox replica reports stray coredns outside)

frontend=10.244.1.10 backend=10.244.1.20 db=10.244.1.30 coredns=10.244.1.53
old_db=10.244.1.31 replica=10.244.1.32 reports=10.244.1.33 toolbox=10.244.1.40 stray=10.244.1.50
node_source=172.18.0.2

build_cluster() {
	add_node worker $node_source
	add_pod worker frontend $frontend
	add_pod worker backend $backend
	add_pod worker db $db
	add_pod worker old-db $old_db
	add_pod worker toolbox $toolbox
	add_pod worker replica $replica
	add_pod worker reports $reports
	add_pod worker stray $stray
	add_pod worker coredns $coredns
	# The client on the nodes' network.
	add_pod worker outside 172.18.0.1

	# What kube-proxy does.
	in_pod worker nft -f - <<-NFT
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr 10.96.94.172 tcp dport 80 dnat to $frontend:80
				ip daddr 10.96.102.224 tcp dport 5678 dnat to $backend:5678
				ip daddr 10.96.0.10 udp dport 53 dnat to $coredns:53
				ip daddr 10.96.0.10 tcp dport 53 dnat to $coredns:53
				ip daddr 172.18.0.2 tcp dport 31000 mark set 0x4000 dnat to $frontend:80
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				mark 0x4000 masquerade
			}
		}
	NFT
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
	local pod
	mkdir -p "$lab_folder/www"
	serve_http frontend 80
	serve_http backend 5678
	for pod in db old-db replica; do
		serve $pod /usr/bin/python3 "$lab_programs/greeter.py" 3306
		listening $pod tcp 3306
	done
	serve coredns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
		--pid-file= --local=/cluster.local/
	listening coredns udp 53
}

# See lab/pods.sh for what a line says.
connections() {
	local f=app1-ns/frontend b=app1-ns/backend od=app1-ns/old-db t=app1-ns/toolbox
	local d=db-ns/db-sts-0 rl=db-ns/replica rp=db-ns/reports s=other-ns/stray n=kube-system/coredns
	cat <<-LIST
		frontend dig-udp 10.96.0.10    53    $f $n UDP 53
		frontend tcp     10.96.102.224 5678  $f $b TCP 5678
		frontend tcp     $db           3306  $f $d TCP 3306
		backend  tcp     $db           3306  $b $d TCP 3306
		backend  tcp     $replica      3306  $b $rl TCP 3306
		backend  tcp     $old_db       3306  $b $od TCP 3306
		backend  tcp     $db           22    $b $d TCP 22
		backend  tcp     10.96.94.172  80    $b $f TCP 80
		backend  dig-tcp 10.96.0.10    53    $b $n TCP 53
		toolbox  tcp     $db           3306  $t $d TCP 3306
		toolbox  tcp     10.96.102.224 5678  $t $b TCP 5678
		reports  tcp     $db           3306  $rp $d TCP 3306
		reports  tcp     $backend      5678  $rp $b TCP 5678
		replica  tcp     $db           3306  $rl $d TCP 3306
		stray    tcp     $db           3306  $s $d TCP 3306
		db       tcp     10.96.94.172  80    $d $f TCP 80
		db       tcp     10.96.102.224 5678  $d $b TCP 5678
		db       dig-udp 10.96.0.10    53    $d $n UDP 53
		outside  tcp     172.18.0.2    31000 172.18.0.1 $f TCP 80
		outside  tcp     $db           3306  172.18.0.1 $d TCP 3306
		worker   tcp     $db           3306  node/worker $d TCP 3306
	LIST
}
