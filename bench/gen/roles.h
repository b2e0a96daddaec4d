/*
 * roles.h - what workloads are for, and the words that clusters are made of.
 */
#ifndef WEIR_GEN_ROLES_H
#define WEIR_GEN_ROLES_H

#include <stddef.h>
#include <stdint.h>

enum {
	GEN_ROLE_PORTS = 3,
	GEN_ROLES = 15,
	GEN_TEAMS = 40,
	GEN_ENVIRONMENTS = 3,
};

struct gen_role_port {
	const char *name;
	uint16_t number;
	uint8_t protocol;
};

struct gen_role {
	const char *name;
	const char *tier;
	struct gen_role_port ports[GEN_ROLE_PORTS];
	uint32_t port_count;
};

extern const struct gen_role gen_roles[GEN_ROLES];
extern const char *const gen_teams[GEN_TEAMS];
extern const char *const gen_environments[GEN_ENVIRONMENTS];

/* The word of objects: "TCP". */
const char *gen_protocol_name(uint8_t protocol);

#endif
