/*
 * The flows of a whole trace, in two passes over its frames.
 *
 *	add:     frame -> packet -> assign -> a sighting's counts
 *	finish:  sightings -> who opened -> joined -> flows -> verdicts
 *	locate:  frame -> packet -> assign -> the sighting's outcome -> its flow
 *
 * Assigning (assign.h) is the same code in both passes and looks at the past only, so sightings
 * get the same numbers; their outcomes (flows.h), made in between, tell the flow and direction of
 * each packet. Nothing is kept per packet: memory is 128 bytes a sighting, 16 to 32 for its slots
 * in the table, 8 for its outcome and 24 for its flow, the window of fragments (fragments.h), and
 * 16 for each datagram whose fragments came in the wrong order.
 *
 * An endless trace is settled every now and then instead of finished (settle.h):
 *
 *	add:     what is over is forgotten; as above
 *	settle:  as finish, but what is there is remembered as it was before
 */
#include "weir/trace.h"

#include <errno.h>

#include "batch.h"
#include "flows.h"
#include "handle.h"
#include "settle.h"
#include "weir/directory.h"
#include "weir/key.h"

enum {
	BURST = 32, /* packets whose memory is fetched before the first of them is assigned */
	TOLD_AT_ONCE = 2048,
	DUE_PACKETS = 65536, /* are not settled before, unless time says so */
};

struct weir_trace {
	const struct weir_allocator *allocator;
	struct weir_policy *policy;
	struct weir_assigner assigner;
	struct weir_flows flows;
	struct weir_judge judge;
	struct weir_trace_summary summary;
	bool has_frames;
	struct weir_team team;
	struct weir_batch *batch; /* of a team's; or NULL */

	/* Of an endless trace. */
	bool is_endless;
	struct weir_settler settler;
	uint64_t packets_settled;
};

static int hire(struct weir_trace *trace, const struct weir_team *team)
{
	if (!team)
		return 0;
	trace->team = *team;
	return weir_batch_create(trace->allocator, team, &trace->assigner, &trace->batch);
}

int weir_trace_create(struct weir_policy *policy, const struct weir_trace_options *options,
		      struct weir_trace **out)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(options->allocator);
	struct weir_tunnels tunnels = { policy, options->unknown_pods_external };
	struct weir_trace *trace;
	uint64_t random[2];

	if (!policy_is_whole(policy))
		return -EINVAL;
	trace = weir_allocate_zeroed(allocator, 1, sizeof(*trace));
	if (!trace)
		return -ENOMEM;
	/* Nobody outside the process knows where the trace lies. */
	random[0] = options->secret[0] ^ (uintptr_t)trace;
	random[1] = options->secret[1] ^ (uintptr_t)policy;
	trace->allocator = allocator;
	if (weir_assigner_init(&trace->assigner, allocator, random, &tunnels, options->stateless,
			       options->team ? WEIR_SIGHTINGS_BITS : 0) ||
	    hire(trace, options->team)) {
		weir_trace_destroy(trace);
		return -ENOMEM;
	}
	weir_settler_init(&trace->settler, allocator);
	trace->is_endless = trace->assigner.is_endless = options->endless;
	trace->policy = weir_policy_ref(policy);
	trace->judge.policy = policy;
	trace->judge.assigner = &trace->assigner;
	trace->judge.settler = options->endless ? &trace->settler : NULL;
	trace->judge.flags = WEIR_KEY_BOTH;
	if (options->unknown_pods_external)
		trace->judge.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
	*out = trace;
	return 0;
}

void weir_trace_destroy(struct weir_trace *trace)
{
	if (!trace)
		return;
	weir_flows_finish(&trace->flows, trace->allocator);
	weir_batch_destroy(trace->batch);
	weir_assigner_finish(&trace->assigner);
	weir_settler_finish(&trace->settler);
	weir_policy_unref(trace->policy);
	weir_release(trace->allocator, trace);
}

static void note_start(struct weir_trace *trace, uint64_t start)
{
	if (!trace->has_frames || start < trace->judge.start)
		trace->judge.start = start;
	trace->has_frames = true;
}

static uint64_t least_time(const struct weir_frame *frames, size_t n)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < n; i++)
		least = frames[i].time < least ? frames[i].time : least;
	return least;
}

/* The class of a packet that has no flow. */
static enum weir_trace_class class_of(const struct weir_incoming *packet)
{
	switch (packet->kind) {
	case WEIR_PACKET_NOT_IP:
		return WEIR_TRACE_NOT_IP;
	case WEIR_PACKET_OPAQUE:
		return WEIR_TRACE_OPAQUE;
	default:
		return WEIR_TRACE_MALFORMED;
	}
}

