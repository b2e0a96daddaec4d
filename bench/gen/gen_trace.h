/*
 * gen_trace.h - traces from a seed: flows of given connections as a pcap or pcapng file.
 *
 * Some flows are open at any time, and packets come from them at random. Every flow has a source
 * port that its address had not before, and which nobody declares. What was answered shakes hands,
 * talks both ways and closes; what was denied is asked again without an answer. A flow through a
 * service shows twice, at the service and at the pod behind it, as when both sides of a node's
 * translation are captured. Equal input gives equal bytes on every machine, and memory does not
 * grow with the trace.
 */
#ifndef WEIR_GEN_TRACE_H
#define WEIR_GEN_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "gen_connections.h"
#include "gen_share.h"
#include "weir/error.h"

enum gen_format {
	GEN_PCAP, /* with nanoseconds */
	GEN_PCAPNG,
};

enum {
	GEN_TRACE_PAYLOAD_MAX = 1400,
	GEN_TRACE_RATE_MIN = 100, /* slower, and UDP flows would fall apart by their idle time */
	GEN_TRACE_RATE_MAX = 100000000,
};
#define GEN_TRACE_FLOWS_MAX   1000000000u
#define GEN_TRACE_PACKETS_MAX 100000000000u

struct gen_trace_options {
	uint64_t seed;
	uint64_t flows[GEN_CLASSES];
	uint64_t packets; /* in all; at least one a flow, behind those that are noise */
	uint32_t rate;    /* packets a second */
	uint16_t payload; /* bytes at most of a packet that carries data */
	/* Shares of GEN_ALL; flows through services have none of the first three. */
	uint16_t tunnels;   /* of the flows between pods of two nodes, that are inside of VXLAN */
	uint16_t fragments; /* of the packets of UDP and echoes with room for it, that are two */
	uint16_t errors;    /* of packets on their way, that an ICMP error comes back about */
	uint16_t noise;     /* of all packets, that are not IP */
	enum gen_format format;
};

/* A flow as its first packet comes. */
struct gen_flow {
	uint64_t packet; /* its number in the trace, from 1 */
	const struct gen_connection *connection;
	enum gen_class kind;
	uint16_t source_port; /* of TCP, UDP and SCTP */
};

/* Where it goes; each function returns 0 or a negative errno, which ends the writing and is
 * returned. */
struct gen_trace_sink {
	int (*write)(void *context, const char *bytes, size_t length);
	void *write_context;
	int (*begin_flow)(void *context, const struct gen_flow *flow); /* NULL: not of interest */
	void *flow_context;
};

/* -EINVAL: options contradict each other, or the connections' sources have too few ports for so
 * many flows: error says. -ENOMEM. */
int gen_trace_write(const struct gen_connections *connections,
		    const struct gen_trace_options *options, const struct gen_trace_sink *sink,
		    struct weir_error *error);

#endif
