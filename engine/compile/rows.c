/*
 * rows.c - what each group allows each class.
 *
 * A group's rules are walked once for all classes at a time. The state of a walk is four sets of
 * port classes:
 *
 *	live       still on the way in this tier
 *	passed     on the way in the next tier
 *	may_allow  an allow is possible
 *	may_deny   a deny is possible
 *
 * A rule that surely matches the ports yes and may match the ports may adds live ∩ may to the
 * outcome and takes yes off live. Most classes are named by no rule of a group: they share one
 * state, and only those that a peer names get a state of their own, copied from it. Known far
 * ends leave nothing in between, may_deny is what may_allow is not; for unknown pods may_allow is
 * the favourable pod's cell and what may_deny is not the unfavourable one's.
 *
 * The unknown pod as near end may be among the subjects of any rule. Its rules cannot be walked
 * for all classes at once, for whoever is selected by a rule that surely matches is selected by
 * the later rules of the same subjects: that depends on the class. So each class is walked by
 * itself, until everything is possible. That is soon when the rules of the same subjects are
 * taken together, which is right as long as nothing is passed on: then only rules whose subjects
 * surely hold the pod take something off its way, and these are walked before.
 *
 * A rule's domain names match what is outside perhaps, and such rules allow: a class outside has
 * in may_allow what it is allowed with every name, in what is not may_deny without any. The
 * unknown pod as near end is walked twice for it, once for each.
 */
#include "rows.h"

#include <errno.h>
#include <stdlib.h>

enum {
	LIVE,
	PASSED,
	MAY_ALLOW,
	MAY_DENY,
	STATES,
};

struct work {
	struct build *build;
	struct side *side;
	enum weir_direction direction;
	uint32_t words;
	struct row_writer writer;
	struct weir_map *sets; /* port sets by their words */
	uint64_t *last_set;    /* the one that was asked for last: runs of classes have the same */
	uint32_t last_number;
	bool has_last;
	/* One row. */
	uint64_t *otherwise; /* the state of classes that no peer named */
	uint64_t *states;    /* by class, where stamps has the row's number */
	uint32_t *stamps;
	uint32_t row;
	uint32_t *touched;
	uint32_t touched_count;
	struct cell *cells;
	uint32_t near_signature; /* ingress: what the near pods declare */
	bool has_names;          /* the class that is walked by itself has every domain name */
	/* One rule. */
	uint64_t *yes;
	uint64_t *may;
	uint32_t *block_stamps; /* by block class */
	uint32_t rule_number;
	/* Which classes declare a name (egress). */
	struct list *classes_of_name;
};

static uint64_t *state_of(const struct work *work, uint32_t class)
{
	return work->states + (size_t) class * STATES * work->words;
}

static void start_state(const struct work *work, uint64_t *state)
{
	memset(state, 0, sizeof(*state) * STATES * work->words);
	memcpy(state, work->build->ports.all, work->words * sizeof(*state));
}

static void apply(uint64_t *state, uint32_t words, const uint64_t *yes, const uint64_t *may,
		  uint8_t action)
{
	static const unsigned char outcome[] = {
		[WEIR_RULE_ALLOW] = MAY_ALLOW,
		[WEIR_RULE_DENY] = MAY_DENY,
		[WEIR_RULE_PASS] = PASSED,
	};
	uint64_t *target = state + (size_t)outcome[action] * words;

	if (words == 1) { /* nearly always, and this is where compiling spends its time */
		target[0] |= state[0] & may[0];
		state[0] &= ~yes[0];
		return;
	}
	for (uint32_t i = 0; i < words; i++) {
		target[i] |= state[i] & may[i];
		state[i] &= ~yes[i];
	}
}

static void end_tier(uint64_t *state, uint32_t words)
{
	uint64_t *passed = state + (size_t)PASSED * words;

	for (uint32_t i = 0; i < words; i++) {
		state[i] |= passed[i];
		passed[i] = 0;
	}
}

