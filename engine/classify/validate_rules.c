/* validate_rules.c - what explain reads: groups, rules, their peers and ports, sets, blocks. */
#include "validate.h"

#define ITEMS(checker, section, type) LAYOUT_ITEMS((checker)->header, section, type)

/* In one of each direction, or in none. */
static bool is_in_groups(const struct layout_header *header, const struct layout_group *group)
{
	if (group->group[0] == LAYOUT_NO_GROUP)
		return group->group[1] == LAYOUT_NO_GROUP;
	return group->group[0] < header->groups[0] && group->group[1] < header->groups[1];
}

static int check_groups(struct checker *checker)
{
	const struct layout_header *header = checker->header;
	const struct layout_group *groups = ITEMS(checker, LAYOUT_GROUPS, struct layout_group);
	const struct layout_span *spans = ITEMS(checker, LAYOUT_GROUP_RULES, struct layout_span);
	const uint32_t *list = ITEMS(checker, LAYOUT_RULE_LISTS, uint32_t);
	uint64_t spans_wanted = (uint64_t)header->groups[0] + header->groups[1] + 2;
	uint64_t next = 0;

	if (checker->counts[LAYOUT_GROUPS] != checker->counts[LAYOUT_PROFILES] ||
	    checker->counts[LAYOUT_GROUP_RULES] != spans_wanted || header->group_rules[0] != 0 ||
	    header->group_rules[1] != (uint64_t)header->groups[0] + 1)
		return check_fail(checker, "there are %u and %u groups", header->groups[0],
				  header->groups[1]);
	for (uint32_t i = 0; i < checker->counts[LAYOUT_GROUPS]; i++) {
		if (!is_in_groups(header, &groups[i]))
			return check_fail(checker, "profile %u is in no group", i);
	}
	for (uint32_t i = 0; i < checker->counts[LAYOUT_GROUP_RULES]; i++) {
		if (!check_run(&next, spans[i].first, spans[i].count))
			return check_fail(checker,
					  "the rules of group %u are not where they belong", i);
	}
	if (next != checker->counts[LAYOUT_RULE_LISTS])
		return check_fail(checker, "rules are in no group's list");
	for (uint32_t i = 0; i < checker->counts[LAYOUT_RULE_LISTS]; i++) {
		if (list[i] >= checker->counts[LAYOUT_RULES])
			return check_fail(checker, "there is no rule %u", list[i]);
	}
	return 0;
}

static bool is_peer(const struct checker *checker, const struct layout_peer *peer)
{
	if (peer->joined > 1)
		return false;
	switch (peer->kind) {
	case WEIR_PEER_SET:
		return peer->index < checker->counts[LAYOUT_SETS] / 2;
	case WEIR_PEER_BLOCK:
		return peer->index < checker->counts[LAYOUT_BLOCKS];
	default:
		return peer->kind == WEIR_PEER_DOMAINS;
	}
}

static int check_peers(struct checker *checker, uint32_t rule, const struct layout_peer *peers,
		       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!is_peer(checker, &peers[i]) || (!i && peers[i].joined))
			return check_fail(checker, "peer %u of rule %u is none", i, rule);
	}
	return 0;
}

static int check_ports(struct checker *checker, uint32_t rule, const struct layout_port *ports,
		       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ports[i].kind > WEIR_PORT_NAMED || !check_is_text(checker, ports[i].name))
			return check_fail(checker, "port %u of rule %u is none", i, rule);
	}
	return 0;
}

static bool is_rule(const struct checker *checker, const struct layout_rule *rule)
{
	return rule->tier < WEIR_TIERS && rule->direction <= WEIR_INGRESS &&
	       rule->action <= WEIR_RULE_PASS && check_index(checker, LAYOUT_ORIGINS, rule->origin);
}

static int check_each_rule(struct checker *checker)
{
	const struct layout_rule *rules = ITEMS(checker, LAYOUT_RULES, struct layout_rule);
	const struct layout_peer *peers = ITEMS(checker, LAYOUT_PEERS, struct layout_peer);
	const struct layout_port *ports = ITEMS(checker, LAYOUT_PORTS, struct layout_port);
	uint64_t next_peer = 0, next_port = 0;
	int status = 0;

	if (checker->header->rules != checker->counts[LAYOUT_RULES])
		return check_fail(checker, "there are %u rules of %u",
				  checker->counts[LAYOUT_RULES], checker->header->rules);
	for (uint32_t i = 0; i < checker->counts[LAYOUT_RULES] && !status; i++) {
		const struct layout_rule *rule = &rules[i];

		if (!is_rule(checker, rule) ||
		    !check_run(&next_peer, rule->peers, rule->peer_count) ||
		    !check_run(&next_port, rule->ports, rule->port_count) ||
		    next_peer > checker->counts[LAYOUT_PEERS] ||
		    next_port > checker->counts[LAYOUT_PORTS])
			return check_fail(checker, "rule %u is none", i);
		status = check_peers(checker, i, peers + rule->peers, rule->peer_count);
		if (!status)
			status = check_ports(checker, i, ports + rule->ports, rule->port_count);
	}
	if (!status && (next_peer != checker->counts[LAYOUT_PEERS] ||
			next_port != checker->counts[LAYOUT_PORTS]))
		return check_fail(checker, "there are peers or ports of no rule");
	return status;
}

/* Those of a list ascend, so that a search finds them. */
static bool is_list(const uint32_t *words, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (words[i] <= words[i - 1])
			return false;
	}
	return true;
}

static int check_sets(struct checker *checker)
{
	const struct layout_set *sets = ITEMS(checker, LAYOUT_SETS, struct layout_set);
	const uint32_t *words = ITEMS(checker, LAYOUT_SET_CLASSES, uint32_t);
	uint64_t next = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_SETS]; i++) {
		if (sets[i].is_bits > 1 || sets[i].unknown_pods > WEIR_ALWAYS ||
		    !check_run(&next, sets[i].first, sets[i].count) ||
		    next > checker->counts[LAYOUT_SET_CLASSES] ||
		    (!sets[i].is_bits && !is_list(words + sets[i].first, sets[i].count)))
			return check_fail(checker, "set %u is none", i / 2);
	}
	if (next != checker->counts[LAYOUT_SET_CLASSES] || checker->counts[LAYOUT_SETS] % 2)
		return check_fail(checker, "there are classes of no set");
	return 0;
}

static int check_blocks(struct checker *checker)
{
	const struct layout_block *blocks = ITEMS(checker, LAYOUT_BLOCKS, struct layout_block);
	const struct weir_prefix *holes = ITEMS(checker, LAYOUT_PREFIXES, struct weir_prefix);
	uint64_t next = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_BLOCKS]; i++) {
		if (!weir_prefix_is_valid(&blocks[i].prefix) || blocks[i].always_pods > 1 ||
		    !check_run(&next, blocks[i].holes, blocks[i].hole_count))
			return check_fail(checker, "block %u is none", i);
	}
	if (next != checker->counts[LAYOUT_PREFIXES])
		return check_fail(checker, "there are holes of no block");
	for (uint32_t i = 0; i < checker->counts[LAYOUT_PREFIXES]; i++) {
		if (!weir_prefix_is_valid(&holes[i]))
			return check_fail(checker, "hole %u is no prefix", i);
	}
	return 0;
}

int check_rules(struct checker *checker)
{
	int status = check_groups(checker);

	if (!status)
		status = check_each_rule(checker);
	if (!status)
		status = check_sets(checker);
	return status ? status : check_blocks(checker);
}
