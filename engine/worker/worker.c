/*
 * worker.c - a burst of frames through its stages.
 *
 *	decode    frames → keys of flows, or packets whose fate is plain (not IP, unreadable)
 *	look up   keys, their hashes, their buckets fetched; which flows are known
 *	question  what no flow answers goes to the policy, all together
 *	answer    packet by packet, in order
 *
 * Only the last stage changes anything, and it looks again: a packet of the same burst may have
 * begun the flow, ended it, or taken its place. What the third stage asked is an answer prepared
 * for the common case; where the last finds another question it asks that one by itself.
 *
 * Most packets are of a connection that is known and goes on. Of those nothing is written down but
 * what the last two stages need: the key as the table has it, the side, what it signals. A whole
 * weir_packet is only made of frames that are not plain (plain.h), and a question out of the key.
 *
 * A connection's memo is the side that opened it and the generation of the policy that allowed it.
 * A flow is only there when it was allowed, so knowing it is a verdict. Denied packets leave no
 * flow: each is judged for itself. One kind of flow is there and denied: that of TCP and SCTP which
 * a later policy ended. Were it gone, its next packet could be taken for that of a connection in
 * mid-stream which the other side opened, and that might be allowed.
 */
#include "weir/worker.h"

#include <errno.h>
#include <string.h>

#include "datagrams.h"
#include "decisions.h"
#include "memory.h"
#include "plain.h"
#include "readers.h"
#include "table.h"

enum {
	BURST = 32,
	DATAGRAMS = 1024,   /* unless told */
	ONE_TIME = 1 << 27, /* nanoseconds: a step of the flow table */
};

/* What a packet is to the flow table. */
enum manner {
	MANNER_PLAIN,   /* its fate needs no flow: verdict is set */
	MANNER_LATER,   /* a later fragment */
	MANNER_ERROR,   /* an ICMP error that quotes a connection */
	MANNER_OPENS,   /* may begin a connection */
	MANNER_GOES_ON, /* belongs to one, of a protocol that has openings, and opens none */
	MANNER_ALONE,   /* begins none: judged by itself where no flow is known, unless strict */
	MANNER_LINK,    /* what IPv6 neighbours say to each other: always judged by itself */
};

struct passenger {
	uint8_t manner; /* enum manner */
	uint8_t side; /* that sends, in its flow's key; of an error, the side that sent the quote */
	uint8_t signals;
	uint8_t icmp_code;
	uint8_t question; /* of the burst's; NO_QUESTION */
	uint8_t asked;    /* in it: enum asked */
	bool is_fragment;
	bool is_further; /* it neither opens a connection nor is it anything special */
	struct weir_packet_verdict verdict;
};

enum {
	NO_QUESTION = UINT8_MAX,
	QUESTIONS = BURST + 1, /* those that are put ahead, and one that is put by itself */
};

/* What may be asked about a packet. */
enum asked {
	ASKED_SIDE_0, /* its connection, as opened by this side of its flow's key */
	ASKED_SIDE_1,
	ASKED_ERROR, /* an error about nothing known, a message of its own */
};

struct burst {
	const struct weir_origin_of_frames *origin;
	bool is_handed; /* by another worker: nothing is elsewhere */
	size_t size;
	struct passenger passengers[BURST];
	struct weir_packet packets[BURST]; /* of frames that are not plain */
	struct weir_flow_probe probes[BURST];
	struct weir_flow_entry *known[BURST]; /* as they were found all together */
	bool has_moved;                       /* a flow came or went since */
	struct weir_key questions[QUESTIONS];
	struct weir_verdict answers[QUESTIONS];
	struct weir_decision_place places[QUESTIONS];
	size_t question_count;
};

struct weir_worker {
	struct weir_worker_options options;
	const struct weir_allocator *allocator;
	uint32_t reader;
	const struct weir_policy *policy; /* between enter and rest */
	uint64_t generation;
	uint64_t allowed; /* a memo of the policy in force, as a word, */
	uint64_t heeded;  /* and its bits by which a flow needs no second look */
	struct weir_flow_table *flows;
	struct weir_datagrams datagrams;
	struct weir_decisions decisions;
	struct weir_worker_counters counters;
	uint64_t now;
	uint64_t present; /* as flows have it */
	struct burst burst;
};

/* Life. */

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

/* Memos. */

/* Marks of a memo. */
enum {
	OPENER = 1, /* the side that opened */
	REVOKED = 2,
};

