/*
 * validate_names.c - what the directory shows, and who owns each address.
 *
 * Who owns an address is said twice: by the trie, whose special has a candidate for each owner, and
 * by the owned addresses, which explain asks for the owner behind a candidate. Every owned address
 * is looked up, and both must agree.
 */
#include "validate.h"

#include <errno.h>
#include <stdio.h>

#include "ends.h"
#include "item_name.h"
#include "lookup.h"

#define ITEMS(checker, section, type) LAYOUT_ITEMS((checker)->header, section, type)

enum {
	ANCESTORS_MOST = 32,
	SHOWN_MOST = 60, /* bytes of a name that is refused */
};

static_assert(LAYOUT_TEXT_MOST == 1024, "errors say how long a name may be");

/* Texts. */

bool check_is_text(const struct checker *checker, uint32_t offset)
{
	const char *text = ITEMS(checker, LAYOUT_TEXT, char);

	return offset < checker->counts[LAYOUT_TEXT] && (!offset || !text[offset - 1]);
}

/* How long a UTF-8 sequence that begins with this byte is; 0: none does. */
static unsigned sequence_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

/* The bounds of the second byte keep out what has a shorter form, surrogates, what is too large,
 * and the control characters of Latin-1. */
static bool is_second(uint8_t first, uint8_t second)
{
	static const struct {
		uint8_t first, least, most;
	} bounds[] = { { 0xc2, 0xa0, 0xbf },
		       { 0xe0, 0xa0, 0xbf },
		       { 0xed, 0x80, 0x9f },
		       { 0xf0, 0x90, 0xbf },
		       { 0xf4, 0x80, 0x8f } };

	for (unsigned i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		if (bounds[i].first == first)
			return second >= bounds[i].least && second <= bounds[i].most;
	}
	return (second & 0xc0) == 0x80;
}

/* The bytes of one character, of at most length; 0: none that a name has. */
static unsigned character(const uint8_t *bytes, size_t length)
{
	unsigned count = sequence_length(bytes[0]);

	if (!count || count > length || bytes[0] < 0x20 || bytes[0] == 0x7f)
		return 0;
	if (count > 1 && !is_second(bytes[0], bytes[1]))
		return 0;
	for (unsigned i = 2; i < count; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	}
	return count;
}

/* A policy that is saved may have such names, too, so they are shown. What is shown is harmless,
 * and ends before the texts do, which have a NUL at their end. */
static int fail_text(const struct checker *checker, const uint8_t *text, const char *what)
{
	char shown[SHOWN_MOST + 1] = "";

	for (unsigned i = 0; i < SHOWN_MOST && text[i]; i++)
		shown[i] = (char)(text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i]);
	if (checker->error)
		snprintf(checker->error->text, sizeof(checker->error->text), "a name %s: \"%s\"",
			 what, shown);
	return -EINVAL;
}

/* What almost all names are. */
static bool is_plain(const uint8_t *text, size_t length)
{
	unsigned others = 0;

	for (size_t i = 0; i < length; i++)
		others |= (unsigned)(text[i] < 0x20) | (unsigned)(text[i] > 0x7e);
	return !others;
}

static bool is_utf8(const uint8_t *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		unsigned count = character(text + at, length - at);

		if (!count)
			return false;
		at += count;
	}
	return true;
}

/* Their length is bounded, so that comparing names costs no more than looking at the names. */
static int check_texts(struct checker *checker)
{
	const uint8_t *text = ITEMS(checker, LAYOUT_TEXT, uint8_t);
	const uint8_t *behind = text + checker->counts[LAYOUT_TEXT];

	if (text == behind || text[0] || behind[-1])
		return check_fail(checker, "its texts do not end");
	while (text < behind) {
		size_t length = strlen((const char *)text);

		if (length >= LAYOUT_TEXT_MOST)
			return fail_text(checker, text, "is longer than 1023 bytes");
		if (!is_plain(text, length) && !is_utf8(text, length))
			return fail_text(checker, text, "has a control character or is no UTF-8");
		text += length + 1;
	}
	return 0;
}

/* Items. */

