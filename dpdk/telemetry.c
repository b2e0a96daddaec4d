/*
 * telemetry.c - answers as telemetry can give them.
 *
 * Its dictionaries take names of letters, digits and underscores only, strings of 127 bytes, and
 * all of an answer is at most 16 KB. So what has a name of its own (a port, a reason, a rule) is an
 * entry under a number, { "name": text, ... }; a longer name goes on in "name_2", "name_3" and so
 * on; and rules, of which there can be many, come by the page: "next" is where to go on.
 */
#include "telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "report.h"
#include "worker_counters.h"

enum {
	ENTRY_BYTES = 80,   /* of an entry in an answer, besides its name */
	PAGE_BYTES = 12000, /* of entries: an answer has 16 KB */
	RELOAD_SECONDS = 60,
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct dataplane *dataplane; /* NULL: none is served */
	uint64_t asked;              /* for the policy files, so many times */
	uint64_t answered;
	enum reload_outcome outcome; /* of the latest answer */
} desk = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };

/* Pieces of answers. A status is 0 or a negative errno throughout. */

static int add_number(struct rte_tel_data *dict, const char *name, uint64_t value)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	return rte_tel_data_add_dict_uint(dict, name, value);
#else
	return rte_tel_data_add_dict_u64(dict, name, value);
#endif
}

static int add_text(struct rte_tel_data *dict, const char *name, const char *text)
{
	char piece_name[32];
	int status = 0;

	snprintf(piece_name, sizeof(piece_name), "%s", name);
	for (unsigned i = 2; !status; i++) {
		char piece[RTE_TEL_MAX_STRING_LEN];

		snprintf(piece, sizeof(piece), "%s", text);
		status = rte_tel_data_add_dict_string(dict, piece_name, piece);
		text += strlen(piece);
		if (!*text)
			break;
		snprintf(piece_name, sizeof(piece_name), "%s_%u", name, i);
	}
	return status;
}

static struct rte_tel_data *make_dict(void)
{
	struct rte_tel_data *dict = rte_tel_data_alloc();

	if (dict)
		rte_tel_data_start_dict(dict);
	return dict;
}

/* The answer owns the part from here on, also after a failure. */
static int add_part(struct rte_tel_data *answer, const char *name, struct rte_tel_data *part,
		    int status)
{
	if (!part)
		return -ENOMEM;
	if (!status)
		status = rte_tel_data_add_dict_container(answer, name, part, 0);
	if (status)
		rte_tel_data_free(part);
	return status;
}

/* A growing part: entries under their numbers. */
struct list {
	struct rte_tel_data *dict;
	unsigned count;
	int status;
};

static void add_entry(struct list *list, struct rte_tel_data *entry, int status)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", list->count++);
	status = add_part(list->dict, number, entry, status);
	if (!list->status)
		list->status = status;
}

static void tell_entry(void *context, const char *name, uint64_t value)
{
	struct rte_tel_data *entry = make_dict();
	int status = entry ? add_text(entry, "name", name) : -ENOMEM;

	if (!status)
		status = add_number(entry, "value", value);
	add_entry(context, entry, status);
}

static int say_error(struct rte_tel_data *answer, const char *text)
{
	rte_tel_data_start_dict(answer);
	return add_text(answer, "error", text);
}

/* Commands. */

static int fill_port(struct rte_tel_data *entry, const struct ports *ports, uint16_t place,
		     const struct dataplane_counters *counters)
{
	const struct port_counters *port = &counters->loops.port[place];
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "received", port->received },
		{ "received_bytes", port->received_bytes },
		{ "sent", port->sent },
		{ "sent_bytes", port->sent_bytes },
		{ "unsent", port->unsent },
		{ "missed", counters->missed[place] },
		{ "errors", counters->errors[place] },
	};
	int status = add_text(entry, "name", ports->port[place].name);

	if (!status)
		status = add_text(entry, "to", ports->port[ports->to[ports->port[place].id]].name);
	for (size_t i = 0; !status && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		status = add_number(entry, numbers[i].name, numbers[i].value);
	return status;
}

static int add_ports(struct rte_tel_data *answer, const struct dataplane_counters *counters)
{
	struct list list = { .dict = make_dict() };

	for (uint16_t i = 0; list.dict && i < desk.dataplane->ports.count; i++) {
		struct rte_tel_data *entry = make_dict();
		int status =
			entry ? fill_port(entry, &desk.dataplane->ports, i, counters) : -ENOMEM;

		add_entry(&list, entry, status);
	}
	return add_part(answer, "ports", list.dict, list.status);
}

static int add_live(struct rte_tel_data *answer, const struct dataplane_counters *counters)
{
	struct list list = { .dict = make_dict() };

	if (list.dict) {
		worker_counters_each(&counters->loops.worker, tell_entry, &list);
		report_loops_each(counters, tell_entry, &list);
	}
	return add_part(answer, "live", list.dict, list.status);
}

static int add_outcome(struct rte_tel_data *answer, const struct dataplane_counters *counters)
{
	struct outcome outcome = report_outcome(counters);
	int status = add_number(answer, "packets", outcome.packets);

	status = status ? status : add_number(answer, "allowed", outcome.allowed);
	status = status ? status : add_number(answer, "denied", outcome.denied);
	status = status ? status : add_number(answer, "not_ip", outcome.not_ip);
	status = status ? status : add_number(answer, "opaque", outcome.opaque);
	return status ? status : add_number(answer, "malformed", outcome.malformed);
}

