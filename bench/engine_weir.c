/* This engine: with the kernel that it would choose, and with each by force. */
#include "engines.h"

#include <errno.h>
#include <stdlib.h>

#include "handle.h"
#include "weir/resolved.h"

struct taken {
	const struct weir_key *keys;
	struct weir_verdict verdicts[];
};

static int build(const struct bench_engine *engine, const struct bench_policy *policy,
		 const struct bench_limits *limits, void **out, struct weir_error *error)
{
	struct weir_compile_options options = { .max_bytes = limits->max_bytes };
	struct weir_policy *built;
	int status = 0;

	(void)engine;
	if (policy->compiled)
		built = weir_policy_ref(policy->compiled);
	else
		status = weir_compile(policy->resolved, &options, &built, error);
	if (status)
		return status;
	*out = built;
	return 0;
}

static int take(const void *built, const struct weir_key *keys, size_t n, void **out,
		struct weir_error *error)
{
	struct taken *taken = calloc(1, sizeof(*taken) + n * sizeof(taken->verdicts[0]));

	(void)built;
	if (!taken)
		return bench_decline(error, -ENOMEM, "no memory");
	taken->keys = keys;
	*out = taken;
	return 0;
}

static void classify(const struct bench_engine *engine, const void *built, void *keys, size_t first,
		     size_t n)
{
	struct taken *taken = keys;

	(void)engine;
	weir_policy_classify(built, taken->keys + first, taken->verdicts + first, n);
}

static void classify_by_kernel(const struct bench_engine *engine, const void *built, void *keys,
			       size_t first, size_t n)
{
	const struct weir_kernel *kernel = engine->variant;
	const struct weir_policy *policy = built;
	struct taken *taken = keys;

	kernel->classify(&policy->lookup, taken->keys + first, taken->verdicts + first, n);
}

static uint8_t answer(const void *keys, size_t i)
{
	const struct taken *taken = keys;

	return taken->verdicts[i].action;
}

static const struct bench_intake intake = { take, answer, free };

static size_t bytes(const void *built)
{
	struct weir_policy_sizes sizes;

	weir_policy_measure(built, &sizes);
	return sizes.total_bytes;
}

static void destroy(void *built)
{
	weir_policy_unref(built);
}

static struct bench_engine engine_of(const char *name, const char *summary,
				     const struct weir_kernel *kernel)
{
	return (struct bench_engine){
		.name = name,
		.summary = summary,
		.build = build,
		.intake = &intake,
		.classify = kernel ? classify_by_kernel : classify,
		.bytes = bytes,
		.destroy = destroy,
		.variant = kernel,
	};
}

static const struct {
	const char *kernel;
	const char *name;
} names[] = {
	{ "scalar", "weir/scalar" },           { "bits", "weir/bits" }, { "staged", "weir/staged" },
	{ "staged-bits", "weir/staged-bits" }, { "avx2", "weir/avx2" }, { "avx512", "weir/avx512" },
};

static const char *name_of(const char *kernel)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].kernel, kernel) == 0)
			return names[i].name;
	return kernel;
}

size_t bench_list_ours(struct bench_engine *out, size_t size)
{
	size_t kernel_count;
	const struct weir_kernel *kernels = weir_kernels(&kernel_count);
	size_t count = 0;

	if (size)
		out[count++] =
			engine_of("weir", "this engine, with the kernel that it chooses", NULL);
	for (size_t i = 0; i < kernel_count && count < size; i++)
		if (kernels[i].is_supported())
			out[count++] = engine_of(name_of(kernels[i].name),
						 "this engine, with that kernel", &kernels[i]);
	return count;
}
