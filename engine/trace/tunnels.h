/*
 * tunnels.h - which packet of a frame counts, where packets carry packets (T8).
 */
#ifndef WEIR_TRACE_TUNNELS_H
#define WEIR_TRACE_TUNNELS_H

#include <stdbool.h>

#include "weir/packet.h"
#include "weir/policy.h"

enum {
	WEIR_TUNNEL_DEPTH = 8, /* so many are taken off; one more is malformed */
};

/* Whose addresses are pods'. */
struct weir_tunnels {
	const struct weir_policy *policy;
	bool unknown_pods_external;
};

/* weir_packet_decode, of the packet inside when what is outside is a tunnel between addresses of
 * which neither is a pod's. */
void weir_tunnels_decode(const struct weir_tunnels *tunnels, const struct weir_frame *frame,
			 struct weir_packet *out);

#endif
