/*
 * answers.c - the last stage: packet by packet, in order. It alone changes anything.
 */
#include "burst.h"

/* Whether it is one more packet of a connection that the policy in force allows: most are. */
static bool goes_on(const struct memos *memos, const struct passenger *passenger,
		    const struct weir_flow_entry *entry)
{
	return passenger->is_further && entry && is_in_force(memos, entry);
}

static struct weir_flow_entry *find(const struct weir_worker *worker, size_t i)
{
	const struct burst *burst = &worker->burst;

	return burst->has_moved ? weir_flow_table_find_again(worker->flows, &burst->probes[i],
							     burst->known[i])
				: burst->known[i];
}

static void forget(struct weir_worker *worker, struct weir_flow_entry *entry)
{
	worker->burst.has_moved = true;
	weir_flow_table_remove(worker->flows, entry);
}

static bool remember(struct weir_worker *worker, size_t i, unsigned opener)
{
	struct burst *burst = &worker->burst;
	const struct passenger *passenger = &burst->passengers[i];

	burst->has_moved = true;
	return weir_flow_table_insert(worker->flows, &burst->probes[i], passenger->side,
				      passenger->signals, memo_of(&worker->memos, opener));
}

/* A packet whose connection is not known, or ended with the packet before. */
static void answer_new(struct weir_worker *worker, size_t i, struct weir_flow_entry *ended)
{
	struct burst *burst = &worker->burst;
	struct passenger *passenger = &burst->passengers[i];
	struct weir_packet_verdict *verdict = &passenger->verdict;
	unsigned opener = shown_opener(passenger);
	bool is_midstream = passenger->manner == MANNER_GOES_ON;
	bool allowed;

	if (worker->options.strict && (is_midstream || passenger->manner == MANNER_ALONE)) {
		*verdict = plain_verdict(WEIR_PACKET_DENY, WEIR_PACKET_UNEXPECTED);
		return;
	}
	allowed = burst_is_allowed(worker, i, opener);
	if (!allowed && is_midstream && !(passenger->signals & WEIR_FLOW_ACCEPTS)) {
		opener = !opener;
		allowed = burst_is_allowed(worker, i, opener);
	}
	if (!allowed || passenger->manner == MANNER_ALONE || passenger->manner == MANNER_LINK) {
		if (ended)
			forget(worker, ended);
		return;
	}
	if (is_midstream && verdict->why == WEIR_PACKET_JUDGED)
		verdict->why = WEIR_PACKET_MIDSTREAM;
	if (ended)
		weir_flow_table_restart(worker->flows, ended, passenger->side, passenger->signals,
					memo_of(&worker->memos, opener));
	else if (!remember(worker, i, opener))
		*verdict = plain_verdict(WEIR_PACKET_DENY, WEIR_PACKET_TABLE_FULL);
}

/* As if both sides had finished: it lives on as long as packets come, and an opening begins the
 * next one. */
static void keep_over(struct weir_worker *worker, struct weir_flow_entry *entry)
{
	weir_flow_table_note(worker->flows, entry, 0, WEIR_FLOW_FINISHES);
	weir_flow_table_note(worker->flows, entry, 1, WEIR_FLOW_FINISHES);
}

static void revoke(struct weir_worker *worker, size_t i, struct weir_flow_entry *entry)
{
	worker->counters.revoked += !is_revoked(entry);
	if (weir_flow_has_handshake(weir_flow_probe_protocol(&worker->burst.probes[i]))) {
		weir_flow_entry_set_memo(entry,
					 memo_of(&worker->memos, opener_of(entry) | REVOKED));
		keep_over(worker, entry);
	} else {
		forget(worker, entry);
	}
}

/* Whether a connection that an older policy allowed goes on. */
static bool survives(struct weir_worker *worker, size_t i, struct weir_flow_entry *entry)
{
	unsigned opener = opener_of(entry);

	if (burst_is_allowed(worker, i, opener)) {
		weir_flow_entry_set_memo(entry, memo_of(&worker->memos, opener));
		return true;
	}
	revoke(worker, i, entry);
	return false;
}

