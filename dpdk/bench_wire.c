#include "bench_wire.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_ring.h>

#include "eal.h"
#include "eal_words.h"

enum {
	HEAP_MEBIBYTES = 6144, /* of addresses: memory is what is used of it */
	/* What a tester holds back must never stop the filter. */
	RING_TO_FILTER = 1024,
	RING_TO_TESTER = 8192,
};

/* EAL's first core generates and checks, each other one filters. Where there are fewer processors
 * than that, several cores have one. */
static int name_cores(uint16_t workers, char *out, size_t size)
{
	cpu_set_t mine;
	int allowed[CPU_SETSIZE];
	int count = 0;
	size_t length = 0;

	if (sched_getaffinity(0, sizeof(mine), &mine))
		CPU_ZERO(&mine);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &mine))
			allowed[count++] = i;
	for (uint16_t i = 0; i <= workers && count && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%u@%d", i ? "," : "", i,
					   allowed[i % count]);
	return count;
}

static int start_eal(struct wire *wire, const struct invocation *invocation)
{
	char cores[16 * (WIRE_WORKERS_MAX + 1)] = "";

	if (invocation->operand_count > 1) {
		wire->has_eal = eal_start(invocation, 1);
	} else {
		wire->shares_processors =
			name_cores(wire->most, cores, sizeof(cores)) <= wire->most;
		wire->has_eal = bench_start_dpdk(HEAP_MEBIBYTES, cores);
		if (!wire->has_eal)
			complain(invocation->command,
				 "EAL does not start: its own words are above");
	}
	if (wire->has_eal && rte_lcore_count() < wire->most + 1u) {
		complain(invocation->command,
			 "%u cores are not enough: one generates and checks, %u filter",
			 rte_lcore_count(), wire->most);
		return -EINVAL;
	}
	return wire->has_eal ? 0 : -EIO;
}

static int make_rings(struct wire *wire)
{
	for (unsigned way = 0; way < 2 * WIRE_SIDES; way++) {
		unsigned size = way < WIRE_SIDES ? RING_TO_FILTER : RING_TO_TESTER;

		for (uint16_t i = 0; i < wire->most; i++) {
			char name[RTE_RING_NAMESIZE];

			snprintf(name, sizeof(name), "weir-wire-%u-%u", way, i);
			wire->rings[way][i] = rte_ring_create(name, size, (int)rte_socket_id(),
							      RING_F_SP_ENQ | RING_F_SC_DEQ);
			if (!wire->rings[way][i])
				return -ENOMEM;
		}
	}
	return 0;
}

/* Side i of the filter takes from rings[i] and sends into rings[2 + i]. */
static int make_ports(struct wire *wire)
{
	for (unsigned i = 0; i < 2 * WIRE_SIDES; i++) {
		unsigned side = i % WIRE_SIDES;
		struct rte_ring **in = wire->rings[side];
		struct rte_ring **out = wire->rings[WIRE_SIDES + side];
		bool is_tester = i >= WIRE_SIDES;
		char name[32];

		snprintf(name, sizeof(name), "weir_%s%u", is_tester ? "tester" : "filter", side);
		if (rte_eth_from_rings(name, is_tester ? out : in, wire->most, is_tester ? in : out,
				       wire->most, rte_socket_id()) < 0)
			return -rte_errno;
	}
	return 0;
}

static int await_links(const struct wire *wire)
{
	int status = ports_await_links(&wire->filter);

	return status ? status : ports_await_links(&wire->tester);
}

static int start_ports(struct wire *wire, const struct command *command, uint16_t mtu)
{
	struct ports_options options = { .command = command,
					 .wiring = WIRING_PAIRS,
					 .cores = wire->most,
					 .mtu = mtu,
					 .most = WIRE_SIDES };
	int status = ports_start(&wire->filter, &options);

	if (status)
		return status;
	options.first = WIRE_SIDES;
	status = ports_start(&wire->tester, &options);
	return status ? status : await_links(wire);
}

uint16_t wire_pairs(const struct wire *wire)
{
	uint16_t pairs = wire->workers;

	for (unsigned i = 0; i < WIRE_SIDES; i++) {
		const struct port *port = &wire->tester.port[i];

		if (port->receiving_queues < pairs)
			pairs = port->receiving_queues;
		if (port->sending_queues < pairs)
			pairs = port->sending_queues;
	}
	return pairs;
}

int wire_use(struct wire *wire, uint16_t workers)
{
	int status;

	if (workers == wire->workers)
		return 0;
	status = ports_resize(&wire->filter, workers);
	/* Some ports have as many queues as those at the other end; and these have lost their
	 * links. */
	if (!status)
		status = ports_resize(&wire->tester, workers);
	if (!status)
		status = await_links(wire);
	wire->workers = workers;
	return status;
}

int wire_start(struct wire *wire, const struct invocation *invocation, uint16_t most, uint16_t mtu)
{
	int status;

	memset(wire, 0, sizeof(*wire));
	wire->most = most;
	wire->workers = most;
	status = start_eal(wire, invocation);
	if (!status)
		status = ports_check_named(invocation->command);
	if (status)
		return status;
	wire->is_rings = !rte_eth_dev_count_avail();
	if (wire->is_rings) {
		status = make_rings(wire);
		if (!status)
			status = make_ports(wire);
		if (status)
			complain(invocation->command, "cannot make ports of rings: %s",
				 strerror(-status));
	} else if (rte_eth_dev_count_avail() != 2 * WIRE_SIDES) {
		complain(invocation->command,
			 "%u ports: two that are filtered between and two to test them from are "
			 "needed, "
			 "or none at all",
			 rte_eth_dev_count_avail());
		status = -EINVAL;
	}
	return status ? status : start_ports(wire, invocation->command, mtu);
}

void wire_finish(struct wire *wire)
{
	ports_stop(&wire->filter);
	ports_stop(&wire->tester);
	for (unsigned way = 0; way < 2 * WIRE_SIDES; way++)
		for (uint16_t i = 0; i < wire->most; i++)
			rte_ring_free(wire->rings[way][i]);
	if (wire->has_eal)
		rte_eal_cleanup();
}
