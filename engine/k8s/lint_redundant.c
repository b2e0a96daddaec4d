/*
 * Policies and rules without which no verdict would change.
 *
 * NetworkPolicies add up (S2): one is needless when, in each direction that it isolates, every pod
 * that it selects is isolated there by another policy as well, and what its rules admit to that pod
 * is admitted by rules of the others. Pods of the same policies are alike, so this is asked once
 * for each such group:
 *
 *	selected by      a rule of p           covered by
 *	p q    group 1   {app=web} TCP 80-90   q {app=web} TCP 80-85 and r {} TCP 86-99
 *	p q r  group 2                         together: group 1 needs p, group 2 does not
 *
 * For each entry of peers and of ports of the rule the others' rules are gone through: ports are
 * walked from the first to the last number, and at each step the rules that hold the number must
 * admit the peer, together where it is pods, one of them where it is a block. All this errs on one
 * side: what is told is true. Two blocks that together are a third are not seen, nor that a block
 * holds every pod of a selector.
 *
 * What is found needless counts no more for what follows, so all that is told may be removed at
 * once. It goes from the last to the first: of two that are alike the first one stays. A policy
 * without a rule is a default for pods to come, and is never told. Pods that nobody knows (S21) do
 * not count.
 *
 * The cost is that of resolving, and for each policy and group its rules times those of the group.
 * There is a budget; behind it policies are taken for needed.
 */
#include "lint.h"

#include <errno.h>
#include <string.h>

#include "numbers.h"
#include "resolve.h"

static const uint64_t most_members = 50000000; /* of all policies' subjects */
static const uint64_t most_looks = 50000000;

enum {
	LAST_PORT = 65535,
};

/* A policy in one direction. */
struct half {
	const struct weir_rule *rules;
	const struct weir_set *subjects;
	uint32_t rule_count;
	bool is_there; /* the policy isolates in this direction */
};

/* The policies of each pod in one direction, and pods of the same ones as one group. */
struct side {
	struct half *halves; /* by policy */
	uint32_t *first;     /* by pod: of its policies; one more at the end */
	uint32_t *policies;  /* ascending for each pod */
	uint32_t *group_of;  /* by pod */
	uint32_t *pod_of;    /* by group: one of its pods */
	uint32_t *asked;     /* by group: the policy for which it was asked last, plus 1 */
	uint32_t group_count;
};

struct redundancy {
	struct k8s_lint *lint;
	struct weir_resolved *resolved;
	struct weir_arena arena;
	struct side sides[2];     /* by enum weir_direction */
	bool *needless;           /* by policy */
	struct weir_array others; /* const struct weir_rule *: that may cover */
	struct weir_array sets;   /* const struct weir_set *: of those in one step */
	uint64_t looks;
	bool ran_out; /* of looks, or */
	int status;   /* of memory */
};

/* Covering. */

static bool look(struct redundancy *run, uint64_t count)
{
	if (run->looks < count) {
		run->ran_out = true;
		return false;
	}
	run->looks -= count;
	return true;
}

/* Whether a rule holds a port; of a range the number at, and then up to which one. A NULL port is
 * every protocol's. */
static bool holds_port(const struct weir_rule *rule, const struct weir_port *port, uint32_t at,
		       uint32_t *end)
{
	bool holds = !rule->port_count;

	*end = holds ? LAST_PORT : 0;
	for (uint32_t i = 0; port && i < rule->port_count; i++) {
		const struct weir_port *own = &rule->ports[i];
		uint32_t last = LAST_PORT;

		if (own->protocol != port->protocol)
			continue;
		if (own->kind == WEIR_PORT_NAMED &&
		    (port->kind != WEIR_PORT_NAMED || strcmp(own->name, port->name) != 0))
			continue;
		if (own->kind == WEIR_PORT_RANGE) {
			if (port->kind == WEIR_PORT_NAMED || at < own->first || at > own->last)
				continue;
			last = own->last;
		}
		holds = true;
		*end = last > *end ? last : *end;
	}
	return holds;
}

