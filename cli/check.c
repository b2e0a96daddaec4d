/*
 * check.c - weir check: are the manifests good, and what do they come to?
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/cluster.h"
#include "weir/policy.h"
#include "weir/prove.h"
#include "weir/resolved.h"

#include "input.h"
#include "json.h"
#include "numbers.h"
#include "proof.h"
#include "saved.h"
#include "table.h"
#include "team.h"

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
};

struct count {
	const char *group; /* of JSON, and of the table's first column */
	const char *key;   /* in JSON */
	const char *label; /* in the table */
	uint64_t value;
};

enum {
	MAX_COUNTS = 32,
};

struct counts {
	struct count items[MAX_COUNTS];
	size_t count;
};

/* The findings so far, as a JSON list that is still open. */
struct findings {
	struct report_json json;
	char *bytes;
	size_t length;
};

static void add(struct counts *counts, const char *group, const char *key, const char *label,
		uint64_t value)
{
	counts->items[counts->count++] = (struct count){ group, key, label, value };
}

static void add_objects(struct counts *counts, const struct weir_cluster_counts *objects)
{
	add(counts, "objects", "namespaces", "namespaces", objects->namespaces);
	add(counts, "objects", "pods", "pods", objects->pods);
	add(counts, "objects", "synthetic_pods", "synthetic pods", objects->synthetic_pods);
	add(counts, "objects", "nodes", "nodes", objects->nodes);
	add(counts, "objects", "services", "services", objects->services);
	add(counts, "objects", "endpoint_slices", "endpoint slices", objects->endpoint_slices);
	add(counts, "objects", "workloads", "workloads", objects->workloads);
	add(counts, "objects", "skipped_objects", "skipped, of kinds that no verdict needs",
	    objects->skipped_objects);
}

static uint64_t written_rules(const struct weir_resolved *resolved)
{
	uint64_t rules = 0;

	for (uint32_t i = 0; i < resolved->rule_count; i++)
		rules += resolved->rules[i].origin != WEIR_NONE;
	return rules;
}

static void add_policies(struct counts *counts, const struct weir_cluster_counts *objects,
			 uint64_t rules)
{
	add(counts, "policies", "network_policies", "network policies", objects->network_policies);
	add(counts, "policies", "cluster_policies", "cluster policies", objects->cluster_policies);
	add(counts, "policies", "skipped_policies", "skipped, not implemented",
	    objects->skipped_policies);
	add(counts, "policies", "rules", "rules", rules);
}

static void add_sizes(struct counts *counts, const struct weir_policy_sizes *sizes)
{
	add(counts, "compiled", "bytes", "bytes", sizes->total_bytes);
	add(counts, "compiled", "hot_bytes", "bytes that verdicts touch", sizes->hot_bytes);
	add(counts, "compiled", "classes", "address classes", sizes->classes);
	add(counts, "compiled", "egress_groups", "egress groups", sizes->egress_groups);
	add(counts, "compiled", "ingress_groups", "ingress groups", sizes->ingress_groups);
	add(counts, "compiled", "port_classes", "port classes", sizes->port_classes);
	add(counts, "compiled", "rules", "rules", sizes->rules);
}

static void add_proof(struct counts *counts, const struct weir_proof *proof)
{
	add(counts, "proof", "intervals", "intervals of addresses", proof->intervals);
	add(counts, "proof", "port_ranges", "ranges of ports", proof->port_ranges);
	add(counts, "proof", "port_classes", "port classes that are told apart",
	    proof->port_classes);
	add(counts, "proof", "near_classes", "classes of ends with rules of their own",
	    proof->near_classes);
	add(counts, "proof", "far_classes", "classes of ends as rules see them",
	    proof->far_classes);
	add(counts, "proof", "kernels", "kernels", proof->kernels);
	add(counts, "proof", "judged", "connections compared", proof->judged);
	add(counts, "proof", "flaws", "headers judged otherwise", proof->flaw != WEIR_FLAW_NONE);
}

static bool is_new_group(const struct counts *counts, size_t i)
{
	return i == 0 || strcmp(counts->items[i].group, counts->items[i - 1].group) != 0;
}

static void print_row(struct report_table *table, const char *group, const char *label,
		      uint64_t value)
{
	report_table_cell(table, REPORT_STRONG, group);
	report_table_cell(table, REPORT_PLAIN, label);
	report_table_cell_format(table, REPORT_PLAIN, "%llu", (unsigned long long)value);
}

static void print_table(const struct invocation *invocation, const struct counts *counts,
			const struct diagnostics *diagnostics)
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
	for (size_t i = 0; i < counts->count; i++)
		print_row(table, is_new_group(counts, i) ? counts->items[i].group : "",
			  counts->items[i].label, counts->items[i].value);
	print_row(table, "findings", "warnings", diagnostics->warnings);
	print_row(table, "", "notes, which --notes prints", diagnostics->notes);
	report_table_print(table, stdout,
			   &(struct report_table_look){ .color = invocation->color_out });
	report_table_destroy(table);
}

