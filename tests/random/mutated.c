/*
 * Saved policies of hostile clusters, with lies in them: each is refused with a reason, or answers
 * everything that may be asked without touching a byte that is not its own.
 *
 *	mutated [--count MUTATIONS] [--seed SEED] [--cluster FIRST] [--keep FOLDER]
 *
 * The sum is right, so that what checks the numbers is what is tested. The bytes lie at the end or
 * at the beginning of pages that can only be read, with pages around them that cannot be touched.
 * What opened is kept as files in FOLDER.
 * As they were made they must open, save again to the same bytes, and judge as what was compiled.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arguments.h"
#include "array.h"
#include "build.h"
#include "interview.h"
#include "keys.h"
#include "mutation.h"
#include "subject.h"
#include "weir/policy_file.h"

enum {
	KEYS = 64,
	MUTATIONS_OF_POLICY = 500,
	LIST_EVERY = 16,
	MORE_EVERY = 4,    /* lies that are told together with another one */
	SECONDS_MOST = 60, /* of one mutation: it does not end */
	COUNT_TO_SHARE = 20000,
};

struct tally {
	uint64_t opened;
	uint64_t refused;
};

struct run {
	uint64_t seed;
	uint64_t cluster;
	uint64_t number;    /* of the mutation, in all clusters */
	uint64_t mutations; /* made */
	struct tally by_section[LAYOUT_SECTIONS];
	struct tally by_mutation[MUTATIONS];
	uint64_t checksum;
	const char *folder; /* NULL: nothing is kept */
};

/* What runs, for whatever ends it. */
static char where[128];

static void tell_where(void)
{
	ssize_t ignored = write(STDOUT_FILENO, where, strlen(where));

	(void)ignored;
}

static void end_with(int number)
{
	tell_where();
	signal(number, SIG_DFL);
	raise(number);
}

#ifdef __SANITIZE_ADDRESS__
void __asan_on_error(void); /* NOLINT: the sanitizer's own name */
void __asan_on_error(void)  /* NOLINT */
{
	tell_where();
}
#endif

static void catch_ends(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], end_with);
}

/* Always false. */
static bool told(const char *what)
{
	tell_where();
	printf("  %s\n", what);
	return false;
}

/* Bytes between pages that cannot be touched. */

struct pages {
	char *map;
	size_t length; /* of the map */
	char *bytes;
};

static bool pages_make(struct pages *pages, const void *bytes, size_t length, bool at_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t inner = (length + page - 1) / page * page;

	pages->length = inner + 2 * page;
	pages->map = mmap(NULL, pages->length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages->map == MAP_FAILED || mprotect(pages->map + page, inner, PROT_READ | PROT_WRITE))
		return false;
	pages->bytes = pages->map + page + (at_end ? inner - length : 0);
	memcpy(pages->bytes, bytes, length);
	return mprotect(pages->map + page, inner, PROT_READ) == 0;
}

static void pages_drop(struct pages *pages)
{
	munmap(pages->map, pages->length);
}

/* Saving. */

static int append(void *context, const char *bytes, size_t length)
{
	struct weir_array *array = context;
	size_t at = array->count;

	if (weir_array_resize(array, at + length))
		return -ENOMEM;
	memcpy((char *)array->items + at, bytes, length);
	return 0;
}

static bool is_same_half(const struct weir_half *a, const struct weir_half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->peer == b->peer && a->port == b->port;
}

static bool judges_alike(const struct weir_policy *a, const struct weir_policy *b,
			 const struct weir_key *key)
{
	struct weir_explanation of_a, of_b;
	struct weir_verdict verdict;

	weir_policy_explain(a, key, &of_a);
	weir_policy_explain(b, key, &of_b);
	weir_policy_classify(b, key, &verdict, 1);
	return of_a.verdict.action == of_b.verdict.action && of_a.verdict.why == of_b.verdict.why &&
	       verdict.action == of_a.verdict.action && is_same_half(&of_a.egress, &of_b.egress) &&
	       is_same_half(&of_a.ingress, &of_b.ingress);
}

