/*
 * stat_reading.c - answers of telemetry: { command: { ... } }, with lists as objects whose keys are
 * numbers, and long names in pieces ("name", "name_2", ...).
 */
#include "stat_reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_reader.h"

enum {
	ANSWER_SECONDS = 10,
	RELOAD_SECONDS = 90,
	TRIES = 5, /* to read all pages before the policy changes */
};

const char *const stat_port_number_names[] = {
	[STAT_RECEIVED] = "received", [STAT_RECEIVED_BYTES] = "received_bytes",
	[STAT_SENT] = "sent",         [STAT_SENT_BYTES] = "sent_bytes",
	[STAT_UNSENT] = "unsent",     [STAT_MISSED] = "missed",
	[STAT_ERRORS] = "errors",
};

const char *const stat_outcome_names[] = {
	[STAT_PACKETS] = "packets", [STAT_ALLOWED] = "allowed", [STAT_DENIED] = "denied",
	[STAT_NOT_IP] = "not_ip",   [STAT_OPAQUE] = "opaque",   [STAT_MALFORMED] = "malformed",
};

static int fail(struct weir_error *error, const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s", text);
	return -EINVAL;
}

static bool begins_with(const struct json_value *key, const char *word)
{
	return key->text_length >= strlen(word) && memcmp(key->text, word, strlen(word)) == 0;
}

/* Index of the word that the key is, or count. */
static size_t word_index(const struct json_value *key, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(key->text, words[i]) == 0)
			return i;
	}
	return count;
}

static int read_number(const struct json_value *value, uint64_t *out)
{
	return json_whole_number(value, UINT64_MAX, out) ? 0 : -EINVAL;
}

static int read_text(const struct json_value *value, struct report_text *out)
{
	if (value->kind != JSON_STRING)
		return -EINVAL;
	report_text_add(out, value->text, value->text_length);
	return out->is_short ? -ENOMEM : 0;
}

/* Entries and lists. What is not known is of a later version, and left out. */

static int read_entry_field(void *context, const struct json_value *key,
			    const struct json_value *value)
{
	struct stat_entry *entry = context;
	size_t number = word_index(key, stat_port_number_names, STAT_PORT_NUMBERS);

	if (number < STAT_PORT_NUMBERS)
		return read_number(value, &entry->numbers[number]);
	if (strcmp(key->text, "value") == 0)
		return read_number(value, &entry->value);
	if (strcmp(key->text, "name") == 0 || begins_with(key, "name_"))
		return read_text(value, &entry->name);
	if (strcmp(key->text, "to") == 0 || begins_with(key, "to_"))
		return read_text(value, &entry->to);
	return 0;
}

static int read_entry(void *context, const struct json_value *key, const struct json_value *value)
{
	struct stat_list *list = context;
	struct stat_entry *grown;
	struct weir_error ignored;

	(void)key;
	grown = realloc(list->entries, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->entries = grown;
	grown[list->count] = (struct stat_entry){ 0 };
	return json_each_member(value->raw, value->raw_length, read_entry_field,
				&grown[list->count++], &ignored);
}

static int read_list(const struct json_value *value, struct stat_list *list)
{
	struct weir_error ignored;

	return json_each_member(value->raw, value->raw_length, read_entry, list, &ignored);
}

static void finish_list(struct stat_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		report_text_finish(&list->entries[i].name);
		report_text_finish(&list->entries[i].to);
	}
	free(list->entries);
	*list = (struct stat_list){ 0 };
}

const struct stat_entry *stat_list_find(const struct stat_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(report_text_string(&list->entries[i].name), name) == 0)
			return &list->entries[i];
	}
	return NULL;
}

/* Answers. */

struct answer {
	struct stat_reading *reading;
	uint64_t policies; /* the number of the policy that a page of rules is of */
	uint64_t next;     /* rule of the next page; 0: there is none */
	struct report_text policy;
	struct report_text error;
	bool is_there;
};

