/*
 * check.c - weir check: are the manifests good, and what do they come to?
 */
#include "command.h"

#include <errno.h>
#include <string.h>

#include "weir/cluster.h"
#include "weir/policy.h"
#include "weir/resolved.h"

#include "input.h"
#include "json.h"
#include "table.h"

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
};

struct finding {
	const char *group; /* of JSON, and of the table's first column */
	const char *key;   /* in JSON */
	const char *label; /* in the table */
	uint64_t value;
};

enum {
	MAX_FINDINGS = 24,
};

struct findings {
	struct finding items[MAX_FINDINGS];
	size_t count;
};

static void add(struct findings *findings, const char *group, const char *key, const char *label,
		uint64_t value)
{
	findings->items[findings->count++] = (struct finding){ group, key, label, value };
}

static void add_objects(struct findings *findings, const struct weir_cluster_counts *counts)
{
	add(findings, "objects", "namespaces", "namespaces", counts->namespaces);
	add(findings, "objects", "pods", "pods", counts->pods);
	add(findings, "objects", "synthetic_pods", "synthetic pods", counts->synthetic_pods);
	add(findings, "objects", "nodes", "nodes", counts->nodes);
	add(findings, "objects", "services", "services", counts->services);
	add(findings, "objects", "endpoint_slices", "endpoint slices", counts->endpoint_slices);
	add(findings, "objects", "workloads", "workloads", counts->workloads);
	add(findings, "objects", "skipped_objects", "skipped, of kinds that no verdict needs",
	    counts->skipped_objects);
}

static uint64_t written_rules(const struct weir_resolved *resolved)
{
	uint64_t rules = 0;

	for (uint32_t i = 0; i < resolved->rule_count; i++)
		rules += resolved->rules[i].origin != WEIR_NONE;
	return rules;
}

static void add_policies(struct findings *findings, const struct weir_cluster_counts *counts,
			 uint64_t rules)
{
	add(findings, "policies", "network_policies", "network policies", counts->network_policies);
	add(findings, "policies", "skipped_policies", "skipped, not implemented",
	    counts->skipped_policies);
	add(findings, "policies", "rules", "rules", rules);
}

static void add_sizes(struct findings *findings, const struct weir_policy_sizes *sizes)
{
	add(findings, "compiled", "bytes", "bytes", sizes->total_bytes);
	add(findings, "compiled", "hot_bytes", "bytes that verdicts touch", sizes->hot_bytes);
	add(findings, "compiled", "classes", "address classes", sizes->classes);
	add(findings, "compiled", "egress_groups", "egress groups", sizes->egress_groups);
	add(findings, "compiled", "ingress_groups", "ingress groups", sizes->ingress_groups);
	add(findings, "compiled", "port_classes", "port classes", sizes->port_classes);
	add(findings, "compiled", "rules", "rules", sizes->rules);
}

static bool is_new_group(const struct findings *findings, size_t i)
{
	return i == 0 || strcmp(findings->items[i].group, findings->items[i - 1].group) != 0;
}

static void print_table(const struct invocation *invocation, const struct findings *findings)
{
	static const struct report_column columns[] = {
		{ "", REPORT_LEFT, 0 },
		{ "WHAT", REPORT_LEFT, 0 },
		{ "COUNT", REPORT_RIGHT, 0 },
	};
	struct report_table *table = report_table_create(columns, 3);

	if (!table) {
		complain(invocation->command, "out of memory");
		return;
	}
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		report_table_cell(table, REPORT_STRONG,
				  is_new_group(findings, i) ? finding->group : "");
		report_table_cell(table, REPORT_PLAIN, finding->label);
		report_table_cell_format(table, REPORT_PLAIN, "%llu",
					 (unsigned long long)finding->value);
	}
	report_table_print(table, stdout,
			   &(struct report_table_look){ .color = invocation->color_out });
	report_table_destroy(table);
}

static void print_json(const struct findings *findings, size_t warnings)
{
	struct report_json json = report_json_to(stdout);

	report_json_open(&json, '{');
	for (size_t i = 0; i < findings->count; i++) {
		if (is_new_group(findings, i)) {
			if (i > 0)
				report_json_close(&json, '}');
			report_json_object_field(&json, findings->items[i].group);
		}
		report_json_number_field(&json, findings->items[i].key, findings->items[i].value);
	}
	report_json_close(&json, '}');
	report_json_number_field(&json, "warnings", warnings);
	report_json_close(&json, '}');
	report_json_end_line(&json);
}

static enum exit_code compile_and_print(struct input *input, const struct invocation *invocation)
{
	struct weir_semantics semantics = input_semantics(invocation);
	struct findings findings = { .count = 0 };
	struct weir_policy_sizes sizes;
	struct weir_resolved *resolved;
	int status = weir_cluster_resolve(input->cluster, &semantics, &resolved);

	if (status) {
		complain(invocation->command, "%s", strerror(-status));
		return EXIT_USAGE;
	}
	if (input_compile_resolved(input, resolved) != EXIT_CLEAN) {
		weir_resolved_destroy(resolved);
		return EXIT_USAGE;
	}
	weir_policy_measure(input->policy, &sizes);
	add_objects(&findings, &input->counts);
	add_policies(&findings, &input->counts, written_rules(resolved));
	add_sizes(&findings, &sizes);
	weir_resolved_destroy(resolved);
	if (option_choice(invocation, OPTION_OUTPUT) == FORMAT_JSON)
		print_json(&findings, input->diagnostics.warnings);
	else
		print_table(invocation, &findings);
	return EXIT_CLEAN;
}

static enum exit_code lint(struct input *input, const struct invocation *invocation)
{
	struct weir_sink sink = diagnostics_sink(&input->diagnostics);
	int status = weir_cluster_lint(input->cluster, &sink);

	if (!status)
		return EXIT_CLEAN;
	complain(invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct input input = { 0 };
	enum exit_code code = input_read(&input, invocation);

	if (code == EXIT_CLEAN) {
		if (input.counts.pods + input.counts.synthetic_pods == 0) {
			input.diagnostics.warnings++;
			complain(invocation->command, "warning: there is no pod in the input: no "
						      "policy selects anything");
		}
		code = lint(&input, invocation);
	}
	if (code == EXIT_CLEAN)
		code = compile_and_print(&input, invocation);
	input_finish(&input);
	return code;
}

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json", "a table, or one JSON object" },
};
static const struct option_group output_options = { "Output", output_specs, 1 };

static const char *const absent[] = { "prove", NULL };

const struct command check_command = {
	.name = "check",
	.summary = "read and validate manifests, and say what they come to",
	.synopsis = "-f PATH [options]",
	.description =
		"Reads Kubernetes objects, defaults and validates them as the API server does, "
		"compiles "
		"the policies, and prints what was read and how large the compiled form is. Every "
		"error "
		"is told with its file, line, column, object and field; the exit code is 2 when "
		"there "
		"is one. What is legal and probably not meant is warned about.",
	.examples =
		"  weir check -f manifests/\n"
		"  kubectl get pods,ns,nodes,svc,endpointslices,netpol -A -o yaml | weir check -f "
		"-\n",
	.groups = { &policy_options, &semantics_options, &output_options, &common_options },
	.absent = absent,
	.run = run,
};
