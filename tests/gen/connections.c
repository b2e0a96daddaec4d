/*
 * Connections from a seed: of the classes that were asked for, named and numbered as they are, and
 * judged alike by the reference and by the compiled policy.
 */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "subject.h"
#include "weir/directory.h"
#include "weir/policy.h"

enum { CLUSTERS = 12 };

static const uint32_t some[GEN_CLASSES] = { 100, 100, 20 };

static struct subject everything(uint64_t seed)
{
	struct gen_cluster_options options;

	gen_cluster_defaults(seed, 150, GEN_MIX_EVERYTHING, &options);
	return subject_make(&options);
}

static void as_many_are_found_as_are_wanted(void **state)
{
	struct subject subject = everything(1);
	struct gen_connections connections = subject_connections(&subject, 1, some);

	(void)state;
	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		uint32_t through = 0;

		assert_int_equal(connections.pools[i].count, some[i]);
		for (uint32_t j = 0; j < some[i]; j++)
			through += connections.pools[i].items[j].service != WEIR_NONE;
		assert_int_equal(through, i == GEN_UNRELATED ? 0 : some[i] / 5);
	}
	gen_connections_finish(&connections);
	subject_finish(&subject);
}

static void check_names(const struct subject *subject, const struct gen_connection *connection,
			enum gen_class kind)
{
	const struct weir_key *key = &connection->key;
	const uint32_t ends[2] = { connection->from, connection->to };
	const struct weir_address *addresses[2] = { &key->source, &key->destination };

	assert_int_equal(key->source_port, 0);
	assert_int_equal(key->flags, WEIR_KEY_BOTH);
	if (kind == GEN_UNRELATED)
		assert_true(ends[0] == WEIR_NONE && ends[1] == WEIR_NONE);
	else
		assert_true(ends[0] != WEIR_NONE || ends[1] != WEIR_NONE);
	for (int i = 0; i < 2; i++) {
		const struct weir_endpoint *endpoint;
		bool is_one = false;

		if (ends[i] == WEIR_NONE)
			continue;
		endpoint = &subject->resolved->endpoints[ends[i]];
		for (uint32_t j = 0; j < endpoint->address_count; j++)
			is_one |= weir_address_equal(&endpoint->addresses[j], addresses[i]);
		assert_true(is_one);
	}
}

static void ends_are_whose_their_addresses_are(void **state)
{
	struct subject subject = everything(2);
	struct gen_connections connections = subject_connections(&subject, 2, some);

	(void)state;
	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		for (uint32_t j = 0; j < connections.pools[i].count; j++)
			check_names(&subject, &connections.pools[i].items[j], (enum gen_class)i);
	gen_connections_finish(&connections);
	subject_finish(&subject);
}

static void equal_sources_have_equal_numbers(void **state)
{
	struct subject subject = everything(3);
	struct gen_connections connections = subject_connections(&subject, 3, some);
	const struct gen_pool *pool = &connections.pools[GEN_DENIED];

	(void)state;
	for (uint32_t i = 0; i < pool->count; i++)
		for (uint32_t j = 0; j < pool->count; j++) {
			assert_true(pool->items[i].source < connections.source_count);
			assert_int_equal(pool->items[i].source == pool->items[j].source,
					 weir_address_equal(&pool->items[i].key.source,
							    &pool->items[j].key.source));
		}
	gen_connections_finish(&connections);
	subject_finish(&subject);
}

static void ports_that_mean_something_are_taken(void **state)
{
	struct subject subject = everything(4);
	struct gen_connections connections = subject_connections(&subject, 4, some);
	uint32_t free_ports = 0;

	(void)state;
	assert_true(gen_port_is_taken(&connections, 8080)); /* of containers */
	assert_true(gen_port_is_taken(&connections, 80));   /* of services */
	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		for (uint32_t j = 0; j < connections.pools[i].count; j++)
			assert_true(gen_port_is_taken(
				&connections, connections.pools[i].items[j].key.destination_port));
	for (uint32_t port = 32768; port < GEN_PORTS; port++)
		free_ports += !gen_port_is_taken(&connections, (uint16_t)port);
	assert_true(free_ports > 32000);
	gen_connections_finish(&connections);
	subject_finish(&subject);
}

