/*
 * The halves of a connection, tier by tier, then both of them, then all candidates.
 *
 * What reference.c finds by asking objects is here a lookup in the views of the ends; the order of
 * the questions, and what is made of the answers, is the same. Rules that hold for neither of the
 * ends are dropped once for a pair of views, so that what is asked for each port is little.
 */
#include "compose.h"

#include <errno.h>

struct side {
	const struct facts *facts;
	const struct side_facts *table;
	const struct live *live;
	struct marks *marks;
	struct known *known;
	const struct candidate *near;
	const struct candidate *far;
	const struct candidate *destination;
	uint32_t port;
	enum weir_direction direction;
	bool near_favourable;
	bool far_favourable;
	bool is_same;
	uint8_t flags;
	uint32_t far_view;
};

struct way {
	enum weir_action wanted;
	enum k8s_match least;
	struct half half;
	bool goes_on;
};

int composer_init(struct composer *composer, const struct facts *facts)
{
	*composer = (struct composer){ .facts = facts };
	weir_arena_init(&composer->known.arena, facts->allocator);
	weir_map_init(&composer->known.map, facts->allocator);
	for (unsigned i = 0; i < DIRECTIONS; i++)
		composer->live[i].rules = weir_array_of(facts->allocator, struct live_rule);
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		composer->marks[i].turns = weir_allocate_zeroed(
			facts->allocator, facts->sides[i].policies.count + 1, sizeof(uint64_t));
		if (!composer->marks[i].turns)
			return -ENOMEM;
	}
	return 0;
}

void composer_finish(struct composer *composer)
{
	for (unsigned i = 0; i < DIRECTIONS; i++)
		weir_array_finish(&composer->live[i].rules);
	if (composer->facts) {
		weir_map_finish(&composer->known.map);
		weir_arena_finish(&composer->known.arena);
	}
	for (unsigned i = 0; i < DIRECTIONS && composer->facts; i++)
		weir_release(composer->facts->allocator, composer->marks[i].turns);
}

static const struct port_class *port_class(const struct facts *facts, uint32_t port)
{
	return (const struct port_class *)facts->ports.items + port;
}

/* What both ends leave of the policies. */

static int open_policy(struct live *live, const struct side_facts *table,
		       const struct selected *selected, const struct far_view *far)
{
	const struct policy *policy = &facts_policies(table)[selected->policy];

	live->is_isolated |= policy->tier == WEIR_TIER_NETWORK_POLICY;
	for (uint32_t i = policy->first_rule; i < policy->first_rule + policy->rule_count; i++) {
		struct live_rule *rule;

		if (far->rules[i] == K8S_MATCH_NO)
			continue;
		rule = weir_array_push(&live->rules);
		if (!rule)
			return -ENOMEM;
		*rule = (struct live_rule){ .rule = i,
					    .tier = policy->tier,
					    .meaning = facts_rules(table)[i].meaning,
					    .subject = selected->level,
					    .peers = far->rules[i] };
	}
	return 0;
}

static int open_live(struct composer *composer, enum weir_direction direction, uint32_t near,
		     uint32_t far)
{
	const struct side_facts *table = &composer->facts->sides[direction];
	struct live *live = &composer->live[direction];
	const struct near_view *view = (const struct near_view *)table->nears.items + near;
	int status = 0;

	if (live->is_open && live->near == near && live->far == far)
		return 0;
	live->is_open = false;
	live->is_isolated = false;
	live->rules.count = 0;
	for (uint32_t i = 0; i < view->count && !status; i++)
		status = open_policy(live, table, &view->policies[i],
				     (const struct far_view *)table->fars.items + far);
	live->near = near;
	live->far = far;
	live->is_open = !status;
	return status;
}

/* Rules. */

static enum k8s_match worse(unsigned a, unsigned b)
{
	return (enum k8s_match)(a < b ? a : b);
}

static enum k8s_match entry_level(const struct side *side, const struct k8s_port *port)
{
	struct k8s_candidate destination = side->destination->as;

	return k8s_reference_port(&port_class(side->facts, side->port)->key, port, &destination);
}

static enum k8s_match ports_of(const struct side *side, uint32_t index)
{
	const struct side_facts *table = side->table;
	const struct rule *rule = &facts_rules(table)[index];
	const struct k8s_port *const *ports = table->ports.items;
	uint8_t level = table->port_levels[side->port * table->rules.count + index];
	enum k8s_match best = (enum k8s_match)(level & ~PORTS_NAMED);

