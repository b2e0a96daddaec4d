/*
 * list.c - pairs of ends to rows.
 *
 * What a pair of ends may is looked up for each pair of their variants. Where all agree that is a
 * row. Otherwise the pair is taken apart as far as it must be:
 *
 *	pods of the one, all of the other     where each pod agrees about the other
 *	all of the one, pods of the other     where that does
 *	pods of both
 *	addresses of both, of a pair of pods whose families do not agree
 *
 * A pair with what is outside is looked up for each kind of range, and neighbouring ranges with the
 * same ports are told as one.
 */
#include "listing.h"

#include <errno.h>

#include "fail.h"
#include "weir/directory.h"

/* What a pair may, so far: which ports surely, and which are for some owners of an address. */
struct outcome {
	uint32_t surely;
	uint32_t maybe;
	bool is_seen; /* false: nothing that a policy decides */
	bool differs;
};

static bool is_told(const struct outcome *outcome)
{
	return outcome->is_seen && (outcome->surely || outcome->maybe);
}

static void note(struct outcome *outcome, uint32_t surely, uint32_t maybe)
{
	if (!outcome->is_seen) {
		*outcome = (struct outcome){ surely, maybe, true, false };
		return;
	}
	outcome->differs |= outcome->surely != surely || outcome->maybe != maybe;
}

/* Pairs of members. */

static uint32_t ports_between(struct weir_list *list, uint32_t source, uint32_t target)
{
	const struct lookup *lookup = list->lookup;
	const struct layout_profile *from = profile_of(lookup, source);
	const struct layout_profile *to = profile_of(lookup, target);

	return ports_of_cells(
		list, cell_of(lookup, WEIR_EGRESS, from->row[WEIR_EGRESS], to->class[WEIR_EGRESS]),
		cell_of(lookup, WEIR_INGRESS, to->row[WEIR_INGRESS], from->class[WEIR_INGRESS]));
}

/* What is outside has no address: it is no node, whatever a policy from a file says of it. */
static bool is_on(const struct weir_list *list, uint32_t pod, uint32_t node,
		  const struct weir_address *address)
{
	return address && end_is_node(list->lookup, node) && !end_is_node(list->lookup, pod) &&
	       end_node_has(list->lookup, pod, address);
}

/* A pod and its own node, where no policy is asked. */
static bool is_own_node_pair(const struct weir_list *list, const struct member *from,
			     uint32_t source, const struct member *to, uint32_t target)
{
	if (is_on(list, target, source, from->address))
		return true;
	return list->lookup->header->own_node == WEIR_OWN_NODE_ALLOW &&
	       is_on(list, source, target, to->address);
}

/* Both ends may be shared by several pods. What is outside is no pod that nobody knows, and may
 * have a domain name that decides. */
static void judge(struct weir_list *list, const struct member *from, const struct member *to,
		  struct outcome *outcome)
{
	const uint8_t flags = WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL;
	struct end sources = end_of(list->lookup, &from->leaf, flags, END_FAVOURABLE);
	struct end targets = end_of(list->lookup, &to->leaf, flags, END_FAVOURABLE);
	uint32_t all = 0, some = 0;
	bool is_seen = false;

	for (uint32_t i = 0; i < sources.count; i++) {
		for (uint32_t j = 0; j < targets.count; j++) {
			uint32_t ports, unnamed;

			if (is_own_node_pair(list, from, sources.leaves[i], to, targets.leaves[j]))
				continue;
			ports = ports_between(list, sources.leaves[i], targets.leaves[j]);
			unnamed = ports;
			if (targets.unnamed != targets.leaves)
				unnamed =
					ports_between(list, sources.leaves[i], targets.unnamed[j]);
			all = ports_common(list, is_seen ? all : ports, unnamed);
			some = ports_either(list, is_seen ? some : unnamed, ports);
			is_seen = true;
		}
	}
	if (is_seen)
		note(outcome, all, ports_without(list, some, all));
}

static void judge_variants(struct weir_list *list, const struct variant *from,
			   const struct variant *to, struct outcome *outcome)
{
	const struct member *source = from->sample, *target = to->sample;

	if (source->is_ipv4 != target->is_ipv4)
		return;
	/* A pod and itself; pods that share an address. */
	if (from->count == 1 && to->count == 1 && source->endpoint == target->endpoint)
		return;
	if (source->leaf == target->leaf && source->leaf & LAYOUT_SPECIAL &&
	    weir_address_equal(source->address, target->address))
		return;
	judge(list, source, target, outcome);
}

