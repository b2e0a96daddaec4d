/* One question put to everything that can answer it. */
#include "judges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "weir/directory.h"

static const char *const action_names[] = { "deny", "allow", "ambiguous" };
static const char *const why_names[] = { "none", "unknown-pod", "shared-address", "domain-name" };

static void collect(void *context, const struct weir_diagnostic *diagnostic)
{
	struct judges *judges = context;
	size_t length = strlen(judges->problems);

	if (diagnostic->severity == WEIR_SEVERITY_NOTE)
		return;
	snprintf(judges->problems + length, sizeof(judges->problems) - length,
		 "%s:%u:%u: %s: %s: %s\n", diagnostic->file ? diagnostic->file : "-",
		 diagnostic->line, diagnostic->column,
		 diagnostic->object ? diagnostic->object : "-",
		 diagnostic->field ? diagnostic->field : "-", diagnostic->text);
}

int judges_open(struct judges *judges, const char *yaml, const struct weir_semantics *semantics)
{
	struct weir_cluster_options options = { .sink = { collect, judges } };
	struct weir_error error;
	int status;

	memset(judges, 0, sizeof(*judges));
	judges->semantics = *semantics;
	status = weir_cluster_create(&options, &judges->cluster);
	if (!status)
		status = weir_cluster_read(judges->cluster, "test.yaml", WEIR_FOUND_NAMED, yaml,
					   strlen(yaml));
	if (!status)
		status = weir_cluster_finish(judges->cluster);
	if (!status)
		status = weir_cluster_resolve(judges->cluster, semantics, &judges->resolved);
	if (!status)
		status = weir_compile(judges->resolved, &(struct weir_compile_options){ 0 },
				      &judges->policy, &error);
	return status;
}

void judges_close(struct judges *judges)
{
	weir_policy_unref(judges->policy);
	weir_resolved_destroy(judges->resolved);
	weir_cluster_destroy(judges->cluster);
}

/* One half of an answer. */
struct half {
	uint8_t reason;
	const char *direction;
	const char *kind;
	const char *namespace_name; /* of a NetworkPolicy, else NULL or "" */
	const char *name;
	const char *action; /* of a cluster policy's rule, else NULL */
	uint32_t rule;
	uint32_t peer;
	uint32_t port;
};

static size_t format_half(const struct half *half, char *text, size_t size)
{
	bool ingress = half->direction[0] == 'i';
	int length;

	if (half->reason != WEIR_REASON_RULE)
		return (size_t)snprintf(text, size, "; %s",
					weir_reason_name((enum weir_reason)half->reason));
	if (half->action)
		length = snprintf(text, size, "; %s %s %s[%u]", half->kind, half->name,
				  half->direction, half->rule);
	else
		length = snprintf(text, size, "; %s %s/%s %s[%u]", half->kind, half->namespace_name,
				  half->name, half->direction, half->rule);
	if (half->peer != WEIR_NONE)
		length += snprintf(text + length, size - (size_t)length, " %s[%u]",
				   ingress ? "from" : "to", half->peer);
	if (half->port != WEIR_NONE)
		length += snprintf(text + length, size - (size_t)length, " ports[%u]", half->port);
	if (half->action)
		length += snprintf(text + length, size - (size_t)length, ": %s", half->action);
	return (size_t)length;
}

static void format_answer(struct weir_verdict verdict, const struct half halves[2], char *answer)
{
	size_t length = (size_t)snprintf(answer, ANSWER_TEXT, "%s", action_names[verdict.action]);

	if (verdict.action == WEIR_AMBIGUOUS) {
		snprintf(answer + length, ANSWER_TEXT - length, "; %s", why_names[verdict.why]);
		return;
	}
	length += format_half(&halves[0], answer + length, ANSWER_TEXT - length);
	format_half(&halves[1], answer + length, ANSWER_TEXT - length);
}

static void name_cluster_policy(const struct k8s_half *half, struct half *out)
{
	const struct k8s_cluster_policy *policy = half->cluster_policy;
	const struct k8s_cluster_rule *rules =
		out->direction[0] == 'i' ? policy->ingress : policy->egress;

	out->kind = policy->kind;
	out->name = policy->meta.name;
	out->action = rules[half->rule].action;
}

static struct half half_by_objects(const struct k8s_half *half, const char *direction)
{
	struct half out = { .reason = half->reason, .direction = direction };

	if (half->reason == WEIR_REASON_RULE) {
		if (half->cluster_policy) {
			name_cluster_policy(half, &out);
		} else {
			out.kind = "NetworkPolicy";
			out.namespace_name = half->policy->meta.namespace_name;
			out.name = half->policy->meta.name;
		}
		out.rule = half->rule;
		out.peer = half->peer;
		out.port = half->port;
	}
	return out;
}

void ask_reference(const struct judges *judges, const struct weir_key *key, char *answer)
{
	struct k8s_judgement judgement;
	struct half halves[2];

	k8s_reference_judge(judges->cluster, &judges->semantics, key, &judgement);
	halves[0] = half_by_objects(&judgement.egress, "egress");
	halves[1] = half_by_objects(&judgement.ingress, "ingress");
	format_answer(judgement.verdict, halves, answer);
}

static struct half half_by_origin(const struct weir_resolved *resolved,
				  const struct weir_half *half, const char *direction)
{
	struct half out = { .reason = half->reason, .direction = direction };

	if (half->reason == WEIR_REASON_RULE) {
		out.kind = resolved->origins[half->rule].kind;
		out.action = resolved->origins[half->rule].action;
		out.namespace_name = resolved->origins[half->rule].namespace_name;
		out.name = resolved->origins[half->rule].name;
		out.rule = resolved->origins[half->rule].index;
		out.peer = half->peer;
		out.port = half->port;
	}
	return out;
}

