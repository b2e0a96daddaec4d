/*
 * eval.c - weir eval: one connection, or a batch of them.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/query.h"

#include "considered.h"
#include "input.h"
#include "names.h"
#include "path.h"
#include "queries.h"
#include "table.h"

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_JSONL,
};

/* The number of an option, which stays as it is when the option is absent. False after a usage
 * error. */
static bool number_option(const struct invocation *invocation, enum option_id id, const char *name,
			  unsigned long max, unsigned long *out)
{
	const char *value = option_value(invocation, id);
	char *end;

	if (!value)
		return true;
	errno = 0;
	*out = strtoul(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && !*end && !errno && *out <= max)
		return true;
	complain(invocation->command, "--%s %s: must be a number from 0 to %lu", name, value, max);
	return false;
}

static bool query_endpoints(const struct invocation *invocation, struct weir_query *out)
{
	out->from = option_value(invocation, OPTION_FROM);
	out->to = option_value(invocation, OPTION_TO);
	if (out->from && out->to)
		return true;
	complain(invocation->command,
		 "--%s is missing: ns/pod, ns/Kind/name, an IP address or node/NAME "
		 "(or --queries FILE)",
		 out->from ? "to" : "from");
	return false;
}

static bool query_protocol(const struct invocation *invocation, struct weir_query *out)
{
	const char *value = option_value(invocation, OPTION_PROTOCOL);

	out->protocol = WEIR_PROTOCOL_TCP;
	if (!value || protocol_parse(value, &out->protocol))
		return true;
	complain(invocation->command,
		 "--protocol %s: must be tcp, udp, sctp, icmp, icmpv6 or a number from 0 to 255",
		 value);
	return false;
}

static bool query_numbers(const struct invocation *invocation, struct weir_query *out)
{
	unsigned long port = 0, source_port = 0, type = 0, code = 0;

	if (!number_option(invocation, OPTION_PORT, "port", UINT16_MAX, &port) ||
	    !number_option(invocation, OPTION_SOURCE_PORT, "source-port", UINT16_MAX,
			   &source_port) ||
	    !number_option(invocation, OPTION_ICMP_TYPE, "icmp-type", UINT8_MAX, &type) ||
	    !number_option(invocation, OPTION_ICMP_CODE, "icmp-code", UINT8_MAX, &code))
		return false;
	out->port = (uint16_t)port;
	out->has_port = option_given(invocation, OPTION_PORT);
	out->source_port = (uint16_t)source_port;
	out->icmp_type = (uint8_t)type;
	out->icmp_code = (uint8_t)code;
	out->has_icmp_type = option_given(invocation, OPTION_ICMP_TYPE);
	if (!option_given(invocation, OPTION_ICMP_CODE) || out->has_icmp_type)
		return true;
	complain(invocation->command, "--icmp-code needs --icmp-type");
	return false;
}

/* Questions come from a file or from the options, not from both. */
static bool check_queries(const struct invocation *invocation)
{
	static const enum option_id single[] = { OPTION_FROM,        OPTION_TO,
						 OPTION_PROTOCOL,    OPTION_PORT,
						 OPTION_SOURCE_PORT, OPTION_ICMP_TYPE,
						 OPTION_ICMP_CODE };

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (option_given(invocation, single[i])) {
			complain(invocation->command,
				 "--queries has the questions: --from, --to and what goes with "
				 "them cannot be given too");
			return false;
		}
	if (option_given(invocation, OPTION_OUTPUT) &&
	    option_choice(invocation, OPTION_OUTPUT) == FORMAT_TABLE) {
		complain(invocation->command, "--queries answers in JSON lines (-o jsonl)");
		return false;
	}
	return true;
}

static void print_style(const struct invocation *invocation, enum report_style style,
			const char *text)
{
	fputs(invocation->color_out ? report_style_begin(style) : "", stdout);
	fputs(text, stdout);
	fputs(invocation->color_out ? report_style_end(style) : "", stdout);
}

static enum report_style answer_style(const struct weir_answer *answer)
{
	return answer->kind == WEIR_ANSWER_MIXED ? REPORT_DOUBT : action_style(answer->kind);
}

static void print_question(const struct invocation *invocation, const struct weir_query *query,
			   const struct weir_answer *answer)
{
	char protocol[PROTOCOL_TEXT];

	protocol_format(query->protocol, protocol);
	print_style(invocation, answer_style(answer), answer_name(answer));
	printf("  %s -> %s %s", query->from, query->to, protocol);
	if (query->has_port)
		printf(" port %u", query->port);
	if (query->source_port)
		printf(" from port %u", query->source_port);
	if (query->has_icmp_type)
		printf(" type %u code %u", query->icmp_type, query->icmp_code);
	putchar('\n');
}

