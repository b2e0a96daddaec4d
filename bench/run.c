/*
 * run.c - builds, checks, times.
 *
 * Engines that differ only in how they are asked are built once. All of a workload stay built while
 * they take turns. An engine is asked every key in the very way that is timed and its answers are
 * compared before it gets a turn, and their digest again after its last.
 */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "reference.h"
#include "stopwatch.h"

enum {
	KEYS_A_RUN = 1024,
	COLD_KEYS_A_RUN = 256,
	COLD_RUNS = 16,
	WARMING_KEYS = 1 << 16,
	LINE = 64,
	LEAST_SWEPT = 32 << 20,
};

/* An engine built from a policy. */
struct subject {
	const struct bench_engine *engine;
	const struct subject *sharing; /* whose build it has; itself: its own */
	void *built;
	int status;
	struct weir_error error;
	double seconds;
};

/* Memory that is written through, so that nothing else is left in the caches. */
struct sweep {
	unsigned char *memory;
	size_t length;
};

/* An engine at work. */
struct work {
	const struct subject *subject;
	const struct sweep *sweep;
	void *taken;
	size_t key_count;
	size_t at;
	size_t keys_a_run;
	size_t burst;
};

static const struct {
	const char *name;
	size_t burst;
	bool is_cold;
} ways[BENCH_WAYS] = {
	[BENCH_WARM_BURST] = { "warm, bursts of 64", BENCH_BURST_MAX, false },
	[BENCH_WARM_SINGLE] = { "warm, one by one", 1, false },
	[BENCH_COLD_BURST] = { "cold, bursts of 64", BENCH_BURST_MAX, true },
	[BENCH_COLD_SINGLE] = { "cold, one by one", 1, true },
};

const char *bench_way_name(enum bench_way way)
{
	return ways[way].name;
}

bool bench_way_is_cold(enum bench_way way)
{
	return ways[way].is_cold;
}

size_t bench_way_burst(enum bench_way way)
{
	return ways[way].burst;
}

static void sweep_caches(void *work)
{
	const struct sweep *sweep = ((struct work *)work)->sweep;

	for (size_t i = 0; i < sweep->length; i += LINE)
		sweep->memory[i]++;
}

static int make_sweep(struct sweep *sweep)
{
	long level3 = sysconf(_SC_LEVEL3_CACHE_SIZE);

	sweep->length = level3 > 0 ? (size_t)level3 / 2 * 3 : 0;
	if (sweep->length < LEAST_SWEPT)
		sweep->length = LEAST_SWEPT;
	sweep->memory = calloc(sweep->length, 1);
	return sweep->memory ? 0 : -ENOMEM;
}

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void build_subject(struct subject *subject, const struct bench_settings *settings,
			  const struct bench_workload *workload)
{
	double start = processor_seconds();

	subject->status =
		subject->engine->build(subject->engine, &workload->policy, &settings->limits,
				       &subject->built, &subject->error);
	subject->seconds = processor_seconds() - start;
}

static void build_subjects(struct subject *subjects, const struct bench_engine *engines,
			   size_t count, const struct bench_settings *settings,
			   const struct bench_workload *workload)
{
	for (size_t i = 0; i < count; i++) {
		const struct subject *sharing = subjects;

		subjects[i].engine = &engines[i];
		while (!bench_shares_build(sharing->engine, &engines[i]))
			sharing++;
		if (sharing == &subjects[i])
			build_subject(&subjects[i], settings, workload);
		else
			subjects[i] = *sharing;
		subjects[i].engine = &engines[i];
		subjects[i].sharing = sharing;
	}
}

static void destroy_subjects(struct subject *subjects, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (subjects[i].sharing == &subjects[i] && !subjects[i].status)
			subjects[i].engine->destroy(subjects[i].built);
}

