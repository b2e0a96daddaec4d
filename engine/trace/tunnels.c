/*
 * Networks between nodes carry pods' packets inside packets of the nodes. Those are nobody's
 * connections: the packet inside is the one that a policy speaks of, and is the frame's packet.
 * A tunnel of which an end is a pod was made by that pod. It is a connection like others, and what
 * it carries is not for the cluster to judge, nor could a policy see it. An address of the pods'
 * range that nobody owns may be a pod's, so it is taken for one here as it is in verdicts.
 *
 * The depth is bounded, so that no frame costs more than a few plain ones.
 */
#include "tunnels.h"

#include "weir/directory.h"

static bool is_of_pod(const struct weir_tunnels *tunnels, const struct weir_address *address)
{
	struct weir_owner owner;

	weir_policy_owner(tunnels->policy, address, &owner);
	return owner.kind == WEIR_OWNER_POD ||
	       (owner.kind == WEIR_OWNER_UNKNOWN_POD && !tunnels->unknown_pods_external);
}

static bool is_between_others(const struct weir_tunnels *tunnels, const struct weir_tuple *tuple)
{
	return !is_of_pod(tunnels, &tuple->source) && !is_of_pod(tunnels, &tuple->destination);
}

static void take_off(const struct weir_tunnels *tunnels, struct weir_frame frame,
		     struct weir_packet *packet)
{
	unsigned depth = 0;

	while (packet->is_tunnel && is_between_others(tunnels, &packet->tuple)) {
		if (!weir_packet_decode_inner(&frame, packet))
			return;
		if (packet->kind == WEIR_PACKET_OK && ++depth > WEIR_TUNNEL_DEPTH)
			*packet = (struct weir_packet){
				.kind = WEIR_PACKET_MALFORMED,
				.malformed = WEIR_MALFORMED_TUNNEL_DEPTH,
			};
	}
}

void weir_tunnels_decode(const struct weir_tunnels *tunnels, const struct weir_frame *frame,
			 struct weir_packet *out)
{
	weir_packet_decode(frame, out);
	if (out->is_tunnel)
		take_off(tunnels, *frame, out);
}
