#include "router.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire.h"

enum {
	BURST = 128,       /* far below net.core.netdev_max_backlog */
	BUFFER = 64 << 20, /* bytes of a socket */
	PATIENCE = 10000,  /* milliseconds for a marker */
	ALL_TAGS = 1 << 20,
};

static const char *const names[2] = { "left", "right" };

static int refuse(struct router *router, const char *what)
{
	router->refused = what;
	return ROUTER_REFUSED;
}

/* In this process' namespace; what a shell does not like is said by the shell. */
static int run(const char *format, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	return system(command) ? 1 : 0;
}

/* The namespaces. */

static void hold_namespace(int ready, int wait)
{
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET))
		byte = 1;
	if (write(ready, &byte, 1) == 1 && read(wait, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

static int start_holder(struct router *router)
{
	int ready[2], wait[2];
	char byte = 1;

	if (pipe2(ready, O_CLOEXEC) || pipe2(wait, O_CLOEXEC))
		return 1;
	router->holder = fork();
	if (router->holder == 0) {
		close(wait[1]);
		hold_namespace(ready[1], wait[0]);
	}
	close(ready[1]);
	close(wait[0]);
	router->hold = wait[1];
	if (router->holder < 0 || read(ready[0], &byte, 1) != 1)
		byte = 1;
	close(ready[0]);
	return byte ? refuse(router, "this kernel refuses network namespaces") : 0;
}

static int add_leg(const struct router *router, unsigned leg)
{
	return run("ip link add %s-end type veth peer name %s address 02:00:00:00:0%u:01 netns %d"
		   " && ip link set %s-end up arp off",
		   names[leg], names[leg], leg + 1, router->holder, names[leg]);
}

static int set_up_router(const struct router *router)
{
	return run("nsenter -t %d -n sh -e -c '"
		   "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"
		   " net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0"
		   " net.ipv4.ipfrag_max_dist=0 net.ipv4.ipfrag_high_thresh=67108864\n"
		   "for leg in left right; do\n"
		   "  sysctl -qw net.ipv4.conf.$leg.rp_filter=0 net.ipv4.conf.$leg.send_redirects=0"
		   " net.ipv6.conf.$leg.accept_dad=0 net.ipv6.conf.$leg.accept_ra=0\n"
		   "  ip link set $leg up\n"
		   "done\n"
		   "ip address add 169.254.1.1/32 dev left\n"
		   "ip address add 169.254.2.1/32 dev right\n"
		   "ip neighbour add 169.254.1.2 lladdr 02:00:00:00:01:03 dev left nud permanent\n"
		   "ip neighbour add 169.254.2.2 lladdr 02:00:00:00:02:03 dev right nud permanent\n"
		   "ip neighbour add fe80::2 lladdr 02:00:00:00:01:03 dev left nud permanent\n"
		   "ip neighbour add fe80::2 lladdr 02:00:00:00:02:03 dev right nud permanent'",
		   router->holder);
}

static int add_routes(const struct router *router, const struct cluster *cluster)
{
	char command[64];
	FILE *batch;
	int status;

	snprintf(command, sizeof(command), "nsenter -t %d -n ip -batch -", router->holder);
	batch = popen(command, "we");
	if (!batch)
		return 1;
	for (unsigned i = 0; i < PARTIES; i++) {
		const struct party *party = &cluster->parties[i];

		fprintf(batch, "route add %s/32 via 169.254.%u.2 dev %s onlink\n",
			party->address[0], party->leg + 1, names[party->leg]);
		fprintf(batch, "route add %s/128 via fe80::2 dev %s\n", party->address[1],
			names[party->leg]);
	}
	for (unsigned leg = 0; leg < 2; leg++)
		fprintf(batch, "route add %s/32 via 169.254.%u.2 dev %s onlink\n",
			rules_marker[leg], leg + 1, names[leg]);
	status = pclose(batch);
	return status ? 1 : 0;
}

/* After the rules, which make the kernel load the tracker. Nothing expires, however slow the
 * machine is. */
static int set_up_tracker(const struct router *router, enum manner manner)
{
	return run("nsenter -t %d -n sysctl -eqw net.netfilter.nf_conntrack_tcp_be_liberal=1"
		   " net.netfilter.nf_conntrack_tcp_ignore_invalid_rst=1"
		   " net.netfilter.nf_conntrack_tcp_loose=%d"
		   " net.netfilter.nf_conntrack_frag6_high_thresh=67108864"
		   " && nsenter -t %d -n sh -e -c '"
		   "for file in /proc/sys/net/netfilter/nf_conntrack_*timeout*; do\n"
		   "  echo 86400 >$file\n"
		   "done'",
		   router->holder, manner == MANNER_LENIENT, router->holder);
}

static int load_rules(struct router *router, const char *rules)
{
	if (run("nsenter -t %d -n nft add table inet probe 2>/dev/null", router->holder))
		return refuse(router, "this kernel refuses nftables");
	return run("nsenter -t %d -n nft -f %s", router->holder, rules);
}

/* The sockets. */

static int open_leg(unsigned leg)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int size = BUFFER, one = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	char name[16];

	if (fd < 0)
		return -1;
	snprintf(name, sizeof(name), "%s-end", names[leg]);
	address.sll_ifindex = (int)if_nametoindex(name);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_legs(struct router *router)
{
	for (unsigned leg = 0; leg < 2; leg++) {
		router->legs[leg] = open_leg(leg);
		if (router->legs[leg] < 0) {
			fprintf(stderr, "%s-end: %s\n", names[leg], strerror(errno));
			return 1;
		}
	}
	return 0;
}

int router_open(struct router *router, const struct cluster *cluster, enum manner manner,
		const char *rules)
{
	int status;

	*router = (struct router){ .hold = -1, .legs = { -1, -1 } };
	if (run("for tool in ip nft nsenter sysctl awk; do command -v $tool >/dev/null || exit 1;"
		" done"))
		return refuse(router, "one of ip, nft, nsenter, sysctl and awk is not installed");
	if (unshare(CLONE_NEWNET))
		return refuse(router, "this kernel, or not being root, refuses network namespaces");
	status = start_holder(router);
	if (!status)
		status = run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1"
			     " net.ipv6.conf.default.disable_ipv6=1");
	for (unsigned leg = 0; !status && leg < 2; leg++)
		status = add_leg(router, leg);
	if (!status)
		status = set_up_router(router);
	if (!status)
		status = add_routes(router, cluster);
	if (!status)
		status = load_rules(router, rules);
	if (!status)
		status = set_up_tracker(router, manner);
	return status ? status : open_legs(router);
}

void router_close(struct router *router)
{
	for (unsigned leg = 0; leg < 2; leg++) {
		if (router->legs[leg] >= 0)
			close(router->legs[leg]);
	}
	if (router->hold >= 0)
		close(router->hold);
	if (router->holder > 0)
		waitpid(router->holder, NULL, 0);
}

/* Packets. */

/* Who was sent last under a tag. */
struct senders {
	uint32_t datagrams[2][2][ALL_TAGS]; /* by family and whether it is sent again */
};

struct burst {
	struct router *router;
	struct traffic *traffic;
	struct senders *senders;
	uint16_t number;
	bool is_through[2]; /* the markers, by the leg that they come out of */
	uint8_t bytes[WIRE_MAX * 2];
};

static int send_frame(struct router *router, unsigned leg, const uint8_t *bytes, size_t length)
{
	if (send(router->legs[leg], bytes, length, 0) == (ssize_t)length)
		return 0;
	fprintf(stderr, "cannot send to the %s leg: %s\n", names[leg], strerror(errno));
	return 1;
}

static int send_packet(struct burst *burst, const struct packet *packet)
{
	struct traffic *traffic = burst->traffic;
	const struct datagram *datagram = &traffic->datagrams[packet->datagram];

	burst->senders->datagrams[datagram->is_ipv6][datagram->is_again][datagram->tag] =
		packet->datagram;
	burst->router->sent++;
	return send_frame(burst->router, packet->leg, traffic->bytes + packet->at, packet->length);
}

static int send_markers(struct burst *burst)
{
	struct wire_payload payload;
	uint8_t frame[WIRE_MAX];

	wire_other(&payload, PROTOCOL_TEST, 8);
	for (unsigned leg = 0; leg < 2; leg++) {
		struct party from = { .leg = (enum leg)leg, .address = { "198.18.0.9" } }, to;
		const struct wire_ends ends = { &from, &to, false };
		const struct wire_shell shell = { .tag = burst->number };

		snprintf(to.address[0], sizeof(to.address[0]), "%s", rules_marker[!leg]);
		if (send_frame(burst->router, leg, frame,
			       wire_frame(frame, &ends, &payload, &shell)))
			return 1;
	}
	return 0;
}

static bool is_marker(const uint8_t *frame)
{
	const uint8_t *to = frame + WIRE_LINK + 16;

	return frame[12] == 8 && frame[13] == 0 && to[0] == 198 && (to[1] & 0xfe) == 18;
}

static int note_arrival(struct burst *burst, unsigned leg, size_t length)
{
	struct traffic *traffic = burst->traffic;
	struct datagram *datagram;
	bool is_ipv6, is_again;
	unsigned fate;
	uint32_t tag;

	if (length >= WIRE_LINK + 20 && is_marker(burst->bytes)) {
		if ((burst->bytes[WIRE_LINK + 4] << 8 | burst->bytes[WIRE_LINK + 5]) !=
		    burst->number)
			return fprintf(stderr, "a marker of another burst\n"), 1;
		burst->is_through[leg] = true;
		return 0;
	}
	if (!wire_read(burst->bytes, length, &is_ipv6, &tag, &is_again, &fate)) {
		burst->router->own++;
		return 0;
	}
	burst->router->received++;
	datagram = &traffic->datagrams[burst->senders->datagrams[is_ipv6][is_again][tag]];
	if (datagram->tag != tag || datagram->is_ipv6 != is_ipv6 || fate == FATE_STOPPED ||
	    fate >= FATES || (datagram->fate && datagram->fate != fate))
		return fprintf(stderr, "a packet that nobody sent, tag %u, fate %u\n", tag, fate),
		       1;
	datagram->fate = (uint8_t)fate;
	return 0;
}

static int receive(struct burst *burst)
{
	struct pollfd polled[2];

	memset(burst->is_through, 0, sizeof(burst->is_through));
	while (!burst->is_through[LEFT] || !burst->is_through[RIGHT]) {
		for (unsigned leg = 0; leg < 2; leg++)
			polled[leg] = (struct pollfd){ burst->router->legs[leg], POLLIN, 0 };
		if (poll(polled, 2, PATIENCE) <= 0)
			return fprintf(stderr, "the router swallowed a marker\n"), 1;
		for (unsigned leg = 0; leg < 2; leg++) {
			ssize_t length;

			while ((length = recv(burst->router->legs[leg], burst->bytes,
					      sizeof(burst->bytes), MSG_DONTWAIT)) > 0) {
				if (note_arrival(burst, leg, (size_t)length))
					return 1;
			}
		}
	}
	return 0;
}

/* Everything on one processor: packets keep their order on the way through the kernel. */
static void stay_on_one_processor(void)
{
	cpu_set_t set;
	int here = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(here < 0 ? 0 : here, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* The sockets lost nothing, and the tracker refused no connection for want of room. */
static int check_losses(struct router *router)
{
	for (unsigned leg = 0; leg < 2; leg++) {
		struct tpacket_stats stats;
		socklen_t size = sizeof(stats);

		if (getsockopt(router->legs[leg], SOL_PACKET, PACKET_STATISTICS, &stats, &size) ||
		    stats.tp_drops)
			return fprintf(stderr, "the %s leg lost packets\n", names[leg]), 1;
	}
	return run("nsenter -t %d -n awk '"
		   "NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next } "
		   "{ for (i = 1; i <= NF; i++) if (name[i] ~ /^(insert_failed|drop|early_drop|"
		   "chaintoolong)$/ && $i !~ /^0+$/) { print \"the tracker: \" name[i], $i;"
		   " bad = 1 } } END { exit bad }' /proc/net/stat/nf_conntrack",
		   router->holder);
}

static void count_tracked(struct router *router)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "nsenter -t %d -n sysctl -n net.netfilter.nf_conntrack_count",
		 router->holder);
	file = popen(path, "re");
	if (file && fscanf(file, "%lu", &router->tracked) != 1)
		router->tracked = 0;
	if (file)
		pclose(file);
}

static int pass_burst(struct burst *burst, size_t first)
{
	struct traffic *traffic = burst->traffic;

	burst->number++;
	for (size_t i = first; i < first + BURST && i < traffic->count; i++) {
		if (send_packet(burst, &traffic->packets[i]))
			return 1;
	}
	return send_markers(burst) || receive(burst);
}

int router_pass(struct router *router, struct traffic *traffic)
{
	struct burst burst = { .router = router, .traffic = traffic };
	int status = 0;

	burst.senders = calloc(1, sizeof(*burst.senders));
	if (!burst.senders)
		return 1;
	stay_on_one_processor();
	for (size_t first = 0; !status && first < traffic->count; first += BURST)
		status = pass_burst(&burst, first);
	free(burst.senders);
	if (status)
		return status;
	count_tracked(router);
	return check_losses(router);
}
