/* A linear scan of the expanded rules: the first match decides. */
#include "engines.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "by_direction.h"
#include "expand.h"
#include "tuples.h"

enum {
	MAX_RULES = 50000, /* beyond, a verdict takes tens of microseconds and more */
};

struct row {
	uint32_t source;
	uint32_t source_mask;
	uint32_t destination;
	uint32_t destination_mask;
	uint16_t first_port;
	uint16_t port_span;
	uint8_t protocol;
	uint8_t protocol_mask;
	uint8_t allows;
};

struct built {
	struct row *rows[2];
	size_t count[2];
};

static uint32_t mask_of(unsigned length)
{
	return length ? htonl(~0u << (32 - length)) : 0;
}

static struct row row_of(const struct bench_acl_rule *rule)
{
	return (struct row){
		.source = htonl(rule->source.address),
		.source_mask = mask_of(rule->source.length),
		.destination = htonl(rule->destination.address),
		.destination_mask = mask_of(rule->destination.length),
		.first_port = rule->first_port,
		.port_span = (uint16_t)(rule->last_port - rule->first_port),
		.protocol = rule->protocol,
		.protocol_mask = rule->protocol ? 0xff : 0,
		.allows = rule->allows,
	};
}

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	free(built->rows[0]);
	free(built->rows[1]);
	free(built);
}

static int build_half(const struct bench_policy *policy, const struct bench_limits *limits,
		      enum weir_direction direction, void *engine, struct weir_error *error)
{
	struct built *built = engine;
	size_t most = limits->max_rules < MAX_RULES ? limits->max_rules : MAX_RULES;
	struct bench_acl acl;
	int status = bench_expand(policy, direction, BENCH_BY_ADDRESS, most, &acl);

	if (status == -ERANGE)
		return bench_decline(error, status, "more than %zu rules", most);
	if (status)
		return status;
	built->rows[direction] = calloc(acl.count + 1, sizeof(struct row));
	for (size_t i = 0; built->rows[direction] && i < acl.count; i++)
		built->rows[direction][i] = row_of(&acl.rules[i]);
	built->count[direction] = acl.count;
	bench_acl_finish(&acl);
	return built->rows[direction] ? 0 : -ENOMEM;
}

static const struct bench_by_direction form = { sizeof(struct built), build_half };

static bool matches(const struct row *row, const struct bench_tuple *tuple)
{
	uint16_t port = ntohs(tuple->destination_port);

	return ((tuple->source ^ row->source) & row->source_mask) == 0 &&
	       ((tuple->destination ^ row->destination) & row->destination_mask) == 0 &&
	       ((tuple->protocol ^ row->protocol) & row->protocol_mask) == 0 &&
	       (uint16_t)(port - row->first_port) <= row->port_span;
}

static bool half_allows(const struct row *rows, size_t count, const struct bench_tuple *tuple)
{
	for (size_t i = 0; i < count; i++)
		if (matches(&rows[i], tuple))
			return rows[i].allows;
	return true;
}

static void classify(const struct bench_engine *engine, const void *rules, void *keys, size_t first,
		     size_t n)
{
	const struct built *built = rules;
	struct bench_taken *taken = keys;

	(void)engine;
	for (size_t i = first; i < first + n; i++) {
		const struct bench_tuple *tuple = &taken->tuples[i];
		bool allows = true;

		for (unsigned d = 0; d < 2 && allows && !tuple->is_same; d++)
			if (taken->halves[d])
				allows = half_allows(built->rows[d], built->count[d], tuple);
		taken->actions[i] = allows;
	}
}

static size_t bytes(const void *engine)
{
	const struct built *built = engine;

	return (built->count[0] + built->count[1]) * sizeof(struct row);
}

const struct bench_engine bench_linear = {
	.name = "linear",
	.summary = "a scan of rules of addresses, the first match decides",
	.is_peer = true,
	.form = &form,
	.build = bench_build_by_direction,
	.intake = &bench_tuples,
	.classify = classify,
	.bytes = bytes,
	.destroy = destroy,
};
