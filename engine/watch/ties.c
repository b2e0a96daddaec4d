#include "ties.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "owners.h"
#include "reading.h"

void ties_init(struct ties *ties, const struct store *store)
{
	const struct weir_allocator *allocator = store->cluster->allocator;

	*ties = (struct ties){ .store = store, .allocator = allocator };
	weir_arena_init(&ties->arena, allocator);
	weir_arena_init(&ties->meanings.arena, allocator);
	ties->meanings.items = weir_array_of(allocator, struct k8s_meaning);
	weir_map_init(&ties->workload_of, allocator);
	ties->synthetic = weir_array_of(allocator, const struct k8s_pod *);
	ties->namespaces = weir_array_of(allocator, struct tie_namespace);
	weir_map_init(&ties->namespace_of, allocator);
	weir_map_init(&ties->address_of, allocator);
	ties->addresses = weir_array_of(allocator, struct tie_address *);
	ties->steps = weir_array_of(allocator, struct tie_step);
}

static void forget_namespaces(struct ties *ties)
{
	struct tie_namespace *namespaces = ties->namespaces.items;

	for (size_t i = 0; i < ties->namespaces.count; i++)
		weir_array_finish(&namespaces[i].sets);
	ties->namespaces.count = 0;
	weir_map_finish(&ties->namespace_of);
}

void ties_finish(struct ties *ties)
{
	forget_namespaces(ties);
	weir_array_finish(&ties->namespaces);
	weir_array_finish(&ties->steps);
	weir_array_finish(&ties->addresses);
	weir_map_finish(&ties->address_of);
	weir_array_finish(&ties->synthetic);
	weir_map_finish(&ties->workload_of);
	weir_array_finish(&ties->meanings.items);
	weir_arena_finish(&ties->meanings.arena);
	weir_arena_finish(&ties->arena);
	weir_cluster_destroy(ties->view);
	ties->view = NULL;
}

/* Counters, with a way back. */

static int set_counter(struct ties *ties, uint32_t *counter, uint32_t value)
{
	struct tie_step *step = weir_array_push(&ties->steps);

	if (!step)
		return -ENOMEM;
	*step = (struct tie_step){ counter, *counter };
	*counter = value;
	return 0;
}

static int raise_counter(struct ties *ties, uint32_t *counter)
{
	return set_counter(ties, counter, *counter + 1);
}

static int lower_counter(struct ties *ties, uint32_t *counter)
{
	return set_counter(ties, counter, *counter - 1);
}

void ties_go_back(struct ties *ties)
{
	const struct tie_step *steps = ties->steps.items;

	for (size_t i = ties->steps.count; i > 0; i--)
		*steps[i - 1].counter = steps[i - 1].before;
	ties->steps.count = 0;
	forget_namespaces(ties);
}

void ties_keep(struct ties *ties)
{
	ties->steps.count = 0;
}

/* One more that says the same of what is said already. */
static bool agrees(const struct tie_consensus *consensus, uintptr_t said)
{
	return consensus->count && !consensus->is_mixed && consensus->said == said;
}

/* One less, and others say it still. */
static bool can_spare(const struct tie_consensus *consensus)
{
	return consensus->count > 1 && !consensus->is_mixed;
}

static int say(struct ties *ties, struct tie_consensus *consensus, uintptr_t said)
{
	if (!consensus->count)
		consensus->said = said;
	consensus->is_mixed = consensus->is_mixed || consensus->said != said;
	return raise_counter(ties, &consensus->count);
}

/* What a pod is tied to. */

struct bonds {
	struct tie_node *node; /* NULL: none */
	bool node_is_implied;
	bool says_addresses; /* of the node */
	uint32_t owner;      /* workload, or WEIR_NONE */
	uint32_t marked;     /* described workload, or WEIR_NONE */
	bool says_parent;    /* of the owner */
	uint32_t parent;
};

