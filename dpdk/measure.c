/*
 * measure.c - cases, and in each the engines by turns.
 *
 * An engine's turn begins with every flow once, as fast as it takes them, which opens those that
 * are not, or have been forgotten; and says whether its verdicts are right, since nothing is lost.
 */
#include "measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

enum {
	LEAST_RATE = 1000,
	RESOLUTION = 10000, /* a hundredth of the rate */
	REPEATS = 6,        /* of disturbed trials at each rate, at least, */
	REPEATS_MS = 300,   /* and of short ones for as long as this */
	RELOAD_PERCENT = 50,
	LINGERING = 4, /* times the flows */
	COST_PACKETS = 1 << 16,
	STEP_THOUSANDTHS = 382, /* of the flows: the golden section */
};

const uint32_t measure_percents[MEASURE_POINTS] = { 10, 50, 90 };

/* An engine in a case, while it is measured. */
struct engine {
	const struct peer *peer; /* NULL: weir */
	struct device device;
	struct measure_result *result;
	bool is_made;
};

/* A case, while it is measured. */
struct trying {
	const struct measure_settings *settings;
	struct measure_work *work;
	const struct measure_case *one;
	const struct traffic *traffic;
	struct device_tester tester;
	struct clock clock;
	struct engine engines[MEASURE_ENGINES];
	size_t count;
	struct device_trial trial; /* the latest */
};

bool measure_has_cost(const struct measure_settings *settings)
{
	return settings->what != MEASURE_RATES && !settings->rate;
}

bool measure_has_rates(const struct measure_settings *settings)
{
	return settings->what != MEASURE_COST && !settings->rate;
}

bool measure_wants(const struct measure_settings *settings, const char *engine)
{
	const char *name;

	if (!option_given(settings->invocation, OPTION_ENGINE))
		return true;
	for (size_t i = 0; (name = option_nth(settings->invocation, OPTION_ENGINE, i)); i++)
		if (strcmp(name, engine) == 0)
			return true;
	return false;
}

/* Trials. */

/* The shorter a trial, the more often nothing is taken from it. */
static unsigned repeats_of(const struct measure_settings *settings)
{
	unsigned repeats = REPEATS_MS / settings->milliseconds;

	return repeats < REPEATS ? REPEATS : repeats;
}

static struct device_load load_of(const struct trying *trying, uint64_t rate)
{
	const struct measure_settings *settings = trying->settings;

	return (struct device_load){ .rate = rate,
				     .packets = rate * settings->milliseconds / 1000 + 1,
				     .mix = &trying->one->frame->mix,
				     .openings = settings->openings,
				     .replies = settings->replies,
				     .fragments = settings->fragments,
				     .extensions = settings->extensions,
				     .malformed = settings->malformed };
}

static int fail(struct engine *engine, enum measure_outcome outcome, const char *why)
{
	engine->result->outcome = outcome;
	bench_decline(&engine->result->error, 0, "%s", why);
	return 0;
}

/* What came and should not have; NULL: nothing. */
static const char *find_wrong(const struct engine *engine, const struct device_trial *trial)
{
	bool is_filter = !engine->peer || engine->peer->is_filter;
	const char *why = is_filter ? device_find_leaks(trial) : NULL;

	return why ? why : device_find_strays(trial);
}

/* Of every trial: what it took, and whether the verdicts are right. */
static void book(struct trying *trying, struct engine *engine)
{
	const struct device_trial *trial = &trying->trial;
	const char *why = find_wrong(engine, trial);

	engine->result->trials++;
	engine->result->stolen_ms += trial->stolen_ms;
	if (why)
		fail(engine, MEASURE_WRONG, why);
}

static int try_load(struct trying *trying, struct engine *engine, const struct device_load *load)
{
	int status = device_try(&engine->device, load, &trying->trial);

	if (!status)
		book(trying, engine);
	return status;
}