static bool same_family(const struct weir_prefix *a, const struct weir_prefix *b)
{
	return weir_prefix_is_ipv4(a) == weir_prefix_is_ipv4(b);
}

static bool block_covers(const struct weir_block *outer, const struct weir_block *inner)
{
	if (!same_family(&outer->prefix, &inner->prefix) ||
	    !weir_prefix_covers(&outer->prefix, &inner->prefix))
		return false;
	for (uint32_t i = 0; i < outer->hole_count; i++) {
		const struct weir_prefix *hole = &outer->holes[i];
		bool is_out = !weir_prefix_covers(hole, &inner->prefix) &&
			      !weir_prefix_covers(&inner->prefix, hole);

		for (uint32_t j = 0; j < inner->hole_count && !is_out; j++)
			is_out = weir_prefix_covers(&inner->holes[j], hole);
		if (!is_out)
			return false;
	}
	return true;
}

/* Whether one peer of another rule covers it. A NULL peer is everybody. */
static bool peer_covers(const struct weir_resolved *resolved, const struct weir_peer *outer,
			const struct weir_peer *inner)
{
	if (!inner || outer->kind != inner->kind)
		return false;
	return outer->index == inner->index ||
	       (outer->kind == WEIR_PEER_BLOCK &&
		block_covers(&resolved->blocks[outer->index], &resolved->blocks[inner->index]));
}

static bool rule_covers_peer(struct redundancy *run, const struct weir_rule *rule,
			     const struct weir_peer *peer)
{
	if (!rule->peer_count)
		return true;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		if (peer_covers(run->resolved, &rule->peers[i], peer))
			return true;
	}
	return false;
}

static int add_sets(struct redundancy *run, const struct weir_rule *rule)
{
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		const struct weir_set **set;

		if (rule->peers[i].kind != WEIR_PEER_SET)
			continue;
		set = weir_array_push(&run->sets);
		if (!set)
			return -ENOMEM;
		*set = &run->resolved->sets[rule->peers[i].index];
	}
	return 0;
}

static bool is_member(const struct weir_set *set, uint32_t endpoint)
{
	return weir_have_number(set->endpoints, set->endpoint_count, endpoint);
}

/* Whether the sets gathered hold every pod of the peer. Only one set is of every pod there may
 * ever be, and it is covered by itself; a peer of nobody is a mistake that another lint tells. */
static bool sets_cover(struct redundancy *run, const struct weir_peer *peer)
{
	const struct weir_set *const *sets = run->sets.items;
	const struct weir_set *wanted;

	if (!peer || peer->kind != WEIR_PEER_SET)
		return false;
	wanted = &run->resolved->sets[peer->index];
	if (wanted->unknown_pods == WEIR_ALWAYS || !wanted->endpoint_count)
		return false;
	for (uint32_t i = 0; i < wanted->endpoint_count; i++) {
		size_t j = 0;

		if (!look(run, run->sets.count))
			return false;
		while (j < run->sets.count && !is_member(sets[j], wanted->endpoints[i]))
			j++;
		if (j == run->sets.count)
			return false;
	}
	return true;
}

/* Whether the other rules that hold a port at a number admit the peer; *end is the last number of
 * which that is known. */
static bool covered_at(struct redundancy *run, const struct weir_peer *peer,
		       const struct weir_port *port, uint32_t at, uint32_t *end)
{
	const struct weir_rule *const *others = run->others.items;
	uint32_t least = LAST_PORT;

	run->sets.count = 0;
	if (!look(run, run->others.count))
		return false;
	for (size_t i = 0; i < run->others.count; i++) {
		if (!holds_port(others[i], port, at, end))
			continue;
		if (rule_covers_peer(run, others[i], peer))
			return true;
		least = *end < least ? *end : least;
		if (add_sets(run, others[i])) {
			run->status = -ENOMEM;
			return false;
		}
	}
	*end = least;
	return sets_cover(run, peer);
}

