#include "sightings.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "weir/policy.h"

enum {
	SLOTS_MIN = 1024,
	LINE = 64,
};

static unsigned table_count(const struct weir_sightings *sightings)
{
	return 1u << sightings->bits;
}

static bool grow(const struct weir_allocator *allocator, struct weir_sighting_table *table)
{
	uint64_t old_size = table->slots ? table->mask + 1 : 0;
	uint64_t size = old_size ? old_size * 2 : SLOTS_MIN;
	struct weir_sighting_slot *slots = weir_allocate_zeroed(allocator, size, sizeof(*slots));

	if (!slots)
		return false;
	for (uint64_t i = 0; i < old_size; i++) {
		uint64_t at = table->slots[i].tag & (size - 1);

		if (!table->slots[i].number)
			continue;
		while (slots[at].number)
			at = (at + 1) & (size - 1);
		slots[at] = table->slots[i];
	}
	weir_release(allocator, table->slots);
	table->slots = slots;
	table->mask = size - 1;
	return true;
}

int weir_sightings_init(struct weir_sightings *sightings, const struct weir_allocator *allocator,
			const struct weir_flow_secret *secret, unsigned bits)
{
	*sightings = (struct weir_sightings){
		.allocator = weir_allocator_or_default(allocator),
		.secret = *secret,
		.bits = bits,
	};
	sightings->tables = weir_allocate_zeroed(sightings->allocator, table_count(sightings),
						 sizeof(*sightings->tables));
	if (!sightings->tables)
		return -ENOMEM;
	for (unsigned i = 0; i < table_count(sightings); i++) {
		struct weir_sighting_table *table = &sightings->tables[i];

		table->chunks = weir_array_of(allocator, struct weir_sighting_chunk);
		table->births = weir_array_of(allocator, uint64_t);
		if (!grow(sightings->allocator, table))
			return -ENOMEM;
	}
	return 0;
}

static void finish_table(const struct weir_allocator *allocator, struct weir_sighting_table *table)
{
	struct weir_sighting_chunk *chunks = table->chunks.items;

	/* one that was never begun */
	if (!table->chunks.allocator)
		return;
	for (size_t i = 0; i < table->chunks.count; i++)
		weir_release(allocator, chunks[i].memory);
	weir_array_finish(&table->chunks);
	weir_array_finish(&table->births);
	weir_release(allocator, table->slots);
}

void weir_sightings_finish(struct weir_sightings *sightings)
{
	for (unsigned i = 0; sightings->tables && i < table_count(sightings); i++)
		finish_table(sightings->allocator, &sightings->tables[i]);
	weir_release(sightings->allocator, sightings->tables);
	weir_release(sightings->allocator, sightings->order);
}

void weir_sightings_rewind(struct weir_sightings *sightings)
{
	for (unsigned i = 0; i < table_count(sightings); i++) {
		struct weir_sighting_table *table = &sightings->tables[i];

		memset(table->slots, 0, (table->mask + 1) * sizeof(*table->slots));
		table->used = 0;
		table->count = 0;
	}
}

uint32_t weir_sightings_count(const struct weir_sightings *sightings)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < table_count(sightings); i++)
		count += sightings->tables[i].count;
	return count;
}

uint32_t weir_sightings_end(const struct weir_sightings *sightings)
{
	uint32_t end = 0;

	for (unsigned i = 0; i < table_count(sightings); i++) {
		uint32_t count = sightings->tables[i].count;
		uint32_t last = count ? weir_sightings_number(sightings, i, count - 1) + 1 : 0;

		end = last > end ? last : end;
	}
	return end;
}

/* The table whose next sighting began before those of the others; at[i] are behind. */
static unsigned earliest(const struct weir_sightings *sightings,
			 const uint32_t at[WEIR_SIGHTINGS_TABLES])
{
	uint64_t least = UINT64_MAX;
	unsigned table = 0;

	for (unsigned i = 0; i < table_count(sightings); i++) {
		const uint64_t *births = sightings->tables[i].births.items;

		if (at[i] < sightings->tables[i].count && births[at[i]] < least) {
			least = births[at[i]];
			table = i;
		}
	}
	return table;
}

