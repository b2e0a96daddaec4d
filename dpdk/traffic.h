/*
 * traffic.h - what generators send and checkers expect: flows, each with its verdict.
 *
 * Made once, then used by any number of trials. Flows are drawn from a cluster, by a seed, or read
 * from a trace, either with the verdict of the reference evaluator (weir_cluster_judge). A drawn
 * flow is a place in the traffic: it has ends and a destination's port for good, and a source port
 * that changes when a new connection takes the place. What a trace gives are its flows, and their
 * packets' order, directions and sizes; the packets are made, as they are for flows from a seed.
 *
 * One thread makes it. Then generators and checkers on any cores have it; what they share is the
 * byte of each flow that says which of its connections has been seen to come through.
 */
#ifndef WEIR_DPDK_TRAFFIC_H
#define WEIR_DPDK_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/capture.h"
#include "weir/cluster.h"
#include "weir/error.h"
#include "weir/policy.h"
#include "weir/resolved.h"

#include "gen_share.h"

#include "frame.h"

enum {
	TRAFFIC_FLOWS_MAX = STAMP_FLOWS_MAX,
	TRAFFIC_CONNECTIONS_MAX = 1 << 20,
	TRAFFIC_PACKETS_MAX = 1 << 26, /* of a trace */
	/* Source ports that connections of the same ends take in turn; no destination has one of
	 * them. Of flows of the same ends there are a quarter as many, so that a port rests. */
	TRAFFIC_PORT_FIRST = 32768,
	TRAFFIC_PORTS = 32768,
	TRAFFIC_FLOWS_A_CONNECTION = TRAFFIC_PORTS / 4,
};

struct traffic_options {
	uint64_t seed;
	uint32_t flows;
	uint32_t connections; /* of different ends or ports: 0: 1024, and more for many flows */
	uint16_t allowed;     /* the share of flows, of GEN_ALL */
	uint16_t sctp;        /* of these and of the denied ones, the shares of SCTP */
	uint16_t echoes; /* and of echoes, together no more than all; 0: as many as are drawn */
	uint16_t least_frame; /* the smallest size that will be asked for; 0: FRAME_LEAST */
};

struct traffic_connection {
	struct frame_template templates[FRAME_WAYS];
	struct weir_key key;
	bool is_allowed;
};

/* A packet of a trace. */
struct traffic_packet {
	uint32_t flow; /* with STAMP_REPLY */
	uint16_t size;
};

/* A kind of flows: so many of their kind, who take the connections from first on in turn. */
enum traffic_kind {
	TRAFFIC_SCTP,
	TRAFFIC_ECHOES,
	TRAFFIC_OTHERS,
	TRAFFIC_KINDS,
};

struct traffic_range {
	uint32_t first; /* of the connections */
	uint32_t count;
};

struct traffic {
	struct traffic_connection *connections;        /* those allowed before those denied */
	struct traffic_range ranges[2][TRAFFIC_KINDS]; /* denied, allowed; of drawn ones */
	uint16_t shares[TRAFFIC_KINDS - 1];            /* of GEN_ALL; each of what is left */
	uint32_t connection_count;
	uint32_t allowed_count; /* of them */
	uint32_t flow_count;
	uint16_t allowed; /* the share of flows, of GEN_ALL; of drawn ones */
	uint16_t least_frame;
	struct traffic_packet *packets; /* of a trace, in its order; NULL: drawn */
	uint32_t packet_count;
	uint64_t left_out; /* packets of the trace that are none of ours */
	uint8_t *arrived;  /* by flow: TRAFFIC_ARRIVED and the generation, once one came through */
};
enum { TRAFFIC_ARRIVED = 0x80 };

/* Draws connections of a finished cluster and what it resolved to. -EINVAL, and error says why:
 * options out of range, nothing found of a class that is wanted, or too many flows for what was
 * found; -ENOMEM. Takes about a tenth of a millisecond a connection at 10,000 pods. */
int traffic_draw(const struct weir_cluster *cluster, const struct weir_resolved *resolved,
		 const struct traffic_options *options, struct traffic **out,
		 struct weir_error *error);

/* Takes the flows of a trace, at its beginning, whose packets are made again: TCP and UDP, not
 * translated, not ambiguous. The policy is what the cluster compiled to: whose packets are whose is
 * what replaying says, and what becomes of a flow is what the reference says of the connection that
 * is made in its place. Of the options least_frame matters: smaller packets are sent in that size
 * or their connection's least. -EINVAL: it has none; -E2BIG: too many; -ENOMEM. */
int traffic_read(struct weir_capture *capture, const struct weir_cluster *cluster,
		 const struct weir_resolved *resolved, struct weir_policy *policy,
		 const struct traffic_options *options, struct traffic **out,
		 struct weir_error *error);

void traffic_destroy(struct traffic *traffic); /* NULL is allowed */

static inline bool traffic_is_trace(const struct traffic *traffic)
{
	return traffic->packets != NULL;
}

/* Whether some of a trace's packets are replies. */
bool traffic_has_replies(const struct traffic *traffic);
/* Whether some connection is over IPv6. */
bool traffic_has_ipv6(const struct traffic *traffic);
/* Packets that visit every flow. */
uint32_t traffic_round(const struct traffic *traffic);

/* Whether the flow is one of the allowed; the others are between them, evenly. */
bool traffic_flow_is_allowed(const struct traffic *traffic, uint32_t flow);
/* The place of its connection. */
uint32_t traffic_flow_connection(const struct traffic *traffic, uint32_t flow);

/* Sizes of frames, with their check of 4 bytes, and how often each: 12 packets of IMIX are 7 of 64
 * bytes, 4 of 594 and 1 of 1518. */
enum {
	TRAFFIC_SIZES_MAX = 8,
	TRAFFIC_WEIGHT_MAX = 256, /* of all sizes together */
};

struct traffic_size {
	uint16_t bytes;
	uint16_t weight;
};

struct traffic_mix {
	struct traffic_size sizes[TRAFFIC_SIZES_MAX];
	uint32_t count; /* 0: the sizes of a trace */
};

/* "64"; "imix"; "64:7,594:4,1518:1". -EINVAL, and error says why. */
int traffic_mix_parse(const char *text, struct traffic_mix *out, struct weir_error *error);
/* Bytes of an average frame. */
double traffic_mix_average(const struct traffic_mix *mix);

#endif
