/*
 * The bundled traces with faults, from a seed each, through all of replay.
 *
 *	mutations TRACES [--seed N] [--count N]
 *
 * The cases run in a process of their own, which tells the one that waits for it which case it is
 * at: whatever ends it, by a sanitizer, by a check or by the clock, ends with the seed of that
 * case, and `--seed N --count 1` runs it alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "scene.h"
#include "through.h"

enum {
	SECONDS = 20,             /* for one case; it takes a hundredth of one */
	LIBRARY_BYTES = 32 << 20, /* for the flows of one case */
	PROCESS_KB = 768 << 10,   /* resident, with what a sanitizer keeps */
	FILES_MAX = 3,
	COUNT = 1000,
};

/* What the process that runs the cases tells. */
struct shared {
	uint64_t seed;
	struct through_seen seen;
};

static void write_bytes(const char *path, const struct faulty_file *file)
{
	FILE *out = fopen(path, "wb");

	NEED(out);
	NEED(fwrite(file->bytes, 1, file->length, out) == file->length);
	NEED(fclose(out) == 0);
}

static void choose(struct dice *dice, struct through_options *options)
{
	static const char *const filters[] = { "tcp", "udp port 53 or icmp", "ip6",
					       "vlan and tcp" };
	static const char *const outputs[] = { "out.pcapng", "out.pcapng", "out.pcap" };

	*options = (struct through_options){
		.filter = dice_one_in(dice, 8) ? DICE_PICK(dice, filters) : NULL,
		.output = dice_one_in(dice, 2) ? DICE_PICK(dice, outputs) : NULL,
		.unknown_pods_external = dice_one_in(dice, 3),
		.stateless = dice_one_in(dice, 8),
		.is_endless = dice_one_in(dice, 4),
		.is_live = dice_one_in(dice, 4),
		.is_growing = dice_one_in(dice, 2),
		.is_shared = dice_one_in(dice, 8),
		.max_bytes = LIBRARY_BYTES,
		.secret = { dice_next(dice), dice_next(dice) },
	};
}

static void run_case(const struct scenes *scenes, uint64_t seed, struct through_seen *seen)
{
	static const char *const paths[FILES_MAX] = { "a", "b", "c" };
	struct dice dice = { seed };
	const struct scene *scene = &scenes->items[dice_below(&dice, (uint32_t)scenes->count)];
	uint32_t files = dice_one_in(&dice, 4) ? dice_between(&dice, 2, FILES_MAX) : 1;
	struct through_options options;

	for (uint32_t i = 0; i < files; i++) {
		struct faulty_file file;

		faulty_file_make(&dice, scene, &file);
		write_bytes(paths[i], &file);
		free(file.bytes);
	}
	choose(&dice, &options);
	through(scene->policy, paths, files, &options, seen);
}

static void run_cases(const char *folder, const char *scratch, uint64_t seed, uint64_t count,
		      struct shared *shared)
{
	struct scenes scenes;

	scenes_load(folder, &scenes);
	NEED(chdir(scratch) == 0);
	for (uint64_t i = 0; i < count; i++) {
		shared->seed = seed + i;
		alarm(SECONDS);
		run_case(&scenes, seed + i, &shared->seen);
	}
	alarm(0);
	scenes_finish(&scenes);
}

static int print_failure(const struct shared *shared, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fprintf(stderr, "seed %" PRIu64 ": took longer than %d s\n", shared->seed, SECONDS);
	else if (WIFSIGNALED(status))
		fprintf(stderr, "seed %" PRIu64 ": %s\n", shared->seed,
			strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "seed %" PRIu64 ": exit status %d\n", shared->seed,
			WEXITSTATUS(status));
	return 1;
}

static void print_seen(const struct through_seen *seen)
{
	printf("%" PRIu64 " traces: %" PRIu64 " refused, %" PRIu64 " damaged; %" PRIu64
	       " packets of %" PRIu64 " flows\n",
	       seen->traces, seen->refused, seen->damaged, seen->packets, seen->flows);
	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		printf("%s %" PRIu64 "%s", weir_trace_class_name((enum weir_trace_class)i),
		       seen->by_class[i], i + 1 < WEIR_TRACE_CLASSES ? ", " : "\n");
	printf("%" PRIu64 " shared, %" PRIu64 " followed; files out: %" PRIu64 " written, %" PRIu64
	       " not possible; at most %zu KB for flows\n",
	       seen->shared, seen->followed, seen->written, seen->unwritten,
	       seen->most_bytes >> 10);
}

/* That faults were met and did not drown everything else. */
static bool is_worth_it(const struct through_seen *seen)
{
	bool has_all = seen->refused > 0 && seen->unwritten > 0;

	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		has_all = has_all && seen->by_class[i] > seen->traces / 10;
	return has_all && seen->refused < seen->traces / 4 && seen->damaged > seen->traces / 10 &&
	       seen->damaged < seen->traces * 9 / 10 && seen->written > seen->traces / 8 &&
	       seen->packets > seen->traces * 8 && seen->followed > seen->traces / 10 &&
	       seen->shared > seen->traces / 20;
}

static int report(const struct shared *shared, int status, uint64_t count)
{
	struct rusage usage;

	if (status)
		return print_failure(shared, status);
	getrusage(RUSAGE_CHILDREN, &usage);
	print_seen(&shared->seen);
	printf("at most %ld MB resident\n", usage.ru_maxrss >> 10);
	if (usage.ru_maxrss > PROCESS_KB) {
		fprintf(stderr, "more than %d MB\n", PROCESS_KB >> 10);
		return 1;
	}
	if (count >= COUNT && !is_worth_it(&shared->seen)) {
		fprintf(stderr, "these were not the faults that they should be\n");
		return 1;
	}
	return 0;
}

static void remove_scratch(const char *scratch)
{
	static const char *const names[] = { "a", "b", "c", "growing", "out.pcap", "out.pcapng" };

	if (chdir(scratch))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	rmdir(scratch);
}

static int run(const char *folder, uint64_t seed, uint64_t count)
{
	char scratch[] = "/tmp/weir-mutations-XXXXXX";
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t child;

	NEED(shared != MAP_FAILED);
	NEED(mkdtemp(scratch));
	printf("seeds %" PRIu64 " to %" PRIu64 "\n", seed, seed + count - 1);
	fflush(stdout);
	child = fork();
	NEED(child >= 0);
	if (!child) {
		run_cases(folder, scratch, seed, count, shared);
		exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		NEED(errno == EINTR);
	remove_scratch(scratch);
	return report(shared, status, count);
}

int main(int argc, char **argv)
{
	uint64_t count = COUNT;
	uint64_t seed = 1;

	for (int i = 2; i + 1 < argc; i += 2) {
		uint64_t *value = strcmp(argv[i], "--seed") == 0 ? &seed : &count;

		*value = strtoull(argv[i + 1], NULL, 0);
	}
	if (argc < 2 || count == 0) {
		fprintf(stderr, "usage: mutations TRACES [--seed N] [--count N]\n");
		return 2;
	}
	return run(argv[1], seed, count);
}