/* A pass over all flows, by turns: nothing may be lost. */
static int open_flows(struct trying *trying, struct engine *engine)
{
	struct device_load load = { .packets = traffic_round(trying->traffic),
				    .mix = &trying->one->frame->mix };
	const char *why;
	int status = device_try_by_turns(&engine->device, &load, &trying->trial);

	if (status)
		return status;
	why = find_wrong(engine, &trying->trial);
	if (!why)
		why = device_find_silence(&trying->trial);
	return why ? fail(engine, MEASURE_WRONG, why) : 0;
}

static bool is_right(const struct engine *engine)
{
	return engine->result->outcome == MEASURE_MEASURED;
}

/* What a round measures. */

/* In trials so long that what is between them, which goes through all flows, is out of caches
 * again. Flows are not visited in the order in which they were opened: what an engine lays down in
 * that order would be found side by side. */
static int measure_cost(struct trying *trying, struct engine *engine, unsigned round)
{
	struct measure_result *result = engine->result;
	struct device_load load = load_of(trying, 0);
	const struct device_trial *trial = &trying->trial;
	uint64_t enough = (uint64_t)trying->settings->milliseconds * (rte_get_tsc_hz() / 1000);
	uint64_t packets = 0, bursts = 0, busy = 0;

	load.packets = traffic_round(trying->traffic);
	if (load.packets < COST_PACKETS)
		load.packets = COST_PACKETS;
	load.step = (uint32_t)((uint64_t)trying->one->flows * STEP_THOUSANDTHS / 1000);
	while (busy < enough) {
		int status = device_try_by_turns(&engine->device, &load, &trying->trial);

		if (status)
			return status;
		book(trying, engine);
		if (!is_right(engine))
			return 0;
		result->disturbed += device_was_away(trial);
		packets += trial->packets;
		bursts += trial->bursts;
		busy += trial->busy;
	}
	result->cycles[round] = (double)busy / (double)packets;
	result->burst = (double)packets / (double)bursts;
	return 0;
}

struct searched {
	struct trying *trying;
	struct engine *engine;
};

static int search_trial(void *context, uint64_t rate, struct search_trial *out)
{
	const struct searched *searched = context;
	struct device_load load = load_of(searched->trying, rate);
	int status = try_load(searched->trying, searched->engine, &load);

	if (status)
		return status;
	if (!is_right(searched->engine))
		return -EILSEQ;
	*out = searched->trying->trial.counted;
	return 0;
}

static int search(struct trying *trying, struct engine *engine, unsigned round, uint32_t tolerance,
		  struct measure_rate *rate)
{
	struct searched searched = { trying, engine };
	const struct search_options options = {
		.least = LEAST_RATE,
		.most = trying->settings->max_rate,
		.resolution = RESOLUTION,
		.tolerance = tolerance,
		.trials = trying->settings->trials,
		.repeats = repeats_of(trying->settings),
		.device = search_trial,
		.context = &searched,
	};
	struct search_result found;
	int status = search_run(&options, &found);

	if (status)
		return status;
	rate->found[round] = (double)found.rate;
	rate->all += found.end == SEARCH_ALL;
	rate->none += found.end == SEARCH_NONE;
	rate->is_unclear |= found.is_unclear;
	engine->result->disturbed += found.disturbed;
	return 0;
}

static int measure_rates(struct trying *trying, struct engine *engine, unsigned round)
{
	uint32_t tolerance = trying->settings->partial_drop * (uint32_t)(SEARCH_MILLION / GEN_ALL);
	int status = device_start(&engine->device);

	if (!status)
		status = search(trying, engine, round, tolerance, &engine->result->partial);
	if (!status)
		status = search(trying, engine, round, 0, &engine->result->no_drop);
	device_stop(&engine->device);
	/* A wrong verdict ended it, and was told. */
	return status == -EILSEQ ? 0 : status;
}

