/*
 * parties.c - pods, nodes and workloads as ends, in order of their names.
 *
 * Pods are sorted by what they are shown as; those shown as one are a party. Most pods of a
 * workload have the same rows and the same class: they are one variant of it, so that a pair of
 * workloads is mostly one lookup, however many pods they have.
 */
#include "listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "names.h"
#include "owned.h"
#include "weir/directory.h"

enum {
	ANCESTORS_MAX = 16, /* owners above a pod; circles in a policy made by hand end here */
};

/* A pod or a node under the name that it is shown by. */
struct entry {
	const char *namespace_name;
	const char *kind; /* "" for pods */
	const char *name;
	uint32_t index;
	uint32_t endpoint;
	uint8_t shown_as; /* enum weir_list_end_kind */
};

struct entries {
	struct entry *items;
	uint32_t count;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = (x->shown_as == WEIR_LIST_NODE) - (y->shown_as == WEIR_LIST_NODE);

	if (!order)
		order = strcmp(x->namespace_name, y->namespace_name);
	if (!order)
		order = strcmp(x->kind, y->kind);
	if (!order)
		order = strcmp(x->name, y->name);
	if (!order)
		order = (x->index > y->index) - (x->index < y->index);
	if (!order)
		order = (x->endpoint > y->endpoint) - (x->endpoint < y->endpoint);
	return order;
}

/* Which endpoints become entries, and by which name. */

static uint32_t root_of(const struct weir_policy *policy, uint32_t workload)
{
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		struct weir_workload_view view;

		weir_policy_workload(policy, workload, &view);
		if (view.parent == WEIR_NONE)
			break;
		workload = view.parent;
	}
	return workload;
}

static bool belongs_to(const struct weir_policy *policy, uint32_t workload, uint32_t ancestor)
{
	for (int i = 0; i < ANCESTORS_MAX && workload != WEIR_NONE; i++) {
		struct weir_workload_view view;

		if (workload == ancestor)
			return true;
		weir_policy_workload(policy, workload, &view);
		workload = view.parent;
	}
	return false;
}

static struct entry entry_of_endpoint(const struct weir_endpoint_view *view, uint32_t endpoint)
{
	return (struct entry){
		.namespace_name = view->namespace_name,
		.kind = "",
		.name = view->name,
		.index = endpoint,
		.endpoint = endpoint,
		.shown_as = view->kind == WEIR_ENDPOINT_NODE ? WEIR_LIST_NODE : WEIR_LIST_POD,
	};
}

static struct entry entry_of_workload(const struct weir_policy *policy, uint32_t workload,
				      uint32_t endpoint)
{
	struct weir_workload_view view;

	weir_policy_workload(policy, workload, &view);
	return (struct entry){
		.namespace_name = view.namespace_name,
		.kind = view.kind,
		.name = view.name,
		.index = workload,
		.endpoint = endpoint,
		.shown_as = WEIR_LIST_WORKLOAD,
	};
}

static bool is_end(const struct weir_endpoint_view *view)
{
	return view->kind == WEIR_ENDPOINT_NODE ||
	       (view->rank != WEIR_RANK_FINISHED && !view->host_network);
}

static void add_all(const struct weir_list *list, struct entries *entries)
{
	uint32_t count = weir_policy_endpoint_count(list->policy);

	for (uint32_t i = 0; i < count; i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(list->policy, i, &view);
		if (!is_end(&view) || (view.kind == WEIR_ENDPOINT_NODE && !list->with_nodes))
			continue;
		entries->items[entries->count++] =
			list->by_pod || view.workload == WEIR_NONE
				? entry_of_endpoint(&view, i)
				: entry_of_workload(list->policy,
						    root_of(list->policy, view.workload), i);
	}
}

static void add_workload(const struct weir_list *list, uint32_t workload, struct entries *entries)
{
	uint32_t count = weir_policy_endpoint_count(list->policy);

	for (uint32_t i = 0; i < count; i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(list->policy, i, &view);
		if (!is_end(&view) || !belongs_to(list->policy, view.workload, workload))
			continue;
		entries->items[entries->count++] =
			list->by_pod ? entry_of_endpoint(&view, i)
				     : entry_of_workload(list->policy, workload, i);
	}
}

static void add_endpoint(const struct weir_list *list, uint32_t endpoint, struct entries *entries)
{
	struct weir_endpoint_view view;

	weir_policy_endpoint(list->policy, endpoint, &view);
	if (is_end(&view))
		entries->items[entries->count++] = entry_of_endpoint(&view, endpoint);
}

/* Members. */

/* Whether an endpoint is among those that have an address. */
static bool owns(const struct layout_header *header, const struct weir_endpoint_view *view,
		 uint32_t endpoint, const struct weir_address *address)
{
	const struct layout_owned *owned = owned_find(header, address);
	const uint32_t *owners = layout_section(header, LAYOUT_OWNERS);

	if (!owned)
		return false;
	if (!owned->owner_count)
		return view->kind == WEIR_ENDPOINT_NODE;
	for (uint32_t i = 0; i < owned->owner_count; i++) {
		if (owners[owned->owners + i] == endpoint)
			return true;
	}
	return false;
}

