#include "diagnostics.h"

#include <stdio.h>

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

static void report(void *context, const struct weir_diagnostic *finding)
{
	struct diagnostics *diagnostics = context;
	bool is_error = finding->severity == WEIR_SEVERITY_ERROR;

	fflush(stdout);
	diagnostics->errors += is_error;
	diagnostics->warnings += finding->severity == WEIR_SEVERITY_WARNING;
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
	fputc('\n', stderr);
}

struct weir_sink diagnostics_sink(struct diagnostics *diagnostics)
{
	return (struct weir_sink){ .report = report, .context = diagnostics };
}
