/*
 * explain.c - the verdict again, the slow way, with its reasons.
 *
 * Who an address is comes from the owners' section, its class from the trie. A half that needs
 * rules walks those of the near pod's group in order and asks the far end's class of each peer;
 * blocks and ports are compared as they were written. For what an unknown far end makes
 * uncertain the walk is three-valued: a maybe adds the rule's outcome to what is possible and
 * goes on, a yes ends it. An unknown near end has its verdict from the tables, and only what
 * certainly denies it is looked for.
 */
#include "explain.h"

#include "match.h"

struct outcome {
	bool seen;
	struct weir_half half;
};

struct walk {
	struct outcome possible[2]; /* by action */
	struct outcome certain[2];
};

static struct weir_half allowed(enum weir_reason reason)
{
	return (struct weir_half){ WEIR_ALLOW, (uint8_t)reason, WEIR_NONE, WEIR_NONE, WEIR_NONE };
}

/* Rules. */

static struct weir_half decided(const struct question *q, const struct layout_rule *rule,
				enum level wanted)
{
	struct weir_half half = { .rule = rule->origin };

	half.action = rule->action == WEIR_RULE_ALLOW ? WEIR_ALLOW : WEIR_DENY;
	half.reason = WEIR_REASON_RULE;
	match_peers(q, rule, wanted, &half.peer);
	match_ports(q, rule, wanted, &half.port);
	if (rule->action == WEIR_RULE_DENY && rule->origin == WEIR_NONE) {
		half.reason = WEIR_REASON_NO_RULE;
		half.peer = half.port = WEIR_NONE;
	}
	return half;
}

static void note(struct outcome *outcome, struct weir_half half)
{
	if (!outcome->seen)
		*outcome = (struct outcome){ true, half };
}

static void note_rule(struct walk *walk, const struct question *q, const struct layout_rule *rule,
		      enum level level)
{
	unsigned action = rule->action == WEIR_RULE_ALLOW ? WEIR_ALLOW : WEIR_DENY;

	note(&walk->possible[action], decided(q, rule, MAYBE));
	if (level == YES)
		note(&walk->certain[action], decided(q, rule, YES));
}

static void walk_rules(const struct question *q, struct walk *walk)
{
	const struct layout_rule *rules = layout_section(q->header, LAYOUT_RULES);
	struct layout_span span = match_rules(q);
	const uint32_t *list = LAYOUT_ITEMS(q->header, LAYOUT_RULE_LISTS, uint32_t) + span.first;
	bool live = true;
	bool passed = false;
	unsigned tier = 0;

	for (uint32_t i = 0; i < span.count; i++) {
		const struct layout_rule *rule = &rules[list[i]];
		enum level level;

		if (rule->tier != tier) {
			live = live || passed;
			passed = false;
			tier = rule->tier;
		}
		if (!live)
			continue;
		level = match_rule(q, rule);
		if (level == NO)
			continue;
		if (rule->action == WEIR_RULE_PASS)
			passed = true;
		else
			note_rule(walk, q, rule, level);
		live = level != YES;
	}
	if (live || passed) {
		note(&walk->possible[WEIR_ALLOW], allowed(WEIR_REASON_NOT_ISOLATED));
		note(&walk->certain[WEIR_ALLOW], allowed(WEIR_REASON_NOT_ISOLATED));
	}
}

static struct weir_half judge_pod(const struct question *q)
{
	enum weir_action wanted = q->mode == END_FAVOURABLE ? WEIR_ALLOW : WEIR_DENY;
	struct walk walk = { 0 };

	walk_rules(q, &walk);
	return walk.possible[wanted].seen ? walk.possible[wanted].half : walk.certain[!wanted].half;
}

/* The unfavourable pod's denial is never shown: where it is denied and the favourable one is not
 * the verdict is ambiguous. */
static struct weir_half judge_unknown(const struct question *q)
{
	struct weir_half half = allowed(WEIR_REASON_NOT_ISOLATED);
	struct walk walk = { 0 };

