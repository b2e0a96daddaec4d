/*
 * command.h - what a subcommand is: a name, a table of options, and a function.
 *
 * The table is the only place where an option is written down: parsing, --help and whatever else
 * describes the command are made from it.
 */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "color.h"
#include "text.h"

/* Where several apply: USAGE, DAMAGED, DIFFERENT, INCONCLUSIVE. */
enum exit_code {
	EXIT_CLEAN = 0,
	EXIT_DIFFERENT = 1,
	EXIT_USAGE = 2,
	EXIT_DAMAGED = 3,
	EXIT_INCONCLUSIVE = 4,
};
enum exit_code exit_code_worse(enum exit_code a, enum exit_code b);

enum option_id {
	OPTION_FILE,
	OPTION_POD_CIDR,
	OPTION_CLUSTER_CIDR,
	OPTION_NODE_ADDRESS,
	OPTION_IGNORE_UNSUPPORTED,
	OPTION_IPBLOCK_PODS,
	OPTION_OWN_NODE,
	OPTION_OTHER_PROTOCOLS,
	OPTION_FROM,
	OPTION_TO,
	OPTION_PROTOCOL,
	OPTION_PORT,
	OPTION_SOURCE_PORT,
	OPTION_ICMP_TYPE,
	OPTION_ICMP_CODE,
	OPTION_QUERIES,
	OPTION_READ,
	OPTION_PACKETS,
	OPTION_SUMMARY,
	OPTION_EXPECT,
	OPTION_FAIL_ON,
	OPTION_WRITE,
	OPTION_ALLOWED,
	OPTION_DENIED,
	OPTION_STATELESS,
	OPTION_LIVE,
	OPTION_MAX_FLOWS,
	OPTION_ON_AMBIGUOUS,
	OPTION_UNKNOWN_PODS,
	OPTION_STRICT,
	OPTION_THREADS,
	OPTION_INTERFACE,
	OPTION_FOLLOW,
	OPTION_PROVISIONAL,
	OPTION_FOR,
	OPTION_NOTES,
	OPTION_PROVE,
	OPTION_COMPILED,
	OPTION_BY,
	OPTION_NAMESPACE,
	OPTION_NODES,
	OPTION_OUTPUT,
	OPTION_SEED,
	OPTION_MIX,
	OPTION_PODS,
	OPTION_NAMESPACES,
	OPTION_NODE_COUNT,
	OPTION_POLICIES,
	OPTION_TIERS,
	OPTION_PORT_SPECS,
	OPTION_FAMILY,
	OPTION_SHARE, /* of weir gen: the first of as many as there are shares */
	OPTION_SHARE_LAST = OPTION_SHARE + 39,
	OPTION_MAX_BYTES,
	OPTION_SHAPE,
	OPTION_KEYS,
	OPTION_SIDES,
	OPTION_ENGINE,
	OPTION_CALLS,
	OPTION_CACHES,
	OPTION_SAMPLES,
	OPTION_SECONDS,
	OPTION_MAX_RULES,
	OPTION_CHECK,
	OPTION_LIST,
	OPTION_FLOWS,
	OPTION_PACKET_COUNT,
	OPTION_ALLOWED_SHARE,
	OPTION_DENIED_SHARE,
	OPTION_UNRELATED_SHARE,
	OPTION_THROUGH_SERVICES,
	OPTION_TUNNELS,
	OPTION_FRAGMENTS,
	OPTION_ICMP_ERRORS,
	OPTION_NOISE,
	OPTION_CONNECTIONS,
	OPTION_PAYLOAD,
	OPTION_RATE,
	OPTION_WIRING,
	OPTION_NEXT_HOP,
	OPTION_MTU,
	OPTION_BUFFERS,
	OPTION_MODE,
	OPTION_HALVES,
	OPTION_AT_CHANGE,
	OPTION_IDLE,
	OPTION_FILE_PREFIX,
	OPTION_SOCKET,
	OPTION_INTERVAL,
	OPTION_RELOAD,
	OPTION_FRAME,
	OPTION_NEW_SHARE,
	OPTION_SCTP,
	OPTION_ECHOES,
	OPTION_EXTENSIONS,
	OPTION_MALFORMED,
	OPTION_REPLY_SHARE,
	OPTION_MEASURE,
	OPTION_WORKERS,
	OPTION_TIME,
	OPTION_TRIALS,
	OPTION_ROUNDS,
	OPTION_MAX_RATE,
	OPTION_PARTIAL_DROP,
	OPTION_COLOR,
	OPTION_HELP,
	OPTION_COUNT,
};

