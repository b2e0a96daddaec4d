/*
 * main.c - weir-dpdk, the program behind weir run and weir bench ports. Of the first: policies,
 * EAL, a dataplane, and whoever steers it until it is told to stop.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>

#include "weir/capture_writer.h"

#include "bench_ports.h"
#include "command.h"
#include "dataplane.h"
#include "eal_words.h"
#include "input.h"
#include "numbers.h"
#include "reload.h"
#include "report.h"
#include "say.h"
#include "telemetry.h"

enum {
	TICK_MS = 20,
	TICKS_A_LOOK = 25, /* at the policy files */
	MAX_FLOWS = 1 << 20,
	LEAST_BUFFERS = 64,
	SAMPLE_RATE = 100,
	SECOND = 1000000000,
};

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t reload_asked;

static void on_signal(int number)
{
	if (number == SIGHUP)
		reload_asked = 1;
	else
		stop_asked = 1;
}

static void take_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Options. */

struct limits {
	uint64_t seconds; /* 0: none */
	uint64_t idle_ms;
};

static bool read_next_hop(const struct invocation *invocation, struct ports_options *ports)
{
	const char *text = option_value(invocation, OPTION_NEXT_HOP);

	if (!text)
		return true;
	ports->has_next_hop = rte_ether_unformat_addr(text, &ports->next_hop) == 0;
	if (!ports->has_next_hop)
		say("--next-hop %s: must be an Ethernet address, as in 02:00:00:00:00:01", text);
	return ports->has_next_hop;
}

static bool read_samples(const struct invocation *invocation, struct samples_options *samples)
{
	samples->path = option_value(invocation, OPTION_SAMPLES);
	if (samples->path && !weir_capture_writer_is_pcapng(samples->path)) {
		say("--samples %s: must end in .pcapng: other formats have no room for why",
		    samples->path);
		return false;
	}
	if (!samples->path && option_given(invocation, OPTION_RATE)) {
		say("--sample-rate is for --samples FILE");
		return false;
	}
	return true;
}

static bool read_options(const struct invocation *invocation, struct dataplane_options *out,
			 struct limits *limits)
{
	static const uint8_t halves[] = { WEIR_KEY_BOTH, WEIR_KEY_EGRESS, WEIR_KEY_INGRESS };
	uint32_t max_flows = MAX_FLOWS;
	uint32_t mtu = RTE_ETHER_MTU;
	uint32_t sample_rate = SAMPLE_RATE;
	uint32_t buffers = 0;

	*out = (struct dataplane_options){
		.mode = (enum mode)option_choice(invocation, OPTION_MODE),
		.ports.command = invocation->command,
		.ports.wiring = (enum wiring)option_choice(invocation, OPTION_WIRING),
		.origin.halves = halves[option_choice(invocation, OPTION_HALVES)],
		.worker = {
			.at_change = (uint8_t)option_choice(invocation, OPTION_AT_CHANGE),
			.on_ambiguous = option_choice(invocation, OPTION_ON_AMBIGUOUS) == 1
						? WEIR_ALLOW
						: WEIR_DENY,
			.strict = option_given(invocation, OPTION_STRICT),
			.unknown_pods_external = option_choice(invocation, OPTION_UNKNOWN_PODS) == 1,
		},
	};
	if (!option_small_number(invocation, OPTION_MAX_FLOWS, 1, UINT32_C(1) << 30, &max_flows) ||
	    !option_small_number(invocation, OPTION_MTU, RTE_ETHER_MIN_MTU, 9600, &mtu) ||
	    !option_small_number(invocation, OPTION_BUFFERS, LEAST_BUFFERS, UINT32_C(1) << 24,
				 &buffers) ||
	    !option_number(invocation, OPTION_SECONDS, 1, UINT32_MAX, &limits->seconds) ||
	    !option_number(invocation, OPTION_IDLE, 1, UINT32_MAX, &limits->idle_ms) ||
	    !option_small_number(invocation, OPTION_RATE, 1, SAMPLE_RATE_MAX, &sample_rate) ||
	    !read_samples(invocation, &out->samples) || !read_next_hop(invocation, &out->ports))
		return false;
	out->samples.rate = sample_rate;
	out->ports.mtu = (uint16_t)mtu;
	out->ports.buffers = buffers;
	out->worker.flows.max_ipv4_flows = max_flows;
	out->worker.flows.max_ipv6_flows = max_flows;
	return getentropy(out->worker.flows.secret, sizeof(out->worker.flows.secret)) == 0;
}

