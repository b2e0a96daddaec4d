/*
 * Readers beside a stream of events: the two pods of a burst are relabelled in one batch, so a
 * burst that judges them differently has seen half of one.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/live_cluster.h"
#include "weir/slot.h"

enum {
	READERS = 2,
	BATCHES = 400,
	BURST = 32,
};

static const char begin[] =
	"{apiVersion: v1, kind: Pod, metadata: {name: db, labels: {app: db}}, status: {podIP: "
	"10.0.0.1}}\n---\n"
	"{apiVersion: v1, kind: Pod, metadata: {name: other, labels: {app: web}}, status: {podIP: "
	"10.0.0.9}}\n---\n"
	"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db}, spec: "
	"{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: "
	"{app: web}}}]}]}}\n";

struct reader {
	struct weir_slot *slot;
	_Atomic bool *stop;
	uint32_t number;
	unsigned long torn;
	unsigned long seen[3]; /* by action */
};

static struct weir_address address(uint8_t host)
{
	return weir_address_from_ipv4((uint8_t[4]){ 10, 0, 0, host });
}

static void *ask(void *argument)
{
	struct reader *reader = argument;
	struct weir_key keys[BURST] = { 0 };
	struct weir_verdict verdicts[BURST];

	for (int i = 0; i < BURST; i++)
		keys[i] = (struct weir_key){ .source = address((uint8_t)(2 + i % 2)),
					     .destination = address(1),
					     .destination_port = 80,
					     .protocol = WEIR_PROTOCOL_TCP,
					     .flags = WEIR_KEY_BOTH };
	while (!atomic_load(reader->stop)) {
		uint64_t generation;
		const struct weir_policy *policy =
			weir_slot_enter(reader->slot, reader->number, &generation);

		weir_policy_classify(policy, keys, verdicts, BURST);
		for (int i = 0; i < BURST; i++)
			reader->torn += verdicts[i].action != verdicts[0].action;
		reader->seen[verdicts[0].action % 3]++;
	}
	weir_slot_rest(reader->slot, reader->number);
	return NULL;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static void relabel(struct weir_live_cluster *live, struct weir_slot *slot, const char *app)
{
	struct weir_error error;
	char text[512];

	snprintf(text, sizeof(text),
		 "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: %s}}, status: "
		 "{podIP: 10.0.0.2}}\n---\n"
		 "{apiVersion: v1, kind: Pod, metadata: {name: b, labels: {app: %s}}, status: "
		 "{podIP: 10.0.0.3}}\n",
		 app, app);
	if (weir_live_cluster_read(live, "event", text, strlen(text)) ||
	    weir_live_cluster_commit(live, &error) ||
	    weir_slot_publish(slot, weir_live_cluster_policy(live)))
		die("a batch fails");
}

int main(void)
{
	struct weir_live_cluster *live;
	struct reader readers[READERS];
	pthread_t threads[READERS];
	struct weir_slot *slot;
	_Atomic bool stop = false;
	unsigned long torn = 0;

	if (weir_live_cluster_create(NULL, &live, NULL) ||
	    weir_live_cluster_read(live, "begin", begin, strlen(begin)) ||
	    weir_slot_create(weir_live_cluster_policy(live), READERS, NULL, &slot))
		die("cannot begin");
	relabel(live, slot, "web");
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .slot = slot, .stop = &stop };
		if (weir_slot_join(slot, &readers[i].number) ||
		    pthread_create(&threads[i], NULL, ask, &readers[i]))
			die("no reader");
	}
	for (int i = 0; i < BATCHES; i++)
		relabel(live, slot, i % 2 ? "web" : "old");
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		weir_slot_leave(slot, readers[i].number);
		torn += readers[i].torn;
	}
	weir_live_cluster_destroy(live);
	weir_slot_destroy(slot);
	printf("torn bursts: %lu\n", torn);
	return torn != 0;
}
