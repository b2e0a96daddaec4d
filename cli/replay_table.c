/*
 * replay_table.c - flows and packets for a person: names before addresses, rules in words.
 *
 * Packets are printed as they come, so the widths of their columns are set beforehand: the names
 * in them are those of the flows.
 */
#include "replay.h"

#include <inttypes.h>

#include "flow_text.h"
#include "names.h"
#include "timestamp.h"
#include "utf8.h"

enum {
	BATCH = 1024, /* packets between two prints */
};

static const struct report_column flow_columns[] = {
	{ "FLOW", REPORT_RIGHT, 1 },      { "VERDICT", REPORT_LEFT, 0 },
	{ "PROTOCOL", REPORT_LEFT, 0 },   { "FROM", REPORT_LEFT, 0 },
	{ "TO", REPORT_LEFT, 0 },         { "SERVICE", REPORT_LEFT, 0 },
	{ "PACKETS", REPORT_RIGHT, 2 },   { "BYTES", REPORT_RIGHT, 3 },
	{ "DECIDED BY", REPORT_LEFT, 0 },
};

static const struct report_column wide_columns[] = {
	{ "FLOW", REPORT_RIGHT, 0 },      { "VERDICT", REPORT_LEFT, 0 },
	{ "PROTOCOL", REPORT_LEFT, 0 },   { "FROM", REPORT_LEFT, 0 },
	{ "TO", REPORT_LEFT, 0 },         { "SERVICE", REPORT_LEFT, 0 },
	{ "PACKETS", REPORT_RIGHT, 0 },   { "BYTES", REPORT_RIGHT, 0 },
	{ "DECIDED BY", REPORT_LEFT, 0 }, { "FROM ADDRESS", REPORT_LEFT, 0 },
	{ "TO ADDRESS", REPORT_LEFT, 0 }, { "FIRST", REPORT_LEFT, 0 },
	{ "LAST", REPORT_LEFT, 0 },       { "STATE", REPORT_LEFT, 0 },
	{ "INTERFACES", REPORT_LEFT, 0 }, { "EGRESS", REPORT_LEFT, 0 },
	{ "INGRESS", REPORT_LEFT, 0 },
};

enum {
	PACKET_NUMBER,
	PACKET_TIME,
	PACKET_CLASS,
	PACKET_FLOW,
	PACKET_DIRECTION,
	PACKET_FROM,
	PACKET_TO,
	PACKET_WHY,
	PACKET_COLUMNS,
};
static const struct report_column packet_columns[PACKET_COLUMNS] = {
	[PACKET_NUMBER] = { "PACKET", REPORT_RIGHT, 0 },
	[PACKET_TIME] = { "TIME", REPORT_LEFT, 2 },
	[PACKET_CLASS] = { "CLASS", REPORT_LEFT, 0 },
	[PACKET_FLOW] = { "FLOW", REPORT_RIGHT, 0 },
	[PACKET_DIRECTION] = { "DIRECTION", REPORT_LEFT, 1 },
	[PACKET_FROM] = { "FROM", REPORT_LEFT, 0 },
	[PACKET_TO] = { "TO", REPORT_LEFT, 0 },
	[PACKET_WHY] = { "WHY", REPORT_LEFT, 0 },
};