static void print_half(const struct invocation *invocation, const struct weir_policy *policy,
		       const struct weir_half *half, enum weir_direction direction)
{
	struct report_text words = { 0 };
	const char *name = direction == WEIR_EGRESS ? "egress" : "ingress";
	const char *prefix;

	half_in_words(policy, half, direction, &words);
	prefix = report_text_string(&words);
	if (half->reason != WEIR_REASON_RULE) /* the line begins with the direction already */
		prefix += strlen(name) + strlen(": ");
	printf("  %-7s  ", name);
	print_style(invocation, action_style(half->action), action_name(half->action));
	printf("%s  %s (%s)\n", half->action == WEIR_DENY ? " " : "", prefix,
	       weir_reason_name((enum weir_reason)half->reason));
	report_text_finish(&words);
}

static const char *why_ambiguous(const struct weir_answer *answer)
{
	static const char *const words[] = {
		[WEIR_WHY_NONE] = "",
		[WEIR_WHY_UNKNOWN_POD] =
			"no object owns one of the addresses, which is in a range of pods "
			"(unknown-pod)",
		[WEIR_WHY_SHARED_ADDRESS] = "pods that share an address disagree (shared-address)",
		[WEIR_WHY_DOMAIN_NAME] =
			"a rule allows domain names, and nobody knows whose address the "
			"destination is (domain-name)",
	};

	for (size_t i = 0; i < answer->pair_count; i++) {
		const struct weir_verdict *verdict = &answer->pairs[i].explanation.verdict;

		if (verdict->action == WEIR_AMBIGUOUS)
			return words[verdict->why];
	}
	return "";
}

static enum exit_code print_pairs(const struct invocation *invocation,
				  const struct weir_policy *policy,
				  const struct weir_answer *answer)
{
	static const struct report_column columns[] = {
		{ "VERDICT", REPORT_LEFT, 0 },
		{ "FROM", REPORT_LEFT, 0 },
		{ "TO", REPORT_LEFT, 0 },
		{ "DECIDED BY", REPORT_LEFT, 0 },
	};
	struct report_table *table = report_table_create(columns, 4);
	struct report_text words = { 0 };
	bool is_short;

	for (size_t i = 0; table && i < answer->pair_count; i++) {
		const struct weir_answer_pair *pair = &answer->pairs[i];
		uint8_t action = pair->explanation.verdict.action;

		report_text_clear(&words);
		decision_in_words(policy, &pair->explanation, &words);
		report_table_cell(table, action_style(action), action_name(action));
		report_table_cell(table, REPORT_PLAIN, pair->from);
		report_table_cell(table, REPORT_PLAIN, pair->to);
		report_table_cell(table, REPORT_PLAIN, report_text_string(&words));
	}
	report_text_finish(&words);
	is_short = !table || report_table_is_short(table);
	if (table)
		report_table_print(table, stdout,
				   &(struct report_table_look){ .color = invocation->color_out });
	report_table_destroy(table);
	if (!is_short)
		return EXIT_CLEAN;
	complain(invocation->command, "out of memory");
	return EXIT_USAGE;
}

/* One side: what decided, how it got there, and where it was isolated what could have allowed it.
 */
static bool print_side(const struct invocation *invocation, const struct weir_policy *policy,
		       const struct weir_key *key, const struct weir_half *half,
		       enum weir_direction direction)
{
	bool whole;

	print_half(invocation, policy, half, direction);
	whole = print_path(stdout, policy, key, half, direction);
	print_considered(stdout, policy, key, half, direction);
	return whole;
}

static enum exit_code print_answer(const struct invocation *invocation,
				   const struct weir_policy *policy, const struct weir_query *query,
				   const struct weir_answer *answer)
{
	const struct weir_explanation *first = &answer->pairs[0].explanation;
	const struct weir_key *key = &answer->pairs[0].key;

	print_question(invocation, query, answer);
	if (answer->kind == WEIR_ANSWER_MIXED) {
		putchar('\n');
		return print_pairs(invocation, policy, answer);
	}
	if (answer->kind == WEIR_ANSWER_AMBIGUOUS)
		printf("  %s\n", why_ambiguous(answer));
	if (!print_side(invocation, policy, key, &first->egress, WEIR_EGRESS) ||
	    !print_side(invocation, policy, key, &first->ingress, WEIR_INGRESS)) {
		complain(invocation->command, "out of memory");
		return EXIT_USAGE;
	}
	if (answer->pair_count > 1)
		printf("  the same for all %zu connections that this stands for; the reasons are "
		       "those of %s -> %s\n",
		       answer->pair_count, answer->pairs[0].from, answer->pairs[0].to);
	return EXIT_CLEAN;
}