/* A SYN of who was asked, in the middle of a connection: no reply to anything. */
static bool opens_backwards(const struct weir_worker *worker, size_t i,
			    const struct weir_flow_entry *entry,
			    const struct weir_flow_machine *machine)
{
	const struct passenger *passenger = &worker->burst.passengers[i];

	return passenger->signals & WEIR_FLOW_OPENS && passenger->side != opener_of(entry) &&
	       weir_flow_probe_protocol(&worker->burst.probes[i]) == WEIR_PROTOCOL_TCP &&
	       (weir_flow_is_midstream(machine) ||
		(machine->seen[0] | machine->seen[1]) & WEIR_FLOW_ACCEPTS);
}

/* By the policy, as what it would open; the connection goes on as it was. */
static void answer_backwards(struct weir_worker *worker, size_t i)
{
	burst_is_allowed(worker, i, worker->burst.passengers[i].side);
}

/* A further packet of a connection is allowed: from its opener, or as a reply. */
static const struct weir_packet_verdict further[2] = {
	{ .action = WEIR_PACKET_ALLOW, .why = WEIR_PACKET_FLOW },
	{ .action = WEIR_PACKET_ALLOW, .why = WEIR_PACKET_REPLY },
};

/* Returns whether it is a reply. */
static unsigned go_on(struct weir_worker *worker, const struct passenger *passenger,
		      struct weir_flow_entry *entry)
{
	if (!weir_flow_entry_note(entry, worker->present, passenger->side, passenger->signals))
		weir_flow_table_note(worker->flows, entry, passenger->side, passenger->signals);
	return passenger->side ^ opener_of(entry);
}

static void answer_keyed(struct weir_worker *worker, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];
	struct weir_flow_entry *entry = find(worker, i);
	struct weir_flow_machine machine;

	if (goes_on(&worker->memos, passenger, entry)) {
		passenger->verdict = further[go_on(worker, passenger, entry)];
		return;
	}
	if (entry && is_stale(&worker->memos, entry) &&
	    worker->options.at_change == WEIR_AT_CHANGE_FLUSH) {
		forget(worker, entry);
		entry = NULL;
	}
	if (!entry) {
		answer_new(worker, i, NULL);
		return;
	}
	machine = weir_flow_entry_machine(entry);
	if (weir_flow_is_succeeded(&machine, passenger->signals)) {
		answer_new(worker, i, entry);
		return;
	}
	if (is_stale(&worker->memos, entry) && !survives(worker, i, entry))
		return;
	if (is_revoked(entry)) {
		keep_over(worker, entry);
		passenger->verdict = plain_verdict(WEIR_PACKET_DENY, WEIR_PACKET_JUDGED);
		return;
	}
	if (opens_backwards(worker, i, entry, &machine)) {
		answer_backwards(worker, i);
		return;
	}
	passenger->verdict = further[go_on(worker, passenger, entry)];
}

/* Whether a connection is one that an error may be about: errors do not revalidate it. */
static bool is_known(struct weir_worker *worker, size_t i, const struct weir_flow_entry *entry)
{
	if (!entry || is_revoked(entry))
		return false;
	if (!is_stale(&worker->memos, entry))
		return true;
	if (worker->options.at_change == WEIR_AT_CHANGE_FLUSH)
		return false;
	return burst_would_be_allowed(worker, i, opener_of(entry));
}

static void answer_error(struct weir_worker *worker, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];

	if (!burst_is_ours(worker, &worker->burst.packets[i].quote, &passenger->verdict)) {
		passenger->verdict.why = WEIR_PACKET_RELATED;
		return;
	}
	if (is_known(worker, i, find(worker, i))) {
		passenger->verdict = plain_verdict(WEIR_PACKET_ALLOW, WEIR_PACKET_RELATED);
		return;
	}
	if (worker->options.strict) {
		passenger->verdict = plain_verdict(WEIR_PACKET_DENY, WEIR_PACKET_UNEXPECTED);
		return;
	}
	burst_is_allowed(worker, i, ASKED_ERROR);
}