static struct weir_flow_memo memo_of(const struct weir_worker *worker, unsigned marks)
{
	uint64_t generation = worker->generation & WEIR_FLOW_GENERATION;

	return (struct weir_flow_memo){ generation, generation, marks };
}

/* What of a memo must be as in one of the policy in force for a packet to go on. */
static struct weir_flow_memo memo_heeded(const struct weir_worker *worker)
{
	bool is_kept = worker->options.at_change == WEIR_AT_CHANGE_KEEP;

	return (struct weir_flow_memo){ .source_generation = is_kept ? 0 : WEIR_FLOW_GENERATION,
					.marks = REVOKED };
}

static uint64_t word_of(struct weir_flow_memo memo)
{
	uint64_t word;

	memcpy(&word, &memo, sizeof(word));
	return word;
}

static void enter(struct weir_worker *worker)
{
	uint64_t before = worker->generation;

	worker->policy = weir_slot_enter(worker->options.slot, worker->reader, &worker->generation);
	if (worker->generation == before)
		return;
	weir_decisions_forget(&worker->decisions);
	worker->allowed = word_of(memo_of(worker, 0));
	worker->heeded = word_of(memo_heeded(worker));
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

/* Whose a connection is. */

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

/* False when the packet is another worker's, with the verdict that says whose. */
static bool is_ours(const struct weir_worker *worker, const struct weir_tuple *tuple,
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

/* Decode. */

static struct weir_packet_verdict plain(enum weir_packet_action action, enum weir_packet_why why)
{
	return (struct weir_packet_verdict){ .action = (uint8_t)action, .why = (uint8_t)why };
}

static void decode_unreadable(struct weir_worker *worker, const struct weir_packet *packet,
			      struct passenger *passenger)
{
	passenger->manner = MANNER_PLAIN;
	passenger->verdict = plain(WEIR_PACKET_DENY, WEIR_PACKET_UNREADABLE);
	if (packet->kind == WEIR_PACKET_NOT_IP)
		passenger->verdict = plain(WEIR_PACKET_ALLOW, WEIR_PACKET_UNJUDGED);
	else if (packet->kind == WEIR_PACKET_MALFORMED)
		worker->counters.malformed[packet->malformed]++;
}

/* Multicast listeners and neighbours: neither question nor error, and no tracker's business. */
static bool is_said_to_neighbours(const struct weir_packet *packet)
{
	enum { FIRST = 130, LAST = 137, LISTENER_REPORT_2 = 143 };

	return packet->tuple.protocol == WEIR_PROTOCOL_ICMPV6 &&
	       ((packet->icmp_type >= FIRST && packet->icmp_type <= LAST) ||
		packet->icmp_type == LISTENER_REPORT_2);
}

/* Of one whose connection may be opened by either side. */
static enum manner manner_between(uint8_t protocol, uint8_t signals)
{
	if (!weir_flow_has_handshake(protocol) || signals & WEIR_FLOW_OPENS)
		return MANNER_OPENS;
	return signals & WEIR_FLOW_ABORTS ? MANNER_ALONE : MANNER_GOES_ON;
}

static enum manner manner_of(const struct weir_packet *packet, const struct weir_flow_key *key,
			     uint8_t signals)
{
	if (key->kind == WEIR_FLOW_MESSAGE)
		return is_said_to_neighbours(packet) ? MANNER_LINK : MANNER_ALONE;
	if (key->kind == WEIR_FLOW_QUERY)
		return signals & WEIR_FLOW_OPENS ? MANNER_OPENS : MANNER_ALONE;
	return manner_between(key->protocol, signals);
}

/* A whole packet that came to a worker which has not its connection. */
static void decode_astray(const struct weir_worker *worker, const struct weir_packet *packet,
			  struct passenger *passenger)
{
	if (packet->is_fragment || passenger->manner == MANNER_ERROR ||
	    is_ours(worker, &packet->tuple, &passenger->verdict))
		return;
	passenger->manner = MANNER_PLAIN;
	passenger->is_further = false;
	passenger->verdict.why = WEIR_PACKET_FLOW;
}

static void decode_flow(const struct weir_worker *worker, const struct weir_packet *packet,
			struct passenger *passenger, struct weir_flow_key *key)
{
	unsigned side;

	if (weir_flow_key_of_related(packet, key, &side)) {
		passenger->manner = MANNER_ERROR;
	} else {
		side = weir_flow_key_of(packet, key);
		passenger->signals = weir_flow_signals(packet);
		passenger->manner = (uint8_t)manner_of(packet, key, passenger->signals);
		passenger->is_further =
			!(packet->is_fragment || passenger->signals & WEIR_FLOW_OPENS);
	}
	passenger->side = (uint8_t)side;
	passenger->icmp_code = packet->icmp_code;
	passenger->is_fragment = packet->is_fragment;
	key->zone = worker->burst.origin->zone;
	if (worker->options.arrival == WEIR_ARRIVAL_ANY)
		decode_astray(worker, packet, passenger);
}

static void decode_any(struct weir_worker *worker, const struct weir_frame *frame, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];
	struct weir_packet *packet = &worker->burst.packets[i];
	struct weir_flow_key key = { 0 };

	*passenger = (struct passenger){ .question = NO_QUESTION };
	weir_packet_decode(frame, packet);
	if (packet->kind != WEIR_PACKET_OK)
		decode_unreadable(worker, packet, passenger);
	else if (packet->is_later_fragment)
		passenger->manner = MANNER_LATER;
	else
		decode_flow(worker, packet, passenger, &key);
	weir_flow_probe_of(&key, &worker->burst.probes[i]);
}

static void decode_plain(struct weir_worker *worker, const struct weir_plain *plain, size_t i)
{
	uint8_t signals = plain->protocol == WEIR_PROTOCOL_TCP
				  ? weir_flow_tcp_signals(plain->tcp_flags)
				  : WEIR_FLOW_TALKS;
	unsigned side = weir_flow_probe_ipv4(plain->source, plain->destination, plain->source_port,
					     plain->destination_port, plain->protocol,
					     worker->burst.origin->zone, &worker->burst.probes[i]);

	worker->burst.passengers[i] = (struct passenger){
		.manner = (uint8_t)manner_between(plain->protocol, signals),
		.side = (uint8_t)side,
		.signals = signals,
		.question = NO_QUESTION,
		.is_further = !(signals & WEIR_FLOW_OPENS),
	};
}

static void decode(struct weir_worker *worker, const struct weir_frame *frame, size_t i)
{
	struct weir_plain plain;

	if (worker->options.arrival == WEIR_ARRIVAL_OWN && weir_plain_read(frame, &plain))
		decode_plain(worker, &plain, i);
	else
		decode_any(worker, frame, i);
}

/* Questions. */

static uint8_t key_flags(const struct weir_worker *worker)
{
	uint8_t external = worker->options.unknown_pods_external ? WEIR_KEY_UNKNOWN_EXTERNAL : 0;

	return worker->burst.origin->halves | external;
}

static void question_of_key(const struct weir_worker *worker, const struct weir_flow_key *key,
			    unsigned opener, uint8_t icmp_code, struct weir_key *out)
{
	weir_flow_key_question(key, opener, icmp_code, out);
	out->flags = key_flags(worker);
}

static void make_question(const struct weir_worker *worker, size_t i, enum asked asked,
			  struct weir_key *out)
{
	const struct burst *burst = &worker->burst;
	struct weir_flow_key key;

	if (asked == ASKED_ERROR) {
		weir_flow_key_one_way(&burst->packets[i], &key);
		question_of_key(worker, &key, 0, burst->packets[i].icmp_code, out);
		return;
	}
	weir_flow_probe_key(&burst->probes[i], &key);
	question_of_key(worker, &key, asked, burst->passengers[i].icmp_code, out);
}

static unsigned opener_of(const struct weir_flow_entry *entry)
{
	return weir_flow_entry_memo(entry).marks & OPENER;
}

static bool is_revoked(const struct weir_flow_entry *entry)
{
	return weir_flow_entry_memo(entry).marks & REVOKED;
}

/* Whether an older policy allowed the connection, and that no longer counts. */
static bool is_stale(const struct weir_worker *worker, const struct weir_flow_entry *entry)
{
	return worker->options.at_change != WEIR_AT_CHANGE_KEEP &&
	       weir_flow_entry_memo(entry).source_generation !=
		       (worker->generation & WEIR_FLOW_GENERATION);
}

/* Whether it is one more packet of a connection that the policy in force allows: most are. */
static bool goes_on(const struct weir_worker *worker, const struct passenger *passenger,
		    const struct weir_flow_entry *entry)
{
	return passenger->is_further && entry &&
	       !((entry->words[WEIR_FLOW_MEMO] ^ worker->allowed) & worker->heeded);
}

/* The side that opened as far as this packet shows: whose opening it answers, else who sends. */
static unsigned shown_opener(const struct passenger *passenger)
{
	return passenger->signals & WEIR_FLOW_ACCEPTS && passenger->manner == MANNER_GOES_ON
		       ? !passenger->side
		       : passenger->side;
}

static struct weir_flow_entry *find(const struct weir_worker *worker, size_t i)
{
	const struct burst *burst = &worker->burst;

	return burst->has_moved ? weir_flow_table_find(worker->flows, &burst->probes[i])
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
				      passenger->signals, memo_of(worker, opener));
}

