/*
 * queries.h - eval --queries: one question a line in, one answer a line out.
 */
#ifndef WEIR_CLI_QUERIES_H
#define WEIR_CLI_QUERIES_H

#include "weir/policy.h"
#include "weir/query.h"

#include "command.h"
#include "json.h"

/* Reads questions from the file ("-": standard input) and answers them on standard output.
 * EXIT_USAGE when any had no answer; the others are answered all the same. */
enum exit_code queries_answer(const struct command *command, const struct weir_policy *policy,
			      struct weir_querier *querier, const char *path);

/* The contract's fields of an answer, inside an open object. */
void answer_json(struct report_json *json, const struct weir_policy *policy,
		 const struct weir_answer *answer);

const char *answer_name(const struct weir_answer *answer);

#endif