static void count_others(struct weir_trace *trace, const struct weir_incoming *incoming, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (incoming[i].kind == WEIR_PACKET_OK)
			continue;
		trace->summary.by_class[class_of(&incoming[i])]++;
		if (incoming[i].kind == WEIR_PACKET_MALFORMED)
			trace->summary.malformed_by[incoming[i].malformed]++;
	}
}

/* What is over since the trace was settled; without that there is nothing. */
static int forget(struct weir_trace *trace)
{
	int status;

	if (!trace->settler.is_settled)
		return 0;
	status = weir_settler_forget(&trace->settler, &trace->assigner, &trace->flows);
	weir_flows_finish(&trace->flows, trace->allocator);
	return status;
}

static int add_burst(struct weir_trace *trace, const struct weir_frame *frames, size_t n)
{
	struct weir_incoming burst[BURST];
	int status;

	weir_assigner_expect(&trace->assigner, frames, n, burst);
	status = weir_assigner_count(&trace->assigner, frames, burst, n);
	if (status)
		return status;
	count_others(trace, burst, n);
	note_start(trace, least_time(frames, n));
	trace->summary.packets += n;
	return 0;
}

static int add_batch(struct weir_trace *trace, const struct weir_frame *frames, size_t n)
{
	int status = weir_batch_count(trace->batch, frames, n);

	if (status)
		return status;
	if (weir_batch_has_others(trace->batch))
		count_others(trace, weir_batch_incoming(trace->batch), n);
	note_start(trace, weir_batch_start(trace->batch));
	trace->summary.packets += n;
	return 0;
}

int weir_trace_add(struct weir_trace *trace, const struct weir_frame *frames, size_t n)
{
	size_t most = trace->batch ? WEIR_BATCH_SIZE : BURST;
	int status = forget(trace);

	for (size_t done = 0; done < n && !status; done += most) {
		size_t size = n - done < most ? n - done : most;

		status = trace->batch ? add_batch(trace, &frames[done], size)
				      : add_burst(trace, &frames[done], size);
	}
	return status;
}

static enum weir_trace_class class_of_verdict(uint8_t action)
{
	switch (action) {
	case WEIR_ALLOW:
		return WEIR_TRACE_ALLOWED;
	case WEIR_DENY:
		return WEIR_TRACE_DENIED;
	default:
		return WEIR_TRACE_AMBIGUOUS;
	}
}

static bool is_over(const struct weir_trace *trace, uint32_t flow)
{
	return !trace->is_endless || weir_settler_news(&trace->settler, flow) == WEIR_TRACE_OVER;
}

static void summarize_flows(struct weir_trace *trace)
{
	struct weir_trace_summary *summary = &trace->summary;

	for (uint32_t i = 0; i < trace->flows.record_count; i++) {
		const struct weir_flow_record *record = &trace->flows.records[i];
		const struct weir_tally *tally =
			&weir_sighting_at(&trace->assigner.sightings, record->sighting)->tally;

		if (!is_over(trace, i))
			continue;
		summary->flows[record->verdict]++;
		summary->by_class[class_of_verdict(record->verdict)] +=
			tally->packets[0] + tally->packets[1];
	}
}

int weir_trace_settle(struct weir_trace *trace, uint64_t now)
{
	int status = trace->is_endless ? forget(trace) : -EINVAL;

	if (!status)
		status = weir_assigner_end_waiting(&trace->assigner, now);
	if (!status)
		status = weir_settler_save(&trace->settler, &trace->assigner);
	if (!status)
		status = weir_flows_make(&trace->flows, &trace->judge, trace->allocator);
	if (!status)
		status = weir_settler_tell(&trace->settler, &trace->assigner, &trace->flows, now);
	if (!status)
		summarize_flows(trace);
	trace->packets_settled = trace->summary.packets;
	return status;
}

enum weir_trace_news weir_trace_flow_news(const struct weir_trace *trace, uint64_t index)
{
	return weir_settler_news(&trace->settler, (uint32_t)index);
}

bool weir_trace_is_due(const struct weir_trace *trace)
{
	uint64_t packets = trace->summary.packets - trace->packets_settled;

	return packets >= DUE_PACKETS &&
	       packets >= weir_sightings_count(&trace->assigner.sightings);
}

int weir_trace_finish(struct weir_trace *trace)
{
	int status;

	if (trace->is_endless)
		return weir_trace_settle(trace, WEIR_TRACE_END);
	status = weir_assigner_end(&trace->assigner);

	if (!status)
		status = weir_flows_make(&trace->flows, &trace->judge, trace->allocator);
	if (!status)
		summarize_flows(trace);
	return status;
}

