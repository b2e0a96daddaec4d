/*
 * options.c - options of a command line, read by the command's table.
 */
#include "command.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec policy_specs[] = {
	{ OPTION_FILE, 'f', "file", "PATH", NULL,
	  "Kubernetes objects: a file, a folder (read recursively) or - for standard input; YAML "
	  "or JSON, also .gz and .zst. Repeatable. eval, list, replay, bench and run take a "
	  "compiled "
	  "policy, "
	  "alone, as well." },
	{ OPTION_POD_CIDR, 0, "pod-cidr", "CIDR", NULL,
	  "where pods without an address get theirs; once for each address family "
	  "(default 240.0.0.0/4 and fd77:6569:72::/64)" },
	{ OPTION_CLUSTER_CIDR, 0, "cluster-cidr", "CIDR", NULL,
	  "a range of pod addresses: one that no object owns is an unknown pod. Repeatable." },
	{ OPTION_NODE_ADDRESS, 0, "node-address", "NODE=IP", NULL,
	  "one more address of a node. Repeatable." },
	{ OPTION_IGNORE_UNSUPPORTED, 0, "ignore-unsupported-policies", NULL, NULL,
	  "skip policies of kinds that this version does not implement, instead of refusing them" },
};

static const struct option_spec semantics_specs[] = {
	{ OPTION_IPBLOCK_PODS, 0, "ipblock-pods", "WHAT", "match|ignore",
	  "whether an ipBlock matches the addresses of pods" },
	{ OPTION_OWN_NODE, 0, "own-node", "WHAT", "allow|policy",
	  "whether a pod may always reach the node that it runs on" },
	{ OPTION_OTHER_PROTOCOLS, 0, "other-protocols", "WHAT", "no-ports|allow|deny",
	  "protocols other than TCP, UDP and SCTP: matched by rules without ports only, never "
	  "restricted, or matched by no rule" },
};

static const struct option_spec common_specs[] = {
	{ OPTION_COLOR, 0, "color", "WHEN", "auto|always|never",
	  "colours; auto means on a terminal, unless NO_COLOR is set" },
	{ OPTION_HELP, 'h', "help", NULL, NULL, "print this help" },
};

const struct option_group policy_options = OPTION_GROUP("Policies", policy_specs);
const struct option_group semantics_options =
	OPTION_GROUP("Where Kubernetes leaves a choice", semantics_specs);
const struct option_group common_options = OPTION_GROUP("General", common_specs);

enum {
	MAX_OPTIONS = OPTION_COUNT,
	LONG_BASE = 256, /* getopt's value of the option with index 0 */
};

/* A command's table in the shape that getopt wants. */
struct getopt_table {
	const struct option_spec *specs[MAX_OPTIONS];
	size_t count;
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 2];
};

static void add_option(struct getopt_table *table, const struct option_spec *spec, char **shorts)
{
	size_t index = table->count++;

	table->specs[index] = spec;
	table->longs[index] = (struct option){
		.name = spec->name,
		.has_arg = spec->argument ? required_argument : no_argument,
		.val = LONG_BASE + (int)index,
	};
	if (!spec->letter)
		return;
	*(*shorts)++ = spec->letter;
	if (spec->argument)
		*(*shorts)++ = ':';
}

static void make_table(const struct command *command, struct getopt_table *table)
{
	char *shorts = table->shorts;

	memset(table, 0, sizeof(*table));
	*shorts++ = ':';
	for (size_t i = 0; command->groups[i]; i++)
		for (size_t j = 0; j < command->groups[i]->count; j++)
			add_option(table, &command->groups[i]->options[j], &shorts);
}

static const struct option_spec *find_spec(const struct getopt_table *table, int value)
{
	if (value >= LONG_BASE)
		return table->specs[value - LONG_BASE];
	for (size_t i = 0; i < table->count; i++)
		if (table->specs[i]->letter == value)
			return table->specs[i];
	return NULL;
}

/* The place of a word among "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word)
{
	size_t length = strlen(word);
	int index = 0;

	while (choices) {
		size_t size = strcspn(choices, "|");

		if (size == length && memcmp(choices, word, size) == 0)
			return index;
		choices = choices[size] ? choices + size + 1 : NULL;
		index++;
	}
	return -1;
}

static bool is_absent(const struct command *command, const char *name, size_t length)
{
	for (size_t i = 0; command->absent && command->absent[i]; i++)
		if (strlen(command->absent[i]) == length &&
		    memcmp(command->absent[i], name, length) == 0)
			return true;
	return false;
}

static void complain_unknown(const struct command *command, const struct getopt_table *table,
			     const char *given)
{
	const char *names[MAX_OPTIONS];
	size_t count = 0;
	char word[64];
	size_t length = strcspn(given, "=");
	const char *nearest;

	if (is_absent(command, given, length)) {
		complain(command, "this version does not have --%.*s", (int)length, given);
		return;
	}
	for (size_t i = 0; i < table->count; i++)
		if (table->specs[i]->name)
			names[count++] = table->specs[i]->name;
	snprintf(word, sizeof(word), "%.*s", (int)length, given);
	nearest = nearest_word(word, names, count);
	if (nearest)
		complain(command, "unknown option --%s; did you mean --%s?", word, nearest);
	else
		complain(command, "unknown option --%s; 'weir %s --help' lists the options", word,
			 command->name);
}

/* What getopt did not like: '?' an unknown or ambiguous option, ':' one without its value. */
static void complain_usage(const struct command *command, const struct getopt_table *table,
			   int found, const char *given)
{
	char letter[] = { (char)optopt, '\0' };

	if (found == ':')
		complain(command, "%s needs a value", given);
	else if (optopt >= LONG_BASE)
		complain(command, "--%s takes no value", find_spec(table, optopt)->name);
	else if (optopt && is_absent(command, letter, 1))
		complain(command, "this version does not have -%s", letter);
	else if (optopt)
		complain(command, "unknown option -%s; 'weir %s --help' lists the options", letter,
			 command->name);
	else
		complain_unknown(command, table, given + strspn(given, "-"));
}

