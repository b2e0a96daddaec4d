#include "teller.h"

#include <errno.h>
#include <stdio.h>

void teller_init(struct teller *teller, struct told *told, struct weir_live *live,
		 struct weir_error *error)
{
	*teller = (struct teller){ .told = told, .live = live, .error = error };
	spelling_init(&teller->key, told->allocator);
	spelling_init(&teller->content, told->allocator);
}

void teller_finish(struct teller *teller)
{
	spelling_finish(&teller->key);
	spelling_finish(&teller->content);
}

static int no_memory(struct teller *teller)
{
	if (teller->error)
		snprintf(teller->error->text, sizeof(teller->error->text), "out of memory");
	return -ENOMEM;
}

/* The thing of the key that was spelled, seen. */
static int find(struct teller *teller, uint32_t *thing)
{
	if (told_find(teller->told, &teller->key, thing))
		return no_memory(teller);
	told_at(teller->told, *thing)->round = teller->told->round;
	return 0;
}

static uint32_t number_of(const struct teller *teller, uint32_t thing)
{
	return told_at(teller->told, thing)->state.number;
}

static int put(struct teller *teller, uint32_t thing, uint32_t number, uint32_t origin)
{
	return told_put(teller->told, thing, number, origin, &teller->content) ? no_memory(teller)
									       : 0;
}

int tell_workload(struct teller *teller, const struct weir_workload *workload, uint32_t *out)
{
	uint32_t thing;
	int status;

	spelling_begin(&teller->key, TOLD_WORKLOAD);
	spell_text(&teller->key, workload->kind);
	spell_text(&teller->key, workload->namespace_name);
	spell_text(&teller->key, workload->name);
	spell_number(&teller->key, workload->parent);
	spelling_begin(&teller->content, TOLD_WORKLOAD);
	status = find(teller, &thing);
	if (status || number_of(teller, thing) != WEIR_NONE) {
		*out = status ? WEIR_NONE : number_of(teller, thing);
		return status;
	}
	status = weir_live_add_workload(teller->live, workload, out, teller->error);
	return status ? status : put(teller, thing, *out, WEIR_NONE);
}

int tell_block(struct teller *teller, const struct weir_block *block, uint32_t *out)
{
	uint32_t thing;
	int status;

	spelling_begin(&teller->key, TOLD_BLOCK);
	spell_block(&teller->key, block);
	spelling_begin(&teller->content, TOLD_BLOCK);
	status = find(teller, &thing);
	if (status || number_of(teller, thing) != WEIR_NONE) {
		*out = status ? WEIR_NONE : number_of(teller, thing);
		return status;
	}
	status = weir_live_add_block(teller->live, block, out, teller->error);
	return status ? status : put(teller, thing, *out, WEIR_NONE);
}

int tell_set(struct teller *teller, const struct weir_set *set, uint32_t *out)
{
	uint32_t thing;
	int status = find(teller, &thing);

	spelling_begin(&teller->content, TOLD_SET);
	if (status || number_of(teller, thing) != WEIR_NONE) {
		*out = status ? WEIR_NONE : number_of(teller, thing);
		return status;
	}
	status = weir_live_add_set(teller->live, set, out, teller->error);
	return status ? status : put(teller, thing, *out, WEIR_NONE);
}

static void spell_endpoint_key(struct spelling *key, const char *namespace_name, const char *name)
{
	spelling_begin(key, TOLD_ENDPOINT);
	spell_text(key, namespace_name);
	spell_text(key, name);
}

int tell_endpoint(struct teller *teller, const struct weir_endpoint *endpoint, const uint32_t *sets,
		  uint32_t set_count, uint32_t *out)
{
	uint32_t thing, number;
	int status;

	spell_endpoint_key(&teller->key, endpoint->namespace_name, endpoint->name);
	spelling_begin(&teller->content, TOLD_ENDPOINT);
	spell_endpoint(&teller->content, endpoint, sets, set_count);
	status = find(teller, &thing);
	if (status)
		return status;
	number = number_of(teller, thing);
	if (!told_says(teller->told, thing, &teller->content)) {
		status = number == WEIR_NONE
				 ? weir_live_add_endpoint(teller->live, endpoint, sets, set_count,
							  &number, teller->error)
				 : weir_live_change_endpoint(teller->live, number, endpoint, sets,
							     set_count, teller->error);
		if (!status)
			status = put(teller, thing, number, WEIR_NONE);
	}
	*out = number;
	return status;
}