static bool is_node(const struct checker *checker, uint32_t endpoint)
{
	return endpoint < checker->counts[LAYOUT_ENDPOINTS] &&
	       ITEMS(checker, LAYOUT_ENDPOINTS, struct layout_endpoint)[endpoint].kind ==
		       WEIR_ENDPOINT_NODE;
}

static bool is_pod(const struct checker *checker, uint32_t endpoint)
{
	return endpoint < checker->counts[LAYOUT_ENDPOINTS] && !is_node(checker, endpoint);
}

static bool is_endpoint(const struct checker *checker, const struct layout_endpoint *endpoint)
{
	return endpoint->kind <= WEIR_ENDPOINT_NODE && endpoint->rank <= WEIR_RANK_RUNNING &&
	       endpoint->host_network <= 1 && check_is_text(checker, endpoint->namespace_name) &&
	       check_is_text(checker, endpoint->name) &&
	       (endpoint->node == WEIR_NONE || is_node(checker, endpoint->node)) &&
	       check_index(checker, LAYOUT_WORKLOADS, endpoint->workload);
}

/* next is where the next addresses begin. */
static int check_endpoints(struct checker *checker, uint64_t *next)
{
	const struct layout_endpoint *endpoints =
		ITEMS(checker, LAYOUT_ENDPOINTS, struct layout_endpoint);
	const struct layout_declared *declared =
		ITEMS(checker, LAYOUT_DECLARED, struct layout_declared);
	uint64_t next_declared = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_ENDPOINTS]; i++) {
		if (!is_endpoint(checker, &endpoints[i]) ||
		    !check_run(next, endpoints[i].addresses, endpoints[i].address_count) ||
		    !check_run(&next_declared, endpoints[i].declared, endpoints[i].declared_count))
			return check_fail(checker, "endpoint %u is none", i);
	}
	if (next_declared != checker->counts[LAYOUT_DECLARED])
		return check_fail(checker, "there are declared ports of no pod");
	for (uint32_t i = 0; i < checker->counts[LAYOUT_DECLARED]; i++) {
		if (!check_is_text(checker, declared[i].name))
			return check_fail(checker, "declared port %u is none", i);
	}
	return 0;
}

static int check_workloads(struct checker *checker)
{
	const struct layout_workload *workloads =
		ITEMS(checker, LAYOUT_WORKLOADS, struct layout_workload);

	for (uint32_t i = 0; i < checker->counts[LAYOUT_WORKLOADS]; i++) {
		if (!check_is_text(checker, workloads[i].kind) ||
		    !check_is_text(checker, workloads[i].namespace_name) ||
		    !check_is_text(checker, workloads[i].name) ||
		    !check_index(checker, LAYOUT_WORKLOADS, workloads[i].parent))
			return check_fail(checker, "workload %u is none", i);
	}
	for (uint32_t i = 0; i < checker->counts[LAYOUT_WORKLOADS]; i++) {
		uint32_t ancestor = i;

		for (unsigned depth = 0; depth < ANCESTORS_MOST && ancestor != WEIR_NONE; depth++)
			ancestor = workloads[ancestor].parent;
		if (ancestor != WEIR_NONE)
			return check_fail(checker, "workload %u is its own ancestor", i);
	}
	return 0;
}

static int check_services(struct checker *checker, uint64_t *next)
{
	const struct layout_service *services =
		ITEMS(checker, LAYOUT_SERVICES, struct layout_service);
	uint64_t next_port = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_SERVICES]; i++) {
		if (!check_is_text(checker, services[i].namespace_name) ||
		    !check_is_text(checker, services[i].name) ||
		    !check_run(next, services[i].addresses, services[i].address_count) ||
		    !check_run(&next_port, services[i].ports, services[i].port_count))
			return check_fail(checker, "service %u is none", i);
	}
	if (*next != checker->counts[LAYOUT_ADDRESSES] ||
	    next_port != checker->counts[LAYOUT_SERVICE_PORTS])
		return check_fail(checker, "there are addresses or ports of no service");
	return 0;
}

