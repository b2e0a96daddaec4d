/*
 * What a caller of weir_prove may rely on: no memory is an error and leaves nothing behind; a team
 * changes nothing that comes out; the counterexample is one.
 */
#include <errno.h>
#include <string.h>

#include "failing.h"
#include "test.h"
#include "universe.h"
#include "weir/prove.h"
#include "weir/resolved.h"

static const struct weir_semantics defaults;

/* The policy comes of fewer manifests than the cluster: it is another one's. */
struct made {
	struct weir_cluster *cluster;
	struct weir_policy *policy;
	struct weir_policy *another;
};

static struct weir_cluster *read_parts(unsigned which)
{
	struct weir_cluster_options options = { 0 };
	struct weir_cluster *cluster;
	const char *text;

	assert_int_equal(weir_cluster_create(&options, &cluster), 0);
	for (unsigned i = 0; (text = universe_text(which, i)); i++)
		assert_int_equal(weir_cluster_read(cluster, "universe", WEIR_FOUND_NAMED, text,
						   strlen(text)),
				 0);
	assert_int_equal(weir_cluster_finish(cluster), 0);
	return cluster;
}

static struct weir_policy *compile(struct weir_cluster *cluster)
{
	struct weir_resolved *resolved;
	struct weir_policy *policy;
	struct weir_error error;

	assert_int_equal(weir_cluster_resolve(cluster, &defaults, &resolved), 0);
	assert_int_equal(weir_compile(resolved, NULL, &policy, &error), 0);
	weir_resolved_destroy(resolved);
	return policy;
}

static int make(void **state)
{
	static struct made made;
	struct weir_cluster *other = read_parts(0);

	made.cluster = read_parts(2);
	made.policy = compile(made.cluster);
	made.another = compile(other);
	weir_cluster_destroy(other);
	*state = &made;
	return 0;
}

static int unmake(void **state)
{
	struct made *made = *state;

	weir_policy_unref(made->policy);
	weir_policy_unref(made->another);
	weir_cluster_destroy(made->cluster);
	return 0;
}

static void no_memory_is_an_error_that_leaves_nothing_behind(void **state)
{
	const struct made *made = *state;
	struct failing failing = failing_never();
	struct weir_prove_options options = { .allocator = &failing.allocator };
	struct weir_proof proof;
	int status = -ENOMEM;

	for (unsigned n = 0; status; n += 1 + n / 8) {
		failing_after(&failing, n);
		proof.flaw = 99;
		status = weir_prove(made->cluster, &defaults, made->policy, &options, &proof);
		assert_true(!status || status == -ENOMEM);
		assert_true(!status || proof.flaw == 99);
		assert_int_equal(failing.live, 0);
	}
	assert_int_equal(proof.flaw, WEIR_FLAW_NONE);
}

/* The last piece first, as threads might. */
static void run_backwards(void *context, void (*work)(void *argument, unsigned index),
			  void *argument, unsigned count)
{
	(void)context;
	for (unsigned i = count; i-- > 0;)
		work(argument, i);
}

static void prove_by(const struct made *made, const struct weir_policy *policy,
		     const struct weir_team *team, struct weir_proof *proof)
{
	struct weir_prove_options options = { .team = team };

	memset(proof, 0, sizeof(*proof));
	assert_int_equal(weir_prove(made->cluster, &defaults, policy, &options, proof), 0);
}

static void a_team_changes_nothing(void **state)
{
	const struct made *made = *state;
	static const struct weir_team team = { .run = run_backwards };
	struct weir_proof alone, shared;

	prove_by(made, made->policy, NULL, &alone);
	prove_by(made, made->policy, &team, &shared);
	assert_int_equal(alone.flaw, WEIR_FLAW_NONE);
	assert_int_equal(shared.flaw, WEIR_FLAW_NONE);
	assert_int_equal(alone.judged, shared.judged);
	prove_by(made, made->another, NULL, &alone);
	prove_by(made, made->another, &team, &shared);
	assert_int_equal(alone.flaw, shared.flaw);
	assert_int_equal(alone.judged, shared.judged);
	assert_memory_equal(&alone.key, &shared.key, sizeof(alone.key));
}

static void what_it_shows_is_judged_otherwise(void **state)
{
	const struct made *made = *state;
	struct weir_proof proof;

	prove_by(made, made->another, NULL, &proof);
	assert_int_not_equal(proof.flaw, WEIR_FLAW_NONE);
	assert_int_not_equal(proof.flaw, WEIR_FLAW_BLOCK);
	assert_int_not_equal(proof.flaw, WEIR_FLAW_PROOF);
	if (proof.flaw == WEIR_FLAW_VERDICT)
		assert_true(proof.verdict.action != proof.specified.action ||
			    proof.verdict.why != proof.specified.why);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_is_an_error_that_leaves_nothing_behind),
		cmocka_unit_test(a_team_changes_nothing),
		cmocka_unit_test(what_it_shows_is_judged_otherwise),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
