#include "model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *take(struct weir_arena *arena, size_t count, size_t size)
{
	void *memory = weir_arena_allocate(arena, count, size);

	assert(memory);
	return memory;
}

static bool one_in(struct model *model, uint32_t n)
{
	return generator_below(&model->generator, n) == 0;
}

static void succeed(int status, const struct weir_error *error)
{
	if (!status)
		return;
	fprintf(stderr, "a change failed: %d %s\n", status, error->text);
	abort();
}

/* The present ones of a kind. */

static uint32_t list_present(const bool *has, uint32_t count, uint32_t *out)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (has[i])
			out[found++] = i;
	}
	return found;
}

/* WEIR_NONE when there are none. */
static uint32_t pick(struct model *model, const bool *has, uint32_t count)
{
	uint32_t present[MODEL_ENDPOINTS];
	uint32_t found = list_present(has, count, present);

	return found ? present[generator_below(&model->generator, found)] : WEIR_NONE;
}

static uint32_t pick_endpoint(struct model *model, uint8_t kind)
{
	bool has[MODEL_ENDPOINTS];

	for (uint32_t i = 0; i < MODEL_ENDPOINTS; i++)
		has[i] = model->state.has_endpoint[i] && model->state.endpoints[i].kind == kind;
	return pick(model, has, MODEL_ENDPOINTS);
}

static uint32_t count_present(const bool *has, uint32_t count)
{
	uint32_t present[MODEL_ENDPOINTS];

	return list_present(has, count, present);
}

/* Endpoints. */

/* Addresses that nobody had yet, of either family, and under the same blocks as others. */
static void make_own_addresses(struct model *model, struct weir_endpoint *endpoint)
{
	uint32_t count = 1 + generator_below(&model->generator, 2);
	struct weir_address *addresses = take(&model->generator.arena, count, sizeof(*addresses));
	uint32_t number = 24 + model->state.names;
	uint8_t low = (uint8_t)(number % 256);
	uint8_t high = (uint8_t)(number / 256);

	for (uint32_t i = 0; i < count; i++) {
		if (one_in(model, 2)) {
			addresses[i] = weir_address_from_ipv4((uint8_t[4]){ 10, 0, high, low });
			continue;
		}
		addresses[i] = (struct weir_address){ { 0xfd } };
		addresses[i].bytes[one_in(model, 2) ? 13 : 7] = high;
		addresses[i].bytes[15] = low;
	}
	endpoint->addresses = addresses;
	endpoint->address_count = count;
}

/* Like the ports and the rank of another pod: most new pods are of an app that exists. */
static void make_alike(struct model *model, struct weir_endpoint *endpoint, uint32_t like)
{
	const struct weir_endpoint *other = &model->state.endpoints[like];

	if (!one_in(model, 4)) {
		endpoint->ports = other->ports;
		endpoint->port_count = other->port_count;
	}
	if (!one_in(model, 8))
		endpoint->rank = WEIR_RANK_RUNNING;
	if (!one_in(model, 8))
		endpoint->host_network = false;
}

static struct weir_endpoint new_endpoint(struct model *model, uint8_t kind, uint32_t like)
{
	struct model_state *state = &model->state;
	struct weir_endpoint endpoint;

	generate_endpoint(&model->generator, &endpoint, 1000 + state->names++,
			  kind == WEIR_ENDPOINT_NODE ? UINT32_MAX : 0);
	if (kind == WEIR_ENDPOINT_POD && !one_in(model, 4))
		endpoint.node = pick_endpoint(model, WEIR_ENDPOINT_NODE);
	if (!one_in(model, 4))
		make_own_addresses(model, &endpoint);
	if (like != WEIR_NONE)
		make_alike(model, &endpoint, like);
	return endpoint;
}

/* A pod to be like, mostly, or WEIR_NONE. */
static uint32_t choose_alike(struct model *model)
{
	return one_in(model, 6) ? WEIR_NONE : pick_endpoint(model, WEIR_ENDPOINT_POD);
}