/* Whoever is still on the way behind the last tier is allowed. */
static void end_walk(uint64_t *state, uint32_t words)
{
	uint64_t *may_allow = state + (size_t)MAY_ALLOW * words;

	end_tier(state, words);
	for (uint32_t i = 0; i < words; i++)
		may_allow[i] |= state[i];
}

/* Port sets, each once. */

static int find_set(struct work *work, const uint64_t *set, uint32_t *number)
{
	struct weir_array *sets = &work->build->port_sets;
	size_t bytes = work->words * sizeof(*set);
	uint64_t hash = weir_hash_bytes(set, bytes, 0);
	struct weir_map_slot *slot = weir_map_slot(work->sets, set, bytes, hash);
	uint64_t *copy;

	if (!slot)
		return -ENOMEM;
	if (slot->key) {
		*number = slot->value;
		return 0;
	}
	if (sets->count > UINT16_MAX || sets->count * bytes > work->build->max_bytes)
		return build_fail(work->build, -ERANGE, "rules give too many sets of ports");
	copy = weir_arena_array(&work->build->arena, work->words, uint64_t);
	if (!copy || weir_array_resize(sets, sets->count + 1))
		return -ENOMEM;
	memcpy(copy, set, bytes);
	memcpy((char *)sets->items + (sets->count - 1) * bytes, set, bytes);
	*number = (uint32_t)sets->count - 1;
	weir_map_fill(work->sets, slot, copy, bytes, hash, *number);
	return 0;
}

static int number_set(struct work *work, const uint64_t *set, uint32_t *number)
{
	size_t bytes = work->words * sizeof(*set);
	int status;

	if (work->has_last && work->last_set[0] == set[0] &&
	    (bytes == sizeof(*set) || memcmp(work->last_set, set, bytes) == 0)) {
		*number = work->last_number;
		return 0;
	}
	status = find_set(work, set, number);
	if (status)
		return status;
	memcpy(work->last_set, set, bytes);
	work->last_number = *number;
	work->has_last = true;
	return 0;
}

static int number_favourable(struct work *work, const uint64_t *state, uint32_t *number)
{
	const uint64_t *may_allow = state + (size_t)MAY_ALLOW * work->words;
	const struct port_map *ports = &work->build->ports;

	for (uint32_t i = 0; i < work->words; i++)
		work->may[i] = (may_allow[i] | ports->always[i]) & ports->all[i];
	return number_set(work, work->may, number);
}

static int number_unfavourable(struct work *work, const uint64_t *state, uint32_t *number)
{
	const uint64_t *may_deny = state + (size_t)MAY_DENY * work->words;
	const struct port_map *ports = &work->build->ports;

	for (uint32_t i = 0; i < work->words; i++)
		work->may[i] = (~may_deny[i] | ports->always[i]) & ports->all[i];
	return number_set(work, work->may, number);
}

/* The ports of a rule. */

static const struct element *element_of(const struct work *work, uint32_t class)
{
	return &work->build->owners.elements[work->side->sample[class]];
}

static void add_mask(uint64_t *mask, const uint64_t *more, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		mask[i] |= more[i];
}

/* What a pod of the signature declares under the names of a rule. */
static void add_declared(const struct work *work, uint64_t *mask, const struct list *names,
			 uint32_t signature)
{
	struct port_map *ports = &work->build->ports;
	uint32_t endpoint = work->side->signature_sample[signature];

	if (endpoint == WEIR_NONE)
		return;
	for (uint32_t i = ports->declared_first[endpoint]; i < ports->declared_first[endpoint + 1];
	     i++) {
		const struct named *named = &ports->declared[i];

		for (uint32_t j = 0; j < names->count; j++) {
			if (names->items[j] == named->name)
				add_mask(mask, mask_of(ports->item_masks, work->words, named->item),
					 work->words);
		}
	}
}

/* An unknown destination may declare any number. */
static void add_possible(const struct work *work, uint64_t *mask, const struct list *names)
{
	struct port_map *ports = &work->build->ports;

	for (uint32_t i = 0; i < names->count; i++)
		add_mask(mask,
			 mask_of(ports->protocol_masks, work->words,
				 ports->name_slots[names->items[i]]),
			 work->words);
}