int weir_sightings_seal(struct weir_sightings *sightings)
{
	uint32_t at[WEIR_SIGHTINGS_TABLES] = { 0 };
	uint32_t count = weir_sightings_count(sightings);

	if (!sightings->bits)
		return 0;
	sightings->order = weir_allocate(sightings->allocator, (count + 1ul) * sizeof(uint32_t));
	if (!sightings->order)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		unsigned table = earliest(sightings, at);

		sightings->order[i] = weir_sightings_number(sightings, table, at[table]++);
	}
	for (unsigned i = 0; i < table_count(sightings); i++)
		weir_array_finish(&sightings->tables[i].births);
	return 0;
}

uint32_t weir_sightings_find(const struct weir_sightings *sightings,
			     const struct weir_flow_key *key)
{
	uint32_t tag = weir_sightings_tag(sightings, key);
	unsigned table = weir_sightings_choose(sightings, tag);
	uint32_t local = weir_sightings_slot(&sightings->tables[table], key, tag)->number;

	return local ? weir_sightings_number(sightings, table, local - 1) : WEIR_NONE;
}

static bool add_chunk(const struct weir_allocator *allocator, struct weir_sighting_table *table)
{
	struct weir_sighting_chunk *chunk = weir_array_push(&table->chunks);
	uintptr_t at;

	if (!chunk)
		return false;
	chunk->memory =
		weir_allocate(allocator, WEIR_SIGHTINGS_CHUNK * sizeof(*chunk->records) + LINE);
	if (!chunk->memory) {
		table->chunks.count--;
		return false;
	}
	at = (uintptr_t)chunk->memory;
	chunk->records = (void *)((char *)chunk->memory + (LINE - at % LINE) % LINE);
	return true;
}

/* Keeps a free slot beyond every other one, and room for one more record. */
static bool make_room(const struct weir_sightings *sightings, struct weir_sighting_table *table,
		      bool needs_slot)
{
	if (table->count >= (WEIR_NONE - 1) >> sightings->bits)
		return false;
	if (table->count / WEIR_SIGHTINGS_CHUNK >= table->chunks.count &&
	    !add_chunk(sightings->allocator, table))
		return false;
	return !needs_slot || (table->used + 1) * 2 <= table->mask + 1 ||
	       grow(sightings->allocator, table);
}

static bool note_birth(const struct weir_sightings *sightings, struct weir_sighting_table *table,
		       uint64_t birth)
{
	uint64_t *noted;

	/* The second pass has the order of the first. */
	if (!sightings->bits || sightings->order)
		return true;
	noted = weir_array_push(&table->births);
	if (noted)
		*noted = birth;
	return noted;
}

struct weir_sighting *weir_sightings_add(struct weir_sightings *sightings,
					 struct weir_sighting_slot *slot,
					 const struct weir_flow_key *key, uint32_t tag,
					 uint64_t birth)
{
	unsigned at = weir_sightings_choose(sightings, tag);
	struct weir_sighting_table *table = &sightings->tables[at];
	uint64_t mask = table->mask;
	struct weir_sighting *sighting;

	if (!make_room(sightings, table, !slot->number) || !note_birth(sightings, table, birth))
		return NULL;
	if (table->mask != mask)
		slot = weir_sightings_slot(table, key, tag);
	sighting = weir_sighting_in(table, table->count);
	sighting->key = *key;
	sighting->time = 0;
	sighting->machine = (struct weir_flow_machine){ 0 };
	sighting->icmp_code = 0;
	sighting->oldest = slot->number ? weir_sighting_in(table, slot->number - 1)->oldest
					: weir_sightings_number(sightings, at, table->count);
	if (table->count == table->cleared) {
		sighting->tally = (struct weir_tally){ 0 };
		table->cleared++;
	}
	if (!slot->number)
		table->used++;
	slot->tag = tag;
	slot->number = ++table->count;
	return sighting;
}
