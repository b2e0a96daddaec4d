/*
 * ports.c - which ports are alike.
 *
 * For each protocol with ports, for all others together, and for the types of ICMPv6, the numbers
 * are cut where an entry of a rule begins or ends, at the numbers that pods declare under names
 * which rules use, where the compiled table of ports changes, and where a compiled entry begins or
 * ends. What lies between cuts is asked once. Ranges with the same answers are one class; a number
 * that a name may stand for is one of its own.
 */
#include "facts.h"

#include <errno.h>

#include "lookup.h"

enum {
	NUMBERS = 65536,
	TYPES = 256,
	PROTOCOLS = 256,
	CUT = 1,
	NAMED = 2,
};

struct work {
	struct facts *facts;
	struct weir_map classes;
	struct weir_array answers; /* uint8_t */
	uint8_t *marks;            /* of each number, and one behind the last */
};

static void mark_range(struct work *work, uint32_t first, uint32_t last, uint8_t marks)
{
	work->marks[first] |= marks;
	work->marks[last + 1] |= marks & CUT;
}

static void mark_objects(struct work *work, uint8_t protocol)
{
	const struct facts *facts = work->facts;
	const struct k8s_pod *const *named = facts->named.items;

	for (unsigned i = 0; i < DIRECTIONS; i++) {
		const struct k8s_port *const *ports = facts->sides[i].ports.items;

		for (size_t j = 0; j < facts->sides[i].ports.count; j++) {
			if (ports[j]->kind == K8S_PORT_NUMBER && ports[j]->first <= ports[j]->last)
				mark_range(work, ports[j]->first, ports[j]->last, CUT);
		}
	}
	/* The first view is of nobody. */
	for (size_t i = 1; i < facts->named.count; i++) {
		for (uint32_t j = 0; j < named[i]->port_count; j++) {
			const struct k8s_container_port *port = &named[i]->ports[j];

			if (port->protocol == protocol && port->name &&
			    weir_map_find(&facts->names, port->name, strlen(port->name)))
				mark_range(work, port->number, port->number, CUT | NAMED);
		}
	}
}

static struct weir_key key_of(uint8_t protocol, uint32_t number)
{
	struct weir_key key = { .protocol = protocol, .flags = WEIR_KEY_BOTH };

	if (protocol == WEIR_PROTOCOL_ICMPV6)
		key.icmp_type = (uint8_t)number;
	else
		key.destination_port = (uint16_t)number;
	return key;
}

static void mark_block(struct work *work, uint8_t protocol, uint32_t count)
{
	const struct lookup *lookup = work->facts->lookup;
	const struct layout_port *ports = layout_section(lookup->header, LAYOUT_PORTS);
	const struct layout_declared *declared = layout_section(lookup->header, LAYOUT_DECLARED);
	size_t port_count = LAYOUT_COUNT(lookup->header, LAYOUT_PORTS, struct layout_port);
	size_t declared_count =
		LAYOUT_COUNT(lookup->header, LAYOUT_DECLARED, struct layout_declared);
	uint32_t before = WEIR_NONE;

	for (uint32_t i = 0; i < count; i++) {
		struct weir_key key = key_of(protocol, i);
		uint32_t class = port_class_of(lookup, &key);

		work->marks[i] |= class != before ? CUT : 0;
		before = class;
	}
	for (size_t i = 0; i < port_count; i++) {
		if (ports[i].kind == WEIR_PORT_RANGE && ports[i].first <= ports[i].last)
			mark_range(work, ports[i].first, ports[i].last, CUT);
	}
	for (size_t i = 0; i < declared_count; i++) {
		bool is_asked = false;

		for (size_t j = 0; j < port_count && !is_asked; j++)
			is_asked = ports[j].kind == WEIR_PORT_NAMED &&
				   ports[j].name == declared[i].name;
		if (is_asked && declared[i].protocol == protocol)
			mark_range(work, declared[i].number, declared[i].number, CUT | NAMED);
	}
}

static int answer(struct work *work, const void *bytes, size_t length)
{
	size_t count = work->answers.count;

	if (weir_array_resize(&work->answers, count + length))
		return -ENOMEM;
	memcpy((char *)work->answers.items + count, bytes, length);
	return 0;
}

/* What the objects' entries answer where names stand for nothing. */
static int answer_objects(struct work *work, const struct weir_key *key)
{
	static const struct k8s_candidate outside = { .kind = K8S_END_EXTERNAL };
	int status = 0;

	for (unsigned i = 0; i < DIRECTIONS; i++) {
		const struct k8s_port *const *ports = work->facts->sides[i].ports.items;

		for (size_t j = 0; j < work->facts->sides[i].ports.count && !status; j++) {
			uint8_t level = (uint8_t)k8s_reference_port(key, ports[j], &outside);

			status = answer(work, &level, 1);
		}
	}
	return status;
}

static int answer_block(struct work *work, const struct weir_key *key)
{
	const struct lookup *lookup = work->facts->lookup;
	const struct layout_port *ports = layout_section(lookup->header, LAYOUT_PORTS);
	size_t count = LAYOUT_COUNT(lookup->header, LAYOUT_PORTS, struct layout_port);
	uint32_t class = port_class_of(lookup, key);
	int status = answer(work, &class, sizeof(class));

	for (size_t i = 0; i < count && !status; i++) {
		bool inside = ports[i].kind != WEIR_PORT_RANGE ||
			      (ports[i].first <= key->destination_port &&
			       key->destination_port <= ports[i].last);
		uint8_t level = inside && ports[i].protocol == key->protocol;

		status = answer(work, &level, 1);
	}
	return status;
}

