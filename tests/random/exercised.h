/*
 * exercised.h - which rows of docs/semantics.md a verdict had to get right.
 *
 * A row is exercised by a verdict when the objects and the reference's judgement of them show
 * that it had a part in it; each line says when exactly. Halves count when they were asked for
 * and the verdict is not ambiguous.
 */
#ifndef WEIR_TESTS_RANDOM_EXERCISED_H
#define WEIR_TESTS_RANDOM_EXERCISED_H

#include "subject.h"

enum exercise {
	S1,
	S2,
	S3,
	S4_NOTHING,
	S4_EVERYTHING,
	S5_PEERS,
	S5_PORTS,
	S6_PODS,
	S6_NAMESPACES,
	S6_BOTH,
	S7_IN, /* in the order of enum k8s_operator */
	S7_NOT_IN,
	S7_EXISTS,
	S7_DOES_NOT_EXIST,
	S8_BLOCK,
	S8_BLOCK_OF_POD,
	S8_HOLE,
	S9_ANY,
	S9_NUMBER,
	S9_RANGE,
	S9_NAME,
	S11,
	S12,
	S13,
	S14,
	S14_DISCOVERY,
	S17_SHARED,
	S17_RANKS,
	S17_FINISHED,
	S19,
	S20,
	S21_AMBIGUOUS,
	S21_DECIDED,
	TIER_ACCEPT,
	TIER_DENY,
	TIER_PASS,
	TIER_BASELINE,
	TIER_PODS, /* in the order of enum k8s_cluster_peer_kind */
	TIER_NODES,
	TIER_NETWORKS,
	TIER_DOMAINS,
	TIER_NAMED_PORT,
	TIER_HAIRPIN,
	EXERCISES,
};

/* A set of bits by enum exercise. The subject's policy only tells what an address is. */
uint64_t exercised_by(const struct subject *subject, const struct weir_key *key,
		      const struct k8s_judgement *judgement);

/* Both halves were asked for, each is decided by the policies that select its end (reason rule or
 * no-rule), at least one by a rule, and the verdict is not ambiguous. */
bool exercised_rule_between_isolated(const struct k8s_judgement *judgement);
extern const char exercised_rule_between_isolated_text[];

/* "S1", and when it counts. */
struct exercise_text {
	const char *row;
	const char *when;
};
extern const struct exercise_text exercise_texts[EXERCISES];

/* The rows that one key cannot exercise, and where they are tested. */
extern const char exercised_elsewhere[];

#endif
