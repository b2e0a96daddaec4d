/*
 * A connection to a Service is captured up to twice: before translation, to the virtual address,
 * and after it, to a backend. Its client's address and port are the same in both (T10).
 *
 * Visits are the sightings at virtual addresses, in order of client and time. Every other sighting
 * looks among the visits of either of its ends, from the nearest in time outwards, for one at a
 * service that has the other end as a backend. A visit is answered by one backend, the one whose
 * sighting began nearest to it; all sightings of that backend that belong to the visit join.
 */
#include "flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/directory.h"

struct visit {
	/* The client, by which it is found. */
	struct weir_address client;
	uint16_t port;
	uint16_t protocol;

	uint32_t sighting;
	uint32_t service;
	uint32_t service_port;
	uint32_t backend;  /* the sighting behind it, or WEIR_NONE */
	uint8_t forward;   /* side of the backend's sighting that is the client */
	uint64_t distance; /* between the beginnings */
	uint64_t first;    /* when it began */
};

enum {
	CLIENT_BYTES = 20,
	/* Visits of one client that are looked at, before and after: it may have come again from
	 * the same port while this one lasted, but not often. */
	NEIGHBOURS = 16,
};
static_assert(offsetof(struct visit, sighting) == CLIENT_BYTES, "a client has no padding");

/* A sighting that may lie behind a visit. */
struct candidate {
	uint32_t sighting;
	uint32_t visit;
};

struct join {
	const struct weir_judge *judge;
	struct weir_outcome *outcomes;
	struct weir_array visits;
	struct weir_array candidates;
};

/* Captures of two interfaces need not agree to the last moment, and one packet has no length. */
static const uint64_t slack = WEIR_FLOW_SECOND;

static const struct weir_sighting *sighting_at(const struct join *join, uint32_t number)
{
	return weir_sighting_at(&join->judge->assigner->sightings, number);
}

static bool is_live(const struct join *join, uint32_t number)
{
	const struct weir_sighting *sighting = sighting_at(join, number);

	return join->outcomes[number].flow == number && sighting->key.kind == WEIR_FLOW_SYMMETRIC &&
	       !weir_tally_is_empty(&sighting->tally);
}

static int collect_visits(struct join *join)
{
	uint32_t count = join->judge->assigner->sightings.count;

	for (uint32_t i = 0; i < count; i++) {
		unsigned forward = join->outcomes[i].forward;
		const struct weir_flow_key *key = &sighting_at(join, i)->key;
		uint32_t service;
		uint32_t service_port;
		struct visit *visit;

		if (!is_live(join, i) ||
		    !weir_sighting_translates(join->judge, sighting_at(join, i), forward, &service,
					      &service_port))
			continue;
		visit = weir_array_push(&join->visits);
		if (!visit)
			return -ENOMEM;
		*visit = (struct visit){
			.client = key->ends[forward],
			.port = key->ports[forward],
			.protocol = key->protocol,
			.sighting = i,
			.service = service,
			.service_port = service_port,
			.backend = WEIR_NONE,
			.first = sighting_at(join, i)->tally.first,
		};
		join->outcomes[i].is_visit = true;
	}
	return 0;
}

static int compare_visits(const void *a, const void *b)
{
	const struct visit *left = a;
	const struct visit *right = b;
	int order = memcmp(left, right, CLIENT_BYTES);

	if (order)
		return order;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->sighting < right->sighting ? -1 : left->sighting > right->sighting;
}

