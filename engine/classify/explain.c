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
#include "ends.h"
#include "lookup.h"
#include "owned.h"

enum end_kind {
	POD,
	UNKNOWN,
	NODE,
	EXTERNAL,
};

enum level {
	NO,
	MAYBE,
	YES,
};

struct candidate {
	const struct weir_address *address;
	uint32_t leaf;
	uint32_t endpoint; /* of a pod */
	enum end_kind kind;
};

struct question {
	const struct lookup *lookup;
	const struct layout_header *header;
	const struct weir_key *key;
	struct candidate near;
	struct candidate far;
	enum weir_direction direction;
	enum end_mode mode;
};

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

/* Candidates. */

static enum end_kind kind_of(const struct lookup *lookup, const struct end *end, uint32_t leaf,
			     const struct layout_owned *owned)
{
	if (end->is_unknown)
		return UNKNOWN;
	if (end_is_node(lookup, leaf))
		return NODE;
	return owned && owned->owner_count ? POD : EXTERNAL;
}

static struct candidate candidate_of(const struct lookup *lookup, const struct end *end, uint32_t i,
				     const struct weir_address *address)
{
	const struct layout_owned *owned = owned_find(lookup->header, address);
	struct candidate candidate = { .address = address,
				       .leaf = end->leaves[i],
				       .endpoint = WEIR_NONE };

	candidate.kind = kind_of(lookup, end, candidate.leaf, owned);
	if (candidate.kind == POD)
		candidate.endpoint =
			LAYOUT_ITEMS(lookup->header, LAYOUT_OWNERS, uint32_t)[owned->owners + i];
	return candidate;
}

/* Peers. */