/* Which node a pod is on makes a difference. */
static void judge_members(struct weir_list *list, const struct party *from, const struct party *to,
			  struct outcome *outcome)
{
	for (uint32_t i = 0; i < from->member_count; i++) {
		const struct variant source = { &from->members[i], 1 };

		for (uint32_t j = 0; j < to->member_count; j++) {
			const struct variant target = { &to->members[j], 1 };

			judge_variants(list, &source, &target, outcome);
		}
	}
}

static struct outcome judge_parties(struct weir_list *list, const struct party *from,
				    const struct party *to)
{
	struct outcome outcome = { 0 };

	if (from->is_node || to->is_node) {
		judge_members(list, from, to, &outcome);
		return outcome;
	}
	for (uint32_t i = 0; i < from->variant_count; i++) {
		for (uint32_t j = 0; j < to->variant_count; j++)
			judge_variants(list, &from->variants[i], &to->variants[j], &outcome);
	}
	return outcome;
}

/* Rows. */

static int stop_with(struct weir_list *list, int status)
{
	if (!list->status)
		list->status = status;
	return list->status;
}

static int tell(struct weir_list *list, const struct weir_list_end *from,
		const struct weir_list_end *to, uint32_t ports, bool is_ambiguous)
{
	bool may_be_named = to->kind == WEIR_LIST_OUTSIDE &&
			    layout_has(list->lookup->header, LAYOUT_HAS_DOMAINS);
	const struct weir_list_row row = {
		.from = *from,
		.to = *to,
		.ports = ports,
		.is_ambiguous = is_ambiguous,
		.may_be_named = is_ambiguous && may_be_named,
	};

	if (!ports || list->status)
		return list->status;
	return stop_with(list, list->row(list->context, &row));
}

static int tell_outcome(struct weir_list *list, const struct party *from, const struct party *to,
			const struct outcome *outcome)
{
	int status = 0;

	if (is_told(outcome)) {
		status = tell(list, &from->shown, &to->shown, outcome->surely, false);
		if (!status)
			status = tell(list, &from->shown, &to->shown, outcome->maybe, true);
	}
	return status;
}

/* Whether each part agrees about the other end. */
static bool parts_agree_to(struct weir_list *list, const struct party *from, const struct party *to)
{
	for (uint32_t i = 0; i < from->part_count; i++) {
		if (judge_parties(list, &from->parts[i], to).differs)
			return false;
	}
	return true;
}

static bool parts_agree_from(struct weir_list *list, const struct party *from,
			     const struct party *to)
{
	for (uint32_t i = 0; i < to->part_count; i++) {
		if (judge_parties(list, from, &to->parts[i]).differs)
			return false;
	}
	return true;
}

static int tell_pair(struct weir_list *list, struct party *from, struct party *to);

static int tell_parts(struct weir_list *list, struct party *from, uint32_t from_count,
		      struct party *to, uint32_t to_count)
{
	for (uint32_t i = 0; i < from_count && !list->status; i++) {
		for (uint32_t j = 0; j < to_count && !list->status; j++)
			tell_pair(list, &from[i], &to[j]);
	}
	return list->status;
}

static bool is_workload(const struct party *party)
{
	return party->shown.kind == WEIR_LIST_WORKLOAD;
}

/* Workloads go before pods: a pod is taken apart only when the other end is none. */
static int split(struct weir_list *list, struct party *from, struct party *to)
{
	bool has_workload = is_workload(from) || is_workload(to);
	bool splits_from = is_workload(from) || !has_workload;
	bool splits_to = is_workload(to) || !has_workload;

	if (list_parts(list, from) || list_parts(list, to))
		return stop_with(list, -ENOMEM);
	if (splits_from && splits_to && parts_agree_to(list, from, to))
		splits_to = false;
	else if (splits_from && splits_to && parts_agree_from(list, from, to))
		splits_from = false;
	return tell_parts(list, splits_from ? from->parts : from,
			  splits_from ? from->part_count : 1, splits_to ? to->parts : to,
			  splits_to ? to->part_count : 1);
}

static bool is_wanted(const struct weir_list *list, const struct party *from,
		      const struct party *to)
{
	return !list->namespace_name ||
	       (from && strcmp(from->namespace_name, list->namespace_name) == 0) ||
	       (to && strcmp(to->namespace_name, list->namespace_name) == 0);
}

static int tell_pair(struct weir_list *list, struct party *from, struct party *to)
{
	struct outcome outcome = judge_parties(list, from, to);

	if (list->status)
		return list->status;
	return outcome.differs ? split(list, from, to) : tell_outcome(list, from, to, &outcome);
}

