/*
 * flow_text.h - flows in words.
 */
#ifndef WEIR_CLI_FLOW_TEXT_H
#define WEIR_CLI_FLOW_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/policy.h"
#include "weir/trace.h"

#include "text.h"

/* "ns/pod:port", "node/NAME:port" or "address:port". */
void side_in_words(const struct weir_policy *policy, const struct weir_flow_side *side,
		   struct report_text *text);
/* "address:port", with brackets around IPv6. */
void side_address(const struct weir_flow_side *side, struct report_text *text);

/* The port at which the flow's service was addressed: its node port at a node's address. */
uint16_t flow_service_port(const struct weir_policy *policy, const struct weir_flow *flow);
/* "ns/name:port". Nothing when the flow has no service. */
void service_in_words(const struct weir_policy *policy, const struct weir_flow *flow,
		      struct report_text *text);

/* The deciding rule, or why there is none, or why the verdict is ambiguous. */
void flow_decision_in_words(const struct weir_policy *policy, const struct weir_flow *flow,
			    struct report_text *text);

/* What the contract calls why: of a malformed, ambiguous, related, fragment or reply packet; NULL
 * when there is nothing to say. */
const char *packet_why(const struct weir_trace_packet *packet);
bool packet_has_flow(const struct weir_trace_packet *packet);

#endif