enum destination {
	NOBODY, /* declares nothing */
	KNOWN,
	UNKNOWN,
};

static void set_masks(struct work *work, uint32_t rule, enum destination destination,
		      uint32_t signature)
{
	struct port_map *ports = &work->build->ports;
	const struct list *names = &ports->rule_names[rule];
	size_t bytes = work->words * sizeof(*work->yes);

	memcpy(work->yes, mask_of(ports->rule_masks, work->words, rule), bytes);
	if (destination == KNOWN && names->count)
		add_declared(work, work->yes, names, signature);
	memcpy(work->may, work->yes, bytes);
	if (destination == UNKNOWN && names->count)
		add_possible(work, work->may, names);
}

/* The masks of a rule of egress, whose destination is the class. */
static void set_masks_for_class(struct work *work, uint32_t rule, uint32_t class)
{
	const struct element *element = element_of(work, class);

	if (element->kind == ELEMENT_POD)
		set_masks(work, rule, KNOWN, work->side->signature[element->endpoint]);
	else
		set_masks(work, rule, element->kind == ELEMENT_UNKNOWN ? UNKNOWN : NOBODY, 0);
}

/* Rules of known near ends. */

static uint64_t *touch(struct work *work, uint32_t class)
{
	uint64_t *state = state_of(work, class);

	if (work->stamps[class] == work->row)
		return state;
	work->stamps[class] = work->row;
	work->touched[work->touched_count++] = class;
	if (work->words == 1)
		memcpy(state, work->otherwise, STATES * sizeof(*state));
	else
		memcpy(state, work->otherwise, sizeof(*state) * STATES * work->words);
	return state;
}

static bool asks_far_end(const struct work *work, uint32_t rule)
{
	return work->direction == WEIR_EGRESS && work->build->ports.rule_names[rule].count;
}

static void apply_to_class(struct work *work, uint32_t rule, uint32_t class)
{
	uint64_t *state = touch(work, class);

	if (asks_far_end(work, rule))
		set_masks_for_class(work, rule, class);
	apply(state, work->words, work->yes, work->may, work->build->resolved->rules[rule].action);
}

/* Only what the set of an unknown pod's peers, or a name, leaves open. */
static void apply_maybe(struct work *work, uint32_t rule, uint32_t class)
{
	static const uint64_t nothing[1024]; /* words of the most port classes there are */
	uint64_t *state = touch(work, class);

	if (asks_far_end(work, rule))
		set_masks_for_class(work, rule, class);
	apply(state, work->words, nothing, work->may, work->build->resolved->rules[rule].action);
}

static void apply_to_set(struct work *work, uint32_t rule, uint32_t set)
{
	const struct list *classes = &work->side->set_classes[set];
	const struct list *unknown = &work->side->unknown_classes;
	uint8_t certainty = work->build->resolved->sets[set].unknown_pods;

	for (uint32_t i = 0; i < classes->count; i++)
		apply_to_class(work, rule, classes->items[i]);
	for (uint32_t i = 0; i < unknown->count && certainty == WEIR_MAYBE; i++)
		apply_maybe(work, rule, unknown->items[i]);
	for (uint32_t i = 0; i < unknown->count && certainty == WEIR_ALWAYS; i++)
		apply_to_class(work, rule, unknown->items[i]);
}

static void apply_to_block(struct work *work, uint32_t rule, uint32_t block)
{
	const struct regions *regions = &work->build->regions;
	bool some_see = work->build->some_always_pods;
	uint32_t region = regions_next(regions, block, 0);

	work->rule_number++;
	for (; region != WEIR_NONE; region = regions_next(regions, block, region + 1)) {
		uint32_t block_class = work->side->block_class_of[region];
		const struct list *classes = &work->side->classes_of_block_class[block_class];

		if (work->block_stamps[block_class] == work->rule_number)
			continue;
		work->block_stamps[block_class] = work->rule_number;
		for (uint32_t i = 0; i < classes->count; i++) {
			uint32_t class = classes->items[i];

			if (!some_see ||
			    build_sees_block(work->build, block, element_of(work, class)))
				apply_to_class(work, rule, class);
		}
	}
}

