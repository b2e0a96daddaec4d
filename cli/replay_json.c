/*
 * replay_json.c - flows and packets as JSON: one object a line, or one object around them.
 */
#include "replay.h"

#include "weir/directory.h"

#include "flow_text.h"
#include "names.h"
#include "timestamp.h"

static void time_field(struct report_json *json, const char *key, uint64_t time)
{
	char text[REPORT_TIME_TEXT];

	report_time_format(time, text);
	report_json_string_field(json, key, text);
}

static void address_field(struct report_json *json, const struct weir_address *address)
{
	char text[WEIR_ADDRESS_TEXT];

	weir_address_format(address, text);
	report_json_string_field(json, "address", text);
}

static void side_field(struct replay_view *view, const char *key, const struct weir_flow_side *side)
{
	struct report_json *json = &view->json;
	struct weir_endpoint_view endpoint;

	report_json_object_field(json, key);
	address_field(json, &side->address);
	if (side->has_port)
		report_json_number_field(json, "port", side->port);
	if (side->pod != WEIR_NONE) {
		weir_policy_endpoint(view->policy, side->pod, &endpoint);
		report_text_clear(&view->text);
		report_text_format(&view->text, "%s/%s", endpoint.namespace_name, endpoint.name);
		report_json_string_field(json, "pod", report_text_string(&view->text));
	}
	if (side->node != WEIR_NONE) {
		weir_policy_endpoint(view->policy, side->node, &endpoint);
		report_json_string_field(json, "node", endpoint.name);
	}
	report_json_close(json, '}');
}

static void service_field(struct replay_view *view, const struct weir_flow *flow)
{
	struct weir_service_view service;

	weir_policy_service(view->policy, flow->service, &service);
	report_json_object_field(&view->json, "service");
	report_json_string_field(&view->json, "namespace", service.namespace_name);
	report_json_string_field(&view->json, "name", service.name);
	address_field(&view->json, &flow->service_address);
	report_json_number_field(&view->json, "port", flow_service_port(view->policy, flow));
	report_json_close(&view->json, '}');
}

static void count_field(struct report_json *json, const char *key, const uint64_t counts[2])
{
	report_json_object_field(json, key);
	report_json_number_field(json, "forward", counts[0]);
	report_json_number_field(json, "reply", counts[1]);
	report_json_close(json, '}');
}

static void interfaces_field(struct replay_view *view, const struct weir_flow *flow)
{
	report_json_key(&view->json, "interfaces");
	report_json_open(&view->json, '[');
	for (uint32_t i = 0; i < flow->interface_count; i++)
		report_json_string(&view->json, replay_interface(view, flow->interfaces[i]));
	report_json_close(&view->json, ']');
}

static void write_flow(struct replay_view *view, const struct weir_flow *flow)
{
	struct report_json *json = &view->json;

	report_json_open(json, '{');
	report_json_number_field(json, "flow", flow->number);
	if (view->is_provisional)
		report_json_bool_field(json, "provisional", true);
	time_field(json, "first", flow->first);
	time_field(json, "last", flow->last);
	report_json_key(json, "protocol");
	protocol_json(json, flow->protocol);
	side_field(view, "from", &flow->from);
	side_field(view, "to", &flow->to);
	if (flow->service != WEIR_NONE)
		service_field(view, flow);
	count_field(json, "packets", flow->packets);
	count_field(json, "bytes", flow->bytes);
	report_json_string_field(json, "verdict", action_name(flow->verdict));
	if (flow->why != WEIR_TRACE_WHY_NONE)
		report_json_string_field(json, "why",
					 weir_trace_why_name((enum weir_trace_why)flow->why));
	report_json_bool_field(json, "midstream", flow->midstream);
	report_json_string_field(json, "state",
				 weir_flow_state_name((enum weir_flow_state)flow->state));
	if (flow->interface_count)
		interfaces_field(view, flow);
	if (flow->verdict != WEIR_AMBIGUOUS)
		halves_json(json, view->policy, &flow->explanation);
	report_json_close(json, '}');
}