/* Asks the next keys, in bursts, from the first again behind the last. */
static size_t ask(struct work *work, size_t n)
{
	const struct bench_engine *engine = work->subject->engine;

	for (size_t done = 0; done < n;) {
		size_t burst = work->burst;

		if (burst > work->key_count - work->at)
			burst = work->key_count - work->at;
		engine->classify(engine, work->subject->built, work->taken, work->at, burst);
		work->at += burst;
		if (work->at == work->key_count)
			work->at = 0;
		done += burst;
	}
	return n;
}

static size_t run_keys(void *work)
{
	return ask(work, ((struct work *)work)->keys_a_run);
}

/* All keys; fewer where that takes long. */
static void warm_up(void *work)
{
	size_t n = ((struct work *)work)->key_count;
	double start = processor_seconds();

	if (n > WARMING_KEYS)
		n = WARMING_KEYS;
	for (size_t done = 0; done < n && processor_seconds() < start + 0.05;)
		done += run_keys(work);
}

static uint64_t digest_of(const struct work *work)
{
	uint64_t digest = BENCH_DIGEST_START;

	for (size_t i = 0; i < work->key_count; i++)
		digest = bench_digest_add(digest,
					  work->subject->engine->intake->answer(work->taken, i));
	return digest;
}

/* Every key is asked; the first wrong answer is told. */
static void check(struct work *work, const struct bench_questions *questions,
		  struct bench_result *result)
{
	const struct bench_engine *engine = work->subject->engine;

	work->at = 0;
	ask(work, work->key_count);
	result->digest = digest_of(work);
	result->outcome = BENCH_RIGHT;
	for (size_t i = 0; i < work->key_count && result->outcome == BENCH_RIGHT; i++) {
		if (engine->intake->answer(work->taken, i) == questions->actions[i])
			continue;
		result->outcome = BENCH_WRONG;
		bench_decline(&result->error, 0, "key %zu is %u instead of %u", i,
			      engine->intake->answer(work->taken, i), questions->actions[i]);
	}
}

/* The engine takes the keys, and answers them all. -ENOMEM; what it declines is told. */
static int begin_result(const struct subject *subject, const struct sweep *sweep,
			const struct bench_workload *workload, const struct bench_group *group,
			struct work *work, struct bench_result *result)
{
	const struct bench_questions *questions = &workload->questions[group->halves];
	const struct bench_engine *engine = subject->engine;
	int status = subject->status;
	bool is_cold = ways[group->way].is_cold;

	*work = (struct work){ .subject = subject,
			       .sweep = sweep,
			       .key_count = workload->key_count,
			       .keys_a_run = is_cold ? COLD_KEYS_A_RUN : KEYS_A_RUN,
			       .burst = ways[group->way].burst };
	*result = (struct bench_result){ .engine = engine,
					 .error = subject->error,
					 .build_seconds = subject->seconds };
	if (!status) {
		result->bytes = engine->bytes(subject->built);
		status = engine->intake->take(subject->built, questions->keys, workload->key_count,
					      &work->taken, &result->error);
	}
	if (status == -ENOTSUP || status == -ERANGE)
		return 0;
	if (status)
		return status;
	result->samples = calloc(group->samples, sizeof(*result->samples));
	if (!result->samples)
		return -ENOMEM;
	check(work, questions, result);
	return 0;
}

static bool time_results(const struct bench_settings *settings, struct bench_group *group,
			 struct work *works)
{
	struct bench_timed timed[BENCH_ENGINES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < group->result_count; i++) {
		struct bench_result *result = &group->results[i];

		if (result->outcome != BENCH_RIGHT)
			continue;
		timed[count++] = (struct bench_timed){
			.name = result->engine->name,
			.work = &works[i],
			.warm = warm_up,
			.run = run_keys,
			.chill = ways[group->way].is_cold ? sweep_caches : NULL,
			.runs = COLD_RUNS,
			.samples = result->samples,
		};
	}
	return !count || bench_time(timed, count, settings->samples, settings->seconds);
}

