#include "shown.h"

#include "buckets.h"

bool next_flow(const struct weir_flow_table *table, uint64_t *cursor, struct shown_flow *out)
{
	uint64_t ipv4_slots = (uint64_t)table->families[0].buckets * SLOTS;
	uint64_t slots = ipv4_slots + (uint64_t)table->families[1].buckets * SLOTS;

	while (*cursor < slots) {
		uint64_t at = (*cursor)++;
		unsigned which = at >= ipv4_slots;
		const struct family *family = &table->families[which];
		uint64_t slot = which ? at - ipv4_slots : at;
		uint64_t meta = family->entries[slot * family->words + META];
		struct weir_flow_machine machine = unpack_machine(meta);

		if (is_free(meta) || is_expired(table, meta))
			continue;
		out->expires = deadline_of(table, meta);
		out->timeout = weir_flow_timeout_of(&machine, protocol_of(meta));
		return true;
	}
	return false;
}
