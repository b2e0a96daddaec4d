/*
 * The composition of facts compared with the specification: hostile clusters, every interval of
 * addresses against every other, every class of ports, every combination of flags.
 *
 *	composition [--clusters COUNT] [--seed SEED]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "composed.h"
#include "hostile.h"
#include "subject.h"

struct run {
	uint64_t seed;
	uint64_t judged;
};

static bool judge(struct run *run, const struct subject *subject, struct composer *composer,
		  const struct connection *connection)
{
	const struct facts *facts = composer->facts;
	struct weir_key key = ((const struct port_class *)facts->ports.items)[connection->port].key;
	struct k8s_judgement want;
	struct judgement got;

	key.flags = connection->flags;
	key.source = connection->source->first;
	key.destination = connection->is_same ? key.source : connection->destination->last;
	k8s_reference_judge(subject->cluster, &subject->semantics, &key, &want);
	run->judged++;
	if (!compose(composer, connection, &got) && composed_same(facts, &got, &want))
		return true;
	printf("composed: action %u why %u, egress %u/%u rule %u, ingress %u/%u rule %u\n",
	       got.verdict.action, got.verdict.why, got.halves[0].action, got.halves[0].reason,
	       got.halves[0].rule, got.halves[1].action, got.halves[1].reason, got.halves[1].rule);
	subject_print(subject, &key, &want, (struct weir_verdict){ 0, 0 });
	return false;
}

static const uint8_t flags[] = {
	WEIR_KEY_BOTH,
	WEIR_KEY_EGRESS,
	WEIR_KEY_INGRESS,
	WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL,
	WEIR_KEY_BOTH | WEIR_KEY_HAIRPIN,
	WEIR_KEY_BOTH | WEIR_KEY_HAIRPIN | WEIR_KEY_UNKNOWN_EXTERNAL,
};

/* Each pair meets a port class and flags in turn, so that a cluster takes no minute. */
static bool judge_ends(struct run *run, const struct subject *subject, struct composer *composer)
{
	const struct facts *facts = composer->facts;
	const struct end *ends = facts->ends.items;
	size_t turn = 0;
	struct connection connection;

	for (size_t i = 0; i < facts->ends.count; i++) {
		for (size_t j = 0; j < facts->ends.count; j++, turn++) {
			connection = (struct connection){
				.source = &ends[i],
				.destination = &ends[j],
				.port = (uint32_t)(turn % facts->ports.count),
				.flags = flags[turn / 7 % sizeof(flags)],
				.is_same = i == j,
			};
			if (!judge(run, subject, composer, &connection))
				return false;
		}
	}
	return true;
}

static bool compare(struct run *run, const struct subject *subject)
{
	struct composer composer;
	struct facts facts;
	bool good =
		composed_open(subject, &facts, &composer) && judge_ends(run, subject, &composer);

	composed_close(&facts, &composer);
	return good;
}

static bool run_cluster(struct run *run, uint64_t number)
{
	uint64_t seed = run->seed * 1000003 + number;
	struct hostile_shape shape = hostile_draw_shape(seed);
	struct subject subject = { .semantics = subject_semantics(number) };
	struct weir_error error;
	struct hostile hostile;
	bool good;

	shape.pods = shape.pods > 16 ? 16 : shape.pods;
	shape.policies = shape.policies > 10 ? 10 : shape.policies;
	if (!hostile_make(seed, &shape, &hostile))
		return false;
	subject.cluster = subject_read(&hostile, subject_problems);
	good = subject.cluster && subject_open(&subject, &error) && compare(run, &subject);
	if (!good)
		printf("seed %" PRIu64 " cluster %" PRIu64 "\n", run->seed, number);
	if (!good && getenv("PRINT_CLUSTER"))
		puts(hostile.yaml);
	subject_close(&subject);
	weir_cluster_destroy(subject.cluster);
	hostile_release(&hostile);
	return good;
}

int main(int argc, char **argv)
{
	struct run run = { .seed = 1 };
	uint64_t clusters = 60;
	const struct argument arguments[] = { { "clusters", &clusters, NULL },
					      { "seed", &run.seed, NULL } };

	if (!arguments_read(argc, argv, arguments, sizeof(arguments) / sizeof(arguments[0])))
		return 2;
	for (uint64_t i = 0; i < clusters; i++) {
		if (!run_cluster(&run, i))
			return EXIT_FAILURE;
	}
	printf("%" PRIu64 " connections composed as the specification judges them\n", run.judged);
	return EXIT_SUCCESS;
}
