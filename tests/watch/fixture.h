/*
 * fixture.h - a live cluster that is fed texts, and what it tells of them.
 */
#ifndef WEIR_TESTS_WATCH_FIXTURE_H
#define WEIR_TESTS_WATCH_FIXTURE_H

#include "test.h"

#include <stdio.h>
#include <string.h>

#include "weir/live_cluster.h"

struct fixture {
	struct weir_live_cluster *live;
	char told[2048]; /* what was reported, a line each */
};

static inline void report(void *context, const struct weir_diagnostic *diagnostic)
{
	struct fixture *fixture = context;
	size_t length = strlen(fixture->told);

	snprintf(fixture->told + length, sizeof(fixture->told) - length, "%s %u: %s: %s\n",
		 diagnostic->severity == WEIR_SEVERITY_ERROR ? "error" : "warning",
		 diagnostic->line, diagnostic->object ? diagnostic->object : "-", diagnostic->text);
}

static inline void open_with(struct fixture *fixture, const struct weir_live_cluster_options *given)
{
	struct weir_live_cluster_options options = *given;
	struct weir_error error;

	memset(fixture, 0, sizeof(*fixture));
	options.objects.sink = (struct weir_sink){ report, fixture };
	assert_int_equal(weir_live_cluster_create(&options, &fixture->live, &error), 0);
}

static inline int read_text(struct fixture *fixture, const char *text)
{
	fixture->told[0] = '\0';
	return weir_live_cluster_read(fixture->live, "text", text, strlen(text));
}

static inline void put(struct fixture *fixture, const char *text)
{
	assert_int_equal(read_text(fixture, text), 0);
	assert_string_equal(fixture->told, "");
}

static inline void commit(struct fixture *fixture)
{
	struct weir_error error;

	assert_int_equal(weir_live_cluster_commit(fixture->live, &error), 0);
}

static inline void close_fixture(struct fixture *fixture)
{
	weir_live_cluster_destroy(fixture->live);
}

static inline struct weir_address address_of(const char *text)
{
	struct weir_address address;

	assert_int_equal(weir_address_parse(text, strlen(text), &address), 0);
	return address;
}

#endif
