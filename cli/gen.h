/*
 * gen.h - weir gen: its options, and the numbers in them.
 */
#ifndef WEIR_CLI_GEN_H
#define WEIR_CLI_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"

extern const struct option_group gen_cluster_options;
extern const struct option_group gen_share_options;
enum exit_code gen_run_cluster(const struct invocation *invocation);

/* What is not given leaves *out as it is. False after a usage error, which was told. */
bool gen_read_number(const struct invocation *invocation, enum option_id id, uint64_t least,
		     uint64_t most, uint64_t *out);
bool gen_read_count(const struct invocation *invocation, enum option_id id, uint32_t least,
		    uint32_t most, uint32_t *out);

/* A share as "0.8" or "80%", in ten-thousandths. */
bool gen_read_share(const struct invocation *invocation, enum option_id id, uint16_t *out);

#endif
