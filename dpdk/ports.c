#include "ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_mbuf_pool_ops.h>

#include "command.h"

enum {
	RING = 1024,         /* descriptors of a queue */
	CACHE = 256,         /* packets that a core keeps of the pool */
	MORE_A_CORE = 8192,  /* packets under way in a core's buffers, and held */
	FRAME_OVERHEAD = 26, /* Ethernet, two VLAN tags, checksum */
	LINK_MS = 10000,     /* that a link may take; cards need seconds */
};

static int fail(const struct ports_options *options, const char *name, const char *what, int status)
{
	complain(options->command, "port %s: %s: %s", name, what, strerror(-status));
	return status;
}

static uint16_t at_most(uint16_t wanted, uint16_t most)
{
	return wanted < most ? wanted : most;
}

static int configure(struct port *port, const struct ports_options *options,
		     struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = { .txmode.offloads = 0 };
	int status = rte_eth_dev_info_get(port->id, info);

	if (status)
		return fail(options, port->name, "cannot be asked", status);
	port->receiving_queues = at_most(at_most(options->cores, info->max_rx_queues), QUEUES_MAX);
	port->sending_queues = at_most(at_most(options->cores, info->max_tx_queues), QUEUES_MAX);
	port->spread = spread_configure(&conf, info, port->receiving_queues);
	if (options->mtu > RTE_ETHER_MTU)
		conf.rxmode.mtu = options->mtu;
	status = rte_eth_dev_configure(port->id, port->receiving_queues, port->sending_queues,
				       &conf);
	return status ? fail(options, port->name, "cannot be configured", status) : 0;
}

static int set_up_queues(const struct port *port, const struct ports_options *options,
			 struct rte_mempool *pool, const struct rte_eth_dev_info *info)
{
	int socket = rte_eth_dev_socket_id(port->id);
	uint16_t receiving = RING;
	uint16_t sending = RING;
	int status = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &receiving, &sending);

	for (uint16_t i = 0; !status && i < port->receiving_queues; i++)
		status = rte_eth_rx_queue_setup(port->id, i, receiving, (unsigned)socket,
						&info->default_rxconf, pool);
	for (uint16_t i = 0; !status && i < port->sending_queues; i++)
		status = rte_eth_tx_queue_setup(port->id, i, sending, (unsigned)socket,
						&info->default_txconf);
	return status ? fail(options, port->name, "cannot set up its queues", status) : 0;
}

static int start(struct port *port, const struct ports_options *options, struct rte_mempool *pool)
{
	struct rte_eth_dev_info info;
	int status = configure(port, options, &info);

	if (!status)
		status = set_up_queues(port, options, pool, &info);
	if (status)
		return status;
	for (unsigned i = 0; i < QUEUES_MAX; i++)
		rte_spinlock_init(&port->sending[i]);
	status = rte_eth_dev_start(port->id);
	if (status)
		return fail(options, port->name, "cannot be started", status);
	port->is_started = true;
	if (port->spread.entries && spread_start(&port->spread, port->id)) {
		complain(options->command, "port %s: does not spread as it is told: software does",
			 port->name);
		port->spread = (struct spread){ 0 };
	}
	/* Packets for others are what it is for. Some ports hear everything anyway. */
	status = rte_eth_promiscuous_enable(port->id);
	if (status && status != -ENOTSUP)
		complain(options->command, "port %s: not promiscuous: %s", port->name,
			 strerror(-status));
	return 0;
}

static bool is_port(const char *name)
{
	size_t length = strlen(name);
	uint16_t id;

	RTE_ETH_FOREACH_DEV(id)
	{
		char port[RTE_ETH_NAME_MAX_LEN];

		/* A card with several ports has names that begin with the card's. */
		if (!rte_eth_dev_get_name_by_port(id, port) && strncmp(port, name, length) == 0 &&
		    (port[length] == '\0' || port[length] == '_'))
			return true;
	}
	return false;
}

int ports_check_named(const struct command *command)
{
	const struct rte_devargs *named;
	int status = 0;

	RTE_EAL_DEVARGS_FOREACH(NULL, named)
	{
		if (named->policy == RTE_DEV_BLOCKED || is_port(named->name))
			continue;
		complain(command,
			 "%s, named behind --, cannot be a port: DPDK's own words are above",
			 named->name);
		status = -ENODEV;
	}
	return status;
}

