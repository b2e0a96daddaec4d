/*
 * Traces as text, and what becomes of them as text.
 *
 * A line is a packet, numbered from 1: TIME KIND SOURCE DESTINATION ... [@INTERFACE]
 *
 *	0.5 tcp A a B b FLAGS       letters of SFRA, or "cut" where the capture lost them
 *	0.5 udp A a B b
 *	0.5 sctp A a B b CHUNK
 *	0.5 echo A B ID             and "answer A B ID"
 *	0.5 icmp A B TYPE CODE
 *	0.5 ip A B PROTOCOL
 *	0.5 error A B TYPE CODE KIND C c D d    the quote: tcp, udp, or echo with c the identifier
 *	0.5 first A a B b ID        the first fragment of a UDP datagram
 *	0.5 later A B ID            another one
 *	0.5 arp
 *
 * A packet may be inside tunnels, the outermost first: "0.5 over TUNNEL A B ..." before the rest of
 * its line, TUNNEL being vxlan, flannel (its port is Linux's), geneve, gre, gretap or ip.
 *
 * Times are in seconds. What comes out is a line a flow:
 *
 *	1 tcp A:a > B:b allow established 3+2 0.000-1.500 [midstream] [why] [service=NAME@V:p] [@0,1]
 */
#ifndef WEIR_TESTS_TRACE_SCRIPT_H
#define WEIR_TESTS_TRACE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "frames.h"
#include "weir/trace.h"

enum { SCRIPT_PACKETS = 64, SCRIPT_TEXT = 4096 };

struct script_result {
	char flows[SCRIPT_TEXT];
	/* A word a packet: the flow's number and > or <, then r for related, g for a later
	 * fragment; not IP is -, opaque ?, malformed ! and the reason. */
	char packets[SCRIPT_TEXT];
};

/* The frames of a script, at most SCRIPT_PACKETS; their bytes are in the builders. */
size_t script_read(const char *script, struct frame_builder *builders, struct weir_frame *frames);

/* Plays a script, both passes, checking the identities of T9. */
void script_play(const char *script, const struct weir_trace_options *options,
		 struct script_result *out);

/* Plays a script as an endless trace that is settled before each packet and at the end. Lines are
 * those of flows, in the order in which they were told, with "~ " before what is provisional. */
void script_settle(const char *script, const struct weir_trace_options *options,
		   char text[SCRIPT_TEXT]);

/* Appends the line of a flow, in SCRIPT_TEXT bytes. */
void script_append_flow(char *text, const struct weir_flow *flow);

/* Checks that a finished trace adds up, and that a second pass over the frames agrees with it. */
void script_check_identities(struct weir_trace *trace, const struct weir_frame *frames,
			     size_t count);

#endif