	if (!(level & PORTS_NAMED) || best == K8S_MATCH_CERTAIN)
		return best;
	for (uint32_t i = 0; i < rule->port_count; i++) {
		enum k8s_match entry = entry_level(side, ports[rule->first_port + i]);

		if (entry > best)
			best = entry;
	}
	return best;
}

static bool is_denied_other(const struct side *side)
{
	return port_class(side->facts, side->port)->is_other &&
	       side->facts->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_DENY;
}

/* The half that a rule decides: its first entries that match so well. */
static struct half half_of_rule(const struct side *side, uint32_t index, enum k8s_match least)
{
	const struct side_facts *table = side->table;
	const struct rule *rule = &facts_rules(table)[index];
	const struct far_view *far = (const struct far_view *)table->fars.items + side->far_view;
	const struct k8s_port *const *ports = table->ports.items;
	struct half half = { .action = rule->meaning == WEIR_RULE_ALLOW ? WEIR_ALLOW : WEIR_DENY,
			     .reason = WEIR_REASON_RULE,
			     .rule = index,
			     .peer = WEIR_NONE,
			     .port = WEIR_NONE };

	for (uint32_t i = rule->peer_count; i > 0; i--) {
		if (far->peers[rule->first_peer + i - 1] >= least)
			half.peer = i - 1;
	}
	for (uint32_t i = is_denied_other(side) ? 0 : rule->port_count; i > 0; i--) {
		if (entry_level(side, ports[rule->first_port + i - 1]) >= least)
			half.port = i - 1;
	}
	return half;
}

static struct half half_of(enum weir_action action, enum weir_reason reason)
{
	return (struct half){ (uint8_t)action, (uint8_t)reason, WEIR_NONE, WEIR_NONE, WEIR_NONE };
}

/* NetworkPolicy. */

static bool network_policies_lead_to(const struct side *side, struct way *way)
{
	const struct live_rule *rules = side->live->rules.items;

	way->goes_on = false;
	for (size_t i = 0; i < side->live->rules.count; i++) {
		enum k8s_match match;

		if (rules[i].tier != WEIR_TIER_NETWORK_POLICY)
			continue;
		match = worse(rules[i].peers, ports_of(side, rules[i].rule));
		if (way->wanted == WEIR_ALLOW && match >= way->least) {
			way->half = half_of_rule(side, rules[i].rule, way->least);
			return true;
		}
		if (match == K8S_MATCH_CERTAIN)
			return false;
	}
	way->goes_on = !side->live->is_isolated;
	if (!way->goes_on && way->wanted == WEIR_DENY)
		way->half = half_of(WEIR_DENY, WEIR_REASON_NO_RULE);
	return !way->goes_on && way->wanted == WEIR_DENY;
}

/* Marks the subjects of which some policy has a rule that certainly matches. */
static void mark_allowed_subjects(const struct side *side)
{
	const struct live_rule *rules = side->live->rules.items;
	const struct policy *policies = facts_policies(side->table);

	side->marks->turn++;
	for (size_t i = 0; i < side->live->rules.count; i++) {
		uint32_t subjects =
			policies[facts_rules(side->table)[rules[i].rule].policy].subjects;

		if (rules[i].tier == WEIR_TIER_NETWORK_POLICY &&
		    side->marks->turns[subjects] != side->marks->turn &&
		    worse(rules[i].peers, ports_of(side, rules[i].rule)) == K8S_MATCH_CERTAIN)
			side->marks->turns[subjects] = side->marks->turn;
	}
}

/* Whether some pod that a policy selects is allowed by none of the same subjects. */
static bool some_policy_denies(const struct side *side)
{
	const struct near_view *view =
		(const struct near_view *)side->table->nears.items + side->live->near;
	const struct policy *policies = facts_policies(side->table);

	mark_allowed_subjects(side);
	for (uint32_t i = 0; i < view->count; i++) {
		const struct policy *policy = &policies[view->policies[i].policy];

		if (policy->tier == WEIR_TIER_NETWORK_POLICY &&
		    side->marks->turns[policy->subjects] != side->marks->turn)
			return true;
	}
	return false;
}

