#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "weir/directory.h"

static const char *const action_names[] = {
	[WEIR_DENY] = "deny",
	[WEIR_ALLOW] = "allow",
	[WEIR_AMBIGUOUS] = "ambiguous",
};

static const struct {
	const char *name;
	uint8_t protocol;
} protocols[] = {
	{ "TCP", WEIR_PROTOCOL_TCP },       { "UDP", WEIR_PROTOCOL_UDP },
	{ "SCTP", WEIR_PROTOCOL_SCTP },     { "ICMP", WEIR_PROTOCOL_ICMP },
	{ "ICMPv6", WEIR_PROTOCOL_ICMPV6 },
};

enum {
	PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]),
};

const char *action_name(uint8_t action)
{
	return action_names[action];
}

enum report_style action_style(uint8_t action)
{
	static const enum report_style styles[] = {
		[WEIR_DENY] = REPORT_BAD,
		[WEIR_ALLOW] = REPORT_GOOD,
		[WEIR_AMBIGUOUS] = REPORT_DOUBT,
	};

	return styles[action];
}

bool action_parse(const char *name, uint8_t *out)
{
	for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++)
		if (strcmp(action_names[i], name) == 0) {
			*out = (uint8_t)i;
			return true;
		}
	return false;
}

static const char *protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].protocol == protocol)
			return protocols[i].name;
	return NULL;
}

void protocol_format(uint8_t protocol, char text[PROTOCOL_TEXT])
{
	const char *name = protocol_name(protocol);

	if (name)
		snprintf(text, PROTOCOL_TEXT, "%s", name);
	else
		snprintf(text, PROTOCOL_TEXT, "%u", protocol);
}

void protocol_json(struct report_json *json, uint8_t protocol)
{
	const char *name = protocol_name(protocol);

	if (name)
		report_json_string(json, name);
	else
		report_json_number(json, protocol);
}

bool protocol_parse(const char *name, uint8_t *out)
{
	char *end;
	unsigned long number;

	for (size_t i = 0; i < PROTOCOLS; i++)
		if (strcasecmp(protocols[i].name, name) == 0) {
			*out = protocols[i].protocol;
			return true;
		}
	number = strtoul(name, &end, 10);
	if (name[0] < '0' || name[0] > '9' || *end || number > UINT8_MAX)
		return false;
	*out = (uint8_t)number;
	return true;
}

void endpoint_format(const struct weir_policy *policy, uint32_t endpoint, struct report_text *text)
{
	struct weir_endpoint_view view;

	weir_policy_endpoint(policy, endpoint, &view);
	if (view.kind == WEIR_ENDPOINT_NODE)
		report_text_format(text, "node/%s", view.name);
	else if (strcmp(view.namespace_name, "node") == 0)
		report_text_format(text, "node/Pod/%s", view.name);
	else
		report_text_format(text, "%s/%s", view.namespace_name, view.name);
}

static void rule_in_words(const struct weir_policy *policy, const struct weir_half *half,
			  struct report_text *text)
{
	char words[512];
	size_t length = weir_policy_format_rule(policy, half, words, sizeof(words));
	char *longer;

	if (length < sizeof(words)) {
		report_text_add(text, words, length);
		return;
	}
	longer = malloc(length + 1);
	if (!longer) {
		text->is_short = true;
		return;
	}
	weir_policy_format_rule(policy, half, longer, length + 1);
	report_text_add(text, longer, length);
	free(longer);
}

static const char *direction_name(enum weir_direction direction)
{
	return direction == WEIR_EGRESS ? "egress" : "ingress";
}

void half_in_words(const struct weir_policy *policy, const struct weir_half *half,
		   enum weir_direction direction, struct report_text *text)
{
	static const char *const words[] = {
		[WEIR_REASON_NOT_A_POD] = "outside the cluster, no policy applies",
		[WEIR_REASON_HOST_NETWORK] = "a node's network, no policy applies",
		[WEIR_REASON_SELF] = "a pod may always reach itself",
		[WEIR_REASON_NEIGHBOUR_DISCOVERY] = "neighbour discovery is always allowed",
		[WEIR_REASON_OWN_NODE] = "a pod and its own node",
		[WEIR_REASON_RULE] = "a rule",
		[WEIR_REASON_NO_RULE] = "isolated, and no rule matches",
		[WEIR_REASON_NOT_ISOLATED] = "no policy isolates the pod",
	};

	if (half->reason == WEIR_REASON_RULE)
		rule_in_words(policy, half, text);
	else
		report_text_format(text, "%s: %s", direction_name(direction), words[half->reason]);
}

static enum weir_direction deciding_direction(const struct weir_explanation *explanation)
{
	const struct weir_half *egress = &explanation->egress;
	const struct weir_half *ingress = &explanation->ingress;

	if (egress->action != WEIR_ALLOW)
		return WEIR_EGRESS;
	if (ingress->action != WEIR_ALLOW || ingress->reason == WEIR_REASON_RULE)
		return WEIR_INGRESS;
	return egress->reason == WEIR_REASON_RULE ? WEIR_EGRESS : WEIR_INGRESS;
}

static const struct weir_half *half_of(const struct weir_explanation *explanation,
				       enum weir_direction direction)
{
	return direction == WEIR_EGRESS ? &explanation->egress : &explanation->ingress;
}

void decision_in_words(const struct weir_policy *policy, const struct weir_explanation *explanation,
		       struct report_text *text)
{
	enum weir_direction direction = deciding_direction(explanation);

	half_in_words(policy, half_of(explanation, direction), direction, text);
}

void decision_in_terms(const struct weir_policy *policy, const struct weir_explanation *explanation,
		       struct report_text *text)
{
	enum weir_direction direction = deciding_direction(explanation);
	const struct weir_half *half = half_of(explanation, direction);

	if (half->reason == WEIR_REASON_RULE)
		rule_in_words(policy, half, text);
	else
		report_text_format(text, "%s: %s", direction_name(direction),
				   weir_reason_name((enum weir_reason)half->reason));
}

static void rule_json(struct report_json *json, const struct weir_policy *policy,
		      const struct weir_half *half)
{
	struct weir_rule_view rule;

	weir_policy_rule(policy, half->rule, &rule);
	report_json_object_field(json, "rule");
	report_json_string_field(json, "kind", rule.kind);
	if (rule.namespace_name[0])
		report_json_string_field(json, "namespace", rule.namespace_name);
	report_json_string_field(json, "name", rule.name);
	report_json_string_field(json, "direction",
				 direction_name((enum weir_direction)rule.direction));
	report_json_number_field(json, "index", rule.index);
	if (half->peer != WEIR_NONE)
		report_json_number_field(json, "peer", half->peer);
	if (half->port != WEIR_NONE)
		report_json_number_field(json, "port", half->port);
	if (rule.action[0])
		report_json_string_field(json, "action", rule.action);
	report_json_close(json, '}');
}

void half_json(struct report_json *json, const struct weir_policy *policy,
	       const struct weir_half *half)
{
	report_json_open(json, '{');
	report_json_string_field(json, "verdict", action_name(half->action));
	report_json_string_field(json, "reason", weir_reason_name((enum weir_reason)half->reason));
	if (half->rule != WEIR_NONE)
		rule_json(json, policy, half);
	report_json_close(json, '}');
}

void halves_json(struct report_json *json, const struct weir_policy *policy,
		 const struct weir_explanation *explanation)
{
	if (explanation->verdict.action == WEIR_AMBIGUOUS)
		return;
	report_json_key(json, "egress");
	half_json(json, policy, &explanation->egress);
	report_json_key(json, "ingress");
	half_json(json, policy, &explanation->ingress);
}
