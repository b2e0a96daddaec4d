#include "composed.h"

bool composed_open(const struct subject *subject, struct facts *facts, struct composer *composer)
{
	const struct lookup *lookup = &subject->policy->lookup;
	struct cuts cuts;
	bool good;

	*facts = (struct facts){ 0 };
	*composer = (struct composer){ 0 };
	cuts_init(&cuts, NULL);
	good = !cuts_of_objects(&cuts, subject->cluster) && !cuts_of_block(&cuts, lookup) &&
	       !cuts_sort(&cuts) &&
	       !facts_make(facts, subject->cluster, &subject->semantics, lookup, &cuts, NULL) &&
	       !composer_init(composer, facts);
	cuts_finish(&cuts);
	return good;
}

void composed_close(struct facts *facts, struct composer *composer)
{
	composer_finish(composer);
	facts_finish(facts);
}

static bool same_half(const struct facts *facts, enum weir_direction direction,
		      const struct half *got, const struct k8s_half *want)
{
	const struct side_facts *side = &facts->sides[direction];
	const struct rule *rule;

	if (got->action != want->action || got->reason != want->reason || got->peer != want->peer ||
	    got->port != want->port)
		return false;
	if (got->reason != WEIR_REASON_RULE)
		return true;
	rule = &facts_rules(side)[got->rule];
	return rule->index == want->rule &&
	       facts_policies(side)[rule->policy].network == want->policy &&
	       facts_policies(side)[rule->policy].cluster == want->cluster_policy;
}

bool composed_same(const struct facts *facts, const struct judgement *got,
		   const struct k8s_judgement *want)
{
	if (got->verdict.action != want->verdict.action || got->verdict.why != want->verdict.why)
		return false;
	return want->verdict.action == WEIR_AMBIGUOUS ||
	       (same_half(facts, WEIR_EGRESS, &got->halves[WEIR_EGRESS], &want->egress) &&
		same_half(facts, WEIR_INGRESS, &got->halves[WEIR_INGRESS], &want->ingress));
}
