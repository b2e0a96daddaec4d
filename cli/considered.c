#include "considered.h"

#include "names.h"

enum {
	MOST_LOOKED_AT = 512,
	MOST_SHOWN = 5,
};

static void peers_in_words(const struct weir_considered *rule, enum weir_direction direction,
			   struct report_text *text)
{
	const char *list = direction == WEIR_EGRESS ? "to" : "from";

	if (rule->peer == WEIR_NONE)
		report_text_add_string(text, "any peer matches");
	else
		report_text_format(text, "%s[%u] matches", list, rule->peer);
}

static void ports_in_words(const struct weir_considered *rule, struct report_text *text)
{
	if (rule->port == WEIR_NONE)
		report_text_add_string(text, "any port matches");
	else
		report_text_format(text, "ports[%u] matches", rule->port);
}

static void add_no_ports(uint8_t protocol, struct report_text *text)
{
	char name[PROTOCOL_TEXT];

	if (protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	    protocol == WEIR_PROTOCOL_SCTP)
		return;
	protocol_format(protocol, name);
	report_text_format(text, " (%s%s has no ports)",
			   name[0] >= '0' && name[0] <= '9' ? "protocol " : "", name);
}

static void match_in_words(const struct weir_considered *rule, enum weir_direction direction,
			   uint8_t protocol, struct report_text *text)
{
	if (rule->peer_matches && rule->port_matches) {
		report_text_add_string(text, "matches");
	} else if (rule->peer_matches) {
		peers_in_words(rule, direction, text);
		report_text_add_string(text, ", no port does");
	} else if (rule->port_matches) {
		ports_in_words(rule, text);
		report_text_add_string(text, ", no peer does");
	} else {
		report_text_add_string(text, "no peer matches, and no port");
	}
	if (!rule->port_matches)
		add_no_ports(protocol, text);
}

static void print_rule(FILE *out, const struct weir_policy *policy, const struct weir_key *key,
		       const struct weir_considered *rule, enum weir_direction direction)
{
	const struct weir_half named = {
		.reason = WEIR_REASON_RULE, .rule = rule->rule, .peer = WEIR_NONE, .port = WEIR_NONE
	};
	struct report_text text = { 0 };

	half_in_words(policy, &named, direction, &text);
	report_text_add_string(&text, ": ");
	match_in_words(rule, direction, key->protocol, &text);
	fprintf(out, "    considered  %s\n", report_text_string(&text));
	report_text_finish(&text);
}

static bool is_near_miss(const struct weir_considered *rule)
{
	return rule->peer_matches || rule->port_matches;
}

/* Only a NetworkPolicy could have helped: what isolates is one. Returns how many there were. */
static size_t leave_out_tiers(struct weir_considered *rules, size_t *count)
{
	size_t all = *count;

	*count = 0;
	for (size_t i = 0; i < all; i++) {
		if (rules[i].tier == WEIR_TIER_NETWORK_POLICY)
			rules[(*count)++] = rules[i];
	}
	return all - *count;
}

/* Those that miss by one thing come first: one of them is probably the one that was meant. */
void print_considered(FILE *out, const struct weir_policy *policy, const struct weir_key *key,
		      const struct weir_half *half, enum weir_direction direction)
{
	struct weir_considered rules[MOST_LOOKED_AT];
	size_t count, known, shown = 0;

	if (half->action != WEIR_DENY || half->reason != WEIR_REASON_NO_RULE)
		return;
	count = weir_policy_considered(policy, key, direction, rules, MOST_LOOKED_AT);
	known = count < MOST_LOOKED_AT ? count : MOST_LOOKED_AT;
	count -= leave_out_tiers(rules, &known);
	for (unsigned misses = 0; misses < 2; misses++) {
		for (size_t i = 0; i < known && shown < MOST_SHOWN; i++) {
			if (is_near_miss(&rules[i]) != (misses == 0))
				continue;
			print_rule(out, policy, key, &rules[i], direction);
			shown++;
		}
	}
	if (!count)
		fputs("    no rule allows anything in this direction\n", out);
	else if (count > shown)
		fprintf(out, "    and %zu more\n", count - shown);
}
