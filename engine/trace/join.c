/*
 * A connection to a Service is captured up to twice: before translation, to the virtual address,
 * and after it, to a backend. Its client's address and port are the same in both (T10).
 *
 * Visits are the sightings at virtual addresses, in order of client and time. Every other sighting
 * looks among the visits of either of its ends, from the nearest in time outwards, for one at a
 * service that has the other end as a backend. A visit is answered by one backend, the one whose
 * sighting began nearest to it; all sightings of that backend that belong to the visit join.
 * Visits that nothing answered are looked at once more: masquerade.c.
 */
#include "join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/directory.h"

/* Captures of two interfaces need not agree to the last moment, and one packet has no length. */
static const uint64_t slack = WEIR_FLOW_SECOND;

bool weir_join_is_live(const struct weir_join *join, uint32_t number)
{
	const struct weir_sighting *sighting = weir_join_sighting(join, number);

	return join->outcomes[number].flow == number && sighting->key.kind == WEIR_FLOW_SYMMETRIC &&
	       weir_flow_has_ports(sighting->key.protocol) &&
	       !weir_tally_is_empty(&sighting->tally);
}

static int collect_visits(struct weir_join *join)
{
	const struct weir_sightings *sightings = &join->judge->assigner->sightings;
	uint32_t count = weir_sightings_count(sightings);

	for (uint32_t at = 0; at < count; at++) {
		uint32_t i = weir_sightings_nth(sightings, at);
		unsigned forward = join->outcomes[i].forward;
		const struct weir_flow_key *key = &weir_join_sighting(join, i)->key;
		uint32_t service;
		uint32_t service_port;
		struct weir_visit *visit;

		if (!weir_join_is_live(join, i) ||
		    !weir_sighting_translates(join->judge, weir_join_sighting(join, i), forward,
					      &service, &service_port))
			continue;
		visit = weir_array_push(&join->visits);
		if (!visit)
			return -ENOMEM;
		*visit = (struct weir_visit){
			.client = key->ends[forward],
			.port = key->ports[forward],
			.protocol = key->protocol,
			.sighting = i,
			.rank = at,
			.service = service,
			.service_port = service_port,
			.backend = WEIR_NONE,
			.first = weir_join_sighting(join, i)->tally.first,
		};
		join->outcomes[i].is_visit = true;
	}
	return 0;
}

static int compare_visits(const void *a, const void *b)
{
	const struct weir_visit *left = a;
	const struct weir_visit *right = b;
	int order = memcmp(left, right, WEIR_VISIT_CLIENT_BYTES);

	if (order)
		return order;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->rank < right->rank ? -1 : left->rank > right->rank;
}

