#include "measure.h"

#include <stdlib.h>
#include <string.h>

#include "numbers.h"

enum {
	PODS_MOST = 1000000,
	POLICIES_MOST = 1000000,
	RULES_MOST = 50 * 1000 * 1000,
	RATE_USUAL = 50 * 1000 * 1000,
	RATE_MOST = 200 * 1000 * 1000,
};

/* Fills a list with the values of an option, or with one. */
static bool read_numbers(const struct invocation *invocation, enum option_id id, uint32_t least,
			 uint32_t most, uint32_t usual, struct measure_list *out)
{
	struct invocation one = *invocation;
	struct option_use use = { .id = id };

	*out = (struct measure_list){ { usual }, 1 };
	if (option_times(invocation, id) > MEASURE_LIST) {
		complain(invocation->command, "--%s: at most %d of them",
			 option_name(invocation, id), MEASURE_LIST);
		return false;
	}
	one.uses = &use;
	one.use_count = 1;
	for (size_t i = 0; (use.value = option_nth(invocation, id, i)); i++) {
		if (!option_small_number(&one, id, least, most, &out->values[i]))
			return false;
		out->count = i + 1;
	}
	return true;
}

static bool read_frames(const struct invocation *invocation, struct measure_settings *out)
{
	size_t given = option_times(invocation, OPTION_FRAME);

	out->frame_count = given ? given : 1;
	if (given > MEASURE_LIST) {
		complain(invocation->command, "--frame: at most %d of them", MEASURE_LIST);
		return false;
	}
	for (size_t i = 0; i < out->frame_count; i++) {
		struct measure_frame *frame = &out->frames[i];
		struct weir_error error = { "" };

		frame->name = given ? option_nth(invocation, OPTION_FRAME, i) : "64";
		if (!traffic_mix_parse(frame->name, &frame->mix, &error))
			continue;
		complain(invocation->command, "--frame %s: %s", frame->name, error.text);
		return false;
	}
	return true;
}

static bool read_shares(const struct invocation *invocation, struct measure_settings *out)
{
	return option_share(invocation, OPTION_NEW_SHARE, &out->openings) &&
	       option_share(invocation, OPTION_REPLY_SHARE, &out->replies) &&
	       option_share(invocation, OPTION_DENIED_SHARE, &out->denied) &&
	       option_share(invocation, OPTION_SCTP, &out->sctp) &&
	       option_share(invocation, OPTION_ECHOES, &out->echoes) &&
	       option_share(invocation, OPTION_FRAGMENTS, &out->fragments) &&
	       option_share(invocation, OPTION_EXTENSIONS, &out->extensions) &&
	       option_share(invocation, OPTION_MALFORMED, &out->malformed) &&
	       option_share(invocation, OPTION_PARTIAL_DROP, &out->partial_drop);
}

static bool read_trials(const struct invocation *invocation, struct measure_settings *out)
{
	return read_numbers(invocation, OPTION_WORKERS, 1, WIRE_WORKERS_MAX, 1, &out->workers) &&
	       option_small_number(invocation, OPTION_TIME, 1, 3600 * 1000, &out->milliseconds) &&
	       option_small_number(invocation, OPTION_TRIALS, 1, 999, &out->trials) &&
	       option_small_number(invocation, OPTION_ROUNDS, 1, MEASURE_ROUNDS, &out->rounds) &&
	       option_number(invocation, OPTION_RATE, 1000, RATE_MOST, &out->rate) &&
	       option_number(invocation, OPTION_MAX_RATE, 1000, RATE_MOST, &out->max_rate) &&
	       option_small_number(invocation, OPTION_MAX_RULES, 1, RULES_MOST,
				   &out->limits.max_rules);
}

static bool refuse_both(const struct invocation *invocation, bool has_one, enum option_id other,
			const char *text)
{
	if (!has_one || !option_given(invocation, other))
		return false;
	complain(invocation->command, "%s", text);
	return true;
}

