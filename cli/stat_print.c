#include "stat_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "table.h"

/* Tables. */

static void cell(struct report_table *table, uint64_t value)
{
	report_table_cell_format(table, REPORT_PLAIN, "%" PRIu64, value);
}

/* Of what was not there before from 0 on; empty where a count began anew. */
static void rate_cell(struct report_table *table, uint64_t now, uint64_t then,
		      const struct stat_before *before)
{
	if (!before || now < then || before->seconds <= 0)
		report_table_cell(table, REPORT_PLAIN, "");
	else
		report_table_cell_format(table, REPORT_PLAIN, "%.0f",
					 (double)(now - then) / before->seconds);
}

static void print_and_destroy(struct report_table *table, bool color)
{
	const struct report_table_look look = { .color = color };

	report_table_print(table, stdout, &look);
	report_table_destroy(table);
	putchar('\n');
}

static void add_port(struct report_table *table, const struct stat_entry *port,
		     const struct stat_before *before)
{
	static const enum stat_port_number shown[] = { STAT_RECEIVED, STAT_SENT, STAT_UNSENT,
						       STAT_MISSED };
	static const enum stat_port_number rates[] = { STAT_RECEIVED, STAT_SENT };
	const char *name = report_text_string(&port->name);
	const struct stat_entry *was =
		before ? stat_list_find(&before->reading->ports, name) : NULL;

	report_table_cell(table, REPORT_PLAIN, name);
	report_table_cell(table, REPORT_PLAIN, report_text_string(&port->to));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		cell(table, port->numbers[shown[i]]);
	if (port->numbers[STAT_ERRORS])
		cell(table, port->numbers[STAT_ERRORS]);
	else
		report_table_cell(table, REPORT_PLAIN, "");
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		rate_cell(table, port->numbers[rates[i]], was ? was->numbers[rates[i]] : 0, before);
}

static void print_ports(const struct stat_list *ports, const struct stat_before *before, bool color)
{
	static const struct report_column columns[] = {
		{ "PORT", REPORT_LEFT, 0 },      { "TO", REPORT_LEFT, 0 },
		{ "RECEIVED", REPORT_RIGHT, 0 }, { "SENT", REPORT_RIGHT, 0 },
		{ "UNSENT", REPORT_RIGHT, 0 },   { "MISSED", REPORT_RIGHT, 0 },
		{ "ERRORS", REPORT_RIGHT, 0 },   { "RECEIVED/s", REPORT_RIGHT, 0 },
		{ "SENT/s", REPORT_RIGHT, 0 },
	};
	struct report_table *table =
		report_table_create(columns, sizeof(columns) / sizeof(columns[0]));

	if (!table)
		return;
	for (size_t i = 0; i < ports->count; i++)
		add_port(table, &ports->entries[i], before);
	print_and_destroy(table, color);
}

/* A table of what has a name and a number. */

static struct report_table *begin_counts(struct report_column columns[3], const char *title)
{
	columns[0] = (struct report_column){ title, REPORT_LEFT, 0 };
	columns[1] = (struct report_column){ "COUNT", REPORT_RIGHT, 0 };
	columns[2] = (struct report_column){ "/s", REPORT_RIGHT, 0 };
	return report_table_create(columns, 3);
}

static void add_count(struct report_table *table, const char *name, uint64_t now, uint64_t then,
		      const struct stat_before *before)
{
	report_table_cell(table, REPORT_PLAIN, name);
	cell(table, now);
	rate_cell(table, now, then, before);
}

static void print_outcome(const struct stat_reading *reading, const struct stat_before *before,
			  bool color)
{
	struct report_column columns[3];
	struct report_table *table = begin_counts(columns, "PACKETS");

	if (!table)
		return;
	for (size_t i = 0; i < STAT_OUTCOMES; i++)
		add_count(table, stat_outcome_names[i], reading->outcome[i],
			  before ? before->reading->outcome[i] : 0, before);
	print_and_destroy(table, color);
}

static void print_list(const char *title, const struct stat_list *list,
		       const struct stat_list *list_before, const struct stat_before *before,
		       bool color)
{
	struct report_column columns[3];
	struct report_table *table = begin_counts(columns, title);

	if (!table)
		return;
	for (size_t i = 0; i < list->count; i++) {
		const char *name = report_text_string(&list->entries[i].name);
		const struct stat_entry *was =
			list_before ? stat_list_find(list_before, name) : NULL;

		add_count(table, name, list->entries[i].value, was ? was->value : 0, before);
	}
	print_and_destroy(table, color);
}

void stat_print_table(const struct stat_reading *reading, const struct stat_before *before,
		      bool color)
{
	print_ports(&reading->ports, before, color);
	print_outcome(reading, before, color);
	print_list("WHY, FLOWS", &reading->live, before ? &before->reading->live : NULL, before,
		   color);
	print_list("CONNECTIONS BY RULE", &reading->rules, before ? &before->reading->rules : NULL,
		   before, color);
}

/* JSON. */

static void list_json(struct report_json *json, const char *key, const struct stat_list *list)
{
	report_json_object_field(json, key);
	for (size_t i = 0; i < list->count; i++)
		report_json_number_field(json, report_text_string(&list->entries[i].name),
					 list->entries[i].value);
	report_json_close(json, '}');
}

