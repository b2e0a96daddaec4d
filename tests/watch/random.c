/*
 * A live cluster beside the specification read aloud: documents of hostile clusters come, take the
 * place of others of their name, and go, in batches of a few. Behind each batch its policy is asked
 * what the reference judges of the same documents read afresh: verdicts, reasons and rules.
 *
 *	random [SEQUENCES [SEED]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "keys.h"
#include "reference.h"
#include "subject.h"
#include "weir/live_cluster.h"

enum {
	SOURCES = 3,      /* clusters that documents come from */
	DOCUMENTS = 1024, /* of all sources, at most */
	BATCHES = 12,
	BATCH_MOST = 6,
	KEYS = 60,
	NAME_TEXT = 160,
	EVENT_TEXT = 512,
};

struct document {
	const char *text;
	size_t length;
	char kind[40];
	char namespace_name[64];
	char name[64];
	bool is_in;  /* now */
	bool was_in; /* behind the last batch */
};

struct run {
	uint64_t seed;
	struct dice dice;
	struct hostile sources[SOURCES];
	struct document documents[DOCUMENTS];
	uint32_t count;
	struct weir_semantics semantics;
	struct weir_live_cluster *live;
	unsigned batch;
	struct weir_prefix small;             /* for pods without an address, or of length 0 */
	struct weir_node_address in_small[2]; /* some of it is of nodes */
};

static _Noreturn void die(const struct run *run, const char *what)
{
	printf("seed %" PRIu64 " batch %u: %s\n", run->seed, run->batch, what);
	exit(1);
}

/* Documents. */

static void read_word(const char *text, const char *end, const char *before, char *out, size_t size)
{
	const char *found = strstr(text, before);

	out[0] = '\0';
	if (!found || found >= end)
		return;
	found += strlen(before);
	snprintf(out, size, "%.*s", (int)strcspn(found, "\n}"), found);
}

static bool is_cluster_scoped(const char *kind)
{
	return strcmp(kind, "Node") == 0 || strcmp(kind, "Namespace") == 0 ||
	       (strcmp(kind, "NetworkPolicy") != 0 && strstr(kind, "NetworkPolicy"));
}

static void add_document(struct run *run, const char *text, const char *end)
{
	struct document *document = &run->documents[run->count++];

	if (run->count >= DOCUMENTS)
		die(run, "too many documents");
	document->text = text;
	document->length = (size_t)(end - text);
	read_word(text, end, "kind: ", document->kind, sizeof(document->kind));
	read_word(text, end, "\n  name: ", document->name, sizeof(document->name));
	if (!document->name[0])
		read_word(text, end, "metadata: {name: ", document->name, sizeof(document->name));
	read_word(text, end, "\n  namespace: ", document->namespace_name,
		  sizeof(document->namespace_name));
	if (is_cluster_scoped(document->kind))
		document->namespace_name[0] = '\0';
	else if (!document->namespace_name[0])
		strcpy(document->namespace_name, "default");
}

static void add_source(struct run *run, const struct hostile *source)
{
	const char *text = strstr(source->yaml, "---\n");

	while (text) {
		const char *next = strstr(text + 1, "---\n");

		add_document(run, text, next ? next : source->yaml + source->length);
		text = next;
	}
}

static bool same_name(const struct document *a, const struct document *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->namespace_name, b->namespace_name) == 0;
}

/* Pods of all sources have owners at times: some that are there, and some that are not. */
static void own_some(struct run *run, struct hostile *source)
{
	static const char *const owners[] = { "ReplicaSet, name: web-5d",
					      "ReplicaSet, name: web-6f",
					      "StatefulSet, name: workload-0",
					      "Deployment, name: workload-1", "Job, name: once" };
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	const char *at = source->yaml;
	const char *next;

	while (out && (next = strstr(at, "kind: Pod\nmetadata:\n"))) {
		next += strlen("kind: Pod\nmetadata:\n");
		fwrite(at, 1, (size_t)(next - at), out);
		if (dice_one_in(&run->dice, 2))
			fprintf(out,
				"  ownerReferences:\n  - {apiVersion: apps/v1, kind: %s, uid: u, "
				"controller: true}\n",
				DICE_PICK(&run->dice, owners));
		at = next;
	}
	if (!out)
		die(run, "no memory");
	fputs(at, out);
	fclose(out);
	free(source->yaml);
	source->yaml = text;
	source->length = length;
}

