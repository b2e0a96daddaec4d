#include "test.h"

#include "cluster_of.h"
#include "failing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_report(void *context, const struct weir_diagnostic *d)
{
	static const char *const severities[] = { "note", "warning", "error" };

	fprintf(context, "%s %u:%u: %s%s%s%s%s\n", severities[d->severity], d->line, d->column,
		d->object ? d->object : "", d->object ? ": " : "", d->field ? d->field : "",
		d->field ? ": " : "", d->text);
}

static struct weir_cluster *open_cluster(const struct weir_cluster_options *options,
					 enum weir_found found, const char *yaml, FILE *reports,
					 bool *failed)
{
	struct weir_cluster_options chosen = { 0 };
	struct weir_cluster *cluster;
	int read, finished;

	if (options)
		chosen = *options;
	chosen.sink = (struct weir_sink){ write_report, reports };
	assert_int_equal(weir_cluster_create(&chosen, &cluster), 0);
	read = weir_cluster_read(cluster, "input.yaml", found, yaml, strlen(yaml));
	finished = weir_cluster_finish(cluster);
	/* An error of the text is an error of the whole. */
	assert_true(!read || finished);
	*failed = finished != 0;
	return cluster;
}

struct weir_cluster *cluster_with(const struct weir_cluster_options *options, const char *yaml)
{
	bool failed;
	struct weir_cluster *cluster =
		open_cluster(options, WEIR_FOUND_NAMED, yaml, stderr, &failed);

	assert_false(failed);
	return cluster;
}

struct weir_cluster *cluster_of(const char *yaml)
{
	return cluster_with(NULL, yaml);
}

char *reports_about(const struct weir_cluster_options *options, enum weir_found found,
		    const char *yaml, bool *failed)
{
	char *text = NULL;
	size_t length;
	FILE *reports = open_memstream(&text, &length);
	bool any;

	assert_non_null(reports);
	weir_cluster_destroy(open_cluster(options, found, yaml, reports, failed ? failed : &any));
	assert_int_equal(fclose(reports), 0);
	return text;
}

/* The advice of a finding that has one of its own. */
static const char *own_advice(const struct weir_diagnostic *d)
{
	size_t count;
	const struct weir_lint *lints = weir_lint_table(&count);

	for (size_t i = 0; d->code && i < count; i++) {
		if (strcmp(lints[i].code, d->code) == 0)
			return strcmp(lints[i].advice, d->advice) != 0 ? d->advice : NULL;
	}
	assert_null(d->code);
	return NULL;
}

struct lints {
	FILE *file;
	const char *code; /* NULL: all */
};

static void write_lint(void *context, const struct weir_diagnostic *d)
{
	const struct lints *lints = context;
	const char *advice = own_advice(d);
	char text[4096];

	assert_non_null(d->code);
	if (lints->code && strcmp(lints->code, d->code) != 0)
		return;
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", d->text, lints->code ? "" : " [",
		 lints->code ? "" : d->code, lints->code ? "" : "]", advice ? " do: " : "",
		 advice ? advice : "");
	write_report(lints->file, &(struct weir_diagnostic){ .severity = d->severity,
							     .line = d->line,
							     .column = d->column,
							     .object = d->object,
							     .field = d->field,
							     .text = text });
}

char *lints_of(const char *code, const char *yaml)
{
	struct weir_cluster *cluster = cluster_of(yaml);
	char *text = NULL;
	size_t length;
	struct lints lints = { open_memstream(&text, &length), code };
	const struct weir_sink sink = { write_lint, &lints };

	assert_non_null(lints.file);
	assert_int_equal(weir_cluster_lint(cluster, &sink), 0);
	assert_int_equal(fclose(lints.file), 0);
	weir_cluster_destroy(cluster);
	return text;
}

char *lints_about(const char *yaml)
{
	return lints_of(NULL, yaml);
}

void check_lints(const char *code, const char *before, const struct lint_row *rows, size_t count)
{
	size_t failures = 0;

	for (size_t i = 0; i < count; i++) {
		char text[8192];
		char *reports;

		snprintf(text, sizeof(text), "apiVersion: v1\nkind: List\nitems:\n%s%s", before,
			 rows[i].items);
		reports = lints_of(code, text);
		if (strcmp(reports, rows[i].lints) != 0) {
			print_error("%s:\nwanted %s\ngot    %s\n", rows[i].name, rows[i].lints,
				    reports);
			failures++;
		}
		free(reports);
	}
	assert_int_equal(failures, 0);
}

static void ignore(void *context, const struct weir_diagnostic *diagnostic)
{
	(void)context;
	(void)diagnostic;
}

void lint_without_memory(const char *yaml)
{
	struct failing failing = failing_never();
	const struct weir_cluster_options options = { .allocator = &failing.allocator };
	const struct weir_sink sink = { .report = ignore };
	struct weir_cluster *made;
	unsigned live, count = 0;
	int status;

	failing_after(&failing, UINT_MAX);
	made = cluster_with(&options, yaml);
	live = failing.live;
	do {
		failing_after(&failing, count++);
		status = weir_cluster_lint(made, &sink);
		assert_true(status == 0 || status == -ENOMEM);
		assert_int_equal(failing.live, live);
	} while (status);
	assert_in_range(count, 8, 1000);
	weir_cluster_destroy(made);
	assert_int_equal(failing.live, 0);
}
