#include "test.h"

#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "frames.h"
#include "weir/directory.h"

enum { WORDS = 64 };

struct line {
	char words[WORDS][48];
	unsigned count;
};

static const char *word(const struct line *line, unsigned at)
{
	assert_true(at < line->count);
	return line->words[at];
}

static uint16_t number(const struct line *line, unsigned at)
{
	return (uint16_t)atoi(word(line, at));
}

static uint8_t flags_of(const char *letters)
{
	uint8_t flags = 0;

	for (; *letters; letters++)
		flags |= *letters == 'S'   ? WEIR_TCP_SYN
			 : *letters == 'F' ? WEIR_TCP_FIN
			 : *letters == 'R' ? WEIR_TCP_RST
					   : WEIR_TCP_ACK;
	return flags;
}

static void build_ports(struct frame_builder *b, const struct line *line, unsigned at)
{
	const char *kind = word(line, at);
	uint16_t a = number(line, at + 2);
	uint16_t c = number(line, at + 4);

	frame_ip(b, word(line, at + 1), word(line, at + 3));
	if (!strcmp(kind, "tcp"))
		frame_tcp(b, a, c, at == 1 ? flags_of(word(line, 6)) : WEIR_TCP_ACK);
	else if (!strcmp(kind, "sctp"))
		frame_sctp(b, a, c, at == 1 ? (uint8_t)number(line, 6) : 0);
	else if (!strcmp(kind, "udp"))
		frame_udp(b, a, c);
	else
		frame_echo(b, !strcmp(kind, "answer"), a, 1);
}

static void build_fragment(struct frame_builder *b, const struct line *line, uint32_t id,
			   bool is_first)
{
	const char *to = word(line, is_first ? 4 : 3);

	frame_ip(b, word(line, 2), to);
	if (strchr(to, ':'))
		frame_ipv6_fragment(b, id, is_first ? 0 : 10, is_first);
	else
		frame_ipv4_fragment(b, (uint16_t)id, is_first ? 0 : 10, is_first);
	if (is_first)
		frame_udp(b, number(line, 3), number(line, 5));
	else
		frame_other(b, 17);
	frame_payload(b, 72);
}

static void build_tunnel(struct frame_builder *b, const char *kind)
{
	if (!strcmp(kind, "vxlan")) {
		frame_vxlan(b, 4789);
	} else if (!strcmp(kind, "flannel")) {
		frame_vxlan(b, 8472);
	} else if (!strcmp(kind, "geneve")) {
		frame_geneve(b, 8);
		frame_inner_ethernet(b);
	} else if (!strcmp(kind, "gre")) {
		frame_gre(b, 0x20);
	} else if (!strcmp(kind, "gretap")) {
		frame_gre(b, 0);
		frame_inner_ethernet(b);
	} else {
		assert_string_equal(kind, "ip");
	}
}

/* Takes the tunnels off the line, too. */
static void build_tunnels(struct frame_builder *b, struct line *line)
{
	while (!strcmp(word(line, 1), "over")) {
		frame_ip(b, word(line, 3), word(line, 4));
		build_tunnel(b, word(line, 2));
		line->count -= 4;
		memmove(line->words[1], line->words[5], (line->count - 1) * sizeof(line->words[0]));
	}
}

static void build(struct frame_builder *b, struct line *line)
{
	const char *kind;

	frame_begin(b, FRAME_ETHERNET);
	build_tunnels(b, line);
	kind = word(line, 1);
	if (!strcmp(kind, "tcp") || !strcmp(kind, "udp") || !strcmp(kind, "sctp")) {
		build_ports(b, line, 1);
	} else if (!strcmp(kind, "echo") || !strcmp(kind, "answer")) {
		frame_ip(b, word(line, 2), word(line, 3));
		frame_echo(b, *kind == 'a', number(line, 4), 1);
	} else if (!strcmp(kind, "icmp") || !strcmp(kind, "error")) {
		frame_ip(b, word(line, 2), word(line, 3));
		frame_icmp(b, (uint8_t)number(line, 4), (uint8_t)number(line, 5), 0);
		if (*kind == 'e')
			build_ports(b, line, 6);
	} else if (!strcmp(kind, "ip")) {
		frame_ip(b, word(line, 2), word(line, 3));
		frame_other(b, (uint8_t)number(line, 4));
		frame_payload(b, 20);
	} else if (!strcmp(kind, "first")) {
		build_fragment(b, line, number(line, 6), true);
	} else if (!strcmp(kind, "later")) {
		build_fragment(b, line, number(line, 4), false);
	} else {
		assert_string_equal(kind, "arp");
		frame_ethertype(b, 0x0806);
		frame_payload(b, 28);
	}
	frame_end(b);
}

static struct weir_frame frame_of(struct frame_builder *b, struct line *line, uint64_t packet)
{
	struct weir_frame frame;
	uint32_t interface = 0;

