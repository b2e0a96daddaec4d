#include "spread.h"

#include <errno.h>
#include <string.h>

#include <rte_thash.h>

#include "weir/key.h"

enum {
	KEY = 40, /* bytes: as many as a hash of IPv6 with ports takes */
};

static const uint8_t symmetric_key[KEY] = {
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
};

struct spread spread_configure(struct rte_eth_conf *conf, const struct rte_eth_dev_info *info,
			       uint16_t queues)
{
	struct spread spread = {
		.kinds = info->flow_type_rss_offloads &
			 (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP),
		.entries = info->reta_size,
		.queues = queues,
	};

	if (queues < 2 || !spread.kinds || !spread.entries || info->hash_key_size != KEY)
		return (struct spread){ 0 };
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = (uint8_t *)(uintptr_t)symmetric_key,
		.rss_key_len = KEY,
		.rss_hf = spread.kinds,
	};
	return spread;
}

int spread_start(const struct spread *spread, uint16_t port)
{
	struct rte_eth_rss_reta_entry64 groups[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];

	if (spread->entries > RTE_ETH_RSS_RETA_SIZE_512)
		return -E2BIG;
	memset(groups, 0, sizeof(groups));
	for (uint16_t i = 0; i < spread->entries; i++) {
		struct rte_eth_rss_reta_entry64 *group = &groups[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = i % spread->queues;
	}
	return rte_eth_dev_rss_reta_update(port, groups, spread->entries);
}

bool spread_equal(const struct spread *a, const struct spread *b)
{
	return a->kinds == b->kinds && a->entries == b->entries && a->queues == b->queues;
}

/* Which flag stands for the ports of a protocol, for each family. */
static uint64_t kind_with_ports(uint8_t protocol, bool is_ipv4)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return is_ipv4 ? RTE_ETH_RSS_NONFRAG_IPV4_TCP : RTE_ETH_RSS_NONFRAG_IPV6_TCP;
	case WEIR_PROTOCOL_UDP:
		return is_ipv4 ? RTE_ETH_RSS_NONFRAG_IPV4_UDP : RTE_ETH_RSS_NONFRAG_IPV6_UDP;
	case WEIR_PROTOCOL_SCTP:
		return is_ipv4 ? RTE_ETH_RSS_NONFRAG_IPV4_SCTP : RTE_ETH_RSS_NONFRAG_IPV6_SCTP;
	default:
		return 0;
	}
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

uint16_t spread_owner(void *context, const struct weir_tuple *tuple)
{
	const struct spread *spread = context;
	bool is_ipv4 = weir_address_is_ipv4(&tuple->source);
	unsigned first = is_ipv4 ? 12 : 0;
	uint32_t words[9];
	unsigned count = 0;
	uint32_t hash;

	for (unsigned i = first; i < 16; i += 4)
		words[count++] = word_at(&tuple->source.bytes[i]);
	for (unsigned i = first; i < 16; i += 4)
		words[count++] = word_at(&tuple->destination.bytes[i]);
	if (spread->kinds & kind_with_ports(tuple->protocol, is_ipv4))
		words[count++] = (uint32_t)tuple->source_port << 16 | tuple->destination_port;
	hash = rte_softrss(words, count, symmetric_key);
	return hash % spread->entries % spread->queues;
}
