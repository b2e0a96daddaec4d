/*
 * A connection to a Service is captured up to twice: before translation, to the virtual address,
 * and after it, to a backend. Its client's address and port are the same in both (T10).
 *
 * Visits are the sightings at virtual addresses, found by their client. Every other sighting
 * looks for a visit of either of its ends at a service that has the other end as a backend, at
 * the same time. A visit is answered by one backend, the one whose sighting began nearest to it;
 * all sightings of that backend that belong to the visit join.
 */
#include "flows.h"

#include <errno.h>

#include "weir/directory.h"

struct visit {
	/* The client, by which it is found. */
	struct weir_address client;
	uint16_t port;
	uint16_t protocol;

	uint32_t sighting;
	uint32_t service;
	uint32_t service_port;
	uint32_t next;     /* of the same client, or WEIR_NONE */
	uint32_t backend;  /* the sighting behind it, or WEIR_NONE */
	uint8_t forward;   /* side of the backend's sighting that is the client */
	uint64_t distance; /* between the beginnings */
};

enum { CLIENT_BYTES = 20 };
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
	struct weir_map clients; /* to the latest visit */
};

/* Captures of two interfaces need not agree to the last moment, and one packet has no length. */
static const uint64_t slack = 1000000000;

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
		};
	}
	return 0;
}

/* Only when the visits no longer move: the map borrows their first bytes. */
static int index_visits(struct join *join)
{
	struct visit *visits = join->visits.items;

	for (uint32_t i = 0; i < join->visits.count; i++) {
		int is_new;
		uint32_t *head =
			weir_map_insert(&join->clients, &visits[i], CLIENT_BYTES, i, &is_new);

		if (!head)
			return -ENOMEM;
		visits[i].next = is_new ? WEIR_NONE : *head;
		*head = i;
	}
	return 0;
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

/* The nearest visit whose client is one side of the sighting; *distance is the least so far. */
static uint32_t nearest_visit(const struct join *join, const struct weir_sighting *sighting,
			      unsigned side, uint64_t *distance)
{
	const struct weir_flow_key *key = &sighting->key;
	const struct visit *visits = join->visits.items;
	struct visit client = { .client = key->ends[side],
				.port = key->ports[side],
				.protocol = key->protocol };
	const uint32_t *head = weir_map_find(&join->clients, &client, CLIENT_BYTES);
	uint32_t nearest = WEIR_NONE;

	for (uint32_t at = head ? *head : WEIR_NONE; at != WEIR_NONE; at = visits[at].next) {
		const struct weir_tally *seen = &sighting_at(join, visits[at].sighting)->tally;
		uint64_t between = distance_between(seen, &sighting->tally);

		if (between >= *distance || !overlap(seen, &sighting->tally) ||
		    !has_backend(join, &visits[at], &key->ends[!side], key->ports[!side]))
			continue;
		nearest = at;
		*distance = between;
	}
	return nearest;
}

static int collect_candidate(struct join *join, uint32_t number)
{
	struct visit *visits = join->visits.items;
	const struct weir_sighting *sighting = sighting_at(join, number);
	uint64_t distance = UINT64_MAX;
	uint32_t asker[2] = { nearest_visit(join, sighting, 0, &distance),
			      nearest_visit(join, sighting, 1, &distance) };
	uint8_t forward = asker[1] != WEIR_NONE; /* the second was nearer, if it is one */
	struct candidate *candidate;
	struct visit *visit;

	if (asker[forward] == WEIR_NONE)
		return 0;
	candidate = weir_array_push(&join->candidates);
	if (!candidate)
		return -ENOMEM;
	*candidate = (struct candidate){ number, asker[forward] };
	visit = &visits[asker[forward]];
	if (visit->backend == WEIR_NONE || distance < visit->distance) {
		visit->backend = number;
		visit->forward = forward;
		visit->distance = distance;
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

	weir_map_init(&join.clients, allocator);
	status = collect_visits(&join);
	if (!status && join.visits.count) {
		status = index_visits(&join);
		if (!status)
			status = collect_candidates(&join);
		if (!status)
			status = join_all(&join, translated);
	}
	weir_map_finish(&join.clients);
	weir_array_finish(&join.candidates);
	weir_array_finish(&join.visits);
	return status;
}