static uint32_t find_workload(const struct ties *ties, const char *namespace_name,
			      const struct k8s_owner *owner)
{
	const struct store_name name = { owner->kind, namespace_name, owner->name };
	const uint32_t *found = weir_map_find(&ties->workload_of, &name, sizeof(name));

	return found ? *found : WEIR_NONE;
}

static bool find_node(const struct ties *ties, const struct k8s_pod *pod, struct bonds *out)
{
	const struct k8s_node *nodes = ties->view->nodes.items;
	const struct k8s_node *found;

	if (!pod->node_name)
		return true;
	found = k8s_find_node(ties->view, pod->node_name);
	if (!found)
		return false;
	out->node = &ties->nodes[found - nodes];
	out->node_is_implied = found->implied;
	out->says_addresses =
		!out->node->described && pod->phase != K8S_FINISHED && pod->host_address_count;
	return true;
}

/* As pods are counted where workloads get pods that stand for them. */
static uint32_t find_marked(const struct ties *ties, const struct k8s_pod *pod, uint32_t owner)
{
	if (!pod->meta.owner.kind)
		return k8s_deployment_of(ties->view, pod, pod->meta.name);
	if (owner < ties->view->workloads.count)
		return owner;
	if (strcmp(pod->meta.owner.kind, "ReplicaSet") == 0)
		return k8s_deployment_of(ties->view, pod, pod->meta.owner.name);
	return WEIR_NONE;
}

static bool find_owner(const struct ties *ties, const struct k8s_pod *pod, struct bonds *out)
{
	const struct k8s_owner *owner = &pod->meta.owner;
	uint32_t found =
		owner->kind ? find_workload(ties, pod->meta.namespace_name, owner) : WEIR_NONE;

	out->marked = find_marked(ties, pod, found);
	out->owner = owner->kind ? found : out->marked;
	if (!owner->kind || strcmp(owner->kind, "Node") == 0)
		return true;
	if (found == WEIR_NONE)
		return false;
	out->says_parent =
		found >= ties->view->workloads.count && strcmp(owner->kind, "ReplicaSet") == 0;
	out->parent = out->says_parent ? out->marked : WEIR_NONE;
	return true;
}

static bool find_bonds(const struct ties *ties, const struct k8s_pod *pod, struct bonds *out)
{
	*out = (struct bonds){ .owner = WEIR_NONE, .marked = WEIR_NONE, .parent = WEIR_NONE };
	return find_node(ties, pod, out) && find_owner(ties, pod, out);
}

static uintptr_t said_of_node(const struct k8s_pod *pod)
{
	return (uintptr_t)pod->host_addresses;
}

static bool can_join(const struct ties *ties, const struct k8s_pod *pod, const struct bonds *bonds)
{
	const struct tie_node *node = bonds->node;
	const struct tie_workload *owner =
		bonds->owner == WEIR_NONE ? NULL : &ties->workloads[bonds->owner];

	if (node && bonds->node_is_implied && !node->named)
		return false;
	if (bonds->says_addresses && !agrees(&node->addresses, said_of_node(pod)))
		return false;
	if (owner && bonds->owner >= ties->view->workloads.count && !owner->owned)
		return false;
	if (bonds->says_parent && !agrees(&owner->parents, bonds->parent))
		return false;
	return bonds->marked == WEIR_NONE || ties->workloads[bonds->marked].marked;
}

static bool can_leave(const struct ties *ties, const struct bonds *bonds)
{
	const struct tie_node *node = bonds->node;
	const struct tie_workload *owner =
		bonds->owner == WEIR_NONE ? NULL : &ties->workloads[bonds->owner];

	if (node && bonds->node_is_implied && node->named < 2)
		return false;
	if (bonds->says_addresses && !can_spare(&node->addresses))
		return false;
	if (owner && bonds->owner >= ties->view->workloads.count && owner->owned < 2)
		return false;
	if (bonds->says_parent && !can_spare(&owner->parents))
		return false;
	return bonds->marked == WEIR_NONE || ties->workloads[bonds->marked].marked > 1;
}