/* The protocol itself is an answer where it has ports. */
static int ask(struct work *work, const struct weir_key *key, bool is_named, uint32_t number)
{
	struct {
		uint32_t number;
		uint8_t protocol;
		uint8_t is_other;
		uint8_t is_neighbour_discovery;
		uint8_t is_named;
	} head = {
		.number = is_named ? number : 0,
		.is_other = k8s_reference_is_other_protocol(key),
		.is_neighbour_discovery = k8s_reference_is_neighbour_discovery(key),
		.is_named = is_named,
	};
	int status;

	head.protocol = head.is_other ? 0 : key->protocol;
	work->answers.count = 0;
	status = answer(work, &head, sizeof(head));
	if (!status)
		status = answer_objects(work, key);
	return status ? status : answer_block(work, key);
}

static int add_range(struct work *work, uint8_t protocol, uint32_t first, uint32_t last)
{
	struct facts *facts = work->facts;
	struct weir_key key = key_of(protocol, first);
	struct port_range *range = weir_array_push(&facts->ranges);
	uint32_t number;
	int is_new = 0;
	int status = range ? ask(work, &key, work->marks[first] & NAMED, first) : -ENOMEM;

	if (status)
		return status;
	number = facts_number(facts, &work->classes, work->answers.items, work->answers.count,
			      &is_new);
	if (number == WEIR_NONE)
		return -ENOMEM;
	*range = (struct port_range){ number, (uint16_t)first, (uint16_t)last, protocol };
	if (is_new) {
		struct port_class *class = weir_array_push(&facts->ports);

		if (!class)
			return -ENOMEM;
		*class = (struct port_class){
			.key = key,
			.is_other = k8s_reference_is_other_protocol(&key),
			.is_neighbour_discovery = k8s_reference_is_neighbour_discovery(&key),
		};
	}
	return 0;
}

static int add_protocol(struct work *work, uint8_t protocol)
{
	uint32_t count = protocol == WEIR_PROTOCOL_ICMPV6 ? TYPES : NUMBERS;
	struct weir_key key = key_of(protocol, 0);
	bool has_ports = !k8s_reference_is_other_protocol(&key);
	uint32_t first = 0;
	int status = 0;

	memset(work->marks, 0, NUMBERS + 1);
	if (has_ports)
		mark_objects(work, protocol);
	else if (protocol == WEIR_PROTOCOL_ICMPV6)
		work->marks[133] = work->marks[138] = CUT;
	mark_block(work, protocol, count);
	for (uint32_t i = 1; i <= count && !status; i++) {
		if (i < count && !(work->marks[i] & CUT))
			continue;
		status = add_range(work, protocol, first, i - 1);
		first = i;
	}
	return status;
}

static int add_alike(struct work *work, uint8_t protocol)
{
	work->marks[0] = 0;
	return add_range(work, protocol, 0, 0);
}

/* Protocols that the compiled tables have no slot for are one to them; one of these is asked
 * about every number, the rest about one. */
static int add_protocols(struct work *work)
{
	int status = 0;

	for (unsigned i = 0; i < PROTOCOLS && !status; i++) {
		if (i == 0 || slot_of_protocol((uint8_t)i) != LAYOUT_SLOT_OTHER)
			status = add_protocol(work, (uint8_t)i);
		else
			status = add_alike(work, (uint8_t)i);
	}
	return status;
}

/* How well the entries of each rule match a class, where names stand for nothing. */
static int make_levels(struct facts *facts, struct side_facts *side)
{
	static const struct k8s_candidate outside = { .kind = K8S_END_EXTERNAL };
	const struct port_class *classes = facts->ports.items;
	const struct k8s_port *const *ports = side->ports.items;
	size_t rule_count = side->rules.count;

	side->port_levels =
		weir_arena_array(&facts->arena, facts->ports.count * rule_count + 1, uint8_t);
	if (!side->port_levels)
		return -ENOMEM;
	for (size_t i = 0; i < facts->ports.count * rule_count; i++) {
		const struct port_class *class = &classes[i / rule_count];
		const struct rule *rule = &facts_rules(side)[i % rule_count];
		uint8_t best = rule->port_count ? K8S_MATCH_NO : K8S_MATCH_CERTAIN;

		for (uint32_t j = 0; j < rule->port_count; j++) {
			const struct k8s_port *port = ports[rule->first_port + j];
			uint8_t level = (uint8_t)k8s_reference_port(&class->key, port, &outside);

			best |= port->kind == K8S_PORT_NAME ? PORTS_NAMED : 0;
			if (level > (best & ~PORTS_NAMED))
				best = (uint8_t)((best & PORTS_NAMED) | level);
		}
		if (class->is_other &&
		    facts->semantics.other_protocols == WEIR_OTHER_PROTOCOLS_DENY)
			best = K8S_MATCH_NO;
		side->port_levels[i] = best;
	}
	return 0;
}

int facts_make_ports(struct facts *facts)
{
	struct work work = { .facts = facts, .answers = weir_array_of(facts->allocator, uint8_t) };
	int status = -ENOMEM;

	weir_map_init(&work.classes, facts->allocator);
	work.marks = weir_arena_allocate(&facts->arena, NUMBERS + 1, 1);
	if (work.marks)
		status = add_protocols(&work);
	weir_map_finish(&work.classes);
	weir_array_finish(&work.answers);
	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = make_levels(facts, &facts->sides[i]);
	return status;
}

uint32_t facts_port_class(const struct facts *facts, uint8_t protocol, uint16_t number)
{
	const struct port_range *ranges = facts->ranges.items;
	size_t low = 0;
	size_t high = facts->ranges.count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		const struct port_range *range = &ranges[middle];

		if (range->protocol < protocol ||
		    (range->protocol == protocol && range->first <= number))
			low = middle;
		else
			high = middle;
	}
	return ranges[low].class;
}
