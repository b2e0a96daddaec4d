#include "own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace_input.h"
#include "weir/packet.h"

/* The connection that a packet is of, as if it were the first; false when it has none. */
static bool key_of(const struct weir_frame *frame, struct weir_key *key)
{
	struct weir_packet packet;
	struct weir_frame inner = *frame;
	bool is_icmp;

	weir_packet_decode(frame, &packet);
	while (packet.kind == WEIR_PACKET_OK && packet.is_tunnel &&
	       weir_packet_decode_inner(&inner, &packet))
		;
	if (packet.kind != WEIR_PACKET_OK || packet.is_later_fragment || packet.has_quote)
		return false;
	is_icmp = packet.tuple.protocol == WEIR_PROTOCOL_ICMP ||
		  packet.tuple.protocol == WEIR_PROTOCOL_ICMPV6;
	*key = (struct weir_key){ .source = packet.tuple.source,
				  .destination = packet.tuple.destination,
				  .source_port = is_icmp ? 0 : packet.tuple.source_port,
				  .destination_port = is_icmp ? 0 : packet.tuple.destination_port,
				  .protocol = packet.tuple.protocol,
				  .icmp_type = packet.icmp_type,
				  .icmp_code = packet.icmp_code };
	return true;
}

static void read_keys(struct bench_own *own, struct trace_input *trace, size_t max_keys,
		      int *status)
{
	struct weir_frame frames[TRACE_BURST];
	size_t n;

	while (own->key_count < max_keys && (n = trace_input_next(trace, frames, status)))
		for (size_t i = 0; i < n && own->key_count < max_keys; i++)
			own->key_count += key_of(&frames[i], &own->keys[own->key_count]);
}

static enum exit_code read_trace(struct bench_own *own, const struct invocation *invocation,
				 size_t max_keys)
{
	struct trace_input trace = { 0 };
	enum exit_code code = trace_input_open(&trace, invocation);
	int status = 0;

	own->keys = calloc(max_keys, sizeof(*own->keys));
	if (code == EXIT_CLEAN && !own->keys) {
		complain(invocation->command, "%s", strerror(ENOMEM));
		code = EXIT_USAGE;
	}
	if (code == EXIT_CLEAN)
		read_keys(own, &trace, max_keys, &status);
	if (code == EXIT_CLEAN && (status || trace.diagnostics.errors))
		code = EXIT_DAMAGED;
	trace_input_finish(&trace);
	if (code == EXIT_CLEAN && !own->key_count) {
		complain(invocation->command, "no packet of the trace has addresses and ports");
		code = EXIT_USAGE;
	}
	return code;
}

static enum exit_code borrow(struct bench_own *own, const struct invocation *invocation)
{
	int status;

	if (own->resolved)
		report_text_format(&own->summary, "%u pods, %u policies%s",
				   own->input.counts.pods + own->input.counts.synthetic_pods,
				   own->input.counts.network_policies +
					   own->input.counts.cluster_policies,
				   own->keys ? ", keys of a trace" : "");
	else
		report_text_format(&own->summary, "compiled%s",
				   own->keys ? ", keys of a trace" : "");
	if (own->resolved)
		status = bench_workload_borrow(option_value(invocation, OPTION_FILE), own->resolved,
					       &own->workload);
	else
		status = bench_workload_open(option_value(invocation, OPTION_FILE),
					     own->input.policy, &own->workload);
	own->workload.summary = report_text_string(&own->summary);
	if (!status)
		return EXIT_CLEAN;
	complain(invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

enum exit_code bench_own_read(struct bench_own *own, const struct invocation *invocation,
			      size_t max_keys)
{
	enum exit_code code = input_resolve_or_open(&own->input, invocation, &own->resolved);

	if (code == EXIT_CLEAN && option_given(invocation, OPTION_READ))
		code = read_trace(own, invocation, max_keys);
	if (code == EXIT_CLEAN)
		code = borrow(own, invocation);
	return code;
}

void bench_own_finish(struct bench_own *own)
{
	bench_workload_finish(&own->workload);
	weir_resolved_destroy(own->resolved);
	input_finish(&own->input);
	free(own->keys);
	report_text_finish(&own->summary);
}
