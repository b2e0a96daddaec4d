/*
 * gen_trace.c - weir gen trace: flows against a cluster, and what is to become of them.
 */
#include "gen_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/capture_writer.h"

#include "gen.h"
#include "input.h"
#include "names.h"
#include "numbers.h"
#include "output.h"

enum {
	FLOWS = 1000,
	PACKETS_A_FLOW = 10,
	CONNECTIONS = 1000,
	CONNECTIONS_MAX = 1000000,
	RATE = 10000,
	PAYLOAD = 512,
	SHARE_OF_SERVICES = 2000,
};

struct production {
	const struct invocation *invocation;
	struct input input;
	struct weir_resolved *resolved;
	struct gen_connections connections;
	struct gen_connections_options drawing;
	struct gen_trace_options tracing;
	struct report_json expectations; /* without a file: none are wanted */
};

/* Options. */

static const struct {
	enum option_id id;
	uint16_t usual;
} classes[GEN_CLASSES] = {
	[GEN_ALLOWED] = { OPTION_ALLOWED_SHARE, 6000 },
	[GEN_DENIED] = { OPTION_DENIED_SHARE, 3000 },
	[GEN_UNRELATED] = { OPTION_UNRELATED_SHARE, 1000 },
};

/* Classes that are not given share what the others leave, as usual. */
static bool read_class_shares(const struct invocation *invocation, uint16_t shares[GEN_CLASSES])
{
	uint32_t usual = 0;
	uint32_t rest = SHARE_ALL;

	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		shares[i] = 0;
		if (!option_share(invocation, classes[i].id, &shares[i]))
			return false;
		if (!option_given(invocation, classes[i].id))
			usual += classes[i].usual;
		rest -= shares[i];
	}
	if (rest > SHARE_ALL || (rest && !usual)) {
		complain(invocation->command,
			 "the shares of allowed, denied and unrelated flows must come to all");
		return false;
	}
	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		if (option_given(invocation, classes[i].id) || !usual)
			continue;
		shares[i] = (uint16_t)(rest * classes[i].usual / usual);
		rest -= shares[i];
		usual -= classes[i].usual;
	}
	return true;
}

/* So many of a whole, rounded. */
static uint64_t part_of(uint64_t whole, uint32_t share)
{
	return (whole * share + SHARE_ALL / 2) / SHARE_ALL;
}

static void divide_flows(struct production *production, uint64_t flows,
			 const uint16_t shares[GEN_CLASSES])
{
	uint64_t *out = production->tracing.flows;

	out[GEN_DENIED] = part_of(flows, shares[GEN_DENIED]);
	out[GEN_UNRELATED] = part_of(flows, shares[GEN_UNRELATED]);
	if (out[GEN_UNRELATED] > flows - out[GEN_DENIED])
		out[GEN_UNRELATED] = flows - out[GEN_DENIED];
	out[GEN_ALLOWED] = flows - out[GEN_DENIED] - out[GEN_UNRELATED];
}

/* As many connections as flows, or as are to be looked for in all. */
static void divide_connections(struct production *production, uint32_t connections,
			       uint16_t through)
{
	struct gen_connections_options *out = &production->drawing;
	const uint64_t *flows = production->tracing.flows;
	uint64_t all = flows[GEN_ALLOWED] + flows[GEN_DENIED] + flows[GEN_UNRELATED];

	for (uint32_t i = 0; i < GEN_CLASSES && all; i++) {
		uint64_t wanted = (connections * flows[i] + all - 1) / all;

		out->wanted[i] = (uint32_t)(wanted < flows[i] ? wanted : flows[i]);
		if (i != GEN_UNRELATED)
			out->through_services[i] = (uint32_t)part_of(out->wanted[i], through);
	}
}

