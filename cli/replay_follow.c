/*
 * replay_follow.c - weir replay --follow and -i.
 *
 * Frames are added as they come. Every second, and after many of them, the trace is settled: flows
 * that are over are printed and forgotten. Time is that of the frames, and goes on by the clock
 * while none come. SIGINT and SIGTERM are blocked and asked for, so that they end nothing in its
 * middle; what was under way when they came is still read.
 */
#include "replay_follow.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "weir/tap.h"

#include "diagnostics.h"
#include "numbers.h"
#include "trace_input.h"

#define SECOND      UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)
#define BACKLOG     (2 * SECOND) /* so long what waits is read behind the end */

enum {
	WAIT = 200,        /* milliseconds that a signal may go unnoticed */
	UNDER_WAY = 300,   /* milliseconds until what was captured has been written */
	SETTLING_PART = 8, /* at most one part of the time in as many is for settling */
	SECONDS_MAX = 1000000000,
};

struct follow {
	const struct invocation *invocation;
	struct replay_view *view;
	struct diagnostics diagnostics;
	struct weir_tap *tap;
	struct weir_trace *trace;
	sigset_t signals;
	uint64_t deadline; /* of all, by the clock; UINT64_MAX: none */
	uint64_t latest;   /* time of the last frame, not of the latest: clocks are set back, */
	uint64_t met;      /* and when it came, by this clock */
	uint64_t due;      /* when to settle next */
};

static enum exit_code fail(const struct follow *follow, int status)
{
	complain(follow->invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* Usage. */

bool replay_follow_wanted(const struct invocation *invocation)
{
	return option_given(invocation, OPTION_FOLLOW) ||
	       option_given(invocation, OPTION_INTERFACE);
}

static const struct {
	enum option_id id;
	const char *name;
	const char *why;
} unfit[] = {
	{ OPTION_PACKETS, "--packets", "single packets are told when the whole trace is known" },
	{ OPTION_EXPECT, "--expect", "it compares when the whole trace is known" },
	{ OPTION_LIVE, "--live", "it prints when the whole trace is known" },
	{ OPTION_WRITE, "-w", "files are written when the whole trace is known" },
	{ OPTION_ALLOWED, "--allowed", "files are written when the whole trace is known" },
	{ OPTION_DENIED, "--denied", "files are written when the whole trace is known" },
	{ OPTION_THREADS, "--threads", "packets are taken as they come, by one" },
};

static const char *mode_name(const struct invocation *invocation)
{
	return option_given(invocation, OPTION_INTERFACE) ? "-i" : "--follow";
}

static enum exit_code check_fitness(const struct invocation *invocation)
{
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		if (!option_given(invocation, unfit[i].id))
			continue;
		complain(invocation->command, "%s and %s exclude each other: %s",
			 mode_name(invocation), unfit[i].name, unfit[i].why);
		return EXIT_USAGE;
	}
	return EXIT_CLEAN;
}

static enum exit_code check_source(const struct invocation *invocation)
{
	const char *problem = NULL;

	if (option_times(invocation, OPTION_INTERFACE) > 1)
		problem = "one -i only; -i any is all interfaces";
	else if (!option_given(invocation, OPTION_INTERFACE) &&
		 option_times(invocation, OPTION_READ) != 1)
		problem = "--follow goes with one -r, a file or -";
	else if (option_given(invocation, OPTION_INTERFACE) &&
		 option_given(invocation, OPTION_READ))
		problem = "-i and -r exclude each other";
	else if (option_given(invocation, OPTION_INTERFACE) &&
		 option_given(invocation, OPTION_FOLLOW))
		problem = "-i and --follow exclude each other: -i follows anyway";
	if (problem)
		complain(invocation->command, "%s", problem);
	return problem ? EXIT_USAGE : EXIT_CLEAN;
}

/* UINT64_MAX: no end. */
static bool read_seconds(const struct invocation *invocation, uint64_t *out)
{
	*out = UINT64_MAX;
	return option_number(invocation, OPTION_FOR, 1, SECONDS_MAX, out);
}

enum exit_code replay_follow_check(const struct invocation *invocation)
{
	static const struct {
		enum option_id id;
		const char *name;
	} only_here[] = { { OPTION_PROVISIONAL, "--provisional" }, { OPTION_FOR, "--for" } };
	uint64_t seconds;
	enum exit_code code;

