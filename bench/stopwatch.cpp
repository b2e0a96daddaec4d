// stopwatch.cpp - the thin runner over Google Benchmark.
#include "stopwatch.h"

#include <benchmark/benchmark.h>
#include <time.h>

#include <string>
#include <vector>

namespace {

double thread_seconds()
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void time_warm(benchmark::State &state, const struct bench_timed *timed, size_t index)
{
	size_t keys = 0;

	timed->warm(timed->work);
	for (auto _ : state)
		keys += timed->run(timed->work);
	state.counters["keys"] = static_cast<double>(keys);
	state.counters["index"] = static_cast<double>(index);
}

void time_cold(benchmark::State &state, const struct bench_timed *timed, size_t index)
{
	size_t keys = 0;

	for (auto _ : state) {
		timed->chill(timed->work);
		double start = thread_seconds();
		keys += timed->run(timed->work);
		state.SetIterationTime(thread_seconds() - start);
	}
	state.counters["keys"] = static_cast<double>(keys);
	state.counters["index"] = static_cast<double>(index);
}

// Keeps the samples, and prints nothing.
class Keeper : public benchmark::BenchmarkReporter {
      public:
	Keeper(const struct bench_timed *all, unsigned wanted) : timed(all), samples(wanted)
	{
	}

	bool ReportContext(const Context &) override
	{
		return true;
	}

	void ReportRuns(const std::vector<Run> &runs) override
	{
		for (const Run &run : runs)
			if (run.run_type == Run::RT_Iteration && !run.error_occurred)
				keep(run);
	}

	size_t kept = 0;

      private:
	void keep(const Run &run)
	{
		const auto index = static_cast<size_t>(run.counters.at("index").value);
		const auto sample = static_cast<size_t>(run.repetition_index);
		double seconds = timed[index].chill ? run.real_accumulated_time
						    : run.cpu_accumulated_time;

		if (sample >= samples || seconds <= 0)
			return;
		timed[index].samples[sample] = run.counters.at("keys").value / seconds;
		kept++;
	}

	const struct bench_timed *timed;
	unsigned samples;
};

void start(unsigned samples, double seconds)
{
	std::vector<std::string> words = {
		"weir-bench",
		"--benchmark_enable_random_interleaving=true",
		"--benchmark_repetitions=" + std::to_string(samples),
		"--benchmark_min_time=" + std::to_string(seconds),
	};
	std::vector<char *> arguments;
	int count = static_cast<int>(words.size());

	for (std::string &word : words)
		arguments.push_back(&word[0]);
	arguments.push_back(nullptr);
	benchmark::Initialize(&count, arguments.data());
}

} // namespace

bool bench_time(const struct bench_timed *timed, size_t count, unsigned samples, double seconds)
{
	Keeper keeper(timed, samples);

	start(samples, seconds);
	benchmark::ClearRegisteredBenchmarks();
	for (size_t i = 0; i < count; i++) {
		auto *one = benchmark::RegisterBenchmark(
			timed[i].name, timed[i].chill ? time_cold : time_warm, &timed[i], i);

		if (timed[i].chill)
			one->UseManualTime()->Iterations(
				static_cast<benchmark::IterationCount>(timed[i].runs));
	}
	benchmark::RunSpecifiedBenchmarks(&keeper);
	return keeper.kept == count * samples;
}