static uint32_t choose_sets(struct model *model, uint32_t like, uint32_t *sets)
{
	struct model_state *state = &model->state;
	uint32_t sparse = 1 + generator_below(&model->generator, 6);
	bool is_alike = like != WEIR_NONE;
	uint32_t count = 0;

	for (uint32_t i = MODEL_SETS; i-- > 0;) {
		if (state->has_set[i] && (is_alike ? state->is_in[like][i] : one_in(model, sparse)))
			sets[count++] = i;
	}
	return count;
}

static void note_sets(struct model_state *state, uint32_t endpoint, const uint32_t *sets,
		      uint32_t count)
{
	memset(state->is_in[endpoint], 0, sizeof(state->is_in[endpoint]));
	for (uint32_t i = 0; i < count; i++)
		state->is_in[endpoint][sets[i]] = true;
}

static void add_endpoint(struct model *model, uint8_t kind)
{
	struct model_state *state = &model->state;
	uint32_t like = kind == WEIR_ENDPOINT_POD ? choose_alike(model) : WEIR_NONE;
	struct weir_endpoint endpoint = new_endpoint(model, kind, like);
	uint32_t sets[MODEL_SETS];
	uint32_t count = choose_sets(model, like, sets);
	struct weir_error error;
	uint32_t number;

	if (count_present(state->has_endpoint, MODEL_ENDPOINTS) >= MODEL_ENDPOINTS - 1)
		return;
	succeed(weir_live_add_endpoint(model->live, &endpoint, sets, count, &number, &error),
		&error);
	assert(number < MODEL_ENDPOINTS && !state->has_endpoint[number]);
	state->has_endpoint[number] = true;
	state->endpoints[number] = endpoint;
	note_sets(state, number, sets, count);
}

static void change_endpoint(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t number = pick_endpoint(model, WEIR_ENDPOINT_POD);
	uint32_t like = choose_alike(model);
	uint32_t sets[MODEL_SETS];
	uint32_t count = choose_sets(model, like, sets);
	struct weir_endpoint endpoint;
	struct weir_error error;

	if (number == WEIR_NONE)
		return;
	endpoint = new_endpoint(model, WEIR_ENDPOINT_POD, like);
	endpoint.name = state->endpoints[number].name;
	succeed(weir_live_change_endpoint(model->live, number, &endpoint, sets, count, &error),
		&error);
	state->endpoints[number] = endpoint;
	note_sets(state, number, sets, count);
}

static void select_endpoint(struct model *model)
{
	uint32_t number = pick_endpoint(model, WEIR_ENDPOINT_POD);
	uint32_t sets[MODEL_SETS];
	uint32_t count = choose_sets(model, choose_alike(model), sets);
	struct weir_error error;

	if (number == WEIR_NONE)
		return;
	succeed(weir_live_select_endpoint(model->live, number, sets, count, &error), &error);
	note_sets(&model->state, number, sets, count);
}

/* Pods leave a node before it goes, or behind it: a batch is looked at when it is over. */
static void remove_node(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t number = pick_endpoint(model, WEIR_ENDPOINT_NODE);
	bool first = one_in(model, 2);
	struct weir_error error;

	if (number == WEIR_NONE)
		return;
	if (first)
		succeed(weir_live_remove_endpoint(model->live, number, &error), &error);
	for (uint32_t i = 0; i < MODEL_ENDPOINTS; i++) {
		uint32_t sets[MODEL_SETS];
		uint32_t count;

		if (!state->has_endpoint[i] || state->endpoints[i].node != number)
			continue;
		count = list_present(state->is_in[i], MODEL_SETS, sets);
		state->endpoints[i].node = WEIR_NONE;
		succeed(weir_live_change_endpoint(model->live, i, &state->endpoints[i], sets, count,
						  &error),
			&error);
	}
	if (!first)
		succeed(weir_live_remove_endpoint(model->live, number, &error), &error);
	state->has_endpoint[number] = false;
}