static bool keep_use(const struct command *command, const struct option_spec *spec,
		     struct invocation *out)
{
	if (spec->choices && choice_index(spec->choices, optarg) < 0) {
		complain(command, "--%s %s: must be one of %s", spec->name, optarg, spec->choices);
		return false;
	}
	out->uses[out->use_count++] = (struct option_use){ spec->id, optarg };
	return true;
}

/* False after a usage error. */
static bool read_options(const struct command *command, int argc, char **argv,
			 struct invocation *out)
{
	struct getopt_table table;
	int found;

	make_table(command, &table);
	opterr = 0;
	optind = 0;
	while ((found = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
		if (found == '?' || found == ':') {
			complain_usage(command, &table, found, argv[optind - 1]);
			return false;
		}
		if (!keep_use(command, find_spec(&table, found), out))
			return false;
	}
	out->operands = argv + optind;
	out->operand_count = (size_t)(argc - optind);
	if (out->operand_count > 0 && !command->operands) {
		complain(command, "'%s' is not expected here; 'weir %s --help' says what is",
			 out->operands[0], command->name);
		return false;
	}
	return true;
}

/* "weir bench" is "weir bench ports" to whoever typed that: complaints say so. */
static void name_part(struct invocation *out, const char *operand)
{
	const struct command *command = out->command;

	if (!operand || choice_index(command->parts, operand) < 0)
		return;
	snprintf(out->part_name, sizeof(out->part_name), "%s %s", command->name, operand);
	out->part = *command;
	out->part.name = out->part_name;
	out->part.parts = NULL;
	out->command = &out->part;
}

/* Standard input can be read once. */
static bool check_stdin(const struct invocation *invocation)
{
	static const enum option_id readers[] = { OPTION_FILE, OPTION_READ, OPTION_EXPECT,
						  OPTION_QUERIES };
	const char *value;
	size_t times = 0;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		for (size_t n = 0; (value = option_nth(invocation, readers[i], n)); n++)
			times += strcmp(value, "-") == 0;
	if (times <= 1)
		return true;
	complain(invocation->command, "standard input (-) can be given once only");
	return false;
}

enum exit_code options_parse(const struct command *command, int argc, char **argv,
			     struct invocation *out, bool *stop)
{
	enum report_color color;

	memset(out, 0, sizeof(*out));
	*stop = true;
	out->command = command;
	out->arguments = argv;
	out->uses = calloc((size_t)argc + 1, sizeof(*out->uses));
	if (!out->uses) {
		complain(command, "out of memory");
		return EXIT_USAGE;
	}
	/* Where it is typed first it is known before the options are read. */
	name_part(out, argc > 1 ? argv[1] : NULL);
	if (!read_options(out->command, argc, argv, out))
		return EXIT_USAGE;
	name_part(out, out->operand_count ? out->operands[0] : NULL);
	if (option_given(out, OPTION_HELP)) {
		help_command(command, stdout);
		return EXIT_CLEAN;
	}
	if (!check_stdin(out))
		return EXIT_USAGE;
	color = (enum report_color)option_choice(out, OPTION_COLOR);
	out->color_out = report_color_wanted(color, stdout);
	out->color_err = report_color_wanted(color, stderr);
	*stop = false;
	return EXIT_CLEAN;
}

void options_finish(struct invocation *invocation)
{
	free(invocation->uses);
	invocation->uses = NULL;
}

size_t option_times(const struct invocation *invocation, enum option_id id)
{
	size_t times = 0;

	for (size_t i = 0; i < invocation->use_count; i++)
		times += invocation->uses[i].id == id;
	return times;
}

bool option_given(const struct invocation *invocation, enum option_id id)
{
	return option_times(invocation, id) > 0;
}

const char *option_nth(const struct invocation *invocation, enum option_id id, size_t n)
{
	for (size_t i = 0; i < invocation->use_count; i++)
		if (invocation->uses[i].id == id && n-- == 0)
			return invocation->uses[i].value;
	return NULL;
}

const char *option_value(const struct invocation *invocation, enum option_id id)
{
	size_t times = option_times(invocation, id);

	return times ? option_nth(invocation, id, times - 1) : NULL;
}

unsigned option_choice(const struct invocation *invocation, enum option_id id)
{
	const char *value = option_value(invocation, id);
	const struct option_group *const *groups = invocation->command->groups;

	for (size_t i = 0; value && groups[i]; i++)
		for (size_t j = 0; j < groups[i]->count; j++)
			if (groups[i]->options[j].id == id)
				return (unsigned)choice_index(groups[i]->options[j].choices, value);
	return 0;
}