/* The first visit that is not before one of this client and time. */
static size_t visit_position(const struct weir_join *join, const struct weir_visit *wanted)
{
	const struct weir_visit *visits = join->visits.items;
	size_t low = 0;
	size_t high = join->visits.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_visits(&visits[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_backend(const struct weir_join *join, const struct weir_visit *visit,
			const struct weir_address *address, uint16_t port)
{
	struct weir_service_port_view view;

	weir_policy_service_port(join->judge->policy, visit->service, visit->service_port, &view);
	for (uint32_t i = 0; i < view.backend_count; i++) {
		if (view.backends[i].port == port &&
		    weir_address_equal(&view.backends[i].address, address))
			return true;
	}
	return false;
}

static bool overlap(const struct weir_tally *a, const struct weir_tally *b)
{
	uint64_t gap = 0;

	if (a->last < b->first)
		gap = b->first - a->last;
	else if (b->last < a->first)
		gap = a->first - b->last;
	return gap <= slack;
}

static uint64_t distance_between(const struct weir_tally *a, const struct weir_tally *b)
{
	return a->first > b->first ? a->first - b->first : b->first - a->first;
}

static bool is_of_client(const struct weir_join *join, size_t at, const struct weir_visit *client)
{
	const struct weir_visit *visits = join->visits.items;

	return at < join->visits.count && memcmp(&visits[at], client, WEIR_VISIT_CLIENT_BYTES) == 0;
}

void weir_join_consider(const struct weir_join *join, uint32_t at, struct weir_match *match)
{
	const struct weir_visit *visit = (const struct weir_visit *)join->visits.items + at;
	const struct weir_tally *tally = &weir_join_sighting(join, match->sighting)->tally;
	const struct weir_tally *seen = &weir_join_sighting(join, visit->sighting)->tally;
	uint64_t distance = distance_between(seen, tally);

	if (distance >= match->distance || !overlap(seen, tally))
		return;
	match->visit = at;
	match->distance = distance;
}

static void consider_client(const struct weir_join *join, size_t at, struct weir_match *match)
{
	const struct weir_flow_key *key = &weir_join_sighting(join, match->sighting)->key;
	const struct weir_visit *visit = (const struct weir_visit *)join->visits.items + at;
	unsigned server = !match->forward;

	if (has_backend(join, visit, &key->ends[server], key->ports[server]))
		weir_join_consider(join, (uint32_t)at, match);
}

/* Looks for a visit whose client is one side of the sighting. */
static struct weir_match match_client(const struct weir_join *join, uint32_t number, uint8_t side)
{
	const struct weir_sighting *sighting = weir_join_sighting(join, number);
	const struct weir_visit client = { .client = sighting->key.ends[side],
					   .port = sighting->key.ports[side],
					   .protocol = sighting->key.protocol,
					   .first = sighting->tally.first };
	struct weir_match match = { number, WEIR_NONE, side, UINT64_MAX };
	size_t at = visit_position(join, &client);

	for (size_t i = at; i < at + WEIR_VISIT_NEIGHBOURS && is_of_client(join, i, &client); i++)
		consider_client(join, i, &match);
	for (size_t i = at;
	     i > 0 && i + WEIR_VISIT_NEIGHBOURS > at && is_of_client(join, i - 1, &client); i--)
		consider_client(join, i - 1, &match);
	return match;
}

int weir_join_note(struct weir_join *join, const struct weir_match *match)
{
	struct weir_match *kept;
	struct weir_visit *visit;

	if (match->visit == WEIR_NONE)
		return 0;
	kept = weir_array_push(&join->matches);
	if (!kept)
		return -ENOMEM;
	*kept = *match;
	visit = (struct weir_visit *)join->visits.items + match->visit;
	if (visit->backend == WEIR_NONE || match->distance < visit->distance) {
		visit->backend = match->sighting;
		visit->forward = match->forward;
		visit->distance = match->distance;
	}
	return 0;
}

/* Visits themselves are no matches: what they are to was not translated yet. */
static int collect_matches(struct weir_join *join)
{
	const struct weir_sightings *sightings = &join->judge->assigner->sightings;
	uint32_t count = weir_sightings_count(sightings);
	int status = 0;

	for (uint32_t at = 0; at < count && !status; at++) {
		uint32_t i = weir_sightings_nth(sightings, at);
		struct weir_match sides[2];

		if (join->outcomes[i].is_visit || !weir_join_is_live(join, i))
			continue;
		sides[0] = match_client(join, i, 0);
		sides[1] = match_client(join, i, 1);
		status = weir_join_note(join, &sides[sides[1].distance < sides[0].distance]);
	}
	return status;
}

static bool is_same_backend(const struct weir_join *join, const struct weir_visit *visit,
			    const struct weir_match *candidate)
{
	return weir_flow_key_equal(&weir_join_sighting(join, visit->backend)->key,
				   &weir_join_sighting(join, candidate->sighting)->key);
}

/* The visit's client opened, whatever the backend's sighting showed by itself. */
static void set_opener(struct weir_outcome *outcome, const struct weir_visit *visit)
{
	outcome->forward = visit->forward;
	outcome->is_undecided = false;
}

int weir_join_matches(struct weir_join *join, size_t first)
{
	const struct weir_visit *visits = join->visits.items;
	const struct weir_match *matches = join->matches.items;
	int status = 0;

	for (size_t i = first; i < join->matches.count && !status; i++) {
		const struct weir_visit *visit = &visits[matches[i].visit];

		if (!is_same_backend(join, visit, &matches[i]))
			continue;
		set_opener(&join->outcomes[visit->backend], visit);
		set_opener(&join->outcomes[matches[i].sighting], visit);
		if (matches[i].sighting != visit->backend)
			status = weir_join_sightings(join->judge, join->outcomes,
						     matches[i].sighting, visit->backend);
	}
	for (size_t i = first; i < join->matches.count && !status; i++) {
		const struct weir_visit *visit = &visits[matches[i].visit];

		if (visit->backend != matches[i].sighting)
			continue;
		join->translated[visit->backend] = visit->sighting;
		status = weir_join_sightings(join->judge, join->outcomes, visit->sighting,
					     visit->backend);
	}
	return status;
}

int weir_join_translated(const struct weir_judge *judge, struct weir_outcome *outcomes,
			 uint32_t *translated, const struct weir_allocator *allocator)
{
	struct weir_join join = {
		.judge = judge,
		.outcomes = outcomes,
		.translated = translated,
		.visits = weir_array_of(allocator, struct weir_visit),
		.matches = weir_array_of(allocator, struct weir_match),
	};
	int status;

	status = collect_visits(&join);
	if (!status && join.visits.count) {
		qsort(join.visits.items, join.visits.count, sizeof(struct weir_visit),
		      compare_visits);
		status = collect_matches(&join);
		if (!status)
			status = weir_join_matches(&join, 0);
		if (!status)
			status = weir_join_masqueraded(&join, allocator);
	}
	weir_array_finish(&join.matches);
	weir_array_finish(&join.visits);
	return status;
}