/* The question that the packet will most likely raise, if any. */
static void ask_ahead(struct weir_worker *worker, size_t i, const struct weir_flow_entry *entry)
{
	struct burst *burst = &worker->burst;
	struct passenger *passenger = &burst->passengers[i];

	if (passenger->manner == MANNER_PLAIN || passenger->manner == MANNER_LATER)
		return;
	if (entry && !is_stale(worker, entry))
		return;
	if (entry && worker->options.at_change == WEIR_AT_CHANGE_REVALIDATE &&
	    passenger->manner != MANNER_ERROR)
		passenger->asked = (uint8_t)opener_of(entry);
	else if (passenger->manner == MANNER_ERROR)
		passenger->asked = ASKED_ERROR;
	else
		passenger->asked = (uint8_t)shown_opener(passenger);
	if (!entry)
		weir_flow_table_expect(worker->flows, &burst->probes[i]);
	passenger->question = (uint8_t)burst->question_count++;
	make_question(worker, i, (enum asked)passenger->asked,
		      &burst->questions[passenger->question]);
}

/* Answers to so many questions from the first on, and where it is remembered why. */
static void put_questions(struct weir_worker *worker, size_t first, size_t n)
{
	struct burst *burst = &worker->burst;

	weir_policy_classify(worker->policy, &burst->questions[first], &burst->answers[first], n);
	for (size_t i = first; i < first + n; i++)
		weir_decisions_locate(&worker->decisions, worker->policy, &burst->questions[i],
				      &burst->places[i]);
}