/* Outside. */

/* A party and what is outside, in one direction. */
struct border {
	const struct outside *outside;
	struct party *party;
	enum weir_direction direction;
};

static struct outcome judge_kind(struct weir_list *list, const struct border *border,
				 const struct kind *kind)
{
	const struct member other = { .leaf = kind->leaf,
				      .endpoint = WEIR_NONE,
				      .is_ipv4 = kind->is_ipv4 };
	struct outcome outcome = { 0 };

	for (uint32_t i = 0; i < border->party->variant_count; i++) {
		const struct member *member = border->party->variants[i].sample;

		if (member->is_ipv4 != kind->is_ipv4)
			continue;
		if (border->direction == WEIR_EGRESS)
			judge(list, member, &other, &outcome);
		else
			judge(list, &other, member, &outcome);
	}
	return outcome;
}

/* False when the pods of a workload do not agree. */
static bool judge_kinds(struct weir_list *list, const struct border *border)
{
	for (uint32_t i = 0; i < border->outside->kind_count; i++) {
		struct outcome outcome = judge_kind(list, border, &border->outside->kinds[i]);

		if (outcome.differs)
			return false;
		list->kind_ports[false][i] = outcome.is_seen ? outcome.surely : WEIR_NONE;
		list->kind_ports[true][i] = outcome.is_seen ? outcome.maybe : WEIR_NONE;
	}
	return true;
}

static uint32_t ports_of_range(const uint32_t *kind_ports, const struct range *range)
{
	return range->kind == WEIR_NONE ? WEIR_NONE : kind_ports[range->kind];
}

/* The next run of ranges with these ports from *at on, as one range. Ranges that mean nothing join
 * what is on both sides of them. */
static bool next_run(const struct outside *outside, const uint32_t *kind_ports, uint32_t ports,
		     uint32_t *at, struct range *out)
{
	uint32_t i = *at;

	while (i < outside->range_count && ports_of_range(kind_ports, &outside->ranges[i]) != ports)
		i++;
	if (i == outside->range_count)
		return false;
	*out = outside->ranges[i];
	for (; i < outside->range_count && outside->ranges[i].is_ipv4 == out->is_ipv4; i++) {
		if (ports_of_range(kind_ports, &outside->ranges[i]) == ports)
			out->last = outside->ranges[i].last;
		else if (outside->ranges[i].kind != WEIR_NONE)
			break;
	}
	*at = i;
	return true;
}

static bool is_everywhere(const struct outside *outside, const uint32_t *kind_ports, uint32_t ports)
{
	for (uint32_t i = 0; i < outside->kind_count; i++) {
		if (kind_ports[i] != ports && kind_ports[i] != WEIR_NONE)
			return false;
	}
	return outside->is_whole;
}

static int tell_ranges(struct weir_list *list, const struct border *border, uint32_t ports,
		       bool is_ambiguous)
{
	struct weir_list_end end = { .kind = WEIR_LIST_OUTSIDE, .index = WEIR_NONE };
	const struct weir_list_end *shown = &border->party->shown;
	const uint32_t *kind_ports = list->kind_ports[is_ambiguous];
	struct range run;
	uint32_t at = 0;

	list->prefixes.count = 0;
	while (next_run(border->outside, kind_ports, ports, &at, &run)) {
		if (list_cover(&list->prefixes, &run))
			return stop_with(list, -ENOMEM);
	}
	end.prefixes = list->prefixes.items;
	end.prefix_count = (uint32_t)list->prefixes.count;
	end.is_anywhere = is_everywhere(border->outside, kind_ports, ports);
	return border->direction == WEIR_EGRESS ? tell(list, shown, &end, ports, is_ambiguous)
						: tell(list, &end, shown, ports, is_ambiguous);
}

/* True when no kind before has the same ports. */
static bool is_first(const uint32_t *kind_ports, uint32_t kind)
{
	uint32_t i = 0;

	while (kind_ports[i] != kind_ports[kind])
		i++;
	return i == kind;
}

static void tell_kinds(struct weir_list *list, const struct border *border, bool is_ambiguous)
{
	const uint32_t *kind_ports = list->kind_ports[is_ambiguous];

	for (uint32_t i = 0; i < border->outside->kind_count && !list->status; i++) {
		if (kind_ports[i] && kind_ports[i] != WEIR_NONE && is_first(kind_ports, i))
			tell_ranges(list, border, kind_ports[i], is_ambiguous);
	}
}

