#include "trial.h"

#include <errno.h>

static const char *kind_of(const struct policy *policy)
{
	return policy->network ? "NetworkPolicy" : policy->cluster->kind;
}

static const struct k8s_meta *meta_of(const struct policy *policy)
{
	return policy->network ? &policy->network->meta : &policy->cluster->meta;
}

/* What a rule is called, as bytes. */
struct called {
	struct weir_array bytes;
};

static int call(struct called *called, const char *text)
{
	size_t count = called->bytes.count;
	size_t length = text ? strlen(text) + 1 : 1;

	if (weir_array_resize(&called->bytes, count + length))
		return -ENOMEM;
	memcpy((char *)called->bytes.items + count, text ? text : "", length);
	return 0;
}

static int call_rule(struct called *called, const char *kind, const char *namespace_name,
		     const char *name, const char *action, uint32_t index)
{
	char number[16] = { 0 };
	int status;

	for (unsigned i = 0; i < 8; i++)
		number[i] = (char)('a' + (index >> (4 * i) & 15));
	called->bytes.count = 0;
	status = call(called, kind);
	if (!status)
		status = call(called, namespace_name);
	if (!status)
		status = call(called, name);
	if (!status)
		status = call(called, action);
	return status ? status : call(called, number);
}

static const char *action_of(const struct side_facts *side, const struct rule *rule)
{
	const struct policy *policy = &facts_policies(side)[rule->policy];

	if (!policy->cluster)
		return NULL;
	return side->is_ingress ? policy->cluster->ingress[rule->index].action
				: policy->cluster->egress[rule->index].action;
}

static int call_rules(struct trial *trial, unsigned direction, struct called *called,
		      struct weir_map *map)
{
	const struct side_facts *side = &trial->facts->sides[direction];

	for (uint32_t i = 0; i < side->rules.count; i++) {
		const struct rule *rule = &facts_rules(side)[i];
		const struct policy *policy = &facts_policies(side)[rule->policy];
		int is_new;
		int status = call_rule(called, kind_of(policy), meta_of(policy)->namespace_name,
				       meta_of(policy)->name, action_of(side, rule), rule->index);

		if (status || facts_number(trial->facts, map, called->bytes.items,
					   called->bytes.count, &is_new) == WEIR_NONE)
			return -ENOMEM;
	}
	return 0;
}

static int call_origins(struct trial *trial, unsigned direction, struct called *called,
			const struct weir_map *map)
{
	const struct layout_header *header = trial->policy->lookup.header;
	const struct layout_origin *origins = layout_section(header, LAYOUT_ORIGINS);
	const char *text = layout_section(header, LAYOUT_TEXT);

	for (uint32_t i = 0; i < trial->origin_count; i++) {
		const uint32_t *rule;
		int status = call_rule(called, text + origins[i].kind,
				       text + origins[i].namespace_name, text + origins[i].name,
				       text + origins[i].action, origins[i].index);

		if (status)
			return status;
		rule = weir_map_find(map, called->bytes.items, called->bytes.count);
		trial->rules[direction][i] =
			rule && origins[i].direction == direction ? *rule : WEIR_NONE;
	}
	return 0;
}

static int find_rules(struct trial *trial, unsigned direction)
{
	struct called called = { weir_array_of(trial->facts->allocator, char) };
	struct weir_map map;
	int status;

	weir_map_init(&map, trial->facts->allocator);
	trial->rules[direction] =
		weir_arena_array(&trial->facts->arena, trial->origin_count + 1, uint32_t);
	status = trial->rules[direction] ? call_rules(trial, direction, &called, &map) : -ENOMEM;
	if (!status)
		status = call_origins(trial, direction, &called, &map);
	weir_map_finish(&map);
	weir_array_finish(&called.bytes);
	return status;
}

int trial_init(struct trial *trial, const struct weir_policy *policy, struct facts *facts,
	       struct weir_proof *proof)
{
	int status;

	*trial = (struct trial){ .policy = policy, .facts = facts, .proof = proof };
	trial->origin_count =
		(uint32_t)LAYOUT_COUNT(policy->lookup.header, LAYOUT_ORIGINS, struct layout_origin);
	status = composer_init(&trial->composer, facts);
	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = find_rules(trial, i);
	return status;
}

void trial_finish(struct trial *trial)
{
	composer_finish(&trial->composer);
}