/* What was timed must have left the right answers. */
static void check_again(const struct work *work, struct bench_result *result)
{
	if (result->outcome != BENCH_RIGHT)
		return;
	result->outcome = BENCH_MEASURED;
	if (digest_of(work) != result->digest) {
		result->outcome = BENCH_WRONG;
		bench_decline(&result->error, 0, "other answers after it was timed");
	}
}

static int run_group(const struct bench_settings *settings, const struct subject *subjects,
		     const struct sweep *sweep, const struct bench_workload *workload,
		     struct bench_group *group)
{
	struct work works[BENCH_ENGINES_MAX] = { { 0 } };
	int status = 0;

	for (size_t i = 0; i < group->result_count && !status; i++)
		status = begin_result(&subjects[i], sweep, workload, group, &works[i],
				      &group->results[i]);
	if (!status && !settings->is_check && !time_results(settings, group, works))
		status = -ENOMEM;
	for (size_t i = 0; i < group->result_count; i++) {
		if (!status && !settings->is_check)
			check_again(&works[i], &group->results[i]);
		if (works[i].taken)
			works[i].subject->engine->intake->release(works[i].taken);
	}
	return status;
}

static struct bench_group *add_group(struct bench_groups *groups, size_t engine_count)
{
	struct bench_group *grown =
		realloc(groups->groups, (groups->count + 1) * sizeof(*groups->groups));
	struct bench_result *results = calloc(engine_count, sizeof(*results));

	if (grown)
		groups->groups = grown;
	if (!grown || !results) {
		free(results);
		return NULL;
	}
	grown[groups->count] =
		(struct bench_group){ .results = results, .result_count = engine_count };
	return &grown[groups->count++];
}

static size_t count_allowed(const struct bench_questions *questions, size_t n)
{
	size_t allowed = 0;

	for (size_t i = 0; i < n; i++)
		allowed += questions->actions[i] == WEIR_ALLOW;
	return allowed;
}

static int run_way(const struct bench_settings *settings, const struct subject *subjects,
		   size_t engine_count, const struct sweep *sweep,
		   const struct bench_workload *workload, enum bench_halves halves,
		   enum bench_way way, struct bench_groups *out)
{
	const struct bench_questions *questions = &workload->questions[halves];
	struct bench_group *group = add_group(out, engine_count);

	if (!group)
		return -ENOMEM;
	group->workload = workload->name;
	group->summary = workload->summary;
	group->halves = halves;
	group->way = way;
	group->key_count = workload->key_count;
	group->allowed = count_allowed(questions, workload->key_count);
	group->digest = questions->digest;
	group->policy_hash = workload->policy_hash;
	group->keys_hash = questions->keys_hash;
	group->samples = settings->samples;
	return run_group(settings, subjects, sweep, workload, group);
}

int bench_run(const struct bench_settings *settings, const struct bench_engine *engines,
	      size_t engine_count, const struct bench_workload *workload, struct bench_groups *out)
{
	struct subject subjects[BENCH_ENGINES_MAX] = { { 0 } };
	struct sweep sweep;
	int status = make_sweep(&sweep);

	if (status)
		return status;
	build_subjects(subjects, engines, engine_count, settings, workload);
	for (unsigned h = 0; h < BENCH_HALVES; h++)
		for (unsigned w = 0; w < BENCH_WAYS && !status; w++)
			if (settings->halves[h] && settings->ways[w])
				status = run_way(settings, subjects, engine_count, &sweep, workload,
						 (enum bench_halves)h, (enum bench_way)w, out);
	destroy_subjects(subjects, engine_count);
	free(sweep.memory);
	return status;
}

void bench_groups_finish(struct bench_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		for (size_t j = 0; j < groups->groups[i].result_count; j++)
			free(groups->groups[i].results[j].samples);
		free(groups->groups[i].results);
	}
	free(groups->groups);
	*groups = (struct bench_groups){ 0 };
}
