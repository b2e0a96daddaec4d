/*
 * owner.c - which worker has a connection.
 */
#include "burst.h"

uint16_t weir_worker_owner(const struct weir_tuple *tuple, uint16_t count)
{
	/* No secret: everybody who spreads packets has to come to the same worker. */
	static const struct weir_flow_secret known = { { 0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u,
							 0x94d049bb133111ebu, 0xd6e8feb86659fd93u,
							 0, 0xa0761d6478bd642fu } };
	struct weir_packet packet = { .tuple = *tuple };
	struct weir_flow_key key;

	if (count < 2)
		return 0;
	/* An echo's identifier is in both ports, so both directions have one key here. */
	if (tuple->protocol == WEIR_PROTOCOL_ICMP || tuple->protocol == WEIR_PROTOCOL_ICMPV6)
		packet.tuple.protocol = WEIR_PROTOCOL_UDP;
	weir_flow_key_of(&packet, &key);
	return (uint16_t)(weir_flow_hash_bytes(&key, &known) % count);
}

bool burst_is_ours(const struct weir_worker *worker, const struct weir_tuple *tuple,
		   struct weir_packet_verdict *verdict)
{
	const struct weir_worker_options *options = &worker->options;
	uint16_t owner;

	if (options->count < 2 || worker->burst.is_handed)
		return true;
	owner = options->owner ? options->owner(options->owner_context, tuple)
			       : weir_worker_owner(tuple, options->count);
	*verdict = (struct weir_packet_verdict){ .action = WEIR_PACKET_ELSEWHERE,
						 .why = WEIR_PACKET_FRAGMENT,
						 .worker = owner };
	return owner == options->index;
}