	if (line->count && line->words[line->count - 1][0] == '@')
		interface = (uint32_t)atoi(line->words[--line->count] + 1);
	build(b, line);
	frame = frame_whole(b);
	if (!strcmp(word(line, line->count - 1), "cut"))
		frame = frame_cut(b, b->transport + 8);
	frame.interface = interface;
	frame.number = packet;
	frame.time = (uint64_t)(strtod(word(line, 0), NULL) * 1000 + 0.5) * 1000000;
	return frame;
}

static void split(const char *text, size_t length, struct line *out)
{
	size_t at = 0;

	*out = (struct line){ .count = 0 };
	while (at < length) {
		size_t size = strcspn(text + at, " \n");

		if (size) {
			assert_true(size < sizeof(out->words[0]) && out->count < WORDS);
			memcpy(out->words[out->count++], text + at, size);
		}
		at += size + 1;
	}
}

size_t script_read(const char *script, struct frame_builder *builders, struct weir_frame *frames)
{
	size_t count = 0;

	while (*script) {
		size_t length = strcspn(script, "\n");
		struct line line;

		assert_true(count < SCRIPT_PACKETS);
		split(script, length, &line);
		frames[count] = frame_of(&builders[count], &line, count + 1);
		count++;
		script += length + (script[length] != '\0');
	}
	return count;
}

static void append(char *text, const char *more)
{
	assert_true(strlen(text) + strlen(more) < SCRIPT_TEXT);
	strcat(text, more);
}

static void append_side(char *text, const struct weir_flow_side *side)
{
	char address[WEIR_ADDRESS_TEXT];
	char port[16];

	weir_address_format(&side->address, address);
	append(text, address);
	if (!side->has_port)
		return;
	snprintf(port, sizeof(port), ":%u", side->port);
	append(text, port);
}

static void append_service(char *text, const struct weir_flow *flow)
{
	static const char *const names[] = { "one", "two", "none", "open" };
	char address[WEIR_ADDRESS_TEXT];
	char more[96];

	weir_address_format(&flow->service_address, address);
	snprintf(more, sizeof(more), " service=%s@%s", names[flow->service], address);
	append(text, more);
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case 1:
		return "icmp";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 58:
		return "icmpv6";
	case 132:
		return "sctp";
	default:
		return "ip";
	}
}

void script_append_flow(char *text, const struct weir_flow *flow)
{
	static const char *const verdicts[] = { "deny", "allow", "ambiguous" };
	char more[128];

	snprintf(more, sizeof(more), "%lu %s ", (unsigned long)flow->number,
		 protocol_name(flow->protocol));
	append(text, more);
	append_side(text, &flow->from);
	append(text, " > ");
	append_side(text, &flow->to);
	snprintf(more, sizeof(more), " %s %s %lu+%lu %.3f-%.3f", verdicts[flow->verdict],
		 weir_flow_state_name(flow->state), (unsigned long)flow->packets[0],
		 (unsigned long)flow->packets[1], (double)flow->first / 1e9,
		 (double)flow->last / 1e9);
	append(text, more);
	if (flow->midstream)
		append(text, " midstream");
	if (flow->why) {
		append(text, " ");
		append(text, weir_trace_why_name(flow->why));
	}
	if (flow->service != WEIR_NONE)
		append_service(text, flow);
	for (uint32_t i = 0; i < flow->interface_count; i++) {
		if (flow->interface_count == 1 && !flow->interfaces[0])
			break;
		snprintf(more, sizeof(more), "%s%u", i ? "," : " @", flow->interfaces[i]);
		append(text, more);
	}
	append(text, "\n");
}

static void append_packet(char *text, const struct weir_trace_packet *packet)
{
	char more[32];

	if (packet->kind == WEIR_TRACE_NOT_IP)
		snprintf(more, sizeof(more), "-");
	else if (packet->kind == WEIR_TRACE_OPAQUE)
		snprintf(more, sizeof(more), "?");
	else if (packet->kind == WEIR_TRACE_MALFORMED)
		snprintf(more, sizeof(more), "!%s", weir_malformed_name(packet->malformed));
	else
		snprintf(more, sizeof(more), "%lu%c%s%s", (unsigned long)packet->flow + 1,
			 packet->is_reply ? '<' : '>', packet->is_related ? "r" : "",
			 packet->is_fragment ? "g" : "");
	if (*text)
		append(text, " ");
	append(text, more);
}

struct recount {
	uint64_t packets[2];
	uint64_t bytes[2];
};

static uint8_t class_of(uint8_t verdict)
{
	return verdict == WEIR_ALLOW  ? WEIR_TRACE_ALLOWED
	       : verdict == WEIR_DENY ? WEIR_TRACE_DENIED
				      : WEIR_TRACE_AMBIGUOUS;
}

static void check_packet(struct weir_trace *trace, const struct weir_frame *frame,
			 struct recount *recounts, uint64_t *by_class)
{
	struct weir_trace_packet packet;
	struct weir_flow flow;

