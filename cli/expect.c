/*
 * expect.c - expected verdicts, read and compared with flows.
 *
 * A row's endpoints become sets of addresses when it is read, so that comparing a flow with a row
 * is a few comparisons of numbers. A Service is more than its addresses: the flow may have been
 * seen at the Service, or at a backend only, whose port is then the target port.
 */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/capture.h"
#include "weir/directory.h"

#include "csv.h"
#include "flow_text.h"
#include "json_reader.h"
#include "names.h"

enum column {
	COLUMN_FROM,
	COLUMN_TO,
	COLUMN_PROTOCOL,
	COLUMN_PORT,
	COLUMN_SOURCE_PORT,
	COLUMN_VERDICT,
	COLUMN_PACKET,
	COLUMNS,
};
static const char *const column_names[COLUMNS] = { "from",       "to",      "protocol", "port",
						   "sourcePort", "verdict", "packet" };

/* Bit i says that column i was given. */
static unsigned bit(enum column column)
{
	return 1u << column;
}

struct expected_endpoint {
	char *name;
	struct weir_address *addresses;
	size_t count;
	uint32_t service; /* WEIR_NONE when it is none */
};

enum outcome {
	OUTCOME_UNSEEN,
	OUTCOME_MATCHED,
	OUTCOME_MISMATCHED,
};

struct expectation {
	size_t line;
	unsigned given; /* bits of columns */
	struct expected_endpoint from, to;
	uint64_t packet;
	uint64_t packet_flow; /* UINT64_MAX: none */
	uint64_t wrong_flow;  /* the first flow with another verdict */
	uint16_t port, source_port;
	uint8_t protocol;
	uint8_t verdict;
	uint8_t outcome; /* enum outcome */
};

static void endpoint_finish(struct expected_endpoint *endpoint)
{
	free(endpoint->name);
	free(endpoint->addresses);
}

void expectations_finish(struct expectations *expectations)
{
	for (size_t i = 0; i < expectations->count; i++) {
		endpoint_finish(&expectations->rows[i].from);
		endpoint_finish(&expectations->rows[i].to);
	}
	free(expectations->rows);
	free(expectations->by_packet);
}

/* A row while it is read: its cells as text, in the shape that both formats come to. */
struct row_source {
	struct expectations *expectations;
	const char *cells[COLUMNS]; /* NULL or "": not given */
	size_t line;
	struct weir_error error;
};

static int fail(struct row_source *source, enum column column, const char *text)
{
	snprintf(source->error.text, sizeof(source->error.text), "%s %.200s: %.256s",
		 column_names[column], source->cells[column], text);
	return -EINVAL;
}

static bool is_given(const struct row_source *source, enum column column)
{
	return source->cells[column] && source->cells[column][0];
}

static int read_number(struct row_source *source, enum column column, uint64_t max, uint64_t *out)
{
	const char *text = source->cells[column];
	char message[64];
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= max)
		return 0;
	if (max == UINT64_MAX)
		return fail(source, column, "must be a whole number");
	snprintf(message, sizeof(message), "must be a whole number from 0 to %u", (unsigned)max);
	return fail(source, column, message);
}

/* The service that "ns/Service/name" or an address means, or WEIR_NONE. */
static uint32_t find_service(const struct weir_policy *policy, const char *name)
{
	static const char infix[] = "/Service/";
	const char *slash = strchr(name, '/');
	struct weir_address address;
	struct weir_owner owner;
	char *namespace_name;
	uint32_t found;

	if (!weir_address_parse(name, strlen(name), &address)) {
		weir_policy_owner(policy, &address, &owner);
		return owner.kind == WEIR_OWNER_SERVICE ? owner.index : WEIR_NONE;
	}
	if (!slash || strncmp(slash, infix, strlen(infix)) != 0)
		return WEIR_NONE;
	namespace_name = strndup(name, (size_t)(slash - name));
	if (!namespace_name)
		return WEIR_NONE;
	found = weir_policy_find_service(policy, namespace_name, slash + strlen(infix));
	free(namespace_name);
	return found;
}

static int read_addresses(struct row_source *source, struct expected_endpoint *out)
{
	struct weir_querier *querier = source->expectations->querier;
	int count = weir_querier_addresses(querier, out->name, NULL, 0, &source->error);

	if (count < 0)
		return count;
	out->addresses = calloc((size_t)count + 1, sizeof(*out->addresses));
	if (!out->addresses)
		return -ENOMEM;
	out->count = (size_t)count;
	count = weir_querier_addresses(querier, out->name, out->addresses, out->count,
				       &source->error);
	return count < 0 ? count : 0;
}