static void write_packet(struct replay_view *view, const struct weir_frame *frame,
			 const struct weir_trace_packet *packet)
{
	struct report_json *json = &view->json;
	const char *why = packet_why(packet);
	struct weir_flow flow;

	report_json_open(json, '{');
	report_json_number_field(json, "packet", frame->number);
	time_field(json, "time", frame->time);
	if (packet_has_flow(packet)) {
		weir_trace_flow(view->trace, packet->flow, &flow);
		report_json_number_field(json, "flow", flow.number);
	}
	report_json_string_field(json, "class",
				 weir_trace_class_name((enum weir_trace_class)packet->kind));
	if (packet_has_flow(packet))
		report_json_string_field(json, "direction", packet->is_reply ? "reply" : "forward");
	if (why)
		report_json_string_field(json, "why", why);
	report_json_close(json, '}');
}

static void malformed_fields(struct replay_view *view)
{
	report_json_object_field(&view->json, "malformed_by");
	for (unsigned i = WEIR_MALFORMED_NONE + 1; i < WEIR_MALFORMED_REASONS; i++)
		if (view->summary.malformed_by[i])
			report_json_number_field(&view->json,
						 weir_malformed_name((enum weir_malformed)i),
						 view->summary.malformed_by[i]);
	report_json_close(&view->json, '}');
}

static void summary_field(struct replay_view *view)
{
	struct report_json *json = &view->json;
	const struct weir_trace_summary *summary = &view->summary;
	const uint64_t *classes = summary->by_class;

	report_json_object_field(json, "summary");
	report_json_number_field(json, "packets", summary->packets);
	report_json_number_field(json, "allowed", classes[WEIR_TRACE_ALLOWED]);
	report_json_number_field(json, "denied", classes[WEIR_TRACE_DENIED]);
	report_json_number_field(json, "ambiguous", classes[WEIR_TRACE_AMBIGUOUS]);
	report_json_number_field(json, "not_ip", classes[WEIR_TRACE_NOT_IP]);
	report_json_number_field(json, "opaque", classes[WEIR_TRACE_OPAQUE]);
	report_json_number_field(json, "malformed", classes[WEIR_TRACE_MALFORMED]);
	malformed_fields(view);
	report_json_object_field(json, "flows");
	report_json_number_field(json, "allowed", summary->flows[WEIR_ALLOW]);
	report_json_number_field(json, "denied", summary->flows[WEIR_DENY]);
	report_json_number_field(json, "ambiguous", summary->flows[WEIR_AMBIGUOUS]);
	report_json_close(json, '}');
	if (view->has_lost)
		report_json_number_field(json, "lost", view->lost);
	if (view->expectations) {
		report_json_object_field(json, "expected");
		report_json_number_field(json, "matched", view->expectations->matched);
		report_json_number_field(json, "mismatched", view->expectations->mismatched);
		report_json_number_field(json, "unseen", view->expectations->unseen);
		report_json_close(json, '}');
	}
	report_json_close(json, '}');
}

static void begin_lines(struct replay_view *view)
{
	view->json = report_json_to(stdout);
}

static void line_of_flow(struct replay_view *view, const struct weir_flow *flow)
{
	write_flow(view, flow);
	report_json_end_line(&view->json);
}

static void line_of_packet(struct replay_view *view, const struct weir_frame *frame,
			   const struct weir_trace_packet *packet)
{
	write_packet(view, frame, packet);
	report_json_end_line(&view->json);
}

static void end_lines(struct replay_view *view)
{
	report_json_open(&view->json, '{');
	summary_field(view);
	report_json_close(&view->json, '}');
	report_json_end_line(&view->json);
}

static void summary_alone(struct replay_view *view)
{
	begin_lines(view);
	end_lines(view);
}

static void begin_object(struct replay_view *view)
{
	view->json = report_json_to(stdout);
	report_json_open(&view->json, '{');
	report_json_key(&view->json, view->shows_packets ? "packets" : "flows");
	report_json_open(&view->json, '[');
}

static void member_flow(struct replay_view *view, const struct weir_flow *flow)
{
	report_json_new_line(&view->json);
	write_flow(view, flow);
}

static void member_packet(struct replay_view *view, const struct weir_frame *frame,
			  const struct weir_trace_packet *packet)
{
	report_json_new_line(&view->json);
	write_packet(view, frame, packet);
}

static void end_object(struct replay_view *view)
{
	report_json_close(&view->json, ']');
	report_json_new_line(&view->json);
	summary_field(view);
	report_json_close(&view->json, '}');
	report_json_end_line(&view->json);
}

const struct replay_format replay_jsonl = { "jsonl",   begin_lines,   line_of_flow, line_of_packet,
					    end_lines, summary_alone, NULL };
const struct replay_format replay_json = { "json",     begin_object,  member_flow, member_packet,
					   end_object, summary_alone, NULL };