static void apply_to_named(struct work *work, uint32_t rule)
{
	const struct list *outside = &work->side->outside_classes;

	for (uint32_t i = 0; i < outside->count; i++)
		apply_maybe(work, rule, outside->items[i]);
}

/* A rule of every peer: the classes whose declared ports matter get a state first. */
static void apply_to_all(struct work *work, uint32_t rule)
{
	const struct list *names = &work->build->ports.rule_names[rule];
	const struct list *unknown = &work->side->unknown_classes;

	if (asks_far_end(work, rule)) {
		for (uint32_t i = 0; i < names->count; i++) {
			const struct list *classes = &work->classes_of_name[names->items[i]];

			for (uint32_t j = 0; j < classes->count; j++)
				touch(work, classes->items[j]);
		}
		for (uint32_t i = 0; i < unknown->count; i++)
			touch(work, unknown->items[i]);
		set_masks(work, rule, NOBODY, 0);
	}
	apply(work->otherwise, work->words, work->yes, work->may,
	      work->build->resolved->rules[rule].action);
	for (uint32_t i = 0; i < work->touched_count; i++)
		apply_to_class(work, rule, work->touched[i]);
}

static void apply_rule(struct work *work, uint32_t index)
{
	const struct weir_rule *rule = &work->build->resolved->rules[index];

	set_masks(work, index, work->direction == WEIR_INGRESS ? KNOWN : NOBODY,
		  work->near_signature);
	if (!rule->peer_count)
		apply_to_all(work, index);
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		switch ((enum weir_peer_kind)rule->peers[i].kind) {
		case WEIR_PEER_SET:
			apply_to_set(work, index, rule->peers[i].index);
			break;
		case WEIR_PEER_BLOCK:
			apply_to_block(work, index, rule->peers[i].index);
			break;
		case WEIR_PEER_DOMAINS:
			apply_to_named(work, index);
			break;
		}
	}
}

static void walk_rules(struct work *work, const struct list *rules)
{
	uint8_t tier = 0;

	work->row++;
	work->touched_count = 0;
	start_state(work, work->otherwise);
	for (uint32_t i = 0; i < rules->count; i++) {
		uint8_t next = work->build->resolved->rules[rules->items[i]].tier;

		if (next != tier) {
			end_tier(work->otherwise, work->words);
			for (uint32_t j = 0; j < work->touched_count; j++)
				end_tier(state_of(work, work->touched[j]), work->words);
			tier = next;
		}
		apply_rule(work, rules->items[i]);
	}
	end_walk(work->otherwise, work->words);
	for (uint32_t i = 0; i < work->touched_count; i++)
		end_walk(state_of(work, work->touched[i]), work->words);
}

static int place_group(struct work *work, uint32_t *word)
{
	struct side *side = work->side;
	uint32_t count = 0;
	uint32_t otherwise;
	int status = number_favourable(work, work->otherwise, &otherwise);

	for (uint32_t i = 0; i < work->touched_count && !status; i++) {
		uint32_t class = work->touched[i];
		struct cell *cell = &work->cells[count++];

		cell->class = class;
		status = number_favourable(work, state_of(work, class), &cell->set);
		if (status || side->twin[class] == LAYOUT_NO_CLASS)
			continue;
		cell = &work->cells[count++];
		cell->class = side->twin[class];
		status = number_unfavourable(work, state_of(work, class), &cell->set);
		side->is_open[class] |= cell->set != cell[-1].set;
	}
	return status ? status
		      : row_writer_place(&work->writer, work->cells, count, otherwise, word);
}