static int read_endpoint(struct row_source *source, enum column column,
			 struct expected_endpoint *out)
{
	int status;

	out->name = strdup(source->cells[column]);
	if (!out->name)
		return -ENOMEM;
	out->service = find_service(source->expectations->policy, out->name);
	status = read_addresses(source, out);
	if (status && source->error.text[0]) {
		struct weir_error inner = source->error;

		fail(source, column, inner.text);
	}
	return status;
}

static int read_column(struct row_source *source, enum column column, struct expectation *row)
{
	uint64_t number = 0;
	int status = 0;

	switch (column) {
	case COLUMN_FROM:
		return read_endpoint(source, column, &row->from);
	case COLUMN_TO:
		return read_endpoint(source, column, &row->to);
	case COLUMN_PROTOCOL:
		if (!protocol_parse(source->cells[column], &row->protocol))
			status = fail(source, column,
				      "must be TCP, UDP, SCTP, ICMP, ICMPv6 or a number from 0 to "
				      "255");
		break;
	case COLUMN_PORT:
		status = read_number(source, column, UINT16_MAX, &number);
		row->port = (uint16_t)number;
		break;
	case COLUMN_SOURCE_PORT:
		status = read_number(source, column, UINT16_MAX, &number);
		row->source_port = (uint16_t)number;
		break;
	case COLUMN_VERDICT:
		if (!action_parse(source->cells[column], &row->verdict))
			status = fail(source, column, "must be allow, deny or ambiguous");
		break;
	case COLUMN_PACKET:
		status = read_number(source, column, UINT64_MAX, &row->packet);
		if (!status && !row->packet)
			status = fail(source, column, "packets are numbered from 1");
		break;
	case COLUMNS:
		break;
	}
	return status;
}

static int fill_row(struct row_source *source, struct expectation *row)
{
	row->line = source->line;
	row->packet_flow = UINT64_MAX;
	for (enum column column = 0; column < COLUMNS; column++) {
		int status;

		if (!is_given(source, column))
			continue;
		status = read_column(source, column, row);
		if (status)
			return status;
		row->given |= bit(column);
	}
	if (!(row->given & ~bit(COLUMN_VERDICT))) {
		snprintf(source->error.text, sizeof(source->error.text),
			 "says nothing about which flows it means: give from, to, protocol, port, "
			 "sourcePort or packet");
		return -EINVAL;
	}
	return 0;
}

static int add_row(struct row_source *source)
{
	struct expectations *expectations = source->expectations;
	struct expectation *row;
	int status;

	if (expectations->count == expectations->capacity) {
		size_t capacity = expectations->capacity ? expectations->capacity * 2 : 64;
		struct expectation *rows =
			realloc(expectations->rows, capacity * sizeof(*expectations->rows));

		if (!rows)
			return -ENOMEM;
		expectations->rows = rows;
		expectations->capacity = capacity;
	}
	row = &expectations->rows[expectations->count++];
	memset(row, 0, sizeof(*row));
	status = fill_row(source, row);
	expectations->packet_count += (row->given & bit(COLUMN_PACKET)) != 0;
	return status;
}

/* False when the row was bad, which was told. */
static bool take_row(struct row_source *source, int status)
{
	if (!status)
		status = add_row(source);
	if (!status)
		return true;
	fflush(stdout);
	fprintf(stderr, "%s:%zu: %s\n", source->expectations->path, source->line,
		source->error.text[0] ? source->error.text : strerror(-status));
	return false;
}

/* Turns JSON values into cells; numbers are their own text, cut out into numbers[]. */
static int cells_from_json(struct row_source *source, const struct json_value *values,
			   char numbers[COLUMNS][24])
{
	for (enum column column = 0; column < COLUMNS; column++) {
		const struct json_value *value = &values[column];

		source->cells[column] = NULL;
		if (value->kind == JSON_ABSENT)
			continue;
		source->cells[column] = numbers[column];
		snprintf(numbers[column], 24, "%.*s", (int)value->raw_length, value->raw);
		if (value->kind == JSON_STRING && column != COLUMN_PORT &&
		    column != COLUMN_SOURCE_PORT && column != COLUMN_PACKET &&
		    value->text_length > 0 && strlen(value->text) == value->text_length)
			source->cells[column] = value->text;
		else if (value->kind != JSON_NUMBER || column == COLUMN_FROM ||
			 column == COLUMN_TO || column == COLUMN_VERDICT)
			return fail(source, column, "is not a value that this key takes");
	}
	return 0;
}