/* A pod has one address of a family, a node has many. */
static uint32_t add_members(const struct weir_list *list, uint32_t endpoint, struct member *members)
{
	bool has_family[2] = { false, false };
	struct weir_endpoint_view view;
	uint32_t count = 0;

	weir_policy_endpoint(list->policy, endpoint, &view);
	for (uint32_t i = 0; i < view.address_count; i++) {
		const struct weir_address *address = &view.addresses[i];
		bool is_ipv4 = weir_address_is_ipv4(address);

		if (view.kind == WEIR_ENDPOINT_POD && has_family[is_ipv4])
			continue;
		if (!owns(list->lookup->header, &view, endpoint, address))
			continue;
		has_family[is_ipv4] = true;
		members[count++] = (struct member){ .address = address,
						    .leaf = find_address(list->lookup, address),
						    .endpoint = endpoint,
						    .is_ipv4 = is_ipv4 };
	}
	return count;
}

/* What members must have in common to be one variant: rows and classes; of an address that several
 * have the address itself. The node that a pod is on does not count. */
static uint64_t variant_key(const struct weir_list *list, const struct member *member)
{
	uint32_t leaf = member->leaf;

	if (!(leaf & LAYOUT_SPECIAL))
		leaf &= (1u << list->lookup->profile_bits) - 1;
	return (uint64_t)leaf << 1 | member->is_ipv4;
}

static uint32_t find_variants(const struct weir_list *list, const struct party *party,
			      struct weir_map *map, uint64_t *keys, struct variant *variants)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < party->member_count; i++) {
		uint32_t *number;
		int is_new;

		keys[i] = variant_key(list, &party->members[i]);
		number = weir_map_insert(map, &keys[i], sizeof(keys[i]), count, &is_new);
		if (!number)
			return 0;
		if (is_new)
			variants[count++].sample = &party->members[i];
		variants[*number].count++;
	}
	return count;
}

static int add_variants(struct weir_list *list, struct party *party)
{
	uint64_t *keys = weir_arena_array(&list->arena, party->member_count, uint64_t);
	struct variant *variants =
		weir_arena_array(&list->arena, party->member_count, struct variant);
	struct weir_map map;

	if (!keys || !variants)
		return -ENOMEM;
	weir_map_init(&map, list->allocator);
	party->variants = variants;
	party->variant_count = find_variants(list, party, &map, keys, variants);
	weir_map_finish(&map);
	return party->variant_count ? 0 : -ENOMEM;
}

/* Parties. */

static const char *text_of(struct weir_list *list, const struct entry *entry)
{
	size_t size = strlen(entry->namespace_name) + strlen(entry->kind) + strlen(entry->name) +
		      sizeof("node/Pod/");
	char *text = weir_arena_allocate(&list->arena, size, 1);

	if (!text)
		return NULL;
	if (entry->shown_as == WEIR_LIST_NODE)
		snprintf(text, size, "node/%s", entry->name);
	else if (entry->shown_as == WEIR_LIST_WORKLOAD)
		snprintf(text, size, "%s/%s/%s", entry->namespace_name, entry->kind, entry->name);
	else
		snprintf(text, size, "%s/%s%s", entry->namespace_name,
			 strcmp(entry->namespace_name, "node") == 0 ? "Pod/" : "", entry->name);
	return text;
}

static uint32_t count_addresses(const struct weir_list *list, const struct entries *entries)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < entries->count; i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(list->policy, entries->items[i].endpoint, &view);
		count += view.address_count;
	}
	return count;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->shown_as == b->shown_as && a->index == b->index;
}

/* The party of the entries from first on; *next is the first that is not of it. Without members it
 * is none. */
static int make_party(struct weir_list *list, const struct entries *entries, uint32_t first,
		      struct member *members, struct party *out, uint32_t *next)
{
	const struct entry *entry = &entries->items[first];
	uint32_t i = first;

	*out = (struct party){ .namespace_name = entry->namespace_name,
			       .members = members,
			       .is_node = entry->shown_as == WEIR_LIST_NODE };
	out->shown = (struct weir_list_end){ .kind = entry->shown_as, .index = entry->index };
	for (; i < entries->count && is_same(entry, &entries->items[i]); i++) {
		uint32_t added =
			add_members(list, entries->items[i].endpoint, members + out->member_count);

		out->member_count += added;
		out->shown.pods += added && entry->shown_as != WEIR_LIST_NODE;
	}
	*next = i;
	if (!out->member_count)
		return 0;
	out->shown.text = text_of(list, entry);
	return out->shown.text ? add_variants(list, out) : -ENOMEM;
}

static int make_parties(struct weir_list *list, struct entries *entries, struct choice *out)
{
	struct member *members =
		weir_arena_array(&list->arena, count_addresses(list, entries), struct member);
	struct party *parties = weir_arena_array(&list->arena, entries->count, struct party);
	uint32_t next = 0;

	if (!members || !parties)
		return -ENOMEM;
	qsort(entries->items, entries->count, sizeof(*entries->items), compare_entries);
	while (next < entries->count) {
		struct party *party = &parties[out->party_count];
		int status = make_party(list, entries, next, members, party, &next);

		if (status)
			return status;
		members += party->member_count;
		out->party_count += party->member_count != 0;
	}
	out->parties = parties;
	return 0;
}

