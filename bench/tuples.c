#include "tuples.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_ipv4(const struct weir_key *key)
{
	return weir_address_is_ipv4(&key->source) && weir_address_is_ipv4(&key->destination);
}

static struct bench_tuple tuple_of(const struct weir_key *key)
{
	struct bench_tuple tuple = {
		.protocol = key->protocol,
		.is_same = weir_address_equal(&key->source, &key->destination),
		.source_port = htons(key->source_port),
		.destination_port = htons(key->destination_port),
	};

	memcpy(&tuple.source, &key->source.bytes[12], sizeof(tuple.source));
	memcpy(&tuple.destination, &key->destination.bytes[12], sizeof(tuple.destination));
	return tuple;
}

static void release(void *keys)
{
	struct bench_taken *taken = keys;

	if (!taken)
		return;
	free(taken->tuples);
	free(taken->data);
	free(taken->actions);
	free(taken);
}

static int take(const void *built, const struct weir_key *keys, size_t n, void **out,
		struct weir_error *error)
{
	struct bench_taken *taken = calloc(1, sizeof(*taken));

	(void)built;
	if (!taken)
		return bench_decline(error, -ENOMEM, "no memory");
	taken->tuples = calloc(n + 1, sizeof(*taken->tuples));
	taken->data = calloc(n + 1, sizeof(*taken->data));
	taken->actions = calloc(n + 1, 1);
	if (!taken->tuples || !taken->data || !taken->actions) {
		release(taken);
		return bench_decline(error, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_ipv4(&keys[i])) {
			release(taken);
			return bench_decline(error, -ENOTSUP, "it has IPv4 only");
		}
		taken->tuples[i] = tuple_of(&keys[i]);
		taken->data[i] = (const uint8_t *)&taken->tuples[i];
	}
	taken->halves[WEIR_EGRESS] = n && keys[0].flags & WEIR_KEY_EGRESS;
	taken->halves[WEIR_INGRESS] = n && keys[0].flags & WEIR_KEY_INGRESS;
	*out = taken;
	return 0;
}

static uint8_t answer(const void *keys, size_t i)
{
	const struct bench_taken *taken = keys;

	return taken->actions[i];
}

const struct bench_intake bench_tuples = { take, answer, release };
