/*
 * weir/trace.h - the flows of a whole trace, each with one verdict.
 *
 * Frames are added in the order of their numbers, then the trace is finished, which decides who
 * opened each flow and judges it. Memory grows with flows, not with packets; so what became of
 * single packets is told by a second pass over the same frames.
 *
 * Threads. A trace is for one thread at a time, different ones for different threads at once.
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/packet.h"
#include "weir/policy.h"
#include "weir/team.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_trace;

struct weir_trace_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	bool unknown_pods_external;             /* --unknown-pods external */
	bool stateless;                         /* judge every packet by itself, replies too */
	/* Shares the work, by connections: then frames are best added in tens of thousands, and the
	 * allocator is called by any of the team's threads. NULL: the calling thread does all.
	 * No result depends on it. Copied. Not for a trace without end. */
	const struct weir_team *team;
	bool endless; /* packets keep coming: flows are settled */
	/* Random, and told to nobody, or zeroes for what is as hard to guess as addresses of
	 * memory are: who knows it can make flows that take long to find. No result depends on it.
	 */
	uint64_t secret[2];
};

/* A trace, owned by the caller (weir_trace_destroy), which keeps a reference on the policy.
 * -EINVAL: a version of a live policy that was not frozen. -ENOMEM. */
int weir_trace_create(struct weir_policy *policy, const struct weir_trace_options *options,
		      struct weir_trace **out);
/* NULL is allowed. */
void weir_trace_destroy(struct weir_trace *trace);

/* Adds frames[0..n). Best in bursts of 32 or more. 0 or -ENOMEM. */
int weir_trace_add(struct weir_trace *trace, const struct weir_frame *frames, size_t n);

/* Ends the first pass and judges. 0 or -ENOMEM. */
int weir_trace_finish(struct weir_trace *trace);

/*
 * An endless trace has no second pass, and its memory grows with the flows that live at one time.
 * Settling judges what there is as if the trace ended here, and says of each flow what is new. The
 * flows can be asked for until frames are added or it is settled again; then those that are over
 * are forgotten. They are over when they ended, or nothing came for so long as a live dataplane
 * waits. Finishing settles for good: all are over.
 */
enum weir_trace_news {
	WEIR_TRACE_SAME,    /* but for its counts and times */
	WEIR_TRACE_CHANGED, /* or new: may become another yet */
	WEIR_TRACE_OVER,
};

/* now: nanoseconds since 1970 by the frames' clock. 0, -ENOMEM, or -EINVAL when the trace is not
 * endless. */
int weir_trace_settle(struct weir_trace *trace, uint64_t now);
/* What became of a flow since it was settled before. */
enum weir_trace_news weir_trace_flow_news(const struct weir_trace *trace, uint64_t index);

/* Whether so many frames came since the last time that settling costs little beside adding. */
bool weir_trace_is_due(const struct weir_trace *trace);

enum weir_trace_class {
	WEIR_TRACE_DENIED,
	WEIR_TRACE_ALLOWED,
	WEIR_TRACE_AMBIGUOUS,
	WEIR_TRACE_NOT_IP,
	WEIR_TRACE_OPAQUE,
	WEIR_TRACE_MALFORMED,
	WEIR_TRACE_CLASSES,
};
/* The word for it ("not_ip"); static storage. */
const char *weir_trace_class_name(enum weir_trace_class kind);

/* Why a flow is ambiguous; the first three mean what they mean in weir/key.h. */
enum weir_trace_why {
	WEIR_TRACE_WHY_NONE,
	WEIR_TRACE_WHY_UNKNOWN_POD,
	WEIR_TRACE_WHY_SHARED_ADDRESS,
	WEIR_TRACE_WHY_DOMAIN_NAME,
	WEIR_TRACE_WHY_UNKNOWN_BACKEND,
	WEIR_TRACE_WHY_TRANSLATED_SOURCE,
	WEIR_TRACE_WHY_ORPHAN_FRAGMENT,
	WEIR_TRACE_WHY_UNDECIDED_OPENER,
};
/* The word for it ("unknown-pod"); static storage. */
const char *weir_trace_why_name(enum weir_trace_why why);

enum weir_flow_state {
	WEIR_FLOW_NEW,
	WEIR_FLOW_ESTABLISHED,
	WEIR_FLOW_CLOSING,
	WEIR_FLOW_CLOSED,
	WEIR_FLOW_UNREPLIED,
	WEIR_FLOW_REPLIED,
};
/* The word for it ("established"); static storage. */
const char *weir_flow_state_name(enum weir_flow_state state);

struct weir_flow_side {
	struct weir_address address;
	uint16_t port;
	bool has_port;
	uint32_t pod;  /* endpoint index, or WEIR_NONE */
	uint32_t node; /* endpoint index of the node that owns the address, or WEIR_NONE */
};

/* Counted by direction: [0] forward, from -> to; [1] reply. */
struct weir_flow {
	uint64_t number; /* from 1, by first packet; in an endless trace as they were settled */
	uint64_t first;  /* nanoseconds since 1970 */
	uint64_t last;
	uint64_t packets[2];
	uint64_t bytes[2];
	struct weir_flow_side from;
	struct weir_flow_side to;
	uint32_t service;                    /* service index, or WEIR_NONE */
	uint32_t service_port;               /* index of the service's port */
	struct weir_address service_address; /* the virtual address that was seen */
	const uint32_t *interfaces; /* where its packets were seen, ascending: 64 at most */
	uint32_t interface_count;
	uint8_t protocol;
	uint8_t verdict; /* enum weir_action */
	uint8_t why;     /* enum weir_trace_why */
	uint8_t state;   /* enum weir_flow_state */
	bool midstream;
	bool orphan; /* fragments whose first was never seen: no ports */
	struct weir_explanation explanation;
};

/* How many flows there are, once the trace was finished or settled. */
uint64_t weir_trace_flow_count(const struct weir_trace *trace);
/* One flow, by its index from 0, in order of the numbers. What it points to lives until frames are
 * added or the trace is settled again. */
void weir_trace_flow(const struct weir_trace *trace, uint64_t index, struct weir_flow *out);

struct weir_trace_summary {
	uint64_t packets;
	uint64_t by_class[WEIR_TRACE_CLASSES];
	uint64_t malformed_by[WEIR_MALFORMED_REASONS];
	uint64_t flows[3]; /* by enum weir_action */
};
/* Counts packets and flows of a trace that was finished or settled. */
void weir_trace_summarize(const struct weir_trace *trace, struct weir_trace_summary *out);

/* What became of one packet. */
struct weir_trace_packet {
	uint8_t kind;      /* enum weir_trace_class */
	uint8_t malformed; /* enum weir_malformed */
	uint8_t why;       /* enum weir_trace_why */
	bool is_reply;
	bool is_related;  /* an ICMP error about the flow */
	bool is_fragment; /* a later fragment */
	uint64_t flow;    /* index, or UINT64_MAX when it belongs to none */
};

/* Begins the second pass, behind finish. -EINVAL for endless traces. */
int weir_trace_rewind(struct weir_trace *trace);

/* The second pass: rewind once, then locate the same frames in the same order, in bursts of any
 * size: out[i] answers frames[i]. -EINVAL for frames that were never added, and for endless
 * traces; -ENOMEM. */
int weir_trace_locate(struct weir_trace *trace, const struct weir_frame *frames, size_t n,
		      struct weir_trace_packet *out);

#ifdef __cplusplus
}
#endif
#endif
