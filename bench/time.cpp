// Times every case of the table with Google Benchmark. A case whose answers are wrong has no
// figure.
#include <benchmark/benchmark.h>

#include "cases.h"

static void time_case(benchmark::State &state, const struct bench_case *one)
{
	void *work = one->make(one->shape);
	size_t items = 0;

	if (!work || !one->is_right(work)) {
		state.SkipWithError(work ? "WRONG: the answers are not right" : "no memory");
	} else {
		for (auto _ : state)
			items += one->run(work);
		state.SetItemsProcessed(static_cast<int64_t>(items));
		if (one->bytes(work))
			state.counters["bytes"] = static_cast<double>(one->bytes(work));
	}
	one->destroy(work);
}

int main(int argc, char **argv)
{
	for (const struct bench_case *one = bench_cases; one->name; one++)
		benchmark::RegisterBenchmark(one->name, time_case, one);
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 2;
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