	for (size_t i = 0; i < sizeof(only_here) / sizeof(only_here[0]); i++) {
		if (replay_follow_wanted(invocation) || !option_given(invocation, only_here[i].id))
			continue;
		complain(invocation->command, "%s goes with --follow or -i", only_here[i].name);
		return EXIT_USAGE;
	}
	if (!replay_follow_wanted(invocation))
		return EXIT_CLEAN;
	code = check_source(invocation);
	if (code == EXIT_CLEAN)
		code = check_fitness(invocation);
	if (code == EXIT_CLEAN && !read_seconds(invocation, &seconds))
		code = EXIT_USAGE;
	return code;
}

/* Set-up. */

static void watch_signals(struct follow *follow)
{
	sigemptyset(&follow->signals);
	sigaddset(&follow->signals, SIGINT);
	sigaddset(&follow->signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &follow->signals, NULL);
}

static enum exit_code open_tap(struct follow *follow)
{
	const struct invocation *invocation = follow->invocation;
	const char *interface = option_value(invocation, OPTION_INTERFACE);
	const char *source = interface ? interface : option_value(invocation, OPTION_READ);
	char *filter = trace_input_filter(invocation);
	const struct weir_capture_options options = {
		.filter = filter,
		.sink = diagnostics_sink(&follow->diagnostics),
	};
	struct weir_error error = { "" };
	bool bad_filter = false;
	int status;

	follow->diagnostics.color = invocation->color_err;
	status = (interface ? weir_tap_listen : weir_tap_follow)(source, &options, &follow->tap,
								 &bad_filter, &error);
	free(filter);
	if (!status) {
		follow->view->tap = follow->tap;
		return EXIT_CLEAN;
	}
	complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
	return bad_filter ? EXIT_USAGE : EXIT_DAMAGED;
}

static enum exit_code make_trace(struct follow *follow, struct weir_policy *policy)
{
	struct weir_trace_options options = {
		.unknown_pods_external =
			option_choice(follow->invocation, OPTION_UNKNOWN_PODS) == 1,
		.stateless = option_given(follow->invocation, OPTION_STATELESS),
		.endless = true,
	};
	int status = 0;

	if (getrandom(options.secret, sizeof(options.secret), 0) != sizeof(options.secret))
		status = -errno;
	if (!status)
		status = weir_trace_create(policy, &options, &follow->trace);

	follow->view->trace = follow->trace;
	return status ? fail(follow, status) : EXIT_CLEAN;
}

/* Somebody who waits sees that it is not for nothing. */
static void greet(const struct follow *follow)
{
	const char *interface = option_value(follow->invocation, OPTION_INTERFACE);

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s %s; ^C ends it with the summary\n",
			interface ? "listening on" : "following",
			interface ? interface : option_value(follow->invocation, OPTION_READ));
}

/* The trace. */

static void print_news(struct follow *follow)
{
	struct replay_view *view = follow->view;
	uint64_t count = weir_trace_flow_count(follow->trace);

	if (view->shows_nothing)
		return;
	for (uint64_t i = 0; i < count; i++) {
		enum weir_trace_news news = weir_trace_flow_news(follow->trace, i);
		struct weir_flow flow;

		view->is_provisional = news == WEIR_TRACE_CHANGED;
		if (news == WEIR_TRACE_SAME || (view->is_provisional && !view->shows_provisional))
			continue;
		weir_trace_flow(follow->trace, i, &flow);
		view->format->flow(view, &flow);
	}
	view->is_provisional = false;
	if (view->format->flush)
		view->format->flush(view);
	fflush(stdout);
}

/* The frames' time: it goes on while none come. */
static uint64_t trace_now(const struct follow *follow, uint64_t now)
{
	return follow->met ? follow->latest + (now - follow->met) : 0;
}

static int settle(struct follow *follow)
{
	uint64_t before = clock_now();
	uint64_t length;
	int status = weir_trace_settle(follow->trace, trace_now(follow, before));

	if (status)
		return status;
	print_news(follow);
	length = clock_now() - before;
	follow->due = before + (length > SECOND / SETTLING_PART ? length * SETTLING_PART : SECOND);
	return ferror(stdout) ? -EIO : 0;
}

