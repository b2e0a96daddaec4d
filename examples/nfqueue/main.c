/*
 * main.c - enforces a compiled policy on what iptables queues:
 *
 *	weir compile -f MANIFESTS -o POLICY.weir
 *	iptables -A FORWARD -j NFQUEUE --queue-num 0
 *	ip6tables -A FORWARD -j NFQUEUE --queue-num 0
 *	nfqueue-filter [--queue N] [--length N] [--fail-open] POLICY.weir
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enforcer.h"
#include "queue.h"

_Static_assert((int)QUEUE_BURST == (int)ENFORCER_BURST,
	       "what is received at once is judged at once");

static int turn(void *context, struct weir_worker *worker)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct weir_packet_verdict verdicts[QUEUE_BURST];
	struct weir_frame frames[QUEUE_BURST];
	bool may_pass[QUEUE_BURST];
	struct queue *queue = context;
	int n = queue_receive(queue, frames);
	int status;

	if (n <= 0)
		return n;
	weir_worker_process(worker, &origin, frames, (size_t)n, verdicts);
	for (int i = 0; i < n; i++)
		may_pass[i] = verdicts[i].action == WEIR_PACKET_ALLOW;
	status = queue_answer(queue, may_pass);
	return status ? status : n;
}

static void report(void *context, FILE *file)
{
	fprintf(file, "lost        %" PRIu64 "\n", queue_lost(context));
}

static bool read_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= max;
}

/* False after a usage error. */
static bool read_options(int argc, char **argv, struct queue_options *out)
{
	static const struct option names[] = {
		{ "queue", required_argument, NULL, 'q' },
		{ "length", required_argument, NULL, 'l' },
		{ "fail-open", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long queue = 0, length = 4096;
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'o')
			out->fail_open = true;
		else if ((option != 'q' || !read_number(optarg, UINT16_MAX, &queue)) &&
			 (option != 'l' || !read_number(optarg, UINT32_MAX, &length)))
			return false;
	}
	out->number = (uint16_t)queue;
	out->length = (uint32_t)length;
	out->wait_ms = ENFORCER_WAIT_MS;
	return optind + 1 == argc;
}

int main(int argc, char **argv)
{
	struct enforcer_driver driver = { "nfqueue-filter", turn, report, NULL };
	struct queue_options options = { 0 };
	struct queue *queue;
	int status;

	if (!read_options(argc, argv, &options)) {
		fprintf(stderr, "usage: nfqueue-filter [--queue N] [--length N] [--fail-open] "
				"POLICY.weir\n");
		return 2;
	}
	status = queue_open(&options, &queue);
	if (status) {
		fprintf(stderr, "nfqueue-filter: queue %u: %s\n", options.number,
			strerror(-status));
		return 2;
	}
	driver.context = queue;
	status = enforcer_run(argv[optind], &driver);
	queue_close(queue);
	return status;
}
