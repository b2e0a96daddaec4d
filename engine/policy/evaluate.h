/*
 * evaluate.h - a resolved policy read naively: the stupid twin of the compiled form.
 *
 * Plain loops over the structs of weir/resolved.h; shares no code with the compiler.
 */
#ifndef WEIR_POLICY_EVALUATE_H
#define WEIR_POLICY_EVALUATE_H

#include "weir/key.h"
#include "weir/resolved.h"

/* As weir_policy_explain answers; rule is the index in resolved->origins. */
void weir_resolved_judge(const struct weir_resolved *resolved, const struct weir_key *key,
			 struct weir_explanation *out);

/* As weir_policy_considered answers. */
size_t weir_resolved_considered(const struct weir_resolved *resolved, const struct weir_key *key,
				enum weir_direction direction, struct weir_considered *out,
				size_t size);

#endif
