/*
 * worker.c - a burst of frames through its stages.
 *
 *	decode    passengers.c  frames → keys of flows, or packets whose fate is plain (not IP,
 *	                        unreadable)
 *	look up                 keys, their hashes, their buckets fetched; which flows are known
 *	question  questions.c   what no flow answers goes to the policy, all together
 *	answer    answers.c     packet by packet, in order
 *
 * Only the last stage changes anything, and it looks again: a packet of the same burst may have
 * begun the flow, ended it, or taken its place. What the third stage asked is an answer prepared
 * for the common case; where the last finds another question it asks that one by itself.
 */
#include "weir/worker.h"

#include <errno.h>

#include "burst.h"
#include "memory.h"

enum {
	DATAGRAMS = 1024,   /* unless told */
	ONE_TIME = 1 << 27, /* nanoseconds: a step of the flow table */
};

static int create_parts(struct weir_worker *worker)
{
	const struct weir_worker_options *options = &worker->options;
	int status = weir_flow_table_create(&options->flows, worker->allocator, &worker->flows);

	if (!status)
		status = weir_datagrams_init(&worker->datagrams,
					     options->max_datagrams ? options->max_datagrams
								    : DATAGRAMS,
					     options->max_waiting, options->least_fragment,
					     options->flows.secret, worker->allocator);
	if (!status)
		status = weir_decisions_init(&worker->decisions, worker->allocator);
	return status;
}

int weir_worker_create(const struct weir_worker_options *options, struct weir_worker **out)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(options->allocator);
	struct weir_worker *worker;
	int status;

	if (!options->slot)
		return -EINVAL;
	worker = weir_allocate_zeroed(allocator, 1, sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	worker->allocator = allocator;
	worker->options = *options;
	burst_prepare(worker);
	worker->memos.are_kept = options->at_change == WEIR_AT_CHANGE_KEEP;
	status = weir_slot_join(options->slot, &worker->reader);
	if (status) {
		weir_release(allocator, worker);
		return status;
	}
	status = create_parts(worker);
	if (status) {
		weir_worker_destroy(worker);
		return status;
	}
	*out = worker;
	return 0;
}

void weir_worker_destroy(struct weir_worker *worker)
{
	if (!worker)
		return;
	weir_slot_leave(worker->options.slot, worker->reader);
	weir_flow_table_destroy(worker->flows);
	weir_datagrams_finish(&worker->datagrams);
	weir_decisions_finish(&worker->decisions);
	weir_release(worker->allocator, worker);
}

static void enter(struct weir_worker *worker)
{
	uint64_t before = worker->memos.generation;

	worker->policy =
		weir_slot_enter(worker->options.slot, worker->reader, &worker->memos.generation);
	if (worker->memos.generation == before)
		return;
	weir_decisions_forget(&worker->decisions);
	memos_take_up(&worker->memos);
}

static void tell_time(struct weir_worker *worker, uint64_t now)
{
	if (now > worker->now)
		worker->now = now;
	weir_flow_table_advance(worker->flows, worker->now);
	worker->present = weir_flow_table_present(worker->flows);
	weir_datagrams_expire(&worker->datagrams, worker->now);
}

void weir_worker_rest(struct weir_worker *worker, uint64_t now)
{
	tell_time(worker, now);
	weir_slot_rest(worker->options.slot, worker->reader);
}

static void run_burst(struct weir_worker *worker, const struct weir_frame *frames,
		      struct weir_packet_verdict *verdicts)
{
	struct burst *burst = &worker->burst;
	size_t first;

	burst_decode(worker, frames);
	weir_flow_table_prepare(worker->flows, burst->probes, burst->size);
	weir_flow_table_find_burst(worker->flows, burst->probes, burst->known, burst->size);
	first = burst_go_on(worker, frames, verdicts);
	if (first == burst->size)
		return;
	burst_ask_ahead(worker, first);
	burst_answer(worker, first, frames, verdicts);
}

/* As many frames as one time is good for. Live ones all have the same; those of a trace may lie
 * further apart than connections live. */
static size_t burst_size(const struct weir_frame *frames, size_t n)
{
	size_t most = n < BURST ? n : BURST;
	size_t size = 1;

	while (size < most && frames[size].time - frames[0].time < ONE_TIME)
		size++;
	return size;
}

static void run(struct weir_worker *worker, const struct weir_frame *frames, size_t n,
		struct weir_packet_verdict *verdicts)
{
	for (size_t done = 0; done < n; done += worker->burst.size) {
		worker->burst.size = burst_size(&frames[done], n - done);
		enter(worker);
		tell_time(worker, frames[done].time);
		run_burst(worker, &frames[done], &verdicts[done]);
	}
}

void weir_worker_process(struct weir_worker *worker, const struct weir_origin_of_frames *origin,
			 const struct weir_frame *frames, size_t n,
			 struct weir_packet_verdict *verdicts)
{
	worker->burst.origin = origin;
	worker->burst.is_handed = false;
	worker->burst.is_mixed =
		worker->options.arrival == WEIR_ARRIVAL_ANY && worker->options.count > 1;
	run(worker, frames, n, verdicts);
}

void weir_worker_take(struct weir_worker *worker, const struct weir_origin_of_frames *origin,
		      const struct weir_frame *frames, size_t n,
		      struct weir_packet_verdict *verdicts)
{
	worker->burst.origin = origin;
	worker->burst.is_handed = true;
	worker->burst.is_mixed = false;
	run(worker, frames, n, verdicts);
}

size_t weir_worker_released(struct weir_worker *worker, struct weir_release *out, size_t size)
{
	uint32_t most = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	uint32_t count = weir_datagrams_take_released(&worker->datagrams, out, most);

	for (uint32_t i = 0; i < count; i++) {
		if (out[i].verdict.action <= WEIR_PACKET_ALLOW)
			worker->counters.released[out[i].verdict.action]++;
	}
	return count;
}

void weir_worker_count(const struct weir_worker *worker, struct weir_worker_counters *out)
{
	*out = worker->counters;
	weir_flow_table_count(worker->flows, &out->flows);
}

const char *weir_packet_why_name(enum weir_packet_why why)
{
	static const char *const names[WEIR_PACKET_WHYS] = {
		[WEIR_PACKET_JUDGED] = "judged",
		[WEIR_PACKET_FLOW] = "flow",
		[WEIR_PACKET_REPLY] = "reply",
		[WEIR_PACKET_RELATED] = "related",
		[WEIR_PACKET_FRAGMENT] = "fragment",
		[WEIR_PACKET_MIDSTREAM] = "midstream",
		[WEIR_PACKET_UNJUDGED] = "not-ip",
		[WEIR_PACKET_AMBIGUOUS] = "ambiguous",
		[WEIR_PACKET_UNREADABLE] = "unreadable",
		[WEIR_PACKET_UNEXPECTED] = "unexpected",
		[WEIR_PACKET_TABLE_FULL] = "table-full",
		[WEIR_PACKET_OVERLAP] = "overlap",
		[WEIR_PACKET_TINY] = "tiny",
		[WEIR_PACKET_ORPHAN] = "orphan",
	};

	return (unsigned)why < WEIR_PACKET_WHYS ? names[why] : "unknown";
}
