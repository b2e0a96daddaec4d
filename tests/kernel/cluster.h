/*
 * cluster.h - pods, nodes, addresses outside and NetworkPolicies, from a seed.
 *
 * Plain structs, and three plain things done with them: they are written as manifests, for weir;
 * they are asked who selects whom; and rules.h writes them as nftables. Nothing of weir's is used.
 */
#ifndef KERNEL_CLUSTER_H
#define KERNEL_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dice.h"

/* The two sides of the router. Every party is at home on one of them. */
enum leg { LEFT, RIGHT };

enum party_kind { POD, NODE, OUTSIDE };

enum {
	PODS = 24,
	NODES = 2,
	OUTSIDERS = 16,
	PARTIES = PODS + NODES + OUTSIDERS,
	NAMESPACES = 3,
	APPS = 4,
	TIERS = 2,
	POLICIES = 18,
	RULES = 2, /* of a policy and direction, at most */
	PEERS = 2, /* of a rule, at most */
	PORTS = 3, /* of a rule, at most */
	EXCEPTS = 2,
};

struct party {
	enum party_kind kind;
	enum leg leg;
	char address[2][48]; /* IPv4, IPv6 */
	/* Of pods. */
	unsigned namespace, app, tier;
	unsigned node; /* number of the party */
	uint16_t web;  /* the TCP port of that name; 0: none */
	uint16_t dns;  /* UDP */
};

/* What a label selector demands; nothing: everything. */
struct selector {
	unsigned values; /* a bit a value of the first label; 0: no demand */
	bool is_not;     /* of values: none of them */
	unsigned tiers;  /* of pods: a bit a value of the second label; 0: no demand */
};

struct block {
	bool is_ipv6;
	const char *cidr;
	const char *excepts[EXCEPTS];
};

enum peer_kind { PEER_PODS, PEER_NAMESPACES, PEER_BOTH, PEER_BLOCK };

struct peer {
	enum peer_kind kind;
	struct selector pods, namespaces;
	const struct block *block;
};

struct port {
	uint8_t protocol;
	const char *name;     /* or NULL */
	uint16_t first, last; /* 0: every port */
};

struct rule {
	unsigned peer_count, port_count; /* 0: everyone, everything */
	struct peer peers[PEERS];
	struct port ports[PORTS];
};

enum direction { INGRESS, EGRESS };

struct policy {
	unsigned namespace;
	struct selector subjects;
	bool isolates[2]; /* by enum direction */
	unsigned rule_count[2];
	struct rule rules[2][RULES];
};

struct cluster {
	struct party parties[PARTIES];
	struct policy policies[POLICIES];
};

void cluster_make(struct cluster *cluster, struct dice *dice);

/* Ports that policies name, and neighbours of theirs. */
uint16_t cluster_port(struct dice *dice);

bool cluster_selects(const struct policy *policy, const struct party *pod);
/* For peers that are no block. */
bool cluster_is_peer(const struct policy *policy, const struct peer *peer, const struct party *pod);

void cluster_write(const struct cluster *cluster, FILE *out);

#endif