const char *weir_trace_class_name(enum weir_trace_class kind)
{
	static const char *const names[WEIR_TRACE_CLASSES] = {
		[WEIR_TRACE_DENIED] = "denied",       [WEIR_TRACE_ALLOWED] = "allowed",
		[WEIR_TRACE_AMBIGUOUS] = "ambiguous", [WEIR_TRACE_NOT_IP] = "not_ip",
		[WEIR_TRACE_OPAQUE] = "opaque",       [WEIR_TRACE_MALFORMED] = "malformed",
	};

	return names[kind];
}

const char *weir_trace_why_name(enum weir_trace_why why)
{
	static const char *const names[] = {
		[WEIR_TRACE_WHY_NONE] = "",
		[WEIR_TRACE_WHY_UNKNOWN_POD] = "unknown-pod",
		[WEIR_TRACE_WHY_SHARED_ADDRESS] = "shared-address",
		[WEIR_TRACE_WHY_DOMAIN_NAME] = "domain-name",
		[WEIR_TRACE_WHY_UNKNOWN_BACKEND] = "unknown-backend",
		[WEIR_TRACE_WHY_TRANSLATED_SOURCE] = "translated-source",
		[WEIR_TRACE_WHY_ORPHAN_FRAGMENT] = "orphan-fragment",
		[WEIR_TRACE_WHY_UNDECIDED_OPENER] = "undecided-opener",
	};

	return names[why];
}

uint64_t weir_trace_flow_count(const struct weir_trace *trace)
{
	return trace->flows.record_count;
}

/* A pod is named only where no other shares its address. */
static void fill_side(const struct weir_trace *trace, const struct weir_address *address,
		      struct weir_flow_side *out)
{
	struct weir_owner owner;

	out->address = *address;
	out->pod = WEIR_NONE;
	out->node = WEIR_NONE;
	weir_policy_owner(trace->policy, address, &owner);
	if (owner.kind == WEIR_OWNER_POD && owner.endpoint_count == 1)
		out->pod = owner.endpoints[0];
	else if (owner.kind == WEIR_OWNER_NODE)
		out->node = owner.index;
}

static void fill_ends(const struct weir_trace *trace, const struct weir_flow_record *record,
		      struct weir_flow *out)
{
	const struct weir_outcome *outcomes = trace->flows.outcomes;
	const struct weir_flow_key *key =
		&weir_sighting_at(&trace->assigner.sightings, record->sighting)->key;
	struct weir_address source;
	struct weir_address target;

	out->protocol = key->protocol;
	out->orphan = key->kind == WEIR_FLOW_FRAGMENTS;
	weir_flow_source(&trace->judge, outcomes, record, &source, &out->from.port);
	fill_side(trace, &source, &out->from);
	weir_flow_target(&trace->judge, outcomes, record, &target, &out->to.port);
	fill_side(trace, &target, &out->to);
	out->from.has_port = out->to.has_port = weir_flow_has_ports(key->protocol) && !out->orphan;
	if (!out->from.has_port)
		out->from.port = out->to.port = 0;
}

static void fill_counts(const struct weir_trace *trace, const struct weir_flow_record *record,
			struct weir_flow *out)
{
	const struct weir_sighting *sighting =
		weir_sighting_at(&trace->assigner.sightings, record->sighting);
	const struct weir_interface_set *set =
		weir_interface_set_at(&trace->assigner.sets, sighting->tally.interfaces);
	unsigned forward = trace->flows.outcomes[record->sighting].forward;

	out->first = sighting->tally.first;
	out->last = sighting->tally.last;
	for (unsigned side = 0; side < 2; side++) {
		out->packets[side ^ forward] = sighting->tally.packets[side];
		out->bytes[side ^ forward] = sighting->tally.bytes[side];
	}
	out->interfaces = set->items;
	out->interface_count = set->count;
}

void weir_trace_flow(const struct weir_trace *trace, uint64_t index, struct weir_flow *out)
{
	const struct weir_flow_record *record = &trace->flows.records[index];
	const struct weir_outcome *outcomes = trace->flows.outcomes;

	*out = (struct weir_flow){
		.number = trace->is_endless ? weir_settler_number(&trace->settler, (uint32_t)index)
					    : index + 1,
		.service = record->service,
		.service_port = record->service_port,
		.verdict = record->verdict,
		.why = record->why,
		.state = record->state,
		.midstream = outcomes[record->sighting].is_midstream,
	};
	if (record->translated != WEIR_NONE) {
		const struct weir_sighting *seen =
			weir_sighting_at(&trace->assigner.sightings, record->translated);

		out->service_address = seen->key.ends[!outcomes[record->translated].forward];
	}
	fill_ends(trace, record, out);
	fill_counts(trace, record, out);
	weir_explain_flow(&trace->judge, outcomes, record, &out->explanation);
}