static void remove_pod(struct model *model)
{
	uint32_t number = pick_endpoint(model, WEIR_ENDPOINT_POD);
	struct weir_error error;

	if (number == WEIR_NONE)
		return;
	succeed(weir_live_remove_endpoint(model->live, number, &error), &error);
	model->state.has_endpoint[number] = false;
}

/* The very same again, and under another number perhaps. */
static void remove_and_add_again(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t number = pick_endpoint(model, WEIR_ENDPOINT_POD);
	uint32_t sets[MODEL_SETS];
	struct weir_endpoint endpoint;
	struct weir_error error;
	uint32_t count;

	if (number == WEIR_NONE)
		return;
	endpoint = state->endpoints[number];
	count = list_present(state->is_in[number], MODEL_SETS, sets);
	succeed(weir_live_remove_endpoint(model->live, number, &error), &error);
	state->has_endpoint[number] = false;
	if (one_in(model, 2))
		add_endpoint(model, WEIR_ENDPOINT_POD);
	succeed(weir_live_add_endpoint(model->live, &endpoint, sets, count, &number, &error),
		&error);
	state->has_endpoint[number] = true;
	state->endpoints[number] = endpoint;
	note_sets(state, number, sets, count);
}

/* Sets. */

static uint32_t choose_members(struct model *model, uint32_t *members)
{
	uint32_t sparse = 1 + generator_below(&model->generator, 8);
	uint32_t count = 0;

	for (uint32_t i = MODEL_ENDPOINTS; i-- > 0;) {
		if (model->state.has_endpoint[i] && one_in(model, sparse))
			members[count++] = i;
	}
	return count;
}

static void note_members(struct model_state *state, uint32_t set, const uint32_t *members,
			 uint32_t count)
{
	for (uint32_t i = 0; i < MODEL_ENDPOINTS; i++)
		state->is_in[i][set] = false;
	for (uint32_t i = 0; i < count; i++)
		state->is_in[members[i]][set] = true;
}

/* WEIR_NONE: a new one. */
static void put_set(struct model *model, uint32_t number)
{
	struct model_state *state = &model->state;
	uint32_t members[MODEL_ENDPOINTS];
	struct weir_set set = { .endpoints = members };
	struct weir_error error;

	set.endpoint_count = choose_members(model, members);
	set.unknown_pods = (uint8_t)generator_below(&model->generator, 3);
	if (number == WEIR_NONE)
		succeed(weir_live_add_set(model->live, &set, &number, &error), &error);
	else
		succeed(weir_live_change_set(model->live, number, &set, &error), &error);
	state->has_set[number] = true;
	state->unknown_pods[number] = set.unknown_pods;
	note_members(state, number, members, set.endpoint_count);
}

static void forget_rule(struct model *model, uint32_t place)
{
	struct model_state *state = &model->state;
	struct weir_error error;

	succeed(weir_live_remove_rule(model->live, state->order[place], &error), &error);
	state->rule_count--;
	memmove(&state->order[place], &state->order[place + 1],
		(state->rule_count - place) * sizeof(state->order[0]));
}

static bool refers(const struct weir_rule *rule, uint8_t kind, uint32_t number)
{
	bool found = kind == WEIR_PEER_SET && rule->subjects == number;

	for (uint32_t i = 0; i < rule->peer_count; i++)
		found |= rule->peers[i].kind == kind && rule->peers[i].index == number;
	return found;
}

static void forget_rules_of(struct model *model, uint8_t kind, uint32_t number)
{
	struct model_state *state = &model->state;

	for (uint32_t i = state->rule_count; i-- > 0;) {
		if (refers(&state->rules[state->order[i]], kind, number))
			forget_rule(model, i);
	}
}

static void remove_set(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t number = pick(model, state->has_set, MODEL_SETS);
	bool first = one_in(model, 2);
	struct weir_error error;

	if (count_present(state->has_set, MODEL_SETS) < 2)
		return;
	if (first)
		forget_rules_of(model, WEIR_PEER_SET, number);
	succeed(weir_live_remove_set(model->live, number, &error), &error);
	if (!first)
		forget_rules_of(model, WEIR_PEER_SET, number);
	state->has_set[number] = false;
	note_members(state, number, NULL, 0);
}

