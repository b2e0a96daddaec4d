/*
 * list.c - weir list: who may reach whom.
 */
#include "command.h"

#include <errno.h>
#include <string.h>

#include "weir/list.h"

#include "csv.h"
#include "input.h"
#include "json.h"
#include "ranges.h"
#include "table.h"

enum format {
	FORMAT_TABLE,
	FORMAT_WIDE,
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_DOT,
};

/* Rows that a table holds before it prints them. */
enum {
	ROWS_AT_ONCE = 4096,
};

struct view {
	struct weir_list *list;
	struct report_table *table;
	struct report_table_look look;
	struct report_json json;
	struct report_csv csv;
	struct report_text ports; /* of the last row: neighbours mostly have the same */
	uint32_t ports_shown;
	size_t widths[2]; /* of the names of both ends */
	size_t rows;
	bool is_wide;
	bool wants_ambiguous;
	bool has_ambiguous;
};

/* Names of ends: a row is as many lines as its ends have names. */

/* The name at *at, which moves on; NULL behind the last. */
typedef const char *name_function(const struct weir_list_end *end, uint32_t *at,
				  char text[RANGE_TEXT]);

/* For people: ranges, or anywhere. */
static const char *name_in_words(const struct weir_list_end *end, uint32_t *at,
				 char text[RANGE_TEXT])
{
	bool is_one = end->kind != WEIR_LIST_OUTSIDE || end->is_anywhere;

	if (*at >= (is_one ? 1 : end->prefix_count))
		return NULL;
	if (!is_one) {
		range_format(end->prefixes, end->prefix_count, at, text);
		return text;
	}
	(*at)++;
	return end->is_anywhere ? "anywhere" : end->text;
}

/* For programs: prefixes. */
static const char *name_in_prefixes(const struct weir_list_end *end, uint32_t *at,
				    char text[RANGE_TEXT])
{
	bool is_one = end->kind != WEIR_LIST_OUTSIDE;

	if (*at >= (is_one ? 1 : end->prefix_count))
		return NULL;
	if (!is_one)
		weir_prefix_format(&end->prefixes[*at], text);
	(*at)++;
	return is_one ? end->text : text;
}

static int each_line(struct view *view, const struct weir_list_row *row, name_function *name,
		     int (*line)(struct view *view, const struct weir_list_row *row,
				 const char *from, const char *to))
{
	char from_text[RANGE_TEXT], to_text[RANGE_TEXT];
	uint32_t i = 0;
	const char *from, *to;
	int status = 0;

	while ((from = name(&row->from, &i, from_text))) {
		uint32_t j = 0;

		while (!status && (to = name(&row->to, &j, to_text)))
			status = line(view, row, from, to);
	}
	return status;
}

/* Ports. */

static const char *const protocol_words[] = {
	[WEIR_LIST_ANY] = "any",   [WEIR_LIST_TCP] = "TCP",     [WEIR_LIST_UDP] = "UDP",
	[WEIR_LIST_SCTP] = "SCTP", [WEIR_LIST_OTHER] = "other",
};

static void add_ranges(struct report_text *text, const struct weir_list_ports *ports,
		       const char *separator)
{
	for (uint32_t i = 0; i < ports->range_count; i++) {
		const struct weir_list_range *range = &ports->ranges[i];

		report_text_format(text, "%s%u", i ? separator : "", range->first);
		if (range->first != range->last)
			report_text_format(text, "-%u", range->last);
	}
}

static void add_protocol(struct report_text *text, const struct weir_list_ports *ports)
{
	if (ports->protocol == WEIR_LIST_ANY) {
		report_text_add_string(text, "all");
	} else if (ports->protocol == WEIR_LIST_OTHER) {
		report_text_add_string(text, "other protocols");
	} else if (ports->ranges[0].first == 0 && ports->ranges[0].last == UINT16_MAX) {
		report_text_format(text, "%s all", protocol_words[ports->protocol]);
	} else {
		report_text_format(text, "%s ", protocol_words[ports->protocol]);
		add_ranges(text, ports, ", ");
	}
}