static int find_ports(struct ports *ports)
{
	uint16_t seen = 0;
	uint16_t id;

	RTE_ETH_FOREACH_DEV(id)
	{
		struct port *port = &ports->port[ports->count];

		if (seen++ < ports->options.first)
			continue;
		if (ports->options.most && ports->count == ports->options.most)
			break;
		if (ports->count == PORTS_MAX) {
			complain(ports->options.command, "there are more than %d ports", PORTS_MAX);
			return -E2BIG;
		}
		port->id = id;
		if (rte_eth_dev_get_name_by_port(id, port->name))
			snprintf(port->name, sizeof(port->name), "%u", id);
		ports->count++;
	}
	if (!ports->count) {
		complain(ports->options.command,
			 "there is no port: bind a NIC to a driver of DPDK's, or name one behind "
			 "--, as in --vdev=net_af_packet0,iface=eth0");
		return -ENODEV;
	}
	if (ports->options.wiring == WIRING_PAIRS && ports->count % 2) {
		complain(ports->options.command,
			 "ports come in pairs, and the number of these is odd (%u): give one more, "
			 "or --wiring one-armed",
			 ports->count);
		return -EINVAL;
	}
	return 0;
}

static void wire(struct ports *ports)
{
	for (uint16_t i = 0; i < ports->count; i++) {
		uint16_t to = ports->options.wiring == WIRING_PAIRS ? i ^ 1 : i;

		ports->port[i].to = ports->port[to].id;
		ports->to[ports->port[i].id] = to;
	}
}

/* One for all, or none. */
static struct spread common_spread(const struct ports *ports)
{
	const struct spread *first = &ports->port[0].spread;

	for (uint16_t i = 0; i < ports->count; i++) {
		if (!spread_equal(&ports->port[i].spread, first))
			return (struct spread){ 0 };
	}
	return first->queues == ports->options.cores ? *first : (struct spread){ 0 };
}

/* AF_XDP takes a pool's memory for one array of packets, so none may have a gap behind it. */

static bool needs_array(const struct ports *ports)
{
	for (uint16_t i = 0; i < ports->count; i++) {
		struct rte_eth_dev_info info;

		if (rte_eth_dev_info_get(ports->port[i].id, &info) == 0 &&
		    strcmp(info.driver_name, "net_af_xdp") == 0)
			return true;
	}
	return false;
}

/* No packet crosses EAL's pages, which may be small ones: without gaps each fills a page. */
static uint32_t fill_page(uint32_t room)
{
	uint32_t page = (uint32_t)getpagesize();
	uint32_t size = (uint32_t)sizeof(struct rte_mbuf) + room;
	uint32_t last = rte_mempool_calc_obj_size(size, RTE_MEMPOOL_F_NO_SPREAD, NULL) % page;

	return last ? room + page - last : room;
}

/* As rte_pktmbuf_pool_create does, but for what the flag says. */
static struct rte_mempool *create_array(const char *name, uint32_t packets, uint32_t cache,
					uint32_t room)
{
	struct rte_pktmbuf_pool_private private = { .mbuf_data_room_size = (uint16_t)room };
	struct rte_mempool *pool = rte_mempool_create_empty(
		name, packets, (uint32_t)sizeof(struct rte_mbuf) + room, cache, sizeof(private),
		(int)rte_socket_id(), RTE_MEMPOOL_F_NO_SPREAD);
	int status = pool ? rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL)
			  : -ENOMEM;

	if (!status) {
		rte_pktmbuf_pool_init(pool, &private);
		status = rte_mempool_populate_default(pool);
	}
	if (status < 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

/* As many as all queues and cores can hold. */
static uint32_t most_packets(const struct ports *ports)
{
	uint32_t queues = 2u * ports->count * ports->options.cores;

	return queues * RING + MORE_A_CORE * ports->options.cores;
}

static int make_pool(struct ports *ports)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t packets = ports->options.buffers ? ports->options.buffers : most_packets(ports);
	uint32_t cache = RTE_MIN((uint32_t)CACHE, packets / 4);
	uint32_t room =
		RTE_PKTMBUF_HEADROOM + RTE_MAX((uint32_t)RTE_MBUF_DEFAULT_DATAROOM,
					       (uint32_t)ports->options.mtu + FRAME_OVERHEAD);

	snprintf(name, sizeof(name), "weir-packets-%u", ports->options.first);
	if (needs_array(ports))
		ports->pool = create_array(name, packets, cache, fill_page(room));
	else
		ports->pool = rte_pktmbuf_pool_create(name, packets, cache, 0, (uint16_t)room,
						      (int)rte_socket_id());
	if (ports->pool)
		return 0;
	complain(ports->options.command,
		 "no memory for %u packets of %u bytes: give more with -m behind --, or take fewer "
		 "with --buffers",
		 packets, room);
	return -ENOMEM;
}

