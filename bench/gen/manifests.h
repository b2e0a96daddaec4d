/*
 * manifests.h - everything of a planned cluster but its policies, written as YAML.
 */
#ifndef WEIR_GEN_MANIFESTS_H
#define WEIR_GEN_MANIFESTS_H

#include "out.h"
#include "plan.h"

/* Namespaces, nodes, workloads with their pods, services with their slices. */
void gen_put_manifests(struct gen_out *out, const struct gen_plan *plan);

#endif