static int measure_round(struct trying *trying, struct engine *engine, unsigned round)
{
	int status = open_flows(trying, engine);

	if (!status && is_right(engine) && measure_has_cost(trying->settings))
		status = measure_cost(trying, engine, round);
	if (!status && is_right(engine) && measure_has_rates(trying->settings))
		status = measure_rates(trying, engine, round);
	return status;
}

/* What is measured once, behind the rounds. */

/* Repeated while it is disturbed and may be. In a trial with a new policy that one and the first take
 * each other's place. */
static int try_until_quiet(struct trying *trying, struct engine *engine, struct device_load *load,
			   bool *is_disturbed)
{
	const struct device_trial *trial = &trying->trial;
	int status = 0;

	*is_disturbed = true;
	for (unsigned i = 0; !status && *is_disturbed && i <= repeats_of(trying->settings); i++) {
		if (load->replacement)
			load->replacement =
				i % 2 ? trying->work->input.policy : trying->work->again;
		status = try_load(trying, engine, load);
		weir_slot_reclaim(engine->device.slot);
		*is_disturbed = device_was_away(trial) ||
				search_is_disturbed(&trial->counted, load->rate, 0);
		engine->result->disturbed += *is_disturbed;
	}
	return status;
}

static int measure_point(struct trying *trying, struct engine *engine, uint64_t rate,
			 uint32_t percent)
{
	static const double wanted[] = { 50, 90, 99, 99.9 };
	struct measure_point *point = &engine->result->points[engine->result->point_count];
	const struct device_trial *trial = &trying->trial;
	struct device_load load = load_of(trying, rate);
	uint64_t hz = rte_get_tsc_hz();
	bool is_disturbed;
	int status;

	status = try_until_quiet(trying, engine, &load, &is_disturbed);
	if (status || !is_right(engine))
		return status;
	*point = (struct measure_point){ .percent = percent,
					 .counted = trial->counted,
					 .is_disturbed = is_disturbed,
					 .denied = trial->outcome.sent.denied };
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		point->microseconds[i] = latency_percentile(&trial->latency, wanted[i], hz) / 1000;
	point->microseconds[4] = latency_most(&trial->latency, hz) / 1000;
	engine->result->point_count++;
	return 0;
}

/* Packets that are lost while a policy takes another's place, which says the same. */
static int measure_reload(struct trying *trying, struct engine *engine, uint64_t rate)
{
	struct measure_reload *reload = &engine->result->reload;
	struct device_load load = load_of(trying, rate * RELOAD_PERCENT / 100);
	bool is_disturbed;
	int status;

	load.replacement = trying->work->again;
	status = try_until_quiet(trying, engine, &load, &is_disturbed);
	if (status || !is_right(engine))
		return status;
	*reload = (struct measure_reload){ .is_measured = true,
					   .counted = trying->trial.counted,
					   .is_disturbed = is_disturbed };
	return 0;
}

static int measure_points(struct trying *trying, struct engine *engine)
{
	const struct measure_settings *settings = trying->settings;
	struct report_spread found =
		report_spread_of(engine->result->no_drop.found, settings->rounds);
	uint64_t rate = settings->rate ? settings->rate : (uint64_t)found.median;
	int status = rate ? device_start(&engine->device) : 0;

	if (settings->rate)
		status = status ? status : measure_point(trying, engine, rate, 0);
	for (unsigned i = 0; !settings->rate && rate && !status && i < MEASURE_POINTS; i++)
		status = measure_point(trying, engine, rate * measure_percents[i] / 100,
				       measure_percents[i]);
	if (!status && rate && !engine->peer && is_right(engine))
		status = measure_reload(trying, engine, rate);
	device_stop(&engine->device);
	return status;
}

/* Engines. */

