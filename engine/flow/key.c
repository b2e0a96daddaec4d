#include "key.h"

#include <endian.h>
#include <string.h>

#include "weir/key.h"

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO = WEIR_FLOW_ECHO,
	ICMP_TIMESTAMP = 13,
	ICMP_TIMESTAMP_REPLY = 14,
	ICMP_INFORMATION = 15,
	ICMP_INFORMATION_REPLY = 16,
	ICMP_MASK = 17,
	ICMP_MASK_REPLY = 18,
	ICMPV6_ECHO = WEIR_FLOW_ECHO_IPV6,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_NODE_QUERY = 139,
	ICMPV6_NODE_REPLY = 140,
};

/* ICMP messages that come in pairs. */
static const struct {
	uint8_t protocol;
	uint8_t request;
	uint8_t reply;
} queries[] = {
	{ WEIR_PROTOCOL_ICMP, ICMP_ECHO, ICMP_ECHO_REPLY },
	{ WEIR_PROTOCOL_ICMP, ICMP_TIMESTAMP, ICMP_TIMESTAMP_REPLY },
	{ WEIR_PROTOCOL_ICMP, ICMP_INFORMATION, ICMP_INFORMATION_REPLY },
	{ WEIR_PROTOCOL_ICMP, ICMP_MASK, ICMP_MASK_REPLY },
	{ WEIR_PROTOCOL_ICMPV6, ICMPV6_ECHO, ICMPV6_ECHO_REPLY },
	{ WEIR_PROTOCOL_ICMPV6, ICMPV6_NODE_QUERY, ICMPV6_NODE_REPLY },
};

static bool is_after(const struct weir_tuple *tuple)
{
	uint64_t from[2], to[2];

	memcpy(from, tuple->source.bytes, sizeof(from));
	memcpy(to, tuple->destination.bytes, sizeof(to));
	for (unsigned i = 0; i < 2; i++) {
		if (from[i] != to[i])
			return be64toh(from[i]) > be64toh(to[i]);
	}
	return tuple->source_port > tuple->destination_port;
}

static void set_ends(struct weir_flow_key *out, const struct weir_tuple *tuple, unsigned side)
{
	out->ends[side] = tuple->source;
	out->ends[!side] = tuple->destination;
}

static unsigned symmetric_key(const struct weir_tuple *tuple, struct weir_flow_key *out)
{
	unsigned side = is_after(tuple);

	*out = (struct weir_flow_key){ .protocol = tuple->protocol, .kind = WEIR_FLOW_SYMMETRIC };
	set_ends(out, tuple, side);
	out->ports[side] = tuple->source_port;
	out->ports[!side] = tuple->destination_port;
	return side;
}

static unsigned icmp_key(const struct weir_packet *packet, struct weir_flow_key *out)
{
	const struct weir_tuple *tuple = &packet->tuple;

	for (unsigned i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		unsigned side = packet->icmp_type == queries[i].reply;

		if (tuple->protocol != queries[i].protocol ||
		    (!side && packet->icmp_type != queries[i].request))
			continue;
		*out = (struct weir_flow_key){ .protocol = tuple->protocol,
					       .kind = WEIR_FLOW_QUERY };
		set_ends(out, tuple, side);
		out->ports[0] = weir_flow_icmp_port(queries[i].request, 0);
		out->ports[1] = tuple->source_port;
		return side;
	}
	weir_flow_key_one_way(packet, out);
	return 0;
}

unsigned weir_flow_key_of(const struct weir_packet *packet, struct weir_flow_key *out)
{
	if (weir_flow_is_icmp(packet->tuple.protocol))
		return icmp_key(packet, out);
	return symmetric_key(&packet->tuple, out);
}

void weir_flow_key_one_way(const struct weir_packet *packet, struct weir_flow_key *out)
{
	const struct weir_tuple *tuple = &packet->tuple;
	bool is_icmp = weir_flow_is_icmp(tuple->protocol);

	*out = (struct weir_flow_key){
		.ends = { tuple->source, tuple->destination },
		.ports = { tuple->source_port, tuple->destination_port },
		.protocol = tuple->protocol,
		.kind = is_icmp ? WEIR_FLOW_MESSAGE : WEIR_FLOW_ONE_WAY,
	};
	if (is_icmp)
		out->ports[0] = weir_flow_icmp_port(packet->icmp_type, packet->icmp_code);
}

void weir_flow_key_fragments(const struct weir_packet *packet, struct weir_flow_key *out)
{
	*out = (struct weir_flow_key){
		.ends = { packet->tuple.source, packet->tuple.destination },
		.protocol = packet->tuple.protocol,
		.kind = WEIR_FLOW_FRAGMENTS,
	};
}

bool weir_flow_key_of_related(const struct weir_packet *packet, struct weir_flow_key *out,
			      unsigned *side)
{
	struct weir_packet quoted;

	/* Who is told of an error is who sent what it quotes. */
	if (!packet->has_quote ||
	    !weir_address_equal(&packet->tuple.destination, &packet->quote.source))
		return false;
	/* Few packets come so far: the others do not pay for its copy. */
	quoted = (struct weir_packet){ .tuple = packet->quote,
				       .icmp_type = packet->quote_icmp_type,
				       .icmp_code = packet->quote_icmp_code };
	*side = weir_flow_key_of(&quoted, out);
	return true;
}

unsigned weir_flow_key_of_quote(const struct weir_packet *packet, struct weir_flow_key *out)
{
	struct weir_packet quoted = { .tuple = packet->quote };

	quoted.icmp_type = quoted.tuple.protocol == WEIR_PROTOCOL_ICMPV6 ? ICMPV6_ECHO : ICMP_ECHO;
	return weir_flow_key_of(&quoted, out);
}

void weir_flow_key_swap_addresses(struct weir_flow_key *key)
{
	struct weir_address first = key->ends[0];

	key->ends[0] = key->ends[1];
	key->ends[1] = first;
}

void weir_flow_secret_make(const uint64_t random[2], struct weir_flow_secret *out)
{
	for (unsigned i = 0; i < 6; i++)
		out->words[i] = weir_flow_fold(random[i & 1] ^ (i + 1) * 0x9e3779b97f4a7c15u,
					       random[!(i & 1)] ^ (i + 1) * 0xd6e8feb86659fd93u);
}