static bool read_counts(const struct invocation *invocation, struct production *production)
{
	struct gen_trace_options *tracing = &production->tracing;
	uint32_t connections = CONNECTIONS;
	uint32_t payload = PAYLOAD;
	uint16_t through = SHARE_OF_SERVICES;
	uint64_t flows = FLOWS;
	uint16_t shares[GEN_CLASSES];

	tracing->seed = 1;
	tracing->rate = RATE;
	if (!option_number(invocation, OPTION_SEED, 0, UINT64_MAX, &tracing->seed) ||
	    !option_number(invocation, OPTION_FLOWS, 1, GEN_TRACE_FLOWS_MAX, &flows))
		return false;
	tracing->packets = flows * PACKETS_A_FLOW;
	if (!option_number(invocation, OPTION_PACKET_COUNT, 1, GEN_TRACE_PACKETS_MAX,
			   &tracing->packets) ||
	    !option_small_number(invocation, OPTION_CONNECTIONS, 1, CONNECTIONS_MAX,
				 &connections) ||
	    !option_small_number(invocation, OPTION_RATE, GEN_TRACE_RATE_MIN, GEN_TRACE_RATE_MAX,
				 &tracing->rate) ||
	    !option_small_number(invocation, OPTION_PAYLOAD, 0, GEN_TRACE_PAYLOAD_MAX, &payload) ||
	    !option_share(invocation, OPTION_THROUGH_SERVICES, &through) ||
	    !option_share(invocation, OPTION_TUNNELS, &tracing->tunnels) ||
	    !option_share(invocation, OPTION_FRAGMENTS, &tracing->fragments) ||
	    !option_share(invocation, OPTION_ICMP_ERRORS, &tracing->errors) ||
	    !option_share(invocation, OPTION_NOISE, &tracing->noise) ||
	    !read_class_shares(invocation, shares))
		return false;
	tracing->payload = (uint16_t)payload;
	production->drawing.seed = tracing->seed;
	divide_flows(production, flows, shares);
	divide_connections(production, connections, through);
	return true;
}

