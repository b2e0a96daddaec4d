/* Which rules one side of a connection was compared with, and what of each matched. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "weir/address.h"
#include "weir/resolved.h"

enum { T = WEIR_PROTOCOL_TCP, U = WEIR_PROTOCOL_UDP, I = WEIR_PROTOCOL_ICMP };

/* A rule is written origin:peer:port, where - is no match, * one without an entry. */
static const struct considered_case {
	const char *name;
	const char *from;
	const char *to;
	uint8_t protocol;
	uint16_t port;
	uint8_t direction;
	const char *want;
} cases[] = {
	{ "a port matches, no peer does", "10.0.0.3", "10.0.0.2", T, 8080, WEIR_INGRESS,
	  "0:-:0 0:*:-" },
	{ "a peer matches, no port does", "198.51.100.1", "10.0.0.2", T, 9999, WEIR_INGRESS,
	  "0:1:- 0:*:-" },
	{ "an address in a hole is no peer", "198.51.100.128", "10.0.0.2", T, 9999, WEIR_INGRESS,
	  "0:-:- 0:*:-" },
	{ "all of a rule matches", "10.0.0.1", "10.0.0.2", T, 8080, WEIR_INGRESS, "0:0:0 0:*:-" },
	{ "rules with ports never match ICMP", "10.0.0.1", "10.0.0.2", I, 0, WEIR_INGRESS,
	  "0:0:- 0:*:-" },
	{ "a rule without ports is for every port", "10.0.0.2", "10.0.0.3", U, 1, WEIR_INGRESS,
	  "1:-:*" },
	{ "a named port is the destination's", "10.0.0.3", "10.0.0.2", T, 8080, WEIR_EGRESS,
	  "1:0:0" },
	{ "the name has another number there", "10.0.0.3", "10.0.0.2", T, 9090, WEIR_EGRESS,
	  "1:0:-" },
	{ "a block is a peer", "10.0.0.6", "10.0.0.1", T, 1, WEIR_EGRESS, "3:0:*" },
	{ "no rule has the pod as its subject", "10.0.0.1", "10.0.0.2", T, 8080, WEIR_EGRESS, "" },
	{ "outside is nobody's subject", "10.0.0.2", "198.51.100.1", T, 8080, WEIR_INGRESS, "" },
	{ "nor is a node", "10.0.0.2", "192.168.0.1", T, 8080, WEIR_INGRESS, "" },
	{ "tiers in the order in which they are tried", "10.0.0.1", "10.0.0.4", T, 3, WEIR_INGRESS,
	  "2:*:- 2:*:- 2:*:0 2:*:- 2:*:0 2:*:- 2:*:- 2:*:0 2:*:-" },
	{ "a pod that may be a peer counts as one", "10.0.0.99", "10.0.0.2", T, 8080, WEIR_INGRESS,
	  "0:0:0 0:*:-" },
	{ "a pod that nobody knows is no certain subject", "10.0.0.99", "10.0.0.2", T, 8080,
	  WEIR_EGRESS, "" },
};

static void add_entry(FILE *out, bool matches, uint32_t entry)
{
	if (!matches)
		fputs(":-", out);
	else if (entry == WEIR_NONE)
		fputs(":*", out);
	else
		fprintf(out, ":%u", entry);
}

static void in_words(const struct weir_considered *rules, size_t count, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	assert_non_null(out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%u", i ? " " : "", rules[i].rule);
		add_entry(out, rules[i].peer_matches, rules[i].peer);
		add_entry(out, rules[i].port_matches, rules[i].port);
	}
	fputc('\0', out);
	assert_int_equal(fclose(out), 0);
}

static struct weir_policy *compile(void)
{
	struct weir_policy *policy = NULL;
	struct weir_error error = { "" };

	if (weir_compile(&scene, NULL, &policy, &error))
		fail_msg("%s", error.text);
	return policy;
}

static struct weir_key key_of(const struct considered_case *row)
{
	struct weir_key key = { .protocol = row->protocol,
				.destination_port = row->port,
				.icmp_type = row->protocol == I ? 8 : 0,
				.flags = WEIR_KEY_EGRESS | WEIR_KEY_INGRESS };

	assert_int_equal(weir_address_parse(row->from, strlen(row->from), &key.source), 0);
	assert_int_equal(weir_address_parse(row->to, strlen(row->to), &key.destination), 0);
	return key;
}

static void rules_are_listed_with_what_matches(void **state)
{
	struct weir_policy *policy = compile();

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct weir_key key = key_of(&cases[i]);
		struct weir_considered rules[16];
		char text[256];
		size_t count = weir_policy_considered(policy, &key, cases[i].direction, rules, 16);

		assert_in_range(count, 0, COUNT(rules));
		in_words(rules, count, text, sizeof(text));
		if (strcmp(text, cases[i].want) != 0)
			fail_msg("%s: wanted \"%s\", got \"%s\"", cases[i].name, cases[i].want,
				 text);
	}
	weir_policy_unref(policy);
}

static void no_more_than_size_is_written(void **state)
{
	struct weir_policy *policy = compile();
	struct weir_key key = key_of(&cases[0]);
	struct weir_considered rules[2] = { { .rule = 77 }, { .rule = 77 } };

	(void)state;
	assert_int_equal(weir_policy_considered(policy, &key, WEIR_INGRESS, NULL, 0), 2);
	assert_int_equal(weir_policy_considered(policy, &key, WEIR_INGRESS, rules, 1), 2);
	assert_int_equal(rules[0].rule, 0);
	assert_int_equal(rules[1].rule, 77);
	weir_policy_unref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_listed_with_what_matches),
		cmocka_unit_test(no_more_than_size_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