/* The number of the question that was put ahead, when it is this one; else it is put now. */
static size_t question_about(struct weir_worker *worker, size_t i, enum asked asked)
{
	const struct passenger *passenger = &worker->burst.passengers[i];

	if (passenger->question != NO_QUESTION && passenger->asked == asked)
		return passenger->question;
	make_question(worker, i, asked, &worker->burst.questions[BURST]);
	put_questions(worker, BURST, 1);
	return BURST;
}

static void note_decision(struct weir_worker *worker, size_t question)
{
	const struct burst *burst = &worker->burst;
	struct weir_decision decision;

	weir_decisions_find(&worker->decisions, worker->policy, &burst->questions[question],
			    &burst->places[question], &decision);
	for (unsigned i = 0; i < 2; i++) {
		const struct weir_decided *half = &decision.halves[i];

		if (half->action > WEIR_ALLOW)
			continue;
		worker->counters.halves[i][half->reason][half->action]++;
		if (half->rule != WEIR_NONE)
			weir_slot_note_rule(worker->options.slot, worker->reader, half->rule);
	}
}

/* Judges, counts, and says in the verdict why. */
static bool is_allowed(struct weir_worker *worker, size_t i, enum asked asked)
{
	size_t question = question_about(worker, i, asked);
	struct weir_verdict answer = worker->burst.answers[question];
	struct weir_packet_verdict *verdict = &worker->burst.passengers[i].verdict;
	bool allowed = answer.action == WEIR_ALLOW;

	verdict->why = WEIR_PACKET_JUDGED;
	if (answer.action == WEIR_AMBIGUOUS) {
		allowed = worker->options.on_ambiguous == WEIR_ALLOW;
		verdict->why = WEIR_PACKET_AMBIGUOUS;
	}
	verdict->action = allowed ? WEIR_PACKET_ALLOW : WEIR_PACKET_DENY;
	note_decision(worker, question);
	return allowed;
}