static bool read_json_lines(struct expectations *expectations, const char *at, const char *end)
{
	struct row_source source = { .expectations = expectations };
	struct json_scratch scratch = { 0 };
	bool is_good = true;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);
		struct json_value values[COLUMNS];
		char numbers[COLUMNS][24];
		int status;

		source.line++;
		source.error.text[0] = '\0';
		if (!json_is_blank(at, length)) {
			status = json_read_object(at, length, column_names, COLUMNS, &scratch,
						  values, &source.error);
			if (!status)
				status = cells_from_json(&source, values, numbers);
			is_good &= take_row(&source, status);
		}
		at += length + (newline != NULL);
	}
	json_scratch_finish(&scratch);
	return is_good;
}

struct csv_header {
	enum column columns[COLUMNS];
	size_t count;
};

static int read_csv_header(struct row_source *source, char **at, char *end,
			   struct csv_header *header)
{
	bool is_last = false;

	while (!is_last) {
		enum column column = 0;
		char *name;
		int status = report_csv_read(at, end, &name, &is_last);

		while (!status && column < COLUMNS && strcmp(column_names[column], name) != 0)
			column++;
		for (size_t i = 0; !status && i < header->count; i++)
			if (header->columns[i] == column)
				status = -EINVAL;
		if (status || column == COLUMNS || header->count == COLUMNS) {
			snprintf(
				source->error.text, sizeof(source->error.text),
				"the first line must name the columns, each once, out of from, to, "
				"protocol, port, sourcePort, verdict, packet");
			return -EINVAL;
		}
		header->columns[header->count++] = column;
	}
	return 0;
}

static int read_csv_row(struct row_source *source, char **at, char *end,
			const struct csv_header *header)
{
	bool is_last = false;
	size_t i = 0;

	memset(source->cells, 0, sizeof(source->cells));
	source->error.text[0] = '\0';
	while (!is_last) {
		char *cell;

		if (report_csv_read(at, end, &cell, &is_last) || i == header->count) {
			snprintf(source->error.text, sizeof(source->error.text),
				 "is no CSV row of %zu columns", header->count);
			return -EINVAL;
		}
		source->cells[header->columns[i++]] = cell;
	}
	return 0;
}

/* Behind a row that cannot be read the rest has no certain beginning: reading ends. */
static bool read_csv(struct expectations *expectations, char *at, char *end)
{
	struct row_source source = { .expectations = expectations, .line = 1 };
	struct csv_header header = { .count = 0 };
	int status = read_csv_header(&source, &at, end, &header);
	bool is_good = true;

	if (status)
		return take_row(&source, status);
	while (at < end && !status) {
		bool is_empty = *at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n');

		source.line++;
		if (is_empty) {
			at += *at == '\r' ? 2 : 1;
			continue;
		}
		status = read_csv_row(&source, &at, end, &header);
		is_good &= take_row(&source, status);
	}
	return is_good;
}

static bool read_text(struct expectations *expectations, char *text, size_t length)
{
	char *end = text + length;
	char *at = text;

	if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	text = at;
	while (at < end && json_is_blank(at, 1))
		at++;
	if (at == end)
		return true;
	return *at == '{' ? read_json_lines(expectations, text, end)
			  : read_csv(expectations, text, end);
}

static int by_packet(const void *a, const void *b)
{
	const struct expectation *const *left = a;
	const struct expectation *const *right = b;

	return ((*left)->packet > (*right)->packet) - ((*left)->packet < (*right)->packet);
}

static int sort_by_packet(struct expectations *expectations)
{
	size_t count = 0;

	expectations->by_packet =
		calloc(expectations->packet_count + 1, sizeof(struct expectation *));
	if (!expectations->by_packet)
		return -ENOMEM;
	for (size_t i = 0; i < expectations->count; i++)
		if (expectations->rows[i].given & bit(COLUMN_PACKET))
			expectations->by_packet[count++] = &expectations->rows[i];
	qsort(expectations->by_packet, count, sizeof(struct expectation *), by_packet);
	return 0;
}