static size_t digits(uint64_t number)
{
	size_t count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

/* The text so far as a cell, and an empty text for the next. */
static void text_cell(struct replay_view *view, enum report_style style)
{
	report_table_cell(view->table, style, report_text_string(&view->text));
	view->is_short |= view->text.is_short;
	report_text_clear(&view->text);
}

static void side_cell(struct replay_view *view, const struct weir_flow_side *side)
{
	side_in_words(view->policy, side, &view->text);
	text_cell(view, REPORT_PLAIN);
}

static void time_cell(struct replay_view *view, uint64_t time)
{
	char text[REPORT_TIME_TEXT];

	report_time_format(time, text);
	report_table_cell(view->table, REPORT_FAINT, text);
}

static size_t side_width(struct replay_view *view, const struct weir_flow_side *side)
{
	size_t width;

	report_text_clear(&view->text);
	side_in_words(view->policy, side, &view->text);
	width = report_utf8_width(report_text_string(&view->text), view->text.length);
	report_text_clear(&view->text);
	return width;
}

static void widen_for_packets(struct replay_view *view)
{
	uint64_t flows = weir_trace_flow_count(view->trace);
	struct weir_flow flow;
	size_t widest = 0;

	for (uint64_t i = 0; i < flows; i++) {
		size_t from, to;

		weir_trace_flow(view->trace, i, &flow);
		from = side_width(view, &flow.from);
		to = side_width(view, &flow.to);
		widest = from > widest ? from : widest;
		widest = to > widest ? to : widest;
	}
	report_table_widen(view->table, PACKET_NUMBER, digits(view->last_packet));
	report_table_widen(view->table, PACKET_TIME, sizeof("2024-01-01T00:00:00.000000000Z") - 1);
	report_table_widen(view->table, PACKET_CLASS, sizeof("ambiguous") - 1);
	report_table_widen(view->table, PACKET_FLOW, digits(flows));
	report_table_widen(view->table, PACKET_DIRECTION, sizeof("DIRECTION") - 1);
	report_table_widen(view->table, PACKET_FROM, widest);
	report_table_widen(view->table, PACKET_TO, widest);
	report_table_widen(view->table, PACKET_WHY, sizeof("WHY") - 1);
}

/* Flows that nobody has seen yet: what they will have in the columns, most of the time. */
static void widen_for_what_comes(struct replay_view *view)
{
	static const size_t widths[] = { 5, 9, 8, 24, 24, 16, 7, 9, 10 };

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		report_table_widen(view->table, i, widths[i]);
	if (view->shows_provisional)
		report_table_widen(view->table, 1, sizeof("ambiguous so far") - 1);
}

static void begin(struct replay_view *view)
{
	const struct report_column *columns = flow_columns;
	size_t count = sizeof(flow_columns) / sizeof(flow_columns[0]);

	if (view->shows_packets) {
		columns = packet_columns;
		count = PACKET_COLUMNS;
	} else if (view->format == &replay_wide) {
		columns = wide_columns;
		count = sizeof(wide_columns) / sizeof(wide_columns[0]);
	}
	view->table = report_table_create(columns, count);
	if (!view->table)
		view->is_short = true;
	else if (view->shows_packets)
		widen_for_packets(view);
	else if (view->follows)
		widen_for_what_comes(view);
}

static void row_of_flow(struct replay_view *view, const struct weir_flow *flow)
{
	char protocol[PROTOCOL_TEXT];

	if (!view->table)
		return;
	view->pending++;
	view->rows++;
	protocol_format(flow->protocol, protocol);
	report_table_cell_format(view->table, REPORT_FAINT, "%" PRIu64, flow->number);
	report_table_cell_format(view->table, action_style(flow->verdict), "%s%s",
				 action_name(flow->verdict), view->is_provisional ? " so far" : "");
	report_table_cell(view->table, REPORT_PLAIN, protocol);
	side_cell(view, &flow->from);
	side_cell(view, &flow->to);
	service_in_words(view->policy, flow, &view->text);
	text_cell(view, REPORT_PLAIN);
	report_table_cell_format(view->table, REPORT_PLAIN, "%" PRIu64,
				 flow->packets[0] + flow->packets[1]);
	report_table_cell_format(view->table, REPORT_PLAIN, "%" PRIu64,
				 flow->bytes[0] + flow->bytes[1]);
	flow_decision_in_words(view->policy, flow, &view->text);
	text_cell(view, REPORT_PLAIN);
}

static void half_cell(struct replay_view *view, const struct weir_flow *flow,
		      const struct weir_half *half, enum weir_direction direction)
{
	if (flow->verdict != WEIR_AMBIGUOUS) {
		report_text_format(&view->text, "%s: ", action_name(half->action));
		half_in_words(view->policy, half, direction, &view->text);
	}
	text_cell(view, REPORT_PLAIN);
}

static void wide_row_of_flow(struct replay_view *view, const struct weir_flow *flow)
{
	if (!view->table)
		return;
	row_of_flow(view, flow);
	side_address(&flow->from, &view->text);
	text_cell(view, REPORT_PLAIN);
	side_address(&flow->to, &view->text);
	text_cell(view, REPORT_PLAIN);
	time_cell(view, flow->first);
	time_cell(view, flow->last);
	report_table_cell_format(view->table, REPORT_PLAIN, "%s%s",
				 weir_flow_state_name((enum weir_flow_state)flow->state),
				 flow->midstream ? ", mid-stream" : "");
	for (uint32_t i = 0; i < flow->interface_count; i++)
		report_text_format(&view->text, "%s%s", i ? "," : "",
				   replay_interface(view, flow->interfaces[i]));
	text_cell(view, REPORT_PLAIN);
	half_cell(view, flow, &flow->explanation.egress, WEIR_EGRESS);
	half_cell(view, flow, &flow->explanation.ingress, WEIR_INGRESS);
}

static void print_pending(struct replay_view *view)
{
	struct report_table_look look = { .color = view->color };

	/* Wide means wide; the others give up columns where the terminal has no room for them. */
	if (view->format != &replay_wide)
		look.terminal_width = report_terminal_width(stdout);
	report_table_print(view->table, stdout, &look);
	view->is_short |= report_table_is_short(view->table);
	view->pending = 0;
}

static enum report_style class_style(uint8_t kind)
{
	switch (kind) {
	case WEIR_TRACE_ALLOWED:
		return REPORT_GOOD;
	case WEIR_TRACE_DENIED:
		return REPORT_BAD;
	case WEIR_TRACE_AMBIGUOUS:
	case WEIR_TRACE_MALFORMED:
		return REPORT_DOUBT;
	default:
		return REPORT_FAINT;
	}
}

/* As the packet travelled. */
static void packet_sides(struct replay_view *view, const struct weir_trace_packet *packet)
{
	struct weir_flow flow;

	if (!packet_has_flow(packet)) {
		for (int i = 0; i < 4; i++)
			report_table_cell(view->table, REPORT_PLAIN, "");
		return;
	}
	weir_trace_flow(view->trace, packet->flow, &flow);
	report_table_cell_format(view->table, REPORT_PLAIN, "%" PRIu64, flow.number);
	report_table_cell(view->table, REPORT_PLAIN, packet->is_reply ? "reply" : "forward");
	side_cell(view, packet->is_reply ? &flow.to : &flow.from);
	side_cell(view, packet->is_reply ? &flow.from : &flow.to);
}

static void row_of_packet(struct replay_view *view, const struct weir_frame *frame,
			  const struct weir_trace_packet *packet)
{
	const char *why = packet_why(packet);

	if (!view->table)
		return;
	report_table_cell_format(view->table, REPORT_PLAIN, "%" PRIu64, frame->number);
	time_cell(view, frame->time);
	report_table_cell(view->table, class_style(packet->kind),
			  weir_trace_class_name((enum weir_trace_class)packet->kind));
	packet_sides(view, packet);
	report_table_cell(view->table, REPORT_PLAIN, why ? why : "");
	if (++view->pending == BATCH)
		print_pending(view);
}

static void print_malformed(const struct weir_trace_summary *summary, FILE *file)
{
	const char *separator = "malformed  ";

	for (unsigned i = WEIR_MALFORMED_NONE + 1; i < WEIR_MALFORMED_REASONS; i++) {
		if (!summary->malformed_by[i])
			continue;
		fprintf(file, "%s%s %" PRIu64, separator,
			weir_malformed_name((enum weir_malformed)i), summary->malformed_by[i]);
		separator = ", ";
	}
	if (summary->by_class[WEIR_TRACE_MALFORMED])
		fputc('\n', file);
}

void replay_summary(const struct replay_view *view, FILE *file)
{
	const struct weir_trace_summary *summary = &view->summary;
	const uint64_t *classes = summary->by_class;
	const uint64_t *flows = summary->flows;

	fprintf(file,
		"packets    %" PRIu64 " = %" PRIu64 " allowed + %" PRIu64 " denied + %" PRIu64
		" ambiguous + %" PRIu64 " not_ip + %" PRIu64 " opaque + %" PRIu64 " malformed\n",
		summary->packets, classes[WEIR_TRACE_ALLOWED], classes[WEIR_TRACE_DENIED],
		classes[WEIR_TRACE_AMBIGUOUS], classes[WEIR_TRACE_NOT_IP],
		classes[WEIR_TRACE_OPAQUE], classes[WEIR_TRACE_MALFORMED]);
	print_malformed(summary, file);
	fprintf(file,
		"flows      %" PRIu64 " = %" PRIu64 " allowed + %" PRIu64 " denied + %" PRIu64
		" ambiguous\n",
		flows[WEIR_ALLOW] + flows[WEIR_DENY] + flows[WEIR_AMBIGUOUS], flows[WEIR_ALLOW],
		flows[WEIR_DENY], flows[WEIR_AMBIGUOUS]);
	if (view->has_lost)
		fprintf(file, "lost       %" PRIu64 "\n", view->lost);
	if (view->expectations)
		fprintf(file, "expected   %zu = %zu matched + %zu mismatched + %zu unseen\n",
			view->expectations->count, view->expectations->matched,
			view->expectations->mismatched, view->expectations->unseen);
}

static void summary(struct replay_view *view)
{
	replay_summary(view, stdout);
}

static void end(struct replay_view *view)
{
	bool has_rows = view->shows_packets ? view->summary.packets > 0 : view->rows > 0;

	if (view->table && view->pending)
		print_pending(view);
	if (has_rows)
		putchar('\n');
	summary(view);
}

const struct replay_format replay_table = { "table", begin,   row_of_flow,  row_of_packet,
					    end,     summary, print_pending };
const struct replay_format replay_wide = { "wide", begin,   wide_row_of_flow, row_of_packet,
					   end,    summary, print_pending };