/* Answers. */

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
		*verdict = plain(WEIR_PACKET_DENY, WEIR_PACKET_UNEXPECTED);
		return;
	}
	allowed = is_allowed(worker, i, opener);
	if (!allowed && is_midstream && !(passenger->signals & WEIR_FLOW_ACCEPTS)) {
		opener = !opener;
		allowed = is_allowed(worker, i, opener);
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
					memo_of(worker, opener));
	else if (!remember(worker, i, opener))
		*verdict = plain(WEIR_PACKET_DENY, WEIR_PACKET_TABLE_FULL);
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
		weir_flow_entry_set_memo(entry, memo_of(worker, opener_of(entry) | REVOKED));
		keep_over(worker, entry);
	} else {
		forget(worker, entry);
	}
}

/* Whether a connection that an older policy allowed goes on. */
static bool survives(struct weir_worker *worker, size_t i, struct weir_flow_entry *entry)
{
	unsigned opener = opener_of(entry);

	if (is_allowed(worker, i, opener)) {
		weir_flow_entry_set_memo(entry, memo_of(worker, opener));
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
	is_allowed(worker, i, worker->burst.passengers[i].side);
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

	if (goes_on(worker, passenger, entry)) {
		passenger->verdict = further[go_on(worker, passenger, entry)];
		return;
	}
	if (entry && is_stale(worker, entry) && worker->options.at_change == WEIR_AT_CHANGE_FLUSH) {
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
	if (is_stale(worker, entry) && !survives(worker, i, entry))
		return;
	if (is_revoked(entry)) {
		keep_over(worker, entry);
		passenger->verdict = plain(WEIR_PACKET_DENY, WEIR_PACKET_JUDGED);
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
	if (!is_stale(worker, entry))
		return true;
	if (worker->options.at_change == WEIR_AT_CHANGE_FLUSH)
		return false;
	return worker->burst.answers[question_about(worker, i, opener_of(entry))].action ==
	       WEIR_ALLOW;
}

static void answer_error(struct weir_worker *worker, size_t i)
{
	struct passenger *passenger = &worker->burst.passengers[i];

	if (!is_ours(worker, &worker->burst.packets[i].quote, &passenger->verdict)) {
		passenger->verdict.why = WEIR_PACKET_RELATED;
		return;
	}
	if (is_known(worker, i, find(worker, i))) {
		passenger->verdict = plain(WEIR_PACKET_ALLOW, WEIR_PACKET_RELATED);
		return;
	}
	if (worker->options.strict) {
		passenger->verdict = plain(WEIR_PACKET_DENY, WEIR_PACKET_UNEXPECTED);
		return;
	}
	is_allowed(worker, i, ASKED_ERROR);
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
	if (is_ours(worker, &packet->tuple, &passenger->verdict))
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

/* The packets up to the first that is more than one of a connection that goes on: nothing before
 * that can change what was found. Returns how many they are. */
static size_t go_on_burst(struct weir_worker *worker, const struct weir_frame *frames,
			  struct weir_packet_verdict *verdicts)
{
	const struct burst *burst = &worker->burst;
	struct weir_worker_counters *counters = &worker->counters;
	uint64_t bytes = 0;
	size_t replies = 0;
	size_t i = 0;

	for (; i < burst->size; i++) {
		const struct passenger *passenger = &burst->passengers[i];
		unsigned is_reply;

		if (!goes_on(worker, passenger, burst->known[i]))
			break;
		is_reply = go_on(worker, passenger, burst->known[i]);
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

static void run_burst(struct weir_worker *worker, const struct weir_frame *frames,
		      struct weir_packet_verdict *verdicts)
{
	struct burst *burst = &worker->burst;
	size_t first;

	for (size_t i = 0; i < burst->size; i++)
		decode(worker, &frames[i], i);
	weir_flow_table_prepare(worker->flows, burst->probes, burst->size);
	weir_flow_table_find_burst(worker->flows, burst->probes, burst->known, burst->size);
	first = go_on_burst(worker, frames, verdicts);
	if (first == burst->size)
		return;
	burst->has_moved = false;
	burst->question_count = 0;
	for (size_t i = first; i < burst->size; i++)
		ask_ahead(worker, i, burst->known[i]);
	put_questions(worker, 0, burst->question_count);
	for (size_t i = first; i < burst->size; i++) {
		answer(worker, i);
		verdicts[i] = burst->passengers[i].verdict;
		count(worker, &frames[i], &verdicts[i]);
	}
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
	run(worker, frames, n, verdicts);
}

void weir_worker_take(struct weir_worker *worker, const struct weir_origin_of_frames *origin,
		      const struct weir_frame *frames, size_t n,
		      struct weir_packet_verdict *verdicts)
{
	worker->burst.origin = origin;
	worker->burst.is_handed = true;
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