/* "TCP 80, 8000-8080; UDP 53". */
static const char *ports_in_words(struct view *view, uint32_t number)
{
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(view->list, number, &ports);

	if (view->ports_shown == number)
		return report_text_string(&view->ports);
	report_text_clear(&view->ports);
	for (uint32_t i = 0; i < count; i++) {
		report_text_add_string(&view->ports, i ? "; " : "");
		add_protocol(&view->ports, &ports[i]);
	}
	view->ports_shown = number;
	return report_text_string(&view->ports);
}

/* Tables. */

static int measure_line(struct view *view, const struct weir_list_row *row, const char *from,
			const char *to)
{
	size_t lengths[] = { strlen(from), strlen(to) };

	(void)row;
	for (unsigned i = 0; i < 2; i++)
		if (lengths[i] > view->widths[i])
			view->widths[i] = lengths[i];
	return 0;
}

static int measure(void *context, const struct weir_list_row *row)
{
	return each_line(context, row, name_in_words, measure_line);
}

static void pods_cell(struct view *view, const struct weir_list_end *end)
{
	if (end->pods)
		report_table_cell_format(view->table, REPORT_PLAIN, "%u", end->pods);
	else
		report_table_cell(view->table, REPORT_PLAIN, "");
}

static int table_line(struct view *view, const struct weir_list_row *row, const char *from,
		      const char *to)
{
	report_table_cell(view->table, REPORT_PLAIN, from);
	if (view->is_wide)
		pods_cell(view, &row->from);
	report_table_cell(view->table, REPORT_PLAIN, to);
	if (view->is_wide)
		pods_cell(view, &row->to);
	if (row->is_ambiguous)
		report_table_cell_format(view->table, REPORT_DOUBT, "%s (ambiguous: %s)",
					 ports_in_words(view, row->ports),
					 row->may_be_named ? "a domain name decides"
							   : "pods share an address");
	else
		report_table_cell(view->table, REPORT_GOOD, ports_in_words(view, row->ports));
	if (++view->rows % ROWS_AT_ONCE == 0)
		report_table_print(view->table, stdout, &view->look);
	return report_table_is_short(view->table) ? -ENOMEM : 0;
}

static int table_row(void *context, const struct weir_list_row *row)
{
	return each_line(context, row, name_in_words, table_line);
}

/* Twice over the rows: columns that are printed in parts must know their widths before. */
static int print_table(struct view *view)
{
	static const struct report_column columns[] = {
		{ "FROM", REPORT_LEFT, 0 },
		{ "TO", REPORT_LEFT, 0 },
		{ "PORTS", REPORT_LEFT, 0 },
	};
	static const struct report_column wide_columns[] = {
		{ "FROM", REPORT_LEFT, 0 },  { "PODS", REPORT_RIGHT, 0 }, { "TO", REPORT_LEFT, 0 },
		{ "PODS", REPORT_RIGHT, 0 }, { "PORTS", REPORT_LEFT, 0 },
	};
	int status = weir_list_each(view->list, measure, view);

	view->table = view->is_wide ? report_table_create(wide_columns, 5)
				    : report_table_create(columns, 3);
	if (!view->table || status)
		return -ENOMEM;
	report_table_widen(view->table, 0, view->widths[0]);
	report_table_widen(view->table, view->is_wide ? 2 : 1, view->widths[1]);
	if (view->is_wide) {
		report_table_widen(view->table, 1, strlen("PODS"));
		report_table_widen(view->table, 3, strlen("PODS"));
	}
	status = weir_list_each(view->list, table_row, view);
	if (!status && view->rows)
		report_table_print(view->table, stdout, &view->look);
	return status;
}

static int print_table_or_say_so(struct view *view, const struct command *command)
{
	int status = print_table(view);

	if (!status && !view->rows)
		complain(command, "nothing is allowed between these ends");
	return status;
}

/* JSON. */

