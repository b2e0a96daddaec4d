/* What pods are tied to: their node, their owner, and the workload that they are pods of. */
#include "ties_inside.h"

#include <errno.h>
#include <string.h>

#include "owners.h"

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

/* A Node owns the mirrors of its static pods, and is no workload, even where others say so. */
static bool find_owner(const struct ties *ties, const struct k8s_pod *pod, struct bonds *out)
{
	const struct k8s_owner *owner = &pod->meta.owner;
	bool is_owned = owner->kind && strcmp(owner->kind, "Node") != 0;
	uint32_t found =
		is_owned ? find_workload(ties, pod->meta.namespace_name, owner) : WEIR_NONE;

	out->marked = find_marked(ties, pod, found);
	out->owner = owner->kind ? found : out->marked;
	if (!is_owned)
		return true;
	if (found == WEIR_NONE)
		return false;
	out->says_parent =
		found >= ties->view->workloads.count && strcmp(owner->kind, "ReplicaSet") == 0;
	out->parent = out->says_parent ? out->marked : WEIR_NONE;
	return true;
}

bool ties_find_bonds(const struct ties *ties, const struct k8s_pod *pod, struct bonds *out)
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

int ties_join(struct ties *ties, const struct k8s_pod *pod, const struct bonds *bonds)
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

/* Joined before the former is left: what both are tied to is never without. */
int ties_move_pod(struct ties *ties, const struct k8s_pod *from, const struct k8s_pod *to)
{
	struct bonds old, new;

	if ((from && disputes_name(ties, from)) || (to && disputes_name(ties, to)))
		return TIES_CHANGE;
	if ((from && !ties_find_bonds(ties, from, &old)) ||
	    (to && !ties_find_bonds(ties, to, &new)))
		return TIES_CHANGE;
	if (to && !can_join(ties, to, &new))
		return TIES_CHANGE;
	if (to && ties_join(ties, to, &new))
		return -ENOMEM;
	if (from && !can_leave(ties, &old))
		return TIES_CHANGE;
	return from ? leave(ties, &old) : TIES_HOLD;
}
