/*
 * worker_counters.h - what live workers counted, one name and number after the other.
 */
#ifndef WEIR_CLI_WORKER_COUNTERS_H
#define WEIR_CLI_WORKER_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "weir/policy.h"
#include "weir/slot.h"
#include "weir/worker.h"

#include "json.h"

/* Gets a counter; the name is valid during the call. */
typedef void counter_teller(void *context, const char *name, uint64_t value);

/* Reasons and flows: every number that is not 0. */
void worker_counters_each(const struct weir_worker_counters *counters, counter_teller *tell,
			  void *context);

/* Every rule that decided a connection, in the contract's words, of the policy in force. -ENOMEM.
 */
int worker_rules_each(const struct weir_slot *slot, const struct weir_policy *policy,
		      counter_teller *tell, void *context);

/* As above, from a rule of that index on, until the teller returns false. */
typedef bool rule_teller(void *context, uint32_t rule, const char *name, uint64_t value);
int worker_rules_from(const struct weir_slot *slot, const struct weir_policy *policy,
		      uint32_t first, rule_teller *tell, void *context);

/* Tellers: a field of a struct report_json, a line of a FILE. */
void tell_json(void *json, const char *name, uint64_t value);
void tell_line(void *file, const char *name, uint64_t value);

#endif
