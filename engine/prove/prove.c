/*
 * The proof, step by step; docs/proof.md has the argument.
 *
 *	cuts       addresses fall into intervals in which neither the objects nor the compiled
 *	           bytes tell one from another
 *	facts      what the specification says of each interval, each policy, each range of ports
 *	classes    intervals that are the same to both, in a role
 *	sides      each class of near ends with each of far ends and each of ports: every kernel's
 *	           verdict; and explain, once for each way that the near end's rules see the far end
 *	wholes     both sides at once where an end stands for several
 *	relations  every address with itself; every end with the addresses of its node
 */
#include "weir/prove.h"

#include <errno.h>
#include <stdio.h>

#include "steps.h"
#include "validate.h"

static void count(struct proving *proving)
{
	struct weir_proof *proof = proving->proof;
	size_t kernel_count;
	const struct weir_kernel *kernels = weir_kernels(&kernel_count);

	proof->intervals = (uint32_t)proving->facts.ends.count;
	proof->port_ranges = (uint32_t)proving->facts.ranges.count;
	proof->port_classes = (uint32_t)proving->facts.ports.count;
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		proof->near_classes += (uint32_t)proving->classes.near[i].count;
		proof->far_classes += (uint32_t)proving->classes.far[i].count;
	}
	for (size_t i = 0; i < kernel_count; i++)
		proof->kernels += kernels[i].is_supported();
}

static int prove_steps(struct proving *proving)
{
	int status = prove_sides(proving);

	if (!status)
		status = prove_wholes(proving);
	if (!status)
		status = prove_relations(proving);
	return status ? status : prove_selves(proving);
}

static int prove_classes(struct proving *proving)
{
	const struct lookup *lookup = &proving->policy->lookup;
	int status = classes_make(&proving->classes, &proving->facts, lookup);

	if (!status)
		status = naming_make(&proving->naming, &proving->facts);
	if (!status)
		status = masks_make(&proving->masks, &proving->facts);
	if (!status)
		status = cells_make(&proving->cells, &proving->facts);
	count(proving);
	if (!status)
		status = prove_steps(proving);
	cells_finish(&proving->cells);
	classes_finish(&proving->classes);
	return status;
}

static int prove_facts(struct proving *proving, const struct weir_cluster *cluster,
		       const struct weir_semantics *semantics, const struct cuts *cuts)
{
	int status = facts_make(&proving->facts, cluster, semantics, &proving->policy->lookup, cuts,
				proving->allocator);

	if (!status)
		status = prove_classes(proving);
	facts_finish(&proving->facts);
	return status;
}

static int find_cuts(struct cuts *cuts, const struct weir_cluster *cluster,
		     const struct lookup *lookup)
{
	int status = cuts_of_objects(cuts, cluster);

	if (!status)
		status = cuts_of_block(cuts, lookup);
	return status ? status : cuts_sort(cuts);
}

static int prove(struct proving *proving, const struct weir_cluster *cluster,
		 const struct weir_semantics *semantics)
{
	const struct layout_header *header = proving->policy->lookup.header;
	struct cuts cuts;
	int status = weir_policy_validate(header, header->preamble.total_bytes, proving->allocator,
					  &proving->proof->error);

	if (status)
		return status;
	cuts_init(&cuts, proving->allocator);
	status = find_cuts(&cuts, cluster, &proving->policy->lookup);
	if (!status)
		status = prove_facts(proving, cluster, semantics, &cuts);
	if (status == -EINVAL)
		snprintf(proving->proof->error.text, sizeof(proving->proof->error.text),
			 "the compiled policy's addresses are not in intervals");
	cuts_finish(&cuts);
	return status;
}

int weir_prove(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
	       const struct weir_policy *policy, const struct weir_prove_options *options,
	       struct weir_proof *out)
{
	const struct weir_allocator *allocator =
		weir_allocator_or_default(options ? options->allocator : NULL);
	struct weir_proof proof = { 0 };
	struct proving *proving;
	int status;

	if (!policy_is_whole(policy))
		return -EINVAL;
	proving = weir_allocate_zeroed(allocator, 1, sizeof(*proving));
	if (!proving)
		return -ENOMEM;
	proving->proof = &proof;
	proving->policy = policy;
	proving->allocator = allocator;
	proving->team = options ? options->team : NULL;
	status = prove(proving, cluster, semantics);
	weir_release(allocator, proving);
	if (status == -ENOMEM)
		return status;
	if (status == -EINVAL)
		proof.flaw = WEIR_FLAW_BLOCK;
	*out = proof;
	return 0;
}
