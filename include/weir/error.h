/*
 * weir/error.h - how failures are told.
 *
 * Functions return 0 or a negative errno. A function that can say more takes a caller-owned
 * struct weir_error, which it fills only when it fails, or a struct weir_sink, to which it
 * reports every diagnostic as it finds it. NULL is allowed for both.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong, as one line without a newline. Owned by the caller. */
struct weir_error {
	char text[512];
};

enum weir_severity {
	WEIR_SEVERITY_NOTE,    /* worth knowing: counts of what was skipped */
	WEIR_SEVERITY_WARNING, /* legal, and probably not what was meant */
	WEIR_SEVERITY_ERROR,   /* refused: the input as a whole is not used */
};

/* One finding about an input. Every pointer is valid only during the report. */
struct weir_diagnostic {
	enum weir_severity severity;
	const char *file;   /* as the caller named the input; NULL when there is none */
	uint32_t line;      /* from 1; 0 when the finding has no position */
	uint32_t column;    /* from 1, in bytes */
	const char *object; /* "NetworkPolicy ns/name"; NULL when unknown */
	const char *field;  /* "spec.ingress[0].ports[1].port"; NULL when it is about the whole */
	const char *text;   /* what is wrong, and what would be right */
	/* Of a lint; NULL of anything else. */
	const char *code;   /* as in weir_lint_table */
	const char *why;    /* why it matters */
	const char *advice; /* what to do */
};

/* Receives diagnostics in the order in which they are found. Called on the caller's thread. */
struct weir_sink {
	void (*report)(void *context, const struct weir_diagnostic *diagnostic);
	void *context;
};

#ifdef __cplusplus
}
#endif
#endif
