/*
 * watch.c - what the events of a watch cost, from their text to the policy in force.
 *
 * A generated cluster is read whole. Then each kind of event comes again and again, one batch each
 * time: read, committed, and published through a slot with two readers that hold nothing. Texts
 * have 2 KB of annotations, as objects of the API server do. Samples are the thread's processor
 * time. Behind each kind the answers to random keys are compared with those that the reference
 * judges straight from a snapshot of the objects.
 *
 *     weir-bench-watch [--check] [PODS...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "gen_cluster.h"
#include "samples.h"
#include "weir/live_cluster.h"
#include "weir/slot.h"

enum {
	SAMPLES_MOST = 1000,
	ANNOTATION = 2048,
	KEYS = 40,
	TEXT_MOST = 8192,
	NAME_TEXT = 128,
	NODE_PODS = 60, /* addresses of a node's range that are taken */
};

/* Where the documents of a kind begin in the cluster's text. */
struct documents {
	char **texts;
	size_t count;
};

struct run {
	char *text; /* each document ends in a NUL */
	size_t length;
	struct documents pods;
	struct documents policies;
	struct weir_live_cluster *live;
	struct weir_slot *slot;
	struct dice dice;
	uint32_t made;
	uint8_t on_node[256 * 256]; /* pods that came into a node's range */
	char event[TEXT_MOST];
	char name[NAME_TEXT]; /* of the pod that came last */
	char namespace_name[NAME_TEXT];
	const char *policy; /* that was deleted last */
	double samples[SAMPLES_MOST];
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "weir-bench-watch: %s: %s\n", what, why);
	exit(1);
}

static void *need(void *memory)
{
	if (!memory)
		die("no memory", "");
	return memory;
}

/* The cluster. */

static int append(void *context, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, context) == length ? 0 : -1;
}

static void note(struct documents *documents, char *text)
{
	if ((documents->count & (documents->count + 1)) == 0)
		documents->texts = need(realloc(
			documents->texts, (documents->count + 1) * 2 * sizeof(*documents->texts)));
	documents->texts[documents->count++] = text;
}

/* Into documents; only pods that run are taken for others to be like. */
static void cut(struct run *run)
{
	char *at = run->text;

	while (at) {
		char *next = strstr(at, "\n---\n");

		if (next)
			*next = '\0';
		if (strstr(at, "kind: Pod\n") && strstr(at, "phase: Running"))
			note(&run->pods, at);
		else if (strstr(at, "kind: NetworkPolicy\n"))
			note(&run->policies, at);
		at = next ? next + 5 : NULL;
	}
}

static void put_text(struct run *run, const char *text, size_t length)
{
	if (weir_live_cluster_read(run->live, "event", text, length))
		die("a text", "refused");
}

static void commit(struct run *run)
{
	struct weir_error error;

	if (weir_live_cluster_commit(run->live, &error))
		die("a batch", error.text);
	if (weir_slot_publish(run->slot, weir_live_cluster_policy(run->live)))
		die("a batch", "not published");
}

static struct run *begin(uint32_t pods)
{
	struct run *run = need(calloc(1, sizeof(*run)));
	struct gen_cluster_options options;
	struct weir_error error;
	FILE *out = need(open_memstream(&run->text, &run->length));

	run->dice.state = pods;
	gen_cluster_defaults(1, pods, GEN_MIX_USUAL, &options);
	if (gen_cluster_write(&options, append, out, &error) || fclose(out))
		die("the cluster", error.text);
	if (weir_live_cluster_create(NULL, &run->live, &error))
		die("the cluster", error.text);
	if (weir_slot_create(weir_live_cluster_policy(run->live), 2, NULL, &run->slot))
		die("a slot", "no memory");
	put_text(run, run->text, run->length);
	commit(run);
	cut(run);
	return run;
}

static void end(struct run *run)
{
	weir_live_cluster_destroy(run->live);
	weir_slot_destroy(run->slot);
	free(run->pods.texts);
	free(run->policies.texts);
	free(run->text);
	free(run);
}

/* The kinds of events. prepare is not timed. */

static const char *word_behind(const char *text, const char *before, char *out)
{
	const char *found = strstr(text, before);

	if (!found)
		die("a document lacks", before);
	found += strlen(before);
	snprintf(out, NAME_TEXT, "%.*s", (int)strcspn(found, ",}\n"), found);
	return found;
}