static int build_group_rows(struct work *work)
{
	struct side *side = work->side;
	const struct list none = { NULL, 0 };
	int status;

	walk_rules(work, &none);
	status = place_group(work, &side->open_row);
	for (uint32_t i = 0; i < side->group_count && !status; i++) {
		side->group_rows[i] = side->open_row;
		if (!side->group_rules[i].count)
			continue;
		work->near_signature = side->signature[side->group_sample[i]];
		walk_rules(work, &side->group_rules[i]);
		status = place_group(work, &side->group_rows[i]);
	}
	return status;
}

/* The unknown near end. */

/* A rule whose subjects may hold the pod. */
struct possible_rule {
	uint32_t rule;
	uint32_t subjects;
	uint32_t tier;
	uint32_t place;   /* in the order in which rules are tried */
	uint32_t segment; /* how many rules whose subjects surely hold it come before */
};

struct unknown_work {
	struct work *work;
	uint64_t *covered; /* by set: ports that a rule of these subjects surely matched */
	uint32_t *stamps;  /* by set: covered is of this walk and tier */
	uint32_t stamp;
	struct list certain; /* rules whose subjects surely hold the pod */
	struct possible_rule *possible;
	uint32_t possible_count;
	bool is_grouped;
	uint64_t *live; /* what is on the way in each segment */
	uint64_t *state;
};