	if (side_allows(q->lookup, q->direction, profile_of(q->lookup, q->near.leaf),
			profile_of(q->lookup, q->far.leaf), port_class_of(q->lookup, q->key)))
		return half;
	walk_rules(q, &walk);
	if (q->mode == END_FAVOURABLE && walk.certain[WEIR_DENY].seen)
		return walk.certain[WEIR_DENY].half;
	half.action = WEIR_DENY;
	half.reason = WEIR_REASON_NO_RULE;
	return half;
}

/* A pod that reaches itself through a service: NetworkPolicy allows what it isolates, the other
 * tiers are asked (S11). */
static struct weir_half judge_hairpin(const struct question *q)
{
	const struct layout_rule *rules = layout_section(q->header, LAYOUT_RULES);
	struct layout_span span;
	const uint32_t *list;
	unsigned passed = WEIR_TIERS;

	if (q->near.kind != POD || !match_has_ports(q->key->protocol))
		return allowed(WEIR_REASON_SELF);
	span = match_rules(q);
	list = LAYOUT_ITEMS(q->header, LAYOUT_RULE_LISTS, uint32_t) + span.first;
	for (uint32_t i = 0; i < span.count; i++) {
		const struct layout_rule *rule = &rules[list[i]];

		if (rule->tier == WEIR_TIER_NETWORK_POLICY && rule->origin == WEIR_NONE)
			break;
		if (rule->tier == WEIR_TIER_NETWORK_POLICY || rule->tier == passed ||
		    match_rule(q, rule) != YES)
			continue;
		if (rule->action != WEIR_RULE_PASS)
			return decided(q, rule, YES);
		passed = rule->tier;
	}
	return allowed(WEIR_REASON_SELF);
}

/* Halves. */

static bool near_is_on_far(const struct question *q)
{
	if (q->far.kind != NODE)
		return false;
	if (q->direction == WEIR_EGRESS && q->header->own_node == WEIR_OWN_NODE_POLICY)
		return false;
	if (q->near.kind == UNKNOWN)
		return q->mode == END_FAVOURABLE;
	return end_node_has(q->lookup, q->near.leaf, q->far.address);
}

static bool is_neighbour_discovery(const struct weir_key *key)
{
	return key->protocol == WEIR_PROTOCOL_ICMPV6 && key->icmp_type >= 133 &&
	       key->icmp_type <= 137;
}

static struct weir_half judge_half(const struct question *q)
{
	unsigned flag = q->direction == WEIR_EGRESS ? WEIR_KEY_EGRESS : WEIR_KEY_INGRESS;

	if (!(q->key->flags & flag))
		return allowed(WEIR_REASON_NOT_ISOLATED);
	if (q->near.kind == EXTERNAL)
		return allowed(WEIR_REASON_NOT_A_POD);
	if (q->near.kind == NODE)
		return allowed(WEIR_REASON_HOST_NETWORK);
	if (is_same_address(q->key))
		return q->key->flags & WEIR_KEY_HAIRPIN ? judge_hairpin(q)
							: allowed(WEIR_REASON_SELF);
	if (is_neighbour_discovery(q->key))
		return allowed(WEIR_REASON_NEIGHBOUR_DISCOVERY);
	if (near_is_on_far(q))
		return allowed(WEIR_REASON_OWN_NODE);
	if (!match_has_ports(q->key->protocol) &&
	    q->header->other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		return allowed(WEIR_REASON_NOT_ISOLATED);
	return q->near.kind == UNKNOWN ? judge_unknown(q) : judge_pod(q);
}

/* Both halves between two candidates. */
struct halves {
	struct weir_half egress;
	struct weir_half ingress;
};

/* The answers of all pairs of candidates, as they come. */
struct tally {
	bool seen[3]; /* by action of the whole, which domain names may leave open */
	bool egress_seen[2];
	bool ingress_seen[2];
	bool has_first[2]; /* by mode */
	struct halves first[2];
	bool unknown;
};

static struct halves judge_halves(const struct question *egress, struct tally *tally)
{
	struct question ingress = *egress;
	struct halves halves = { .egress = judge_half(egress) };

