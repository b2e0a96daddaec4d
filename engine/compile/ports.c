/*
 * ports.c - (protocol, port) into classes, and rules' ports into sets of them.
 *
 * An item is a range of one protocol that some rule names, or a single number that a pod declares
 * under a name that some rule uses. The ends of items cut each protocol's numbers into intervals;
 * intervals in the same items are one class, whatever their protocol: most are in none. Two
 * classes come before: what is always allowed, and the protocols without ports.
 *
 * The map from number to class is cut into chunks of 64, equal chunks are kept once.
 */
#include "build.h"

#include <errno.h>
#include <stdlib.h>

#include "partition.h"

enum {
	PROTOCOLS = LAYOUT_SLOT_OTHER, /* those with ports, by slot */
	NO_SLOT = LAYOUT_SLOT_OTHER,
	CLASSES_MOST = 65535,
};

struct item {
	uint16_t first;
	uint16_t last;
	uint32_t slot;
};

struct interval {
	uint32_t first;
	uint32_t slot;
};

struct work {
	struct weir_array items; /* sorted, each once */
	uint64_t *single;        /* a bit for each number that is an item, slot by slot */
	struct weir_map names;   /* (name, protocol) → number; keys are texts in the arena */
	struct interval *intervals;
	uint32_t interval_count;
	uint32_t slot_first[PROTOCOLS + 1];
	struct partition partition;
};

static uint32_t slot_of(uint8_t protocol)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return LAYOUT_SLOT_TCP;
	case WEIR_PROTOCOL_UDP:
		return LAYOUT_SLOT_UDP;
	case WEIR_PROTOCOL_SCTP:
		return LAYOUT_SLOT_SCTP;
	default:
		return NO_SLOT;
	}
}

static struct item item_of(const struct weir_port *port)
{
	struct item item = { 0, UINT16_MAX, slot_of(port->protocol) };

	if (port->kind == WEIR_PORT_RANGE) {
		item.first = port->first;
		item.last = port->last;
	}
	return item;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->last > y->last) - (x->last < y->last);
}

/* Notes an item of one number; true: it was noted before. Pods declare the same few ports. */
static bool is_known(struct work *work, const struct item *item)
{
	uint32_t bit = item->slot << 16 | item->first;
	bool was_noted = work->single[bit / 64] >> bit % 64 & 1;

	if (item->first != item->last)
		return false;
	work->single[bit / 64] |= UINT64_C(1) << bit % 64;
	return was_noted;
}

static int add_item(struct work *work, struct item item)
{
	struct item *added;

	if (is_known(work, &item))
		return 0;
	added = weir_array_push(&work->items);
	if (!added)
		return -ENOMEM;
	*added = item;
	return 0;
}

static uint32_t find_item(const struct work *work, struct item item)
{
	const struct item *found =
		bsearch(&item, work->items.items, work->items.count, sizeof(item), compare_items);

	return (uint32_t)(found - (const struct item *)work->items.items);
}

/* Names. A named port is an item of the whole protocol too: an unknown pod may declare any number.
 * The key of a name is its protocol's byte before it. */

static char *key_of(struct weir_arena *arena, const char *name, uint8_t protocol, size_t *length)
{
	char *key;

	*length = strlen(name) + 1;
	key = weir_arena_allocate(arena, *length + 1, 1);
	if (key) {
		key[0] = (char)protocol;
		memcpy(key + 1, name, *length);
	}
	return key;
}

static int number_name(struct build *build, struct work *work, const struct weir_port *port,
		       uint32_t *number)
{
	size_t length;
	char *key = key_of(&build->arena, port->name, port->protocol, &length);
	uint32_t *value;

	if (!key)
		return -ENOMEM;
	value = weir_map_insert(&work->names, key, length, (uint32_t)work->names.count, NULL);
	if (!value)
		return -ENOMEM;
	*number = *value;
	return 0;
}