static void equal_seeds_draw_equal_connections(void **state)
{
	struct subject subject = everything(5);
	struct gen_connections one = subject_connections(&subject, 5, some);
	struct gen_connections same = subject_connections(&subject, 5, some);
	struct gen_connections other = subject_connections(&subject, 6, some);
	size_t bytes = some[GEN_DENIED] * sizeof(*one.pools[GEN_DENIED].items);

	(void)state;
	assert_memory_equal(one.pools[GEN_DENIED].items, same.pools[GEN_DENIED].items, bytes);
	assert_memory_not_equal(one.pools[GEN_DENIED].items, other.pools[GEN_DENIED].items, bytes);
	gen_connections_finish(&one);
	gen_connections_finish(&same);
	gen_connections_finish(&other);
	subject_finish(&subject);
}

static void check_with_compiled(const struct subject *subject, const struct weir_policy *policy,
				uint64_t seed)
{
	struct gen_connections connections = subject_connections(subject, seed, some);

	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		for (uint32_t j = 0; j < connections.pools[i].count; j++) {
			struct weir_verdict verdict;

			weir_policy_classify(policy, &connections.pools[i].items[j].key, &verdict,
					     1);
			if (verdict.action != gen_class_verdict((enum gen_class)i))
				fail_msg("seed %llu: connection %u of class %u",
					 (unsigned long long)seed, j, i);
		}
	gen_connections_finish(&connections);
}

static void the_compiled_policy_agrees(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= CLUSTERS; seed++) {
		struct weir_compile_options options = { 0 };
		struct subject subject = everything(seed);
		struct weir_policy *policy = NULL;

		assert_int_equal(weir_compile(subject.resolved, &options, &policy, NULL), 0);
		check_with_compiled(&subject, policy, seed);
		weir_policy_unref(policy);
		subject_finish(&subject);
	}
}

static const char two_pods[] =
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nspec: {nodeName: node-1}\n"
	"status: {phase: Running, podIPs: [{ip: 10.0.0.1}]}\n---\n"
	"apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x}\nspec: {nodeName: node-1}\n"
	"status: {phase: Running, podIPs: [{ip: 10.0.0.2}]}\n";

static void what_is_not_there_is_told(void **state)
{
	static const struct {
		uint32_t wanted[GEN_CLASSES];
		int status;
		const char *words;
	} rows[] = {
		{ { 10, 0, 0 }, 0, "" },
		{ { 10, 0, 10 }, 0, "" },
		{ { 0, 0, 0 }, 0, "" },
		{ { 10, 1, 0 },
		  -EINVAL,
		  "no denied connection was found: do the policies deny anything?" },
	};
	struct subject subject = subject_of(two_pods, strlen(two_pods));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gen_connections_options options = { .seed = 1 };
		struct gen_connections connections;
		struct weir_error error = { "" };

		memcpy(options.wanted, rows[i].wanted, sizeof(options.wanted));
		assert_int_equal(gen_connections_draw(subject.cluster, subject.resolved, &options,
						      &connections, &error),
				 rows[i].status);
		assert_string_equal(error.text, rows[i].words);
		gen_connections_finish(&connections);
	}
	subject_finish(&subject);
}

/* There are no services here: their share comes to nothing, and the rest is found. */
static void without_services_there_is_less(void **state)
{
	struct subject subject = subject_of(two_pods, strlen(two_pods));
	struct gen_connections connections =
		subject_connections(&subject, 1, (const uint32_t[GEN_CLASSES]){ 50, 0, 0 });

	(void)state;
	assert_int_equal(connections.pools[GEN_ALLOWED].count, 40);
	gen_connections_finish(&connections);
	subject_finish(&subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_are_found_as_are_wanted),
		cmocka_unit_test(ends_are_whose_their_addresses_are),
		cmocka_unit_test(equal_sources_have_equal_numbers),
		cmocka_unit_test(ports_that_mean_something_are_taken),
		cmocka_unit_test(equal_seeds_draw_equal_connections),
		cmocka_unit_test(the_compiled_policy_agrees),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(without_services_there_is_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
