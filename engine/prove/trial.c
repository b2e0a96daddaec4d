#include "trial.h"

#include <errno.h>

int trial_init(struct trial *trial, const struct weir_policy *policy, const struct facts *facts,
	       const struct naming *naming, struct weir_proof *proof)
{
	*trial = (struct trial){
		.policy = policy, .facts = facts, .naming = naming, .proof = proof
	};
	return composer_init(&trial->composer, facts);
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

int trial_ask(struct trial *trial, const struct connection *connection,
	      const struct weir_address *source, const struct weir_address *destination,
	      struct weir_verdict expected)
{
	trial->keys[trial->count] = trial_key(trial, connection, source, destination);
	trial->expected[trial->count++] = expected;
	return trial->count == BURST ? trial_flush(trial) : 0;
}

int trial_add(struct trial *trial, const struct connection *connection,
	      const struct weir_address *source, const struct weir_address *destination,
	      struct judgement *judgement)
{
	int status = compose(&trial->composer, connection, judgement);

	if (status)
		return status;
	trial->proof->judged++;
	return trial_ask(trial, connection, source, destination, judgement->verdict);
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
	return got->rule < trial->naming->count &&
	       trial->naming->rules[direction][got->rule] == want->rule;
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