enum exit_code expectations_read(struct expectations *expectations,
				 const struct invocation *invocation, const char *path)
{
	static const size_t largest = (size_t)1 << 30;
	struct weir_error error = { "" };
	struct weir_file file;
	int status = weir_file_load(path, largest, &file, &error);
	enum exit_code code = EXIT_USAGE;
	char *text;

	expectations->path = path;
	if (status) {
		complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
		return EXIT_USAGE;
	}
	text = malloc(file.length + 1); /* CSV is taken apart in place */
	if (!text) {
		complain(invocation->command, "out of memory");
	} else {
		memcpy(text, file.bytes, file.length);
		if (read_text(expectations, text, file.length))
			code = EXIT_CLEAN;
	}
	if (code == EXIT_CLEAN && sort_by_packet(expectations)) {
		complain(invocation->command, "out of memory");
		code = EXIT_USAGE;
	}
	free(text);
	weir_file_release(&file);
	return code;
}

void expectations_note_packet(struct expectations *expectations, uint64_t number, uint64_t flow)
{
	while (expectations->next_packet < expectations->packet_count) {
		struct expectation *row = expectations->by_packet[expectations->next_packet];

		if (row->packet > number)
			return;
		if (row->packet == number)
			row->packet_flow = flow;
		expectations->next_packet++;
	}
}

static bool has_address(const struct expected_endpoint *endpoint,
			const struct weir_address *address)
{
	for (size_t i = 0; i < endpoint->count; i++)
		if (weir_address_equal(&endpoint->addresses[i], address))
			return true;
	return false;
}

/* Where a flow arrived: at a pod or an address, or before that at a service. */
struct arrival {
	const struct weir_policy *policy;
	const struct expectation *row;
	const struct weir_flow *flow;
};

static bool is_expected_port(const struct expectation *row, uint16_t port)
{
	return !(row->given & bit(COLUMN_PORT)) || row->port == port;
}

/* To the service at its own address, under the service's port. */
static bool arrives_at_service(const struct arrival *arrival)
{
	return arrival->flow->service != WEIR_NONE &&
	       is_expected_port(arrival->row, flow_service_port(arrival->policy, arrival->flow));
}

static bool is_backend(const struct weir_service_port_view *port, const struct weir_flow *flow)
{
	for (uint32_t i = 0; i < port->backend_count; i++)
		if (port->backends[i].port == flow->to.port &&
		    weir_address_equal(&port->backends[i].address, &flow->to.address))
			return true;
	return false;
}

/* To a backend of the expected service, seen behind the translation only. */
static bool arrives_at_backend(const struct arrival *arrival)
{
	struct weir_service_view service;
	struct weir_service_port_view port;

	if (arrival->flow->service != WEIR_NONE || !arrival->flow->to.has_port)
		return false;
	weir_policy_service(arrival->policy, arrival->row->to.service, &service);
	for (uint32_t i = 0; i < service.port_count; i++) {
		weir_policy_service_port(arrival->policy, arrival->row->to.service, i, &port);
		if (port.protocol == arrival->flow->protocol &&
		    is_expected_port(arrival->row, port.port) && is_backend(&port, arrival->flow))
			return true;
	}
	return false;
}

static bool arrives_as_seen(const struct arrival *arrival)
{
	const struct weir_flow_side *to = &arrival->flow->to;

	return !(arrival->row->given & bit(COLUMN_PORT)) ||
	       (to->has_port && to->port == arrival->row->port);
}

static bool matches_to(const struct arrival *arrival)
{
	const struct expectation *row = arrival->row;
	const struct weir_flow *flow = arrival->flow;

	if (!(row->given & bit(COLUMN_TO)))
		return arrives_as_seen(arrival) || arrives_at_service(arrival);
	if (row->to.service != WEIR_NONE) {
		if (flow->service == row->to.service && arrives_at_service(arrival))
			return true;
		if (arrives_at_backend(arrival))
			return true;
		return flow->service == WEIR_NONE && !flow->to.has_port &&
		       arrives_as_seen(arrival) && has_address(&row->to, &flow->to.address);
	}
	return (arrives_as_seen(arrival) && has_address(&row->to, &flow->to.address)) ||
	       (arrives_at_service(arrival) && has_address(&row->to, &flow->service_address));
}

static bool matches(const struct weir_policy *policy, const struct expectation *row,
		    const struct weir_flow *flow)
{
	struct arrival arrival = { policy, row, flow };

	if ((row->given & bit(COLUMN_PROTOCOL)) && row->protocol != flow->protocol)
		return false;
	if ((row->given & bit(COLUMN_SOURCE_PORT)) &&
	    (!flow->from.has_port || flow->from.port != row->source_port))
		return false;
	if ((row->given & bit(COLUMN_FROM)) && !has_address(&row->from, &flow->from.address))
		return false;
	return matches_to(&arrival);
}