/* A text that may be missing. */
static void text_field(struct report_json *json, const char *key, const char *text)
{
	if (text)
		report_json_string_field(json, key, text);
}

static void number_field(struct report_json *json, const char *key, uint32_t number)
{
	if (number)
		report_json_number_field(json, key, number);
}

/* "NetworkPolicy app/api" as its kind and its name. */
static void object_fields(struct report_json *json, const char *object)
{
	size_t kind = strcspn(object, " ");
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)kind, object);
	report_json_string_field(json, "kind", text);
	text_field(json, "object", object[kind] ? object + kind + 1 : NULL);
}

/* Called for every finding. */
static void keep_finding(void *context, const struct weir_diagnostic *finding)
{
	static const char *const severities[] = { "note", "warning", "error" };
	struct findings *findings = context;
	struct report_json *json = &findings->json;

	report_json_new_line(json);
	report_json_open(json, '{');
	text_field(json, "code", finding->code);
	report_json_string_field(json, "severity", severities[finding->severity]);
	text_field(json, "file", finding->file);
	number_field(json, "line", finding->line);
	number_field(json, "column", finding->column);
	if (finding->object)
		object_fields(json, finding->object);
	text_field(json, "field", finding->field);
	report_json_string_field(json, "text", finding->text);
	text_field(json, "why", finding->why);
	text_field(json, "do", finding->advice);
	report_json_close(json, '}');
}

static bool findings_begin(struct findings *findings)
{
	findings->json = report_json_to(open_memstream(&findings->bytes, &findings->length));
	if (findings->json.file)
		report_json_open(&findings->json, '[');
	return findings->json.file != NULL;
}

static void findings_finish(struct findings *findings)
{
	if (findings->json.file)
		fclose(findings->json.file);
	free(findings->bytes);
}

/* False when memory ran out: findings are missing. */
static bool findings_end(struct findings *findings)
{
	report_json_close(&findings->json, ']');
	return fflush(findings->json.file) == 0 && !ferror(findings->json.file);
}

static void print_json(const struct counts *counts, const struct findings *findings,
		       const struct diagnostics *diagnostics)
{
	struct report_json json = report_json_to(stdout);

	report_json_open(&json, '{');
	for (size_t i = 0; i < counts->count; i++) {
		if (is_new_group(counts, i)) {
			if (i > 0)
				report_json_close(&json, '}');
			report_json_object_field(&json, counts->items[i].group);
		}
		report_json_number_field(&json, counts->items[i].key, counts->items[i].value);
	}
	if (counts->count)
		report_json_close(&json, '}');
	report_json_key(&json, "findings");
	report_json_raw(&json, findings->bytes, findings->length);
	report_json_number_field(&json, "errors", diagnostics->errors);
	report_json_number_field(&json, "warnings", diagnostics->warnings);
	report_json_number_field(&json, "notes", diagnostics->notes);
	report_json_close(&json, '}');
	report_json_end_line(&json);
}

struct check {
	const struct invocation *invocation;
	struct input input;
	struct findings findings; /* for JSON only */
	uint32_t threads;         /* of a proof */
};

static bool is_json(const struct check *check)
{
	return option_choice(check->invocation, OPTION_OUTPUT) == FORMAT_JSON;
}

static enum exit_code print_answer(struct check *check, const struct counts *counts)
{
	const struct diagnostics *diagnostics = &check->input.diagnostics;

	if (!is_json(check)) {
		print_table(check->invocation, counts, diagnostics);
		return EXIT_CLEAN;
	}
	if (!findings_end(&check->findings)) {
		complain(check->invocation->command, "out of memory");
		return EXIT_USAGE;
	}
	print_json(counts, &check->findings, diagnostics);
	return EXIT_CLEAN;
}

/* With as many threads as there are processors, or as are told. */
static enum exit_code prove_in_team(struct check *check, struct weir_proof *proof)
{
	const struct input *input = &check->input;
	struct team *team = team_create(check->threads);
	struct weir_semantics semantics;
	int status = -ENOMEM;

