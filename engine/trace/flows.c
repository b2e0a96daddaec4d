#include "flows.h"

#include <errno.h>
#include <stdlib.h>

#include "memory.h"
#include "settle.h"
#include "weir/key.h"

static struct weir_sighting *sighting_at(const struct weir_judge *judge, uint32_t number)
{
	return weir_sighting_at(&judge->assigner->sightings, number);
}

static uint32_t nth(const struct weir_judge *judge, uint32_t at)
{
	return weir_sightings_nth(&judge->assigner->sightings, at);
}

int weir_join_sightings(const struct weir_judge *judge, struct weir_outcome *outcomes,
			uint32_t from, uint32_t to)
{
	struct weir_sighting *source = sighting_at(judge, from);
	struct weir_sighting *target = sighting_at(judge, to);
	unsigned swap = outcomes[from].forward ^ outcomes[to].forward;

	if (source->tally.first_number < target->tally.first_number)
		outcomes[to].is_midstream = outcomes[from].is_midstream;
	target->machine.seen[swap] |= source->machine.seen[0];
	target->machine.seen[!swap] |= source->machine.seen[1];
	outcomes[from].flow = to;
	return weir_tally_move(&target->tally, &source->tally, swap, &judge->assigner->sets);
}

/* The first sighting of a key: what an error quoted that came before all of them. */
static uint32_t oldest_of(const struct weir_judge *judge, const struct weir_flow_key *key)
{
	uint32_t number = weir_sightings_find(&judge->assigner->sightings, key);

	return number == WEIR_NONE ? WEIR_NONE : sighting_at(judge, number)->oldest;
}

/* The connection that early errors quote, when it came soon enough to be the one. */
static uint32_t find_late(const struct weir_judge *judge, const struct weir_sighting *errors,
			  uint8_t *swap)
{
	struct weir_flow_key key = errors->key;
	uint64_t limit = errors->time + WEIR_FLOW_IDLE;
	uint32_t number;

	key.zone = 0;
	key.kind = weir_flow_is_icmp(key.protocol) ? WEIR_FLOW_QUERY : WEIR_FLOW_SYMMETRIC;
	number = oldest_of(judge, &key);
	*swap = 0;
	if (number == WEIR_NONE && key.kind == WEIR_FLOW_QUERY) {
		weir_flow_key_swap_addresses(&key);
		number = oldest_of(judge, &key);
		*swap = 1;
	}
	if (number == WEIR_NONE || weir_tally_is_empty(&sighting_at(judge, number)->tally) ||
	    sighting_at(judge, number)->tally.first > limit)
		return WEIR_NONE;
	return number;
}

/* Errors that were counted apart go to what they quote, or stand for themselves. For the former
 * `forward` says for now whether sides are exchanged. */
static int place_early_errors(const struct weir_judge *judge, struct weir_outcome *outcomes,
			      uint32_t number)
{
	struct weir_sighting *errors = sighting_at(judge, number);
	struct weir_outcome *outcome = &outcomes[number];
	uint8_t swap;
	uint32_t target = find_late(judge, errors, &swap);

	outcome->is_related = target != WEIR_NONE;
	if (target == WEIR_NONE) {
		target = errors->key.zone;
		swap = errors->tally.packets[1] > 0;
	}
	outcome->flow = target;
	outcome->forward = swap;
	return weir_tally_move(&sighting_at(judge, target)->tally, &errors->tally, swap,
			       &judge->assigner->sets);
}

static int place_all_early_errors(const struct weir_judge *judge, struct weir_outcome *outcomes,
				  uint32_t count)
{
	int status = 0;

	for (uint32_t at = 0; at < count && !status; at++) {
		uint32_t i = nth(judge, at);

		outcomes[i].flow = i;
		if (sighting_at(judge, i)->key.kind == WEIR_FLOW_QUOTED)
			status = place_early_errors(judge, outcomes, i);
	}
	return status;
}

static void decide_openers(const struct weir_judge *judge, struct weir_outcome *outcomes,
			   uint32_t count)
{
	for (uint32_t at = 0; at < count; at++) {
		uint32_t i = nth(judge, at);

		if (outcomes[i].flow == i)
			weir_decide_opener(judge, sighting_at(judge, i), &outcomes[i]);
	}
}

struct numbered {
	uint64_t first_number;
	uint32_t sighting;
};

static int compare_numbered(const void *a, const void *b)
{
	uint64_t left = ((const struct numbered *)a)->first_number;
	uint64_t right = ((const struct numbered *)b)->first_number;

	return left < right ? -1 : left > right;
}

static bool counts(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		   uint32_t number)
{
	return outcomes[number].flow == number &&
	       !weir_tally_is_empty(&sighting_at(judge, number)->tally);
}

/* The sightings that are flows, in the order of the flows' numbers (T22). */
static struct numbered *number_flows(const struct weir_judge *judge,
				     const struct weir_outcome *outcomes, uint32_t count,
				     const struct weir_allocator *allocator, uint32_t *flow_count)
{
	struct numbered *order;
	uint64_t latest = 0;
	bool is_ordered = true;
	uint32_t flows = 0;

	for (uint32_t at = 0; at < count; at++)
		flows += counts(judge, outcomes, nth(judge, at));
	order = weir_allocate(allocator, (flows + 1ul) * sizeof(*order));
	if (!order)
		return NULL;
	*flow_count = flows;
	flows = 0;
	for (uint32_t at = 0; at < count; at++) {
		uint32_t i = nth(judge, at);
		uint64_t first = sighting_at(judge, i)->tally.first_number;

		if (!counts(judge, outcomes, i))
			continue;
		order[flows++] = (struct numbered){ first, i };
		is_ordered = is_ordered && first >= latest;
		latest = first;
	}
	/* Only joins and what waited change the order in which sightings begin. */
	if (!is_ordered)
		qsort(order, flows, sizeof(*order), compare_numbered);
	return order;
}