/* What was saved is what was compiled. */
static bool is_faithful(const struct weir_policy *compiled, const struct weir_array *saved,
			const struct weir_key *keys)
{
	struct weir_array again = weir_array_of(NULL, char);
	struct weir_policy *opened;
	struct weir_error error;
	struct pages pages;
	bool is_same;

	if (!pages_make(&pages, saved->items, saved->count, true))
		return told("no pages");
	if (weir_policy_open(pages.bytes, saved->count, NULL, &opened, &error))
		return told(error.text);
	is_same = !weir_policy_save(opened, append, &again, &error) &&
		  again.count == saved->count &&
		  memcmp(again.items, saved->items, saved->count) == 0;
	for (unsigned i = 0; is_same && i < KEYS; i++)
		is_same = judges_alike(compiled, opened, &keys[i]);
	weir_policy_unref(opened);
	weir_array_finish(&again);
	pages_drop(&pages);
	return is_same || told("what was saved is not what was compiled");
}

/* Mutating. */

static bool interview(struct run *run, struct dice *dice, const struct weir_key *keys,
		      struct weir_policy *policy)
{
	struct interview interview = { .dice = *dice,
				       .keys = keys,
				       .key_count = KEYS,
				       .with_list = run->number % LIST_EVERY == 0 };
	bool agree = interview_hold(&interview, policy);

	run->checksum ^= interview.checksum;
	return agree || told("kernels differ");
}

static bool keep(const struct run *run, const char *bytes, size_t length)
{
	char path[4096];
	FILE *file;
	bool is_written;

	if (!run->folder)
		return true;
	snprintf(path, sizeof(path), "%s/%" PRIu64 ".weir", run->folder, run->number);
	file = fopen(path, "w");
	is_written = file && fwrite(bytes, 1, length, file) == length;
	if (file && fclose(file))
		is_written = false;
	return is_written || told(path);
}

static bool mutate(struct run *run, struct dice *dice, const struct weir_array *saved, char *copy,
		   const struct weir_key *keys)
{
	struct weir_policy *policy;
	struct weir_error error = { "" };
	struct pages pages;
	unsigned section;
	enum mutation mutation;
	bool is_good = true;
	int status;

	memcpy(copy, saved->items, saved->count);
	do
		mutation = mutation_make(dice, copy, saved->count, &section);
	while (mutation != MUTATION_HEADER && dice_one_in(dice, MORE_EVERY));
	if (!pages_make(&pages, copy, saved->count, dice_one_in(dice, 2)))
		return told("no pages");
	status = weir_policy_open(pages.bytes, saved->count, NULL, &policy, &error);
	if (!status) {
		is_good = interview(run, dice, keys, policy) && keep(run, copy, saved->count);
		weir_policy_unref(policy);
	} else if (!error.text[0]) {
		is_good = told("refused without a reason");
	}
	pages_drop(&pages);
	*(status ? &run->by_mutation[mutation].refused : &run->by_mutation[mutation].opened) += 1;
	if (mutation != MUTATION_HEADER)
		*(status ? &run->by_section[section].refused : &run->by_section[section].opened) +=
			1;
	return is_good;
}

static bool mutate_all(struct run *run, const struct weir_array *saved, const struct weir_key *keys,
		       uint64_t wanted)
{
	char *copy = aligned_alloc(LAYOUT_ALIGNMENT, saved->count);
	bool is_good = copy != NULL;

	for (unsigned i = 0; is_good && i < MUTATIONS_OF_POLICY && run->mutations < wanted; i++) {
		struct dice dice = { run->seed * 1000003 + run->cluster * 4099 + i };

		snprintf(where, sizeof(where), "seed %" PRIu64 " cluster %" PRIu64 " mutation %u\n",
			 run->seed, run->cluster, i);
		run->number = run->cluster * MUTATIONS_OF_POLICY + i;
		alarm(SECONDS_MOST);
		is_good = mutate(run, &dice, saved, copy, keys);
		run->mutations++;
	}
	alarm(0);
	free(copy);
	return is_good;
}

static bool mutate_policy(struct run *run, const struct weir_policy *policy,
			  const struct weir_cluster *cluster, uint64_t wanted)
{
	struct weir_array saved = weir_array_of(NULL, char);
	struct weir_key keys[KEYS];
	struct weir_error error;
	struct keys source;
	bool is_good = false;

	if (keys_init(&source, cluster, run->seed + run->cluster))
		return told(strerror(ENOMEM));
	for (unsigned i = 0; i < KEYS; i++)
		keys[i] = keys_next(&source);
	keys_finish(&source);
	if (weir_policy_save(policy, append, &saved, &error))
		told(error.text);
	else
		is_good =
			is_faithful(policy, &saved, keys) && mutate_all(run, &saved, keys, wanted);
	weir_array_finish(&saved);
	return is_good;
}