static int check_service_ports(struct checker *checker)
{
	const struct layout_service_port *ports =
		ITEMS(checker, LAYOUT_SERVICE_PORTS, struct layout_service_port);
	const struct weir_backend_view *backends =
		ITEMS(checker, LAYOUT_BACKENDS, struct weir_backend_view);
	uint64_t next = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_SERVICE_PORTS]; i++) {
		if (!check_is_text(checker, ports[i].name) ||
		    !check_run(&next, ports[i].backends, ports[i].backend_count))
			return check_fail(checker, "service port %u is none", i);
	}
	if (next != checker->counts[LAYOUT_BACKENDS])
		return check_fail(checker, "there are backends of no port");
	for (uint32_t i = 0; i < checker->counts[LAYOUT_BACKENDS]; i++) {
		if (!check_index(checker, LAYOUT_ENDPOINTS, backends[i].endpoint))
			return check_fail(checker, "backend %u is none", i);
	}
	return 0;
}

static int check_origins(struct checker *checker)
{
	const struct layout_origin *origins = ITEMS(checker, LAYOUT_ORIGINS, struct layout_origin);

	for (uint32_t i = 0; i < checker->counts[LAYOUT_ORIGINS]; i++) {
		if (!check_is_text(checker, origins[i].kind) ||
		    !check_is_text(checker, origins[i].namespace_name) ||
		    !check_is_text(checker, origins[i].name) ||
		    !check_is_text(checker, origins[i].action) ||
		    origins[i].direction > WEIR_INGRESS)
			return check_fail(checker, "origin %u is none", i);
	}
	return 0;
}

/* Orders. */

/* Every item that is wanted once: as many as there are, each behind the one before. */
static int check_order(struct checker *checker, enum layout_section section,
		       bool (*is_wanted)(const struct checker *checker, uint32_t index),
		       struct item_name (*name_of)(const struct layout_header *header,
						   uint32_t index))
{
	const uint32_t *order = layout_section(checker->header, section);
	struct item_name before = { { "", "", "" } };

	for (uint32_t i = 0; i < checker->counts[section]; i++) {
		struct item_name name;
		int sign = -1;

		if (is_wanted(checker, order[i])) {
			name = name_of(checker->header, order[i]);
			sign = i ? item_name_compare(&before, &name) : -1;
		}
		if (!is_wanted(checker, order[i]) || sign > 0 ||
		    (!sign && order[i] <= order[i - 1]))
			return check_fail(checker, "the %s are out of order at %u",
					  layout_kinds[section].name, i);
		before = name;
	}
	return 0;
}

static bool is_workload(const struct checker *checker, uint32_t index)
{
	return index < checker->counts[LAYOUT_WORKLOADS];
}

static bool is_service(const struct checker *checker, uint32_t index)
{
	return index < checker->counts[LAYOUT_SERVICES];
}

static int check_orders(struct checker *checker)
{
	const uint32_t *counts = checker->counts;
	int status;

	if ((uint64_t)counts[LAYOUT_PODS_BY_NAME] + counts[LAYOUT_NODES_BY_NAME] !=
		    counts[LAYOUT_ENDPOINTS] ||
	    counts[LAYOUT_WORKLOADS_BY_NAME] != counts[LAYOUT_WORKLOADS] ||
	    counts[LAYOUT_SERVICES_BY_NAME] != counts[LAYOUT_SERVICES])
		return check_fail(checker, "something is not found by its name");
	status = check_order(checker, LAYOUT_PODS_BY_NAME, is_pod, item_name_of_endpoint);
	if (!status)
		status = check_order(checker, LAYOUT_NODES_BY_NAME, is_node, item_name_of_endpoint);
	if (!status)
		status = check_order(checker, LAYOUT_WORKLOADS_BY_NAME, is_workload,
				     item_name_of_workload);
	if (!status)
		status = check_order(checker, LAYOUT_SERVICES_BY_NAME, is_service,
				     item_name_of_service);
	return status;
}

static int compare_virtuals(const struct layout_virtual *a, const struct layout_virtual *b)
{
	int order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));

	if (!order)
		order = a->protocol - b->protocol;
	return order ? order : a->port - b->port;
}

