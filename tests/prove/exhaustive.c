/*
 * Every header of small universes: clusters from a seed whose addresses fit into four bits of each
 * family. The composition, every kernel and explain answer each of them, and so does the
 * specification; and the proof of each cluster holds.
 *
 *	exhaustive [--clusters COUNT] [--seed SEED]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "composed.h"
#include "masks.h"
#include "subject.h"
#include "tiny.h"
#include "universe.h"
#include "weir/prove.h"

enum {
	FLAGS = 12,
	MASK_WORDS = 8,
	MOST = UNIVERSE_ADDRESSES * (UNIVERSE_ADDRESSES + 1) * FLAGS / 2,
};

/* Every header of one port. */
struct headers {
	struct weir_key keys[MOST];
	struct k8s_judgement judged[MOST];
	struct weir_verdict verdicts[MOST];
	size_t count;
};

struct run {
	uint64_t seed;
	uint64_t cluster;
	uint64_t headers;
	uint64_t by[3]; /* by what came out */
	uint64_t by_masks;
};

struct pass {
	struct run *run;
	struct subject subject;
	struct facts facts;
	struct composer composer;
	struct masks masks;
	struct mask_tools tools;
	uint64_t mask[MASK_WORDS];
	struct headers *headers;
};

/* Comparing. */

/* The interval that holds an address. */
static const struct end *end_of_address(const struct facts *facts,
					const struct weir_address *address)
{
	const struct end *ends = facts_ends(facts);
	size_t low = 0;
	size_t high = facts->ends.count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&ends[middle].first, address, sizeof(*address)) <= 0)
			low = middle;
		else
			high = middle;
	}
	return &ends[low];
}

static bool differs(const struct pass *pass, const char *who, size_t i)
{
	const struct headers *headers = pass->headers;

	printf("%s, seed %" PRIu64 " cluster %" PRIu64 "\n", who, pass->run->seed,
	       pass->run->cluster);
	subject_print(&pass->subject, &headers->keys[i], &headers->judged[i], headers->verdicts[i]);
	return false;
}

static uint32_t port_of(const struct pass *pass, const struct weir_key *key)
{
	return facts_port_class(&pass->facts, key->protocol,
				key->protocol == WEIR_PROTOCOL_ICMPV6 ? key->icmp_type
								      : key->destination_port);
}

static bool composes(struct pass *pass, size_t i)
{
	const struct weir_key *key = &pass->headers->keys[i];
	struct connection connection = {
		.source = end_of_address(&pass->facts, &key->source),
		.destination = end_of_address(&pass->facts, &key->destination),
		.port = port_of(pass, key),
		.flags = key->flags,
		.is_same = weir_address_equal(&key->source, &key->destination),
	};
	struct judgement judgement;

	return connection.port != WEIR_NONE && !compose(&pass->composer, &connection, &judgement) &&
	       composed_same(&pass->facts, &judgement, &pass->headers->judged[i]);
}

/* One side of two ends that stand for themselves and are not related: the port's bit of all ports
 * composed at once. */
static bool masks_agree(struct pass *pass, size_t i)
{
	const struct weir_key *key = &pass->headers->keys[i];
	const struct k8s_judgement *judged = &pass->headers->judged[i];
	bool egress = key->flags == WEIR_KEY_EGRESS;
	const struct k8s_half *half = egress ? &judged->egress : &judged->ingress;
	const struct end *source = end_of_address(&pass->facts, &key->source);
	const struct end *destination = end_of_address(&pass->facts, &key->destination);
	const struct candidate *from = facts_candidates(&pass->facts, source);
	const struct candidate *to = facts_candidates(&pass->facts, destination);
	int status;

	if ((!egress && key->flags != WEIR_KEY_INGRESS) || source->candidate_count > 1 ||
	    destination->candidate_count > 1 || half->reason == WEIR_REASON_SELF ||
	    half->reason == WEIR_REASON_OWN_NODE || to->far_named != to->far[WEIR_EGRESS])
		return true;
	status = masks_side(&pass->tools, egress ? WEIR_EGRESS : WEIR_INGRESS, egress ? from : to,
			    egress ? to : from, pass->mask);
	if (status == UNCERTAIN)
		return source->kind == K8S_END_UNKNOWN_POD ||
		       destination->kind == K8S_END_UNKNOWN_POD;
	pass->run->by_masks++;
	return !status && masks_has(pass->mask, port_of(pass, key)) == (half->action == WEIR_ALLOW);
}

static bool classifies(struct pass *pass)
{
	struct headers *headers = pass->headers;
	size_t i;
	const struct weir_kernel *wrong =
		subject_wrong_kernel(pass->subject.policy, headers->keys, headers->judged,
				     headers->verdicts, headers->count, &i);

	return !wrong || differs(pass, wrong->name, i);
}

/* Asking. */