static void open_sources(struct run *run)
{
	struct hostile_shape shape = hostile_draw_shape(run->seed);

	shape.pods = shape.pods > 30 ? 30 : shape.pods;
	shape.policies = shape.policies > 8 ? 8 : shape.policies;
	for (int i = 0; i < SOURCES; i++) {
		if (!hostile_make(dice_next(&run->dice), &shape, &run->sources[i]))
			die(run, "no memory");
		own_some(run, &run->sources[i]);
		add_source(run, &run->sources[i]);
	}
}

/* Changes, made to the model and to the live cluster. */

static void put(struct run *run, struct document *document)
{
	for (uint32_t i = 0; i < run->count; i++) {
		if (same_name(&run->documents[i], document))
			run->documents[i].is_in = false;
	}
	document->is_in = true;
	if (weir_live_cluster_read(run->live, "put", document->text, document->length))
		die(run, "a document is refused");
}

static void delete_by_event(struct run *run, const struct document *document)
{
	char text[EVENT_TEXT];
	char version[80];

	read_word(document->text, document->text + document->length, "apiVersion: ", version,
		  sizeof(version));
	snprintf(text, sizeof(text),
		 "{\"type\":\"DELETED\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"%s\","
		 "\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"}}}\n",
		 document->kind, version, document->name, document->namespace_name);
	if (weir_live_cluster_read(run->live, "event", text, strlen(text)))
		die(run, "an event is refused");
}

static void delete (struct run *run, struct document *document)
{
	bool was_in = false;

	for (uint32_t i = 0; i < run->count; i++) {
		if (!same_name(&run->documents[i], document))
			continue;
		was_in = was_in || run->documents[i].is_in;
		run->documents[i].is_in = false;
	}
	if (dice_one_in(&run->dice, 2))
		delete_by_event(run, document);
	else if (!weir_live_cluster_remove(run->live, document->kind, document->namespace_name,
					   document->name) != was_in)
		die(run, "what is there is not known");
}

/* Mostly pods, as in clusters. */
static struct document *draw(struct run *run)
{
	struct document *document;

	do {
		document = &run->documents[dice_below(&run->dice, run->count)];
	} while (strcmp(document->kind, "Pod") != 0 && !dice_one_in(&run->dice, 3));
	return document;
}

static void change(struct run *run)
{
	struct document *document = draw(run);

	if (dice_one_in(&run->dice, 4))
		delete (run, document);
	else
		put(run, document);
}

/* Comparing. */

static struct weir_cluster_options options_of(const struct run *run)
{
	return (struct weir_cluster_options){
		.pod_cidr_ipv4 = run->small,
		.cluster_cidrs = run->sources[0].cluster_cidrs,
		.cluster_cidr_count = run->sources[0].cluster_cidr_count,
		.node_addresses = run->in_small,
		.node_address_count = run->small.length ? 2 : 0,
	};
}

static struct weir_cluster *read_afresh(const struct run *run)
{
	const struct weir_cluster_options options = options_of(run);
	struct weir_cluster *cluster;

	if (weir_cluster_create(&options, &cluster))
		die(run, "no memory");
	for (uint32_t i = 0; i < run->count; i++) {
		const struct document *document = &run->documents[i];

		if (document->is_in && weir_cluster_read(cluster, "afresh", WEIR_FOUND_NAMED,
							 document->text, document->length))
			die(run, "not read afresh");
	}
	if (weir_cluster_finish(cluster))
		die(run, "not finished");
	return cluster;
}

