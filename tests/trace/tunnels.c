/*
 * T8: which tunnels are taken off, and what becomes of the packets inside. The cluster is in
 * cluster.h: web 10.0.1.1 and client 10.0.1.2 may and may not reach db 10.0.2.1; nodes are
 * 192.168.0.1 to .3.
 */
#include "cases.h"

#include <stdio.h>

#include "cluster.h"
#include "frames.h"

static const struct weir_trace_options defaults;
static const struct weir_trace_options external = { .unknown_pods_external = true };
static const struct weir_trace_options stateless = { .stateless = true };

#define NODES     "192.168.0.1 192.168.0.2 "
#define BACK      "192.168.0.2 192.168.0.1 "
#define WEB_TO_DB "tcp 10.0.1.1 40000 10.0.2.1 80 "
#define DB_TO_WEB "tcp 10.0.2.1 80 10.0.1.1 40000 "
#define ONE       "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow "

static const struct script_case between_nodes[] = {
	{ "T8 VXLAN: only the packet inside counts",
	  "0 over vxlan " NODES WEB_TO_DB "S\n1 over vxlan " BACK DB_TO_WEB "SA",
	  ONE "established 1+1 0.000-1.000\n", "1> 1<" },
	{ "T8 VXLAN to Linux's port",
	  "0 over flannel " NODES WEB_TO_DB "S\n1 over flannel " BACK DB_TO_WEB "SA",
	  ONE "established 1+1 0.000-1.000\n", "1> 1<" },
	{ "T8 Geneve", "0 over geneve " NODES WEB_TO_DB "S", ONE "new 1+0 0.000-0.000\n", "1>" },
	{ "T8 GRE", "0 over gre " NODES WEB_TO_DB "S", ONE "new 1+0 0.000-0.000\n", "1>" },
	{ "T8 GRE with Ethernet", "0 over gretap " NODES WEB_TO_DB "S", ONE "new 1+0 0.000-0.000\n",
	  "1>" },
	{ "T8 IPIP", "0 over ip " NODES WEB_TO_DB "S", ONE "new 1+0 0.000-0.000\n", "1>" },
	{ "T8 6in4", "0 over ip " NODES "tcp fd00::11 40000 fd00::21 80 S",
	  "1 tcp fd00::11:40000 > fd00::21:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "T8 4in6", "0 over ip fd00::31 fd99::1 " WEB_TO_DB "S", ONE "new 1+0 0.000-0.000\n",
	  "1>" },
	{ "T8 IPv6 in IPv6", "0 over ip fd00::31 fd99::1 tcp fd00::11 40000 fd00::21 80 S",
	  "1 tcp fd00::11:40000 > fd00::21:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "T8 what is inside is judged, not what carries it",
	  "0 over vxlan " NODES "tcp 10.0.1.2 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.1:80 deny new 1+0 0.000-0.000\n", "1>" },
	{ "T8 T9 sightings of a packet in the tunnel and out of it",
	  "0 " WEB_TO_DB "S @0\n0 over vxlan " NODES WEB_TO_DB "S @2\n0 " WEB_TO_DB "S @1\n"
	  "1 over vxlan " BACK DB_TO_WEB "SA @2",
	  ONE "established 3+1 0.000-1.000 @0,1,2\n", "1> 1> 1> 1<" },
	{ "T8 T10 a Service before translation, its backend in the tunnel",
	  "0 tcp 10.0.1.1 40000 10.96.0.1 80 S @0\n"
	  "0 over vxlan " NODES "tcp 10.0.1.1 40000 10.0.2.1 8080 S @2",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 2+0 0.000-0.000 service=one@10.96.0.1 "
	  "@0,2\n",
	  "1> 1>" },
	{ "T8 T6 an error inside belongs to the flow inside",
	  "0 over vxlan " NODES WEB_TO_DB "S\n"
	  "1 over vxlan " BACK "error 192.168.0.2 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 80",
	  ONE "new 1+1 0.000-1.000\n", "1> 1<r" },
	{ "T8 T6 an error about the tunnel is the nodes'",
	  "0 over vxlan " NODES WEB_TO_DB "S\n"
	  "1 error 192.168.0.2 192.168.0.1 3 4 udp 192.168.0.1 50000 192.168.0.2 4789",
	  ONE "new 1+0 0.000-0.000\n"
	      "2 icmp 192.168.0.2 > 192.168.0.1 allow unreplied 1+0 1.000-1.000\n",
	  "1> 2>" },
	{ "T8 T13 fragments inside",
	  "0 over vxlan " NODES "first 10.0.1.1 2000 10.0.2.1 99 7\n"
	  "0 over ip " NODES "later 10.0.1.1 10.0.2.1 7",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 2+0 0.000-0.000\n", "1> 1>g" },
	{ "T8 T13 a tunnel's fragments are not opened: a flow between nodes",
	  "0 first 192.168.0.1 50000 192.168.0.2 4789 7\n0 later 192.168.0.1 192.168.0.2 7",
	  "1 udp 192.168.0.1:50000 > 192.168.0.2:4789 allow unreplied 2+0 0.000-0.000\n",
	  "1> 1>g" },
	{ "T8 what is inside is not IP", "0 over vxlan " NODES "arp\n0 over gretap " NODES "arp",
	  "", "- -" },
	{ "T8 a datagram to the port that is no VXLAN", "0 udp 192.168.0.1 50000 192.168.0.2 8472",
	  "1 udp 192.168.0.1:50000 > 192.168.0.2:8472 allow unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 ESP between nodes is a flow between nodes", "0 ip " NODES "50\n1 ip " BACK "50",
	  "1 ip 192.168.0.1 > 192.168.0.2 allow replied 1+1 0.000-1.000\n", "1> 1<" },
	{ "T8 WireGuard between nodes is a flow between nodes",
	  "0 udp 192.168.0.1 51820 192.168.0.2 51820",
	  "1 udp 192.168.0.1:51820 > 192.168.0.2:51820 allow unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 ESP inside of a tunnel is the pods'", "0 over vxlan " NODES "ip 10.0.1.2 10.0.2.1 50",
	  "1 ip 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 neither end is known to the cluster", "0 over gre 8.8.8.8 9.9.9.9 " WEB_TO_DB "S",
	  ONE "new 1+0 0.000-0.000\n", "1>" },
};

static const struct script_case of_pods[] = {
	{ "T8 between pods the outside is judged", "0 over vxlan 10.0.1.1 10.0.2.1 " WEB_TO_DB "S",
	  "1 udp 10.0.1.1:50000 > 10.0.2.1:4789 allow unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 between pods, denied", "0 over vxlan 10.0.1.2 10.0.2.1 " WEB_TO_DB "S",
	  "1 udp 10.0.1.2:50000 > 10.0.2.1:4789 deny unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 between pods, without ports", "0 over ip 10.0.1.2 10.0.2.1 " WEB_TO_DB "S",
	  "1 ip 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 from a node to a pod", "0 over geneve 192.168.0.1 10.0.2.1 " WEB_TO_DB "S",
	  "1 udp 192.168.0.1:50000 > 10.0.2.1:6081 deny unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 from a pod to the world", "0 over gre 10.0.1.2 8.8.8.8 " WEB_TO_DB "S",
	  "1 ip 10.0.1.2 > 8.8.8.8 allow unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 pods that share an address", "0 over gre 10.0.3.1 8.8.8.8 " WEB_TO_DB "S",
	  "1 ip 10.0.3.1 > 8.8.8.8 allow unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 a pod's tunnel in the nodes' tunnel",
	  "0 over vxlan " NODES "over vxlan 10.0.1.2 10.0.2.1 " WEB_TO_DB "S",
	  "1 udp 10.0.1.2:50000 > 10.0.2.1:4789 deny unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T8 S21 an address of the pods' range that nobody owns",
	  "0 over vxlan 10.0.9.9 192.168.0.2 " WEB_TO_DB "S",
	  "1 udp 10.0.9.9:50000 > 192.168.0.2:4789 allow unreplied 1+0 0.000-0.000\n", "1>" },
};

static const struct script_case outside[] = {
	{ "T8 S21 unless that is taken as outside",
	  "0 over vxlan 10.0.9.9 192.168.0.2 " WEB_TO_DB "S", ONE "new 1+0 0.000-0.000\n", "1>" },
};

static const struct script_case one_way[] = {
	{ "T8 packet by packet",
	  "0 over vxlan " NODES WEB_TO_DB "S\n1 over vxlan " BACK DB_TO_WEB "SA",
	  ONE "new 1+0 0.000-0.000\n"
	      "2 tcp 10.0.2.1:80 > 10.0.1.1:40000 allow established 1+0 1.000-1.000\n",
	  "1> 2>" },
};

TEST_TABLE(t8_between_nodes_only_the_inside_counts, between_nodes, &defaults)
TEST_TABLE(t8_with_a_pod_the_outside_counts, of_pods, &defaults)
TEST_TABLE(t8_unknown_pods_may_be_outside, outside, &external)
TEST_TABLE(t8_stateless, one_way, &stateless)

static void play_nested(unsigned depth, const char *inside, struct script_result *out)
{
	static const char *const kinds[] = { "ip", "gre", "gretap", "vxlan", "geneve", "flannel" };
	char script[2048] = "0 ";

	for (unsigned i = 0; i < depth; i++)
		snprintf(script + strlen(script), sizeof(script) - strlen(script), "over %s " NODES,
			 kinds[i % COUNT(kinds)]);
	strcat(script, inside);
	script_play(script, &defaults, out);
}

static void t8_t24_so_deep_and_no_deeper(void **state)
{
	struct script_result result;

	(void)state;
	for (unsigned depth = 1; depth <= 14; depth++) {
		play_nested(depth, WEB_TO_DB "S", &result);
		if (depth <= 8) {
			assert_string_equal(result.flows, ONE "new 1+0 0.000-0.000\n");
			assert_string_equal(result.packets, "1>");
		} else {
			assert_string_equal(result.flows, "");
			assert_string_equal(result.packets, "!tunnel-depth");
		}
	}
	play_nested(4, "arp", &result);
	assert_string_equal(result.packets, "-");
	play_nested(11, "arp", &result); /* found out on the way to it */
	assert_string_equal(result.packets, "!tunnel-depth");
}

/* Less of a frame never says more, and never another thing. */
static void t8_every_cut_is_opaque_until_the_key_is_there(void **state)
{
	struct frame_builder b;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	frame_ip(&b, "192.168.0.1", "192.168.0.2");
	frame_vxlan(&b, 4789);
	frame_ip(&b, "192.168.0.3", "192.168.0.2");
	frame_gre(&b, 0x20);
	frame_ip(&b, "10.0.1.1", "10.0.2.1");
	frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
	frame_end(&b);
	for (uint32_t captured = 0; captured <= b.length; captured++) {
		struct weir_frame frame = frame_cut(&b, captured);
		bool has_key = captured >= b.transport + 4;
		struct weir_trace *trace = cluster_trace(&defaults);
		struct weir_trace_summary summary;
		struct weir_flow flow;

		frame.number = 1;
		assert_int_equal(weir_trace_add(trace, &frame, 1), 0);
		assert_int_equal(weir_trace_finish(trace), 0);
		weir_trace_summarize(trace, &summary);
		assert_int_equal(summary.by_class[WEIR_TRACE_OPAQUE], !has_key);
		assert_int_equal(summary.by_class[WEIR_TRACE_ALLOWED], has_key);
		assert_int_equal(weir_trace_flow_count(trace), has_key);
		if (has_key) {
			weir_trace_flow(trace, 0, &flow);
			assert_int_equal(flow.bytes[0], b.length); /* T21: the whole frame's */
			assert_int_equal(flow.midstream, captured < b.transport + 14);
		}
		weir_trace_destroy(trace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t8_between_nodes_only_the_inside_counts),
		cmocka_unit_test(t8_with_a_pod_the_outside_counts),
		cmocka_unit_test(t8_unknown_pods_may_be_outside),
		cmocka_unit_test(t8_stateless),
		cmocka_unit_test(t8_t24_so_deep_and_no_deeper),
		cmocka_unit_test(t8_every_cut_is_opaque_until_the_key_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
