/* -o json: one object; an engine in a case a line. */
#include <stdio.h>

#include <rte_version.h>

#include "json.h"
#include "machine.h"
#include "measure_print.h"

static void number(struct report_json *json, const char *key, double value)
{
	char text[40];
	int length = snprintf(text, sizeof(text), "%.9g", value);

	if (key)
		report_json_key(json, key);
	report_json_raw(json, text, (size_t)length);
}

static void print_samples(struct report_json *json, const char *key, const double *samples,
			  unsigned count)
{
	struct report_spread spread = report_spread_of(samples, count);

	report_json_object_field(json, key);
	number(json, "median", spread.median);
	number(json, "p5", spread.low);
	number(json, "p95", spread.high);
	report_json_key(json, "samples");
	report_json_open(json, '[');
	for (unsigned i = 0; i < count; i++)
		number(json, NULL, samples[i]);
	report_json_close(json, ']');
}

static void print_cost(struct report_json *json, const struct measurement *measurement,
		       const struct measure_case *one, const struct measure_result *result)
{
	struct report_spread ratio;

	print_samples(json, "cycles", result->cycles, measurement->settings->rounds);
	report_json_close(json, '}');
	number(json, "nanoseconds", measure_cost(measurement, result).median);
	number(json, "packets_a_burst", result->burst);
	if (!measure_ratio(measurement, one, result, &ratio))
		return;
	report_json_object_field(json, "weir_ratio");
	number(json, "median", ratio.median);
	number(json, "p5", ratio.low);
	number(json, "p95", ratio.high);
	report_json_bool_field(json, "unclear", report_is_unclear(&ratio));
	report_json_close(json, '}');
}

static void print_rate(struct report_json *json, const char *key,
		       const struct measurement *measurement, const struct measure_rate *rate)
{
	print_samples(json, key, rate->found, measurement->settings->rounds);
	report_json_number_field(json, "rounds_that_held_all", rate->all);
	report_json_number_field(json, "rounds_that_held_none", rate->none);
	report_json_bool_field(json, "unclear", rate->is_unclear);
	report_json_close(json, '}');
}

static void print_counted(struct report_json *json, const struct search_trial *counted)
{
	report_json_number_field(json, "rate", counted->rate);
	report_json_number_field(json, "offered", counted->offered);
	report_json_number_field(json, "carried", measure_carried(counted));
	report_json_number_field(json, "lost", counted->lost);
}

static void print_point(struct report_json *json, const struct measure_point *point)
{
	report_json_open(json, '{');
	if (point->percent)
		report_json_number_field(json, "percent", point->percent);
	print_counted(json, &point->counted);
	report_json_bool_field(json, "disturbed", point->is_disturbed);
	report_json_number_field(json, "denied", point->denied);
	report_json_object_field(json, "microseconds");
	for (unsigned i = 0; i < 5; i++)
		number(json, measure_latencies[i], point->microseconds[i]);
	report_json_close(json, '}');
	report_json_close(json, '}');
}

static void print_figures(struct report_json *json, const struct measurement *measurement,
			  const struct measure_case *one, const struct measure_result *result)
{
	if (measure_has_cost(measurement->settings))
		print_cost(json, measurement, one, result);
	if (measure_has_rates(measurement->settings)) {
		print_rate(json, "no_drop", measurement, &result->no_drop);
		print_rate(json, "partial_drop", measurement, &result->partial);
	}
	report_json_key(json, "latency");
	report_json_open(json, '[');
	for (size_t i = 0; i < result->point_count; i++)
		print_point(json, &result->points[i]);
	report_json_close(json, ']');
	if (!result->reload.is_measured)
		return;
	report_json_object_field(json, "reload");
	print_counted(json, &result->reload.counted);
	report_json_bool_field(json, "disturbed", result->reload.is_disturbed);
	number(json, "blocked_nanoseconds", measure_blocked(&result->reload));
	report_json_close(json, '}');
}