static void change_sets(struct model *model)
{
	if (one_in(model, 3))
		remove_set(model);
	else if (one_in(model, 2) ||
		 count_present(model->state.has_set, MODEL_SETS) >= MODEL_SETS - 1)
		put_set(model, pick(model, model->state.has_set, MODEL_SETS));
	else
		put_set(model, WEIR_NONE);
}

/* Blocks, origins, rules. */

static void change_blocks(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t number = pick(model, state->has_block, MODEL_BLOCKS);
	struct weir_block block = { .hole_count = 0 };
	struct weir_error error;

	if (number != WEIR_NONE && one_in(model, 2)) {
		forget_rules_of(model, WEIR_PEER_BLOCK, number);
		succeed(weir_live_remove_block(model->live, number, &error), &error);
		state->has_block[number] = false;
		return;
	}
	if (count_present(state->has_block, MODEL_BLOCKS) >= MODEL_BLOCKS - 1)
		return;
	generate_block(&model->generator, &block);
	succeed(weir_live_add_block(model->live, &block, &number, &error), &error);
	state->has_block[number] = true;
	state->blocks[number] = block;
}

static void add_origin(struct model *model)
{
	struct model_state *state = &model->state;
	char *name = take(&model->generator.arena, 24, 1);
	struct weir_origin origin = { "NetworkPolicy", "a", name, NULL, state->names++ };
	struct weir_error error;
	uint32_t number;

	if (count_present(state->has_origin, MODEL_ORIGINS) >= MODEL_ORIGINS - 1)
		return;
	snprintf(name, 24, "new-%u", origin.index);
	succeed(weir_live_add_origin(model->live, &origin, &number, &error), &error);
	state->has_origin[number] = true;
	state->origins[number] = origin;
}

static void remove_origin(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t number = pick(model, state->has_origin, MODEL_ORIGINS);
	struct weir_error error;

	if (count_present(state->has_origin, MODEL_ORIGINS) < 2)
		return;
	for (uint32_t i = state->rule_count; i-- > 0;) {
		if (state->rules[state->order[i]].origin == number)
			forget_rule(model, i);
	}
	succeed(weir_live_remove_origin(model->live, number, &error), &error);
	state->has_origin[number] = false;
}

static void generate_references(struct model *model, struct weir_rule *rule)
{
	struct model_state *state = &model->state;
	uint32_t sets[MODEL_SETS], blocks[MODEL_BLOCKS], origins[MODEL_ORIGINS];
	struct weir_resolved counts = {
		.set_count = list_present(state->has_set, MODEL_SETS, sets),
		.block_count = list_present(state->has_block, MODEL_BLOCKS, blocks),
		.origin_count = list_present(state->has_origin, MODEL_ORIGINS, origins),
	};
	struct weir_peer *peers;

	generate_rule(&model->generator, rule, &counts, model->tiers);
	rule->subjects = sets[rule->subjects];
	if (rule->origin != WEIR_NONE)
		rule->origin = origins[rule->origin];
	peers = take(&model->generator.arena, rule->peer_count, sizeof(*peers));
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		peers[i] = rule->peers[i];
		if (peers[i].kind == WEIR_PEER_SET)
			peers[i].index = sets[peers[i].index];
		else if (peers[i].kind == WEIR_PEER_BLOCK)
			peers[i].index = blocks[peers[i].index];
	}
	rule->peers = peers;
}