static int answer_report(const char *params, struct rte_tel_data *answer)
{
	struct dataplane_counters counters;
	int status = dataplane_count(desk.dataplane, &counters);

	(void)params;
	if (status)
		return say_error(answer, "a core does not answer");
	rte_tel_data_start_dict(answer);
	status = add_outcome(answer, &counters);
	status = status ? status : add_ports(answer, &counters);
	return status ? status : add_live(answer, &counters);
}

struct page {
	struct list list;
	size_t bytes;
	bool has_next;
	uint32_t next;
};

static bool tell_rule(void *context, uint32_t rule, const char *name, uint64_t value)
{
	struct page *page = context;
	size_t bytes = strlen(name) + ENTRY_BYTES;

	page->has_next =
		page->bytes + bytes > PAGE_BYTES || page->list.count == RTE_TEL_MAX_DICT_ENTRIES;
	page->next = rule;
	if (page->has_next)
		return false;
	page->bytes += bytes;
	tell_entry(&page->list, name, value);
	return true;
}

/* Under the lock that keeps the policy: "policies" says of which one the page is. */
static int fill_rules(struct rte_tel_data *answer, uint32_t first)
{
	struct dataplane *dataplane = desk.dataplane;
	struct page page = { .list.dict = make_dict() };
	int status = add_number(answer, "policies", dataplane->policies);

	if (!status && page.list.dict)
		status = worker_rules_from(dataplane->slot, dataplane->policy, first, tell_rule,
					   &page);
	if (!status && page.has_next)
		status = add_number(answer, "next", page.next);
	return add_part(answer, "rules", page.list.dict, status ? status : page.list.status);
}

static int answer_rules(const char *params, struct rte_tel_data *answer)
{
	unsigned long first = 0;
	char *end = NULL;
	int status;

	if (params && *params) {
		errno = 0;
		first = strtoul(params, &end, 10);
		if (errno || *end || params[0] == '-' || first > UINT32_MAX)
			return say_error(answer, "behind the comma stands the number of a rule");
	}
	rte_tel_data_start_dict(answer);
	pthread_mutex_lock(&desk.dataplane->lock);
	status = fill_rules(answer, (uint32_t)first);
	pthread_mutex_unlock(&desk.dataplane->lock);
	return status;
}

static int answer_reload(const char *params, struct rte_tel_data *answer)
{
	static const char *const outcomes[] = {
		[RELOAD_REFUSED] = "refused",
		[RELOAD_SAME] = "same",
		[RELOAD_NEW] = "new",
	};
	uint64_t ticket = ++desk.asked;
	struct timespec until;
	int status = 0;

	(void)params;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RELOAD_SECONDS;
	while (!status && desk.dataplane && desk.answered < ticket)
		status = pthread_cond_timedwait(&desk.change, &desk.lock, &until);
	if (desk.answered < ticket)
		return say_error(answer, desk.dataplane ? "it is reading the policy files still"
							: "it stops");
	rte_tel_data_start_dict(answer);
	return add_text(answer, "policy", outcomes[desk.outcome]);
}

typedef int answerer(const char *params, struct rte_tel_data *answer);

static int serve(answerer *function, const char *params, struct rte_tel_data *answer)
{
	int status;

	pthread_mutex_lock(&desk.lock);
	status = desk.dataplane ? function(params, answer) : say_error(answer, "it stops");
	pthread_mutex_unlock(&desk.lock);
	return status;
}

static int on_report(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	return serve(answer_report, params, answer);
}

static int on_rules(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	return serve(answer_rules, params, answer);
}

static int on_reload(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	return serve(answer_reload, params, answer);
}

/* For who runs the dataplane. */

void telemetry_start(struct dataplane *dataplane)
{
	pthread_mutex_lock(&desk.lock);
	desk.dataplane = dataplane;
	pthread_mutex_unlock(&desk.lock);
	rte_telemetry_register_cmd("/weir/report", on_report,
				   "What became of packets, by port and by reason.");
	rte_telemetry_register_cmd("/weir/rules", on_rules,
				   "Connections by the rule that decided. Parameter: the rule to "
				   "begin with, \"next\" of the page before");
	rte_telemetry_register_cmd("/weir/reload", on_reload,
				   "Reads the policy files again; says whether they are in force.");
}

void telemetry_stop(void)
{
	pthread_mutex_lock(&desk.lock);
	desk.dataplane = NULL;
	pthread_cond_broadcast(&desk.change);
	pthread_mutex_unlock(&desk.lock);
}

uint64_t telemetry_asker(void)
{
	uint64_t asked;

	pthread_mutex_lock(&desk.lock);
	asked = desk.asked > desk.answered ? desk.asked : 0;
	pthread_mutex_unlock(&desk.lock);
	return asked;
}

void telemetry_answer(uint64_t asker, enum reload_outcome outcome)
{
	pthread_mutex_lock(&desk.lock);
	desk.answered = asker;
	desk.outcome = outcome;
	pthread_cond_broadcast(&desk.change);
	pthread_mutex_unlock(&desk.lock);
}
