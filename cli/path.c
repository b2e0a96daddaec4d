#include "path.h"

#include <stdlib.h>

#include "names.h"

/* One side, and the rules that it was compared with. */
struct path {
	FILE *out;
	const struct weir_policy *policy;
	const struct weir_key *key;
	const struct weir_half *half;
	enum weir_direction direction;
	const struct weir_considered *rules;
	size_t count;
};

static const char *const tier_names[WEIR_TIERS] = {
	[WEIR_TIER_ADMIN] = "Admin tier",
	[WEIR_TIER_NETWORK_POLICY] = "NetworkPolicy",
	[WEIR_TIER_BASELINE] = "Baseline tier",
};

static void print_tier(const struct path *path, enum weir_tier tier, const char *text)
{
	fprintf(path->out, "    %-13s  %s\n", tier_names[tier], text);
}

static void print_rule(const struct path *path, const struct weir_considered *rule,
		       const char *what_then)
{
	const struct weir_half named = { .reason = WEIR_REASON_RULE,
					 .rule = rule->rule,
					 .peer = rule->peer,
					 .port = rule->port };
	struct report_text text = { 0 };

	half_in_words(path->policy, &named, path->direction, &text);
	report_text_add_string(&text, what_then);
	print_tier(path, (enum weir_tier)rule->tier, report_text_string(&text));
	report_text_finish(&text);
}

static bool is_hairpin(const struct path *path)
{
	return path->key->flags & WEIR_KEY_HAIRPIN &&
	       weir_address_equal(&path->key->source, &path->key->destination);
}

static bool matches(const struct weir_considered *rule)
{
	return rule->peer_matches && rule->port_matches;
}

/* What a rule that matches does to the side: true when it gets no further. */
static bool print_match(const struct path *path, const struct weir_considered *rule)
{
	bool passes = rule->action == WEIR_RULE_PASS;

	if (!rule->is_certain)
		print_rule(path, rule, passes ? ", perhaps" : ", which perhaps decides");
	else if (passes)
		print_rule(path, rule, ", on to the next tier");
	else
		print_rule(path, rule,
			   rule->tier == WEIR_TIER_NETWORK_POLICY ? ": allows, which decides"
								  : ", which decides");
	return rule->is_certain && !passes;
}

static void print_no_match(const struct path *path, enum weir_tier tier, size_t rules)
{
	char text[64];

	if (!rules)
		snprintf(text, sizeof(text), "no rule is about the pod");
	else
		snprintf(text, sizeof(text), "%zu rule%s about the pod, none matches", rules,
			 rules == 1 ? " is" : "s are");
	print_tier(path, tier, text);
}

/* The rules of a tier, in order; true when the side got no further. */
static bool walk_tier(const struct path *path, enum weir_tier tier)
{
	size_t rules = 0;
	bool matched = false;

	for (size_t i = 0; i < path->count; i++) {
		const struct weir_considered *rule = &path->rules[i];

		if (rule->tier != tier)
			continue;
		rules++;
		if (!matches(rule))
			continue;
		matched = true;
		if (print_match(path, rule))
			return true;
		if (rule->is_certain)
			return false;
	}
	if (!matched && tier != WEIR_TIER_NETWORK_POLICY)
		print_no_match(path, tier, rules);
	return false;
}

static bool walk_network_policy(const struct path *path)
{
	if (is_hairpin(path)) {
		print_tier(path, WEIR_TIER_NETWORK_POLICY,
			   "a pod may reach itself through a service");
		return path->half->reason == WEIR_REASON_SELF;
	}
	if (walk_tier(path, WEIR_TIER_NETWORK_POLICY))
		return true;
	if (path->half->reason == WEIR_REASON_NO_RULE) {
		print_tier(path, WEIR_TIER_NETWORK_POLICY,
			   "isolates the pod, and no rule matches: denied");
		return true;
	}
	print_tier(path, WEIR_TIER_NETWORK_POLICY, "does not isolate the pod");
	return false;
}

static void walk(const struct path *path)
{
	if (walk_tier(path, WEIR_TIER_ADMIN) || walk_network_policy(path))
		return;
	if (!walk_tier(path, WEIR_TIER_BASELINE))
		fputs("    otherwise      allowed\n", path->out);
}

static bool has_tiers(const struct path *path)
{
	for (size_t i = 0; i < path->count; i++) {
		if (path->rules[i].tier != WEIR_TIER_NETWORK_POLICY)
			return true;
	}
	return false;
}

/* Whether rules were asked at all. */
static bool is_by_rules(const struct path *path)
{
	return path->half->reason == WEIR_REASON_RULE ||
	       path->half->reason == WEIR_REASON_NO_RULE ||
	       path->half->reason == WEIR_REASON_NOT_ISOLATED ||
	       (path->half->reason == WEIR_REASON_SELF && is_hairpin(path));
}

bool print_path(FILE *out, const struct weir_policy *policy, const struct weir_key *key,
		const struct weir_half *half, enum weir_direction direction)
{
	struct path path = {
		.out = out, .policy = policy, .key = key, .half = half, .direction = direction
	};
	struct weir_considered *rules;

	if (!is_by_rules(&path))
		return true;
	path.count = weir_policy_considered(policy, key, direction, NULL, 0);
	if (!path.count)
		return true;
	rules = calloc(path.count, sizeof(*rules));
	if (!rules)
		return false;
	weir_policy_considered(policy, key, direction, rules, path.count);
	path.rules = rules;
	if (has_tiers(&path))
		walk(&path);
	free(rules);
	return true;
}