static bool network_policies_may_lead_to(const struct side *side, struct way *way)
{
	const struct live_rule *rules = side->live->rules.items;

	way->goes_on = true;
	if (way->least == K8S_MATCH_CERTAIN)
		return false;
	if (way->wanted == WEIR_DENY) {
		way->half = half_of(WEIR_DENY, WEIR_REASON_NO_RULE);
		return some_policy_denies(side);
	}
	for (size_t i = 0; i < side->live->rules.count; i++) {
		if (rules[i].tier != WEIR_TIER_NETWORK_POLICY ||
		    worse(rules[i].peers, ports_of(side, rules[i].rule)) == K8S_MATCH_NO)
			continue;
		way->half = half_of_rule(side, rules[i].rule, K8S_MATCH_PERHAPS);
		return true;
	}
	return false;
}

/* The other tiers. */

/* Whether an earlier rule of the tier, of the same subjects, certainly matches. */
static bool is_out_of_reach(const struct side *side, size_t index)
{
	const struct live_rule *rules = side->live->rules.items;
	const struct policy *policies = facts_policies(side->table);
	uint32_t subjects = policies[facts_rules(side->table)[rules[index].rule].policy].subjects;

	for (size_t i = 0; i < index; i++) {
		uint32_t policy = facts_rules(side->table)[rules[i].rule].policy;

		if (rules[i].tier == rules[index].tier && policies[policy].subjects == subjects &&
		    worse(rules[i].peers, ports_of(side, rules[i].rule)) == K8S_MATCH_CERTAIN)
			return true;
	}
	return false;
}

static bool cluster_tier_leads_to(const struct side *side, enum weir_tier tier, struct way *way)
{
	const struct live_rule *rules = side->live->rules.items;
	bool may_pass = false;

	for (size_t i = 0; i < side->live->rules.count; i++) {
		bool allows = rules[i].meaning == WEIR_RULE_ALLOW;
		enum k8s_match match;

		if (rules[i].tier != tier)
			continue;
		match = worse(rules[i].subject,
			      worse(rules[i].peers, ports_of(side, rules[i].rule)));
		if (match == K8S_MATCH_NO ||
		    (side->near->as.kind == K8S_END_UNKNOWN_POD && is_out_of_reach(side, i)))
			continue;
		if (rules[i].meaning == WEIR_RULE_PASS) {
			may_pass = true;
		} else if ((allows ? WEIR_ALLOW : WEIR_DENY) == way->wanted &&
			   match >= way->least) {
			way->half = half_of_rule(side, rules[i].rule, way->least);
			return true;
		}
		if (match == K8S_MATCH_CERTAIN) {
			way->goes_on = may_pass;
			return false;
		}
	}
	way->goes_on = true;
	return false;
}

static bool tier_leads_to(const struct side *side, enum weir_tier tier, struct way *way)
{
	if (tier != WEIR_TIER_NETWORK_POLICY)
		return cluster_tier_leads_to(side, tier, way);
	if (side->near->as.kind == K8S_END_UNKNOWN_POD)
		return network_policies_may_lead_to(side, way);
	return network_policies_lead_to(side, way);
}

static bool tiers_lead_to(const struct side *side, struct way *way)
{
	for (unsigned tier = 0; tier < WEIR_TIERS; tier++) {
		if (tier_leads_to(side, (enum weir_tier)tier, way))
			return true;
		if (!way->goes_on)
			return false;
	}
	way->half = half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	return way->wanted == WEIR_ALLOW;
}

/* One side. */

static struct half judge_by_rules(const struct side *side)
{
	bool favourable = side->near_favourable || side->far_favourable;
	struct way way = { .wanted = favourable ? WEIR_ALLOW : WEIR_DENY,
			   .least = K8S_MATCH_PERHAPS };

	if (!tiers_lead_to(side, &way)) {
		way.wanted = favourable ? WEIR_DENY : WEIR_ALLOW;
		way.least = K8S_MATCH_CERTAIN;
		tiers_lead_to(side, &way);
	}
	if (side->near->as.kind == K8S_END_UNKNOWN_POD && way.half.action == WEIR_ALLOW)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	return way.half;
}

static struct half judge_hairpin(const struct side *side)
{
	struct way allow = { .wanted = WEIR_ALLOW, .least = K8S_MATCH_CERTAIN };
	struct way deny = { .wanted = WEIR_DENY, .least = K8S_MATCH_CERTAIN };

	for (unsigned tier = 0; tier < WEIR_TIERS; tier++) {
		if (side->near->as.kind != K8S_END_PODS ||
		    port_class(side->facts, side->port)->is_other)
			break;
		if (tier == WEIR_TIER_NETWORK_POLICY && side->live->is_isolated)
			break;
		if (tier == WEIR_TIER_NETWORK_POLICY)
			continue;
		if (cluster_tier_leads_to(side, (enum weir_tier)tier, &allow))
			return allow.half;
		if (cluster_tier_leads_to(side, (enum weir_tier)tier, &deny))
			return deny.half;
	}
	return half_of(WEIR_ALLOW, WEIR_REASON_SELF);
}

