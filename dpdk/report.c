#include "report.h"

#include <errno.h>
#include <inttypes.h>

#include "table.h"

struct outcome report_outcome(const struct dataplane_counters *counters)
{
	const struct weir_worker_counters *worker = &counters->loops.worker;
	uint64_t waited = worker->packets[WEIR_PACKET_WAIT];
	struct outcome outcome = { .not_ip = worker->why[WEIR_PACKET_UNJUDGED] };

	for (unsigned i = 0; i < WEIR_MALFORMED_REASONS; i++)
		outcome.malformed += worker->malformed[i];
	outcome.opaque = worker->why[WEIR_PACKET_UNREADABLE] - outcome.malformed;
	outcome.allowed =
		worker->packets[WEIR_PACKET_ALLOW] - outcome.not_ip + worker->released[WEIR_ALLOW];
	/* Who waits still is not allowed. */
	outcome.denied = worker->packets[WEIR_PACKET_DENY] - worker->why[WEIR_PACKET_UNREADABLE] +
			 waited - worker->released[WEIR_ALLOW];
	outcome.packets = outcome.allowed + outcome.denied + outcome.not_ip + outcome.opaque +
			  outcome.malformed;
	return outcome;
}

void report_loops_each(const struct dataplane_counters *counters, counter_teller *tell,
		       void *context)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "handed_to_other_cores", counters->loops.handed },
		{ "lost_between_cores", counters->loops.unhanded },
		{ "fragments_waiting", counters->loops.held },
		{ "policies", counters->policies },
		{ "policies_refused", counters->refused_policies },
		{ "samples", counters->samples },
		{ "samples_lost", counters->lost_samples },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].value)
			tell(context, numbers[i].name, numbers[i].value);
	}
}

/* Of all rules that decided, under the lock that keeps the policy. */
static int each_rule(struct dataplane *dataplane, counter_teller *tell, void *context)
{
	int status;

	pthread_mutex_lock(&dataplane->lock);
	status = worker_rules_each(dataplane->slot, dataplane->policy, tell, context);
	pthread_mutex_unlock(&dataplane->lock);
	return status;
}

static int print_ports(const struct dataplane *dataplane, const struct dataplane_counters *counters,
		       FILE *file)
{
	static const struct report_column columns[] = {
		{ "PORT", REPORT_LEFT, 0 },      { "TO", REPORT_LEFT, 0 },
		{ "RECEIVED", REPORT_RIGHT, 0 }, { "SENT", REPORT_RIGHT, 0 },
		{ "UNSENT", REPORT_RIGHT, 0 },   { "MISSED", REPORT_RIGHT, 0 },
		{ "ERRORS", REPORT_RIGHT, 0 },
	};
	const struct report_table_look look = { 0 };
	const struct ports *ports = &dataplane->ports;
	struct report_table *table =
		report_table_create(columns, sizeof(columns) / sizeof(columns[0]));

	if (!table)
		return -ENOMEM;
	for (uint16_t i = 0; i < ports->count; i++) {
		const struct port_counters *port = &counters->loops.port[i];
		const uint64_t numbers[] = { port->received, port->sent, port->unsent,
					     counters->missed[i] };

		report_table_cell(table, REPORT_PLAIN, ports->port[i].name);
		report_table_cell(table, REPORT_PLAIN,
				  ports->port[ports->to[ports->port[i].id]].name);
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			report_table_cell_format(table, REPORT_PLAIN, "%" PRIu64, numbers[j]);
		/* A column that shows where there are some. */
		if (counters->errors[i])
			report_table_cell_format(table, REPORT_PLAIN, "%" PRIu64,
						 counters->errors[i]);
		else
			report_table_cell(table, REPORT_PLAIN, "");
	}
	report_table_print(table, file, &look);
	report_table_destroy(table);
	return 0;
}

int report_text(struct dataplane *dataplane, const struct dataplane_counters *counters, FILE *file)
{
	struct outcome outcome = report_outcome(counters);
	int status = print_ports(dataplane, counters, file);

	fprintf(file,
		"\npackets    %" PRIu64 " = %" PRIu64 " allowed + %" PRIu64 " denied + %" PRIu64
		" not_ip + %" PRIu64 " opaque + %" PRIu64 " malformed\n\n",
		outcome.packets, outcome.allowed, outcome.denied, outcome.not_ip, outcome.opaque,
		outcome.malformed);
	fputs("by why they were answered so, and flows\n", file);
	worker_counters_each(&counters->loops.worker, tell_line, file);
	report_loops_each(counters, tell_line, file);
	fputs("connections by the rule that decided\n", file);
	return status ? status : each_rule(dataplane, tell_line, file);
}

static void ports_json(const struct dataplane *dataplane, const struct dataplane_counters *counters,
		       struct report_json *json)
{
	const struct ports *ports = &dataplane->ports;

	report_json_key(json, "ports");
	report_json_open(json, '[');
	for (uint16_t i = 0; i < ports->count; i++) {
		const struct port_counters *port = &counters->loops.port[i];

		report_json_open(json, '{');
		report_json_string_field(json, "port", ports->port[i].name);
		report_json_string_field(json, "to",
					 ports->port[ports->to[ports->port[i].id]].name);
		report_json_number_field(json, "received", port->received);
		report_json_number_field(json, "received_bytes", port->received_bytes);
		report_json_number_field(json, "sent", port->sent);
		report_json_number_field(json, "sent_bytes", port->sent_bytes);
		report_json_number_field(json, "unsent", port->unsent);
		report_json_number_field(json, "missed", counters->missed[i]);
		report_json_number_field(json, "errors", counters->errors[i]);
		report_json_close(json, '}');
	}
	report_json_close(json, ']');
}

int report_json(struct dataplane *dataplane, const struct dataplane_counters *counters,
		struct report_json *json)
{
	struct outcome outcome = report_outcome(counters);
	int status;

	report_json_open(json, '{');
	ports_json(dataplane, counters, json);
	report_json_number_field(json, "packets", outcome.packets);
	report_json_number_field(json, "allowed", outcome.allowed);
	report_json_number_field(json, "denied", outcome.denied);
	report_json_number_field(json, "not_ip", outcome.not_ip);
	report_json_number_field(json, "opaque", outcome.opaque);
	report_json_number_field(json, "malformed", outcome.malformed);
	report_json_object_field(json, "live");
	worker_counters_each(&counters->loops.worker, tell_json, json);
	report_loops_each(counters, tell_json, json);
	report_json_close(json, '}');
	report_json_object_field(json, "rules");
	status = each_rule(dataplane, tell_json, json);
	report_json_close(json, '}');
	report_json_close(json, '}');
	return status;
}
