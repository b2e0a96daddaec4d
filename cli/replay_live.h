/*
 * replay_live.h - weir replay --live: a trace through the worker that live dataplanes run.
 */
#ifndef WEIR_CLI_REPLAY_LIVE_H
#define WEIR_CLI_REPLAY_LIVE_H

#include "weir/policy.h"
#include "weir/trace.h"

#include "command.h"
#include "trace_input.h"

/* Judges every packet and prints what was asked for; fills the summary's packets and classes. */
enum exit_code replay_live(const struct invocation *invocation, struct weir_policy *policy,
			   struct trace_input *input, struct weir_trace_summary *summary);

#endif