void ask_evaluator(const struct judges *judges, const struct weir_key *key, char *answer)
{
	struct weir_explanation explanation;
	struct half halves[2];

	weir_resolved_judge(judges->resolved, key, &explanation);
	halves[0] = half_by_origin(judges->resolved, &explanation.egress, "egress");
	halves[1] = half_by_origin(judges->resolved, &explanation.ingress, "ingress");
	format_answer(explanation.verdict, halves, answer);
}

/* The library's own words for reasons and rules, as users get them. */
static size_t format_compiled_half(const struct judges *judges, const struct weir_half *half,
				   char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "; ");

	if (half->reason == WEIR_REASON_RULE)
		return length +
		       weir_policy_format_rule(judges->policy, half, text + length, size - length);
	return length +
	       (size_t)snprintf(text + length, size - length, "%s", weir_reason_name(half->reason));
}

void ask_compiled(const struct judges *judges, const struct weir_key *key, char *answer)
{
	struct weir_explanation explanation;
	struct weir_verdict verdict;
	size_t length;

	weir_policy_classify(judges->policy, key, &verdict, 1);
	weir_policy_explain(judges->policy, key, &explanation);
	if (verdict.action != explanation.verdict.action ||
	    verdict.why != explanation.verdict.why) {
		snprintf(answer, ANSWER_TEXT, "classify says %s (%s), explain says %s (%s)",
			 action_names[verdict.action], why_names[verdict.why],
			 action_names[explanation.verdict.action],
			 why_names[explanation.verdict.why]);
		return;
	}
	if (verdict.action == WEIR_AMBIGUOUS) {
		snprintf(answer, ANSWER_TEXT, "ambiguous; %s", why_names[verdict.why]);
		return;
	}
	length = (size_t)snprintf(answer, ANSWER_TEXT, "%s", action_names[verdict.action]);
	length += format_compiled_half(judges, &explanation.egress, answer + length,
				       ANSWER_TEXT - length);
	format_compiled_half(judges, &explanation.ingress, answer + length, ANSWER_TEXT - length);
}

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "tcp", WEIR_PROTOCOL_TCP },       { "udp", WEIR_PROTOCOL_UDP },
	{ "sctp", WEIR_PROTOCOL_SCTP },     { "icmp", WEIR_PROTOCOL_ICMP },
	{ "icmpv6", WEIR_PROTOCOL_ICMPV6 },
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

/* "tcp", "icmp:8" (a type), "proto:47". */
static bool protocol_of(const char *text, struct weir_key *key)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	uint8_t number = colon ? (uint8_t)atoi(colon + 1) : 0;

	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (strlen(protocols[i].name) == length &&
		    strncmp(protocols[i].name, text, length) == 0) {
			key->protocol = protocols[i].number;
			key->icmp_type = number;
			return true;
		}
	}
	key->protocol = number;
	return colon && strncmp(text, "proto", length) == 0;
}

static bool flag_of(const char *word, struct weir_key *key)
{
	if (strcmp(word, "egress") == 0)
		key->flags &= (uint8_t)~WEIR_KEY_INGRESS;
	else if (strcmp(word, "ingress") == 0)
		key->flags &= (uint8_t)~WEIR_KEY_EGRESS;
	else if (strcmp(word, "external") == 0)
		key->flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
	else if (strcmp(word, "service") == 0)
		key->flags |= WEIR_KEY_HAIRPIN;
	else
		return false;
	return true;
}

bool key_of(const char *text, struct weir_key *key)
{
	char protocol[16], source[64], destination[64], words[2][16];
	unsigned port = 0;
	int read = sscanf(text, "%15s %63s %63s %u %15s %15s", protocol, source, destination, &port,
			  words[0], words[1]);

	memset(key, 0, sizeof(*key));
	key->flags = WEIR_KEY_BOTH;
	if (read < 4 || !protocol_of(protocol, key) || port > UINT16_MAX ||
	    weir_address_parse(source, strlen(source), &key->source) ||
	    weir_address_parse(destination, strlen(destination), &key->destination))
		return false;
	key->destination_port = (uint16_t)port;
	for (int i = 4; i < read; i++) {
		if (!flag_of(words[i - 4], key))
			return false;
	}
	return true;
}

static void format_protocol(const struct weir_key *key, char *text, size_t size)
{
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (protocols[i].number != key->protocol)
			continue;
		if (key->icmp_type)
			snprintf(text, size, "%s:%u", protocols[i].name, key->icmp_type);
		else
			snprintf(text, size, "%s", protocols[i].name);
		return;
	}
	snprintf(text, size, "proto:%u", key->protocol);
}

void format_key(const struct weir_key *key, char *text, size_t size)
{
	char protocol[16], source[WEIR_ADDRESS_TEXT], destination[WEIR_ADDRESS_TEXT];

	format_protocol(key, protocol, sizeof(protocol));
	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, destination);
	snprintf(text, size, "%s %s %s %u%s%s%s", protocol, source, destination,
		 key->destination_port, key->flags & WEIR_KEY_INGRESS ? "" : " egress",
		 key->flags & WEIR_KEY_EGRESS ? "" : " ingress",
		 key->flags & WEIR_KEY_UNKNOWN_EXTERNAL ? " external" : "");
}