static bool is_standard_output(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

static bool is_same_output(const char *a, const char *b)
{
	if (is_standard_output(a) || is_standard_output(b))
		return is_standard_output(a) && is_standard_output(b);
	return strcmp(a, b) == 0;
}

static bool read_names(const struct invocation *invocation, struct production *production)
{
	const char *path = option_value(invocation, OPTION_OUTPUT);
	const char *expect = option_value(invocation, OPTION_EXPECT);

	if (is_standard_output(path) && isatty(STDOUT_FILENO)) {
		complain(invocation->command, "a trace is nothing for a terminal: -o FILE");
		return false;
	}
	if (expect && is_same_output(path, expect)) {
		complain(invocation->command, "the trace and its verdicts cannot both go to %s",
			 is_standard_output(expect) ? "standard output" : expect);
		return false;
	}
	if (path && weir_capture_writer_is_pcapng(path))
		production->tracing.format = GEN_PCAPNG;
	return true;
}

/* Expected verdicts. */

static void put_end(struct production *production, const char *key, uint32_t endpoint,
		    const struct weir_address *address)
{
	struct report_json *json = &production->expectations;
	char name[WEIR_ADDRESS_TEXT + 1024];

	if (endpoint == WEIR_NONE) {
		weir_address_format(address, name);
	} else {
		const struct weir_endpoint *end = &production->resolved->endpoints[endpoint];

		if (end->kind == WEIR_ENDPOINT_NODE)
			snprintf(name, sizeof(name), "node/%s", end->name);
		else
			snprintf(name, sizeof(name),
				 strcmp(end->namespace_name, "node") == 0 ? "%s/Pod/%s" : "%s/%s",
				 end->namespace_name, end->name);
	}
	report_json_string_field(json, key, name);
}

static void put_service(struct production *production, const struct gen_connection *connection)
{
	const struct weir_service *service = &production->resolved->services[connection->service];
	char name[1024];

	snprintf(name, sizeof(name), "%s/Service/%s", service->namespace_name, service->name);
	report_json_string_field(&production->expectations, "to", name);
}

static bool has_ports(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	       protocol == WEIR_PROTOCOL_SCTP;
}

static int put_expectation(void *context, const struct gen_flow *flow)
{
	struct production *production = context;
	const struct gen_connection *connection = flow->connection;
	const struct weir_key *key = &connection->key;
	struct report_json *json = &production->expectations;
	bool is_through = connection->service != WEIR_NONE;

	report_json_open(json, '{');
	report_json_number_field(json, "packet", flow->packet);
	put_end(production, "from", connection->from, &key->source);
	if (is_through)
		put_service(production, connection);
	else
		put_end(production, "to", connection->to, &key->destination);
	report_json_key(json, "protocol");
	protocol_json(json, key->protocol);
	if (has_ports(key->protocol)) {
		report_json_number_field(json, "port",
					 is_through ? connection->service_port
						    : key->destination_port);
		report_json_number_field(json, "sourcePort", flow->source_port);
	}
	report_json_string_field(json, "verdict", action_name(gen_class_verdict(flow->kind)));
	report_json_close(json, '}');
	report_json_end_line(json);
	if (!ferror(json->file))
		return 0;
	complain(production->invocation->command, "%s: %s",
		 option_value(production->invocation, OPTION_EXPECT), strerror(errno));
	return -EINVAL;
}

/* Writing. */

static int write_trace(void *context, FILE *file)
{
	struct production *production = context;
	struct gen_trace_sink sink = {
		.write = output_bytes,
		.write_context = file,
		.begin_flow = production->expectations.file ? put_expectation : NULL,
		.flow_context = production,
	};
	struct weir_error error = { "" };
	int status = gen_trace_write(&production->connections, &production->tracing, &sink, &error);

	if (error.text[0])
		complain(production->invocation->command, "%s", error.text);
	return status;
}

static enum exit_code write_only_trace(struct production *production)
{
	return output_write(production->invocation,
			    option_value(production->invocation, OPTION_OUTPUT), write_trace,
			    production);
}

static int write_both(void *context, FILE *file)
{
	struct production *production = context;

	production->expectations = report_json_to(file);
	return write_only_trace(production) == EXIT_CLEAN ? 0 : -EINVAL;
}

static enum exit_code draw_and_write(struct production *production)
{
	const struct invocation *invocation = production->invocation;
	struct weir_error error = { "" };
	int status = gen_connections_draw(production->input.cluster, production->resolved,
					  &production->drawing, &production->connections, &error);

	if (status) {
		complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
		return EXIT_USAGE;
	}
	if (!option_given(invocation, OPTION_EXPECT))
		return write_only_trace(production);
	return output_write(invocation, option_value(invocation, OPTION_EXPECT), write_both,
			    production);
}

enum exit_code gen_run_trace(const struct invocation *invocation)
{
	struct production production = { .invocation = invocation };
	enum exit_code code = EXIT_USAGE;

	if (!read_counts(invocation, &production) || !read_names(invocation, &production))
		return EXIT_USAGE;
	code = input_resolve(&production.input, invocation, &production.resolved);
	if (code == EXIT_CLEAN)
		code = draw_and_write(&production);
	gen_connections_finish(&production.connections);
	weir_resolved_destroy(production.resolved);
	input_finish(&production.input);
	return code;
}

static const struct option_spec trace_specs[] = {
	{ OPTION_FLOWS, 0, "flows", "N", NULL, "how many flows (default 1000)" },
	{ OPTION_PACKET_COUNT, 0, "packets", "N", NULL,
	  "how many packets in all (default: ten for every flow)" },
	{ OPTION_ALLOWED_SHARE, 0, "allowed", "SHARE", NULL,
	  "flows that the policies allow (default 60%; of what the other two leave, when these "
	  "are given)" },
	{ OPTION_DENIED_SHARE, 0, "denied", "SHARE", NULL,
	  "flows that the policies deny (default 30%)" },
	{ OPTION_UNRELATED_SHARE, 0, "unrelated", "SHARE", NULL,
	  "flows with both ends outside of the cluster (default 10%)" },
	{ OPTION_THROUGH_SERVICES, 0, "through-services", "SHARE", NULL,
	  "allowed and denied flows that go through a service, and show before and behind it "
	  "(default 20%)" },
	{ OPTION_TUNNELS, 0, "tunnels", "SHARE", NULL,
	  "flows between pods of two nodes that are captured between the nodes, in VXLAN (default "
	  "0)" },
	{ OPTION_FRAGMENTS, 0, "fragments", "SHARE", NULL,
	  "packets of UDP and ICMP with 48 bytes of payload that come as two fragments (default "
	  "0)" },
	{ OPTION_ICMP_ERRORS, 0, "icmp-errors", "SHARE", NULL,
	  "packets of those who open that an ICMP error comes back about (default 0)" },
	{ OPTION_NOISE, 0, "noise", "SHARE", NULL, "packets that are not IP, of all (default 0)" },
	{ OPTION_CONNECTIONS, 0, "connections", "N", NULL,
	  "flows are of so many different connections (default 1000)" },
	{ OPTION_PAYLOAD, 0, "payload", "N", NULL,
	  "bytes at most in a packet that carries data (default 512)" },
	{ OPTION_RATE, 0, "rate", "N", NULL, "packets a second (default 10000)" },
	{ OPTION_EXPECT, 0, "expect", "FILE", NULL,
	  "write the verdict of every flow, as the reference has it, in the form that 'weir replay "
	  "--expect' reads" },
};
const struct option_group gen_trace_options = OPTION_GROUP("Traces", trace_specs);
