/*
 * peer_packet.h - the addresses and ports of a packet, where IPv4 without options has them.
 */
#ifndef WEIR_DPDK_PEER_PACKET_H
#define WEIR_DPDK_PEER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

enum {
	PEER_HEADERS = sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + 4,
};

enum peer_packet_kind {
	PEER_IPV4,
	PEER_OTHER,   /* not IP: it passes */
	PEER_UNKNOWN, /* it does not: too short, options, fragments, IPv6 */
};

static inline const struct rte_ipv4_hdr *peer_ipv4(const struct rte_mbuf *packet)
{
	return rte_pktmbuf_mtod_offset(packet, const struct rte_ipv4_hdr *,
				       sizeof(struct rte_ether_hdr));
}

/* Source and destination port, as they stand in the packet. */
static inline const uint16_t *peer_ports(const struct rte_ipv4_hdr *header)
{
	return (const uint16_t *)(header + 1);
}

static inline enum peer_packet_kind peer_packet_kind(const struct rte_mbuf *packet)
{
	const struct rte_ether_hdr *link = rte_pktmbuf_mtod(packet, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *header = peer_ipv4(packet);

	if (rte_pktmbuf_data_len(packet) < PEER_HEADERS)
		return PEER_UNKNOWN;
	if (link->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return link->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) ? PEER_UNKNOWN
									 : PEER_OTHER;
	if (header->version_ihl != RTE_IPV4_VHL_DEF ||
	    header->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return PEER_UNKNOWN;
	return PEER_IPV4;
}

/* A connection, the same for both directions: the lower end goes first. For keys of 16 bytes
 * rte_hash has a comparison of its own. */
struct peer_flow {
	uint32_t addresses[2];
	uint16_t ports[2];
	uint32_t protocol;
};
_Static_assert(sizeof(struct peer_flow) == 16, "a connection is 16 bytes");

/* Addresses and ports: the lower end is first; side is the sender's. Without branches: protocols are
 * mixed, and nobody can predict whose turn it is. */
static inline struct peer_flow peer_flow_of(const struct rte_mbuf *packet, uint8_t *side)
{
	const struct rte_ipv4_hdr *header = peer_ipv4(packet);
	const uint16_t *ports = peer_ports(header);
	uint8_t protocol = header->next_proto_id;
	unsigned has_ports =
		(protocol == IPPROTO_TCP) | (protocol == IPPROTO_UDP) | (protocol == IPPROTO_SCTP);
	uint16_t mask = (uint16_t)-has_ports;
	uint64_t ends[2] = { (uint64_t)header->src_addr << 16 | (ports[0] & mask),
			     (uint64_t)header->dst_addr << 16 | (ports[1] & mask) };
	unsigned sender = ends[0] > ends[1];

	*side = (uint8_t)sender;
	return (struct peer_flow){ { (uint32_t)(ends[sender] >> 16),
				     (uint32_t)(ends[!sender] >> 16) },
				   { (uint16_t)ends[sender], (uint16_t)ends[!sender] },
				   protocol };
}

#endif