static int read_field(void *context, const struct json_value *key, const struct json_value *value)
{
	struct answer *answer = context;
	size_t outcome = word_index(key, stat_outcome_names, STAT_OUTCOMES);

	if (outcome < STAT_OUTCOMES)
		return read_number(value, &answer->reading->outcome[outcome]);
	if (strcmp(key->text, "ports") == 0)
		return read_list(value, &answer->reading->ports);
	if (strcmp(key->text, "live") == 0)
		return read_list(value, &answer->reading->live);
	if (strcmp(key->text, "rules") == 0)
		return read_list(value, &answer->reading->rules);
	if (strcmp(key->text, "policies") == 0)
		return read_number(value, &answer->policies);
	if (strcmp(key->text, "next") == 0)
		return read_number(value, &answer->next);
	if (strcmp(key->text, "policy") == 0)
		return read_text(value, &answer->policy);
	if (strcmp(key->text, "error") == 0)
		return read_text(value, &answer->error);
	return 0;
}

static int read_answer(void *context, const struct json_value *key, const struct json_value *value)
{
	struct answer *answer = context;
	struct weir_error ignored;

	(void)key;
	if (value->kind != JSON_OBJECT)
		return 0;
	answer->is_there = true;
	return json_each_member(value->raw, value->raw_length, read_field, answer, &ignored);
}

static int ask(struct stat_socket *socket, const char *question, unsigned seconds,
	       struct answer *answer, struct weir_error *error)
{
	struct weir_error ignored;
	int status = stat_socket_ask(socket, question, seconds);

	if (status)
		return status;
	status = json_each_member(socket->answer, socket->length, read_answer, answer, &ignored);
	if (status == -EINVAL)
		status = fail(error, "it answers what no weir run does");
	else if (!status && !answer->is_there)
		status = fail(error, "it is no weir run: it does not know the question");
	else if (!status && answer->error.length)
		status = fail(error, report_text_string(&answer->error));
	report_text_finish(&answer->error);
	return status;
}

/* All pages, of one policy: -EAGAIN when it has changed under way. */
static int read_rules(struct stat_reading *reading, struct stat_socket *socket,
		      struct weir_error *error)
{
	struct answer answer = { .reading = reading };
	uint64_t policies = 0;
	uint64_t first;
	int status;

	do {
		char question[40];

		first = answer.next;
		snprintf(question, sizeof(question), "/weir/rules,%u", (unsigned)first);
		answer.next = 0;
		status = ask(socket, question, ANSWER_SECONDS, &answer, error);
		if (!status && policies && answer.policies != policies)
			status = -EAGAIN;
		policies = answer.policies;
	} while (!status && answer.next > first);
	return status;
}

int stat_reading_take(struct stat_reading *reading, struct stat_socket *socket,
		      struct weir_error *error)
{
	struct answer answer = { .reading = reading };
	int status;

	*reading = (struct stat_reading){ 0 };
	status = ask(socket, "/weir/report", ANSWER_SECONDS, &answer, error);
	for (unsigned i = 0; !status && i < TRIES; i++) {
		finish_list(&reading->rules);
		status = read_rules(reading, socket, error);
		if (status != -EAGAIN)
			return status;
		status = fail(error, "its policy changes faster than it can be read");
		if (i + 1 < TRIES)
			status = 0;
	}
	return status;
}

void stat_reading_finish(struct stat_reading *reading)
{
	finish_list(&reading->ports);
	finish_list(&reading->live);
	finish_list(&reading->rules);
}

int stat_reload(struct stat_socket *socket, struct report_text *outcome, struct weir_error *error)
{
	struct stat_reading ignored = { 0 };
	struct answer answer = { .reading = &ignored };
	int status = ask(socket, "/weir/reload", RELOAD_SECONDS, &answer, error);

	if (!status)
		report_text_add(outcome, report_text_string(&answer.policy), answer.policy.length);
	report_text_finish(&answer.policy);
	stat_reading_finish(&ignored);
	return status;
}
