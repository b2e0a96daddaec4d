#include "measure_print.h"

#include <inttypes.h>

const char *const measure_latencies[5] = { "p50", "p90", "p99", "p99.9", "max" };

const char *measure_outcome_name(enum measure_outcome outcome)
{
	static const char *const names[] = {
		[MEASURE_DECLINED] = "declined",
		[MEASURE_WRONG] = "WRONG",
		[MEASURE_MEASURED] = "measured",
	};

	return names[outcome];
}

static void describe_share(struct report_text *out, uint16_t share, const char *of)
{
	if (share)
		report_text_format(out, ", %g%% %s", share * 100.0 / GEN_ALL, of);
}

void measure_describe(const struct measurement *measurement, const struct measure_case *one,
		      struct report_text *out)
{
	const struct measure_settings *settings = measurement->settings;
	const struct weir_cluster_counts *counts = &one->counts;

	report_text_format(out, "%u pods, %u policies, %u flows, frames: %s", measure_pods(counts),
			   measure_policies(counts), one->flows, one->frame->name);
	if (settings->has_trace)
		report_text_format(out, ", %u packets, %" PRIu64 " left out", one->trace_packets,
				   one->left_out);
	else
		describe_share(out, settings->denied, "denied");
	describe_share(out, settings->openings, "new");
	describe_share(out, settings->replies, "replies");
	describe_share(out, settings->sctp, "SCTP");
	describe_share(out, settings->echoes, "echoes");
	describe_share(out, settings->fragments, "in fragments");
	describe_share(out, settings->extensions, "of IPv6 with extension headers");
	describe_share(out, settings->malformed, "malformed");
	if (one->workers > 1)
		report_text_format(out, ", %u workers", one->workers);
}

struct report_spread measure_cost(const struct measurement *measurement,
				  const struct measure_result *result)
{
	struct report_spread cycles =
		report_spread_of(result->cycles, measurement->settings->rounds);
	double scale = 1e9 / measurement->hz;

	return (struct report_spread){ cycles.median * scale, cycles.low * scale,
				       cycles.high * scale };
}

struct report_spread measure_rate(const struct measurement *measurement,
				  const struct measure_rate *rate)
{
	return report_spread_of(rate->found, measurement->settings->rounds);
}

double measure_blocked(const struct measure_reload *reload)
{
	if (!reload->counted.rate)
		return 0;
	return (double)reload->counted.lost * 1e9 / (double)reload->counted.rate;
}
