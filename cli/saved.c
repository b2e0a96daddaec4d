#include "saved.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "weir/policy_file.h"

/* No cluster's policy is near; a bomb in a compressed file is beyond. */
static const size_t largest = (size_t)4 << 30;

/* What a policy lies in: a mapped file, or a copy that is aligned. */
struct bytes {
	struct weir_file file;
	void *copy;
};

static void release(void *context)
{
	struct bytes *bytes = context;

	weir_file_release(&bytes->file);
	free(bytes->copy);
	free(bytes);
}

/* What was not mapped lies anywhere. */
static const void *aligned(struct bytes *bytes)
{
	size_t length = bytes->file.length;
	size_t unit = WEIR_POLICY_ALIGNMENT;

	if ((uintptr_t)bytes->file.bytes % unit == 0)
		return bytes->file.bytes;
	bytes->copy = aligned_alloc(unit, (length + unit - 1) / unit * unit);
	if (!bytes->copy)
		return NULL;
	memcpy(bytes->copy, bytes->file.bytes, length);
	weir_file_release(&bytes->file);
	return bytes->copy;
}

static int open_bytes(struct weir_file *file, struct weir_policy **out, struct weir_error *error)
{
	struct bytes *bytes = calloc(1, sizeof(*bytes));
	struct weir_policy_open_options options = { .release = release, .context = bytes };
	size_t length = file->length;
	const void *at;
	int status = -ENOMEM;

	if (!bytes) {
		weir_file_release(file);
		return -ENOMEM;
	}
	bytes->file = *file;
	*file = (struct weir_file){ 0 };
	at = aligned(bytes);
	if (at)
		status = weir_policy_open(at, length, &options, out, error);
	if (status)
		release(bytes);
	return status;
}

/* Options. */

static unsigned choice_of(const struct weir_semantics *semantics, enum option_id id)
{
	switch (id) {
	case OPTION_IPBLOCK_PODS:
		return semantics->ipblock_pods;
	case OPTION_OWN_NODE:
		return semantics->own_node;
	default:
		return semantics->other_protocols;
	}
}

/* The n-th word of "a|b|c". */
static const char *choice_word(const char *choices, unsigned n, int *length)
{
	for (; n; n--)
		choices = strchr(choices, '|') + 1;
	*length = (int)strcspn(choices, "|");
	return choices;
}

static bool agrees_on_semantics(const struct invocation *invocation, const char *path,
				const struct weir_policy *policy)
{
	struct weir_semantics semantics;

	weir_policy_semantics(policy, &semantics);
	for (size_t i = 0; i < semantics_options.count; i++) {
		const struct option_spec *spec = &semantics_options.options[i];
		unsigned choice = choice_of(&semantics, spec->id);
		const char *word;
		int length;

		if (!option_given(invocation, spec->id) ||
		    option_choice(invocation, spec->id) == choice)
			continue;
		word = choice_word(spec->choices, choice, &length);
		complain(invocation->command,
			 "--%s: %s was compiled with %.*s, and that stays; compile it again",
			 spec->name, path, length, word);
		return false;
	}
	return true;
}

/* Whether no option is given that is about objects. */
static bool is_about_policy(const struct invocation *invocation, const char *path)
{
	for (size_t i = 0; i < policy_options.count; i++) {
		const struct option_spec *spec = &policy_options.options[i];

		if (spec->id == OPTION_FILE || !option_given(invocation, spec->id))
			continue;
		complain(invocation->command,
			 "--%s: %s is compiled already, so this has no effect; give it to weir "
			 "compile",
			 spec->name, path);
		return false;
	}
	return true;
}

/* A problem is told. */
static enum exit_code open_file(const struct invocation *invocation, const char *path,
				struct weir_file *file, struct weir_policy **out)
{
	struct weir_error error = { "" };
	int status = open_bytes(file, out, &error);

	if (!status)
		return EXIT_CLEAN;
	complain(invocation->command, "%s: %s", path,
		 error.text[0] ? error.text : strerror(-status));
	return EXIT_USAGE;
}

enum exit_code saved_open(const struct invocation *invocation, const char *path,
			  struct weir_file *file, struct weir_policy **out)
{
	struct weir_policy *policy;

	if (open_file(invocation, path, file, &policy) != EXIT_CLEAN)
		return EXIT_USAGE;
	if (!is_about_policy(invocation, path) || !agrees_on_semantics(invocation, path, policy)) {
		weir_policy_unref(policy);
		return EXIT_USAGE;
	}
	*out = policy;
	return EXIT_CLEAN;
}

enum exit_code saved_load(const struct invocation *invocation, const char *path,
			  struct weir_policy **out)
{
	struct weir_error error = { "" };
	struct weir_policy *policy;
	struct weir_file file;
	int status = weir_file_load(path, largest, &file, &error);

	if (status) {
		complain(invocation->command, "%s", error.text[0] ? error.text : strerror(-status));
		return EXIT_USAGE;
	}
	if (open_file(invocation, path, &file, &policy) != EXIT_CLEAN)
		return EXIT_USAGE;
	if (!agrees_on_semantics(invocation, path, policy)) {
		weir_policy_unref(policy);
		return EXIT_USAGE;
	}
	*out = policy;
	return EXIT_CLEAN;
}