static bool has_node(const struct facts *facts, const struct end *end, uint32_t node)
{
	const uint32_t *nodes = (const uint32_t *)facts->node_lists.items + end->nodes;

	for (uint32_t i = 0; i < end->node_count; i++) {
		if (nodes[i] == node)
			return true;
	}
	return false;
}

bool compose_is_own_node(const struct facts *facts, const struct end *near, const struct end *far)
{
	const struct candidate *candidates = facts_candidates(facts, near);

	for (uint32_t i = 0; i < near->candidate_count; i++) {
		if (near->kind == K8S_END_PODS && far->kind == K8S_END_NODE &&
		    has_node(facts, far, candidates[i].node))
			return true;
	}
	return false;
}

static bool is_own_node(const struct side *side, const struct end *far)
{
	if (side->far->as.kind != K8S_END_NODE)
		return false;
	if (side->direction == WEIR_EGRESS &&
	    side->facts->semantics.own_node == WEIR_OWN_NODE_POLICY)
		return false;
	if (side->near->as.kind == K8S_END_UNKNOWN_POD)
		return side->near_favourable;
	return has_node(side->facts, far, side->near->node);
}

/* What is asked about an unknown pod is all policies, so it is asked once. Rules see no more of the
 * far end than this says. */
static struct half judge_unknown(const struct side *side)
{
	struct unknown_key {
		uint32_t near;
		uint32_t far;
		uint32_t named;
		uint32_t port;
		uint32_t direction;
		uint32_t favourable;
		uint32_t destination;
	} key = { side->live->near, side->far_view,        side->destination->named,  side->port,
		  side->direction,  side->near_favourable, side->destination->as.kind };
	struct known *known = side->known;
	uint64_t hash = weir_hash_bytes(&key, sizeof(key), 0);
	struct weir_map_slot *slot = weir_map_slot(&known->map, &key, sizeof(key), hash);
	char *kept;
	struct half half;

	if (slot && slot->key) {
		memcpy(&half, (const char *)slot->key + sizeof(key), sizeof(half));
		return half;
	}
	half = judge_by_rules(side);
	kept = slot ? weir_arena_allocate(&known->arena, sizeof(key) + sizeof(half), 1) : NULL;
	if (!kept)
		return half;
	memcpy(kept, &key, sizeof(key));
	memcpy(kept + sizeof(key), &half, sizeof(half));
	weir_map_fill(&known->map, slot, kept, sizeof(key), hash, 0);
	return half;
}

static struct half judge_side(const struct side *side, const struct end *far)
{
	const struct port_class *port = port_class(side->facts, side->port);

	if (side->near->as.kind == K8S_END_EXTERNAL)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_A_POD);
	if (side->near->as.kind == K8S_END_NODE)
		return half_of(WEIR_ALLOW, WEIR_REASON_HOST_NETWORK);
	if (side->is_same)
		return side->flags & WEIR_KEY_HAIRPIN ? judge_hairpin(side)
						      : half_of(WEIR_ALLOW, WEIR_REASON_SELF);
	if (port->is_neighbour_discovery)
		return half_of(WEIR_ALLOW, WEIR_REASON_NEIGHBOUR_DISCOVERY);
	if (is_own_node(side, far))
		return half_of(WEIR_ALLOW, WEIR_REASON_OWN_NODE);
	if (port->is_other && side->facts->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	return side->near->as.kind == K8S_END_UNKNOWN_POD ? judge_unknown(side)
							  : judge_by_rules(side);
}

/* Both sides, of one candidate each. */
struct pair {
	const struct connection *connection;
	const struct candidate *source;
	const struct candidate *destination;
	bool favourable;
	bool has_names;
};

static int judge_half(struct composer *composer, const struct pair *pair,
		      enum weir_direction direction, struct half *out)
{
	bool egress = direction == WEIR_EGRESS;
	const struct connection *connection = pair->connection;
	const struct facts *facts = composer->facts;
	struct side side = { .facts = facts,
			     .table = &facts->sides[direction],
			     .live = &composer->live[direction],
			     .marks = &composer->marks[direction],
			     .known = &composer->known,
			     .near = egress ? pair->source : pair->destination,
			     .far = egress ? pair->destination : pair->source,
			     .destination = pair->destination,
			     .port = connection->port,
			     .direction = direction,
			     .is_same = connection->is_same,
			     .flags = connection->flags };
	int status;