	weir_policy_semantics(input->policy, &semantics);
	if (team)
		status = weir_prove(input->cluster, &semantics, input->policy,
				    &(struct weir_prove_options){ .team = team_for_library(team) },
				    proof);
	team_destroy(team);
	if (!status)
		return EXIT_CLEAN;
	complain(input->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code prove(struct check *check, struct counts *counts)
{
	const struct input *input = &check->input;
	struct weir_proof proof;

	if (prove_in_team(check, &proof) != EXIT_CLEAN)
		return EXIT_USAGE;
	add_proof(counts, &proof);
	if (proof.flaw == WEIR_FLAW_NONE)
		return EXIT_CLEAN;
	complain(input->command, "the compiled policy is not what the objects say");
	proof_print_flaw(stderr, input->policy, &proof);
	return EXIT_DIFFERENT;
}

/* What is measured and proven: the compiled file that is named, or what comes of the objects. */
static enum exit_code make_policy(struct check *check, const struct weir_resolved *resolved)
{
	const char *path = option_value(check->invocation, OPTION_COMPILED);

	if (path)
		return saved_load(check->invocation, path, &check->input.policy);
	return input_compile_resolved(&check->input, resolved);
}

static enum exit_code compile_and_print(struct check *check)
{
	struct input *input = &check->input;
	struct weir_semantics semantics = input_semantics(check->invocation);
	struct counts counts = { .count = 0 };
	enum exit_code code = EXIT_CLEAN;
	struct weir_policy_sizes sizes;
	struct weir_resolved *resolved;
	int status = weir_cluster_resolve(input->cluster, &semantics, &resolved);

	if (status) {
		complain(input->command, "%s", strerror(-status));
		return EXIT_USAGE;
	}
	if (make_policy(check, resolved) != EXIT_CLEAN) {
		weir_resolved_destroy(resolved);
		return EXIT_USAGE;
	}
	weir_policy_measure(input->policy, &sizes);
	add_objects(&counts, &input->counts);
	add_policies(&counts, &input->counts, written_rules(resolved));
	add_sizes(&counts, &sizes);
	weir_resolved_destroy(resolved);
	if (option_given(check->invocation, OPTION_PROVE))
		code = prove(check, &counts);
	return exit_code_worse(code, print_answer(check, &counts));
}

static enum exit_code lint(struct input *input)
{
	struct weir_sink sink = diagnostics_sink(&input->diagnostics);
	int status = weir_cluster_lint(input->cluster, &sink);

	if (!status)
		return EXIT_CLEAN;
	complain(input->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code run_check(struct check *check)
{
	static const struct counts nothing = { .count = 0 };
	struct diagnostics *diagnostics = &check->input.diagnostics;
	enum exit_code code = input_read(&check->input, check->invocation);

	/* Input that is refused has its findings, and nothing else. */
	if (code != EXIT_CLEAN && diagnostics->errors && is_json(check))
		print_answer(check, &nothing);
	if (code == EXIT_CLEAN)
		code = lint(&check->input);
	if (code == EXIT_CLEAN)
		code = compile_and_print(check);
	if (code == EXIT_CLEAN && diagnostics->warnings &&
	    option_given(check->invocation, OPTION_STRICT))
		code = EXIT_DIFFERENT;
	return code;
}

static const struct option_spec proof_specs[] = {
	{ OPTION_PROVE, 0, "prove", NULL, NULL,
	  "prove that the compiled policy says of every header what the objects say, in verdict "
	  "and deciding rule; exit 1 and show one where it does not" },
	{ OPTION_COMPILED, 0, "compiled", "FILE", NULL,
	  "prove this compiled policy, mapped as the other commands map it, and not one that is "
	  "compiled now; sizes are its sizes" },
	{ OPTION_THREADS, 0, "threads", "N", NULL,
	  "share the proof among N threads: what comes out does not depend on N. As many as there "
	  "are processors unless told" },
};
static const struct option_group proof_options = OPTION_GROUP("Proof", proof_specs);

/* What only a proof asks for is refused without one. */
static bool goes_together(const struct invocation *invocation)
{
	for (size_t i = 0; i < proof_options.count; i++) {
		const struct option_spec *spec = &proof_options.options[i];

		if (option_given(invocation, OPTION_PROVE) || !option_given(invocation, spec->id))
			continue;
		complain(invocation->command, "--%s is about a proof: --prove is missing",
			 spec->name);
		return false;
	}
	return true;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct check check = { .invocation = invocation, .threads = team_processors() };
	enum exit_code code = EXIT_USAGE;

	if (!goes_together(invocation) ||
	    !option_small_number(invocation, OPTION_THREADS, 1, TEAM_MAX, &check.threads))
		return EXIT_USAGE;
	check.input.diagnostics.hides_notes = !option_given(invocation, OPTION_NOTES);
	if (is_json(&check) && !findings_begin(&check.findings)) {
		complain(invocation->command, "out of memory");
		return EXIT_USAGE;
	}
	if (is_json(&check))
		check.input.diagnostics.also = (struct weir_sink){ keep_finding, &check.findings };
	code = run_check(&check);
	input_finish(&check.input);
	findings_finish(&check.findings);
	return code;
}

static const struct option_spec finding_specs[] = {
	{ OPTION_STRICT, 0, "strict", NULL, NULL, "exit 1 when there is a warning" },
	{ OPTION_NOTES, 0, "notes", NULL, NULL,
	  "print notes, too: what is worth knowing and often right as it is" },
};
static const struct option_group finding_options = OPTION_GROUP("Findings", finding_specs);

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json",
	  "a table, or one JSON object, which has the findings, too" },
};
static const struct option_group output_options = OPTION_GROUP("Output", output_specs);

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
		"is one. What is legal and probably not meant is warned about: why it matters and "
		"what to do stands below the first warning of a kind, whose name is in brackets.",
	.examples =
		"  weir check -f manifests/ --strict\n"
		"  kubectl get pods,ns,nodes,svc,endpointslices,netpol -A -o yaml | weir check -f "
		"-\n",
	.groups = { &policy_options, &semantics_options, &finding_options, &proof_options,
		    &output_options, &common_options },
	.run = run,
};
