/*
 * stat.c - weir stat: what a weir run that runs has counted so far.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "numbers.h"
#include "stat_print.h"

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_PROMETHEUS,
};

struct stat_job {
	const struct invocation *invocation;
	struct stat_socket socket;
	struct report_text path;
	enum format format;
	uint32_t interval; /* seconds; 0: once */
};

/* status as stat_reading.h has it. */
static enum exit_code tell_failure(const struct stat_job *job, int status,
				   const struct weir_error *error)
{
	const struct command *command = job->invocation->command;
	const char *path = report_text_string(&job->path);

	if (status == -EINVAL)
		complain(command, "%s: %s", path, error->text);
	else if (status == -EPIPE)
		complain(command, "%s: it has hung up", path);
	else if (status == -ETIMEDOUT)
		complain(command, "%s: it does not answer", path);
	else
		complain(command, "%s: %s", path, strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code tell_nobody(const struct stat_job *job, int status)
{
	const struct command *command = job->invocation->command;
	const char *path = report_text_string(&job->path);

	if (status == -ENOENT || status == -ECONNREFUSED)
		complain(command,
			 "nothing listens at %s: weir run does not run, or with another "
			 "--file-prefix behind its --, or with --no-telemetry",
			 path);
	else if (status == -ENAMETOOLONG)
		complain(command, "%s: too long for the name of a socket", path);
	else
		tell_failure(job, status, &(struct weir_error){ "" });
	return EXIT_USAGE;
}

static void print(const struct stat_job *job, const struct stat_reading *reading,
		  const struct stat_before *before)
{
	bool is_live = job->interval && isatty(STDOUT_FILENO);

	switch (job->format) {
	case FORMAT_TABLE:
		if (is_live)
			fputs("\033[H\033[J", stdout);
		stat_print_table(reading, before, job->invocation->color_out);
		break;
	case FORMAT_JSON:
		stat_print_json(reading);
		break;
	case FORMAT_PROMETHEUS:
		stat_print_prometheus(reading);
		break;
	}
	fflush(stdout);
}

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* Until the program that is asked, or standard output, is gone: that is how it ends. */
static enum exit_code watch(struct stat_job *job, struct stat_reading *before)
{
	struct stat_reading reading;
	struct weir_error error = { "" };
	struct timespec then;
	struct timespec now;
	int status = 0;

	clock_gettime(CLOCK_MONOTONIC, &then);
	while (!status && !ferror(stdout)) {
		sleep(job->interval);
		status = stat_reading_take(&reading, &job->socket, &error);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (!status)
			print(job, &reading,
			      &(struct stat_before){ before, seconds_between(&then, &now) });
		then = now;
		stat_reading_finish(before);
		*before = reading;
	}
	return status && status != -EPIPE ? tell_failure(job, status, &error) : EXIT_CLEAN;
}

static enum exit_code show(struct stat_job *job)
{
	struct stat_reading reading;
	struct weir_error error = { "" };
	enum exit_code code = EXIT_CLEAN;
	int status = stat_reading_take(&reading, &job->socket, &error);

	if (status) {
		code = tell_failure(job, status, &error);
	} else {
		print(job, &reading, NULL);
		if (job->interval)
			code = watch(job, &reading);
	}
	stat_reading_finish(&reading);
	return code;
}

static enum exit_code reload(struct stat_job *job)
{
	struct report_text outcome = { 0 };
	struct weir_error error = { "" };
	enum exit_code code = EXIT_CLEAN;
	int status = stat_reload(&job->socket, &outcome, &error);
	const char *word = report_text_string(&outcome);

	if (status) {
		code = tell_failure(job, status, &error);
	} else if (strcmp(word, "new") == 0) {
		puts("a new policy is in force");
	} else if (strcmp(word, "same") == 0) {
		puts("the policy files say what they said: nothing changes");
	} else {
		complain(job->invocation->command,
			 "the new policy is refused, and the old one stays: weir run has told why");
		code = EXIT_USAGE;
	}
	report_text_finish(&outcome);
	return code;
}

static bool read_options(struct stat_job *job)
{
	const struct invocation *invocation = job->invocation;
	const char *path = option_value(invocation, OPTION_SOCKET);
	const char *prefix = option_value(invocation, OPTION_FILE_PREFIX);

	if (path)
		report_text_add_string(&job->path, path);
	else
		stat_socket_path(prefix ? prefix : "rte", &job->path);
	job->format = (enum format)option_choice(invocation, OPTION_OUTPUT);
	if (!option_small_number(invocation, OPTION_INTERVAL, 1, 86400, &job->interval))
		return false;
	if (job->interval && job->format == FORMAT_PROMETHEUS) {
		complain(invocation->command, "--interval: Prometheus asks for itself; one answer "
					      "at a time is what it reads");
		return false;
	}
	return true;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct stat_job *job = calloc(1, sizeof(*job));
	enum exit_code code = EXIT_USAGE;
	int status;

	if (!job) {
		complain(invocation->command, "out of memory");
		return EXIT_USAGE;
	}
	job->invocation = invocation;
	if (read_options(job)) {
		status = stat_socket_open(&job->socket, report_text_string(&job->path));
		if (status) {
			code = tell_nobody(job, status);
		} else {
			code = option_given(invocation, OPTION_RELOAD) ? reload(job) : show(job);
			stat_socket_close(&job->socket);
		}
	}
	report_text_finish(&job->path);
	free(job);
	return code;
}

static const struct option_spec whom_specs[] = {
	{ OPTION_FILE_PREFIX, 0, "file-prefix", "NAME", NULL,
	  "the one that weir run was given behind its -- (default rte)" },
	{ OPTION_SOCKET, 0, "socket", "PATH", NULL, "the telemetry socket itself" },
};
static const struct option_spec what_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json|prometheus", "how to print it" },
	{ OPTION_INTERVAL, 0, "interval", "SECONDS", NULL,
	  "again and again, with rates a second in the table, until weir run ends" },
	{ OPTION_RELOAD, 0, "reload", NULL, NULL,
	  "have the policy files read again instead, and say whether they are in force" },
};
static const struct option_group whom_options = OPTION_GROUP("Whom to ask", whom_specs);
static const struct option_group what_options = OPTION_GROUP("What", what_specs);

const struct command stat_command = {
	.name = "stat",
	.summary = "what a weir run that runs has counted so far",
	.synopsis = "[options]",
	.description =
		"Asks a running weir run, through DPDK's telemetry socket, for its packets by "
		"port, "
		"by what became of them, by reason and by rule. The socket is where EAL puts it: "
		"/var/run/dpdk for root, else $XDG_RUNTIME_DIR/dpdk.",
	.examples = "  weir stat --interval 1\n"
		    "  weir stat -o prometheus >/var/lib/node_exporter/weir.prom\n"
		    "  weir stat --reload\n",
	.groups = { &whom_options, &what_options, &common_options },
	.run = run,
};
