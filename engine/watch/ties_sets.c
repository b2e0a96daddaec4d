/* Namespaces, the sets that hold their pods, and pods as endpoints. */
#include "ties_inside.h"

#include <errno.h>

#include "numbers.h"
#include "reading.h"

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

/* Behind the batch; holds until the next one is asked for. */
static int find_namespace(struct ties *ties, const char *name, struct tie_namespace **out)
{
	const uint32_t *known = weir_map_find(&ties->namespace_of, &name, sizeof(name));

	if (!known)
		return add_namespace(ties, name, out);
	*out = (struct tie_namespace *)ties->namespaces.items + *known;
	return 0;
}

/* The pods of the namespace are told again: those that stand for workloads would not be, and those
 * with another address than their home would be told wrong. */
int ties_relabel(struct ties *ties, const char *name)
{
	struct tie_namespace *namespace;

	if (find_namespace(ties, name, &namespace) || read_labels(ties, name, namespace))
		return -ENOMEM;
	namespace->is_asked = false;
	return namespace->has_synthetic || ties->is_disturbed ? TIES_CHANGE : TIES_HOLD;
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

int ties_sets(struct ties *ties, const struct k8s_pod *pod, struct weir_array *sets)
{
	const struct k8s_meaning *meanings = ties->meanings.items.items;
	struct tie_namespace *namespace;
	const uint32_t *candidates;

	sets->count = 0;
	if (pod->phase == K8S_FINISHED || pod->host_network)
		return 0;
	if (find_namespace(ties, pod->meta.namespace_name, &namespace) ||
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
	weir_sort_numbers(sets->items, sets->count);
	return 0;
}

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

	ties_find_bonds(ties, pod, &bonds);
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
