#include "queries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_reader.h"
#include "names.h"

enum {
	KEY_ID,
	KEY_FROM,
	KEY_TO,
	KEY_PROTOCOL,
	KEY_PORT,
	KEY_SOURCE_PORT,
	KEY_ICMP_TYPE,
	KEY_ICMP_CODE,
	KEYS,
};
static const char *const keys[KEYS] = { "id",   "from",       "to",       "protocol",
					"port", "sourcePort", "icmpType", "icmpCode" };

const char *answer_name(const struct weir_answer *answer)
{
	return answer->kind == WEIR_ANSWER_MIXED ? "mixed" : action_name(answer->kind);
}

void answer_json(struct report_json *json, const struct weir_policy *policy,
		 const struct weir_answer *answer)
{
	report_json_string_field(json, "verdict", answer_name(answer));
	if (answer->kind == WEIR_ANSWER_ALLOW || answer->kind == WEIR_ANSWER_DENY)
		halves_json(json, policy, &answer->pairs[0].explanation);
	if (answer->kind != WEIR_ANSWER_MIXED)
		return;
	report_json_key(json, "pods");
	report_json_open(json, '[');
	for (size_t i = 0; i < answer->pair_count; i++) {
		const struct weir_answer_pair *pair = &answer->pairs[i];

		report_json_open(json, '{');
		report_json_string_field(json, "from", pair->from);
		report_json_string_field(json, "to", pair->to);
		report_json_string_field(json, "verdict",
					 action_name(pair->explanation.verdict.action));
		report_json_close(json, '}');
	}
	report_json_close(json, ']');
}

static int fail(struct weir_error *error, const char *key, const char *text)
{
	snprintf(error->text, sizeof(error->text), "\"%s\" %s", key, text);
	return -EINVAL;
}

static int take_endpoint(const struct json_value *values, int key, const char **out,
			 struct weir_error *error)
{
	const struct json_value *value = &values[key];

	if (value->kind == JSON_ABSENT)
		return fail(error, keys[key], "is missing");
	if (value->kind != JSON_STRING || strlen(value->text) != value->text_length)
		return fail(error, keys[key],
			    "must be an endpoint: \"ns/pod\", \"ns/Kind/name\", an IP address or "
			    "\"node/NAME\"");
	*out = value->text;
	return 0;
}

static int take_protocol(const struct json_value *value, uint8_t *out, struct weir_error *error)
{
	uint64_t number;

	if (value->kind == JSON_ABSENT)
		return fail(error, "protocol", "is missing");
	if (json_whole_number(value, UINT8_MAX, &number)) {
		*out = (uint8_t)number;
		return 0;
	}
	if (value->kind == JSON_STRING && strlen(value->text) == value->text_length &&
	    (value->text[0] < '0' || value->text[0] > '9') && protocol_parse(value->text, out))
		return 0;
	return fail(error, "protocol",
		    "must be \"TCP\", \"UDP\", \"SCTP\", \"ICMP\", \"ICMPv6\" or a number from 0 "
		    "to 255");
}

/* A number that may be absent: then *out and *given stay. */
static int take_number(const struct json_value *values, int key, uint64_t max, uint64_t *out,
		       bool *given, struct weir_error *error)
{
	char text[64];

	if (values[key].kind == JSON_ABSENT)
		return 0;
	if (!json_whole_number(&values[key], max, out)) {
		snprintf(text, sizeof(text), "must be a whole number from 0 to %u", (unsigned)max);
		return fail(error, keys[key], text);
	}
	*given = true;
	return 0;
}

static int take_numbers(const struct json_value *values, struct weir_query *out,
			struct weir_error *error)
{
	uint64_t port = 0, source_port = 0, type = 0, code = 0;
	bool ignored, has_code = false;
	int status = take_number(values, KEY_PORT, UINT16_MAX, &port, &out->has_port, error);

	if (!status)
		status = take_number(values, KEY_SOURCE_PORT, UINT16_MAX, &source_port, &ignored,
				     error);
	if (!status)
		status = take_number(values, KEY_ICMP_TYPE, UINT8_MAX, &type, &out->has_icmp_type,
				     error);
	if (!status)
		status = take_number(values, KEY_ICMP_CODE, UINT8_MAX, &code, &has_code, error);
	if (!status && has_code && !out->has_icmp_type)
		status = fail(error, "icmpCode", "needs \"icmpType\"");
	if (status)
		return status;
	out->port = (uint16_t)port;
	out->source_port = (uint16_t)source_port;
	out->icmp_type = (uint8_t)type;
	out->icmp_code = (uint8_t)code;
	return 0;
}

static int query_from_values(const struct json_value *values, struct weir_query *out,
			     struct weir_error *error)
{
	int status;

	memset(out, 0, sizeof(*out));
	status = take_endpoint(values, KEY_FROM, &out->from, error);
	if (!status)
		status = take_endpoint(values, KEY_TO, &out->to, error);
	if (!status)
		status = take_protocol(&values[KEY_PROTOCOL], &out->protocol, error);
	return status ? status : take_numbers(values, out, error);
}

struct batch {
	const struct weir_policy *policy;
	struct weir_querier *querier;
	struct json_scratch scratch;
	struct report_json json;
	size_t errors;
};

static void answer_line(struct batch *batch, const char *line, size_t length)
{
	struct report_json *json = &batch->json;
	struct json_value values[KEYS];
	struct weir_error error = { "" };
	struct weir_query query;
	struct weir_answer answer;
	int status = json_read_object(line, length, keys, KEYS, &batch->scratch, values, &error);

	if (!status)
		status = query_from_values(values, &query, &error);
	if (!status)
		status = weir_querier_ask(batch->querier, &query, &answer, &error);
	report_json_open(json, '{');
	report_json_key(json, "id");
	if (values[KEY_ID].kind == JSON_ABSENT)
		report_json_raw(json, "null", 4);
	else
		report_json_raw(json, values[KEY_ID].raw, values[KEY_ID].raw_length);
	if (status) {
		batch->errors++;
		report_json_string_field(json, "verdict", "error");
		report_json_string_field(json, "error",
					 error.text[0] ? error.text : strerror(-status));
	} else {
		answer_json(json, batch->policy, &answer);
	}
	report_json_close(json, '}');
	report_json_end_line(json);
}

static enum exit_code answer_file(struct batch *batch, const struct command *command, FILE *file,
				  const char *path)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool failed;

	while ((length = getline(&line, &size, file)) >= 0) {
		while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
			length--;
		if (!json_is_blank(line, (size_t)length))
			answer_line(batch, line, (size_t)length);
	}
	failed = ferror(file) != 0;
	if (failed)
		complain(command, "%s: %s", path, strerror(errno));
	free(line);
	return failed || batch->errors ? EXIT_USAGE : EXIT_CLEAN;
}

enum exit_code queries_answer(const struct command *command, const struct weir_policy *policy,
			      struct weir_querier *querier, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "r");
	struct batch batch = {
		.policy = policy,
		.querier = querier,
		.json = report_json_to(stdout),
	};
	enum exit_code code;

	if (!file) {
		complain(command, "%s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	code = answer_file(&batch, command, file, path);
	json_scratch_finish(&batch.scratch);
	if (!is_stdin)
		fclose(file);
	return code;
}