/* Of the range of its node, behind the pods that it has. */
static void spare_address(struct run *run, const char *like, char *out)
{
	unsigned parts[4] = { 0 };
	uint8_t *taken;

	word_behind(like, "\n  podIP: ", out);
	sscanf(out, "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]);
	taken = &run->on_node[(parts[1] & 255) * 256 + (parts[2] & 255)];
	snprintf(out, NAME_TEXT, "%u.%u.%u.%u", parts[0], parts[1], parts[2],
		 NODE_PODS + (*taken)++ % 190);
}

/* Another pod's document, with a name and an address of its own. */
static void make_pod(struct run *run)
{
	const char *like = run->pods.texts[dice_below(&run->dice, run->pods.count)];
	const char *meta = strstr(like, "\n  namespace: ") + 1;
	const char *address = strstr(like, "  hostIP: ");
	char spare[NAME_TEXT];

	word_behind(like, "\n  namespace: ", run->namespace_name);
	snprintf(run->name, sizeof(run->name), "new-%u", run->made++);
	spare_address(run, like, spare);
	snprintf(run->event, sizeof(run->event),
		 "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  annotations: {a: \"%0*d\"}\n"
		 "%.*s%.*s\n  podIP: %s\n",
		 run->name, ANNOTATION, 0, (int)(address - meta), meta, (int)strcspn(address, "\n"),
		 address, spare);
}

static void take(struct run *run)
{
	put_text(run, run->event, strlen(run->event));
	commit(run);
}

static void bring_pod(struct run *run)
{
	make_pod(run);
	take(run);
	snprintf(run->event, sizeof(run->event),
		 "{type: DELETED, object: {apiVersion: v1, kind: Pod, metadata: {name: %s, "
		 "namespace: %s, annotations: {a: \"%0*d\"}}}}",
		 run->name, run->namespace_name, ANNOTATION, 0);
}

/* What is read is what was read before. */
static void bring_and_repeat(struct run *run)
{
	make_pod(run);
	take(run);
}

static void take_policy(struct run *run)
{
	char name[NAME_TEXT], namespace_name[NAME_TEXT];

	run->policy = run->policies.texts[dice_below(&run->dice, run->policies.count)];
	word_behind(run->policy, "\n  name: ", name);
	word_behind(run->policy, "\n  namespace: ", namespace_name);
	if (weir_live_cluster_remove(run->live, "NetworkPolicy", namespace_name, name))
		die("a policy", "not there");
	commit(run);
	snprintf(run->event, sizeof(run->event), "%s", run->policy);
}

static const struct {
	const char *name;
	void (*prepare)(struct run *run);
	uint32_t samples;
} kinds[] = {
	{ "a pod comes, of a workload that has some", make_pod, 1000 },
	{ "a pod goes", bring_pod, 1000 },
	{ "a pod says what it said", bring_and_repeat, 1000 },
	{ "a policy comes", take_policy, 15 },
};

/* Answers. */

static struct weir_address random_address(struct run *run)
{
	return weir_address_from_ipv4((uint8_t[4]){ 10, 0, (uint8_t)dice_below(&run->dice, 3),
						    (uint8_t)dice_below(&run->dice, 40) });
}

static void compare(struct run *run, const char *name)
{
	const struct weir_semantics semantics = { 0 };
	struct weir_cluster *snapshot;

	if (weir_live_cluster_snapshot(run->live, &snapshot))
		die("a snapshot", "no memory");
	for (int i = 0; i < KEYS; i++) {
		const struct weir_key key = { .source = random_address(run),
					      .destination = random_address(run),
					      .destination_port = 8080,
					      .protocol = WEIR_PROTOCOL_TCP,
					      .flags = WEIR_KEY_BOTH };
		struct weir_verdict want, got;

		weir_cluster_judge(snapshot, &semantics, &key, &want);
		weir_policy_classify(weir_live_cluster_policy(run->live), &key, &got, 1);
		if (want.action != got.action || want.why != got.why)
			die("WRONG behind", name);
	}
	weir_cluster_destroy(snapshot);
}

static void take_samples(struct run *run, size_t kind, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		double from;

		kinds[kind].prepare(run);
		from = samples_clock();
		take(run);
		run->samples[i] = samples_clock() - from;
	}
	compare(run, kinds[kind].name);
}

static void measure(struct run *run, size_t kind, uint32_t pods)
{
	take_samples(run, kind, kinds[kind].samples);
	samples_print(kinds[kind].name, pods, run->samples, kinds[kind].samples);
}

static void measure_all(uint32_t pods)
{
	struct run *run = begin(pods);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		measure(run, i, pods);
	end(run);
}

static void check_all(void)
{
	struct run *run = begin(300);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		take_samples(run, i, 3);
	end(run);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--check") == 0) {
		check_all();
		return 0;
	}
	printf("| event | pods | median, us | 99 of 100, us | worst, us "
	       "|\n|---|---|---|---|---|\n");
	for (int i = 1; i < argc; i++)
		measure_all((uint32_t)strtoul(argv[i], NULL, 10));
	if (argc < 2)
		measure_all(10000);
	return 0;
}