static const char *why_declined(const struct trying *trying, const struct peer *peer)
{
	const struct wire *wire = trying->tester.wire;

	if (!peer || !peer->is_filter)
		return NULL;
	if (!trying->work->rules)
		return trying->work->declined.text;
	if (!peer->is_stateful &&
	    (trying->settings->replies || traffic_has_replies(trying->traffic)))
		return "it remembers no connections, and there are replies";
	if (trying->settings->fragments || trying->settings->malformed ||
	    trying->settings->extensions)
		return "it knows no fragments, extension headers and malformed frames";
	if (traffic_has_ipv6(trying->traffic))
		return "it knows no IPv6";
	if (peer->is_stateful && trying->one->workers > 1 && !wire->is_rings &&
	    !wire->filter.spread.entries)
		return "it hands nothing over, and the ports do not spread connections";
	return NULL;
}

/* Where connections take the places of others, those linger until they expire. */
static uint32_t table_size(const struct measure_settings *settings, uint32_t flows)
{
	return settings->openings ? LINGERING * flows + 64 : flows + flows / 4 + 64;
}

static int add_engine(struct trying *trying, const struct peer *peer, struct measure_case *one)
{
	const char *name = peer ? peer->name : "weir";
	struct engine *engine = &trying->engines[trying->count];
	const struct device_options options = {
		.tester = &trying->tester,
		.clock = &trying->clock,
		.peer = peer,
		.rules = trying->work->rules,
		.policy = trying->work->input.policy,
		.max_flows = table_size(trying->settings, one->flows),
	};
	const char *why = why_declined(trying, peer);
	int status;

	if (!measure_wants(trying->settings, name))
		return 0;
	*engine = (struct engine){ .peer = peer, .result = &one->results[one->result_count++] };
	trying->count++;
	*engine->result = (struct measure_result){ .name = name,
						   .is_ours = !peer,
						   .outcome = MEASURE_MEASURED };
	if (why)
		return fail(engine, MEASURE_DECLINED, why);
	status = device_create(&engine->device, &options);
	engine->is_made = !status;
	return status;
}

static int add_engines(struct trying *trying, struct measure_case *one)
{
	int status = add_engine(trying, NULL, one);

	for (size_t i = 0; !status && peers[i].name; i++)
		status = add_engine(trying, &peers[i], one);
	return status;
}

static int measure_engines(struct trying *trying)
{
	const struct measure_settings *settings = trying->settings;
	unsigned rounds = settings->rate ? 1 : settings->rounds;
	int status = 0;

	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; !status && i < trying->count; i++)
			/* Whoever goes first is another in each round. */
			if (is_right(&trying->engines[(i + round) % trying->count]))
				status = measure_round(
					trying, &trying->engines[(i + round) % trying->count],
					round);
	for (size_t i = 0; !status && i < trying->count; i++)
		if (is_right(&trying->engines[i]) && settings->what != MEASURE_COST)
			status = measure_points(trying, &trying->engines[i]);
	return status;
}

/* Cases. */

static int measure_case(const struct measure_settings *settings, struct measure_work *work,
			struct wire *wire, struct traffic *traffic, struct measure_case *one,
			struct weir_error *error)
{
	struct trying *trying = calloc(1, sizeof(*trying));
	int status;

	if (!trying)
		return -ENOMEM;
	*trying = (struct trying){ .settings = settings,
				   .work = work,
				   .one = one,
				   .traffic = traffic,
				   .clock = clock_begin() };
	status = device_tester_create(wire, traffic, &trying->tester, error);
	if (!status) {
		status = add_engines(trying, one);
		if (!status)
			status = measure_engines(trying);
		for (size_t i = 0; i < trying->count; i++)
			if (trying->engines[i].is_made)
				device_finish(&trying->engines[i].device);
		*error = trying->tester.error;
		device_tester_finish(&trying->tester);
	}
	free(trying);
	return status;
}

static enum exit_code measure_frames(struct measurement *measurement, struct measure_work *work,
				     struct wire *wire, struct traffic *traffic)
{
	const struct measure_settings *settings = measurement->settings;
	struct weir_error error = { "" };
	int status = 0;

