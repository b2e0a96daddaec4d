/*
 * What was told before is found again by its key, so that the order of a resolved policy, which is
 * that of names, and its indices are of no matter.
 *
 * Sets are known by what they mean, sets of nodes by the nodes. Who is in them is told with the
 * endpoints. Rules that stay keep their order among those of equal precedence, since that order is
 * one of names; so a new one is placed before the next of these that is known already.
 */
#include "difference.h"

#include <errno.h>

#include "memberships.h"
#include "numbers.h"

struct difference {
	struct teller *teller;
	const struct weir_resolved *resolved;
	const struct k8s_meanings *meanings;
	struct weir_arena *arena;
	uint32_t *workloads; /* numbers, by index; WEIR_NONE: not told yet */
	uint32_t *sets;
	uint32_t *endpoints;
	uint32_t *blocks;
};

/* Workloads: owners first. */

static int tell_topmost(struct difference *difference, uint32_t index)
{
	const struct weir_workload *workloads = difference->resolved->workloads;
	struct weir_workload workload;
	uint32_t at = index;

	while (workloads[at].parent != WEIR_NONE &&
	       difference->workloads[workloads[at].parent] == WEIR_NONE)
		at = workloads[at].parent;
	workload = workloads[at];
	if (workload.parent != WEIR_NONE)
		workload.parent = difference->workloads[workload.parent];
	return tell_workload(difference->teller, &workload, &difference->workloads[at]);
}

static int tell_workloads(struct difference *difference)
{
	uint32_t count = difference->resolved->workload_count;
	int status = 0;

	for (uint32_t i = 0; i < count; i++)
		difference->workloads[i] = WEIR_NONE;
	for (uint32_t i = 0; !status && i < count; i++) {
		while (!status && difference->workloads[i] == WEIR_NONE)
			status = tell_topmost(difference, i);
	}
	return status;
}

/* Sets. */

static void spell_terms(struct spelling *key, const struct k8s_terms *terms)
{
	spell_number(key, terms->count);
	for (uint32_t i = 0; i < terms->count; i++) {
		const struct k8s_term *term = &terms->items[i];

		spell_number(key, term->kind);
		spell_text(key, term->key);
		spell_number(key, term->value_count);
		for (uint32_t j = 0; j < term->value_count; j++)
			spell_text(key, term->values[j]);
	}
}

static void spell_nodes(struct spelling *key, const struct weir_resolved *resolved,
			const struct weir_set *set)
{
	for (uint32_t i = 0; i < set->endpoint_count; i++)
		spell_text(key, resolved->endpoints[set->endpoints[i]].name);
}

static void spell_set(struct difference *difference, uint32_t index)
{
	const struct k8s_meaning *meaning =
		(const struct k8s_meaning *)difference->meanings->items.items + index;
	struct spelling *key = &difference->teller->key;

	spelling_begin(key, TOLD_SET);
	spell_number(key, meaning->pods.impossible);
	if (meaning->pods.impossible) {
		spell_nodes(key, difference->resolved, &difference->resolved->sets[index]);
		return;
	}
	spell_terms(key, &meaning->namespaces);
	spell_terms(key, &meaning->pods);
}

static int tell_sets(struct difference *difference)
{
	const struct weir_resolved *resolved = difference->resolved;
	int status = 0;

	for (uint32_t i = 0; !status && i < resolved->set_count; i++) {
		const struct weir_set empty = { .unknown_pods = resolved->sets[i].unknown_pods };

		spell_set(difference, i);
		status = tell_set(difference->teller, &empty, &difference->sets[i]);
	}
	return status;
}

/* Endpoints: nodes first. */

/* Two sets of a resolved policy may be one to the live policy: those without anybody. */
static int tell_one(struct difference *difference, const struct weir_memberships *memberships,
		    uint32_t index)
{
	struct weir_endpoint endpoint = difference->resolved->endpoints[index];
	uint32_t *sets = memberships->sets + memberships->first[index];
	uint32_t count = memberships->first[index + 1] - memberships->first[index];

	if (endpoint.node != WEIR_NONE)
		endpoint.node = difference->endpoints[endpoint.node];
	if (endpoint.workload != WEIR_NONE)
		endpoint.workload = difference->workloads[endpoint.workload];
	for (uint32_t i = 0; i < count; i++)
		sets[i] = difference->sets[sets[i]];
	weir_sort_numbers(sets, count);
	return tell_endpoint(difference->teller, &endpoint, sets, count,
			     &difference->endpoints[index]);
}

static int tell_endpoints(struct difference *difference)
{
	static const uint8_t kinds[] = { WEIR_ENDPOINT_NODE, WEIR_ENDPOINT_POD };
	const struct weir_resolved *resolved = difference->resolved;
	struct weir_memberships memberships;
	int status = weir_find_memberships(resolved, difference->arena, &memberships);

	for (size_t kind = 0; kind < sizeof(kinds); kind++) {
		for (uint32_t i = 0; !status && i < resolved->endpoint_count; i++) {
			if (resolved->endpoints[i].kind == kinds[kind])
				status = tell_one(difference, &memberships, i);
		}
	}
	return status;
}

static int tell_blocks(struct difference *difference)
{
	const struct weir_resolved *resolved = difference->resolved;
	int status = 0;

	for (uint32_t i = 0; !status && i < resolved->block_count; i++)
		status = tell_block(difference->teller, &resolved->blocks[i],
				    &difference->blocks[i]);
	return status;
}

/* Rules. */

/* With the numbers of the live policy inside. */
static int number_rule(struct difference *difference, const struct weir_rule *rule,
		       struct weir_rule *out)
{
	struct weir_peer *peers =
		weir_arena_array(difference->arena, rule->peer_count, struct weir_peer);

