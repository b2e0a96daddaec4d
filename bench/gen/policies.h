/*
 * policies.h - the policies of a planned cluster, written as YAML; and what the two families of
 * them share.
 */
#ifndef WEIR_GEN_POLICIES_H
#define WEIR_GEN_POLICIES_H

#include "out.h"
#include "plan.h"

enum gen_port_kind {
	GEN_PORT_NUMBER,
	GEN_PORT_RANGE,
	GEN_PORT_NAME,
	GEN_PORT_PROTOCOL, /* all ports of a protocol */
};

struct gen_port_spec {
	enum gen_port_kind kind;
	uint8_t protocol;
	uint16_t first;
	uint16_t last;
	const char *name;
};

/* A policy that is being written, and its dice. */
struct gen_writer {
	struct gen_out *out;
	const struct gen_plan *plan;
	struct dice dice;
	const struct gen_port_spec *specs;
};

/* Entries of ports. */
struct gen_port_spec gen_draw_port(struct dice *dice, const struct gen_cluster_options *options);
void gen_draw_port_specs(const struct gen_cluster_options *options, struct gen_port_spec *out);

/* Blocks, as "10.0.0.0/8"; with their excepts as "{cidr: ..., except: [...]}". */
struct weir_prefix gen_draw_block(struct gen_writer *writer);
void gen_put_block(struct gen_writer *writer);

/* Selectors, as "{matchLabels: {...}}". Of pods: those of a namespace, or of any. */
void gen_put_group_selector(struct gen_writer *writer, const uint32_t *apps, uint32_t count);
void gen_put_pod_selector(struct gen_writer *writer, const struct gen_namespace *space);
void gen_put_namespace_selector(struct gen_writer *writer);
/* Of one namespace by its name. */
void gen_put_namespace_name(struct gen_writer *writer, const struct gen_namespace *space);

/* A namespace that has workloads. */
const struct gen_namespace *gen_draw_space(struct gen_writer *writer);

/* -ENOMEM, or 0. */
int gen_put_network_policies(struct gen_out *out, const struct gen_plan *plan);
void gen_put_cluster_policies(struct gen_out *out, const struct gen_plan *plan);

#endif