void stat_print_json(const struct stat_reading *reading)
{
	struct report_json json = report_json_to(stdout);

	report_json_open(&json, '{');
	report_json_key(&json, "ports");
	report_json_open(&json, '[');
	for (size_t i = 0; i < reading->ports.count; i++) {
		const struct stat_entry *port = &reading->ports.entries[i];

		report_json_open(&json, '{');
		report_json_string_field(&json, "port", report_text_string(&port->name));
		report_json_string_field(&json, "to", report_text_string(&port->to));
		for (size_t j = 0; j < STAT_PORT_NUMBERS; j++)
			report_json_number_field(&json, stat_port_number_names[j],
						 port->numbers[j]);
		report_json_close(&json, '}');
	}
	report_json_close(&json, ']');
	for (size_t i = 0; i < STAT_OUTCOMES; i++)
		report_json_number_field(&json, stat_outcome_names[i], reading->outcome[i]);
	list_json(&json, "live", &reading->live);
	list_json(&json, "rules", &reading->rules);
	report_json_close(&json, '}');
	report_json_end_line(&json);
}

/* Prometheus. */

static void describe(const char *metric, const char *type, const char *help)
{
	printf("# HELP weir_%s %s\n# TYPE weir_%s %s\n", metric, help, metric, type);
}

/* A sample; backslash, quote and line break are escaped in a label's value. */
static void sample(const char *metric, const char *label, const char *value, uint64_t number)
{
	printf("weir_%s{%s=\"", metric, label);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", stdout);
		else if (*value == '\\' || *value == '"')
			printf("\\%c", *value);
		else
			putchar(*value);
	}
	printf("\"} %" PRIu64 "\n", number);
}

static void prometheus_ports(const struct stat_list *ports)
{
	static const struct {
		const char *metric;
		const char *help;
	} metrics[STAT_PORT_NUMBERS] = {
		[STAT_RECEIVED] = { "port_received_packets_total", "Packets that came in." },
		[STAT_RECEIVED_BYTES] = { "port_received_bytes_total", "Their bytes." },
		[STAT_SENT] = { "port_sent_packets_total", "Packets that left." },
		[STAT_SENT_BYTES] = { "port_sent_bytes_total", "Their bytes." },
		[STAT_UNSENT] = { "port_unsent_packets_total",
				  "Packets that the port did not take: dropped." },
		[STAT_MISSED] = { "port_missed_packets_total",
				  "Packets that came too fast for the port's queues." },
		[STAT_ERRORS] = { "port_errors_total",
				  "Packets that the port took, and could not send." },
	};

	for (size_t i = 0; i < STAT_PORT_NUMBERS; i++) {
		describe(metrics[i].metric, "counter", metrics[i].help);
		for (size_t j = 0; j < ports->count; j++)
			sample(metrics[i].metric, "port",
			       report_text_string(&ports->entries[j].name),
			       ports->entries[j].numbers[i]);
	}
}

/* What stands under "live" besides the reasons. */
static const struct {
	const char *name;
	const char *metric;
	const char *type;
	const char *help;
} others[] = {
	{ "handed_to_other_cores", "handed_packets_total", "counter",
	  "Packets that a core handed to the one whose they are." },
	{ "lost_between_cores", "lost_between_cores_packets_total", "counter",
	  "Packets that the other core had no room for: dropped." },
	{ "fragments_waiting", "waiting_fragments", "gauge",
	  "Fragments that wait for their first." },
	{ "policies", "policies_total", "counter", "Policies that have been in force." },
	{ "samples", "samples_total", "counter", "Denied packets that were written to a file." },
	{ "samples_lost", "lost_samples_total", "counter",
	  "Denied packets that came faster than they could be written." },
	{ "policies_refused", "refused_policies_total", "counter",
	  "Policies that could not be read or put in force." },
};

static const char flow_prefix[] = "flows_";

static bool is_of_flows(const char *name)
{
	return strncmp(name, flow_prefix, sizeof(flow_prefix) - 1) == 0;
}

static bool is_why(const char *name)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(name, others[i].name) == 0)
			return false;
	}
	return !is_of_flows(name);
}

static void prometheus_live(const struct stat_list *live)
{
	describe("answers_total", "counter", "Packets by why they were answered so.");
	for (size_t i = 0; i < live->count; i++) {
		const char *name = report_text_string(&live->entries[i].name);

		if (is_why(name))
			sample("answers_total", "why", name, live->entries[i].value);
	}
	describe("flows_total", "counter", "Connections by what happened to them in the table.");
	for (size_t i = 0; i < live->count; i++) {
		const char *name = report_text_string(&live->entries[i].name);

		if (is_of_flows(name))
			sample("flows_total", "event", name + sizeof(flow_prefix) - 1,
			       live->entries[i].value);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct stat_entry *entry = stat_list_find(live, others[i].name);

		describe(others[i].metric, others[i].type, others[i].help);
		printf("weir_%s %" PRIu64 "\n", others[i].metric, entry ? entry->value : 0);
	}
}

void stat_print_prometheus(const struct stat_reading *reading)
{
	describe("packets_total", "counter", "Packets by what became of them.");
	for (size_t i = STAT_ALLOWED; i < STAT_OUTCOMES; i++)
		sample("packets_total", "verdict", stat_outcome_names[i], reading->outcome[i]);
	prometheus_ports(&reading->ports);
	prometheus_live(&reading->live);
	describe("rule_connections_total", "counter", "Connections by the rule that decided.");
	for (size_t i = 0; i < reading->rules.count; i++)
		sample("rule_connections_total", "rule",
		       report_text_string(&reading->rules.entries[i].name),
		       reading->rules.entries[i].value);
}
