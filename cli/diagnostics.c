#include "diagnostics.h"

#include <stdio.h>
#include <string.h>

#include "weir/cluster.h"

#include "color.h"

static void print_styled(bool color, enum report_style style, const char *text)
{
	fputs(color ? report_style_begin(style) : "", stderr);
	fputs(text, stderr);
	fputs(color ? report_style_end(style) : "", stderr);
}

static void print_position(const struct diagnostics *diagnostics,
			   const struct weir_diagnostic *finding)
{
	char numbers[32] = "";

	if (!finding->file)
		return;
	if (finding->line && finding->column)
		snprintf(numbers, sizeof(numbers), ":%u:%u", finding->line, finding->column);
	else if (finding->line)
		snprintf(numbers, sizeof(numbers), ":%u", finding->line);
	print_styled(diagnostics->color, REPORT_STRONG, finding->file);
	print_styled(diagnostics->color, REPORT_STRONG, numbers);
	fputs(": ", stderr);
}

static void print_finding(const struct diagnostics *diagnostics,
			  const struct weir_diagnostic *finding)
{
	bool is_error = finding->severity == WEIR_SEVERITY_ERROR;

	print_position(diagnostics, finding);
	if (finding->severity == WEIR_SEVERITY_WARNING)
		print_styled(diagnostics->color, REPORT_DOUBT, "warning: ");
	else if (finding->severity == WEIR_SEVERITY_NOTE)
		print_styled(diagnostics->color, REPORT_FAINT, "note: ");
	if (finding->object)
		fprintf(stderr, "%s: ", finding->object);
	if (finding->field)
		fprintf(stderr, "%s: ", finding->field);
	print_styled(diagnostics->color, is_error ? REPORT_BAD : REPORT_PLAIN, finding->text);
	if (finding->code) {
		print_styled(diagnostics->color, REPORT_FAINT, " [");
		print_styled(diagnostics->color, REPORT_FAINT, finding->code);
		print_styled(diagnostics->color, REPORT_FAINT, "]");
	}
	fputc('\n', stderr);
}

static void print_remark(const struct diagnostics *diagnostics, const char *what, const char *text)
{
	fputs("    ", stderr);
	print_styled(diagnostics->color, REPORT_FAINT, what);
	fprintf(stderr, "%s\n", text);
}

/* The place of a code in the table of lints. */
static size_t place_of(const char *code, const struct weir_lint *lints, size_t count)
{
	size_t place = 0;

	while (place < count && strcmp(lints[place].code, code) != 0)
		place++;
	return place;
}

static void explain(struct diagnostics *diagnostics, const struct weir_diagnostic *finding)
{
	size_t count;
	const struct weir_lint *lints = weir_lint_table(&count);
	size_t place = place_of(finding->code, lints, count);
	uint64_t bit = place < count && place < 64 ? (uint64_t)1 << place : 0;
	bool is_first = !(diagnostics->explained & bit);

	if (is_first && finding->why)
		print_remark(diagnostics, "why: ", finding->why);
	if (finding->advice && (is_first || strcmp(finding->advice, lints[place].advice) != 0))
		print_remark(diagnostics, "do: ", finding->advice);
	diagnostics->explained |= bit;
}

static void report(void *context, const struct weir_diagnostic *finding)
{
	struct diagnostics *diagnostics = context;

	diagnostics->errors += finding->severity == WEIR_SEVERITY_ERROR;
	diagnostics->warnings += finding->severity == WEIR_SEVERITY_WARNING;
	diagnostics->notes += finding->severity == WEIR_SEVERITY_NOTE;
	if (diagnostics->also.report)
		diagnostics->also.report(diagnostics->also.context, finding);
	if (finding->severity == WEIR_SEVERITY_NOTE && diagnostics->hides_notes)
		return;
	fflush(stdout);
	print_finding(diagnostics, finding);
	if (finding->code)
		explain(diagnostics, finding);
}

struct weir_sink diagnostics_sink(struct diagnostics *diagnostics)
{
	return (struct weir_sink){ .report = report, .context = diagnostics };
}
