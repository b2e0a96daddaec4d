#include <errno.h>
#include <string.h>

#include "gen_cluster.h"
#include "measure.h"

static int collect(void *context, const char *bytes, size_t length)
{
	struct report_text *text = context;

	report_text_add(text, bytes, length);
	return text->is_short ? -ENOMEM : 0;
}

/* A generated cluster, read as if it came from a file. */
static int read_generated(struct measure_work *work, const struct measure_settings *settings,
			  const struct measure_cluster *made, struct weir_error *error)
{
	struct weir_cluster_options options = { .sink = { NULL, NULL } };
	struct gen_cluster_options cluster;
	struct report_text text = { 0 };
	int status;

	gen_cluster_defaults(settings->seed, made->pods, GEN_MIX_USUAL, &cluster);
	cluster.family = settings->family;
	if (made->policies)
		cluster.policies = made->policies;
	status = gen_cluster_write(&cluster, collect, &text, error);
	if (!status)
		status = weir_cluster_create(&options, &work->input.cluster);
	if (!status)
		status = weir_cluster_read(work->input.cluster, "generated", WEIR_FOUND_NAMED,
					   text.bytes, text.length);
	if (!status)
		status = weir_cluster_finish(work->input.cluster);
	report_text_finish(&text);
	if (!status)
		weir_cluster_count(work->input.cluster, &work->input.counts);
	return status;
}

static enum exit_code fail(const struct measure_settings *settings, int status)
{
	complain(settings->invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code resolve(struct measure_work *work, const struct measure_settings *settings,
			      const struct measure_cluster *cluster)
{
	struct weir_error error = { "" };
	struct weir_semantics semantics = input_semantics(settings->invocation);
	int status;

	if (!cluster->pods)
		return input_resolve(&work->input, settings->invocation, &work->resolved);
	work->input.command = settings->invocation->command;
	status = read_generated(work, settings, cluster, &error);
	if (error.text[0]) {
		complain(settings->invocation->command, "%s", error.text);
		return EXIT_USAGE;
	}
	if (!status)
		status = weir_cluster_resolve(work->input.cluster, &semantics, &work->resolved);
	return status ? fail(settings, status) : EXIT_CLEAN;
}

static bool wants_rules(const struct measure_settings *settings)
{
	for (size_t i = 0; peers[i].name; i++)
		if (peers[i].is_filter && measure_wants(settings, peers[i].name))
			return true;
	return false;
}

enum exit_code measure_work_make(struct measure_work *work, const struct measure_settings *settings,
				 const struct measure_cluster *cluster)
{
	enum exit_code code = resolve(work, settings, cluster);
	int status;

	if (code == EXIT_CLEAN)
		code = input_compile_resolved(&work->input, work->resolved);
	if (code != EXIT_CLEAN)
		return code;
	status = weir_compile(work->resolved, NULL, &work->again, NULL);
	if (!status)
		status = bench_policy_init(&work->plain, work->resolved);
	if (status)
		return fail(settings, status);
	if (!wants_rules(settings))
		return EXIT_CLEAN;
	status = peer_rules_create(&work->plain, &settings->limits, &work->rules, &work->declined);
	/* A peer that declines is a result. */
	return status == -ENOMEM && !work->declined.text[0] ? fail(settings, status) : EXIT_CLEAN;
}

void measure_work_finish(struct measure_work *work)
{
	peer_rules_destroy(work->rules);
	bench_policy_finish(&work->plain);
	weir_policy_unref(work->again);
	weir_resolved_destroy(work->resolved);
	input_finish(&work->input);
}