int tell_service(struct teller *teller, const struct weir_service *service)
{
	uint32_t thing, number;
	int status;

	spelling_begin(&teller->key, TOLD_SERVICE);
	spell_text(&teller->key, service->namespace_name);
	spell_text(&teller->key, service->name);
	spelling_begin(&teller->content, TOLD_SERVICE);
	spell_service(&teller->content, service);
	status = find(teller, &thing);
	if (status || told_says(teller->told, thing, &teller->content))
		return status;
	number = number_of(teller, thing);
	status = number == WEIR_NONE
			 ? weir_live_add_service(teller->live, service, &number, teller->error)
			 : weir_live_change_service(teller->live, number, service, teller->error);
	return status ? status : put(teller, thing, number, WEIR_NONE);
}

int tell_find_rule(struct teller *teller, const struct weir_rule *rule,
		   const struct weir_origin *origin, uint32_t *out)
{
	spelling_begin(&teller->key, TOLD_RULE);
	spell_rule(&teller->key, rule, origin);
	return find(teller, out);
}

int tell_rule(struct teller *teller, uint32_t thing, const struct weir_rule *rule,
	      const struct weir_origin *origin, uint32_t before)
{
	struct weir_rule added = *rule;
	uint32_t number;
	int status = 0;

	spelling_begin(&teller->content, TOLD_RULE);
	added.origin = WEIR_NONE;
	if (origin)
		status = weir_live_add_origin(teller->live, origin, &added.origin, teller->error);
	if (!status)
		status = weir_live_add_rule(teller->live, &added, before, &number, teller->error);
	return status ? status : put(teller, thing, number, added.origin);
}

/* What is gone. */

static int remove_rule(struct teller *teller, const struct told_state *state)
{
	int status = weir_live_remove_rule(teller->live, state->number, teller->error);

	if (!status && state->origin != WEIR_NONE)
		status = weir_live_remove_origin(teller->live, state->origin, teller->error);
	return status;
}

static int remove_thing(struct teller *teller, uint32_t thing)
{
	const struct told_state state = told_at(teller->told, thing)->state;
	int status = 0;

	switch (told_kind_of(told_at(teller->told, thing))) {
	case TOLD_WORKLOAD:
		status = weir_live_remove_workload(teller->live, state.number, teller->error);
		break;
	case TOLD_SET:
		status = weir_live_remove_set(teller->live, state.number, teller->error);
		break;
	case TOLD_ENDPOINT:
		status = weir_live_remove_endpoint(teller->live, state.number, teller->error);
		break;
	case TOLD_BLOCK:
		status = weir_live_remove_block(teller->live, state.number, teller->error);
		break;
	case TOLD_RULE:
		status = remove_rule(teller, &state);
		break;
	case TOLD_SERVICE:
		status = weir_live_remove_service(teller->live, state.number, teller->error);
		break;
	}
	if (!status && told_forget(teller->told, thing))
		status = no_memory(teller);
	return status;
}

int tell_no_pod(struct teller *teller, const char *namespace_name, const char *name)
{
	uint32_t thing;
	int status;

	spell_endpoint_key(&teller->key, namespace_name, name);
	status = find(teller, &thing);
	if (status || number_of(teller, thing) == WEIR_NONE)
		return status;
	return remove_thing(teller, thing);
}

static int remove_unseen(struct teller *teller, enum told_kind kind)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < teller->told->things.count; i++) {
		const struct told_thing *thing = told_at(teller->told, i);

		if (thing->state.number != WEIR_NONE && thing->round != teller->told->round &&
		    told_kind_of(thing) == kind)
			status = remove_thing(teller, i);
	}
	return status;
}

/* Whoever refers to others goes first: a set that goes is taken from the endpoints in it, which
 * must be in order. */
int tell_unseen(struct teller *teller)
{
	static const enum told_kind order[] = { TOLD_RULE, TOLD_SERVICE, TOLD_ENDPOINT,
						TOLD_SET,  TOLD_BLOCK,   TOLD_WORKLOAD };
	int status = 0;

	for (size_t i = 0; !status && i < sizeof(order) / sizeof(order[0]); i++)
		status = remove_unseen(teller, order[i]);
	return status;
}