static void show(const struct run *run, const struct subject *subject, const struct weir_key *key,
		 const struct k8s_judgement *want, struct weir_verdict got)
{
	struct subject frozen = *subject;
	struct weir_error error;

	subject_print(subject, key, want, got);
	if (!weir_live_cluster_freeze(run->live, &frozen.policy, &error)) {
		printf("frozen:\n");
		subject_print(&frozen, key, want, got);
		weir_policy_unref(frozen.policy);
	}
	for (uint32_t i = 0; i < run->count && getenv("WATCH_SHOW"); i++) {
		if (run->documents[i].is_in)
			fwrite(run->documents[i].text, 1, run->documents[i].length, stdout);
	}
	die(run, "differs");
}

static void compare(const struct run *run)
{
	struct subject subject = { .semantics = run->semantics };
	struct weir_error error;
	struct keys keys;

	subject.cluster = read_afresh(run);
	if (!subject_open(&subject, &error))
		die(run, error.text);
	weir_policy_unref(subject.policy);
	subject.policy = weir_live_cluster_policy(run->live);
	if (keys_init(&keys, subject.cluster, run->seed + run->batch))
		die(run, "no memory");
	for (int i = 0; i < KEYS; i++) {
		struct weir_key key = keys_next(&keys);
		struct k8s_judgement want;
		struct weir_verdict got;

		k8s_reference_judge(subject.cluster, &subject.semantics, &key, &want);
		weir_policy_classify(subject.policy, &key, &got, 1);
		if (!subject_same_verdict(&want, got) ||
		    !subject_explains(subject.policy, &key, &want))
			show(run, &subject, &key, &want, got);
	}
	keys_finish(&keys);
	weir_resolved_destroy(subject.resolved);
	weir_cluster_destroy(subject.cluster);
}

static void commit(struct run *run)
{
	struct weir_error error;

	if (dice_one_in(&run->dice, 8)) {
		weir_live_cluster_drop(run->live);
		for (uint32_t i = 0; i < run->count; i++)
			run->documents[i].is_in = run->documents[i].was_in;
	}
	if (weir_live_cluster_commit(run->live, &error))
		die(run, error.text);
	for (uint32_t i = 0; i < run->count; i++)
		run->documents[i].was_in = run->documents[i].is_in;
}

static void begin(struct run *run)
{
	struct weir_live_cluster_options options = {
		.objects = options_of(run),
		.semantics = run->semantics,
		.services = dice_one_in(&run->dice, 4),
	};
	struct weir_error error;

	if (weir_live_cluster_create(&options, &run->live, &error))
		die(run, error.text);
	for (uint32_t i = 0; i < run->count; i++) {
		if (!dice_one_in(&run->dice, 3))
			put(run, &run->documents[i]);
	}
}

/* At times pods without an address get theirs where others show some, so that they give way to
 * these and to each other. */
static void choose_range(struct run *run)
{
	static const char text[] = "10.0.0.0/23";

	if (!dice_one_in(&run->dice, 3))
		return;
	if (weir_prefix_parse(text, strlen(text), &run->small, NULL))
		die(run, "no range");
	for (uint8_t i = 0; i < 2; i++) {
		const uint8_t bytes[4] = { 10, 0, i, (uint8_t)dice_below(&run->dice, 256) };

		run->in_small[i].node = i ? "node-1" : "elsewhere";
		run->in_small[i].address = weir_address_from_ipv4(bytes);
	}
}

static void sequence(uint64_t seed)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		exit(1);
	run->seed = seed;
	run->dice.state = seed;
	run->semantics.ipblock_pods = (uint8_t)(seed % 2);
	run->semantics.own_node = (uint8_t)(seed / 2 % 2);
	open_sources(run);
	choose_range(run);
	begin(run);
	for (run->batch = 0; run->batch < BATCHES; run->batch++) {
		commit(run);
		compare(run);
		for (uint32_t i = 1 + dice_below(&run->dice, BATCH_MOST); i > 0; i--)
			change(run);
	}
	weir_live_cluster_destroy(run->live);
	for (int i = 0; i < SOURCES; i++)
		hostile_release(&run->sources[i]);
	free(run);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 60;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	for (uint64_t i = 0; i < count; i++)
		sequence(seed + i);
	return 0;
}
