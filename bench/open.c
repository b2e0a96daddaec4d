/*
 * weir-bench-open FILE.weir... - how long a saved policy takes until it can be asked.
 *
 * Each sample maps the file, opens a policy on it, which looks at every byte, asks it one key and
 * lets go of both. Apart from that: reading every byte once, which is what opening cannot be faster
 * than. The files are in the page cache. Milliseconds: median, and what nine of ten samples are
 * between. The answer to the key is compared with the first one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weir/capture.h"
#include "weir/policy.h"
#include "weir/policy_file.h"

enum {
	SAMPLES = 41,
	OUTSIDE = SAMPLES / 20,
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static struct weir_verdict ask(const struct weir_policy *policy)
{
	const struct weir_key key = { .source = weir_address_from_ipv4((uint8_t[]){ 10, 0, 0, 1 }),
				      .destination =
					      weir_address_from_ipv4((uint8_t[]){ 10, 0, 0, 2 }),
				      .protocol = WEIR_PROTOCOL_TCP,
				      .destination_port = 80,
				      .flags = WEIR_KEY_BOTH };
	struct weir_verdict verdict;

	weir_policy_classify(policy, &key, &verdict, 1);
	return verdict;
}

static int open_once(const char *path, double *took, struct weir_verdict *verdict,
		     struct weir_error *error)
{
	struct weir_file file;
	struct weir_policy *policy;
	double begun = now();
	int status = weir_file_load(path, SIZE_MAX, &file, error);

	if (status)
		return status;
	status = weir_policy_open(file.bytes, file.length, NULL, &policy, error);
	if (!status) {
		*verdict = ask(policy);
		weir_policy_unref(policy);
	}
	weir_file_release(&file);
	*took = now() - begun;
	return status;
}

static int read_once(const char *path, double *took, size_t *length, struct weir_error *error)
{
	struct weir_file file;
	volatile uint64_t seen;
	uint64_t sum = 0;
	double begun = now();
	int status = weir_file_load(path, SIZE_MAX, &file, error);

	if (status)
		return status;
	for (size_t i = 0; i + sizeof(sum) <= file.length; i += sizeof(sum)) {
		uint64_t word;

		memcpy(&word, file.bytes + i, sizeof(word));
		sum += word;
	}
	seen = sum;
	(void)seen;
	*length = file.length;
	weir_file_release(&file);
	*took = now() - begun;
	return 0;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static void print_spread(const char *what, double samples[SAMPLES])
{
	qsort(samples, SAMPLES, sizeof(*samples), compare);
	printf("  %-6s %8.3f ms (%.3f-%.3f)\n", what, samples[SAMPLES / 2], samples[OUTSIDE],
	       samples[SAMPLES - 1 - OUTSIDE]);
}

static int measure(const char *path, struct weir_error *error)
{
	double opened[SAMPLES], reads[SAMPLES];
	struct weir_verdict first = { 0 };
	size_t length = 0;
	int status = open_once(path, &opened[0], &first, error);

	for (unsigned i = 0; i < SAMPLES && !status; i++) {
		struct weir_verdict verdict = first;

		status = open_once(path, &opened[i], &verdict, error);
		if (!status)
			status = read_once(path, &reads[i], &length, error);
		if (!status && (verdict.action != first.action || verdict.why != first.why)) {
			snprintf(error->text, sizeof(error->text), "%s: WRONG", path);
			return -1;
		}
	}
	if (status)
		return status;
	printf("%s: %zu bytes\n", path, length);
	print_spread("open", opened);
	print_spread("read", reads);
	return 0;
}

int main(int argc, char **argv)
{
	struct weir_error error = { "" };

	for (int i = 1; i < argc; i++) {
		if (measure(argv[i], &error)) {
			fprintf(stderr, "weir-bench-open: %s: %s\n", argv[i], error.text);
			return 1;
		}
	}
	return 0;
}