	if (!peers)
		return -ENOMEM;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		peers[i] = rule->peers[i];
		if (peers[i].kind == WEIR_PEER_SET)
			peers[i].index = difference->sets[peers[i].index];
		else if (peers[i].kind == WEIR_PEER_BLOCK)
			peers[i].index = difference->blocks[peers[i].index];
	}
	*out = *rule;
	out->peers = peers;
	out->subjects = difference->sets[rule->subjects];
	return 0;
}

static const struct weir_origin *origin_of(const struct difference *difference,
					   const struct weir_rule *rule)
{
	return rule->origin == WEIR_NONE ? NULL : &difference->resolved->origins[rule->origin];
}

struct placed_rule {
	struct weir_rule rule;
	uint32_t thing;
	uint32_t before; /* number of the next rule that is known already, or WEIR_NONE */
};

static bool are_ordered(const struct weir_rule *a, const struct weir_rule *b)
{
	return a->tier == b->tier && a->precedence == b->precedence;
}

static int find_rules(struct difference *difference, struct placed_rule *placed)
{
	const struct weir_resolved *resolved = difference->resolved;
	int status = 0;

	for (uint32_t i = 0; !status && i < resolved->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[i];

		status = number_rule(difference, rule, &placed[i].rule);
		if (!status)
			status = tell_find_rule(difference->teller, &placed[i].rule,
						origin_of(difference, rule), &placed[i].thing);
	}
	return status;
}

static uint32_t known_number(const struct difference *difference, const struct placed_rule *placed)
{
	return told_at(difference->teller->told, placed->thing)->state.number;
}

static void place_rules(struct difference *difference, struct placed_rule *placed)
{
	uint32_t next = WEIR_NONE;

	for (uint32_t i = difference->resolved->rule_count; i-- > 0;) {
		uint32_t number = known_number(difference, &placed[i]);

		if (i + 1 < difference->resolved->rule_count &&
		    !are_ordered(&placed[i].rule, &placed[i + 1].rule))
			next = WEIR_NONE;
		placed[i].before = next;
		if (number != WEIR_NONE)
			next = number;
	}
}

static int tell_rules(struct difference *difference)
{
	const struct weir_resolved *resolved = difference->resolved;
	struct placed_rule *placed =
		weir_arena_array(difference->arena, resolved->rule_count, struct placed_rule);
	int status = placed ? find_rules(difference, placed) : -ENOMEM;

	if (status)
		return status;
	place_rules(difference, placed);
	for (uint32_t i = 0; !status && i < resolved->rule_count; i++) {
		if (known_number(difference, &placed[i]) == WEIR_NONE)
			status = tell_rule(difference->teller, placed[i].thing, &placed[i].rule,
					   origin_of(difference, &resolved->rules[i]),
					   placed[i].before);
	}
	return status;
}

/* Services. */

static int number_port(struct difference *difference, const struct weir_service_port *port,
		       struct weir_service_port *out)
{
	struct weir_backend *backends =
		weir_arena_array(difference->arena, port->backend_count, struct weir_backend);

	if (!backends)
		return -ENOMEM;
	for (uint32_t i = 0; i < port->backend_count; i++) {
		backends[i] = port->backends[i];
		if (backends[i].endpoint != WEIR_NONE)
			backends[i].endpoint = difference->endpoints[backends[i].endpoint];
	}
	*out = *port;
	out->backends = backends;
	return 0;
}

static int tell_one_service(struct difference *difference, const struct weir_service *service)
{
	struct weir_service_port *ports =
		weir_arena_array(difference->arena, service->port_count, struct weir_service_port);
	struct weir_service numbered = *service;

	if (!ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < service->port_count; i++) {
		if (number_port(difference, &service->ports[i], &ports[i]))
			return -ENOMEM;
	}
	numbered.ports = ports;
	return tell_service(difference->teller, &numbered);
}

static int tell_services(struct difference *difference)
{
	const struct weir_resolved *resolved = difference->resolved;
	int status = 0;

	for (uint32_t i = 0; !status && i < resolved->service_count; i++)
		status = tell_one_service(difference, &resolved->services[i]);
	return status;
}

static int allocate(struct difference *difference)
{
	const struct weir_resolved *resolved = difference->resolved;

	difference->workloads =
		weir_arena_array(difference->arena, resolved->workload_count, uint32_t);
	difference->sets = weir_arena_array(difference->arena, resolved->set_count, uint32_t);
	difference->endpoints =
		weir_arena_array(difference->arena, resolved->endpoint_count, uint32_t);
	difference->blocks = weir_arena_array(difference->arena, resolved->block_count, uint32_t);
	return difference->workloads && difference->sets && difference->endpoints &&
			       difference->blocks
		       ? 0
		       : -ENOMEM;
}

int difference_tell(struct teller *teller, const struct weir_resolved *resolved,
		    const struct k8s_meanings *meanings, struct weir_arena *arena,
		    struct tie_numbers *out)
{
	int (*const steps[])(struct difference *) = { allocate,       tell_workloads, tell_sets,
						      tell_endpoints, tell_blocks,    tell_rules,
						      tell_services };
	struct difference difference = {
		.teller = teller, .resolved = resolved, .meanings = meanings, .arena = arena
	};
	int status = 0;

	teller->told->round++;
	for (size_t i = 0; !status && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&difference);
	if (!status)
		status = tell_unseen(teller);
	*out = (struct tie_numbers){ difference.endpoints, difference.workloads, difference.sets };
	return status;
}
