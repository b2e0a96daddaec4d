/*
 * ports.c - sets of port classes, each kept once under a number, and shown as ranges.
 *
 * What two ends may is the intersection of two cells' sets. There are few different ones, so
 * that pairs of ends are compared by number, and ranges are made once a number. The class that is
 * always allowed, of neighbour discovery, is left out: no policy decides it.
 */
#include "listing.h"

#include <errno.h>

static const uint64_t *set_at(const struct weir_list *list, uint32_t number)
{
	return ((const uint64_t *const *)list->ports.sets.items)[number];
}

static bool has_class(const uint64_t *set, uint32_t class)
{
	return set[class >> 6] >> (class & 63) & 1;
}

/* Ranges. */

static uint32_t class_at(const struct lookup *lookup, unsigned slot, uint32_t number)
{
	unsigned chunk = lookup->port_roots[slot * LAYOUT_CHUNKS + number / LAYOUT_PORTS_PER_CHUNK];

	return lookup
		->port_chunks[chunk * LAYOUT_PORTS_PER_CHUNK + number % LAYOUT_PORTS_PER_CHUNK];
}

static uint32_t find_runs(const struct lookup *lookup, unsigned slot, struct port_run *runs)
{
	uint32_t count = 0;
	uint32_t last_class = UINT32_MAX;

	for (uint32_t number = 0; number <= UINT16_MAX; number++) {
		uint32_t class = class_at(lookup, slot, number);

		if (class != last_class) {
			if (runs)
				runs[count].first = (uint16_t)number;
			count++;
		}
		if (runs) {
			runs[count - 1].last = (uint16_t)number;
			runs[count - 1].class = class;
		}
		last_class = class;
	}
	return count;
}

static int make_runs(struct weir_list *list, unsigned slot)
{
	uint32_t count = find_runs(list->lookup, slot, NULL);

	list->ports.runs[slot] = weir_arena_array(&list->arena, count, struct port_run);
	if (!list->ports.runs[slot])
		return -ENOMEM;
	list->ports.run_count[slot] = find_runs(list->lookup, slot, list->ports.runs[slot]);
	return 0;
}

/* How many ranges the runs in a set come to; ranges may be NULL. */
static uint32_t join_runs(const struct port_numbers *ports, unsigned slot, const uint64_t *set,
			  struct weir_list_range *ranges)
{
	uint32_t count = 0;
	bool open = false;

	for (uint32_t i = 0; i < ports->run_count[slot]; i++) {
		const struct port_run *run = &ports->runs[slot][i];
		bool is_in = has_class(set, run->class);

		if (is_in && !open) {
			if (ranges)
				ranges[count].first = run->first;
			count++;
		}
		if (is_in && ranges)
			ranges[count - 1].last = run->last;
		open = is_in;
	}
	return count;
}

static bool is_every_number(const struct weir_list_ports *ports)
{
	return ports->range_count == 1 && ports->ranges[0].first == 0 &&
	       ports->ranges[0].last == UINT16_MAX;
}

static int show_protocol(struct weir_list *list, unsigned slot, const uint64_t *set,
			 struct shown_ports *shown)
{
	static const uint8_t protocols[] = { [LAYOUT_SLOT_TCP] = WEIR_LIST_TCP,
					     [LAYOUT_SLOT_UDP] = WEIR_LIST_UDP,
					     [LAYOUT_SLOT_SCTP] = WEIR_LIST_SCTP };
	uint32_t count = join_runs(&list->ports, slot, set, NULL);
	struct weir_list_range *ranges;

	if (!count)
		return 0;
	ranges = weir_arena_array(&list->arena, count, struct weir_list_range);
	if (!ranges)
		return -ENOMEM;
	join_runs(&list->ports, slot, set, ranges);
	shown->items[shown->count++] = (struct weir_list_ports){ ranges, count, protocols[slot] };
	return 0;
}

static int show(struct weir_list *list, const uint64_t *set, struct shown_ports *shown)
{
	static const struct weir_list_range every = { 0, UINT16_MAX };
	bool is_any = has_class(set, LAYOUT_PORT_CLASS_OTHER);

	shown->count = 0;
	for (unsigned slot = 0; slot < PROTOCOLS_WITH_PORTS; slot++) {
		if (show_protocol(list, slot, set, shown))
			return -ENOMEM;
	}
	if (!is_any)
		return 0;
	is_any = shown->count == PROTOCOLS_WITH_PORTS;
	for (uint32_t i = 0; i < shown->count; i++)
		is_any = is_any && is_every_number(&shown->items[i]);
	if (is_any)
		shown->count = 0;
	shown->items[shown->count++] =
		(struct weir_list_ports){ &every, 1, is_any ? WEIR_LIST_ANY : WEIR_LIST_OTHER };
	return 0;
}

/* Numbers. */