/* How many frames came, 0 when there is none at the moment, or a negative errno. */
static int add_frames(struct follow *follow)
{
	struct weir_frame frames[TRACE_BURST];
	int n = weir_tap_next(follow->tap, frames, TRACE_BURST);
	int status;

	if (n <= 0)
		return n;
	follow->latest = frames[n - 1].time;
	follow->met = clock_now();
	status = weir_trace_add(follow->trace, frames, (size_t)n);
	return status ? status : n;
}

static bool is_asked_to_stop(const struct follow *follow)
{
	static const struct timespec at_once = { 0 };

	return clock_now() >= follow->deadline ||
	       sigtimedwait(&follow->signals, NULL, &at_once) > 0;
}

static unsigned wait_until(uint64_t deadline)
{
	uint64_t now = clock_now();
	uint64_t left = deadline > now ? (deadline - now) / MILLISECOND + 1 : 0;

	return left < WAIT ? (unsigned)left : WAIT;
}

/* Until nothing comes any more: 0 or a negative errno. */
static int read_all(struct follow *follow)
{
	bool is_stopping = false;

	for (;;) {
		int n = add_frames(follow);
		int status = n < 0 ? n : 0;

		if (!status && (weir_trace_is_due(follow->trace) || clock_now() >= follow->due))
			status = settle(follow);
		if (status)
			return status == -ENODATA ? 0 : status;
		if (!is_stopping && is_asked_to_stop(follow)) {
			is_stopping = true;
			follow->deadline = clock_now() + UNDER_WAY * MILLISECOND;
		} else if (is_stopping && clock_now() >= follow->deadline + (n ? BACKLOG : 0)) {
			return 0;
		}
		if (!n)
			weir_tap_wait(follow->tap, wait_until(follow->deadline));
	}
}

static void tell_lost(struct follow *follow)
{
	struct replay_view *view = follow->view;

	view->has_lost = weir_tap_lost(follow->tap, &view->lost);
	if (view->lost)
		complain(follow->invocation->command,
			 "%s: %" PRIu64 " packets were lost, because nobody took them in time; "
			 "their flows are judged by the others",
			 option_value(follow->invocation, OPTION_INTERFACE), view->lost);
}

static enum exit_code replay_all(struct follow *follow)
{
	struct replay_view *view = follow->view;
	int status;

	if (!view->shows_nothing)
		view->format->begin(view);
	status = read_all(follow);
	weir_tap_end(follow->tap);
	if (!status)
		status = weir_trace_finish(follow->trace);
	if (status)
		return fail(follow, status);
	print_news(follow);
	tell_lost(follow);
	weir_trace_summarize(follow->trace, &view->summary);
	(view->shows_nothing ? view->format->summary : view->format->end)(view);
	if (view->is_short || view->text.is_short)
		return fail(follow, -ENOMEM);
	return weir_tap_damaged(follow->tap) ? EXIT_DAMAGED : EXIT_CLEAN;
}

enum exit_code replay_follow(const struct invocation *invocation, struct weir_policy *policy,
			     struct replay_view *view)
{
	struct follow follow = { .invocation = invocation, .view = view };
	enum exit_code code = read_seconds(invocation, &follow.deadline) ? EXIT_CLEAN : EXIT_USAGE;
	uint64_t now = clock_now();

	view->follows = true;
	view->shows_provisional = option_given(invocation, OPTION_PROVISIONAL);
	view->shows_nothing = option_given(invocation, OPTION_SUMMARY);
	if (follow.deadline != UINT64_MAX)
		follow.deadline = now + follow.deadline * SECOND;
	follow.due = now + SECOND;
	if (code == EXIT_CLEAN)
		code = make_trace(&follow, policy);
	if (code == EXIT_CLEAN)
		code = open_tap(&follow);
	if (code == EXIT_CLEAN) {
		watch_signals(&follow);
		greet(&follow);
		code = replay_all(&follow);
	}
	view->tap = NULL;
	view->trace = NULL;
	weir_tap_close(follow.tap);
	weir_trace_destroy(follow.trace);
	return code;
}