	*out = half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	if (!(connection->flags & (egress ? WEIR_KEY_EGRESS : WEIR_KEY_INGRESS)))
		return 0;
	side.near_favourable = pair->favourable && side.near->as.kind == K8S_END_UNKNOWN_POD;
	side.far_favourable = pair->favourable && side.far->as.kind == K8S_END_UNKNOWN_POD;
	side.far_view = egress && pair->has_names ? side.far->far_named : side.far->far[direction];
	status = open_live(composer, direction, side.near->near[direction], side.far_view);
	if (!status)
		*out = judge_side(&side, egress ? connection->destination : connection->source);
	return status;
}

static int judge_as_named(struct composer *composer, const struct pair *pair, struct judgement *out)
{
	int status = judge_half(composer, pair, WEIR_EGRESS, &out->halves[WEIR_EGRESS]);

	if (!status)
		status = judge_half(composer, pair, WEIR_INGRESS, &out->halves[WEIR_INGRESS]);
	out->verdict.action = out->halves[WEIR_EGRESS].action == WEIR_ALLOW &&
					      out->halves[WEIR_INGRESS].action == WEIR_ALLOW
				      ? WEIR_ALLOW
				      : WEIR_DENY;
	out->verdict.why = WEIR_WHY_NONE;
	return status;
}

static int judge_pair(struct composer *composer, const struct pair *pair, struct judgement *out)
{
	struct pair named = *pair;
	struct judgement with_names;
	int status = judge_as_named(composer, pair, out);

	if (status || pair->destination->as.kind != K8S_END_EXTERNAL ||
	    pair->destination->far_named == pair->destination->far[WEIR_EGRESS])
		return status;
	named.has_names = true;
	status = judge_as_named(composer, &named, &with_names);
	if (!status && with_names.verdict.action != out->verdict.action)
		out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_DOMAIN_NAME };
	return status;
}

/* All pairs of candidates. */

static bool is_unknown(const struct end *end, uint8_t flags)
{
	return end->kind == K8S_END_UNKNOWN_POD && !(flags & WEIR_KEY_UNKNOWN_EXTERNAL);
}

/* The first candidate: of an unknown pod that counts as outside the one behind it. */
static const struct candidate *candidates_of(const struct facts *facts, const struct end *end,
					     uint8_t flags)
{
	return facts_candidates(facts, end) +
	       (end->kind == K8S_END_UNKNOWN_POD && !is_unknown(end, flags));
}

static int judge_all(struct composer *composer, const struct connection *connection,
		     bool favourable, struct judgement *out)
{
	const struct candidate *sources =
		candidates_of(composer->facts, connection->source, connection->flags);
	const struct candidate *destinations =
		candidates_of(composer->facts, connection->destination, connection->flags);
	int status = 0;

	for (uint32_t i = 0; i < connection->source->candidate_count; i++) {
		for (uint32_t j = 0; j < connection->destination->candidate_count && !status; j++) {
			struct pair pair = { .connection = connection,
					     .source = &sources[i],
					     .destination = &destinations[j],
					     .favourable = favourable };
			struct judgement judgement;

			status = judge_pair(composer, &pair, &judgement);
			if (!status && i + j == 0)
				*out = judgement;
			else if (!status && judgement.verdict.action != out->verdict.action)
				out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS,
								      WEIR_WHY_SHARED_ADDRESS };
		}
	}
	return status;
}

static int judge_extremes(struct composer *composer, const struct connection *connection,
			  struct judgement *out)
{
	struct judgement favourable, unfavourable;
	int status = judge_all(composer, connection, true, &favourable);

	if (!status)
		status = judge_all(composer, connection, false, &unfavourable);
	if (status)
		return status;
	*out = favourable.verdict.action == WEIR_ALLOW ? unfavourable : favourable;
	if (favourable.verdict.action != unfavourable.verdict.action ||
	    favourable.verdict.why != unfavourable.verdict.why ||
	    favourable.verdict.why == WEIR_WHY_SHARED_ADDRESS)
		out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_UNKNOWN_POD };
	return 0;
}

int compose(struct composer *composer, const struct connection *connection, struct judgement *out)
{
	if (is_unknown(connection->source, connection->flags) ||
	    is_unknown(connection->destination, connection->flags))
		return judge_extremes(composer, connection, out);
	return judge_all(composer, connection, false, out);
}