	ingress.near = egress->far;
	ingress.far = egress->near;
	ingress.direction = WEIR_INGRESS;
	halves.ingress = judge_half(&ingress);
	tally->egress_seen[halves.egress.action] = true;
	tally->ingress_seen[halves.ingress.action] = true;
	return halves;
}

static enum weir_action action_of(const struct halves *halves)
{
	return halves->egress.action == WEIR_ALLOW && halves->ingress.action == WEIR_ALLOW
		       ? WEIR_ALLOW
		       : WEIR_DENY;
}

/* Explained is what holds without a name, or, where that decides, what it would allow. */
static void judge_pair(const struct question *egress, uint32_t unnamed, struct tally *tally)
{
	struct halves halves = judge_halves(egress, tally);
	enum weir_action action = action_of(&halves);

	if (egress->far.has_names) {
		struct question without = *egress;
		struct halves without_names;

		without.far.leaf = unnamed;
		without.far.has_names = false;
		without_names = judge_halves(&without, tally);
		if (action_of(&without_names) != action)
			action = WEIR_AMBIGUOUS;
		else
			halves = without_names;
	}
	tally->seen[action] = true;
	if (!tally->has_first[egress->mode])
		tally->first[egress->mode] = halves;
	tally->has_first[egress->mode] = true;
}

struct weir_half explain_half(const struct lookup *lookup, const struct weir_key *key,
			      const uint32_t leaves[2], enum weir_direction direction)
{
	struct end from = { .leaves = &leaves[0], .unnamed = &leaves[0], .count = 1 };
	struct end to = { .leaves = &leaves[1], .unnamed = &leaves[1], .count = 1 };
	struct candidate sender = match_candidate(lookup, &from, 0, &key->source);
	struct candidate receiver = match_candidate(lookup, &to, 0, &key->destination);
	bool is_egress = direction == WEIR_EGRESS;
	struct question q = { .lookup = lookup,
			      .header = lookup->header,
			      .key = key,
			      .near = is_egress ? sender : receiver,
			      .far = is_egress ? receiver : sender,
			      .direction = direction };

	return judge_half(&q);
}

static void judge_mode(const struct lookup *lookup, const struct weir_key *key, enum end_mode mode,
		       struct tally *tally)
{
	uint32_t leaves[2] = { find_address(lookup, &key->source),
			       find_address(lookup, &key->destination) };
	struct end source = end_of(lookup, &leaves[0], key->flags, mode);
	struct end destination = end_of(lookup, &leaves[1], key->flags, mode);
	struct question q = { .lookup = lookup,
			      .header = lookup->header,
			      .key = key,
			      .direction = WEIR_EGRESS,
			      .mode = mode };

	tally->unknown = source.is_unknown || destination.is_unknown;
	for (uint32_t i = 0; i < source.count; i++) {
		q.near = match_candidate(lookup, &source, i, &key->source);
		for (uint32_t j = 0; j < destination.count; j++) {
			q.far = match_candidate(lookup, &destination, j, &key->destination);
			judge_pair(&q, destination.unnamed[j], tally);
		}
	}
}

static void conclude(const struct tally *tally, struct weir_explanation *out)
{
	struct weir_verdict verdict = end_verdict(tally->seen, tally->unknown);
	const struct halves *first =
		&tally->first[tally->unknown && verdict.action == WEIR_ALLOW ? END_UNFAVOURABLE
									     : END_FAVOURABLE];

	*out = (struct weir_explanation){ verdict, first->egress, first->ingress };
	if (verdict.action != WEIR_AMBIGUOUS)
		return;
	if (tally->egress_seen[WEIR_DENY] && tally->egress_seen[WEIR_ALLOW])
		out->egress.action = WEIR_AMBIGUOUS;
	if (tally->ingress_seen[WEIR_DENY] && tally->ingress_seen[WEIR_ALLOW])
		out->ingress.action = WEIR_AMBIGUOUS;
}

void weir_policy_explain(const struct weir_policy *policy, const struct weir_key *key,
			 struct weir_explanation *out)
{
	struct tally tally = { 0 };

	judge_mode(&policy->lookup, key, END_FAVOURABLE, &tally);
	if (tally.unknown)
		judge_mode(&policy->lookup, key, END_UNFAVOURABLE, &tally);
	conclude(&tally, out);
}
