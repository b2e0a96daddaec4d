#include "peers.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_prefetch.h>

#include "peer_packet.h"

/* forward */

static void allow(struct weir_packet_verdict *verdicts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		verdicts[i] = (struct weir_packet_verdict){ .action = WEIR_PACKET_ALLOW };
}

static void forward(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		    struct weir_packet_verdict *verdicts)
{
	(void)context;
	(void)packets;
	(void)now;
	allow(verdicts, n);
}

static int create_forward(const struct peer_options *options, struct loop_judge *out)
{
	(void)options;
	*out = (struct loop_judge){ .judge = forward };
	return 0;
}

/* five-tuple */

struct reader {
	uint64_t seen; /* of what is read something must come, or it is not read */
};

static void read_tuples(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
			struct weir_packet_verdict *verdicts)
{
	struct reader *reader = context;
	uint64_t seen = 0;

	(void)now;
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], const void *));
	for (uint16_t i = 0; i < n; i++) {
		const struct rte_ipv4_hdr *header = peer_ipv4(packets[i]);
		const uint16_t *ports = peer_ports(header);

		if (peer_packet_kind(packets[i]) != PEER_IPV4)
			continue;
		seen += header->src_addr ^ header->dst_addr;
		seen += (uint64_t)header->next_proto_id << 32 ^ (uint64_t)ports[0] << 16 ^ ports[1];
	}
	*(volatile uint64_t *)&reader->seen = seen;
	allow(verdicts, n);
}

static int create_reader(const struct peer_options *options, struct loop_judge *out)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	(void)options;
	if (!reader)
		return -ENOMEM;
	*out = (struct loop_judge){ .judge = read_tuples, .context = reader };
	return 0;
}

static void destroy(struct loop_judge *judge)
{
	free(judge->context);
}

const struct peer peers[] = {
	{ "forward", "sends everything without a look", false, false, create_forward, destroy },
	{ "five-tuple", "reads addresses and ports, and sends everything", false, false,
	  create_reader, destroy },
	{ "rte_acl", "asks DPDK's rte_acl of every packet, on aggregated prefixes", true, false,
	  peer_acl_create, peer_acl_destroy },
	{ "rte_acl+hash", "the same, and keeps keys of what it allowed in an rte_hash: for ever",
	  true, true, peer_hash_create, peer_hash_destroy },
	{ "rte_acl+state", "and when each was seen, and TCP's signals: what is over is forgotten",
	  true, true, peer_state_create, peer_state_destroy },
	{ .name = NULL },
};
