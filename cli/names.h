/*
 * names.h - verdicts, protocols, endpoints and deciding rules in words and in JSON.
 */
#ifndef WEIR_CLI_NAMES_H
#define WEIR_CLI_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/policy.h"
#include "weir/resolved.h"

#include "color.h"
#include "json.h"
#include "text.h"

enum {
	PROTOCOL_TEXT = 8,
};

const char *action_name(uint8_t action); /* enum weir_action */
enum report_style action_style(uint8_t action);
bool action_parse(const char *name, uint8_t *out);

/* "TCP", "UDP", "SCTP", "ICMP", "ICMPv6", else the number. */
void protocol_format(uint8_t protocol, char text[PROTOCOL_TEXT]);
void protocol_json(struct report_json *json, uint8_t protocol);
/* A name in any case, or a number from 0 to 255. */
bool protocol_parse(const char *name, uint8_t *out);

/* "ns/pod" or "node/NAME". */
void endpoint_format(const struct weir_policy *policy, uint32_t endpoint, struct report_text *text);

/* One side's rule, or in words why there is none. */
void half_in_words(const struct weir_policy *policy, const struct weir_half *half,
		   enum weir_direction direction, struct report_text *text);

/* What decided, in words: for a denied connection the half that denies (egress first), for an
 * allowed one its rule, ingress first. */
void decision_in_words(const struct weir_policy *policy, const struct weir_explanation *explanation,
		       struct report_text *text);

/* The same in the contract's terms: the rule, or "ingress: no-rule". */
void decision_in_terms(const struct weir_policy *policy, const struct weir_explanation *explanation,
		       struct report_text *text);

/* The contract's HALF. */
void half_json(struct report_json *json, const struct weir_policy *policy,
	       const struct weir_half *half);
/* Both halves as fields, unless the verdict is ambiguous. */
void halves_json(struct report_json *json, const struct weir_policy *policy,
		 const struct weir_explanation *explanation);

#endif
