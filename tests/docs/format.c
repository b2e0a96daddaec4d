/*
 * docs/format.md has the header and every section as they are.
 *
 *	format FORMAT_MD
 */
#include "test.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"

static const char *document_path;
static char document[64 * 1024];

static int read_document(void **state)
{
	FILE *file = fopen(document_path, "r");
	size_t length;

	(void)state;
	if (!file)
		return -1;
	length = fread(document, 1, sizeof(document) - 1, file);
	fclose(file);
	document[length] = '\0';
	return length < sizeof(document) - 1 ? 0 : -1;
}

static void assert_says(const char *line)
{
	if (!strstr(document, line))
		fail_msg("docs/format.md does not say \"%s\"", line);
}

static void every_section_is_described(void **state)
{
	char line[120];

	(void)state;
	for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
		snprintf(line, sizeof(line), "\n| %u | %s | %u | ", i, layout_kinds[i].name,
			 layout_kinds[i].item_bytes);
		assert_says(line);
	}
	snprintf(line, sizeof(line), "\n| %u | ", LAYOUT_SECTIONS);
	assert_null(strstr(strstr(document, "## Sections"), line));
}

#define FIELD(field)                                                                               \
	{                                                                                          \
		offsetof(struct layout_header, field), sizeof(((struct layout_header *)0)->field)  \
	}

static void the_header_is_where_it_is_described(void **state)
{
	static const struct {
		size_t offset, length;
	} fields[] = {
		FIELD(preamble.magic),
		FIELD(preamble.byte_order),
		FIELD(preamble.version),
		FIELD(preamble.total_bytes),
		FIELD(preamble.checksum),
		FIELD(preamble.content_hash),
		FIELD(header_bytes),
		FIELD(section_count),
		FIELD(features),
		FIELD(profile_bits),
		FIELD(ipblock_pods),
		FIELD(own_node),
		FIELD(other_protocols),
		FIELD(ipv6),
		FIELD(first_node_profile),
		FIELD(port_set_words),
		FIELD(port_classes),
		FIELD(classes),
		FIELD(groups),
		FIELD(group_rules),
		FIELD(rules),
		FIELD(sections),
	};
	size_t next = 0;
	char line[80];

	(void)state;
	for (unsigned i = 0; i < COUNT(fields); i++) {
		assert_int_equal(fields[i].offset, next);
		snprintf(line, sizeof(line), "\n| %zu | %zu | ", fields[i].offset,
			 fields[i].length);
		assert_says(line);
		next += fields[i].length;
	}
	assert_int_equal(next, sizeof(struct layout_header));
}

static void the_numbers_are_those_of_this_version(void **state)
{
	char line[80];

	(void)state;
	snprintf(line, sizeof(line), "version of the format: %d |", LAYOUT_VERSION);
	assert_says(line);
	snprintf(line, sizeof(line), "length of the header: %zu |", sizeof(struct layout_header));
	assert_says(line);
	snprintf(line, sizeof(line), "number of sections: %d |", LAYOUT_SECTIONS);
	assert_says(line);
	assert_int_equal(LAYOUT_FEATURES, 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_section_is_described),
		cmocka_unit_test(the_header_is_where_it_is_described),
		cmocka_unit_test(the_numbers_are_those_of_this_version),
	};

	if (argc != 2)
		return 2;
	document_path = argv[1];
	return cmocka_run_group_tests(tests, read_document, NULL);
}