static void add_rule(struct model *model)
{
	struct model_state *state = &model->state;
	uint32_t place = generator_below(&model->generator, state->rule_count + 1);
	uint32_t before = place < state->rule_count ? state->order[place] : WEIR_NONE;
	struct weir_rule rule;
	struct weir_error error;
	uint32_t number;

	if (state->rule_count >= MODEL_RULES - 1)
		return;
	generate_references(model, &rule);
	succeed(weir_live_add_rule(model->live, &rule, before, &number, &error), &error);
	state->rules[number] = rule;
	memmove(&state->order[place + 1], &state->order[place],
		(state->rule_count - place) * sizeof(state->order[0]));
	state->order[place] = number;
	state->rule_count++;
}

static void change_rules(struct model *model)
{
	if (model->state.rule_count && one_in(model, 3))
		forget_rule(model, generator_below(&model->generator, model->state.rule_count));
	else
		add_rule(model);
}

static void change_pods(struct model *model)
{
	switch (generator_below(&model->generator, 6)) {
	case 0:
		remove_pod(model);
		break;
	case 1:
		change_endpoint(model);
		break;
	case 2:
		select_endpoint(model);
		break;
	case 3:
		remove_and_add_again(model);
		break;
	default:
		add_endpoint(model, WEIR_ENDPOINT_POD);
		break;
	}
}

static void change_policies(struct model *model)
{
	switch (generator_below(&model->generator, 7)) {
	case 0:
	case 1:
		change_sets(model);
		break;
	case 2:
		change_blocks(model);
		break;
	case 3:
		add_origin(model);
		break;
	case 4:
		if (one_in(model, 3))
			remove_origin(model);
		break;
	default:
		change_rules(model);
		break;
	}
}

static void change_nodes(struct model *model)
{
	if (one_in(model, 2))
		add_endpoint(model, WEIR_ENDPOINT_NODE);
	else
		remove_node(model);
}

void model_change(struct model *model, enum model_extent extent)
{
	if (extent == MODEL_PODS || !one_in(model, 3))
		change_pods(model);
	else if (extent == MODEL_NODES && one_in(model, 4))
		change_nodes(model);
	else
		change_policies(model);
}

/* Begin and end. */

static void copy_state(struct model_state *state, const struct weir_resolved *resolved)
{
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		state->has_endpoint[i] = true;
		state->endpoints[i] = resolved->endpoints[i];
	}
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		const struct weir_set *set = &resolved->sets[i];

		state->has_set[i] = true;
		state->unknown_pods[i] = set->unknown_pods;
		note_members(state, i, set->endpoints, set->endpoint_count);
	}
	for (uint32_t i = 0; i < resolved->block_count; i++) {
		state->has_block[i] = true;
		state->blocks[i] = resolved->blocks[i];
	}
	for (uint32_t i = 0; i < resolved->origin_count; i++) {
		state->has_origin[i] = true;
		state->origins[i] = resolved->origins[i];
	}
	state->rule_count = resolved->rule_count;
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		state->rules[i] = resolved->rules[i];
		state->order[i] = i;
	}
}

void model_init(struct model *model, uint64_t seed, const struct generator_shape *shape,
		const struct weir_live_options *options)
{
	const struct weir_resolved *resolved;
	struct weir_error error;

	memset(model, 0, sizeof(*model));
	generator_init(&model->generator, seed);
	resolved = generate(&model->generator, shape);
	model->tiers = shape->tiers;
	model->semantics = resolved->semantics;
	model->range_count = resolved->pod_range_count;
	for (uint32_t i = 0; i < model->range_count; i++)
		model->ranges[i] = resolved->pod_ranges[i];
	copy_state(&model->state, resolved);
	succeed(weir_live_create(resolved, options, &model->live, &error), &error);
}

void model_finish(struct model *model)
{
	weir_live_destroy(model->live);
	generator_finish(&model->generator);
}

/* Indices. */

static void number(const bool *has, uint32_t count, uint32_t *index_of, uint32_t *total)
{
	*total = 0;
	for (uint32_t i = 0; i < count; i++)
		index_of[i] = has[i] ? (*total)++ : WEIR_NONE;
}

static void resolve_endpoints(const struct model_state *state, struct weir_arena *arena,
			      struct weir_resolved *out, const uint32_t *endpoint_of)
{
	struct weir_endpoint *endpoints = take(arena, out->endpoint_count, sizeof(*endpoints));

