/*
 * evaluate.c - the resolved policy read naively.
 *
 * An address stands for one or more ends: the pods that own it (several share it), a node, a
 * pod that nobody knows, or something outside. One half of a connection is judged for a pair of
 * ends by reasons that need no rule, then by walking the rules in their order.
 *
 * What is not known makes the walk three-valued: a rule matches no, maybe or yes. Maybe adds the
 * rule's outcome to what is possible and the walk goes on; yes ends it. The most favourable pod
 * behind an unknown address is allowed wherever allow is possible, the least favourable one is
 * denied wherever deny is; only when both agree does the verdict stand. One correlation is
 * respected: whoever the subjects of one rule select, those same subjects of a later rule select,
 * so after a rule whose peers and ports matched with yes a later one of the same tier and
 * subjects is out of reach.
 *
 * Whether an address outside has one of the domain names that rules allow is not known either:
 * each pair of ends is judged as if it had them all, and as if it had none.
 *
 * Everything is a loop over everything, without memory of its own: this is for comparing.
 */
#include "evaluate.h"

#include <string.h>

enum end_kind {
	END_POD,
	END_UNKNOWN,
	END_NODE,
	END_EXTERNAL,
};

struct end {
	const struct weir_address *address;
	enum end_kind kind;
	uint32_t endpoint; /* of a pod or a node */
	bool has_names;    /* outside: every domain name is its own */
};

/* Which of the pods that an unknown address may stand for. */
enum mode {
	FAVOURABLE,
	UNFAVOURABLE,
};

enum level {
	NO,
	MAYBE,
	YES,
};

/* One half of one connection between two ends. */
struct question {
	const struct weir_resolved *resolved;
	const struct weir_key *key;
	struct end near;
	struct end far;
	enum weir_direction direction;
	enum mode mode;
};

struct outcome {
	bool seen;
	struct weir_half half;
};

/* What a walk found: the first outcome of each action that is possible, and that is certain. */
struct walk {
	struct outcome possible[2];
	struct outcome certain[2];
};

static enum level least(enum level a, enum level b)
{
	return a < b ? a : b;
}

static bool has_address(const struct weir_endpoint *endpoint, const struct weir_address *address)
{
	for (uint32_t i = 0; i < endpoint->address_count; i++) {
		if (weir_address_equal(&endpoint->addresses[i], address))
			return true;
	}
	return false;
}

/* IPv6 prefixes hold no IPv4 addresses, however short they are. */
static bool holds(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return weir_prefix_is_ipv4(prefix) == weir_address_is_ipv4(address) &&
	       weir_prefix_contains(prefix, address);
}

static bool may_own(const struct weir_endpoint *endpoint, const struct weir_address *address)
{
	return endpoint->kind == WEIR_ENDPOINT_POD && !endpoint->host_network &&
	       endpoint->rank != WEIR_RANK_FINISHED && has_address(endpoint, address);
}

static uint8_t owner_rank(const struct weir_resolved *resolved, const struct weir_address *address)
{
	uint8_t rank = WEIR_RANK_FINISHED;

	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];

		if (endpoint->rank > rank && may_own(endpoint, address))
			rank = endpoint->rank;
	}
	return rank;
}

static const char *text(const char *name)
{
	return name ? name : "";
}

/* By (namespace, name), then by index. */
static int compare_pods(const struct weir_resolved *resolved, uint32_t a, uint32_t b)
{
	const struct weir_endpoint *x = &resolved->endpoints[a];
	const struct weir_endpoint *y = &resolved->endpoints[b];
	int order = strcmp(text(x->namespace_name), text(y->namespace_name));

	if (!order)
		order = strcmp(text(x->name), text(y->name));
	return order ? order : (a > b) - (a < b);
}

/* The owning pod behind previous (WEIR_NONE: the first one), or WEIR_NONE. */
static uint32_t next_owner(const struct weir_resolved *resolved, const struct weir_address *address,
			   uint8_t rank, uint32_t previous)
{
	uint32_t best = WEIR_NONE;

	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];

		if (endpoint->rank != rank || !may_own(endpoint, address))
			continue;
		if (previous != WEIR_NONE && compare_pods(resolved, i, previous) <= 0)
			continue;
		if (best == WEIR_NONE || compare_pods(resolved, i, best) < 0)
			best = i;
	}
	return best;
}

static uint32_t node_of(const struct weir_resolved *resolved, const struct weir_address *address)
{
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];

		if (endpoint->kind == WEIR_ENDPOINT_NODE && has_address(endpoint, address))
			return i;
	}
	return WEIR_NONE;
}