static void answer_whole(struct weir_worker *worker, size_t i)
{
	if (worker->burst.passengers[i].manner == MANNER_ERROR)
		answer_error(worker, i);
	else
		answer_keyed(worker, i);
}

/* What is answered for a first fragment holds for those that follow. */
static void answer_first_fragment(struct weir_worker *worker, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];
	const struct weir_packet *packet = &worker->burst.packets[i];
	struct weir_datagram_key key;

	weir_datagram_key_of(packet, worker->burst.origin->zone, &key);
	if (!weir_datagrams_admit_first(&worker->datagrams, &key, packet, worker->now,
					&passenger->verdict))
		return;
	if (burst_is_ours(worker, &packet->tuple, &passenger->verdict))
		answer_whole(worker, i);
	weir_datagrams_decide(&worker->datagrams, &key, &passenger->verdict);
}

static void answer_later_fragment(struct weir_worker *worker, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];
	const struct weir_packet *packet = &worker->burst.packets[i];
	struct weir_datagram_key key;

	weir_datagram_key_of(packet, worker->burst.origin->zone, &key);
	weir_datagrams_follow(&worker->datagrams, &key, packet, worker->now, &passenger->verdict);
}

static void answer(struct weir_worker *worker, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];

	if (passenger->manner == MANNER_PLAIN)
		return;
	passenger->verdict = (struct weir_packet_verdict){ 0 };
	if (passenger->manner == MANNER_LATER)
		answer_later_fragment(worker, i);
	else if (passenger->is_fragment)
		answer_first_fragment(worker, i);
	else
		answer_whole(worker, i);
}

static void count(struct weir_worker *worker, const struct weir_frame *frame,
		  const struct weir_packet_verdict *verdict)
{
	worker->counters.packets[verdict->action]++;
	worker->counters.bytes[verdict->action] += frame->wire;
	worker->counters.why[verdict->why] += verdict->action != WEIR_PACKET_ELSEWHERE;
}

size_t burst_go_on(struct weir_worker *worker, const struct weir_frame *frames,
		   struct weir_packet_verdict *verdicts)
{
	const struct burst *burst = &worker->burst;
	struct weir_worker_counters *counters = &worker->counters;
	/* Nothing that is written here is any of these, which only we know. */
	const struct memos memos = worker->memos;
	const uint64_t present = worker->present;
	const size_t size = burst->size;
	uint64_t bytes = 0;
	size_t replies = 0;
	size_t i = 0;

	for (; i < size; i++) {
		const struct passenger *passenger = &burst->passengers[i];
		struct weir_flow_entry *entry = burst->known[i];
		unsigned is_reply;

		if (!goes_on(&memos, passenger, entry))
			break;
		if (!weir_flow_entry_note(entry, present, passenger->side, passenger->signals))
			weir_flow_table_note(worker->flows, entry, passenger->side,
					     passenger->signals);
		is_reply = passenger->side ^ opener_of(entry);
		verdicts[i] = further[is_reply];
		replies += is_reply;
		bytes += frames[i].wire;
	}
	counters->packets[WEIR_PACKET_ALLOW] += i;
	counters->bytes[WEIR_PACKET_ALLOW] += bytes;
	counters->why[WEIR_PACKET_REPLY] += replies;
	counters->why[WEIR_PACKET_FLOW] += i - replies;
	return i;
}

void burst_answer(struct weir_worker *worker, size_t first, const struct weir_frame *frames,
		  struct weir_packet_verdict *verdicts)
{
	struct burst *burst = &worker->burst;

	burst->has_moved = false;
	for (size_t i = first; i < burst->size; i++) {
		answer(worker, i);
		verdicts[i] = burst->passengers[i].verdict;
		count(worker, &frames[i], &verdicts[i]);
	}
}
