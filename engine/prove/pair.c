#include "pair.h"

const struct end *pair_end(const struct proving *proving, const struct example *example)
{
	return &facts_ends(&proving->facts)[example->end];
}

/* What leaves of their own say; a special stands for others. */
static bool have_one_number(const struct proving *proving, uint32_t a, uint32_t b)
{
	uint32_t bits = proving->classes.lookup->profile_bits;
	uint32_t left = proving->classes.leaves[a];
	uint32_t right = proving->classes.leaves[b];

	return !((left | right) & LAYOUT_SPECIAL) && left >> bits && left >> bits == right >> bits;
}

bool pair_is_related(const struct proving *proving, const struct example *a,
		     const struct example *b)
{
	const struct facts *facts = &proving->facts;

	return weir_address_equal(&a->address, &b->address) ||
	       have_one_number(proving, a->end, b->end) ||
	       compose_is_own_node(facts, pair_end(proving, a), pair_end(proving, b)) ||
	       compose_is_own_node(facts, pair_end(proving, b), pair_end(proving, a));
}

void pair_choose(const struct proving *proving, const struct class *near, const struct class *far,
		 const struct example **a, const struct example **b)
{
	bool differ = false;

	*a = &near->examples[0];
	*b = &far->examples[0];
	for (unsigned i = 0; i < near->count; i++) {
		for (unsigned j = 0; j < far->count; j++) {
			const struct example *x = &near->examples[i];
			const struct example *y = &far->examples[j];
			bool is_related = pair_is_related(proving, x, y);

			if (is_related && (differ || weir_address_equal(&x->address, &y->address)))
				continue;
			*a = x;
			*b = y;
			differ = true;
			if (!is_related)
				return;
		}
	}
}

static bool same_half(const struct half *a, const struct half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->peer == b->peer && a->port == b->port;
}

static bool is_explained(const struct pair *pair, const struct judgement *judgement)
{
	for (unsigned i = 0; i < pair->count; i++) {
		const struct judgement *other = &pair->explained[i];

		if (other->verdict.action == judgement->verdict.action &&
		    other->verdict.why == judgement->verdict.why &&
		    same_half(&other->halves[0], &judgement->halves[0]) &&
		    same_half(&other->halves[1], &judgement->halves[1]))
			return true;
	}
	return false;
}

static bool is_to_explain(struct pair *pair, const struct judgement *judgement)
{
	if (!pair->explains || (pair->explains_new && is_explained(pair, judgement)))
		return false;
	if (pair->explains_new && pair->count < EXPLAINED_MOST)
		pair->explained[pair->count++] = *judgement;
	return true;
}

int pair_judge_port(struct piece *piece, struct pair *pair, uint32_t port)
{
	const struct proving *proving = piece->proving;
	struct connection connection = {
		.source = pair_end(proving, pair->source),
		.destination = pair_end(proving, pair->destination),
		.port = port,
		.flags = pair->flags,
		.is_same = weir_address_equal(&pair->source->address, &pair->destination->address),
	};
	struct judgement judgement;
	int status = trial_add(&piece->trial, &connection, &pair->source->address,
			       &pair->destination->address, &judgement);

	if (!status && is_to_explain(pair, &judgement))
		status = trial_explain(&piece->trial, &connection, &pair->source->address,
				       &pair->destination->address, &judgement);
	return status;
}

int pair_judge_ports(struct piece *piece, struct pair *pair)
{
	int status = 0;

	pair->count = 0;
	for (uint32_t i = 0; i < piece->proving->facts.ports.count && !status; i++)
		status = pair_judge_port(piece, pair, i);
	return status;
}