static bool in_pod_range(const struct weir_resolved *resolved, const struct weir_address *address)
{
	for (uint32_t i = 0; i < resolved->pod_range_count; i++) {
		if (holds(&resolved->pod_ranges[i], address))
			return true;
	}
	return false;
}

/* The first end that an address stands for. */
static struct end first_end(const struct weir_resolved *resolved, const struct weir_key *key,
			    const struct weir_address *address)
{
	struct end end = { .address = address, .kind = END_POD };

	end.endpoint = next_owner(resolved, address, owner_rank(resolved, address), WEIR_NONE);
	if (end.endpoint != WEIR_NONE)
		return end;
	end.endpoint = node_of(resolved, address);
	if (end.endpoint != WEIR_NONE)
		end.kind = END_NODE;
	else if (in_pod_range(resolved, address) && !(key->flags & WEIR_KEY_UNKNOWN_EXTERNAL))
		end.kind = END_UNKNOWN;
	else
		end.kind = END_EXTERNAL;
	return end;
}

/* Moves on to the next pod that shares the address; false when there is none. */
static bool next_end(const struct weir_resolved *resolved, struct end *end)
{
	uint32_t next;

	if (end->kind != END_POD)
		return false;
	next = next_owner(resolved, end->address, owner_rank(resolved, end->address),
			  end->endpoint);
	if (next == WEIR_NONE)
		return false;
	end->endpoint = next;
	return true;
}

static bool set_holds(const struct weir_set *set, uint32_t endpoint)
{
	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		if (set->endpoints[i] == endpoint)
			return true;
	}
	return false;
}

/* A node is its addresses: one that several nodes have is in the sets of all. */
static bool set_holds_node(const struct weir_resolved *resolved, const struct weir_set *set,
			   const struct weir_address *address)
{
	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[set->endpoints[i]];

		if (endpoint->kind == WEIR_ENDPOINT_NODE && has_address(endpoint, address))
			return true;
	}
	return false;
}

static enum level in_set(const struct weir_resolved *resolved, const struct weir_set *set,
			 const struct end *end)
{
	switch (end->kind) {
	case END_POD:
		return set_holds(set, end->endpoint) ? YES : NO;
	case END_UNKNOWN:
		return (enum level)set->unknown_pods;
	case END_NODE:
		return set_holds_node(resolved, set, end->address) ? YES : NO;
	case END_EXTERNAL:
		return NO;
	}
	return NO;
}

static bool in_block(const struct weir_resolved *resolved, const struct weir_block *block,
		     const struct end *end)
{
	bool pod = end->kind == END_POD || end->kind == END_UNKNOWN;

	if (pod && !block->always_pods &&
	    resolved->semantics.ipblock_pods == WEIR_IPBLOCK_PODS_IGNORE)
		return false;
	if (!holds(&block->prefix, end->address))
		return false;
	for (uint32_t i = 0; i < block->hole_count; i++) {
		if (holds(&block->holes[i], end->address))
			return false;
	}
	return true;
}

static enum level match_peer(const struct question *q, const struct weir_peer *peer)
{
	switch ((enum weir_peer_kind)peer->kind) {
	case WEIR_PEER_SET:
		return in_set(q->resolved, &q->resolved->sets[peer->index], &q->far);
	case WEIR_PEER_BLOCK:
		return in_block(q->resolved, &q->resolved->blocks[peer->index], &q->far) ? YES : NO;
	case WEIR_PEER_DOMAINS:
		return q->far.has_names ? YES : NO;
	}
	return NO;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	       protocol == WEIR_PROTOCOL_SCTP;
}

static enum level match_named_port(const struct question *q, const struct weir_port *port)
{
	const struct end *destination = q->direction == WEIR_INGRESS ? &q->near : &q->far;
	const struct weir_endpoint *pod;

	if (destination->kind == END_UNKNOWN)
		return MAYBE;
	if (destination->kind != END_POD)
		return NO;
	pod = &q->resolved->endpoints[destination->endpoint];
	for (uint32_t i = 0; i < pod->port_count; i++) {
		const struct weir_declared_port *declared = &pod->ports[i];

		if (declared->name && declared->protocol == q->key->protocol &&
		    declared->number == q->key->destination_port &&
		    strcmp(declared->name, port->name) == 0)
			return YES;
	}
	return NO;
}

static enum level match_port(const struct question *q, const struct weir_port *port)
{
	uint16_t number = q->key->destination_port;
	bool any_protocol = port->kind == WEIR_PORT_NAMED && !port->protocol;