static int check_virtuals(struct checker *checker, enum layout_section section)
{
	const struct layout_virtual *virtuals = layout_section(checker->header, section);
	const struct layout_service *services =
		ITEMS(checker, LAYOUT_SERVICES, struct layout_service);

	for (uint32_t i = 0; i < checker->counts[section]; i++) {
		const struct layout_virtual *item = &virtuals[i];

		if (item->service >= checker->counts[LAYOUT_SERVICES] ||
		    (item->service_port != WEIR_NONE &&
		     item->service_port >= services[item->service].port_count) ||
		    (i && compare_virtuals(item - 1, item) > 0))
			return check_fail(checker, "the %s are out of order at %u",
					  layout_kinds[section].name, i);
	}
	return 0;
}

/* Owners. */

static int check_node_numbers(struct checker *checker)
{
	const uint32_t *nodes = layout_section(checker->header, LAYOUT_NODE_NUMBERS);

	if (!checker->counts[LAYOUT_NODE_NUMBERS] || nodes[0] != WEIR_NONE)
		return check_fail(checker, "node number 0 is a node");
	for (uint32_t i = 1; i < checker->counts[LAYOUT_NODE_NUMBERS]; i++) {
		if (!is_node(checker, nodes[i]))
			return check_fail(checker, "node number %u is none", i);
	}
	return 0;
}

/* Whether the trie gives the address as many candidates as it has owners, all of their kind. */
static bool agrees_with_trie(const struct checker *checker, const struct layout_owned *owned)
{
	uint32_t leaf = find_address(checker->lookup, &owned->address);
	const struct layout_special *special;
	struct end end;

	if (leaf & LAYOUT_SPECIAL) {
		special = ITEMS(checker, LAYOUT_SPECIALS, struct layout_special) +
			  (leaf & LAYOUT_INDEX);
		if (special->kind != LAYOUT_SHARED && special->kind != LAYOUT_NODES_SHARED)
			return false;
	}
	end = end_of(checker->lookup, &leaf, 0, END_FAVOURABLE);
	if (end.count != (owned->owner_count ? owned->owner_count : 1))
		return false;
	for (uint32_t i = 0; i < end.count; i++) {
		if (end_is_node(checker->lookup, end.leaves[i]) != !owned->owner_count)
			return false;
	}
	return true;
}

static int check_owned(struct checker *checker)
{
	const struct layout_owned *owned = ITEMS(checker, LAYOUT_OWNED, struct layout_owned);
	uint64_t next = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_OWNED]; i++) {
		const struct layout_owned *item = &owned[i];

		if (i && memcmp(owned[i - 1].address.bytes, item->address.bytes,
				sizeof(item->address.bytes)) >= 0)
			return check_fail(checker, "owned address %u is out of order", i);
		if (item->owner_count ? !check_run(&next, item->owners, item->owner_count)
				      : !is_node(checker, item->owners))
			return check_fail(checker, "owned address %u has no such owners", i);
		if (!agrees_with_trie(checker, item))
			return check_fail(checker, "owned address %u is another's in the trie", i);
	}
	if (next != checker->counts[LAYOUT_OWNERS])
		return check_fail(checker, "there are owners of no address");
	return 0;
}

static int check_owners(struct checker *checker)
{
	const uint32_t *owners = layout_section(checker->header, LAYOUT_OWNERS);

	for (uint32_t i = 0; i < checker->counts[LAYOUT_OWNERS]; i++) {
		if (!is_pod(checker, owners[i]))
			return check_fail(checker, "owner %u is no pod", i);
	}
	return 0;
}

int check_names(struct checker *checker)
{
	static int (*const checks[])(struct checker *) = {
		check_workloads, check_service_ports, check_origins, check_orders,
		check_owners,    check_node_numbers,  check_owned,
	};
	uint64_t next_address = 0;
	int status = check_texts(checker);

	if (!status)
		status = check_endpoints(checker, &next_address);
	if (!status)
		status = check_services(checker, &next_address);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !status; i++)
		status = checks[i](checker);
	if (!status)
		status = check_virtuals(checker, LAYOUT_VIRTUAL);
	return status ? status : check_virtuals(checker, LAYOUT_NODE_PORTS);
}
