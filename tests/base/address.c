/* Addresses and prefixes: what is read, what is refused, what is written. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "weir/address.h"

static const struct {
	const char *text;
	const char *written; /* NULL: refused */
} addresses[] = {
	{ "10.0.0.1", "10.0.0.1" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "fd00::1", "fd00::1" },
	{ "FD00:0:0:0:0:0:0:1", "fd00::1" },
	{ "::ffff:10.0.0.1", "10.0.0.1" },
	{ "::", "::" },
	{ "10.0.0", NULL },
	{ "10.0.0.256", NULL },
	{ "10.0.0.01", NULL },
	{ "10.0.0.1 ", NULL },
	{ "", NULL },
	{ "fe80::1%eth0", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
};

static void addresses_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct weir_address address;
		char text[WEIR_ADDRESS_TEXT];
		int status =
			weir_address_parse(addresses[i].text, strlen(addresses[i].text), &address);

		assert_int_equal(status, addresses[i].written ? 0 : -EINVAL);
		if (!addresses[i].written)
			continue;
		weir_address_format(&address, text);
		assert_string_equal(text, addresses[i].written);
	}
}

static const struct {
	const char *text;
	const char *written; /* NULL: refused */
	bool host_bits;
} prefixes[] = {
	{ "10.0.0.0/8", "10.0.0.0/8", false },
	{ "10.10.1.12/24", "10.10.1.0/24", true },
	{ "0.0.0.0/0", "0.0.0.0/0", false },
	{ "10.0.0.1/32", "10.0.0.1/32", false },
	{ "fd00::/8", "fd00::/8", false },
	{ "fd00::1/64", "fd00::/64", true },
	{ "::/0", "::/0", false },
	{ "10.0.0.0/33", NULL, false },
	{ "10.0.0.0/08", NULL, false },
	{ "10.0.0.0/-1", NULL, false },
	{ "10.0.0.0/", NULL, false },
	{ "10.0.0.0", NULL, false },
	{ "fd00::/129", NULL, false },
	{ "/8", NULL, false },
};

static void prefixes_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct weir_prefix prefix;
		char text[WEIR_PREFIX_TEXT];
		bool host_bits;
		int status = weir_prefix_parse(prefixes[i].text, strlen(prefixes[i].text), &prefix,
					       &host_bits);

		assert_int_equal(status, prefixes[i].written ? 0 : -EINVAL);
		if (!prefixes[i].written)
			continue;
		weir_prefix_format(&prefix, text);
		assert_string_equal(text, prefixes[i].written);
		assert_int_equal(host_bits, prefixes[i].host_bits);
	}
}

static struct weir_address address_of(const char *text)
{
	struct weir_address address;

	assert_int_equal(weir_address_parse(text, strlen(text), &address), 0);
	return address;
}

static struct weir_prefix prefix_of(const char *text)
{
	struct weir_prefix prefix;

	assert_int_equal(weir_prefix_parse(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

static const struct {
	const char *prefix;
	const char *address;
	bool inside;
} containments[] = {
	{ "10.0.0.0/8", "10.255.255.255", true }, { "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/9", "10.127.255.255", true }, { "10.0.0.0/9", "10.128.0.0", false },
	{ "0.0.0.0/0", "1.2.3.4", true },         { "0.0.0.0/0", "fd00::1", false },
	{ "fd00::/8", "fd12::1", true },          { "fd00::/8", "fe12::1", false },
	{ "10.0.0.1/32", "10.0.0.1", true },      { "10.0.0.1/32", "10.0.0.0", false },
};

static void prefixes_contain_their_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(containments); i++) {
		struct weir_prefix prefix = prefix_of(containments[i].prefix);
		struct weir_address address = address_of(containments[i].address);

		assert_int_equal(weir_prefix_contains(&prefix, &address), containments[i].inside);
	}
}

static void a_prefix_covers_itself_and_longer_ones(void **state)
{
	struct weir_prefix wide = prefix_of("10.0.0.0/8");
	struct weir_prefix narrow = prefix_of("10.1.0.0/16");
	struct weir_prefix other = prefix_of("11.0.0.0/16");

	(void)state;
	assert_true(weir_prefix_covers(&wide, &wide));
	assert_true(weir_prefix_covers(&wide, &narrow));
	assert_false(weir_prefix_covers(&narrow, &wide));
	assert_false(weir_prefix_covers(&wide, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(prefixes_are_read_and_written),
		cmocka_unit_test(prefixes_contain_their_addresses),
		cmocka_unit_test(a_prefix_covers_itself_and_longer_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