static void compare_row(struct expectation *row, const struct weir_flow *flow, uint64_t flow_index)
{
	bool is_right = !(row->given & bit(COLUMN_VERDICT)) || row->verdict == flow->verdict;

	if (row->outcome == OUTCOME_MISMATCHED)
		return;
	row->outcome = is_right ? OUTCOME_MATCHED : OUTCOME_MISMATCHED;
	row->wrong_flow = flow_index;
}

/* A row that names a packet is about one flow at most. */
static void compare_by_packet(struct expectations *expectations, const struct weir_trace *trace)
{
	for (size_t i = 0; i < expectations->packet_count; i++) {
		struct expectation *row = expectations->by_packet[i];
		struct weir_flow flow;

		if (row->packet_flow == UINT64_MAX)
			continue;
		weir_trace_flow(trace, row->packet_flow, &flow);
		if (matches(expectations->policy, row, &flow))
			compare_row(row, &flow, row->packet_flow);
	}
}

static void compare_with_all(struct expectations *expectations, const struct weir_trace *trace)
{
	uint64_t flows = weir_trace_flow_count(trace);

	for (uint64_t i = 0; i < flows; i++) {
		struct weir_flow flow;

		weir_trace_flow(trace, i, &flow);
		for (size_t j = 0; j < expectations->count; j++) {
			struct expectation *row = &expectations->rows[j];

			if (!(row->given & bit(COLUMN_PACKET)) &&
			    matches(expectations->policy, row, &flow))
				compare_row(row, &flow, i);
		}
	}
}

void expectations_compare(struct expectations *expectations, const struct weir_trace *trace)
{
	compare_by_packet(expectations, trace);
	if (expectations->packet_count < expectations->count)
		compare_with_all(expectations, trace);
	for (size_t i = 0; i < expectations->count; i++) {
		uint8_t outcome = expectations->rows[i].outcome;

		expectations->matched += outcome == OUTCOME_MATCHED;
		expectations->mismatched += outcome == OUTCOME_MISMATCHED;
		expectations->unseen += outcome == OUTCOME_UNSEEN;
	}
}

static void describe_row(const struct expectation *row, struct report_text *text)
{
	char protocol[PROTOCOL_TEXT];

	if (row->given & bit(COLUMN_FROM))
		report_text_format(text, " from %s", row->from.name);
	if (row->given & bit(COLUMN_SOURCE_PORT))
		report_text_format(text, " source port %u", row->source_port);
	if (row->given & bit(COLUMN_TO))
		report_text_format(text, " to %s", row->to.name);
	if (row->given & bit(COLUMN_PROTOCOL)) {
		protocol_format(row->protocol, protocol);
		report_text_format(text, " %s", protocol);
	}
	if (row->given & bit(COLUMN_PORT))
		report_text_format(text, " port %u", row->port);
	if (row->given & bit(COLUMN_PACKET))
		report_text_format(text, " packet %llu", (unsigned long long)row->packet);
}

static void describe_mismatch(const struct weir_policy *policy, const struct expectation *row,
			      const struct weir_trace *trace, struct report_text *text)
{
	struct weir_flow flow;

	weir_trace_flow(trace, row->wrong_flow, &flow);
	report_text_format(text, "expected %s, got %s:", action_name(row->verdict),
			   action_name(flow.verdict));
	describe_row(row, text);
	report_text_format(text, "; flow %llu ", (unsigned long long)flow.number);
	side_in_words(policy, &flow.from, text);
	report_text_add_string(text, " -> ");
	side_in_words(policy, &flow.to, text);
	report_text_add_string(text, ": ");
	flow_decision_in_words(policy, &flow, text);
}

void expectations_complain(const struct expectations *expectations, const struct weir_trace *trace)
{
	struct report_text text = { 0 };

	fflush(stdout);
	for (size_t i = 0; i < expectations->count; i++) {
		const struct expectation *row = &expectations->rows[i];

		if (row->outcome == OUTCOME_MATCHED)
			continue;
		report_text_clear(&text);
		if (row->outcome == OUTCOME_MISMATCHED) {
			describe_mismatch(expectations->policy, row, trace, &text);
		} else {
			report_text_add_string(&text, "expected a flow, saw none:");
			describe_row(row, &text);
		}
		fprintf(stderr, "%s:%zu: %s\n", expectations->path, row->line,
			report_text_string(&text));
	}
	report_text_finish(&text);
}