static void add_headers(struct pass *pass, unsigned source, unsigned destination,
			const struct weir_key *port)
{
	static const uint8_t sides[] = { WEIR_KEY_BOTH, WEIR_KEY_EGRESS, WEIR_KEY_INGRESS };
	static const uint8_t unknowns[] = { 0, WEIR_KEY_UNKNOWN_EXTERNAL };
	struct headers *headers = pass->headers;

	for (unsigned i = 0; i < FLAGS; i++) {
		struct weir_key *key = &headers->keys[headers->count];

		/* Only what reaches itself does so through a service. */
		if (i >= FLAGS / 2 && source != destination)
			continue;
		*key = *port;
		key->source = universe_address(source);
		key->destination = universe_address(destination);
		key->flags = sides[i % 3] | unknowns[i / 3 % 2];
		if (i >= FLAGS / 2)
			key->flags |= WEIR_KEY_HAIRPIN;
		k8s_reference_judge(pass->subject.cluster, &pass->subject.semantics, key,
				    &headers->judged[headers->count++]);
	}
}

static bool judge_port(struct pass *pass, const struct weir_key *port)
{
	struct headers *headers = pass->headers;

	headers->count = 0;
	for (unsigned i = 0; i < UNIVERSE_ADDRESSES * UNIVERSE_ADDRESSES; i++)
		add_headers(pass, i / UNIVERSE_ADDRESSES, i % UNIVERSE_ADDRESSES, port);
	pass->run->headers += headers->count;
	for (size_t i = 0; i < headers->count; i++) {
		pass->run->by[headers->judged[i].verdict.action]++;
		if (!composes(pass, i))
			return differs(pass, "composed otherwise", i);
		if (!masks_agree(pass, i))
			return differs(pass, "another bit in the mask", i);
		if (!subject_explains(pass->subject.policy, &headers->keys[i], &headers->judged[i]))
			return differs(pass, "explained otherwise", i);
	}
	return classifies(pass);
}

static bool proof_holds(const struct pass *pass)
{
	struct weir_proof proof;

	if (weir_prove(pass->subject.cluster, &pass->subject.semantics, pass->subject.policy, NULL,
		       &proof))
		return false;
	if (proof.flaw != WEIR_FLAW_NONE)
		printf("flaw %u %s, seed %" PRIu64 " cluster %" PRIu64 "\n", proof.flaw,
		       proof.error.text, pass->run->seed, pass->run->cluster);
	return proof.flaw == WEIR_FLAW_NONE;
}

static bool judge_universe(struct pass *pass)
{
	bool good = composed_open(&pass->subject, &pass->facts, &pass->composer) &&
		    !masks_make(&pass->masks, &pass->facts) && pass->masks.words <= MASK_WORDS &&
		    !mask_tools_init(&pass->tools, &pass->masks);

	for (unsigned i = 0; i < universe_port_count && good; i++)
		good = judge_port(pass, &universe_ports[i]);
	mask_tools_finish(&pass->tools);
	composed_close(&pass->facts, &pass->composer);
	return good && proof_holds(pass);
}

static bool run_cluster(struct run *run, struct headers *headers)
{
	struct pass pass = { .run = run,
			     .subject = { .semantics = subject_semantics(run->cluster) },
			     .headers = headers };
	struct weir_error error = { "not read" };
	char *text = tiny_make(run->seed * 1000003 + run->cluster);
	struct hostile manifests = { .yaml = text, .length = text ? strlen(text) : 0 };
	bool good;

	pass.subject.cluster = text ? subject_read(&manifests, subject_problems) : NULL;
	good = pass.subject.cluster && subject_open(&pass.subject, &error);
	if (!good)
		printf("seed %" PRIu64 " cluster %" PRIu64 ": %s\n", run->seed, run->cluster,
		       error.text);
	good = good && judge_universe(&pass);
	if (!good && text && getenv("PRINT_CLUSTER"))
		puts(text);
	subject_close(&pass.subject);
	weir_cluster_destroy(pass.subject.cluster);
	free(text);
	return good;
}

int main(int argc, char **argv)
{
	struct run run = { .seed = 1 };
	uint64_t clusters = 8;
	const struct argument arguments[] = { { "clusters", &clusters, NULL },
					      { "seed", &run.seed, NULL } };
	struct headers *headers;
	bool good;

	if (!arguments_read(argc, argv, arguments, sizeof(arguments) / sizeof(arguments[0])))
		return 2;
	headers = malloc(sizeof(*headers));
	good = headers;
	for (; run.cluster < clusters && good; run.cluster++)
		good = run_cluster(&run, headers);
	free(headers);
	printf("%" PRIu64 " headers of %" PRIu64 " clusters: %" PRIu64 " denied, %" PRIu64
	       " allowed, %" PRIu64 " ambiguous; %" PRIu64 " in masks\n",
	       run.headers, run.cluster, run.by[WEIR_DENY], run.by[WEIR_ALLOW],
	       run.by[WEIR_AMBIGUOUS], run.by_masks);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