struct option_spec {
	enum option_id id;
	char letter;          /* 0: none */
	const char *name;     /* without dashes; NULL: only the letter */
	const char *argument; /* its name in the help; NULL: the option takes none */
	const char
		*choices; /* the words that it takes ("match|ignore"), the default first; or NULL */
	const char *help;
};

/* Options under one heading; several commands share groups. */
struct option_group {
	const char *title;
	const struct option_spec *options;
	size_t count;
};
/* The group of all that stand in an array. */
#define OPTION_GROUP(title_, specs)                                                                \
	{                                                                                          \
		(title_), (specs), sizeof(specs) / sizeof((specs)[0])                              \
	}

enum {
	MAX_GROUPS = 10,
	COMMAND_NAME = 32,
};

struct command;
struct invocation;

struct command {
	const char *name;
	const char *summary;  /* half a line, for the list of commands */
	const char *synopsis; /* behind "weir NAME" */
	const char *description;
	const char *examples;
	const char *operands; /* what may follow the options, or NULL for nothing */
	const char *parts;    /* the words among these that name one of its parts, as "a|b" */
	const struct option_group *groups[MAX_GROUPS];
	const char *const *absent; /* options of later versions, without dashes; or NULL */
	enum exit_code (*run)(const struct invocation *invocation);
};

/* One option as given. */
struct option_use {
	enum option_id id;
	const char *value; /* NULL when it takes none */
};

struct invocation {
	const struct command *command; /* by the name that was typed: its part's, where one was */
	struct command part;
	char part_name[COMMAND_NAME];
	struct option_use *uses; /* in the order given */
	size_t use_count;
	char **operands;
	size_t operand_count;
	char **arguments; /* the command's name, all that was given to it, and NULL */
	bool color_out;   /* whether standard output and standard error get colours */
	bool color_err;
};

/* The commands of this version, up to a NULL. */
extern const struct command *const commands[];
extern const struct command bench_command;
extern const struct command check_command;
extern const struct command compile_command;
extern const struct command eval_command;
extern const struct command gen_command;
extern const struct command list_command;
extern const struct command replay_command;
extern const struct command run_command;
extern const struct command slim_command;
extern const struct command stat_command;

extern const struct option_group policy_options;
extern const struct option_group semantics_options;
extern const struct option_group common_options;

/* Reads the options behind the command's name. *stop is true when the run ends here with the code
 * returned: after --help, or a usage error, which was told. */
enum exit_code options_parse(const struct command *command, int argc, char **argv,
			     struct invocation *out, bool *stop);
void options_finish(struct invocation *invocation);

bool option_given(const struct invocation *invocation, enum option_id id);
/* The last value given, or NULL. */
const char *option_value(const struct invocation *invocation, enum option_id id);
/* The n-th value given, or NULL behind the last. */
const char *option_nth(const struct invocation *invocation, enum option_id id, size_t n);
size_t option_times(const struct invocation *invocation, enum option_id id);
/* Which of the option's choices was given: 0, the default, when none was. */
unsigned option_choice(const struct invocation *invocation, enum option_id id);

/* What all descriptions of a command share: --help, manual pages, completion. */
extern const char program_description[];
/* Meanings of the codes by number, up to a NULL. */
extern const char *const exit_code_meanings[];
extern const char exit_code_order[];
/* An option's help with its choices behind it. */
void help_option(const struct option_spec *spec, struct report_text *out);

void help_command(const struct command *command, FILE *file);
void help_program(FILE *file);

/* The candidate that a mistyped word is nearest to, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);

/* "weir: text" or "weir eval: text" as one line on standard error; command may be NULL. */
void complain(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