static bool is_in_list(const struct list *list, uint32_t number)
{
	uint32_t low = 0;
	uint32_t high = list->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (list->items[middle] == number)
			return true;
		if (list->items[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static enum weir_certainty match_peer(const struct work *work, const struct weir_peer *peer,
				      uint32_t class)
{
	const struct element *element = element_of(work, class);
	bool matches;

	if (peer->kind == WEIR_PEER_DOMAINS)
		matches = element->kind == ELEMENT_EXTERNAL && work->has_names;
	else if (peer->kind == WEIR_PEER_BLOCK)
		matches = build_sees_block(work->build, peer->index, element) &&
			  regions_in_block(&work->build->regions, peer->index, element->region);
	else if (element->kind == ELEMENT_UNKNOWN)
		return (enum weir_certainty)work->build->resolved->sets[peer->index].unknown_pods;
	else
		matches = is_in_list(&work->side->set_classes[peer->index], class);
	return matches ? WEIR_ALWAYS : WEIR_NEVER;
}

static enum weir_certainty match_peers(const struct work *work, const struct weir_rule *rule,
				       uint32_t class)
{
	enum weir_certainty best = rule->peer_count ? WEIR_NEVER : WEIR_ALWAYS;

	for (uint32_t i = 0; i < rule->peer_count && best != WEIR_ALWAYS; i++) {
		enum weir_certainty certainty = match_peer(work, &rule->peers[i], class);

		if (certainty > best)
			best = certainty;
	}
	return best;
}

static uint64_t *covered_by(struct unknown_work *unknown, uint32_t set)
{
	uint32_t words = unknown->work->words;
	uint64_t *covered = mask_of(unknown->covered, words, set);

	if (unknown->stamps[set] != unknown->stamp)
		memset(covered, 0, words * sizeof(*covered));
	unknown->stamps[set] = unknown->stamp;
	return covered;
}

/* Subjects that may hold the pod: it goes on, but no further rule of theirs gets at what this one
 * surely matched. */
static void apply_to_possible(struct unknown_work *unknown, const struct weir_rule *rule)
{
	struct work *work = unknown->work;
	uint64_t *covered = covered_by(unknown, rule->subjects);
	static const uint64_t nothing[1024];

	for (uint32_t i = 0; i < work->words; i++) {
		work->may[i] &= ~covered[i];
		covered[i] |= work->yes[i];
	}
	apply(unknown->state, work->words, nothing, work->may, rule->action);
}

static void apply_unknown(struct unknown_work *unknown, uint32_t index, uint32_t class)
{
	struct work *work = unknown->work;
	const struct weir_rule *rule = &work->build->resolved->rules[index];
	uint8_t subjects = work->build->resolved->sets[rule->subjects].unknown_pods;
	enum weir_certainty peers =
		subjects == WEIR_NEVER ? WEIR_NEVER : match_peers(work, rule, class);

	if (peers == WEIR_NEVER)
		return;
	if (work->direction == WEIR_INGRESS)
		set_masks(work, index, UNKNOWN, 0);
	else
		set_masks_for_class(work, index, class);
	if (peers == WEIR_MAYBE)
		memset(work->yes, 0, work->words * sizeof(*work->yes));
	if (subjects == WEIR_MAYBE)
		apply_to_possible(unknown, rule);
	else
		apply(unknown->state, work->words, work->yes, work->may, rule->action);
}

static bool is_all_possible(const struct unknown_work *unknown)
{
	uint32_t words = unknown->work->words;
	const uint64_t *may_allow = unknown->state + (size_t)MAY_ALLOW * words;
	const uint64_t *may_deny = unknown->state + (size_t)MAY_DENY * words;
	const uint64_t *all = unknown->work->build->ports.all;

	for (uint32_t i = 0; i < words; i++) {
		if ((may_allow[i] & may_deny[i]) != all[i])
			return false;
	}
	return true;
}

/* As the rules come. */
static void walk_in_order(struct unknown_work *unknown, uint32_t class)
{
	struct work *work = unknown->work;
	const struct side *side = work->side;
	uint8_t tier = 0;

	for (uint32_t i = 0; i < side->rule_count && !is_all_possible(unknown); i++) {
		uint8_t next = work->build->resolved->rules[side->rules[i]].tier;

		if (next != tier) {
			end_tier(unknown->state, work->words);
			unknown->stamp++;
			tier = next;
		}
		apply_unknown(unknown, side->rules[i], class);
	}
}

/* First the rules that surely hold for the pod, then the others, subjects by subjects. */
static void walk_in_groups(struct unknown_work *unknown, uint32_t class)
{
	struct work *work = unknown->work;
	uint32_t words = work->words;
	size_t bytes = words * sizeof(*unknown->live);
	uint32_t segments = unknown->certain.count;

	for (uint32_t i = 0; i < segments; i++) {
		memcpy(mask_of(unknown->live, words, i), unknown->state, bytes);
		apply_unknown(unknown, unknown->certain.items[i], class);
	}
	memcpy(mask_of(unknown->live, words, segments), unknown->state, bytes);
	add_mask(unknown->state + (size_t)MAY_ALLOW * words, unknown->state, words);
	for (uint32_t i = 0; i < unknown->possible_count && !is_all_possible(unknown); i++) {
		const struct possible_rule *rule = &unknown->possible[i];

		if (i && (rule->subjects != rule[-1].subjects || rule->tier != rule[-1].tier))
			unknown->stamp++;
		memcpy(unknown->state, mask_of(unknown->live, words, rule->segment), bytes);
		apply_unknown(unknown, rule->rule, class);
	}
	memcpy(unknown->state, mask_of(unknown->live, words, segments), bytes);
}

static void walk_unknown(struct unknown_work *unknown, uint32_t class)
{
	unknown->stamp++;
	start_state(unknown->work, unknown->state);
	if (unknown->is_grouped)
		walk_in_groups(unknown, class);
	else
		walk_in_order(unknown, class);
	end_walk(unknown->state, unknown->work->words);
}

static int compare_possible(const void *a, const void *b)
{
	const struct possible_rule *x = a;
	const struct possible_rule *y = b;

	if (x->subjects != y->subjects)
		return x->subjects < y->subjects ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static int group_rules(struct unknown_work *unknown)
{
	const struct weir_resolved *resolved = unknown->work->build->resolved;
	const struct side *side = unknown->work->side;
	struct weir_arena *arena = &unknown->work->build->arena;
	uint32_t segment = 0;
	bool has_pass = false;

	unknown->certain = side->group_rules[side->group_count];
	unknown->possible = weir_arena_array(arena, side->rule_count, struct possible_rule);
	unknown->live = weir_arena_array(
		arena, ((size_t)unknown->certain.count + 1) * unknown->work->words, uint64_t);
	if (!unknown->possible || !unknown->live)
		return -ENOMEM;
	for (uint32_t i = 0; i < side->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[side->rules[i]];
		uint8_t certainty = resolved->sets[rule->subjects].unknown_pods;

		has_pass = has_pass || (certainty != WEIR_NEVER && rule->action == WEIR_RULE_PASS);
		segment += certainty == WEIR_ALWAYS;
		if (certainty == WEIR_MAYBE)
			unknown->possible[unknown->possible_count++] =
				(struct possible_rule){ side->rules[i], rule->subjects, rule->tier,
							i, segment };
	}
	unknown->is_grouped = !has_pass || !unknown->certain.count;
	if (unknown->possible_count)
		qsort(unknown->possible, unknown->possible_count, sizeof(*unknown->possible),
		      compare_possible);
	return 0;
}

static bool may_be_own_node(const struct work *work, uint32_t class)
{
	return element_of(work, class)->kind == ELEMENT_NODE &&
	       (work->direction == WEIR_INGRESS ||
		work->build->resolved->semantics.own_node == WEIR_OWN_NODE_ALLOW);
}

/* The cells of a class, which become those of the class or of its twin. */
static int fill_cell(struct unknown_work *unknown, uint32_t class, uint32_t as,
		     struct cell *favourable, struct cell *unfavourable)
{
	struct work *work = unknown->work;
	int status;

	walk_unknown(unknown, class);
	favourable[as].class = unfavourable[as].class = as;
	status = number_unfavourable(work, unknown->state, &unfavourable[as].set);
	if (status)
		return status;
	if (may_be_own_node(work, class))
		memcpy(unknown->state + (size_t)MAY_ALLOW * work->words, work->build->ports.all,
		       work->words * sizeof(*unknown->state));
	return number_favourable(work, unknown->state, &favourable[as].set);
}

/* The column of a twin: an unknown pod's differs in known near ends' rows only. */
static int fill_twin(struct unknown_work *unknown, uint32_t class, struct cell *favourable,
		     struct cell *unfavourable)
{
	struct side *side = unknown->work->side;
	uint32_t twin = side->twin[class];
	int status;

	if (!build_is_outside(unknown->work->build, side, class)) {
		favourable[twin] = (struct cell){ twin, favourable[class].set };
		unfavourable[twin] = (struct cell){ twin, unfavourable[class].set };
		return 0;
	}
	unknown->work->has_names = false;
	status = fill_cell(unknown, class, twin, favourable, unfavourable);
	side->is_open[class] |= favourable[class].set != favourable[twin].set ||
				unfavourable[class].set != unfavourable[twin].set;
	return status;
}

static int fill_unknown(struct unknown_work *unknown, struct cell *favourable,
			struct cell *unfavourable)
{
	const struct side *side = unknown->work->side;
	int status = 0;

	for (uint32_t class = 0; class < side->plain_count && !status; class += 1) {
		unknown->work->has_names = true;
		status = fill_cell(unknown, class, class, favourable, unfavourable);
		if (!status && side->twin[class] != LAYOUT_NO_CLASS)
			status = fill_twin(unknown, class, favourable, unfavourable);
	}
	return status;
}

static int build_unknown_rows(struct work *work)
{
	struct build *build = work->build;
	struct side *side = work->side;
	size_t sets = build->resolved->set_count;
	struct unknown_work unknown = {
		.work = work,
		.covered = weir_arena_array(&build->arena, sets * work->words, uint64_t),
		.stamps = weir_arena_array(&build->arena, sets, uint32_t),
		.state = weir_arena_array(&build->arena, (size_t)STATES * work->words, uint64_t),
	};
	struct cell *cells[2] = {
		weir_arena_array(&build->arena, side->class_count, struct cell),
		weir_arena_array(&build->arena, side->class_count, struct cell),
	};
	int status;

	if (!unknown.covered || !unknown.stamps || !unknown.state || !cells[0] || !cells[1])
		return -ENOMEM;
	status = group_rules(&unknown);
	if (!status)
		status = fill_unknown(&unknown, cells[0], cells[1]);
	for (unsigned i = 0; i < 2 && !status; i++)
		status = row_writer_place(&work->writer, cells[i], side->class_count,
					  cells[i][0].set, &side->unknown_rows[i]);
	return status;
}

/* Which classes declare each name that rules of egress use. */
static int index_names(struct work *work)
{
	struct build *build = work->build;
	const struct port_map *ports = &build->ports;
	const struct side *side = work->side;
	uint32_t names = 0;
	uint32_t **items;

	for (uint32_t i = 0; i < side->rule_count; i++) {
		const struct list *used = &ports->rule_names[side->rules[i]];

		for (uint32_t j = 0; j < used->count; j++)
			names = used->items[j] >= names ? used->items[j] + 1 : names;
	}
	work->classes_of_name = weir_arena_array(&build->arena, names, struct list);
	items = weir_arena_array(&build->arena, names, uint32_t *);
	if (!work->classes_of_name || !items)
		return -ENOMEM;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t class = 0; class < side->plain_count; class += 1) {
			uint32_t endpoint = element_of(work, class)->endpoint;

			if (endpoint == WEIR_NONE)
				continue;
			for (uint32_t i = ports->declared_first[endpoint];
			     i < ports->declared_first[endpoint + 1]; i++) {
				uint32_t name = ports->declared[i].name;

				if (name >= names)
					continue;
				if (pass)
					items[name][work->classes_of_name[name].count] = class;
				work->classes_of_name[name].count++;
			}
		}
		for (uint32_t i = 0; i < names && !pass; i++) {
			items[i] = weir_arena_array(&build->arena, work->classes_of_name[i].count,
						    uint32_t);
			if (!items[i])
				return -ENOMEM;
			work->classes_of_name[i] = (struct list){ items[i], 0 };
		}
	}
	return 0;
}

static int init_work(struct work *work)
{
	struct weir_arena *arena = &work->build->arena;
	struct side *side = work->side;

	work->otherwise = weir_arena_array(arena, (size_t)STATES * work->words, uint64_t);
	work->states =
		weir_arena_array(arena, (size_t)STATES * work->words * side->plain_count, uint64_t);
	work->stamps = weir_arena_array(arena, side->plain_count, uint32_t);
	work->touched = weir_arena_array(arena, side->plain_count, uint32_t);
	work->cells = weir_arena_array(arena, side->class_count, struct cell);
	work->yes = weir_arena_array(arena, work->words, uint64_t);
	work->last_set = weir_arena_array(arena, work->words, uint64_t);
	work->may = weir_arena_array(arena, work->words, uint64_t);
	work->block_stamps = weir_arena_array(arena, side->block_class_count, uint32_t);
	side->group_rows = weir_arena_array(arena, side->group_count, uint32_t);
	if (!work->otherwise || !work->states || !work->stamps || !work->touched || !work->cells ||
	    !work->yes || !work->may || !work->last_set || !work->block_stamps || !side->group_rows)
		return -ENOMEM;
	return index_names(work);
}

static int build_side(struct build *build, enum weir_direction direction, struct weir_map *sets)
{
	struct work work = {
		.build = build,
		.side = &build->sides[direction],
		.direction = direction,
		.words = build->ports.words,
		.sets = sets,
	};
	int status = row_writer_init(&work.writer, build, work.side);

	if (!status)
		status = init_work(&work);
	if (!status)
		status = build_group_rows(&work);
	if (!status) {
		work.side->unknown_rows[0] = work.side->unknown_rows[1] = work.side->open_row;
		if (build->resolved->pod_range_count)
			status = build_unknown_rows(&work);
	}
	row_writer_finish(&work.writer);
	return status;
}

int build_rows(struct build *build)
{
	struct weir_map sets;
	int status;

	build->port_sets.item_size = build->ports.words * sizeof(uint64_t);
	weir_map_init(&sets, build->allocator);
	status = build_side(build, WEIR_EGRESS, &sets);
	if (!status)
		status = build_side(build, WEIR_INGRESS, &sets);
	weir_map_finish(&sets);
	return status;
}
