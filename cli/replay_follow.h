/*
 * replay_follow.h - weir replay --follow and -i: a trace while it is captured.
 */
#ifndef WEIR_CLI_REPLAY_FOLLOW_H
#define WEIR_CLI_REPLAY_FOLLOW_H

#include <stdbool.h>

#include "weir/policy.h"

#include "command.h"
#include "replay.h"

/* Whether the options ask for it, and whether they make sense together, which is told. */
bool replay_follow_wanted(const struct invocation *invocation);
enum exit_code replay_follow_check(const struct invocation *invocation);

/* Prints flows at their end, until the trace ends, the time is over or a signal comes; fills the
 * view's summary. The view has its format. */
enum exit_code replay_follow(const struct invocation *invocation, struct weir_policy *policy,
			     struct replay_view *view);

#endif