void weir_trace_summarize(const struct weir_trace *trace, struct weir_trace_summary *out)
{
	*out = trace->summary;
}

int weir_trace_rewind(struct weir_trace *trace)
{
	if (trace->is_endless)
		return -EINVAL;
	weir_assigner_rewind(&trace->assigner);
	return 0;
}

/* What became of a packet that was assigned, if it was one of a flow. */
static int tell(const struct weir_trace *trace, const struct weir_incoming *incoming,
		const struct weir_assignment *assignment, struct weir_trace_packet *out)
{
	const struct weir_flow_record *record;
	const struct weir_outcome *outcome;

	if (incoming->kind != WEIR_PACKET_OK) {
		*out = (struct weir_trace_packet){ .kind = (uint8_t)class_of(incoming),
						   .flow = UINT64_MAX };
		if (incoming->kind == WEIR_PACKET_MALFORMED)
			out->malformed = incoming->malformed;
		return 0;
	}
	/* Frames that the first pass did not have lead nowhere. */
	if (assignment->place.sighting >= trace->flows.outcome_count)
		return -EINVAL;
	outcome = &trace->flows.outcomes[assignment->place.sighting];
	if (outcome->flow >= trace->flows.record_count)
		return -EINVAL;
	record = &trace->flows.records[outcome->flow];
	*out = (struct weir_trace_packet){
		.kind = (uint8_t)class_of_verdict(record->verdict),
		.why = record->why,
		.is_reply = assignment->place.side != outcome->forward,
		.is_related = assignment->place.is_related || outcome->is_related,
		.is_fragment = assignment->is_later_fragment,
		.flow = outcome->flow,
	};
	return 0;
}

static int locate_burst(struct weir_trace *trace, const struct weir_frame *frames, size_t n,
			struct weir_trace_packet *out)
{
	struct weir_incoming burst[BURST];
	int status = 0;

	weir_assigner_expect(&trace->assigner, frames, n, burst);
	for (size_t i = 0; i < n && !status; i++) {
		struct weir_assignment assignment;

		if (burst[i].kind == WEIR_PACKET_OK)
			status = weir_assign(&trace->assigner, &frames[i], &burst[i], &assignment);
		if (!status)
			status = tell(trace, &burst[i], &assignment, &out[i]);
	}
	return status;
}

/* What threads share of a batch once it is assigned. */
struct telling {
	const struct weir_trace *trace;
	struct weir_trace_packet *out;
	size_t n;
	int statuses[WEIR_BATCH_SIZE / TOLD_AT_ONCE];
};

static void tell_part(void *argument, unsigned part)
{
	struct telling *telling = argument;
	const struct weir_incoming *incoming = weir_batch_incoming(telling->trace->batch);
	const struct weir_assignment *assignments = weir_batch_assignments(telling->trace->batch);
	size_t first = (size_t)part * TOLD_AT_ONCE;
	int status = 0;

	for (size_t i = first; i < telling->n && i < first + TOLD_AT_ONCE && !status; i++)
		status = tell(telling->trace, &incoming[i], &assignments[i], &telling->out[i]);
	telling->statuses[part] = status;
}

static int locate_batch(struct weir_trace *trace, const struct weir_frame *frames, size_t n,
			struct weir_trace_packet *out)
{
	struct telling telling = { .trace = trace, .out = out, .n = n };
	unsigned parts = (unsigned)((n + TOLD_AT_ONCE - 1) / TOLD_AT_ONCE);
	int status = weir_batch_assign(trace->batch, frames, n);

	if (status)
		return status;
	trace->team.run(trace->team.context, tell_part, &telling, parts);
	for (unsigned i = 0; i < parts && !status; i++)
		status = telling.statuses[i];
	return status;
}

int weir_trace_locate(struct weir_trace *trace, const struct weir_frame *frames, size_t n,
		      struct weir_trace_packet *out)
{
	size_t most = trace->batch ? WEIR_BATCH_SIZE : BURST;
	int status = 0;

	for (size_t done = 0; done < n && !status; done += most) {
		size_t size = n - done < most ? n - done : most;

		status = trace->batch ? locate_batch(trace, &frames[done], size, &out[done])
				      : locate_burst(trace, &frames[done], size, &out[done]);
	}
	return status;
}