	assert_int_equal(weir_trace_locate(trace, frame, 1, &packet), 0);
	by_class[packet.kind]++;
	if (packet.flow == UINT64_MAX) {
		assert_true(packet.kind >= WEIR_TRACE_NOT_IP);
		return;
	}
	assert_true(packet.flow < weir_trace_flow_count(trace));
	weir_trace_flow(trace, packet.flow, &flow);
	assert_int_equal(packet.kind, class_of(flow.verdict));
	assert_int_equal(packet.why, flow.why);
	assert_true(frame->time >= flow.first && frame->time <= flow.last);
	recounts[packet.flow].packets[packet.is_reply]++;
	recounts[packet.flow].bytes[packet.is_reply] += frame->wire;
}

static void check_flows(const struct weir_trace *trace, const struct recount *recounts,
			const struct weir_trace_summary *summary)
{
	uint64_t flows[3] = { 0 };
	uint64_t packets = 0;

	for (uint64_t i = 0; i < weir_trace_flow_count(trace); i++) {
		struct weir_flow flow;

		weir_trace_flow(trace, i, &flow);
		assert_int_equal(flow.number, i + 1);
		assert_memory_equal(flow.packets, recounts[i].packets, sizeof(flow.packets));
		assert_memory_equal(flow.bytes, recounts[i].bytes, sizeof(flow.bytes));
		assert_true((flow.verdict == WEIR_AMBIGUOUS) == (flow.why != 0));
		assert_true(flow.interface_count > 0);
		flows[flow.verdict]++;
		packets += flow.packets[0] + flow.packets[1];
	}
	assert_memory_equal(flows, summary->flows, sizeof(flows));
	assert_int_equal(packets, summary->by_class[WEIR_TRACE_ALLOWED] +
					  summary->by_class[WEIR_TRACE_DENIED] +
					  summary->by_class[WEIR_TRACE_AMBIGUOUS]);
}

void script_check_identities(struct weir_trace *trace, const struct weir_frame *frames,
			     size_t count)
{
	uint64_t flow_count = weir_trace_flow_count(trace);
	struct recount *recounts = calloc(flow_count + 1, sizeof(*recounts));
	uint64_t by_class[WEIR_TRACE_CLASSES] = { 0 };
	struct weir_trace_summary summary;
	uint64_t total = 0;

	assert_non_null(recounts);
	weir_trace_summarize(trace, &summary);
	assert_int_equal(summary.packets, count);
	assert_int_equal(weir_trace_rewind(trace), 0);
	for (size_t i = 0; i < count; i++)
		check_packet(trace, &frames[i], recounts, by_class);
	assert_memory_equal(by_class, summary.by_class, sizeof(by_class));
	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		total += by_class[i];
	assert_int_equal(total, summary.packets);
	check_flows(trace, recounts, &summary);
	free(recounts);
}

void script_play(const char *script, const struct weir_trace_options *options,
		 struct script_result *out)
{
	static struct frame_builder builders[SCRIPT_PACKETS];
	struct weir_frame frames[SCRIPT_PACKETS];
	size_t count = script_read(script, builders, frames);
	struct weir_trace *trace = cluster_trace(options);

	out->flows[0] = out->packets[0] = '\0';
	for (size_t i = 0; i < count; i++)
		assert_int_equal(weir_trace_add(trace, &frames[i], 1), 0);
	assert_int_equal(weir_trace_finish(trace), 0);
	for (uint64_t i = 0; i < weir_trace_flow_count(trace); i++) {
		struct weir_flow flow;

		weir_trace_flow(trace, i, &flow);
		script_append_flow(out->flows, &flow);
	}
	script_check_identities(trace, frames, count);
	assert_int_equal(weir_trace_rewind(trace), 0);
	for (size_t i = 0; i < count; i++) {
		struct weir_trace_packet packet;

		assert_int_equal(weir_trace_locate(trace, &frames[i], 1, &packet), 0);
		append_packet(out->packets, &packet);
	}
	weir_trace_destroy(trace);
}

static void append_news(char *text, const struct weir_trace *trace)
{
	for (uint64_t i = 0; i < weir_trace_flow_count(trace); i++) {
		enum weir_trace_news news = weir_trace_flow_news(trace, i);
		struct weir_flow flow;

		if (news == WEIR_TRACE_SAME)
			continue;
		weir_trace_flow(trace, i, &flow);
		if (news == WEIR_TRACE_CHANGED)
			append(text, "~ ");
		script_append_flow(text, &flow);
	}
}

void script_settle(const char *script, const struct weir_trace_options *options,
		   char text[SCRIPT_TEXT])
{
	static struct frame_builder builders[SCRIPT_PACKETS];
	struct weir_frame frames[SCRIPT_PACKETS];
	size_t count = script_read(script, builders, frames);
	struct weir_trace *trace = cluster_trace(options);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(weir_trace_settle(trace, frames[i].time), 0);
		append_news(text, trace);
		assert_int_equal(weir_trace_add(trace, &frames[i], 1), 0);
	}
	assert_int_equal(weir_trace_finish(trace), 0);
	append_news(text, trace);
	weir_trace_destroy(trace);
}
