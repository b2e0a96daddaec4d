/*
 * main.c - weir-bench: what weir bench does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "judge.h"
#include "own.h"
#include "report.h"
#include "run.h"
#include "settings.h"
#include "workload.h"

/* One run of the program. */
struct session {
	const struct invocation *invocation;
	const struct bench_format *format;
	struct bench_settings settings;
	struct bench_engine engines[BENCH_ENGINES_MAX];
	size_t engine_count;
	struct bench_groups groups;
	struct bench_own own;
};

static enum exit_code fail(const struct session *session, int status)
{
	complain(session->invocation->command, "%s",
		 status == -EILSEQ ? "the two references differ: no answer is known to be right"
				   : strerror(-status));
	return status == -EILSEQ ? EXIT_DIFFERENT : EXIT_USAGE;
}

/* The keys of the trace, or those of the seed. */
static int ask(const struct session *session, struct bench_workload *workload,
	       enum bench_halves halves)
{
	const struct bench_own *own = &session->own;

	if (own->keys)
		return bench_workload_ask(workload, own->keys, own->key_count, halves);
	return bench_workload_ask_random(workload, session->settings.seed,
					 session->settings.key_count, halves);
}

static enum exit_code run_workload(struct session *session, struct bench_workload *workload)
{
	const struct bench_settings *settings = &session->settings;
	int status = 0;

	for (unsigned i = 0; i < BENCH_HALVES && !status; i++)
		if (settings->halves[i])
			status = ask(session, workload, (enum bench_halves)i);
	if (!status)
		status = bench_run(settings, session->engines, session->engine_count, workload,
				   &session->groups);
	return status ? fail(session, status) : EXIT_CLEAN;
}

static const struct bench_workload_spec *find_shape(const char *name)
{
	for (size_t i = 0; bench_workload_specs[i].name; i++)
		if (strcmp(bench_workload_specs[i].name, name) == 0)
			return &bench_workload_specs[i];
	return NULL;
}

static enum exit_code run_shape(struct session *session, const char *name)
{
	struct bench_workload workload;
	enum exit_code code;
	int status = bench_workload_make(find_shape(name), &workload);

	if (status)
		return fail(session, status);
	code = run_workload(session, &workload);
	bench_workload_finish(&workload);
	return code;
}

/* What -f names. */
static enum exit_code run_own(struct session *session)
{
	const struct invocation *invocation = session->invocation;
	enum exit_code code =
		bench_own_read(&session->own, invocation, session->settings.key_count);

	return code == EXIT_CLEAN ? run_workload(session, &session->own.workload) : code;
}

static enum exit_code run_shapes(struct session *session)
{
	enum exit_code code = EXIT_CLEAN;
	const char *name;

	for (size_t i = 0; (name = option_nth(session->invocation, OPTION_SHAPE, i)); i++)
		if (!find_shape(name)) {
			complain(session->invocation->command,
				 "--shape %s: 'weir bench --list' lists the shapes", name);
			return EXIT_USAGE;
		}
	if (option_given(session->invocation, OPTION_FILE))
		return run_own(session);
	if (!option_given(session->invocation, OPTION_SHAPE))
		return run_shape(session, "1k-pods");
	for (size_t i = 0;
	     code == EXIT_CLEAN && (name = option_nth(session->invocation, OPTION_SHAPE, i)); i++)
		code = run_shape(session, name);
	return code;
}

static void list(const struct session *session)
{
	printf("Engines of this machine:\n");
	for (size_t i = 0; i < session->engine_count; i++)
		printf("  %-24s %s\n", session->engines[i].name, session->engines[i].summary);
	printf("\nShapes:\n");
	for (size_t i = 0; bench_workload_specs[i].name; i++)
		printf("  %-24s %s\n", bench_workload_specs[i].name,
		       bench_workload_specs[i].summary);
}

static enum exit_code measure(struct session *session)
{
	enum exit_code code = run_shapes(session);
	struct bench_report report = { .settings = &session->settings,
				       .groups = &session->groups,
				       .color = session->invocation->color_out };

	report_look_at_machine(&report.machine);
	if (code == EXIT_CLEAN) {
		session->format->print(&report, stdout);
		code = bench_judge(&session->groups);
	}
	bench_groups_finish(&session->groups);
	bench_own_finish(&session->own);
	return code;
}

static enum exit_code run_with_engines(struct session *session)
{
	const struct invocation *invocation = session->invocation;

	session->engine_count = bench_list_engines(session->engines, BENCH_ENGINES_MAX);
	if (option_given(invocation, OPTION_LIST)) {
		list(session);
		return EXIT_CLEAN;
	}
	session->engine_count =
		bench_choose_engines(invocation, session->engines, session->engine_count);
	return session->engine_count ? measure(session) : EXIT_USAGE;
}

static bool check_source(const struct invocation *invocation)
{
	bool has_file = option_given(invocation, OPTION_FILE);

	if (has_file && option_given(invocation, OPTION_SHAPE))
		complain(invocation->command, "-f and --shape are two policies: give one of them");
	else if (!has_file && option_given(invocation, OPTION_READ))
		complain(invocation->command, "-r needs -f: whose policies judge the trace?");
	else
		return true;
	return false;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct session session = {
		.invocation = invocation,
		.format = bench_formats[option_choice(invocation, OPTION_OUTPUT)],
	};
	enum exit_code code;

	if (!bench_read_settings(invocation, &session.settings) || !check_source(invocation))
		return EXIT_USAGE;
	if (!bench_start_engines()) {
		complain(invocation->command, "DPDK does not start");
		return EXIT_USAGE;
	}
	code = run_with_engines(&session);
	bench_stop_engines();
	return code;
}

int main(int argc, char **argv)
{
	struct invocation invocation;
	bool stop;
	enum exit_code code = options_parse(&bench_command, argc, argv, &invocation, &stop);

	if (!stop)
		code = run(&invocation);
	options_finish(&invocation);
	if (fclose(stdout)) {
		complain(&bench_command, "cannot write to standard output: %s", strerror(errno));
		code = EXIT_USAGE;
	}
	return (int)code;
}
