/* -o json: one object; a case a line. */
#include "report.h"

#include "json.h"
#include "text.h"

static void number(struct report_json *json, const char *key, double value)
{
	char text[40];
	int length = snprintf(text, sizeof(text), "%.9g", value);

	report_json_key(json, key);
	report_json_raw(json, text, (size_t)length);
}

static void print_machine(struct report_json *json, const struct report_machine *machine)
{
	report_json_key(json, "machine");
	report_json_open(json, '{');
	report_json_string_field(json, "processor", machine->processor);
	report_json_number_field(json, "cores", (uint64_t)machine->cores);
	report_json_number_field(json, "level2_bytes", (uint64_t)machine->level2);
	report_json_number_field(json, "level3_bytes", (uint64_t)machine->level3);
	report_json_string_field(json, "system", machine->system);
	report_json_close(json, '}');
}

static void print_versions(struct report_json *json)
{
	const char *dpdk = bench_dpdk_version();

	report_json_key(json, "versions");
	report_json_open(json, '{');
	report_json_string_field(json, "weir", WEIR_VERSION);
	report_json_string_field(json, "compiler", BENCH_COMPILER);
	report_json_string_field(json, "flags", BENCH_FLAGS);
	if (dpdk)
		report_json_string_field(json, "dpdk", dpdk);
	report_json_close(json, '}');
}

static void print_spread(struct report_json *json, const struct report_spread *spread)
{
	number(json, "median", spread->median);
	number(json, "p5", spread->low);
	number(json, "p95", spread->high);
}

static void print_samples(struct report_json *json, const struct bench_group *group,
			  const struct bench_result *result)
{
	struct report_spread spread = report_spread_of(result->samples, group->samples);
	char text[40];

	report_json_string_field(json, "unit", "verdicts/s");
	print_spread(json, &spread);
	report_json_key(json, "samples");
	report_json_open(json, '[');
	for (unsigned i = 0; i < group->samples; i++) {
		int length = snprintf(text, sizeof(text), "%.9g", result->samples[i]);

		report_json_raw(json, text, (size_t)length);
	}
	report_json_close(json, ']');
}

static void print_ratio(struct report_json *json, const struct bench_group *group,
			const struct bench_result *result)
{
	struct report_spread ratio;

	if (!result->engine->is_peer || !bench_ratio(group, result, &ratio))
		return;
	report_json_key(json, "weir_ratio");
	report_json_open(json, '{');
	print_spread(json, &ratio);
	report_json_bool_field(json, "unclear", report_is_unclear(&ratio));
	report_json_close(json, '}');
}

static void print_digest(struct report_json *json, const char *key, uint64_t digest)
{
	char text[20];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)digest);
	report_json_string_field(json, key, text);
}

static void print_given(struct report_json *json, const struct bench_group *group)
{
	report_json_string_field(json, "workload", group->workload);
	report_json_string_field(json, "sides", bench_halves_name(group->halves));
	report_json_string_field(json, "caches", bench_way_is_cold(group->way) ? "cold" : "warm");
	report_json_number_field(json, "keys_a_call", bench_way_burst(group->way));
	report_json_number_field(json, "keys", group->key_count);
	report_json_number_field(json, "allowed", group->allowed);
	report_json_string_field(json, "policy_hash", group->policy_hash.hex);
	report_json_string_field(json, "keys_hash", group->keys_hash.hex);
	print_digest(json, "reference_digest", group->digest);
}

static void print_case(struct report_json *json, const struct bench_group *group,
		       const struct bench_result *result)
{
	report_json_open(json, '{');
	print_given(json, group);
	report_json_string_field(json, "engine", result->engine->name);
	report_json_bool_field(json, "peer", result->engine->is_peer);
	report_json_string_field(json, "outcome", bench_outcome_name(result->outcome));
	if (result->error.text[0])
		report_json_string_field(json, "why", result->error.text);
	if (result->outcome != BENCH_DECLINED) {
		number(json, "build_seconds", result->build_seconds);
		report_json_number_field(json, "bytes", result->bytes);
		print_digest(json, "verdict_digest", result->digest);
	}
	if (result->outcome == BENCH_MEASURED) {
		print_samples(json, group, result);
		print_ratio(json, group, result);
	}
	report_json_close(json, '}');
}

static void print(const struct bench_report *report, FILE *file)
{
	struct report_json json = report_json_to(file);

	report_json_open(&json, '{');
	print_machine(&json, &report->machine);
	print_versions(&json);
	report_json_number_field(&json, "seed", report->settings->seed);
	number(&json, "sample_seconds", report->settings->seconds);
	report_json_key(&json, "cases");
	report_json_open(&json, '[');
	for (size_t i = 0; i < report->groups->count; i++)
		for (size_t j = 0; j < report->groups->groups[i].result_count; j++) {
			report_json_new_line(&json);
			json.needs_comma = false;
			print_case(&json, &report->groups->groups[i],
				   &report->groups->groups[i].results[j]);
		}
	report_json_close(&json, ']');
	report_json_close(&json, '}');
	report_json_end_line(&json);
}

const struct bench_format bench_json = { print };
