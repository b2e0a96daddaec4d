#include "enforcer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "weir/directory.h"
#include "weir/slot.h"

#include "policy_map.h"

enum {
	MAX_FLOWS = 65536, /* of each family: 10 MB */
};

struct enforcer {
	const char *path;
	const struct enforcer_driver *driver;
	struct weir_policy *policy; /* in force: its rules have the names of the report */
	struct weir_slot *slot;
	struct weir_worker *worker;
	sigset_t signals;
	bool is_stopping; /* the main thread tells the other */
	int failure;      /* and is told */
};

uint64_t enforcer_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

__attribute__((format(printf, 2, 3))) static void say(const struct enforcer *enforcer,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s: ", enforcer->driver->name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* The thread that judges. */

static void *work(void *context)
{
	struct enforcer *enforcer = context;
	int status = 0;

	while (status >= 0 && !__atomic_load_n(&enforcer->is_stopping, __ATOMIC_ACQUIRE)) {
		status = enforcer->driver->turn(enforcer->driver->context, enforcer->worker);
		if (status == 0)
			weir_worker_rest(enforcer->worker, enforcer_now());
	}
	if (status < 0) {
		__atomic_store_n(&enforcer->failure, status, __ATOMIC_RELEASE);
		kill(getpid(), SIGTERM);
	}
	return NULL;
}

/* The main thread. */

/* A policy that cannot be opened is refused, and the one in force stays. */
static void reload(struct enforcer *enforcer)
{
	struct weir_error error = { "" };
	struct weir_policy *policy;
	int status = policy_map(enforcer->path, &policy, &error);

	if (status) {
		say(enforcer, "%s: %s: the old policy stays", enforcer->path, error.text);
		return;
	}
	status = weir_slot_publish(enforcer->slot, policy);
	if (status) {
		weir_policy_unref(policy);
		say(enforcer, "%s: the old policy stays", strerror(-status));
		return;
	}
	weir_policy_unref(enforcer->policy);
	enforcer->policy = policy;
	say(enforcer, "a new policy is in force");
}

/* Policies that were replaced go when the worker has left them, which takes a turn. */
static void steer(struct enforcer *enforcer)
{
	const struct timespec second = { .tv_sec = 1 };
	int signal;

	do {
		signal = sigtimedwait(&enforcer->signals, NULL, &second);
		if (signal == SIGHUP)
			reload(enforcer);
		weir_slot_reclaim(enforcer->slot);
	} while (signal != SIGINT && signal != SIGTERM);
}

static void report_rules(const struct enforcer *enforcer)
{
	size_t n = weir_slot_count_rules(enforcer->slot, NULL, 0);
	uint64_t *counts = calloc(n ? n : 1, sizeof(*counts));
	char name[512];

	if (!counts)
		return;
	weir_slot_count_rules(enforcer->slot, counts, n);
	for (size_t i = 0; i < n; i++) {
		const struct weir_half half = { .rule = (uint32_t)i,
						.peer = WEIR_NONE,
						.port = WEIR_NONE };

		if (!counts[i])
			continue;
		weir_policy_format_rule(enforcer->policy, &half, name, sizeof(name));
		printf("rule        %" PRIu64 "  %s\n", counts[i], name);
	}
	free(counts);
}

static void report(const struct enforcer *enforcer)
{
	struct weir_worker_counters counters;

	weir_worker_count(enforcer->worker, &counters);
	printf("packets     %" PRIu64 " = %" PRIu64 " allowed + %" PRIu64 " denied\n",
	       counters.packets[WEIR_PACKET_ALLOW] + counters.packets[WEIR_PACKET_DENY],
	       counters.packets[WEIR_PACKET_ALLOW], counters.packets[WEIR_PACKET_DENY]);
	for (unsigned i = 0; i < WEIR_PACKET_WHYS; i++)
		if (counters.why[i])
			printf("%-11s %" PRIu64 "\n", weir_packet_why_name((enum weir_packet_why)i),
			       counters.why[i]);
	report_rules(enforcer);
	enforcer->driver->report(enforcer->driver->context, stdout);
}

static int judge_until_told(struct enforcer *enforcer)
{
	pthread_t thread;
	int status = pthread_create(&thread, NULL, work, enforcer);

	if (status)
		return -status;
	say(enforcer, "ready");
	steer(enforcer);
	__atomic_store_n(&enforcer->is_stopping, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	return __atomic_load_n(&enforcer->failure, __ATOMIC_ACQUIRE);
}

/* Signals are for the main thread, which waits for them. */
static void hold_signals(struct enforcer *enforcer)
{
	sigemptyset(&enforcer->signals);
	sigaddset(&enforcer->signals, SIGHUP);
	sigaddset(&enforcer->signals, SIGINT);
	sigaddset(&enforcer->signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &enforcer->signals, NULL);
}

static int create_worker(struct enforcer *enforcer)
{
	struct weir_worker_options options = { .flows = { .max_ipv4_flows = MAX_FLOWS,
							  .max_ipv6_flows = MAX_FLOWS } };
	int status = weir_slot_create(enforcer->policy, 1, NULL, &enforcer->slot);

	if (status)
		return status;
	if (getentropy(options.flows.secret, sizeof(options.flows.secret)))
		return -errno;
	options.slot = enforcer->slot;
	return weir_worker_create(&options, &enforcer->worker);
}

int enforcer_run(const char *path, const struct enforcer_driver *driver)
{
	struct enforcer enforcer = { .path = path, .driver = driver };
	struct weir_error error = { "" };
	int status;

	hold_signals(&enforcer);
	if (policy_map(path, &enforcer.policy, &error)) {
		say(&enforcer, "%s: %s", path, error.text);
		return 2;
	}
	status = create_worker(&enforcer);
	if (!status)
		status = judge_until_told(&enforcer);
	if (status)
		say(&enforcer, "%s", strerror(-status));
	if (enforcer.worker)
		report(&enforcer);
	weir_worker_destroy(enforcer.worker);
	weir_slot_destroy(enforcer.slot);
	weir_policy_unref(enforcer.policy);
	return status ? 2 : 0;
}