/* One more document, for the one section that hostile clusters leave empty. */
static bool add_node_port(struct hostile *hostile)
{
	static const char service[] =
		"---\n{apiVersion: v1, kind: Service, metadata: {name: outer, namespace: "
		"default},\n"
		"  spec: {type: NodePort, clusterIP: 10.96.0.250, selector: {app: web},\n"
		"    ports: [{port: 80, nodePort: 30080}, {port: 443, nodePort: 30443}]}}\n";
	char *yaml = realloc(hostile->yaml, hostile->length + sizeof(service));

	if (!yaml)
		return false;
	memcpy(yaml + hostile->length, service, sizeof(service));
	hostile->yaml = yaml;
	hostile->length += sizeof(service) - 1;
	return true;
}

/* In the form of rows whose turn it is: the best, dense, sparse. */
static bool mutate_subject(struct run *run, struct subject *subject, uint64_t wanted)
{
	static const enum row_form forms[] = { ROW_FORM_BEST, ROW_FORM_DENSE, ROW_FORM_SPARSE };
	enum row_form form = forms[run->cluster % (sizeof(forms) / sizeof(forms[0]))];
	struct weir_policy *policy;
	struct weir_error error;
	bool is_good;

	if (!subject_open(subject, &error) ||
	    weir_compile_in_form(subject->resolved, NULL, form, &policy, &error))
		return told(error.text);
	is_good = mutate_policy(run, policy, subject->cluster, wanted);
	weir_policy_unref(policy);
	return is_good;
}

static bool mutate_cluster(struct run *run, uint64_t wanted)
{
	uint64_t seed = run->seed * 7919 + run->cluster;
	struct hostile_shape shape = hostile_draw_shape(seed);
	struct subject subject = { .semantics = subject_semantics(run->cluster) };
	struct hostile hostile;
	bool is_good;

	snprintf(where, sizeof(where), "seed %" PRIu64 " cluster %" PRIu64 "\n", run->seed,
		 run->cluster);
	if (!hostile_make(seed, &shape, &hostile) || !add_node_port(&hostile))
		return told(strerror(ENOMEM));
	subject.cluster = subject_read(&hostile, subject_problems);
	is_good = subject.cluster ? mutate_subject(run, &subject, wanted) : told("not read");
	subject_close(&subject);
	weir_cluster_destroy(subject.cluster);
	hostile_release(&hostile);
	return is_good;
}

/* Totals. */

static void print_tally(const char *name, const struct tally *tally)
{
	printf("  %-20s %8" PRIu64 " opened %8" PRIu64 " refused\n", name, tally->opened,
	       tally->refused);
}

/* Whether lies of every kind were tried, and of every section: some always open, some never. */
static bool print_totals(const struct run *run)
{
	static const char *const names[MUTATIONS] = { "word", "byte", "item", "length", "header" };
	uint64_t opened = 0;
	bool enough = true;

	for (unsigned i = 0; i < MUTATIONS; i++)
		opened += run->by_mutation[i].opened;
	printf("seed %" PRIu64 ": %" PRIu64 " mutations of %" PRIu64 " policies, %" PRIu64
	       " opened and were asked\n",
	       run->seed, run->mutations, run->cluster, opened);
	for (unsigned i = 0; i < MUTATIONS; i++) {
		print_tally(names[i], &run->by_mutation[i]);
		enough = enough && run->by_mutation[i].refused;
	}
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		print_tally(layout_kinds[i].name, &run->by_section[i]);
		enough = enough && run->by_section[i].opened + run->by_section[i].refused;
	}
	enough = enough && opened > run->mutations / 10;
	if (enough || run->mutations < COUNT_TO_SHARE)
		return true;
	printf("too little was tried\n");
	return false;
}

static bool mutate_clusters(struct run *run, uint64_t wanted)
{
	while (run->mutations < wanted) {
		if (!mutate_cluster(run, wanted))
			return false;
		run->cluster++;
	}
	return print_totals(run);
}

int main(int argc, char **argv)
{
	struct run run = { .seed = 1 };
	uint64_t wanted = 40000;
	const struct argument arguments[] = { { "count", &wanted, NULL },
					      { "seed", &run.seed, NULL },
					      { "cluster", &run.cluster, NULL },
					      { "keep", NULL, &run.folder } };

	if (!arguments_read(argc, argv, arguments, sizeof(arguments) / sizeof(arguments[0])))
		return 2;
	catch_ends();
	return mutate_clusters(&run, wanted) ? 0 : 1;
}