static void tell_outside(struct weir_list *list, const struct border *border)
{
	struct border part = *border;

	if (judge_kinds(list, border)) {
		tell_kinds(list, border, false);
		tell_kinds(list, border, true);
		return;
	}
	if (list_parts(list, border->party)) {
		stop_with(list, -ENOMEM);
		return;
	}
	for (uint32_t i = 0; i < border->party->part_count && !list->status; i++) {
		part.party = &border->party->parts[i];
		tell_outside(list, &part);
	}
}

/* All pairs. */

static bool has_pod(const struct party *from, const struct party *to)
{
	return (from && !from->is_node) || (to && !to->is_node);
}

static void tell_from(struct weir_list *list, struct party *from)
{
	for (uint32_t i = 0; i < list->to.party_count && !list->status; i++) {
		struct party *to = &list->to.parties[i];

		if (has_pod(from, to) && is_wanted(list, from, to))
			tell_pair(list, from, to);
	}
	if (!list->status && has_pod(from, NULL) && is_wanted(list, from, NULL))
		tell_outside(list, &(struct border){ &list->to.outside, from, WEIR_EGRESS });
}

int weir_list_each(struct weir_list *list,
		   int (*row)(void *context, const struct weir_list_row *row), void *context)
{
	list->row = row;
	list->context = context;
	list->status = 0;
	for (uint32_t i = 0; i < list->from.party_count && !list->status; i++)
		tell_from(list, &list->from.parties[i]);
	for (uint32_t i = 0; i < list->to.party_count && !list->status; i++) {
		struct party *to = &list->to.parties[i];

		if (has_pod(NULL, to) && is_wanted(list, NULL, to))
			tell_outside(list,
				     &(struct border){ &list->from.outside, to, WEIR_INGRESS });
	}
	return list->status;
}

static bool has_namespace(const struct weir_list *list)
{
	const char *wanted = list->namespace_name;

	for (uint32_t i = 0; i < weir_policy_endpoint_count(list->policy) && wanted; i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(list->policy, i, &view);
		if (strcmp(view.namespace_name, wanted) == 0)
			return true;
	}
	return !wanted;
}

static int open_list(struct weir_list *list, const struct weir_list_options *options,
		     struct weir_error *error)
{
	uint32_t kinds;
	int status;

	if (!has_namespace(list))
		return query_fail(error, -ENOENT, "there is no pod in a namespace %s",
				  list->namespace_name);
	status = list_choose(list, options->from, &list->from, error);
	if (!status)
		status = list_choose(list, options->to, &list->to, error);
	if (status)
		return status;
	kinds = list->from.outside.kind_count > list->to.outside.kind_count
			? list->from.outside.kind_count
			: list->to.outside.kind_count;
	list->kind_ports[false] = weir_arena_array(&list->arena, kinds, uint32_t);
	list->kind_ports[true] = weir_arena_array(&list->arena, kinds, uint32_t);
	return list->kind_ports[false] && list->kind_ports[true] ? 0 : -ENOMEM;
}

static int copy_namespace(struct weir_list *list, const char *name)
{
	if (!name)
		return 0;
	list->namespace_name = weir_arena_copy(&list->arena, name, strlen(name));
	return list->namespace_name ? 0 : -ENOMEM;
}

int weir_list_create(struct weir_policy *policy, const struct weir_list_options *options,
		     struct weir_list **out, struct weir_error *error)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(options->allocator);
	struct weir_list *list;
	int status;

	if (!policy_is_whole(policy))
		return query_fail(error, -EINVAL, "a version of a live policy is frozen first");
	list = weir_allocate_zeroed(allocator, 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list->allocator = allocator;
	list->policy = weir_policy_ref(policy);
	list->lookup = &policy->lookup;
	list->by_pod = options->by_pod;
	list->with_nodes = options->with_nodes;
	list->prefixes = weir_array_of(allocator, struct weir_prefix);
	weir_arena_init(&list->arena, allocator);
	status = ports_init(list);
	if (!status)
		status = copy_namespace(list, options->namespace_name);
	if (!status)
		status = open_list(list, options, error);
	if (status) {
		weir_list_destroy(list);
		return status;
	}
	*out = list;
	return 0;
}

void weir_list_destroy(struct weir_list *list)
{
	if (!list)
		return;
	ports_finish(list);
	weir_array_finish(&list->prefixes);
	weir_arena_finish(&list->arena);
	weir_policy_unref(list->policy);
	weir_release(list->allocator, list);
}
