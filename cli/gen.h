/*
 * gen.h - weir gen's products.
 */
#ifndef WEIR_CLI_GEN_H
#define WEIR_CLI_GEN_H

#include "command.h"

extern const struct option_group gen_cluster_options;
extern const struct option_group gen_share_options;
extern const struct option_group gen_trace_options;
enum exit_code gen_run_cluster(const struct invocation *invocation);
enum exit_code gen_run_trace(const struct invocation *invocation);

#endif
