/*
 * A node may put its own address in a client's place on the way to a pod: for node ports, and for
 * a pod that reaches itself. Then the pod's side shows node:m to backend:t, and nothing in it tells
 * the client, but the port, which the node keeps when it is free, and which the backend's answers
 * are sent to. A node also has traffic of its own with its pods, probes above all.
 *
 *	client:c  -> node:30080        the visit
 *	node:c    -> backend:8080      its other side, when backend:8080 -> node:c is there too
 *	node:m    -> backend:8080      may be its other side, or a probe: nobody can tell
 *
 * What a node sent to a backend is a guest, and looks among the visits that nothing else answered,
 * to services with that backend. One from its port, at the same time, is its other side (T10), if
 * the backend answered. Guests that are left are suspect beside a visit of the same time, which may
 * be theirs, if that client would be judged otherwise than the node.
 *
 * The way from a guest to visits: doors, the backends of visited services by address and port, lead
 * to services; the queue has each visit twice, by service, port and time, and by service and time.
 */
#include "join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/directory.h"

struct door {
	/* By which it is found. */
	struct weir_address address;
	uint16_t port;
	uint16_t protocol;

	uint32_t service;
	uint32_t service_port;
};

enum {
	DOOR_BYTES = 20,
	/* Services with one backend in common that are looked at. */
	DOORS = 16,
	ANY_PORT = 65536,
};
static_assert(offsetof(struct door, service) == DOOR_BYTES, "a backend has no padding");

struct waiting {
	uint32_t service;
	uint32_t service_port;
	uint32_t port; /* the client's, or ANY_PORT */
	uint32_t visit;
	uint32_t node; /* whose port was visited, or WEIR_NONE */
	uint64_t first;
};

/* What a node sent to an address that is not translated. */
struct guest {
	uint32_t sighting;
	uint32_t node;
};

struct masquerade {
	struct weir_join *join;
	struct weir_array queue;  /* struct waiting */
	struct weir_array doors;  /* struct door */
	struct weir_array guests; /* struct guest */
};

static const struct weir_visit *visit_at(const struct masquerade *masquerade, uint32_t number)
{
	return (const struct weir_visit *)masquerade->join->visits.items + number;
}

static uint32_t node_of(const struct weir_join *join, uint32_t sighting, unsigned side)
{
	return weir_node_of(join->judge, &weir_join_sighting(join, sighting)->key.ends[side]);
}

static int line_up(struct masquerade *masquerade)
{
	const struct weir_join *join = masquerade->join;

	for (uint32_t i = 0; i < join->visits.count; i++) {
		const struct weir_visit *visit = visit_at(masquerade, i);
		unsigned forward = join->outcomes[visit->sighting].forward;
		struct waiting *both;

		if (visit->backend != WEIR_NONE)
			continue;
		if (weir_array_resize(&masquerade->queue, masquerade->queue.count + 2))
			return -ENOMEM;
		both = (struct waiting *)masquerade->queue.items + masquerade->queue.count - 2;
		both[0] = (struct waiting){
			.service = visit->service,
			.service_port = visit->service_port,
			.port = visit->port,
			.visit = i,
			.node = node_of(join, visit->sighting, !forward),
			.first = visit->first,
		};
		both[1] = both[0];
		both[1].port = ANY_PORT;
	}
	return 0;
}