/* A name without a protocol is one of each. */
static int collect_name(struct build *build, struct work *work, const struct weir_port *port,
			struct list *names, uint32_t *numbers)
{
	static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_UDP,
					     WEIR_PROTOCOL_SCTP };
	int status = 0;

	for (unsigned i = 0; i < PROTOCOLS && !status; i++) {
		struct weir_port one = *port;

		if (port->protocol && port->protocol != protocols[i])
			continue;
		one.protocol = protocols[i];
		status = number_name(build, work, &one, &numbers[names->count++]);
		if (!status)
			status = add_item(work, item_of(&one));
	}
	return status;
}

static int collect_rule(struct build *build, struct work *work, uint32_t index)
{
	const struct weir_rule *rule = &build->resolved->rules[index];
	uint32_t *numbers =
		weir_arena_array(&build->arena, (size_t)PROTOCOLS * rule->port_count, uint32_t);
	struct list *names = &build->ports.rule_names[index];
	int status = numbers ? 0 : -ENOMEM;

	*names = (struct list){ numbers, 0 };
	for (uint32_t i = 0; i < rule->port_count && !status; i++) {
		const struct weir_port *port = &rule->ports[i];

		if (port->kind == WEIR_PORT_NAMED)
			status = collect_name(build, work, port, names, numbers);
		else if (slot_of(port->protocol) != NO_SLOT)
			status = add_item(work, item_of(port));
	}
	return status;
}

static int mark_used_names(struct build *build, const struct work *work)
{
	struct port_map *ports = &build->ports;
	const struct weir_resolved *resolved = build->resolved;

	ports->name_slots = weir_arena_array(&build->arena, work->names.count, uint8_t);
	for (unsigned i = 0; i < DIRECTIONS; i++)
		ports->name_used[i] = weir_arena_array(&build->arena, work->names.count, uint8_t);
	if (!ports->name_slots || !ports->name_used[0] || !ports->name_used[1])
		return -ENOMEM;
	for (size_t i = 0; i < work->names.capacity; i++) {
		const struct weir_map_slot *slot = &work->names.slots[i];

		if (slot->key)
			ports->name_slots[slot->value] =
				(uint8_t)slot_of(((const uint8_t *)slot->key)[0]);
	}
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		for (uint32_t j = 0; j < ports->rule_names[i].count; j++)
			ports->name_used[resolved->rules[i].direction]
					[ports->rule_names[i].items[j]] = 1;
	}
	return 0;
}

static const uint32_t *find_name(const struct work *work, const struct weir_declared_port *port)
{
	char key[256];
	size_t length;

	if (!work->names.count || !port->name || slot_of(port->protocol) == NO_SLOT)
		return NULL;
	length = strlen(port->name) + 1;
	if (length > sizeof(key))
		return NULL; /* build_validate keeps rules' names shorter */
	key[0] = (char)port->protocol;
	memcpy(key + 1, port->name, length - 1);
	return weir_map_find(&work->names, key, length);
}

/* Numbers that pods declare under used names become items; the items are numbered later. */
static int collect_declared(struct build *build, struct work *work, struct weir_array *found)
{
	const struct weir_resolved *resolved = build->resolved;

	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];

		build->ports.declared_first[i] = (uint32_t)found->count;
		for (uint32_t j = 0; j < endpoint->port_count; j++) {
			const struct weir_declared_port *port = &endpoint->ports[j];
			const uint32_t *name = find_name(work, port);
			struct named *named;

			if (!name)
				continue;
			named = weir_array_push(found);
			if (!named)
				return -ENOMEM;
			*named = (struct named){ *name, port->number };
			if (add_item(work, (struct item){ port->number, port->number,
							  slot_of(port->protocol) }))
				return -ENOMEM;
		}
	}
	build->ports.declared_first[resolved->endpoint_count] = (uint32_t)found->count;
	return 0;
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a;
	const struct named *y = b;

	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

/* Most endpoints declare few, and many in order. */
static void sort_declared(struct named *declared, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (compare_named(&declared[i - 1], &declared[i]) <= 0)
			continue;
		qsort(declared, count, sizeof(*declared), compare_named);
		return;
	}
}

