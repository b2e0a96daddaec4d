/*
 * questions.c - the third stage: what is asked of the policy, ahead for a burst or by itself.
 */
#include "burst.h"
#include "readers.h"

static uint8_t key_flags(const struct weir_worker *worker)
{
	uint8_t external = worker->options.unknown_pods_external ? WEIR_KEY_UNKNOWN_EXTERNAL : 0;

	return worker->burst.origin->halves | external;
}

static void make_question(const struct weir_worker *worker, size_t i, enum asked asked,
			  struct weir_key *out)
{
	const struct burst *burst = &worker->burst;

	if (asked == ASKED_ERROR) {
		struct weir_flow_key key;

		weir_flow_key_one_way(&burst->packets[i], &key);
		weir_flow_key_question(&key, 0, burst->packets[i].icmp_code, out);
	} else {
		weir_flow_probe_question(&burst->probes[i], asked, burst->passengers[i].icmp_code,
					 out);
	}
	out->flags = key_flags(worker);
}

/* The question that the packet will most likely raise, if any. */
static void ask_ahead(struct weir_worker *worker, size_t i, const struct weir_flow_entry *entry)
{
	struct burst *burst = &worker->burst;
	struct passenger *passenger = &burst->passengers[i];

	if (passenger->manner == MANNER_PLAIN || passenger->manner == MANNER_LATER)
		return;
	if (entry && !is_stale(&worker->memos, entry))
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

/* The number of the question that was put ahead, when it is this one; else it is put now. */
static size_t question_about(struct weir_worker *worker, size_t i, enum asked asked)
{
	const struct passenger *passenger = &worker->burst.passengers[i];

	if (passenger->question != NO_QUESTION && passenger->asked == asked)
		return passenger->question;
	make_question(worker, i, asked, &worker->burst.questions[BURST]);
	weir_decisions_locate(&worker->decisions, worker->policy, &worker->burst.questions[BURST],
			      &worker->burst.places[BURST], 1);
	return BURST;
}

static void answer(const struct weir_worker *worker, size_t question, struct weir_decision *out)
{
	const struct burst *burst = &worker->burst;

	weir_decisions_find(worker->policy, &burst->questions[question], &burst->places[question],
			    out);
}

static void note(struct weir_worker *worker, const struct weir_decision *decision)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct weir_decided *half = &decision->halves[i];

		if (half->action > WEIR_ALLOW)
			continue;
		worker->counters.halves[i][half->reason][half->action]++;
		if (half->rule != WEIR_NONE)
			weir_slot_note_rule(worker->options.slot, worker->reader, half->rule);
	}
}

void burst_ask_ahead(struct weir_worker *worker, size_t first)
{
	struct burst *burst = &worker->burst;

	burst->question_count = 0;
	for (size_t i = first; i < burst->size; i++)
		ask_ahead(worker, i, burst->known[i]);
	weir_decisions_locate(&worker->decisions, worker->policy, burst->questions, burst->places,
			      burst->question_count);
}

bool burst_is_allowed(struct weir_worker *worker, size_t i, enum asked asked)
{
	struct weir_packet_verdict *verdict = &worker->burst.passengers[i].verdict;
	struct weir_decision decision;
	bool allowed;

	answer(worker, question_about(worker, i, asked), &decision);
	allowed = decision.action == WEIR_ALLOW;
	verdict->why = WEIR_PACKET_JUDGED;
	if (decision.action == WEIR_AMBIGUOUS) {
		allowed = worker->options.on_ambiguous == WEIR_ALLOW;
		verdict->why = WEIR_PACKET_AMBIGUOUS;
	}
	verdict->action = allowed ? WEIR_PACKET_ALLOW : WEIR_PACKET_DENY;
	note(worker, &decision);
	return allowed;
}

bool burst_would_be_allowed(struct weir_worker *worker, size_t i, enum asked asked)
{
	struct weir_decision decision;

	answer(worker, question_about(worker, i, asked), &decision);
	return decision.action == WEIR_ALLOW;
}
