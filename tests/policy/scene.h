/*
 * scene.h - one small cluster, and what is right for connections in it.
 *
 * Judged by the naive reading in tests/policy, by the compiled form in tests/classify.
 */
#ifndef WEIR_TESTS_POLICY_SCENE_H
#define WEIR_TESTS_POLICY_SCENE_H

#include <stdbool.h>

#include "weir/key.h"
#include "weir/resolved.h"

/* Endpoints: node n1 (192.168.0.1) and n2 (192.168.0.2, and 192.168.0.9 with n3); pods
 *
 *	free   10.0.0.1     n1  nothing selects it
 *	web    10.0.0.2     n1  declares http = 8080/TCP; ingress isolated, see the rules
 *	db     10.0.0.3     n2  declares http = 9090/TCP; both directions isolated
 *	admin  10.0.0.4     n2  what the tiers are about
 *	twin-a, twin-b  10.0.0.5  share an address; twin-a is a client of web, twin-b is not
 *	old    10.0.0.2     finished; in no way web
 *	dual   10.0.0.6 and fd00::6, isolated for egress
 *
 * and 10.0.0.0/24 and fd00::/64 are pod ranges. */
extern const struct weir_resolved scene;

struct scene_case {
	const char *name; /* with the row of the semantics that it is about */
	const char *from;
	const char *to;
	uint8_t protocol;
	uint16_t port; /* or the ICMP type */
	uint8_t action;
	uint8_t why;
	uint8_t egress;  /* enum weir_reason */
	uint8_t ingress; /* enum weir_reason */
	struct weir_semantics semantics;
	uint8_t flags; /* 0: both sides */
};
extern const struct scene_case scene_cases[];
extern const unsigned scene_case_count;

struct weir_key scene_key(const struct scene_case *scene_case);

#endif