static void fill_record(const struct weir_judge *judge, const struct weir_outcome *outcomes,
			uint32_t number, uint32_t translated, struct weir_flow_record *out)
{
	const struct weir_sighting *sighting = sighting_at(judge, number);
	uint32_t seen = translated == WEIR_NONE ? number : translated;

	*out = (struct weir_flow_record){
		.sighting = number,
		.translated = WEIR_NONE,
		.service = WEIR_NONE,
		.service_port = WEIR_NONE,
		.backend = WEIR_NONE,
		.state = (uint8_t)weir_flow_state(&sighting->machine, sighting->key.protocol,
						  outcomes[number].forward),
	};
	if (weir_sighting_translates(judge, sighting_at(judge, seen), outcomes[seen].forward,
				     &out->service, &out->service_port))
		out->translated = seen;
}

/* The end of a chain of joins. */
static uint32_t final_sighting(const struct weir_outcome *outcomes, uint32_t number)
{
	while (outcomes[number].flow != number)
		number = outcomes[number].flow;
	return number;
}

/* From the sighting that counts to the index of its flow. Early errors learn their direction
 * from the sighting that they quoted; they come first, while that can still be told. */
static void resolve_outcomes(const struct weir_judge *judge, struct weir_outcome *outcomes,
			     uint32_t count, uint32_t *flow_of)
{
	for (uint32_t at = 0; at < count; at++) {
		struct weir_outcome *outcome = &outcomes[nth(judge, at)];

		if (outcome->is_related)
			outcome->forward ^= outcomes[outcome->flow].forward;
	}
	for (uint32_t at = 0; at < count; at++) {
		uint32_t i = nth(judge, at);
		uint32_t flow = flow_of[final_sighting(outcomes, i)];

		flow_of[i] = flow;
	}
	for (uint32_t at = 0; at < count; at++)
		outcomes[nth(judge, at)].flow = flow_of[nth(judge, at)];
}

static int make_records(struct weir_flows *flows, const struct weir_judge *judge,
			uint32_t *translated, const struct weir_allocator *allocator)
{
	uint32_t count = weir_sightings_count(&judge->assigner->sightings);
	struct numbered *order =
		number_flows(judge, flows->outcomes, count, allocator, &flows->record_count);

	if (!order)
		return -ENOMEM;
	flows->records =
		weir_allocate(allocator, (flows->record_count + 1ul) * sizeof(*flows->records));
	if (flows->records) {
		for (uint32_t i = 0; i < flows->record_count; i++)
			fill_record(judge, flows->outcomes, order[i].sighting,
				    translated[order[i].sighting], &flows->records[i]);
		/* From here the array holds the flow of each sighting. */
		for (uint32_t i = 0; i < flows->outcome_count; i++)
			translated[i] = WEIR_NONE;
		for (uint32_t i = 0; i < flows->record_count; i++)
			translated[order[i].sighting] = i;
	}
	weir_release(allocator, order);
	return flows->records ? 0 : -ENOMEM;
}

/* What was suspect once, and no visit was found for, stays so when the reason is forgotten. */
static void suspect_again(const struct weir_judge *judge, struct weir_outcome *outcomes,
			  const uint32_t *translated, uint32_t count)
{
	for (uint32_t i = 0; judge->settler && i < count; i++)
		outcomes[i].is_suspect |=
			translated[i] == WEIR_NONE && weir_settler_suspects(judge->settler, i);
}

int weir_flows_make(struct weir_flows *flows, const struct weir_judge *judge,
		    const struct weir_allocator *allocator)
{
	uint32_t count = weir_sightings_count(&judge->assigner->sightings);
	uint32_t end = weir_sightings_end(&judge->assigner->sightings);
	uint32_t *translated;
	int status;

	*flows = (struct weir_flows){ .outcome_count = end };
	translated = weir_allocate(allocator, (end + 1ul) * sizeof(*translated));
	flows->outcomes = weir_allocate_zeroed(allocator, end, sizeof(*flows->outcomes));
	status = translated && flows->outcomes ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < end && !status; i++) {
		translated[i] = WEIR_NONE;
		flows->outcomes[i].flow = WEIR_NONE;
	}
	if (!status)
		status = place_all_early_errors(judge, flows->outcomes, count);
	if (!status) {
		decide_openers(judge, flows->outcomes, count);
		status = weir_join_translated(judge, flows->outcomes, translated, allocator);
	}
	if (!status) {
		suspect_again(judge, flows->outcomes, translated, count);
		status = make_records(flows, judge, translated, allocator);
	}
	if (!status) {
		weir_judge_flows(judge, flows->outcomes, flows->records, flows->record_count);
		resolve_outcomes(judge, flows->outcomes, count, translated);
	}
	weir_release(allocator, translated);
	return status;
}

void weir_flows_finish(struct weir_flows *flows, const struct weir_allocator *allocator)
{
	weir_release(allocator, flows->outcomes);
	weir_release(allocator, flows->records);
	*flows = (struct weir_flows){ 0 };
}