static void json_range(struct report_json *json, const struct weir_list_range *range)
{
	report_json_open(json, '[');
	report_json_number(json, range->first);
	report_json_number(json, range->last);
	report_json_close(json, ']');
}

static void json_protocol(struct view *view, const char *from, const char *to,
			  const struct weir_list_ports *ports)
{
	struct report_json *json = &view->json;

	report_json_new_line(json);
	report_json_open(json, '{');
	report_json_string_field(json, "from", from);
	report_json_string_field(json, "to", to);
	report_json_string_field(json, "protocol", protocol_words[ports->protocol]);
	report_json_key(json, "ports");
	report_json_open(json, '[');
	for (uint32_t i = 0; i < ports->range_count; i++)
		json_range(json, &ports->ranges[i]);
	report_json_close(json, ']');
	report_json_close(json, '}');
}

static int json_line(struct view *view, const struct weir_list_row *row, const char *from,
		     const char *to)
{
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(view->list, row->ports, &ports);

	for (uint32_t i = 0; i < count; i++)
		json_protocol(view, from, to, &ports[i]);
	return 0;
}

static int json_row(void *context, const struct weir_list_row *row)
{
	struct view *view = context;

	view->has_ambiguous |= row->is_ambiguous;
	if (row->is_ambiguous != view->wants_ambiguous)
		return 0;
	return each_line(view, row, name_in_prefixes, json_line);
}

/* What is ambiguous has a list of its own, so that whoever reads only connections does not take it
 * as allowed. */
static int print_json(struct view *view)
{
	int status;

	view->json = report_json_to(stdout);
	report_json_open(&view->json, '{');
	report_json_key(&view->json, "connections");
	report_json_open(&view->json, '[');
	status = weir_list_each(view->list, json_row, view);
	report_json_close(&view->json, ']');
	report_json_key(&view->json, "ambiguous");
	report_json_open(&view->json, '[');
	view->wants_ambiguous = true;
	if (!status && view->has_ambiguous)
		status = weir_list_each(view->list, json_row, view);
	report_json_close(&view->json, ']');
	report_json_close(&view->json, '}');
	report_json_end_line(&view->json);
	return status;
}

/* CSV. */

static int csv_line(struct view *view, const struct weir_list_row *row, const char *from,
		    const char *to)
{
	const struct weir_list_ports *ports;
	uint32_t count = weir_list_ports(view->list, row->ports, &ports);

	for (uint32_t i = 0; i < count; i++) {
		report_text_clear(&view->ports);
		add_ranges(&view->ports, &ports[i], " ");
		report_csv_string(&view->csv, from);
		report_csv_string(&view->csv, to);
		report_csv_string(&view->csv, protocol_words[ports[i].protocol]);
		report_csv_string(&view->csv, report_text_string(&view->ports));
		report_csv_string(&view->csv, row->is_ambiguous ? "ambiguous" : "allow");
		report_csv_end_row(&view->csv);
	}
	return 0;
}

static int csv_row(void *context, const struct weir_list_row *row)
{
	return each_line(context, row, name_in_prefixes, csv_line);
}

static int print_csv(struct view *view)
{
	static const char *const columns[] = { "from", "to", "protocol", "ports", "verdict" };

	view->csv = report_csv_to(stdout);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		report_csv_string(&view->csv, columns[i]);
	report_csv_end_row(&view->csv);
	return weir_list_each(view->list, csv_row, view);
}

/* Graphviz. */

static void dot_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static int dot_line(struct view *view, const struct weir_list_row *row, const char *from,
		    const char *to)
{
	printf("  ");
	dot_string(from);
	printf(" -> ");
	dot_string(to);
	printf(" [label=");
	dot_string(ports_in_words(view, row->ports));
	printf("%s];\n", row->is_ambiguous ? ", style=dashed" : "");
	return 0;
}

static int dot_row(void *context, const struct weir_list_row *row)
{
	return each_line(context, row, name_in_words, dot_line);
}

static int print_dot(struct view *view)
{
	int status;

	printf("digraph weir {\n  rankdir=LR;\n  node [shape=box];\n");
	status = weir_list_each(view->list, dot_row, view);
	printf("}\n");
	return status;
}

