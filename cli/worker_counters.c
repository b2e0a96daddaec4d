#include "worker_counters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "weir/directory.h"

void worker_counters_each(const struct weir_worker_counters *counters, counter_teller *tell,
			  void *context)
{
	const struct weir_flow_counters *flows = &counters->flows;
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "flows_inserted", flows->inserted }, { "flows_restarted", flows->restarted },
		{ "flows_expired", flows->expired },   { "flows_evicted", flows->evicted },
		{ "flows_refused", flows->refused },   { "flows_revoked", counters->revoked },
	};

	for (unsigned i = 0; i < WEIR_PACKET_WHYS; i++) {
		if (counters->why[i])
			tell(context, weir_packet_why_name((enum weir_packet_why)i),
			     counters->why[i]);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].value)
			tell(context, numbers[i].name, numbers[i].value);
	}
}

int worker_rules_from(const struct weir_slot *slot, const struct weir_policy *policy,
		      uint32_t first, rule_teller *tell, void *context)
{
	size_t count = weir_slot_count_rules(slot, NULL, 0);
	uint64_t *counts = calloc(count + 1, sizeof(*counts));
	bool goes_on = true;

	if (!counts)
		return -ENOMEM;
	weir_slot_count_rules(slot, counts, count);
	for (size_t i = first; goes_on && i < count; i++) {
		const struct weir_half half = { .rule = (uint32_t)i,
						.peer = WEIR_NONE,
						.port = WEIR_NONE };
		char text[640];

		if (!counts[i])
			continue;
		weir_policy_format_rule(policy, &half, text, sizeof(text));
		goes_on = tell(context, half.rule, text, counts[i]);
	}
	free(counts);
	return 0;
}

struct each {
	counter_teller *tell;
	void *context;
};

static bool tell_each(void *context, uint32_t rule, const char *name, uint64_t value)
{
	const struct each *each = context;

	(void)rule;
	each->tell(each->context, name, value);
	return true;
}

int worker_rules_each(const struct weir_slot *slot, const struct weir_policy *policy,
		      counter_teller *tell, void *context)
{
	struct each each = { tell, context };

	return worker_rules_from(slot, policy, 0, tell_each, &each);
}

void tell_json(void *json, const char *name, uint64_t value)
{
	report_json_number_field(json, name, value);
}

void tell_line(void *file, const char *name, uint64_t value)
{
	fprintf(file, "  %-12" PRIu64 "  %s\n", value, name);
}