static int join(struct ties *ties, const struct k8s_pod *pod, const struct bonds *bonds)
{
	int status = bonds->node ? raise_counter(ties, &bonds->node->named) : 0;

	if (!status && bonds->says_addresses)
		status = say(ties, &bonds->node->addresses, said_of_node(pod));
	if (!status && bonds->owner != WEIR_NONE)
		status = raise_counter(ties, &ties->workloads[bonds->owner].owned);
	if (!status && bonds->says_parent)
		status = say(ties, &ties->workloads[bonds->owner].parents, bonds->parent);
	if (!status && bonds->marked != WEIR_NONE)
		status = raise_counter(ties, &ties->workloads[bonds->marked].marked);
	return status;
}

static int leave(struct ties *ties, const struct bonds *bonds)
{
	int status = bonds->node ? lower_counter(ties, &bonds->node->named) : 0;

	if (!status && bonds->says_addresses)
		status = lower_counter(ties, &bonds->node->addresses.count);
	if (!status && bonds->owner != WEIR_NONE)
		status = lower_counter(ties, &ties->workloads[bonds->owner].owned);
	if (!status && bonds->says_parent)
		status = lower_counter(ties, &ties->workloads[bonds->owner].parents.count);
	if (!status && bonds->marked != WEIR_NONE)
		status = lower_counter(ties, &ties->workloads[bonds->marked].marked);
	return status;
}

/* Pods that stand for workloads have names that nobody else has, which begin with the workload's.
 */
static bool disputes_name(const struct ties *ties, const struct k8s_pod *pod)
{
	const struct k8s_pod *const *synthetic = ties->synthetic.items;

	for (size_t i = 0; i < ties->synthetic.count; i++) {
		const struct k8s_meta *meta = &synthetic[i]->meta;

		if (meta->namespace_name == pod->meta.namespace_name &&
		    strncmp(pod->meta.name, meta->owner.name, strlen(meta->owner.name)) == 0)
			return true;
	}
	return false;
}

/* Addresses out of the ranges for pods without one. */

static int find_address(struct ties *ties, const struct weir_address *address,
			struct tie_address **out)
{
	const uint32_t *known = weir_map_find(&ties->address_of, address, sizeof(*address));
	struct tie_address **added;
	struct weir_address *key;

	if (known) {
		*out = ((struct tie_address **)ties->addresses.items)[*known];
		return 0;
	}
	key = weir_arena_new(&ties->arena, struct weir_address);
	added = weir_array_push(&ties->addresses);
	*out = weir_arena_new(&ties->arena, struct tie_address);
	if (!key || !added || !*out)
		return -ENOMEM;
	*key = *address;
	*added = *out;
	return weir_map_insert(&ties->address_of, key, sizeof(*key),
			       (uint32_t)(ties->addresses.count - 1), NULL)
		       ? 0
		       : -ENOMEM;
}

static bool is_in_range(const struct ties *ties, const struct weir_address *address)
{
	for (uint32_t i = 0; i < ties->range_count; i++) {
		if (weir_prefix_contains(&ties->ranges[i], address))
			return true;
	}
	return false;
}

/* How counts of addresses change, and whether they may. */
struct tally {
	int (*shown)(struct ties *ties, struct tie_address *address);
	int (*home)(struct ties *ties, struct tie_address *address);
};

static int count_shown(struct ties *ties, struct tie_address *address)
{
	return raise_counter(ties, &address->shown);
}

static int count_home(struct ties *ties, struct tie_address *address)
{
	return raise_counter(ties, &address->homes);
}

static int show(struct ties *ties, struct tie_address *address)
{
	return ties->is_disturbed || address->homes ? TIES_CHANGE : count_shown(ties, address);
}

static int move_in(struct ties *ties, struct tie_address *address)
{
	bool is_free = !address->homes && !address->shown;

	return ties->is_disturbed || !is_free ? TIES_CHANGE : count_home(ties, address);
}