struct weir_key trial_key(const struct trial *trial, const struct connection *connection,
			  const struct weir_address *source, const struct weir_address *destination)
{
	const struct port_class *ports = trial->facts->ports.items;
	struct weir_key key = ports[connection->port].key;

	key.source = *source;
	key.destination = *destination;
	key.flags = connection->flags;
	return key;
}

/* Counterexamples. */

static struct weir_specified_half specified_half(const struct k8s_half *half)
{
	struct weir_specified_half out = { .action = half->action,
					   .reason = half->reason,
					   .rule = half->rule,
					   .peer = half->peer,
					   .port = half->port };

	if (half->reason != WEIR_REASON_RULE)
		return out;
	out.kind = half->policy ? "NetworkPolicy" : half->cluster_policy->kind;
	out.name = half->policy ? half->policy->meta.name : half->cluster_policy->meta.name;
	out.namespace_name = half->policy ? half->policy->meta.namespace_name : NULL;
	return out;
}

/* The specification itself is asked; where it agrees with what was compiled, the proof is wrong.
 */
static int found(struct trial *trial, const struct weir_key *key, const char *kernel,
		 struct weir_verdict verdict)
{
	struct weir_proof *proof = trial->proof;
	struct k8s_judgement specified;

	k8s_reference_judge(trial->facts->cluster, &trial->facts->semantics, key, &specified);
	proof->flaw = kernel ? WEIR_FLAW_VERDICT : WEIR_FLAW_EXPLANATION;
	if (kernel && verdict.action == specified.verdict.action &&
	    verdict.why == specified.verdict.why)
		proof->flaw = WEIR_FLAW_PROOF;
	proof->key = *key;
	proof->kernel = kernel;
	proof->verdict = verdict;
	weir_policy_explain(trial->policy, key, &proof->explanation);
	proof->specified = specified.verdict;
	proof->egress = specified_half(&specified.egress);
	proof->ingress = specified_half(&specified.ingress);
	return FOUND;
}

static bool same_verdict(struct weir_verdict a, struct weir_verdict b)
{
	return a.action == b.action && a.why == b.why;
}

/* Kernels. */

int trial_flush(struct trial *trial)
{
	struct weir_policy asked = *trial->policy;
	size_t kernel_count;
	const struct weir_kernel *kernels = weir_kernels(&kernel_count);
	size_t count = trial->count;

	trial->count = 0;
	for (size_t i = 0; i < kernel_count; i++) {
		if (!kernels[i].is_supported())
			continue;
		asked.kernel = &kernels[i];
		weir_policy_classify(&asked, trial->keys, trial->verdicts, count);
		for (size_t j = 0; j < count; j++) {
			if (!same_verdict(trial->verdicts[j], trial->expected[j]))
				return found(trial, &trial->keys[j], kernels[i].name,
					     trial->verdicts[j]);
		}
	}
	return 0;
}

int trial_add(struct trial *trial, const struct connection *connection,
	      const struct weir_address *source, const struct weir_address *destination,
	      struct judgement *judgement)
{
	int status = compose(&trial->composer, connection, judgement);

	if (status)
		return status;
	trial->proof->judged++;
	trial->keys[trial->count] = trial_key(trial, connection, source, destination);
	trial->expected[trial->count++] = judgement->verdict;
	return trial->count == BURST ? trial_flush(trial) : 0;
}

/* Explain. */

static bool same_half(const struct trial *trial, unsigned direction, const struct half *want,
		      const struct weir_half *got)
{
	if (want->action != got->action || want->reason != got->reason || want->peer != got->peer ||
	    want->port != got->port)
		return false;
	if (want->reason != WEIR_REASON_RULE)
		return got->rule == WEIR_NONE;
	return got->rule < trial->origin_count && trial->rules[direction][got->rule] == want->rule;
}

int trial_explain(struct trial *trial, const struct connection *connection,
		  const struct weir_address *source, const struct weir_address *destination,
		  const struct judgement *judgement)
{
	struct weir_key key = trial_key(trial, connection, source, destination);
	struct weir_explanation got;

	weir_policy_explain(trial->policy, &key, &got);
	if (same_verdict(got.verdict, judgement->verdict) &&
	    (got.verdict.action == WEIR_AMBIGUOUS ||
	     (same_half(trial, WEIR_EGRESS, &judgement->halves[WEIR_EGRESS], &got.egress) &&
	      same_half(trial, WEIR_INGRESS, &judgement->halves[WEIR_INGRESS], &got.ingress))))
		return 0;
	return found(trial, &key, NULL, got.verdict);
}
