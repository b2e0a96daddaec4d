#include "flow_text.h"

#include "weir/directory.h"

#include "names.h"

static void add_port(const struct weir_flow_side *side, struct report_text *text)
{
	if (side->has_port)
		report_text_format(text, ":%u", side->port);
}

void side_address(const struct weir_flow_side *side, struct report_text *text)
{
	char address[WEIR_ADDRESS_TEXT];
	bool has_brackets = side->has_port && !weir_address_is_ipv4(&side->address);

	weir_address_format(&side->address, address);
	report_text_format(text, has_brackets ? "[%s]" : "%s", address);
	add_port(side, text);
}

void side_in_words(const struct weir_policy *policy, const struct weir_flow_side *side,
		   struct report_text *text)
{
	uint32_t endpoint = side->pod != WEIR_NONE ? side->pod : side->node;

	if (endpoint == WEIR_NONE) {
		side_address(side, text);
		return;
	}
	endpoint_format(policy, endpoint, text);
	add_port(side, text);
}

uint16_t flow_service_port(const struct weir_policy *policy, const struct weir_flow *flow)
{
	struct weir_service_port_view port;
	struct weir_owner owner;

	weir_policy_service_port(policy, flow->service, flow->service_port, &port);
	weir_policy_owner(policy, &flow->service_address, &owner);
	return owner.kind == WEIR_OWNER_NODE && port.node_port ? port.node_port : port.port;
}

void service_in_words(const struct weir_policy *policy, const struct weir_flow *flow,
		      struct report_text *text)
{
	struct weir_service_view service;

	if (flow->service == WEIR_NONE)
		return;
	weir_policy_service(policy, flow->service, &service);
	report_text_format(text, "%s/%s:%u", service.namespace_name, service.name,
			   flow_service_port(policy, flow));
}

void flow_decision_in_words(const struct weir_policy *policy, const struct weir_flow *flow,
			    struct report_text *text)
{
	static const char *const reasons[] = {
		[WEIR_TRACE_WHY_NONE] = "",
		[WEIR_TRACE_WHY_UNKNOWN_POD] = "unknown pod: no object owns its address",
		[WEIR_TRACE_WHY_SHARED_ADDRESS] = "pods that share the address disagree",
		[WEIR_TRACE_WHY_DOMAIN_NAME] = "a domain name decides, and nobody knows whose",
		[WEIR_TRACE_WHY_UNKNOWN_BACKEND] = "the service's backends disagree",
		[WEIR_TRACE_WHY_TRANSLATED_SOURCE] = "the source may have been translated",
		[WEIR_TRACE_WHY_ORPHAN_FRAGMENT] = "fragments without their first",
		[WEIR_TRACE_WHY_UNDECIDED_OPENER] = "either side may have opened it",
	};

	if (flow->verdict == WEIR_AMBIGUOUS)
		report_text_add_string(text, reasons[flow->why]);
	else
		decision_in_words(policy, &flow->explanation, text);
}

bool packet_has_flow(const struct weir_trace_packet *packet)
{
	return packet->flow != UINT64_MAX;
}

const char *packet_why(const struct weir_trace_packet *packet)
{
	if (packet->kind == WEIR_TRACE_MALFORMED)
		return weir_malformed_name((enum weir_malformed)packet->malformed);
	if (packet->kind == WEIR_TRACE_AMBIGUOUS && packet->why != WEIR_TRACE_WHY_NONE)
		return weir_trace_why_name((enum weir_trace_why)packet->why);
	if (!packet_has_flow(packet))
		return NULL;
	if (packet->is_related)
		return "related";
	if (packet->is_fragment)
		return "fragment";
	return packet->is_reply ? "reply" : NULL;
}