static int hide(struct ties *ties, struct tie_address *address)
{
	return ties->is_disturbed ? TIES_CHANGE : lower_counter(ties, &address->shown);
}

static int move_out(struct ties *ties, struct tie_address *address)
{
	return ties->is_disturbed ? TIES_CHANGE : lower_counter(ties, &address->homes);
}

static const struct tally counting = { count_shown, count_home };
static const struct tally coming = { show, move_in };
static const struct tally going = { hide, move_out };

static int tally_shown(struct ties *ties, const struct tally *tally,
		       const struct weir_address *addresses, uint32_t count)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < count; i++) {
		struct tie_address *address;

		if (!is_in_range(ties, &addresses[i]))
			continue;
		status = find_address(ties, &addresses[i], &address);
		if (!status)
			status = tally->shown(ties, address);
	}
	return status;
}

/* Every address that was ever counted is taken for one that is in use. */
static bool has_room(const struct ties *ties)
{
	for (uint32_t i = 0; i < ties->range_count; i++) {
		if (ties->addresses.count >= k8s_usable_addresses(&ties->ranges[i]))
			return false;
	}
	return true;
}

static int tally_pod(struct ties *ties, const struct tally *tally, const struct k8s_pod *pod)
{
	int status = tally_shown(ties, tally, pod->addresses, pod->address_count);

	if (!status)
		status = tally_shown(ties, tally, pod->host_addresses, pod->host_address_count);
	if (!k8s_needs_address(pod))
		return status;
	if (!status && !has_room(ties))
		status = TIES_CHANGE;
	for (uint32_t i = 0; !status && i < ties->range_count; i++) {
		const struct weir_address home = k8s_home_address(&ties->ranges[i], pod);
		struct tie_address *address;

		status = find_address(ties, &home, &address);
		if (!status)
			status = tally->home(ties, address);
	}
	return status;
}

static int tally_slice(struct ties *ties, const struct tally *tally, const struct k8s_slice *slice)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < slice->endpoint_count; i++)
		status = tally_shown(ties, tally, slice->endpoints[i].addresses,
				     slice->endpoints[i].address_count);
	return status;
}

static int tally_object(struct ties *ties, const struct tally *tally, enum store_kind kind,
			const void *object)
{
	const struct k8s_service *service = object;
	const struct k8s_node *node = object;

	switch (kind) {
	case STORE_POD:
		return tally_pod(ties, tally, object);
	case STORE_NODE:
		return tally_shown(ties, tally, node->addresses, node->address_count);
	case STORE_SERVICE:
		return tally_shown(ties, tally, service->addresses, service->address_count);
	case STORE_SLICE:
		return tally_slice(ties, tally, object);
	case STORE_NAMESPACE:
	case STORE_WORKLOAD:
	case STORE_NETWORK_POLICY:
	case STORE_CLUSTER_POLICY:
	case STORE_KINDS:
		break;
	}
	return 0;
}

/* Counting a store. */

static int count_nodes(struct ties *ties, const struct tie_numbers *numbers)
{
	const struct k8s_node *nodes = ties->view->nodes.items;
	size_t count = ties->view->nodes.count;

	ties->nodes = weir_arena_array(&ties->arena, count, struct tie_node);
	if (!ties->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct k8s_node *object = store_find(
			ties->store, STORE_NODE, nodes[i].meta.namespace_name, nodes[i].meta.name);

		ties->nodes[i].number = numbers->endpoints[ties->view->pods.count + i];
		ties->nodes[i].described = object && object->address_count;
	}
	return 0;
}