static int order_of(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

/* Which visits a guest may belong to. */
static int compare_wishes(const struct waiting *left, const struct waiting *right)
{
	int order = order_of(left->service, right->service);

	if (!order)
		order = order_of(left->service_port, right->service_port);
	return order ? order : order_of(left->port, right->port);
}

static int compare_waiting(const void *a, const void *b)
{
	const struct waiting *left = a;
	const struct waiting *right = b;
	int order = compare_wishes(left, right);

	if (!order)
		order = order_of(left->first, right->first);
	return order ? order : order_of(left->visit, right->visit);
}

static int compare_doors(const void *a, const void *b)
{
	const struct door *left = a;
	const struct door *right = b;
	int order = memcmp(left, right, DOOR_BYTES);

	if (!order)
		order = order_of(left->service, right->service);
	return order ? order : order_of(left->service_port, right->service_port);
}

static int open_doors_of(struct masquerade *masquerade, const struct waiting *visited)
{
	struct weir_service_port_view view;

	weir_policy_service_port(masquerade->join->judge->policy, visited->service,
				 visited->service_port, &view);
	for (uint32_t i = 0; i < view.backend_count; i++) {
		struct door *door = weir_array_push(&masquerade->doors);

		if (!door)
			return -ENOMEM;
		*door = (struct door){ view.backends[i].address, view.backends[i].port,
				       view.protocol, visited->service, visited->service_port };
	}
	return 0;
}

static int open_doors(struct masquerade *masquerade)
{
	const struct waiting *queue = masquerade->queue.items;
	int status = 0;

	qsort(masquerade->queue.items, masquerade->queue.count, sizeof(*queue), compare_waiting);
	for (size_t i = 0; i < masquerade->queue.count && !status; i++) {
		if (!i || queue[i].service != queue[i - 1].service ||
		    queue[i].service_port != queue[i - 1].service_port)
			status = open_doors_of(masquerade, &queue[i]);
	}
	if (!status && masquerade->doors.count)
		qsort(masquerade->doors.items, masquerade->doors.count, sizeof(struct door),
		      compare_doors);
	return status;
}

/* The first of the sorted items that is not before the wanted one. */
static size_t position(const struct weir_array *sorted, const void *wanted,
		       int (*compare)(const void *, const void *))
{
	const char *items = sorted->items;
	size_t low = 0;
	size_t high = sorted->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(items + middle * sorted->item_size, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* One guest on its way. */
struct search {
	const struct masquerade *masquerade;
	const struct guest *guest;
	/* What is asked of each visit that the guest may belong to. */
	void (*consider)(const struct search *search, uint32_t visit, struct weir_match *match);
};

/* A visit to a node's port is masqueraded by that node. */
static void consider_at(const struct search *search, size_t at, const struct waiting *wanted,
			struct weir_match *match)
{
	const struct weir_array *queue = &search->masquerade->queue;
	const struct waiting *waiting = (const struct waiting *)queue->items + at;

	if (at < queue->count && compare_wishes(waiting, wanted) == 0 &&
	    (waiting->node == WEIR_NONE || waiting->node == search->guest->node))
		search->consider(search, waiting->visit, match);
}

/* The visits of one service that began nearest to the guest. */
static void look_around(const struct search *search, const struct waiting *wanted,
			struct weir_match *match)
{
	size_t at = position(&search->masquerade->queue, wanted, compare_waiting);

	for (size_t i = at; i < at + WEIR_VISIT_NEIGHBOURS; i++)
		consider_at(search, i, wanted, match);
	for (size_t i = at; i > 0 && i + WEIR_VISIT_NEIGHBOURS > at; i--)
		consider_at(search, i - 1, wanted, match);
}

/* The visits from a port to the services that the guest's other side is behind. */
static struct weir_match look(const struct search *search, uint32_t port)
{
	const struct weir_join *join = search->masquerade->join;
	const struct weir_array *doors = &search->masquerade->doors;
	uint32_t number = search->guest->sighting;
	const struct weir_sighting *sighting = weir_join_sighting(join, number);
	unsigned forward = join->outcomes[number].forward;
	struct weir_match match = { number, WEIR_NONE, (uint8_t)forward, UINT64_MAX };
	const struct door wanted = { .address = sighting->key.ends[!forward],
				     .port = sighting->key.ports[!forward],
				     .protocol = sighting->key.protocol };
	size_t at = position(doors, &wanted, compare_doors);

	for (size_t i = at; i < doors->count && i < at + DOORS; i++) {
		const struct door *door = (const struct door *)doors->items + i;
		const struct waiting visit = { .service = door->service,
					       .service_port = door->service_port,
					       .port = port,
					       .first = sighting->tally.first };

		if (memcmp(door, &wanted, DOOR_BYTES) != 0)
			break;
		look_around(search, &visit, &match);
	}
	return match;
}

static void consider_nearest(const struct search *search, uint32_t visit, struct weir_match *match)
{
	weir_join_consider(search->masquerade->join, visit, match);
}

static void consider_suspicion(const struct search *search, uint32_t visit,
			       struct weir_match *match)
{
	const struct weir_join *join = search->masquerade->join;
	const struct weir_visit *other = visit_at(search->masquerade, visit);
	struct weir_match found = { match->sighting, WEIR_NONE, match->forward, UINT64_MAX };

	if (match->visit != WEIR_NONE || other->backend != WEIR_NONE)
		return;
	weir_join_consider(join, visit, &found);
	if (found.visit != WEIR_NONE &&
	    weir_client_is_otherwise(join->judge, weir_join_sighting(join, match->sighting),
				     match->forward, &other->client))
		*match = found;
}

/* Notes what a node sent, and its match, if the other side answered at the visit's port. */
static int receive(struct masquerade *masquerade, uint32_t number)
{
	struct weir_join *join = masquerade->join;
	const struct weir_sighting *sighting = weir_join_sighting(join, number);
	unsigned forward = join->outcomes[number].forward;
	uint32_t node = node_of(join, number, forward);
	struct weir_match match;
	struct guest *guest;

	if (node == WEIR_NONE)
		return 0;
	guest = weir_array_push(&masquerade->guests);
	if (!guest)
		return -ENOMEM;
	*guest = (struct guest){ number, node };
	if (!sighting->machine.seen[!forward])
		return 0;
	match = look(&(struct search){ masquerade, guest, consider_nearest },
		     sighting->key.ports[forward]);
	return weir_join_note(join, &match);
}

static int receive_all(struct masquerade *masquerade)
{
	struct weir_join *join = masquerade->join;
	const struct weir_sightings *sightings = &join->judge->assigner->sightings;
	uint32_t count = weir_sightings_count(sightings);
	size_t first = join->matches.count;
	int status = 0;

	for (uint32_t at = 0; at < count && !status; at++) {
		uint32_t i = weir_sightings_nth(sightings, at);

		if (!join->outcomes[i].is_visit && join->translated[i] == WEIR_NONE &&
		    weir_join_is_live(join, i))
			status = receive(masquerade, i);
	}
	return status ? status : weir_join_matches(join, first);
}

static bool is_suspect(const struct masquerade *masquerade, const struct guest *guest)
{
	const struct weir_join *join = masquerade->join;
	const struct search search = { masquerade, guest, consider_suspicion };

	return join->translated[guest->sighting] == WEIR_NONE &&
	       weir_join_is_live(join, guest->sighting) &&
	       weir_is_exempt(join->judge, weir_join_sighting(join, guest->sighting),
			      join->outcomes[guest->sighting].forward) &&
	       look(&search, ANY_PORT).visit != WEIR_NONE;
}

static void suspect_all(const struct masquerade *masquerade)
{
	const struct guest *guests = masquerade->guests.items;

	for (size_t i = 0; i < masquerade->guests.count; i++)
		masquerade->join->outcomes[guests[i].sighting].is_suspect =
			is_suspect(masquerade, &guests[i]);
}

int weir_join_masqueraded(struct weir_join *join, const struct weir_allocator *allocator)
{
	struct masquerade masquerade = {
		.join = join,
		.queue = weir_array_of(allocator, struct waiting),
		.doors = weir_array_of(allocator, struct door),
		.guests = weir_array_of(allocator, struct guest),
	};
	int status = line_up(&masquerade);

	if (!status && masquerade.queue.count) {
		status = open_doors(&masquerade);
		if (!status)
			status = receive_all(&masquerade);
		if (!status)
			suspect_all(&masquerade);
	}
	weir_array_finish(&masquerade.guests);
	weir_array_finish(&masquerade.doors);
	weir_array_finish(&masquerade.queue);
	return status;
}