	if (!has_ports(q->key->protocol) || (port->protocol != q->key->protocol && !any_protocol))
		return NO;
	if (port->kind == WEIR_PORT_NAMED)
		return match_named_port(q, port);
	if (port->kind == WEIR_PORT_RANGE && (number < port->first || number > port->last))
		return NO;
	return YES;
}

/* The entry of a list, as it was written, that a peer is in. */
static uint32_t entry_of(const struct weir_rule *rule, uint32_t peer)
{
	uint32_t entry = 0;

	for (uint32_t i = 1; i <= peer; i++)
		entry += !rule->peers[i].joined;
	return entry;
}

/* The best of the peers; *first is the first that matches at the wanted level or better. */
static enum level match_peers(const struct question *q, const struct weir_rule *rule,
			      enum level wanted, uint32_t *first)
{
	enum level best = rule->peer_count ? NO : YES;

	*first = WEIR_NONE;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		enum level level = match_peer(q, &rule->peers[i]);

		if (level > best)
			best = level;
		if (level >= wanted && *first == WEIR_NONE)
			*first = entry_of(rule, i);
	}
	return best;
}

static enum level match_ports(const struct question *q, const struct weir_rule *rule,
			      enum level wanted, uint32_t *first)
{
	enum level best = rule->port_count ? NO : YES;
	bool denied = q->resolved->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_DENY;

	*first = WEIR_NONE;
	if (!has_ports(q->key->protocol) && denied && rule->origin != WEIR_NONE)
		return NO;
	for (uint32_t i = 0; i < rule->port_count; i++) {
		enum level level = match_port(q, &rule->ports[i]);

		if (level > best)
			best = level;
		if (level >= wanted && *first == WEIR_NONE)
			*first = i;
	}
	return best;
}

/* How well a rule's peers and ports match, whoever its subjects are. */
static enum level match_far(const struct question *q, const struct weir_rule *rule)
{
	uint32_t ignored;

	return least(match_peers(q, rule, YES, &ignored), match_ports(q, rule, YES, &ignored));
}

/* (tier, precedence, place in the array). */
static bool is_before(const struct weir_resolved *resolved, uint32_t a, uint32_t b)
{
	const struct weir_rule *x = &resolved->rules[a];
	const struct weir_rule *y = &resolved->rules[b];

	if (x->tier != y->tier)
		return x->tier < y->tier;
	if (x->precedence != y->precedence)
		return x->precedence < y->precedence;
	return a < b;
}

static uint32_t next_rule(const struct question *q, uint32_t previous)
{
	uint32_t best = WEIR_NONE;

	for (uint32_t i = 0; i < q->resolved->rule_count; i++) {
		if (q->resolved->rules[i].direction != q->direction)
			continue;
		if (previous != WEIR_NONE && !is_before(q->resolved, previous, i))
			continue;
		if (best == WEIR_NONE || is_before(q->resolved, i, best))
			best = i;
	}
	return best;
}

/* True when an earlier rule of the tier, with the same subjects, matched the far end for sure. */
static bool is_out_of_reach(const struct question *q, uint32_t index)
{
	const struct weir_rule *rule = &q->resolved->rules[index];

	for (uint32_t i = 0; i < q->resolved->rule_count; i++) {
		const struct weir_rule *other = &q->resolved->rules[i];

		if (other->direction == q->direction && other->tier == rule->tier &&
		    other->subjects == rule->subjects && is_before(q->resolved, i, index) &&
		    match_far(q, other) == YES)
			return true;
	}
	return false;
}

static struct weir_half allowed(enum weir_reason reason)
{
	return (struct weir_half){ WEIR_ALLOW, (uint8_t)reason, WEIR_NONE, WEIR_NONE, WEIR_NONE };
}