static void print_result(struct report_json *json, const struct measurement *measurement,
			 const struct measure_case *one, const struct measure_result *result)
{
	report_json_open(json, '{');
	report_json_number_field(json, "pods", measure_pods(&one->counts));
	report_json_number_field(json, "policies", measure_policies(&one->counts));
	report_json_number_field(json, "workers", one->workers);
	report_json_number_field(json, "flows", one->flows);
	report_json_string_field(json, "frame", one->frame->name);
	if (measurement->settings->has_trace) {
		report_json_number_field(json, "trace_packets", one->trace_packets);
		report_json_number_field(json, "trace_packets_left_out", one->left_out);
	}
	report_json_string_field(json, "engine", result->name);
	report_json_bool_field(json, "peer", !result->is_ours);
	report_json_string_field(json, "outcome", measure_outcome_name(result->outcome));
	if (result->error.text[0])
		report_json_string_field(json, "why", result->error.text);
	if (result->outcome == MEASURE_MEASURED)
		print_figures(json, measurement, one, result);
	report_json_number_field(json, "trials", result->trials);
	report_json_number_field(json, "disturbed", result->disturbed);
	report_json_number_field(json, "stolen_ms", result->stolen_ms);
	report_json_close(json, '}');
}

static void print_shares(struct report_json *json, const struct measure_settings *settings)
{
	number(json, "denied_share", (double)settings->denied / GEN_ALL);
	number(json, "new_share", (double)settings->openings / GEN_ALL);
	number(json, "reply_share", (double)settings->replies / GEN_ALL);
	number(json, "sctp_share", (double)settings->sctp / GEN_ALL);
	number(json, "echo_share", (double)settings->echoes / GEN_ALL);
	number(json, "fragment_share", (double)settings->fragments / GEN_ALL);
	number(json, "extension_share", (double)settings->extensions / GEN_ALL);
	number(json, "malformed_share", (double)settings->malformed / GEN_ALL);
}

static void print_versions(struct report_json *json, const struct invocation *invocation)
{
	report_json_string_field(json, "weir", WEIR_VERSION);
	report_json_string_field(json, "dpdk", rte_version());
	report_json_key(json, "command");
	report_json_open(json, '[');
	for (char **word = invocation->arguments; word && *word; word++)
		report_json_string(json, *word);
	report_json_close(json, ']');
}

static void print_given(struct report_json *json, const struct measurement *measurement)
{
	const struct measure_settings *settings = measurement->settings;
	struct report_machine machine;

	report_look_at_machine(&machine);
	report_json_object_field(json, "machine");
	report_json_string_field(json, "processor", machine.processor);
	report_json_number_field(json, "cores", (uint64_t)machine.cores);
	report_json_string_field(json, "system", machine.system);
	number(json, "cycles_a_second", measurement->hz);
	report_json_bool_field(json, "shared_processors", measurement->shares_processors);
	report_json_close(json, '}');
	print_versions(json, settings->invocation);
	report_json_string_field(json, "ports", measurement->is_rings ? "rings" : "given");
	report_json_number_field(json, "seed", settings->seed);
	report_json_string_field(json, "packets", settings->has_trace ? "trace" : "drawn");
	if (!settings->has_trace)
		print_shares(json, settings);
	number(json, "partial_drop_share", (double)settings->partial_drop / GEN_ALL);
	report_json_number_field(json, "trial_ms", settings->milliseconds);
	report_json_number_field(json, "trials_a_rate", settings->trials);
	report_json_number_field(json, "rounds", settings->rounds);
}

void measure_print_json(const struct measurement *measurement, FILE *file)
{
	struct report_json json = report_json_to(file);

	report_json_open(&json, '{');
	print_given(&json, measurement);
	report_json_key(&json, "cases");
	report_json_open(&json, '[');
	for (size_t i = 0; i < measurement->case_count; i++)
		for (size_t j = 0; j < measurement->cases[i].result_count; j++) {
			report_json_new_line(&json);
			print_result(&json, measurement, &measurement->cases[i],
				     &measurement->cases[i].results[j]);
		}
	report_json_close(&json, ']');
	report_json_close(&json, '}');
	report_json_end_line(&json);
}