/* Parts: the members from first on that are of the same pod, or the one member. */

static const char *text_of_part(struct weir_list *list, const struct member *member, bool is_pod)
{
	struct weir_endpoint_view view;
	struct entry entry;
	char text[WEIR_ADDRESS_TEXT];

	if (!is_pod) {
		weir_address_format(member->address, text);
		return weir_arena_copy(&list->arena, text, strlen(text));
	}
	weir_policy_endpoint(list->policy, member->endpoint, &view);
	entry = entry_of_endpoint(&view, member->endpoint);
	return text_of(list, &entry);
}

static int make_part(struct weir_list *list, const struct party *whole, uint32_t first,
		     struct party *out)
{
	const struct member *member = &whole->members[first];
	bool is_pod = whole->shown.kind == WEIR_LIST_WORKLOAD;
	struct variant *variants;
	uint32_t count = 1;

	while (is_pod && first + count < whole->member_count &&
	       member[count].endpoint == member->endpoint)
		count++;
	variants = weir_arena_array(&list->arena, count, struct variant);
	if (!variants)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		variants[i] = (struct variant){ &member[i], 1 };
	*out = (struct party){ .namespace_name = whole->namespace_name,
			       .members = member,
			       .variants = variants,
			       .member_count = count,
			       .variant_count = count,
			       .is_node = whole->is_node };
	out->shown = (struct weir_list_end){ .kind = is_pod ? WEIR_LIST_POD : WEIR_LIST_ADDRESS,
					     .index = member->endpoint,
					     .pods = !whole->is_node,
					     .text = text_of_part(list, member, is_pod) };
	return out->shown.text ? 0 : -ENOMEM;
}

int list_parts(struct weir_list *list, struct party *party)
{
	struct party *parts;
	uint32_t count = 0;

	if (party->parts)
		return 0;
	parts = weir_arena_array(&list->arena, party->member_count, struct party);
	if (!parts)
		return -ENOMEM;
	for (uint32_t i = 0; i < party->member_count; i += parts[count++].member_count) {
		if (make_part(list, party, i, &parts[count]))
			return -ENOMEM;
	}
	party->parts = parts;
	party->part_count = count;
	return 0;
}

/* Choosing. */

static int no_end(const char *text, struct weir_error *error)
{
	return query_fail(error, -EINVAL,
			  "%s stands for no end of a list: its pods have finished, have no address "
			  "or are on their node's network",
			  text);
}

static int choose_entries(struct weir_list *list, struct entries *entries, const char *text,
			  struct choice *out, struct weir_error *error)
{
	int status = make_parties(list, entries, out);

	if (!status && text && !out->party_count)
		return no_end(text, error);
	return status;
}

static int choose_address(struct weir_list *list, const struct weir_address *address,
			  struct entries *entries, const char *text, struct choice *out,
			  struct weir_error *error)
{
	struct weir_prefix prefix = { *address, 128 };
	struct weir_owner owner;

	weir_policy_owner(list->policy, address, &owner);
	if (owner.kind == WEIR_OWNER_NODE || owner.kind == WEIR_OWNER_POD) {
		add_endpoint(list, owner.index, entries);
		for (uint32_t i = 1; i < owner.endpoint_count; i++)
			add_endpoint(list, owner.endpoints[i], entries);
		return choose_entries(list, entries, text, out, error);
	}
	return list_outside(list, &prefix, &out->outside);
}

static int choose_named(struct weir_list *list, const char *text, struct entries *entries,
			struct choice *out, struct weir_error *error)
{
	uint32_t suggestions = 1;
	struct query_named named;
	int status = query_find(list->policy, text, &suggestions, &named, error);

	if (status)
		return status;
	switch ((enum query_named_kind)named.kind) {
	case QUERY_POD:
	case QUERY_NODE:
		add_endpoint(list, named.index, entries);
		break;
	case QUERY_WORKLOAD:
		add_workload(list, named.index, entries);
		break;
	case QUERY_SERVICE:
		return query_fail(error, -EINVAL,
				  "%s is a service, which is no end of a list: its pods are", text);
	case QUERY_ADDRESS:
		return choose_address(list, &named.address, entries, text, out, error);
	}
	return choose_entries(list, entries, text, out, error);
}

int list_choose(struct weir_list *list, const char *text, struct choice *out,
		struct weir_error *error)
{
	struct entries entries = { .items = weir_arena_array(
					   &list->arena, weir_policy_endpoint_count(list->policy),
					   struct entry) };
	struct weir_prefix prefix;
	int status;

	if (!entries.items)
		return -ENOMEM;
	if (text && !weir_prefix_parse(text, strlen(text), &prefix, NULL))
		return list_outside(list, &prefix, &out->outside);
	if (text)
		return choose_named(list, text, &entries, out, error);
	add_all(list, &entries);
	status = choose_entries(list, &entries, NULL, out, error);
	return status ? status : list_outside(list, NULL, &out->outside);
}