static struct weir_half decided(const struct question *q, const struct weir_rule *rule,
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

static void note_rule(struct walk *walk, const struct question *q, const struct weir_rule *rule,
		      enum level level)
{
	unsigned action = rule->action == WEIR_RULE_ALLOW ? WEIR_ALLOW : WEIR_DENY;

	note(&walk->possible[action], decided(q, rule, MAYBE));
	if (level == YES)
		note(&walk->certain[action], decided(q, rule, YES));
}

static void walk_rules(const struct question *q, struct walk *walk)
{
	uint32_t index = WEIR_NONE;
	bool live = true;    /* some pod that the end may be gets as far as this rule */
	bool passed = false; /* some pod left this tier for the next */
	unsigned tier = 0;

	while ((index = next_rule(q, index)) != WEIR_NONE) {
		const struct weir_rule *rule = &q->resolved->rules[index];
		enum level level;

		if (rule->tier != tier) {
			live = live || passed;
			passed = false;
			tier = rule->tier;
		}
		level = least(in_set(q->resolved, &q->resolved->sets[rule->subjects], &q->near),
			      match_far(q, rule));
		if (!live || level == NO)
			continue;
		if (q->near.kind == END_UNKNOWN && is_out_of_reach(q, index))
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

static struct weir_half judge_by_rules(const struct question *q)
{
	enum weir_action wanted = q->mode == FAVOURABLE ? WEIR_ALLOW : WEIR_DENY;
	struct walk walk = { 0 };
	struct weir_half half;

	walk_rules(q, &walk);
	if (walk.possible[wanted].seen)
		half = walk.possible[wanted].half;
	else
		half = walk.certain[!wanted].half;
	if (q->near.kind == END_UNKNOWN && half.action == WEIR_ALLOW)
		return allowed(WEIR_REASON_NOT_ISOLATED);
	return half;
}

/* A pod that reaches itself through a service: NetworkPolicy allows what it isolates, the other
 * tiers are asked (S11). */
static struct weir_half judge_hairpin(const struct question *q)
{
	uint32_t index = WEIR_NONE;
	unsigned passed = WEIR_TIERS;

	if (q->near.kind != END_POD || !has_ports(q->key->protocol))
		return allowed(WEIR_REASON_SELF);
	while ((index = next_rule(q, index)) != WEIR_NONE) {
		const struct weir_rule *rule = &q->resolved->rules[index];
		bool isolates = rule->origin == WEIR_NONE;

		if (rule->tier == passed ||
		    in_set(q->resolved, &q->resolved->sets[rule->subjects], &q->near) != YES)
			continue;
		if (rule->tier == WEIR_TIER_NETWORK_POLICY && isolates)
			break;
		if (rule->tier == WEIR_TIER_NETWORK_POLICY || match_far(q, rule) != YES)
			continue;
		if (rule->action != WEIR_RULE_PASS)
			return decided(q, rule, YES);
		passed = rule->tier;
	}
	return allowed(WEIR_REASON_SELF);
}

static bool is_own_node(const struct question *q)
{
	const struct weir_endpoint *pod;

	if (q->far.kind != END_NODE)
		return false;
	if (q->direction == WEIR_EGRESS && q->resolved->semantics.own_node == WEIR_OWN_NODE_POLICY)
		return false;
	if (q->near.kind == END_UNKNOWN)
		return q->mode == FAVOURABLE;
	pod = &q->resolved->endpoints[q->near.endpoint];
	return pod->node != WEIR_NONE &&
	       has_address(&q->resolved->endpoints[pod->node], q->far.address);
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
	if (q->near.kind == END_EXTERNAL)
		return allowed(WEIR_REASON_NOT_A_POD);
	if (q->near.kind == END_NODE)
		return allowed(WEIR_REASON_HOST_NETWORK);
	if (weir_address_equal(q->near.address, q->far.address))
		return q->key->flags & WEIR_KEY_HAIRPIN ? judge_hairpin(q)
							: allowed(WEIR_REASON_SELF);
	if (is_neighbour_discovery(q->key))
		return allowed(WEIR_REASON_NEIGHBOUR_DISCOVERY);
	if (is_own_node(q))
		return allowed(WEIR_REASON_OWN_NODE);
	if (!has_ports(q->key->protocol) &&
	    q->resolved->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		return allowed(WEIR_REASON_NOT_ISOLATED);
	return judge_by_rules(q);
}

/* Both halves between two ends. */
struct halves {
	struct weir_half egress;
	struct weir_half ingress;
};

/* The answers of all pairs of ends, as they come. */
struct tally {
	bool seen[3]; /* by action of the whole, which domain names may leave open */
	bool egress_seen[2];
	bool ingress_seen[2];
	bool has_first[2]; /* by mode */
	struct halves first[2];
};

static struct halves judge_halves(const struct weir_resolved *resolved, const struct weir_key *key,
				  const struct end *source, const struct end *destination,
				  enum mode mode, struct tally *tally)
{
	struct question q = { resolved, key, *source, *destination, WEIR_EGRESS, mode };
	struct halves halves = { .egress = judge_half(&q) };

	q = (struct question){ resolved, key, *destination, *source, WEIR_INGRESS, mode };
	halves.ingress = judge_half(&q);
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
static void judge_pair(const struct weir_resolved *resolved, const struct weir_key *key,
		       const struct end *source, const struct end *destination, enum mode mode,
		       struct tally *tally)
{
	struct halves halves = judge_halves(resolved, key, source, destination, mode, tally);
	struct end named = *destination;
	enum weir_action action = action_of(&halves);

	if (destination->kind == END_EXTERNAL) {
		struct halves with_names;

		named.has_names = true;
		with_names = judge_halves(resolved, key, source, &named, mode, tally);
		if (action_of(&with_names) != action) {
			action = WEIR_AMBIGUOUS;
			halves = with_names;
		}
	}
	tally->seen[action] = true;
	if (!tally->has_first[mode])
		tally->first[mode] = halves;
	tally->has_first[mode] = true;
}

static void judge_ends(const struct weir_resolved *resolved, const struct weir_key *key,
		       enum mode mode, struct tally *tally)
{
	struct end source = first_end(resolved, key, &key->source);

	do {
		struct end destination = first_end(resolved, key, &key->destination);

		do
			judge_pair(resolved, key, &source, &destination, mode, tally);
		while (next_end(resolved, &destination));
	} while (next_end(resolved, &source));
}

static struct weir_verdict verdict_of(const struct tally *tally, bool unknown)
{
	unsigned kinds =
		0u + tally->seen[WEIR_DENY] + tally->seen[WEIR_ALLOW] + tally->seen[WEIR_AMBIGUOUS];

	if (kinds > 1)
		return (struct weir_verdict){ WEIR_AMBIGUOUS, unknown ? WEIR_WHY_UNKNOWN_POD
								      : WEIR_WHY_SHARED_ADDRESS };
	if (tally->seen[WEIR_AMBIGUOUS])
		return (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_DOMAIN_NAME };
	return (struct weir_verdict){ tally->seen[WEIR_ALLOW] ? WEIR_ALLOW : WEIR_DENY,
				      WEIR_WHY_NONE };
}

static void conclude(const struct tally *tally, bool unknown, struct weir_explanation *out)
{
	struct weir_verdict verdict = verdict_of(tally, unknown);
	const struct halves *first =
		&tally->first[unknown && verdict.action == WEIR_ALLOW ? UNFAVOURABLE : FAVOURABLE];

	*out = (struct weir_explanation){ verdict, first->egress, first->ingress };
	if (verdict.action != WEIR_AMBIGUOUS)
		return;
	if (tally->egress_seen[WEIR_DENY] && tally->egress_seen[WEIR_ALLOW])
		out->egress.action = WEIR_AMBIGUOUS;
	if (tally->ingress_seen[WEIR_DENY] && tally->ingress_seen[WEIR_ALLOW])
		out->ingress.action = WEIR_AMBIGUOUS;
}

void weir_resolved_judge(const struct weir_resolved *resolved, const struct weir_key *key,
			 struct weir_explanation *out)
{
	bool unknown = first_end(resolved, key, &key->source).kind == END_UNKNOWN ||
		       first_end(resolved, key, &key->destination).kind == END_UNKNOWN;
	struct tally tally = { 0 };

	judge_ends(resolved, key, FAVOURABLE, &tally);
	if (unknown)
		judge_ends(resolved, key, UNFAVOURABLE, &tally);
	conclude(&tally, unknown, out);
}

/* With every domain name; certain is what holds without any. */
static struct weir_considered consider(const struct question *q, const struct weir_rule *rule)
{
	struct weir_considered considered = { .rule = rule->origin,
					      .tier = rule->tier,
					      .action = rule->action };
	struct question unnamed = *q;

	unnamed.far.has_names = false;
	considered.is_certain = match_far(&unnamed, rule) == YES;
	considered.peer_matches = match_peers(q, rule, MAYBE, &considered.peer) != NO;
	considered.port_matches = match_ports(q, rule, MAYBE, &considered.port) != NO;
	return considered;
}

size_t weir_resolved_considered(const struct weir_resolved *resolved, const struct weir_key *key,
				enum weir_direction direction, struct weir_considered *out,
				size_t size)
{
	struct question q = { resolved,
			      key,
			      first_end(resolved, key, &key->source),
			      first_end(resolved, key, &key->destination),
			      direction,
			      FAVOURABLE };
	uint32_t index = WEIR_NONE;
	size_t count = 0;

	q.far.has_names = q.far.kind == END_EXTERNAL;
	if (direction == WEIR_INGRESS) {
		struct end source = q.near;

		q.near = q.far;
		q.far = source;
	}
	if (q.near.kind != END_POD && q.near.kind != END_UNKNOWN)
		return 0;
	while ((index = next_rule(&q, index)) != WEIR_NONE) {
		const struct weir_rule *rule = &resolved->rules[index];

		if (in_set(resolved, &resolved->sets[rule->subjects], &q.near) != YES)
			continue;
		if (rule->origin == WEIR_NONE)
			break;
		if (count < size)
			out[count] = consider(&q, rule);
		count++;
	}
	return count;
}