static int count_workloads(struct ties *ties, const struct weir_resolved *resolved,
			   const struct tie_numbers *numbers)
{
	ties->workloads =
		weir_arena_array(&ties->arena, resolved->workload_count, struct tie_workload);
	if (!ties->workloads)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->workload_count; i++) {
		const struct weir_workload *workload = &resolved->workloads[i];
		struct store_name *key = weir_arena_new(&ties->arena, struct store_name);

		ties->workloads[i].number = numbers->workloads[i];
		if (!key)
			return -ENOMEM;
		*key = (struct store_name){ workload->kind, workload->namespace_name,
					    workload->name };
		if (!weir_map_insert(&ties->workload_of, key, sizeof(*key), i, NULL))
			return -ENOMEM;
	}
	return 0;
}

static int copy_set_numbers(struct ties *ties, const struct tie_numbers *numbers)
{
	size_t count = ties->meanings.items.count;

	ties->set_numbers = weir_arena_array(&ties->arena, count, uint32_t);
	if (!ties->set_numbers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ties->set_numbers[i] = numbers->sets[i];
	return 0;
}

static bool is_disturbed(const struct ties *ties, const struct k8s_pod *pod)
{
	for (uint32_t i = 0; pod->assigned && i < pod->address_count; i++) {
		const struct weir_address home = k8s_home_address(&ties->ranges[i], pod);

		if (!weir_address_equal(&home, &pod->addresses[i]))
			return true;
	}
	return false;
}

/* Pods that stand for workloads need addresses too. */
static int count_synthetic(struct ties *ties)
{
	const struct k8s_pod *pods = ties->view->pods.items;

	for (size_t i = 0; i < ties->view->pods.count; i++) {
		const struct k8s_pod **added;
		struct k8s_pod without_address = pods[i];
		struct bonds bonds;

		ties->is_disturbed = ties->is_disturbed || is_disturbed(ties, &pods[i]);
		if (!pods[i].synthetic)
			continue;
		added = weir_array_push(&ties->synthetic);
		if (!added)
			return -ENOMEM;
		*added = &pods[i];
		without_address.address_count = 0;
		if (tally_pod(ties, &counting, &without_address) == -ENOMEM)
			return -ENOMEM;
		if (find_bonds(ties, &pods[i], &bonds) && bonds.node &&
		    raise_counter(ties, &bonds.node->named))
			return -ENOMEM;
	}
	return 0;
}

static int count_object(struct ties *ties, enum store_kind kind,
			const struct store_version *version)
{
	struct bonds bonds;

	if (!version->object)
		return 0;
	ties->ipv6 += version->shows_ipv6;
	if (tally_object(ties, &counting, kind, version->object) == -ENOMEM)
		return -ENOMEM;
	if (kind == STORE_POD && find_bonds(ties, version->object, &bonds))
		return join(ties, version->object, &bonds);
	return 0;
}

static int count_objects(struct ties *ties)
{
	const struct store *store = ties->store;

	for (int i = 0; i < STORE_KINDS; i++) {
		for (uint32_t j = 0; j < store->pools[i].slots.count; j++) {
			const struct store_slot *slot = store_slot(store, (enum store_kind)i, j);

			if (count_object(ties, (enum store_kind)i, store_latest(slot)))
				return -ENOMEM;
		}
	}
	return 0;
}

static void find_ranges(struct ties *ties)
{
	const struct weir_cluster_options *options = &ties->store->cluster->reading->options;

	ties->ranges[0] = options->pod_cidr_ipv4;
	ties->ranges[1] = options->pod_cidr_ipv6;
	ties->range_count = 1;
	for (int i = 0; i < STORE_KINDS; i++) {
		for (uint32_t j = 0; j < ties->store->pools[i].slots.count; j++) {
			const struct store_version *version =
				store_latest(store_slot(ties->store, (enum store_kind)i, j));

			if (version->object && version->shows_ipv6)
				ties->range_count = 2;
		}
	}
	for (size_t i = 0; i < options->node_address_count; i++) {
		if (!weir_address_is_ipv4(&options->node_addresses[i].address))
			ties->range_count = 2;
	}
}

int ties_count(struct ties *ties, const struct weir_resolved *resolved,
	       const struct tie_numbers *numbers)
{
	find_ranges(ties);
	if (count_nodes(ties, numbers) || count_workloads(ties, resolved, numbers) ||
	    copy_set_numbers(ties, numbers) || count_objects(ties) || count_synthetic(ties))
		return -ENOMEM;
	ties_keep(ties);
	return 0;
}

/* Moving an object. */

/* Joined before the former is left: what both are tied to is never without. */
static int move_bonds(struct ties *ties, const struct k8s_pod *from, const struct k8s_pod *to)
{
	struct bonds old, new;

	if ((from && disputes_name(ties, from)) || (to && disputes_name(ties, to)))
		return TIES_CHANGE;
	if ((from && !find_bonds(ties, from, &old)) || (to && !find_bonds(ties, to, &new)))
		return TIES_CHANGE;
	if (to && !can_join(ties, to, &new))
		return TIES_CHANGE;
	if (to && join(ties, to, &new))
		return -ENOMEM;
	if (from && !can_leave(ties, &old))
		return TIES_CHANGE;
	return from ? leave(ties, &old) : TIES_HOLD;
}

static int move_ipv6(struct ties *ties, bool from, bool to)
{
	uint32_t after = ties->ipv6 + to - from;

	if (!after != !ties->ipv6)
		return TIES_CHANGE;
	return after == ties->ipv6 ? 0 : set_counter(ties, &ties->ipv6, after);
}

int ties_move(struct ties *ties, enum store_kind kind, const struct store_version *from,
	      const struct store_version *to)
{
	int status =
		move_ipv6(ties, from->object && from->shows_ipv6, to->object && to->shows_ipv6);

	if (kind != STORE_POD && kind != STORE_NAMESPACE && kind != STORE_SERVICE &&
	    kind != STORE_SLICE)
		return TIES_CHANGE;
	if (!status && from->object)
		status = tally_object(ties, &going, kind, from->object);
	if (!status && to->object)
		status = tally_object(ties, &coming, kind, to->object);
	if (!status && kind == STORE_POD)
		status = move_bonds(ties, from->object, to->object);
	return status;
}

/* Namespaces, and the sets that hold their pods. */

static int read_labels(struct ties *ties, const char *name, struct tie_namespace *out)
{
	const char *nowhere = weir_intern_text(ties->store->cluster->strings, "", 0);
	const struct k8s_namespace *object;

	if (!nowhere)
		return -ENOMEM;
	object = store_find(ties->store, STORE_NAMESPACE, nowhere, name);
	if (!object)
		return k8s_imply_labels(ties->store->cluster, name, &out->labels);
	out->labels = object->meta.labels;
	return 0;
}

static bool has_synthetic(const struct ties *ties, const char *name)
{
	const struct k8s_pod *const *synthetic = ties->synthetic.items;

	for (size_t i = 0; i < ties->synthetic.count; i++) {
		if (synthetic[i]->meta.namespace_name == name)
			return true;
	}
	return false;
}

static int add_namespace(struct ties *ties, const char *name, struct tie_namespace **out)
{
	const char **key = weir_arena_new(&ties->arena, const char *);
	struct tie_namespace *added = key ? weir_array_push(&ties->namespaces) : NULL;

	if (!added)
		return -ENOMEM;
	*key = name;
	added->sets = weir_array_of(ties->allocator, uint32_t);
	added->has_synthetic = has_synthetic(ties, name);
	*out = added;
	if (read_labels(ties, name, added) ||
	    !weir_map_insert(&ties->namespace_of, key, sizeof(*key),
			     (uint32_t)(ties->namespaces.count - 1), NULL)) {
		ties->namespaces.count--;
		return -ENOMEM;
	}
	return 0;
}

int ties_namespace(struct ties *ties, const char *name, struct tie_namespace **out)
{
	const uint32_t *known = weir_map_find(&ties->namespace_of, &name, sizeof(name));

	if (!known)
		return add_namespace(ties, name, out);
	*out = (struct tie_namespace *)ties->namespaces.items + *known;
	return 0;
}

int ties_relabel(struct ties *ties, const char *name)
{
	struct tie_namespace *namespace;
	int status = ties_namespace(ties, name, &namespace);

	if (status)
		return status;
	namespace->is_asked = false;
	return read_labels(ties, name, namespace);
}

/* Which sets may hold pods of the namespace. */
static int ask(struct ties *ties, struct tie_namespace *namespace)
{
	const struct k8s_meaning *meanings = ties->meanings.items.items;

	namespace->sets.count = 0;
	for (size_t i = 0; i < ties->meanings.items.count; i++) {
		uint32_t *added;

		if (meanings[i].pods.impossible ||
		    !k8s_terms_match(&meanings[i].namespaces, &namespace->labels))
			continue;
		added = weir_array_push(&namespace->sets);
		if (!added)
			return -ENOMEM;
		*added = (uint32_t)i;
	}
	namespace->is_asked = true;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

int ties_sets(struct ties *ties, const struct k8s_pod *pod, struct weir_array *sets)
{
	const struct k8s_meaning *meanings = ties->meanings.items.items;
	struct tie_namespace *namespace;
	const uint32_t *candidates;

	sets->count = 0;
	if (pod->phase == K8S_FINISHED || pod->host_network)
		return 0;
	if (ties_namespace(ties, pod->meta.namespace_name, &namespace) ||
	    (!namespace->is_asked && ask(ties, namespace)))
		return -ENOMEM;
	candidates = namespace->sets.items;
	for (size_t i = 0; i < namespace->sets.count; i++) {
		uint32_t *added;

		if (!k8s_terms_match(&meanings[candidates[i]].pods, &pod->meta.labels))
			continue;
		added = weir_array_push(sets);
		if (!added)
			return -ENOMEM;
		*added = ties->set_numbers[candidates[i]];
	}
	if (sets->count > 1)
		qsort(sets->items, sets->count, sizeof(uint32_t), compare_numbers);
	return 0;
}

/* Endpoints. */

/* A pod without an address has its home. */
static int use_home(const struct ties *ties, const struct k8s_pod *pod, struct weir_arena *arena,
		    struct weir_endpoint *out)
{
	struct weir_address *homes =
		weir_arena_array(arena, ties->range_count, struct weir_address);

	if (!homes)
		return -ENOMEM;
	for (uint32_t i = 0; i < ties->range_count; i++)
		homes[i] = k8s_home_address(&ties->ranges[i], pod);
	out->addresses = homes;
	out->address_count = ties->range_count;
	return 0;
}

/* A pod on its node's network has its node's. */
static void use_node_addresses(const struct ties *ties, const struct k8s_pod *pod,
			       struct weir_endpoint *out)
{
	const struct k8s_node *node =
		pod->node_name ? k8s_find_node(ties->view, pod->node_name) : NULL;

	if (pod->host_address_count) {
		out->addresses = pod->host_addresses;
		out->address_count = pod->host_address_count;
	} else if (node) {
		out->addresses = node->addresses;
		out->address_count = node->address_count;
	}
}

int ties_endpoint(struct ties *ties, const struct k8s_pod *pod, struct weir_arena *arena,
		  struct weir_endpoint *out)
{
	struct bonds bonds;
	int status = k8s_endpoint_of(pod, arena, out);

	find_bonds(ties, pod, &bonds);
	if (bonds.node)
		out->node = bonds.node->number;
	if (bonds.owner != WEIR_NONE)
		out->workload = ties->workloads[bonds.owner].number;
	if (!status && k8s_needs_address(pod))
		status = use_home(ties, pod, arena, out);
	else if (pod->host_network && !pod->address_count && pod->phase != K8S_FINISHED)
		use_node_addresses(ties, pod, out);
	return status;
}
