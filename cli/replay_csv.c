/*
 * replay_csv.c - flows and packets as CSV. The summary, which is no row, goes to standard error.
 */
#include "replay.h"

#include "weir/directory.h"

#include "flow_text.h"
#include "names.h"
#include "timestamp.h"

static const char *const flow_columns[] = {
	"flow",
	"first",
	"last",
	"protocol",
	"from_address",
	"from_port",
	"from_pod",
	"from_node",
	"to_address",
	"to_port",
	"to_pod",
	"to_node",
	"service_namespace",
	"service_name",
	"service_address",
	"service_port",
	"packets_forward",
	"packets_reply",
	"bytes_forward",
	"bytes_reply",
	"verdict",
	"why",
	"midstream",
	"state",
	"interfaces",
	"egress_verdict",
	"egress_reason",
	"egress_rule",
	"ingress_verdict",
	"ingress_reason",
	"ingress_rule",
};
static const char *const packet_columns[] = {
	"packet", "time", "flow", "class", "direction", "why"
};

static void begin(struct replay_view *view)
{
	const char *const *columns = view->shows_packets ? packet_columns : flow_columns;
	size_t count = view->shows_packets ? sizeof(packet_columns) / sizeof(packet_columns[0])
					   : sizeof(flow_columns) / sizeof(flow_columns[0]);

	view->csv = report_csv_to(stdout);
	for (size_t i = 0; i < count; i++)
		report_csv_string(&view->csv, columns[i]);
	if (view->shows_provisional)
		report_csv_string(&view->csv, "provisional");
	report_csv_end_row(&view->csv);
}

static void time_cell(struct report_csv *csv, uint64_t time)
{
	char text[REPORT_TIME_TEXT];

	report_time_format(time, text);
	report_csv_string(csv, text);
}

static void address_cell(struct report_csv *csv, const struct weir_address *address)
{
	char text[WEIR_ADDRESS_TEXT];

	weir_address_format(address, text);
	report_csv_string(csv, text);
}

static void side_cells(struct replay_view *view, const struct weir_flow_side *side)
{
	struct report_csv *csv = &view->csv;
	struct weir_endpoint_view endpoint = { .name = "" };

	address_cell(csv, &side->address);
	if (side->has_port)
		report_csv_number(csv, side->port);
	else
		report_csv_empty(csv);
	report_text_clear(&view->text);
	if (side->pod != WEIR_NONE) {
		weir_policy_endpoint(view->policy, side->pod, &endpoint);
		report_text_format(&view->text, "%s/%s", endpoint.namespace_name, endpoint.name);
	}
	report_csv_string(csv, report_text_string(&view->text));
	endpoint.name = "";
	if (side->node != WEIR_NONE)
		weir_policy_endpoint(view->policy, side->node, &endpoint);
	report_csv_string(csv, endpoint.name);
}

static void service_cells(struct replay_view *view, const struct weir_flow *flow)
{
	struct weir_service_view service;

	if (flow->service == WEIR_NONE) {
		for (int i = 0; i < 4; i++)
			report_csv_empty(&view->csv);
		return;
	}
	weir_policy_service(view->policy, flow->service, &service);
	report_csv_string(&view->csv, service.namespace_name);
	report_csv_string(&view->csv, service.name);
	address_cell(&view->csv, &flow->service_address);
	report_csv_number(&view->csv, flow_service_port(view->policy, flow));
}

static void interfaces_cell(struct replay_view *view, const struct weir_flow *flow)
{
	report_text_clear(&view->text);
	for (uint32_t i = 0; i < flow->interface_count; i++)
		report_text_format(&view->text, "%s%s", i ? " " : "",
				   replay_interface(view, flow->interfaces[i]));
	report_csv_string(&view->csv, report_text_string(&view->text));
}

static void half_cells(struct replay_view *view, const struct weir_flow *flow,
		       const struct weir_half *half, enum weir_direction direction)
{
	if (flow->verdict == WEIR_AMBIGUOUS) {
		for (int i = 0; i < 3; i++)
			report_csv_empty(&view->csv);
		return;
	}
	report_csv_string(&view->csv, action_name(half->action));
	report_csv_string(&view->csv, weir_reason_name((enum weir_reason)half->reason));
	report_text_clear(&view->text);
	if (half->reason == WEIR_REASON_RULE)
		half_in_words(view->policy, half, direction, &view->text);
	report_csv_string(&view->csv, report_text_string(&view->text));
}

static void row_of_flow(struct replay_view *view, const struct weir_flow *flow)
{
	struct report_csv *csv = &view->csv;
	char protocol[PROTOCOL_TEXT];

	protocol_format(flow->protocol, protocol);
	report_csv_number(csv, flow->number);
	time_cell(csv, flow->first);
	time_cell(csv, flow->last);
	report_csv_string(csv, protocol);
	side_cells(view, &flow->from);
	side_cells(view, &flow->to);
	service_cells(view, flow);
	report_csv_number(csv, flow->packets[0]);
	report_csv_number(csv, flow->packets[1]);
	report_csv_number(csv, flow->bytes[0]);
	report_csv_number(csv, flow->bytes[1]);
	report_csv_string(csv, action_name(flow->verdict));
	report_csv_string(csv, flow->why == WEIR_TRACE_WHY_NONE
				       ? ""
				       : weir_trace_why_name((enum weir_trace_why)flow->why));
	report_csv_string(csv, flow->midstream ? "true" : "false");
	report_csv_string(csv, weir_flow_state_name((enum weir_flow_state)flow->state));
	interfaces_cell(view, flow);
	half_cells(view, flow, &flow->explanation.egress, WEIR_EGRESS);
	half_cells(view, flow, &flow->explanation.ingress, WEIR_INGRESS);
	if (view->shows_provisional)
		report_csv_string(csv, view->is_provisional ? "true" : "false");
	report_csv_end_row(csv);
}

static void row_of_packet(struct replay_view *view, const struct weir_frame *frame,
			  const struct weir_trace_packet *packet)
{
	struct report_csv *csv = &view->csv;
	const char *why = packet_why(packet);
	struct weir_flow flow;

	report_csv_number(csv, frame->number);
	time_cell(csv, frame->time);
	if (packet_has_flow(packet)) {
		weir_trace_flow(view->trace, packet->flow, &flow);
		report_csv_number(csv, flow.number);
	} else {
		report_csv_empty(csv);
	}
	report_csv_string(csv, weir_trace_class_name((enum weir_trace_class)packet->kind));
	report_csv_string(csv, !packet_has_flow(packet) ? ""
			       : packet->is_reply       ? "reply"
							: "forward");
	report_csv_string(csv, why ? why : "");
	report_csv_end_row(csv);
}

static void end(struct replay_view *view)
{
	fflush(stdout);
	replay_summary(view, stderr);
}

const struct replay_format replay_csv = {
	"csv", begin, row_of_flow, row_of_packet, end, end, NULL
};