static bool has_class(const struct layout_header *header, const struct layout_set *set,
		      uint32_t class)
{
	const uint32_t *words = LAYOUT_ITEMS(header, LAYOUT_SET_CLASSES, uint32_t) + set->first;
	uint32_t low = 0;
	uint32_t high = set->count;

	if (set->is_bits)
		return class / 32 < set->count && (words[class / 32] >> (class % 32) & 1);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (words[middle] == class)
			return true;
		if (words[middle] < class)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static enum level in_set(const struct question *q, uint32_t index)
{
	const struct layout_set *set = LAYOUT_ITEMS(q->header, LAYOUT_SETS, struct layout_set) +
				       2 * (size_t)index + q->direction;

	if (q->far.kind == UNKNOWN)
		return (enum level)set->unknown_pods;
	if (q->far.kind == EXTERNAL)
		return NO;
	return has_class(q->header, set,
			 profile_of(q->lookup, q->far.leaf)->class[q->direction] & ~LAYOUT_OUTSIDE)
		       ? YES
		       : NO;
}

/* IPv6 prefixes hold no IPv4 addresses, however short they are. */
static bool holds(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return weir_prefix_is_ipv4(prefix) == weir_address_is_ipv4(address) &&
	       weir_prefix_contains(prefix, address);
}

static enum level in_block(const struct question *q, uint32_t index)
{
	const struct layout_block *block =
		LAYOUT_ITEMS(q->header, LAYOUT_BLOCKS, struct layout_block) + index;
	const struct weir_prefix *holes =
		LAYOUT_ITEMS(q->header, LAYOUT_PREFIXES, struct weir_prefix) + block->holes;
	bool is_pod = q->far.kind == POD || q->far.kind == UNKNOWN;

	if (is_pod && q->header->ipblock_pods == WEIR_IPBLOCK_PODS_IGNORE)
		return NO;
	if (!holds(&block->prefix, q->far.address))
		return NO;
	for (uint32_t i = 0; i < block->hole_count; i++) {
		if (holds(&holes[i], q->far.address))
			return NO;
	}
	return YES;
}

/* The best of the rule's peers; *first is the first that matches at the wanted level. */
static enum level match_peers(const struct question *q, const struct layout_rule *rule,
			      enum level wanted, uint32_t *first)
{
	const struct layout_peer *peers =
		LAYOUT_ITEMS(q->header, LAYOUT_PEERS, struct layout_peer) + rule->peers;
	enum level best = rule->peer_count ? NO : YES;

	*first = WEIR_NONE;
	for (uint32_t i = 0; i < rule->peer_count && *first == WEIR_NONE; i++) {
		enum level level = peers[i].kind == WEIR_PEER_SET ? in_set(q, peers[i].index)
								  : in_block(q, peers[i].index);

		if (level > best)
			best = level;
		if (level >= wanted)
			*first = i;
	}
	return best;
}

/* Ports. */

static bool has_ports(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	       protocol == WEIR_PROTOCOL_SCTP;
}

/* Names are kept once, so equal names are equal places in the text. */
static enum level match_named_port(const struct question *q, const struct layout_port *port)
{
	const struct candidate *destination = q->direction == WEIR_INGRESS ? &q->near : &q->far;
	const struct layout_endpoint *pod;
	const struct layout_declared *declared;

	if (destination->kind == UNKNOWN)
		return MAYBE;
	if (destination->kind != POD)
		return NO;
	pod = LAYOUT_ITEMS(q->header, LAYOUT_ENDPOINTS, struct layout_endpoint) +
	      destination->endpoint;
	declared = LAYOUT_ITEMS(q->header, LAYOUT_DECLARED, struct layout_declared) + pod->declared;
	for (uint32_t i = 0; i < pod->declared_count; i++) {
		if (declared[i].name == port->name && declared[i].protocol == port->protocol &&
		    declared[i].number == q->key->destination_port)
			return YES;
	}
	return NO;
}

static enum level match_port(const struct question *q, const struct layout_port *port)
{
	uint16_t number = q->key->destination_port;

	if (!has_ports(q->key->protocol) || port->protocol != q->key->protocol)
		return NO;
	if (port->kind == WEIR_PORT_NAMED)
		return match_named_port(q, port);
	if (port->kind == WEIR_PORT_RANGE && (number < port->first || number > port->last))
		return NO;
	return YES;
}

static enum level match_ports(const struct question *q, const struct layout_rule *rule,
			      enum level wanted, uint32_t *first)
{
	const struct layout_port *ports =
		LAYOUT_ITEMS(q->header, LAYOUT_PORTS, struct layout_port) + rule->ports;
	enum level best = rule->port_count ? NO : YES;

	*first = WEIR_NONE;
	if (!has_ports(q->key->protocol) && rule->origin != WEIR_NONE &&
	    q->header->other_protocols == WEIR_OTHER_PROTOCOLS_DENY)
		return NO;
	for (uint32_t i = 0; i < rule->port_count && *first == WEIR_NONE; i++) {
		enum level level = match_port(q, &ports[i]);

		if (level > best)
			best = level;
		if (level >= wanted)
			*first = i;
	}
	return best;
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

static enum level match_rule(const struct question *q, const struct layout_rule *rule)
{
	uint32_t ignored;
	enum level peers = match_peers(q, rule, YES, &ignored);
	enum level ports = peers == NO ? NO : match_ports(q, rule, YES, &ignored);

	return peers < ports ? peers : ports;
}

/* The rules of the near pod's group; of an unknown one those that certainly hold for it. */
static struct layout_span rules_of_near(const struct question *q)
{
	uint32_t index = q->header->group_rules[q->direction];

	if (q->near.kind == UNKNOWN)
		index += q->header->groups[q->direction];
	else
		index += LAYOUT_ITEMS(q->header, LAYOUT_GROUPS,
				      struct layout_group)[q->near.endpoint]
				 .group[q->direction];
	return LAYOUT_ITEMS(q->header, LAYOUT_GROUP_RULES, struct layout_span)[index];
}

static void walk_rules(const struct question *q, struct walk *walk)
{
	const struct layout_rule *rules = layout_section(q->header, LAYOUT_RULES);
	struct layout_span span = rules_of_near(q);
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
		return allowed(WEIR_REASON_SELF);
	if (is_neighbour_discovery(q->key))
		return allowed(WEIR_REASON_NEIGHBOUR_DISCOVERY);
	if (near_is_on_far(q))
		return allowed(WEIR_REASON_OWN_NODE);
	if (!has_ports(q->key->protocol) &&
	    q->header->other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		return allowed(WEIR_REASON_NOT_ISOLATED);
	return q->near.kind == UNKNOWN ? judge_unknown(q) : judge_pod(q);
}

/* The answers of all pairs of candidates, as they come. */
struct tally {
	bool seen[2]; /* by action of the whole */
	bool egress_seen[2];
	bool ingress_seen[2];
	bool has_first[2]; /* by mode */
	struct weir_half egress[2];
	struct weir_half ingress[2];
	bool unknown;
};

static void judge_pair(const struct question *egress, struct tally *tally)
{
	struct question ingress = *egress;
	struct weir_half out = judge_half(egress);
	struct weir_half in;

	ingress.near = egress->far;
	ingress.far = egress->near;
	ingress.direction = WEIR_INGRESS;
	in = judge_half(&ingress);
	tally->egress_seen[out.action] = true;
	tally->ingress_seen[in.action] = true;
	tally->seen[out.action == WEIR_ALLOW && in.action == WEIR_ALLOW] = true;
	if (tally->has_first[egress->mode])
		return;
	tally->has_first[egress->mode] = true;
	tally->egress[egress->mode] = out;
	tally->ingress[egress->mode] = in;
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
		q.near = candidate_of(lookup, &source, i, &key->source);
		for (uint32_t j = 0; j < destination.count; j++) {
			q.far = candidate_of(lookup, &destination, j, &key->destination);
			judge_pair(&q, tally);
		}
	}
}

static void conclude(const struct tally *tally, struct weir_explanation *out)
{
	unsigned mode =
		tally->unknown && !tally->seen[WEIR_DENY] ? END_UNFAVOURABLE : END_FAVOURABLE;

	*out = (struct weir_explanation){ .egress = tally->egress[mode],
					  .ingress = tally->ingress[mode] };
	if (!tally->seen[WEIR_DENY] || !tally->seen[WEIR_ALLOW]) {
		out->verdict.action = tally->seen[WEIR_ALLOW] ? WEIR_ALLOW : WEIR_DENY;
		return;
	}
	out->verdict.action = WEIR_AMBIGUOUS;
	out->verdict.why = tally->unknown ? WEIR_WHY_UNKNOWN_POD : WEIR_WHY_SHARED_ADDRESS;
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