/* Numbers become items; each endpoint's are sorted, so that equal ones have equal bytes. */
static int number_declared(struct build *build, const struct work *work,
			   const struct weir_array *found)
{
	struct port_map *ports = &build->ports;

	ports->declared = weir_arena_array(&build->arena, found->count, struct named);
	if (!ports->declared)
		return -ENOMEM;
	for (size_t i = 0; i < found->count; i++) {
		struct named named = ((struct named *)found->items)[i];
		uint16_t number = (uint16_t)named.item;

		named.item = find_item(
			work, (struct item){ number, number, ports->name_slots[named.name] });
		ports->declared[i] = named;
	}
	for (uint32_t i = 0; i < build->resolved->endpoint_count; i++)
		sort_declared(ports->declared + ports->declared_first[i],
			      ports->declared_first[i + 1] - ports->declared_first[i]);
	return 0;
}

static void sort_items(struct work *work)
{
	struct item *items = work->items.items;
	size_t kept = 0;

	if (work->items.count)
		qsort(items, work->items.count, sizeof(*items), compare_items);
	for (size_t i = 0; i < work->items.count; i++) {
		if (!kept || compare_items(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	}
	work->items.count = kept;
}

/* Intervals and classes. */

static void start_at(uint64_t *starts, uint32_t slot, uint32_t number)
{
	uint32_t bit = slot << 16 | number;

	starts[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* A bit for each number that an interval begins with, slot by slot. */
static uint64_t *mark_starts(struct build *build, const struct work *work)
{
	const struct item *items = work->items.items;
	uint64_t *starts = weir_arena_array(&build->arena, PROTOCOLS * 65536 / 64, uint64_t);

	for (uint32_t slot = 0; slot < PROTOCOLS && starts; slot++)
		start_at(starts, slot, 0);
	for (size_t i = 0; i < work->items.count && starts; i++) {
		start_at(starts, items[i].slot, items[i].first);
		if (items[i].last < UINT16_MAX)
			start_at(starts, items[i].slot, items[i].last + 1u);
	}
	return starts;
}

static int cut(struct build *build, struct work *work)
{
	const uint32_t words = 65536 / 64;
	uint64_t *starts = mark_starts(build, work);
	uint32_t count = 0;

	for (uint32_t i = 0; i < PROTOCOLS * words && starts; i++)
		count += (uint32_t)__builtin_popcountll(starts[i]);
	work->intervals = weir_arena_array(&build->arena, count, struct interval);
	if (!starts || !work->intervals)
		return -ENOMEM;
	for (uint32_t i = 0; i < PROTOCOLS * words; i++) {
		uint32_t slot = i / words;

		if (i % words == 0)
			work->slot_first[slot] = work->interval_count;
		for (uint64_t bits = starts[i]; bits; bits &= bits - 1)
			work->intervals[work->interval_count++] =
				(struct interval){ i % words * 64 + (uint32_t)__builtin_ctzll(bits),
						   slot };
	}
	work->slot_first[PROTOCOLS] = work->interval_count;
	return 0;
}

/* The interval that begins at a number; every item begins and ends with one. */
static uint32_t interval_at(const struct work *work, uint32_t slot, uint32_t port)
{
	uint32_t low = work->slot_first[slot];
	uint32_t high = work->slot_first[slot + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (work->intervals[middle].first < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int partition_intervals(struct build *build, struct work *work)
{
	const struct item *items = work->items.items;
	int status = partition_init(&work->partition, &build->arena, work->interval_count);

	if (status)
		return status;
	for (size_t i = 0; i < work->items.count; i++) {
		uint32_t end = interval_at(work, items[i].slot, items[i].last + 1u);

		for (uint32_t j = interval_at(work, items[i].slot, items[i].first); j < end; j++)
			partition_mark(&work->partition, j);
		partition_split(&work->partition);
	}
	build->ports.class_count = work->partition.class_count + LAYOUT_PORT_CLASSES_FIXED;
	build->ports.words = (build->ports.class_count + 63) / 64;
	if (build->ports.class_count > CLASSES_MOST)
		return build_fail(build, -ERANGE, "rules tell more than %d classes of ports apart",
				  CLASSES_MOST);
	return 0;
}

static uint32_t class_of_interval(const struct work *work, uint32_t interval)
{
	return work->partition.class_of[interval] + LAYOUT_PORT_CLASSES_FIXED;
}

static void set_bit(uint64_t *mask, uint32_t bit)
{
	mask[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static void fill_item(struct port_map *ports, const struct work *work, size_t index)
{
	const struct item *item = &((const struct item *)work->items.items)[index];
	uint64_t *mask = mask_of(ports->item_masks, ports->words, (uint32_t)index);
	uint32_t end = interval_at(work, item->slot, item->last + 1u);

	for (uint32_t i = interval_at(work, item->slot, item->first); i < end; i++)
		set_bit(mask, class_of_interval(work, i));
}

static void fill_rule(struct build *build, const struct work *work, uint32_t index)
{
	struct port_map *ports = &build->ports;
	const struct weir_rule *rule = &build->resolved->rules[index];
	uint64_t *mask = mask_of(ports->rule_masks, ports->words, index);

	if (!rule->port_count) {
		memcpy(mask, ports->all, ports->words * sizeof(*mask));
		if (build->resolved->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_DENY &&
		    rule->origin != WEIR_NONE)
			mask[0] &= ~((uint64_t)1 << LAYOUT_PORT_CLASS_OTHER);
	}
	for (uint32_t i = 0; i < rule->port_count; i++) {
		const struct weir_port *port = &rule->ports[i];
		const uint64_t *item;

		if (port->kind == WEIR_PORT_NAMED || slot_of(port->protocol) == NO_SLOT)
			continue;
		item = mask_of(ports->item_masks, ports->words, find_item(work, item_of(port)));
		for (uint32_t j = 0; j < ports->words; j++)
			mask[j] |= item[j];
	}
}

static int fill_masks(struct build *build, const struct work *work)
{
	struct port_map *ports = &build->ports;
	struct weir_arena *arena = &build->arena;
	uint32_t rules = build->resolved->rule_count;

	ports->always = weir_arena_array(arena, ports->words, uint64_t);
	ports->all = weir_arena_array(arena, ports->words, uint64_t);
	ports->item_masks = weir_arena_array(arena, work->items.count * ports->words, uint64_t);
	ports->protocol_masks = weir_arena_array(arena, (size_t)PROTOCOLS * ports->words, uint64_t);
	ports->rule_masks = weir_arena_array(arena, (size_t)rules * ports->words, uint64_t);
	if (!ports->always || !ports->all || !ports->item_masks || !ports->protocol_masks ||
	    !ports->rule_masks)
		return -ENOMEM;
	for (uint32_t i = 0; i < ports->class_count; i++)
		set_bit(ports->all, i);
	set_bit(ports->always, LAYOUT_PORT_CLASS_ALWAYS);
	if (build->resolved->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		set_bit(ports->always, LAYOUT_PORT_CLASS_OTHER);
	for (size_t i = 0; i < work->items.count; i++)
		fill_item(ports, work, i);
	for (uint32_t i = 0; i < work->interval_count; i++)
		set_bit(mask_of(ports->protocol_masks, ports->words, work->intervals[i].slot),
			class_of_interval(work, i));
	for (uint32_t i = 0; i < rules; i++)
		fill_rule(build, work, i);
	return 0;
}

/* Chunks. */

static int add_chunk(struct build *build, struct weir_map *map, const uint16_t *classes,
		     uint16_t *root)
{
	const size_t bytes = LAYOUT_PORTS_PER_CHUNK * sizeof(*classes);
	uint64_t hash = weir_hash_bytes(classes, bytes, 0);
	struct weir_map_slot *slot = weir_map_slot(map, classes, bytes, hash);
	uint16_t *copy;

	if (!slot)
		return -ENOMEM;
	if (!slot->key) {
		copy = weir_arena_allocate(&build->arena, bytes, 1);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, classes, bytes);
		weir_map_fill(map, slot, copy, bytes, hash, (uint32_t)build->ports.chunks.count);
		if (weir_array_resize(&build->ports.chunks, build->ports.chunks.count + 1))
			return -ENOMEM;
		memcpy((char *)build->ports.chunks.items + (build->ports.chunks.count - 1) * bytes,
		       classes, bytes);
	}
	*root = (uint16_t)slot->value;
	return 0;
}

static uint16_t class_of_number(const struct work *work, uint32_t slot, uint32_t number,
				uint32_t *interval)
{
	if (slot == LAYOUT_SLOT_ICMPV6 && number >= 133 && number <= 137)
		return LAYOUT_PORT_CLASS_ALWAYS;
	if (slot >= PROTOCOLS)
		return LAYOUT_PORT_CLASS_OTHER;
	if (number == 0)
		*interval = work->slot_first[slot];
	else if (*interval + 1 < work->slot_first[slot + 1] &&
		 work->intervals[*interval + 1].first == number)
		++*interval;
	return (uint16_t)class_of_interval(work, *interval);
}

/* Whether the numbers of a chunk are all of one class, where the first is in the interval. */
static bool is_uniform(const struct work *work, uint32_t slot, uint32_t first, uint32_t interval)
{
	uint32_t end = first + LAYOUT_PORTS_PER_CHUNK;

	if (slot == LAYOUT_SLOT_ICMPV6)
		return end <= 133 || first > 137;
	return slot >= PROTOCOLS || interval + 1 == work->slot_first[slot + 1] ||
	       work->intervals[interval + 1].first >= end;
}

/* Most chunks are of one class all through, and of the same as the one before. */
static int fill_chunks(struct build *build, const struct work *work, struct weir_map *map)
{
	uint16_t *roots = build->ports.roots;
	uint32_t interval = 0;
	uint32_t last = UINT32_MAX; /* the class of the chunk before, all through */

	for (uint32_t i = 0; i < LAYOUT_SLOTS * LAYOUT_CHUNKS; i++) {
		uint32_t slot = i / LAYOUT_CHUNKS;
		uint32_t first = i % LAYOUT_CHUNKS * LAYOUT_PORTS_PER_CHUNK;
		uint16_t classes[LAYOUT_PORTS_PER_CHUNK];
		bool uniform;

		classes[0] = class_of_number(work, slot, first, &interval);
		uniform = is_uniform(work, slot, first, interval);
		if (uniform && classes[0] == last) {
			roots[i] = roots[i - 1];
			continue;
		}
		for (uint32_t j = 1; j < LAYOUT_PORTS_PER_CHUNK; j++)
			classes[j] = class_of_number(work, slot, first + j, &interval);
		if (add_chunk(build, map, classes, &roots[i]))
			return -ENOMEM;
		last = uniform ? classes[0] : UINT32_MAX;
	}
	return 0;
}

static int build_chunks(struct build *build, const struct work *work)
{
	struct weir_map map;
	int status;

	build->ports.roots =
		weir_arena_array(&build->arena, (size_t)LAYOUT_SLOTS * LAYOUT_CHUNKS, uint16_t);
	if (!build->ports.roots)
		return -ENOMEM;
	weir_map_init(&map, build->allocator);
	status = fill_chunks(build, work, &map);
	weir_map_finish(&map);
	return status;
}

static int build_in(struct build *build, struct work *work, struct weir_array *found)
{
	const struct weir_resolved *resolved = build->resolved;
	struct port_map *ports = &build->ports;
	int status = 0;

	ports->rule_names = weir_arena_array(&build->arena, resolved->rule_count, struct list);
	ports->declared_first =
		weir_arena_array(&build->arena, (size_t)resolved->endpoint_count + 1, uint32_t);
	work->single = weir_arena_array(&build->arena, PROTOCOLS * 65536 / 64, uint64_t);
	if (!ports->rule_names || !ports->declared_first || !work->single)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->rule_count && !status; i++)
		status = collect_rule(build, work, i);
	if (!status)
		status = mark_used_names(build, work);
	if (!status)
		status = collect_declared(build, work, found);
	if (status)
		return status;
	sort_items(work);
	status = number_declared(build, work, found);
	if (!status)
		status = cut(build, work);
	if (!status)
		status = partition_intervals(build, work);
	if (!status)
		status = fill_masks(build, work);
	return status ? status : build_chunks(build, work);
}

int build_ports(struct build *build)
{
	struct work work = { .items = weir_array_of(build->allocator, struct item) };
	struct weir_array found = weir_array_of(build->allocator, struct named);
	int status;

	weir_map_init(&work.names, build->allocator);
	status = build_in(build, &work, &found);
	weir_map_finish(&work.names);
	weir_array_finish(&work.items);
	weir_array_finish(&found);
	return status;
}