static void print_answer_json(const struct weir_policy *policy, const struct weir_answer *answer)
{
	struct report_json json = report_json_to(stdout);

	report_json_open(&json, '{');
	answer_json(&json, policy, answer);
	report_json_close(&json, '}');
	report_json_end_line(&json);
}

static enum exit_code answer_code(const struct weir_answer *answer)
{
	switch (answer->kind) {
	case WEIR_ANSWER_ALLOW:
		return EXIT_CLEAN;
	case WEIR_ANSWER_DENY:
		return EXIT_DIFFERENT;
	default:
		return EXIT_INCONCLUSIVE;
	}
}

static enum exit_code ask_one(const struct invocation *invocation, const struct weir_query *query,
			      const struct weir_policy *policy, struct weir_querier *querier)
{
	struct weir_error error = { "" };
	struct weir_answer answer;
	int status = weir_querier_ask(querier, query, &answer, &error);
	enum exit_code code = EXIT_CLEAN;

	if (status) {
		complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
		return EXIT_USAGE;
	}
	if (option_choice(invocation, OPTION_OUTPUT) == FORMAT_TABLE)
		code = print_answer(invocation, policy, query, &answer);
	else
		print_answer_json(policy, &answer);
	return exit_code_worse(code, answer_code(&answer));
}

static enum exit_code run(const struct invocation *invocation)
{
	const char *queries = option_value(invocation, OPTION_QUERIES);
	struct weir_querier *querier = NULL;
	struct input input = { 0 };
	struct weir_query query = { 0 };
	enum exit_code code;
	int status;

	if (queries ? !check_queries(invocation)
		    : !query_endpoints(invocation, &query) || !query_protocol(invocation, &query) ||
			      !query_numbers(invocation, &query))
		return EXIT_USAGE;
	code = input_policy(&input, invocation);
	if (code == EXIT_CLEAN) {
		status = weir_querier_create(input.policy, NULL, &querier);
		if (status) {
			complain(invocation->command, "%s", strerror(-status));
			code = EXIT_USAGE;
		} else if (queries) {
			code = queries_answer(invocation->command, input.policy, querier, queries);
		} else {
			code = ask_one(invocation, &query, input.policy, querier);
		}
	}
	weir_querier_destroy(querier);
	input_finish(&input);
	return code;
}

static const struct option_spec question_specs[] = {
	{ OPTION_FROM, 0, "from", "ENDPOINT", NULL,
	  "who asks: ns/pod, ns/Kind/name (the pods of a workload, the backends of a Service), an "
	  "IP "
	  "address, or node/NAME" },
	{ OPTION_TO, 0, "to", "ENDPOINT", NULL,
	  "who is asked; an address of a Service is that Service" },
	{ OPTION_PROTOCOL, 0, "protocol", "NAME", NULL,
	  "tcp, udp, sctp, icmp, icmpv6 or a number (default tcp)" },
	{ OPTION_PORT, 0, "port", "NUMBER", NULL,
	  "the destination's port; of a Service, the Service's port" },
	{ OPTION_SOURCE_PORT, 0, "source-port", "NUMBER", NULL, "the source's port" },
	{ OPTION_ICMP_TYPE, 0, "icmp-type", "NUMBER", NULL,
	  "type of an ICMP or ICMPv6 packet (default: an echo request)" },
	{ OPTION_ICMP_CODE, 0, "icmp-code", "NUMBER", NULL, "its code" },
	{ OPTION_QUERIES, 0, "queries", "FILE", NULL,
	  "answer many: one JSON object a line in, one a line out; - is standard input" },
};
static const struct option_group question_options = OPTION_GROUP("Question", question_specs);

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json|jsonl",
	  "words, or a JSON object on one line" },
};
static const struct option_group output_options = OPTION_GROUP("Output", output_specs);

const struct command eval_command = {
	.name = "eval",
	.summary = "one verdict with its reasons, or many from a file of questions",
	.synopsis = "-f PATH --from E --to E [--protocol P] [--port N] [options]\n"
		    "       weir eval -f PATH --queries FILE [options]",
	.description =
		"Says whether the first packet of a connection is allowed, and for both sides "
		"which "
		"rule decided. Exits 0 for allow, 1 for deny, 4 for mixed (what the question "
		"stands "
		"for does not agree) or ambiguous. A file of questions exits 0 when each got an "
		"answer, 2 when any had an error; the others are answered all the same.",
	.examples = "  weir eval -f manifests/ --from app/frontend --to app/backend --port 80\n"
		    "  weir eval -f dump.json.gz --from app/Deployment/web --to 10.96.0.10 "
		    "--protocol udp --port 53\n",
	.groups = { &question_options, &policy_options, &semantics_options, &output_options,
		    &common_options },
	.run = run,
};