	for (size_t i = 0; !status && i < settings->frame_count; i++) {
		struct measure_case *one = &measurement->cases[measurement->case_count++];

		*one = (struct measure_case){ .counts = work->input.counts,
					      .frame = &settings->frames[i],
					      .flows = traffic->flow_count,
					      .workers = wire->workers,
					      .trace_packets = traffic->packet_count,
					      .left_out = traffic->left_out };
		status = measure_case(settings, work, wire, traffic, one, &error);
	}
	if (!status)
		return EXIT_CLEAN;
	complain(settings->invocation->command, "%s",
		 error.text[0] ? error.text : strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code measure_flows(struct measurement *measurement, struct measure_work *work,
				    struct wire *wire, uint32_t flows)
{
	const struct measure_list *workers = &measurement->settings->workers;
	struct traffic *traffic;
	enum exit_code code = measure_traffic_make(measurement->settings, work, flows, &traffic);

	if (code != EXIT_CLEAN)
		return code;
	for (size_t i = 0; code == EXIT_CLEAN && i < workers->count; i++) {
		if (wire_use(wire, (uint16_t)workers->values[i]))
			code = EXIT_USAGE;
		else
			code = measure_frames(measurement, work, wire, traffic);
	}
	traffic_destroy(traffic);
	return code;
}

int measure_begin(const struct measure_settings *settings, const struct wire *wire,
		  struct measurement *out)
{
	*out = (struct measurement){ .settings = settings,
				     .cases = calloc(MEASURE_CASES, sizeof(*out->cases)),
				     .hz = (double)rte_get_tsc_hz(),
				     .is_rings = wire->is_rings,
				     .shares_processors = wire->shares_processors };
	return out->cases ? 0 : -ENOMEM;
}

enum exit_code measure(struct measurement *measurement, struct measure_work *work,
		       struct wire *wire)
{
	const struct measure_list *flows = &measurement->settings->flows;
	enum exit_code code = EXIT_CLEAN;

	for (size_t i = 0; code == EXIT_CLEAN && i < flows->count; i++)
		code = measure_flows(measurement, work, wire, flows->values[i]);
	return code;
}

void measure_finish(struct measurement *measurement)
{
	free(measurement->cases);
	*measurement = (struct measurement){ 0 };
}

/* Judging. */

bool measure_ratio(const struct measurement *measurement, const struct measure_case *one,
		   const struct measure_result *result, struct report_spread *out)
{
	const struct measure_result *first = &one->results[0];
	double ratios[MEASURE_ROUNDS];

	if (!measure_has_cost(measurement->settings) || !first->is_ours || result->is_ours ||
	    first->outcome != MEASURE_MEASURED || result->outcome != MEASURE_MEASURED)
		return false;
	for (unsigned i = 0; i < measurement->settings->rounds; i++)
		ratios[i] = result->cycles[i] / first->cycles[i];
	*out = report_spread_of(ratios, measurement->settings->rounds);
	return true;
}

static enum exit_code judge_result(const struct measurement *measurement,
				   const struct measure_case *one,
				   const struct measure_result *result)
{
	struct report_spread ratio;

	if (result->outcome == MEASURE_WRONG)
		return EXIT_DIFFERENT;
	if (result->no_drop.is_unclear || result->partial.is_unclear)
		return EXIT_INCONCLUSIVE;
	if (measure_ratio(measurement, one, result, &ratio) && report_is_unclear(&ratio))
		return EXIT_INCONCLUSIVE;
	return EXIT_CLEAN;
}

enum exit_code measure_judge(const struct measurement *measurement)
{
	enum exit_code code = EXIT_CLEAN;

	for (size_t i = 0; i < measurement->case_count; i++)
		for (size_t j = 0; j < measurement->cases[i].result_count; j++)
			code = exit_code_worse(code,
					       judge_result(measurement, &measurement->cases[i],
							    &measurement->cases[i].results[j]));
	return code;
}