static bool covered_pair(struct redundancy *run, const struct weir_peer *peer,
			 const struct weir_port *port)
{
	bool is_range = port && port->kind == WEIR_PORT_RANGE;
	bool is_single = !port || port->kind == WEIR_PORT_NAMED;
	uint32_t at = is_range ? port->first : 0;
	uint32_t last = is_range ? port->last : LAST_PORT;

	while (at <= last) {
		uint32_t end;

		if (!covered_at(run, peer, port, at, &end))
			return false;
		if (is_single)
			return true;
		at = end + 1;
	}
	return true;
}

/* Whether run->others admit all that a rule admits. */
static bool covered(struct redundancy *run, const struct weir_rule *rule)
{
	uint32_t peers = rule->peer_count ? rule->peer_count : 1;
	uint32_t ports = rule->port_count ? rule->port_count : 1;

	for (uint32_t i = 0; i < peers; i++) {
		for (uint32_t j = 0; j < ports; j++) {
			if (!covered_pair(run, rule->peer_count ? &rule->peers[i] : NULL,
					  rule->port_count ? &rule->ports[j] : NULL))
				return false;
		}
	}
	return true;
}

static int add_others(struct redundancy *run, const struct half *half)
{
	for (uint32_t i = 0; i < half->rule_count; i++) {
		const struct weir_rule **other = weir_array_push(&run->others);

		if (!other)
			return -ENOMEM;
		*other = &half->rules[i];
	}
	return 0;
}

/* Policies. */

/* Gathers the rules of the pod's other policies; whether there is such a policy. */
static bool gather(struct redundancy *run, const struct side *side, uint32_t pod, uint32_t policy)
{
	bool isolated = false;

	run->others.count = 0;
	for (uint32_t i = side->first[pod]; i < side->first[pod + 1]; i++) {
		uint32_t other = side->policies[i];

		if (other == policy || run->needless[other])
			continue;
		isolated = true;
		if (!look(run, 1))
			return false;
		if (add_others(run, &side->halves[other])) {
			run->status = -ENOMEM;
			return false;
		}
	}
	return isolated;
}

static bool needless_for_pod(struct redundancy *run, const struct side *side, uint32_t pod,
			     uint32_t policy)
{
	const struct half *half = &side->halves[policy];
	bool needless = gather(run, side, pod, policy);

	for (uint32_t i = 0; i < half->rule_count && needless; i++)
		needless = covered(run, &half->rules[i]);
	return needless;
}

static bool needless_on_side(struct redundancy *run, const struct side *side, uint32_t policy)
{
	const struct half *half = &side->halves[policy];

	for (uint32_t i = 0; half->is_there && i < half->subjects->endpoint_count; i++) {
		uint32_t pod = half->subjects->endpoints[i];
		uint32_t group = side->group_of[pod];

		if (side->asked[group] == policy + 1)
			continue;
		side->asked[group] = policy + 1;
		if (!needless_for_pod(run, side, side->pod_of[group], policy))
			return false;
	}
	return true;
}

static bool is_asked_for(const struct redundancy *run, uint32_t policy)
{
	const struct half *in = &run->sides[WEIR_INGRESS].halves[policy];
	const struct half *out = &run->sides[WEIR_EGRESS].halves[policy];
	const struct weir_set *subjects = in->is_there ? in->subjects : out->subjects;

	return in->rule_count + out->rule_count > 0 && subjects->endpoint_count > 0;
}

static const struct k8s_network_policy *policies_of(const struct redundancy *run)
{
	return run->lint->selection.cluster->network_policies.items;
}

static uint32_t policy_count(const struct redundancy *run)
{
	return (uint32_t)run->lint->selection.cluster->network_policies.count;
}