static int start_all(struct ports *ports)
{
	int status = 0;

	for (uint16_t i = 0; !status && i < ports->count; i++)
		status = start(&ports->port[i], &ports->options, ports->pool);
	ports->spread = common_spread(ports);
	return status;
}

int ports_start(struct ports *ports, const struct ports_options *options)
{
	int status;

	memset(ports, 0, sizeof(*ports));
	ports->options = *options;
	status = ports_check_named(options->command);
	if (!status)
		status = find_ports(ports);
	if (!status)
		status = make_pool(ports);
	if (status)
		return status;
	wire(ports);
	return start_all(ports);
}

/* Its sockets are closed when it stops, and opened by nothing but its making. */
static bool starts_once(const struct port *port)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(port->id, &info) == 0 &&
	       strcmp(info.driver_name, "net_af_packet") == 0;
}

int ports_resize(struct ports *ports, uint16_t cores)
{
	int status = 0;

	for (uint16_t i = 0; !status && i < ports->count; i++) {
		struct port *port = &ports->port[i];

		if (starts_once(port))
			return fail(&ports->options, port->name, "cannot be started again",
				    -ENOTSUP);
		status = rte_eth_dev_stop(port->id);
		port->is_started = false;
		if (status)
			return fail(&ports->options, port->name, "cannot be stopped", status);
	}
	ports->options.cores = cores;
	return start_all(ports);
}

static bool has_link(const struct port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

int ports_await_links(const struct ports *ports)
{
	unsigned ms = 0;

	for (uint16_t i = 0; i < ports->count; i++) {
		for (; !has_link(&ports->port[i]) && ms < LINK_MS; ms++)
			rte_delay_us_sleep(1000);
		if (ms == LINK_MS)
			return fail(&ports->options, ports->port[i].name, "has no link", -ENETDOWN);
	}
	return 0;
}

void ports_stop(struct ports *ports)
{
	for (uint16_t i = 0; i < ports->count; i++) {
		if (ports->port[i].is_started)
			rte_eth_dev_stop(ports->port[i].id);
		rte_eth_dev_close(ports->port[i].id);
	}
	rte_mempool_free(ports->pool);
}

uint16_t ports_queue(const struct ports *ports, uint16_t place, uint16_t core)
{
	uint16_t queues = ports->port[place].receiving_queues;
	uint16_t cores = ports->options.cores;
	/* Ports with few queues begin at different cores. */
	uint16_t queue =
		queues == cores ? core : (uint16_t)((core + cores - place % cores) % cores);

	return queue < queues ? queue : NO_QUEUE;
}

static void readdress(const struct ports *ports, const struct port *port, struct rte_mbuf **packets,
		      uint16_t n)
{
	struct rte_ether_addr own;

	if (rte_eth_macaddr_get(port->id, &own))
		return;
	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *header = rte_pktmbuf_mtod(packets[i], struct rte_ether_hdr *);

		if (rte_pktmbuf_data_len(packets[i]) < sizeof(*header))
			continue;
		rte_ether_addr_copy(&ports->options.next_hop, &header->dst_addr);
		rte_ether_addr_copy(&own, &header->src_addr);
	}
}

uint16_t ports_send(struct ports *ports, uint16_t place, uint16_t core, struct rte_mbuf **packets,
		    uint16_t n)
{
	struct port *port = &ports->port[place];
	uint16_t queue = core % port->sending_queues;
	uint16_t sent;

	if (ports->options.has_next_hop)
		readdress(ports, port, packets, n);
	rte_spinlock_lock(&port->sending[queue]);
	sent = rte_eth_tx_burst(port->id, queue, packets, n);
	rte_spinlock_unlock(&port->sending[queue]);
	return sent;
}