	out->endpoints = endpoints;
	for (uint32_t i = 0; i < MODEL_ENDPOINTS; i++) {
		if (!state->has_endpoint[i])
			continue;
		*endpoints = state->endpoints[i];
		if (endpoints->node != WEIR_NONE)
			endpoints->node = endpoint_of[endpoints->node];
		endpoints++;
	}
}

static void resolve_sets(const struct model_state *state, struct weir_arena *arena,
			 struct weir_resolved *out, const uint32_t *endpoint_of)
{
	struct weir_set *sets = take(arena, out->set_count, sizeof(*sets));

	out->sets = sets;
	for (uint32_t i = 0; i < MODEL_SETS; i++) {
		uint32_t *members;

		if (!state->has_set[i])
			continue;
		members = take(arena, MODEL_ENDPOINTS, sizeof(*members));
		sets->endpoints = members;
		sets->unknown_pods = state->unknown_pods[i];
		for (uint32_t j = 0; j < MODEL_ENDPOINTS; j++) {
			if (state->has_endpoint[j] && state->is_in[j][i])
				members[sets->endpoint_count++] = endpoint_of[j];
		}
		sets++;
	}
}

static void resolve_rule(struct weir_rule *rule, struct weir_arena *arena, const uint32_t *set_of,
			 const uint32_t *block_of, const uint32_t *origin_of)
{
	struct weir_peer *peers = take(arena, rule->peer_count, sizeof(*peers));

	rule->subjects = set_of[rule->subjects];
	if (rule->origin != WEIR_NONE)
		rule->origin = origin_of[rule->origin];
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		peers[i] = rule->peers[i];
		if (peers[i].kind == WEIR_PEER_SET)
			peers[i].index = set_of[peers[i].index];
		else if (peers[i].kind == WEIR_PEER_BLOCK)
			peers[i].index = block_of[peers[i].index];
	}
	rule->peers = peers;
}

struct weir_resolved *model_resolve(const struct model *model, const struct model_state *state,
				    struct weir_arena *arena)
{
	struct weir_resolved *out = take(arena, 1, sizeof(*out));
	uint32_t endpoint_of[MODEL_ENDPOINTS], set_of[MODEL_SETS], block_of[MODEL_BLOCKS],
		origin_of[MODEL_ORIGINS];
	struct weir_block *blocks;
	struct weir_origin *origins;
	struct weir_rule *rules;

	number(state->has_endpoint, MODEL_ENDPOINTS, endpoint_of, &out->endpoint_count);
	number(state->has_set, MODEL_SETS, set_of, &out->set_count);
	number(state->has_block, MODEL_BLOCKS, block_of, &out->block_count);
	number(state->has_origin, MODEL_ORIGINS, origin_of, &out->origin_count);
	resolve_endpoints(state, arena, out, endpoint_of);
	resolve_sets(state, arena, out, endpoint_of);
	out->blocks = blocks = take(arena, out->block_count, sizeof(*blocks));
	out->origins = origins = take(arena, out->origin_count, sizeof(*origins));
	for (uint32_t i = 0; i < MODEL_BLOCKS; i++) {
		if (state->has_block[i])
			blocks[block_of[i]] = state->blocks[i];
	}
	for (uint32_t i = 0; i < MODEL_ORIGINS; i++) {
		if (state->has_origin[i])
			origins[origin_of[i]] = state->origins[i];
	}
	out->rule_count = state->rule_count;
	out->rules = rules = take(arena, out->rule_count, sizeof(*rules));
	for (uint32_t i = 0; i < out->rule_count; i++) {
		rules[i] = state->rules[state->order[i]];
		resolve_rule(&rules[i], arena, set_of, block_of, origin_of);
	}
	out->pod_ranges = model->ranges;
	out->pod_range_count = model->range_count;
	out->semantics = model->semantics;
	return out;
}