static void find_policies(struct redundancy *run)
{
	for (uint32_t i = policy_count(run); i-- > 0 && !run->status && !run->ran_out;) {
		bool needless = is_asked_for(run, i) &&
				needless_on_side(run, &run->sides[WEIR_EGRESS], i) &&
				needless_on_side(run, &run->sides[WEIR_INGRESS], i);

		run->needless[i] = needless && !run->status && !run->ran_out;
	}
}

/* Rules beside those of the same policy. */

static void report_rule(struct redundancy *run, uint32_t policy, bool is_egress, uint32_t index)
{
	const struct k8s_network_policy *written = &policies_of(run)[policy];
	const struct k8s_rule *rules = is_egress ? written->egress : written->ingress;
	struct k8s_lint_text field = k8s_lint_text(run->lint);

	k8s_lint_say(&field, "spec.%s[%u]", is_egress ? "egress" : "ingress", index);
	if (!field.status)
		k8s_lint_report_policy(
			run->lint, K8S_LINT_RULE_REDUNDANT, written, &rules[index].position,
			k8s_lint_text_string(&field),
			"all that it admits is admitted by other rules of the policy");
	run->status = field.status;
	k8s_lint_text_finish(&field);
}

static void find_rules(struct redundancy *run, uint32_t policy, bool is_egress)
{
	const struct half *half =
		&run->sides[is_egress ? WEIR_EGRESS : WEIR_INGRESS].halves[policy];

	if (half->rule_count < 2)
		return;
	run->others.count = 0;
	run->status = add_others(run, half);
	for (uint32_t i = half->rule_count; i-- > 0 && !run->status && !run->ran_out;) {
		const struct weir_rule **others = run->others.items;
		bool needless;

		/* The rule's own place is lent to the last one, and given back if it is needed. */
		others[i] = others[--run->others.count];
		needless = covered(run, &half->rules[i]) && !run->ran_out;
		if (needless && !run->status) {
			report_rule(run, policy, is_egress, i);
			continue;
		}
		others[run->others.count++] = others[i];
		others[i] = &half->rules[i];
	}
}

static void report_policy(struct redundancy *run, uint32_t policy)
{
	const struct k8s_network_policy *written = &policies_of(run)[policy];

	k8s_lint_report_policy(
		run->lint, K8S_LINT_POLICY_REDUNDANT, written, NULL, NULL,
		"without it no verdict would change: other policies isolate its pods "
		"and admit all that it admits");
}

static void report_all(struct redundancy *run)
{
	for (uint32_t i = 0; i < policy_count(run) && !run->status; i++) {
		if (run->needless[i]) {
			report_policy(run, i);
			continue;
		}
		find_rules(run, i, false);
		if (!run->status)
			find_rules(run, i, true);
	}
}

/* Building. */

/* Rules stand by policy, those for egress first (resolve_policies.c). */
static void fill_halves(struct redundancy *run, const uint32_t *subjects)
{
	const struct weir_rule *rules = run->resolved->rules;

	for (uint32_t i = 0; i < policy_count(run); i++) {
		const struct k8s_network_policy *policy = &policies_of(run)[i];
		const struct weir_set *set = &run->resolved->sets[subjects[i]];
		uint32_t out = policy->isolates_egress ? policy->egress_count : 0;
		uint32_t in = policy->isolates_ingress ? policy->ingress_count : 0;

		run->sides[WEIR_EGRESS].halves[i] =
			(struct half){ rules, set, out, policy->isolates_egress };
		run->sides[WEIR_INGRESS].halves[i] =
			(struct half){ rules + out, set, in, policy->isolates_ingress };
		rules += out + in;
	}
}

static uint64_t count_members(const struct redundancy *run, const struct side *side)
{
	uint64_t members = 0;

	for (uint32_t i = 0; i < policy_count(run); i++) {
		if (side->halves[i].is_there)
			members += side->halves[i].subjects->endpoint_count;
	}
	return members;
}