static bool read_cluster(const struct invocation *invocation, struct measure_settings *out)
{
	bool has_file = option_given(invocation, OPTION_FILE);

	if (refuse_both(invocation, has_file, OPTION_PODS,
			"-f and --pods are two clusters: give one of them") ||
	    refuse_both(invocation, has_file, OPTION_POLICIES,
			"--policies is for clusters that --pods makes: -f has its own") ||
	    refuse_both(invocation, has_file, OPTION_FAMILY,
			"--family is for clusters that --pods makes: -f has its own"))
		return false;
	return read_numbers(invocation, OPTION_PODS, 2, PODS_MOST, has_file ? 0 : 1000,
			    &out->pods) &&
	       read_numbers(invocation, OPTION_POLICIES, 1, POLICIES_MOST, 0, &out->policies) &&
	       option_number(invocation, OPTION_SEED, 0, UINT64_MAX, &out->seed);
}

/* A trace has flows, shares and sizes of its own; the last may be others. */
static bool read_flows(const struct invocation *invocation, struct measure_settings *out)
{
	static const enum option_id drawn[] = { OPTION_FLOWS,     OPTION_DENIED_SHARE,
						OPTION_NEW_SHARE, OPTION_REPLY_SHARE,
						OPTION_SCTP,      OPTION_ECHOES,
						OPTION_FRAGMENTS, OPTION_EXTENSIONS,
						OPTION_MALFORMED };

	out->has_trace = option_given(invocation, OPTION_READ);
	if (out->has_trace && !option_given(invocation, OPTION_FILE)) {
		complain(invocation->command,
			 "-r needs -f: the cluster whose pods are in the trace");
		return false;
	}
	for (size_t i = 0; out->has_trace && i < sizeof(drawn) / sizeof(drawn[0]); i++)
		if (option_given(invocation, drawn[i])) {
			complain(invocation->command,
				 "--%s is of traffic that is made up: a trace has its own",
				 option_name(invocation, drawn[i]));
			return false;
		}
	if (out->has_trace && !option_given(invocation, OPTION_FRAME))
		out->frames[0] = (struct measure_frame){ .name = "of the trace" };
	return read_numbers(invocation, OPTION_FLOWS, 1, TRAFFIC_FLOWS_MAX, 100 * 1000,
			    &out->flows);
}

static bool check_cases(const struct measure_settings *settings)
{
	size_t cases = settings->pods.count * settings->policies.count * settings->workers.count *
		       settings->flows.count * settings->frame_count;

	if (cases <= MEASURE_CASES)
		return true;
	complain(settings->invocation->command,
		 "every value with every other one makes %zu cases: at most %d", cases,
		 MEASURE_CASES);
	return false;
}

uint32_t measure_most(const struct measure_list *list)
{
	uint32_t most = list->values[0];

	for (size_t i = 1; i < list->count; i++)
		if (list->values[i] > most)
			most = list->values[i];
	return most;
}

/* Every name must be of some engine. */
static bool check_engines(const struct invocation *invocation)
{
	const char *name;

	for (size_t i = 0; (name = option_nth(invocation, OPTION_ENGINE, i)); i++) {
		bool is_known = strcmp(name, "weir") == 0;

		for (size_t j = 0; peers[j].name; j++)
			is_known |= strcmp(peers[j].name, name) == 0;
		if (is_known)
			continue;
		complain(invocation->command,
			 "--engine %s: 'weir bench ports --list' lists the engines", name);
		return false;
	}
	return true;
}

bool measure_settings_read(const struct invocation *invocation, struct measure_settings *out)
{
	*out = (struct measure_settings){
		.seed = 1,
		.denied = GEN_ALL / 10,
		.partial_drop = GEN_ALL / 200,
		.what = (enum measure_what)option_choice(invocation, OPTION_MEASURE),
		.family = (enum gen_family)option_choice(invocation, OPTION_FAMILY),
		.max_rate = RATE_USUAL,
		.milliseconds = 50,
		.trials = 2,
		.rounds = 3,
		.limits = { .max_rules = 1000 * 1000, .max_bytes = (size_t)4 << 30 },
		.invocation = invocation,
	};
	return check_engines(invocation) && read_cluster(invocation, out) &&
	       read_shares(invocation, out) && read_trials(invocation, out) &&
	       read_frames(invocation, out) && read_flows(invocation, out) && check_cases(out);
}