/* The first visit that is not before one of this client and time. */
static size_t visit_position(const struct join *join, const struct visit *wanted)
{
	const struct visit *visits = join->visits.items;
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

static bool has_backend(const struct join *join, const struct visit *visit,
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

/* The best visit so far for one sighting. */
struct match {
	uint32_t visit; /* or WEIR_NONE */
	uint8_t forward;
	uint64_t distance;
};

static bool is_of_client(const struct join *join, size_t at, const struct visit *client)
{
	const struct visit *visits = join->visits.items;

	return at < join->visits.count && memcmp(&visits[at], client, CLIENT_BYTES) == 0;
}

static void consider(const struct join *join, const struct weir_sighting *sighting, unsigned side,
		     size_t at, struct match *match)
{
	const struct visit *visit = (const struct visit *)join->visits.items + at;
	const struct weir_tally *seen = &sighting_at(join, visit->sighting)->tally;
	uint64_t distance = distance_between(seen, &sighting->tally);

	if (distance >= match->distance || !overlap(seen, &sighting->tally) ||
	    !has_backend(join, visit, &sighting->key.ends[!side], sighting->key.ports[!side]))
		return;
	*match = (struct match){ (uint32_t)at, (uint8_t)side, distance };
}

/* Looks for a visit whose client is one side of the sighting. */
static void match_client(const struct join *join, const struct weir_sighting *sighting,
			 unsigned side, struct match *match)
{
	const struct visit client = { .client = sighting->key.ends[side],
				      .port = sighting->key.ports[side],
				      .protocol = sighting->key.protocol,
				      .first = sighting->tally.first };
	size_t at = visit_position(join, &client);

	for (size_t i = at; i < at + NEIGHBOURS && is_of_client(join, i, &client); i++)
		consider(join, sighting, side, i, match);
	for (size_t i = at; i > 0 && i + NEIGHBOURS > at && is_of_client(join, i - 1, &client); i--)
		consider(join, sighting, side, i - 1, match);
}

static int collect_candidate(struct join *join, uint32_t number)
{
	const struct weir_sighting *sighting = sighting_at(join, number);
	struct match match = { .visit = WEIR_NONE, .distance = UINT64_MAX };
	struct candidate *candidate;
	struct visit *visit;

	match_client(join, sighting, 0, &match);
	match_client(join, sighting, 1, &match);
	if (match.visit == WEIR_NONE)
		return 0;
	candidate = weir_array_push(&join->candidates);
	if (!candidate)
		return -ENOMEM;
	*candidate = (struct candidate){ number, match.visit };
	visit = (struct visit *)join->visits.items + match.visit;
	if (visit->backend == WEIR_NONE || match.distance < visit->distance) {
		visit->backend = number;
		visit->forward = match.forward;
		visit->distance = match.distance;
	}
	return 0;
}

/* Visits themselves are no candidates: what they are to was not translated yet. */
static int collect_candidates(struct join *join)
{
	const struct visit *visits = join->visits.items;
	uint32_t count = join->judge->assigner->sightings.count;
	uint32_t next = 0;

	for (uint32_t i = 0; i < count; i++) {
		int status = 0;

		if (next < join->visits.count && visits[next].sighting == i)
			next++;
		else if (is_live(join, i) &&
			 weir_flow_has_ports(sighting_at(join, i)->key.protocol))
			status = collect_candidate(join, i);
		if (status)
			return status;
	}
	return 0;
}

static bool is_same_backend(const struct join *join, const struct visit *visit,
			    const struct candidate *candidate)
{
	return weir_flow_key_equal(&sighting_at(join, visit->backend)->key,
				   &sighting_at(join, candidate->sighting)->key);
}

/* The visit's client opened, whatever the backend's sighting showed by itself. */
static void set_opener(struct weir_outcome *outcome, const struct visit *visit)
{
	outcome->forward = visit->forward;
	outcome->is_undecided = false;
}

static int join_all(struct join *join, uint32_t *translated)
{
	const struct visit *visits = join->visits.items;
	const struct candidate *candidates = join->candidates.items;
	int status = 0;

	for (uint32_t i = 0; i < join->candidates.count && !status; i++) {
		const struct visit *visit = &visits[candidates[i].visit];

		if (!is_same_backend(join, visit, &candidates[i]))
			continue;
		set_opener(&join->outcomes[visit->backend], visit);
		set_opener(&join->outcomes[candidates[i].sighting], visit);
		if (candidates[i].sighting != visit->backend)
			status = weir_join_sightings(join->judge, join->outcomes,
						     candidates[i].sighting, visit->backend);
	}
	for (uint32_t i = 0; i < join->visits.count && !status; i++) {
		if (visits[i].backend == WEIR_NONE)
			continue;
		translated[visits[i].backend] = visits[i].sighting;
		status = weir_join_sightings(join->judge, join->outcomes, visits[i].sighting,
					     visits[i].backend);
	}
	return status;
}

int weir_join_translated(const struct weir_judge *judge, struct weir_outcome *outcomes,
			 uint32_t *translated, const struct weir_allocator *allocator)
{
	struct join join = {
		.judge = judge,
		.outcomes = outcomes,
		.visits = weir_array_of(allocator, struct visit),
		.candidates = weir_array_of(allocator, struct candidate),
	};
	int status;

	status = collect_visits(&join);
	if (!status && join.visits.count) {
		qsort(join.visits.items, join.visits.count, sizeof(struct visit), compare_visits);
		status = collect_candidates(&join);
		if (!status)
			status = join_all(&join, translated);
	}
	weir_array_finish(&join.candidates);
	weir_array_finish(&join.visits);
	return status;
}