static int add_set(struct weir_list *list, const uint64_t *set, size_t length, uint64_t hash,
		   struct weir_map_slot *slot)
{
	struct port_numbers *ports = &list->ports;
	uint64_t *copy = weir_arena_allocate(&list->arena, length, 1);
	struct shown_ports *shown = weir_array_push(&ports->shown);
	const uint64_t **place = weir_array_push(&ports->sets);

	if (!copy || !shown || !place)
		return -ENOMEM;
	memcpy(copy, set, length);
	*place = copy;
	weir_map_fill(&ports->of_set, slot, copy, length, hash, (uint32_t)ports->sets.count - 1);
	return show(list, copy, shown);
}

static uint32_t without_memory(struct weir_list *list)
{
	list->status = -ENOMEM;
	return 0;
}

static uint32_t number_of(struct weir_list *list, const uint64_t *set)
{
	size_t length = list->lookup->port_set_words * sizeof(*set);
	uint64_t hash = weir_hash_bytes(set, length, 0);
	struct weir_map_slot *slot = weir_map_slot(&list->ports.of_set, set, length, hash);

	if (!slot)
		return without_memory(list);
	if (slot->key)
		return slot->value;
	if (add_set(list, set, length, hash, slot))
		return without_memory(list);
	return (uint32_t)list->ports.sets.count - 1;
}

static uint32_t number_cells(struct weir_list *list, uint32_t egress, uint32_t ingress)
{
	const struct lookup *lookup = list->lookup;
	const uint64_t *a = lookup->port_sets + (size_t)egress * lookup->port_set_words;
	const uint64_t *b = lookup->port_sets + (size_t)ingress * lookup->port_set_words;
	uint64_t *set = list->ports.scratch;

	for (uint32_t i = 0; i < lookup->port_set_words; i++)
		set[i] = a[i] & b[i];
	set[0] &= ~((uint64_t)1 << LAYOUT_PORT_CLASS_ALWAYS);
	return number_of(list, set);
}

uint32_t ports_of_cells(struct weir_list *list, uint32_t egress, uint32_t ingress)
{
	uint32_t key = egress << 16 | ingress;
	const uint32_t *known = weir_map_find(&list->ports.of_cells, &key, sizeof(key));
	uint32_t *copy, number;

	if (known)
		return *known;
	number = number_cells(list, egress, ingress);
	copy = weir_arena_new(&list->arena, uint32_t);
	if (!copy)
		return without_memory(list);
	*copy = key;
	if (!weir_map_insert(&list->ports.of_cells, copy, sizeof(*copy), number, NULL))
		return without_memory(list);
	return number;
}

uint32_t ports_common(struct weir_list *list, uint32_t a, uint32_t b)
{
	uint64_t *set = list->ports.scratch;

	if (a == b)
		return a;
	for (uint32_t i = 0; i < list->lookup->port_set_words; i++)
		set[i] = set_at(list, a)[i] & set_at(list, b)[i];
	return number_of(list, set);
}

uint32_t ports_either(struct weir_list *list, uint32_t a, uint32_t b)
{
	uint64_t *set = list->ports.scratch;

	if (a == b)
		return a;
	for (uint32_t i = 0; i < list->lookup->port_set_words; i++)
		set[i] = set_at(list, a)[i] | set_at(list, b)[i];
	return number_of(list, set);
}

uint32_t ports_without(struct weir_list *list, uint32_t a, uint32_t b)
{
	uint64_t *set = list->ports.scratch;

	if (a == b)
		return 0;
	for (uint32_t i = 0; i < list->lookup->port_set_words; i++)
		set[i] = set_at(list, a)[i] & ~set_at(list, b)[i];
	return number_of(list, set);
}

int ports_init(struct weir_list *list)
{
	struct port_numbers *ports = &list->ports;
	uint32_t words = list->lookup->port_set_words;

	weir_map_init(&ports->of_cells, list->allocator);
	weir_map_init(&ports->of_set, list->allocator);
	ports->sets = weir_array_of(list->allocator, const uint64_t *);
	ports->shown = weir_array_of(list->allocator, struct shown_ports);
	ports->scratch = weir_arena_array(&list->arena, words, uint64_t);
	if (!ports->scratch)
		return -ENOMEM;
	for (unsigned slot = 0; slot < PROTOCOLS_WITH_PORTS; slot++) {
		if (make_runs(list, slot))
			return -ENOMEM;
	}
	number_of(list, ports->scratch);
	return list->status;
}

void ports_finish(struct weir_list *list)
{
	weir_array_finish(&list->ports.shown);
	weir_array_finish(&list->ports.sets);
	weir_map_finish(&list->ports.of_set);
	weir_map_finish(&list->ports.of_cells);
}

uint32_t weir_list_ports(const struct weir_list *list, uint32_t ports,
			 const struct weir_list_ports **out)
{
	const struct shown_ports *shown =
		(const struct shown_ports *)list->ports.shown.items + ports;

	*out = shown->items;
	return shown->count;
}