/* Steering. */

static bool is_over(const struct dataplane *dataplane, const struct limits *limits)
{
	uint64_t now = clock_now(&dataplane->clock);

	if (limits->seconds && now - dataplane->clock.time >= limits->seconds * SECOND)
		return true;
	return limits->idle_ms && dataplane_idle(dataplane) >= limits->idle_ms * (SECOND / 1000);
}

static void steer(struct dataplane *dataplane, struct reload *reload, const struct limits *limits)
{
	for (unsigned tick = 1; !stop_asked && !is_over(dataplane, limits); tick++) {
		uint64_t asker = telemetry_asker();

		rte_delay_us_sleep(TICK_MS * 1000);
		if (asker) {
			telemetry_answer(asker, reload_now(reload));
		} else if (reload_asked) {
			reload_asked = 0;
			reload_now(reload);
		} else if (tick % TICKS_A_LOOK == 0) {
			reload_watch(reload);
		}
		dataplane_tidy(dataplane);
		if (dataplane->samples)
			samples_write(dataplane->samples);
	}
}

static enum exit_code print(const struct invocation *invocation, struct dataplane *dataplane)
{
	struct dataplane_counters counters;
	int status = dataplane_count(dataplane, &counters);

	if (!status && option_choice(invocation, OPTION_OUTPUT) == 1) {
		struct report_json json = report_json_to(stdout);

		status = report_json(dataplane, &counters, &json);
		report_json_end_line(&json);
	} else if (!status) {
		status = report_text(dataplane, &counters, stdout);
	}
	if (!status)
		return EXIT_CLEAN;
	say("no report: %s", strerror(-status));
	return EXIT_USAGE;
}

static enum exit_code close_samples(struct dataplane *dataplane)
{
	if (!dataplane->samples)
		return EXIT_CLEAN;
	samples_write(dataplane->samples);
	return samples_close(dataplane->samples) ? EXIT_USAGE : EXIT_CLEAN;
}

static enum exit_code run_dataplane(const struct invocation *invocation, struct input *input,
				    struct reload *reload)
{
	struct dataplane_options options;
	struct limits limits = { 0 };
	enum exit_code code = EXIT_USAGE;

	if (!read_options(invocation, &options, &limits) || !eal_start(invocation, 0))
		return EXIT_USAGE;
	if (!dataplane_start(reload->dataplane, &options, input->policy)) {
		take_signals();
		say("ready: cores for packets: %u, ports: %u", reload->dataplane->cores,
		    reload->dataplane->ports.count);
		telemetry_start(reload->dataplane);
		steer(reload->dataplane, reload, &limits);
		telemetry_stop();
		dataplane_stop(reload->dataplane);
		code = close_samples(reload->dataplane);
		code = exit_code_worse(code, print(invocation, reload->dataplane));
	}
	dataplane_finish(reload->dataplane);
	rte_eal_cleanup();
	return code;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct dataplane dataplane;
	struct input input = { 0 };
	struct reload reload;
	enum exit_code code;

	reload_init(&reload, invocation, &dataplane);
	code = input_policy(&input, invocation);
	if (code == EXIT_CLEAN)
		code = run_dataplane(invocation, &input, &reload);
	input_finish(&input);
	return code;
}

/* It is one program for two commands, which the first argument names. */
int main(int argc, char **argv)
{
	bool is_bench = argc && strcmp(argv[0], bench_command.name) == 0;
	struct invocation invocation;
	bool stop;
	enum exit_code code = options_parse(is_bench ? &bench_command : &run_command, argc, argv,
					    &invocation, &stop);

	if (!stop)
		code = is_bench ? bench_ports(&invocation) : run(&invocation);
	options_finish(&invocation);
	return (int)code;
}