static int print(struct view *view, enum format format, const struct command *command)
{
	switch (format) {
	case FORMAT_TABLE:
	case FORMAT_WIDE:
		return print_table_or_say_so(view, command);
	case FORMAT_JSON:
		return print_json(view);
	case FORMAT_CSV:
		return print_csv(view);
	case FORMAT_DOT:
		return print_dot(view);
	}
	return -EINVAL;
}

static enum exit_code print_list(const struct invocation *invocation, struct weir_list *list)
{
	enum format format = (enum format)option_choice(invocation, OPTION_OUTPUT);
	struct view view = { .list = list,
			     .look = { .color = invocation->color_out },
			     .ports_shown = WEIR_NONE,
			     .is_wide = format == FORMAT_WIDE };
	int status = print(&view, format, invocation->command);

	report_table_destroy(view.table);
	if (view.ports.is_short)
		status = -ENOMEM;
	report_text_finish(&view.ports);
	if (!status)
		return EXIT_CLEAN;
	complain(invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code list_policy(const struct invocation *invocation, struct weir_policy *policy)
{
	const struct weir_list_options options = {
		.from = option_value(invocation, OPTION_FROM),
		.to = option_value(invocation, OPTION_TO),
		.namespace_name = option_value(invocation, OPTION_NAMESPACE),
		.by_pod = option_choice(invocation, OPTION_BY) == 1,
		.with_nodes = option_given(invocation, OPTION_NODES),
	};
	struct weir_error error = { "" };
	struct weir_list *list;
	enum exit_code code;
	int status = weir_list_create(policy, &options, &list, &error);

	if (status) {
		complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
		return EXIT_USAGE;
	}
	code = print_list(invocation, list);
	weir_list_destroy(list);
	return code;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct input input = { 0 };
	enum exit_code code = input_policy(&input, invocation);

	if (code == EXIT_CLEAN)
		code = list_policy(invocation, input.policy);
	input_finish(&input);
	return code;
}

static const struct option_spec list_specs[] = {
	{ OPTION_BY, 0, "by", "WHAT", "workload|pod", "what is listed" },
	{ OPTION_FROM, 0, "from", "E", NULL,
	  "only what this end may reach: ns/pod, ns/Kind/name (a workload), an IP address, "
	  "node/NAME, or a CIDR for what is outside the cluster" },
	{ OPTION_TO, 0, "to", "E", NULL, "only what may reach this end" },
	{ OPTION_NAMESPACE, 'n', "namespace", "NS", NULL, "only rows with an end in it" },
	{ OPTION_NODES, 0, "nodes", NULL, NULL, "list nodes too" },
};
static const struct option_group list_options = OPTION_GROUP("Ends", list_specs);

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|wide|json|csv|dot",
	  "a table, one with the numbers of pods, one JSON object, comma-separated values, or a "
	  "graph for Graphviz" },
};
static const struct option_group output_options = OPTION_GROUP("Output", output_specs);

const struct command list_command = {
	.name = "list",
	.summary = "who may reach whom, and on which ports",
	.synopsis = "-f PATH [--by pod] [--from E] [--to E] [-n NS] [options]",
	.description =
		"Lists every pair of ends of which one may open connections to the other, and the "
		"ports. Ends are workloads, pods that belong to none, and address ranges outside "
		"the cluster; a pair that is not listed is denied. Where the pods of a workload do "
		"not agree the pods are listed. Left out is what no policy decides: a pod and "
		"itself, a pod and its own node, neighbour discovery. A range stands for its "
		"addresses that no pod and no node has.",
	.examples = "  weir list -f cluster.yaml\n"
		    "  weir list -f cluster.yaml --to app/Deployment/api\n"
		    "  weir list -f cluster.yaml -o dot | dot -Tsvg >cluster.svg\n",
	.groups = { &list_options, &policy_options, &semantics_options, &output_options,
		    &common_options },
	.run = run,
};