/* Policies by pod: counted, summed up, and put in their places. */
static int fill_policies(struct redundancy *run, struct side *side, uint32_t pods)
{
	uint32_t *next = weir_arena_array(&run->arena, pods, uint32_t);

	side->first = weir_arena_array(&run->arena, (size_t)pods + 1, uint32_t);
	side->policies = weir_arena_array(&run->arena, count_members(run, side), uint32_t);
	if (!next || !side->first || !side->policies)
		return -ENOMEM;
	for (uint32_t i = 0; i < policy_count(run); i++) {
		const struct half *half = &side->halves[i];

		for (uint32_t j = 0; half->is_there && j < half->subjects->endpoint_count; j++)
			side->first[half->subjects->endpoints[j] + 1]++;
	}
	for (uint32_t i = 0; i < pods; i++) {
		side->first[i + 1] += side->first[i];
		next[i] = side->first[i];
	}
	for (uint32_t i = 0; i < policy_count(run); i++) {
		const struct half *half = &side->halves[i];

		for (uint32_t j = 0; half->is_there && j < half->subjects->endpoint_count; j++)
			side->policies[next[half->subjects->endpoints[j]]++] = i;
	}
	return 0;
}

static int fill_groups(struct redundancy *run, struct side *side, uint32_t pods)
{
	struct weir_map map;
	int status = 0;

	side->group_of = weir_arena_array(&run->arena, pods, uint32_t);
	side->pod_of = weir_arena_array(&run->arena, pods, uint32_t);
	side->asked = weir_arena_array(&run->arena, pods, uint32_t);
	if (!side->group_of || !side->pod_of || !side->asked)
		return -ENOMEM;
	weir_map_init(&map, run->arena.allocator);
	for (uint32_t i = 0; i < pods && !status; i++) {
		const uint32_t *key = side->policies + side->first[i];
		size_t length = (size_t)(side->first[i + 1] - side->first[i]) * sizeof(*key);
		int is_new;
		const uint32_t *group =
			weir_map_insert(&map, key, length, side->group_count, &is_new);

		if (!group) {
			status = -ENOMEM;
			break;
		}
		side->group_of[i] = *group;
		if (is_new)
			side->pod_of[side->group_count++] = i;
	}
	weir_map_finish(&map);
	return status;
}

static int run_all(struct redundancy *run, const uint32_t *subjects)
{
	uint32_t pods = k8s_pod_count(run->lint->selection.cluster);
	uint32_t count = policy_count(run);

	run->needless = weir_arena_array(&run->arena, count, bool);
	for (int i = 0; i < 2; i++)
		run->sides[i].halves = weir_arena_array(&run->arena, count, struct half);
	if (!run->needless || !run->sides[0].halves || !run->sides[1].halves)
		return -ENOMEM;
	fill_halves(run, subjects);
	if (count_members(run, &run->sides[0]) + count_members(run, &run->sides[1]) > most_members)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (fill_policies(run, &run->sides[i], pods) ||
		    fill_groups(run, &run->sides[i], pods))
			return -ENOMEM;
	}
	find_policies(run);
	if (!run->status)
		report_all(run);
	return run->status;
}

int k8s_lint_redundant(struct k8s_lint *lint)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct weir_allocator *allocator = lint->arena.allocator;
	struct redundancy run = { .lint = lint,
				  .others = weir_array_of(allocator, const struct weir_rule *),
				  .sets = weir_array_of(allocator, const struct weir_set *),
				  .looks = most_looks };
	uint32_t *subjects;
	int status;

	if (!cluster->network_policies.count)
		return 0;
	weir_arena_init(&run.arena, allocator);
	subjects = weir_arena_array(&run.arena, cluster->network_policies.count, uint32_t);
	status = subjects ? k8s_resolve_subjects(lint->selection.cluster, subjects, &run.resolved)
			  : -ENOMEM;
	if (!status)
		status = run_all(&run, subjects);
	weir_resolved_destroy(run.resolved);
	weir_array_finish(&run.sets);
	weir_array_finish(&run.others);
	weir_arena_finish(&run.arena);
	return status;
}
