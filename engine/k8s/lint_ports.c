/*
 * Port names that nobody has. A name is looked up on the pods that a connection goes to (S9): for
 * ingress those that the policy selects, for egress the peers, for a Service those behind it.
 *
 * Some of those pods are asked first, which is all of them mostly, and one of them mostly has it.
 * Where they are many and none of the first has it, those who have it are asked instead. Whoever
 * declares a port stands in one list by (name, protocol, pod); pods are numbered by namespace, so
 * those of one name, protocol and some namespaces are a few spans of the list:
 *
 *	rule      egress to pods with app=web of namespace b, TCP port http
 *	pods      0 a/x    1 a/y    2 b/db    3 b/web    4 c/web
 *	list      http TCP 0 | http TCP 3 | http TCP 4 | http UDP 2 | metrics TCP 1 ...
 *	asked                  ^ namespace b is pods 2 and 3
 *
 * Where both are many and none is the other the search is as long as the list, so there is a budget
 * for the run; names behind it are taken for good.
 */
#include "lint.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

enum {
	MOST_NAMED = 5,
	MOST_ASKED = 256, /* pods, whether they have the port */
	MOST_SOUGHT = 10000,
};

static const uint64_t most_looks = 50000000;

/* A pod that declares a port. */
struct carrier {
	const char *name;
	uint32_t pod;
	uint8_t protocol;
};

struct k8s_lint_ports {
	const struct carrier *items;
	size_t count;
	uint64_t looks; /* that may still be taken */
};

static int compare_carriers(const void *a, const void *b)
{
	const struct carrier *left = a, *right = b;
	int order = left->name == right->name ? 0 : strcmp(left->name, right->name);

	if (!order)
		order = (int)left->protocol - (int)right->protocol;
	if (order)
		return order;
	return left->pod < right->pod ? -1 : left->pod > right->pod;
}

static size_t fill(const struct weir_cluster *cluster, struct carrier *items)
{
	const struct k8s_pod *pods = k8s_pods(cluster);
	size_t count = 0;

	for (uint32_t i = 0; i < k8s_pod_count(cluster); i++) {
		for (uint32_t j = 0; pods[i].phase != K8S_FINISHED && j < pods[i].port_count; j++) {
			if (!pods[i].ports[j].name)
				continue;
			if (items)
				items[count] = (struct carrier){ pods[i].ports[j].name, i,
								 pods[i].ports[j].protocol };
			count++;
		}
	}
	return count;
}

/* Makes the list when the first name is looked up. */
static int open_ports(struct k8s_lint *lint)
{
	struct k8s_lint_ports *ports;
	struct carrier *items;

	if (lint->ports)
		return 0;
	ports = weir_arena_new(&lint->arena, struct k8s_lint_ports);
	if (!ports)
		return -ENOMEM;
	ports->looks = most_looks;
	ports->count = fill(lint->selection.cluster, NULL);
	items = weir_arena_array(&lint->arena, ports->count, struct carrier);
	if (!items)
		return -ENOMEM;
	fill(lint->selection.cluster, items);
	if (ports->count)
		qsort(items, ports->count, sizeof(*items), compare_carriers);
	ports->items = items;
	lint->ports = ports;
	return 0;
}

/* The first place of the list that is not before the key. */
static size_t place_of(const struct k8s_lint_ports *ports, const struct carrier *key)
{
	size_t low = 0, high = ports->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_carriers(&ports->items[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Pods that a name may be looked up on: those of one peer, of a policy's subject, or of a Service.
 */
struct crowd {
	const char *home;                      /* namespace of what is written */
	const struct k8s_selector *namespaces; /* NULL: home */
	const struct k8s_selector *pods;       /* NULL: every pod */
	const struct k8s_block *block;         /* not NULL: those whose address is in it */
	bool everybody;
	bool takes_host_network; /* Services do, policies do not (S13) */
};

static bool is_in_block(const struct k8s_block *block, const struct weir_address *address)
{
	if (!weir_prefix_contains(&block->prefix, address))
		return false;
	for (uint32_t i = 0; i < block->except_count; i++) {
		if (weir_prefix_contains(&block->except[i], address))
			return false;
	}
	return true;
}

static bool has_address_in(const struct k8s_pod *pod, const struct k8s_block *block)
{
	for (uint32_t i = 0; i < pod->address_count; i++) {
		if (is_in_block(block, &pod->addresses[i]))
			return true;
	}
	return false;
}

/* Of a pod in the namespaces that are meant. */
static bool is_one_of(const struct crowd *crowd, const struct k8s_pod *pod)
{
	if (pod->host_network && !crowd->takes_host_network)
		return false;
	if (crowd->block)
		return has_address_in(pod, crowd->block);
	return !crowd->pods || k8s_selector_matches(crowd->pods, &pod->meta.labels);
}

/* Puts the pods of the namespaces that are meant into lint->selection.ranges. */
static int find_ranges(struct k8s_lint *lint, const struct crowd *crowd)
{
	static const struct k8s_terms everything = { 0 };
	struct k8s_meaning meaning;

	if (crowd->everybody || crowd->block)
		return k8s_select_namespaces(&lint->selection, &everything);
	if (k8s_meaning_of(&lint->selection, crowd->home, crowd->namespaces, NULL, &lint->scratch,
			   &meaning))
		return -ENOMEM;
	return k8s_select_namespaces(&lint->selection, &meaning.namespaces);
}

static bool declares(const struct k8s_pod *pod, const char *name, uint8_t protocol)
{
	for (uint32_t i = 0; i < pod->port_count; i++) {
		const struct k8s_container_port *port = &pod->ports[i];

		if (port->name && port->protocol == protocol && strcmp(port->name, name) == 0)
			return true;
	}
	return false;
}

/* Blocks are not indexed, and of everybody the first will do. */
static int some_in_block(struct k8s_lint *lint, const struct crowd *crowd, bool *is_whole)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	uint32_t count = k8s_pod_count(lint->selection.cluster), i;

	lint->found.count = 0;
	for (i = 0; i < count && lint->looks && lint->found.count < MOST_ASKED; i++) {
		uint32_t *found;

		lint->looks--;
		if (pods[i].phase == K8S_FINISHED || !is_one_of(crowd, &pods[i]))
			continue;
		found = weir_array_push(&lint->found);
		if (!found)
			return -ENOMEM;
		*found = i;
	}
	*is_whole = i == count;
	return 0;
}

/* Puts some pods of the crowd into lint->found, and perhaps some of the host's network. *is_whole
 * says whether these are all. */
static int some_of(struct k8s_lint *lint, const struct crowd *crowd, bool *is_whole)
{
	static const struct k8s_selector every_pod = { 0 };
	struct k8s_index_bound bound = { MOST_ASKED, MOST_SOUGHT };
	struct k8s_terms terms;

	if (crowd->everybody || crowd->block)
		return some_in_block(lint, crowd, is_whole);
	if (find_ranges(lint, crowd) ||
	    k8s_terms_of(crowd->pods ? crowd->pods : &every_pod, NULL, &lint->scratch, &terms) ||
	    k8s_label_index_search(&lint->selection.pod_index, &terms, lint->selection.ranges.items,
				   (uint32_t)lint->selection.ranges.count, &bound, &lint->found))
		return -ENOMEM;
	*is_whole = bound.looks && lint->found.count < MOST_ASKED;
	return 0;
}

/* Asks those in lint->found whether they have the port. */
static uint32_t ask_found(const struct k8s_lint *lint, const struct crowd *crowd,
			  const struct carrier *wanted)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const uint32_t *found = lint->found.items;

	for (size_t i = 0; i < lint->found.count; i++) {
		if (is_one_of(crowd, &pods[found[i]]) &&
		    declares(&pods[found[i]], wanted->name, wanted->protocol))
			return found[i];
	}
	return WEIR_NONE;
}

/* Asks those who have the port whether they are selected. */
static void ask_carriers(struct k8s_lint *lint, const struct crowd *crowd,
			 const struct carrier *wanted, uint32_t *out)
{
	struct k8s_lint_ports *ports = lint->ports;
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const struct k8s_index_range *ranges = lint->selection.ranges.items;

	for (size_t i = 0; i < lint->selection.ranges.count; i++) {
		const struct carrier first = { wanted->name, ranges[i].first, wanted->protocol };
		const struct carrier end = { wanted->name, ranges[i].end, wanted->protocol };
		size_t behind = place_of(ports, &end);

		for (size_t at = place_of(ports, &first); at < behind && ports->looks; at++) {
			ports->looks--;
			if (is_one_of(crowd, &pods[ports->items[at].pod])) {
				*out = ports->items[at].pod;
				return;
			}
		}
	}
}

/* A pod of the crowd that has the port. *out is WEIR_NONE when there is none. */
static int find_carrier(struct k8s_lint *lint, const struct crowd *crowd,
			const struct carrier *wanted, uint32_t *out)
{
	bool is_whole = false;

	*out = WEIR_NONE;
	if (!crowd->everybody && !crowd->block) {
		if (some_of(lint, crowd, &is_whole))
			return -ENOMEM;
		*out = ask_found(lint, crowd, wanted);
	}
	if (*out != WEIR_NONE || is_whole)
		return 0;
	if (find_ranges(lint, crowd))
		return -ENOMEM;
	ask_carriers(lint, crowd, wanted, out);
	return 0;
}

/* Everybody that a rule or a Service looks names up on. */
struct destination {
	const struct crowd *crowds;
	uint32_t count;
	const char *words; /* "pod that the policy selects" */
	bool only_blocks;
};

static int find_in_any(struct k8s_lint *lint, const struct destination *destination,
		       const char *name, uint8_t protocol, uint32_t *out)
{
	const struct carrier wanted = { .name = name, .protocol = protocol };
	int status = 0;

	*out = WEIR_NONE;
	for (uint32_t i = 0; i < destination->count && !status && *out == WEIR_NONE; i++)
		status = find_carrier(lint, &destination->crowds[i], &wanted, out);
	return status;
}

/* Words. */

static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

/* The first of them that has the name for any protocol, between the words before and behind it. */
static int say_who_of(struct k8s_lint *lint, const struct destination *destination,
		      const char *name, const char *before, const char *behind,
		      struct k8s_lint_text *text)
{
	for (size_t i = 0; i < sizeof(protocols); i++) {
		const struct k8s_meta *meta;
		uint32_t pod;

		if (find_in_any(lint, destination, name, protocols[i], &pod))
			return -ENOMEM;
		if (pod == WEIR_NONE)
			continue;
		meta = &k8s_pods(lint->selection.cluster)[pod].meta;
		k8s_lint_say(text, "; %s%s/%s%s has it for %s", before, meta->namespace_name,
			     meta->name, behind, k8s_lint_protocol(protocols[i]));
		return 0;
	}
	return 0;
}

/* Who else has the name: one of those pods with another protocol, else anybody. */
static int say_who_has_it(struct k8s_lint *lint, const struct destination *destination,
			  const char *name, struct k8s_lint_text *text)
{
	static const struct crowd everybody = { .everybody = true, .takes_host_network = true };
	const struct destination anybody = { .crowds = &everybody, .count = 1 };
	size_t before = text->bytes.count;
	int status = say_who_of(lint, destination, name, "", "", text);

	if (status || text->bytes.count > before)
		return status;
	return say_who_of(lint, &anybody, name, "another pod, ", ",", text);
}

struct names {
	const char *items[MOST_NAMED + 1]; /* the first ones by alphabet */
	size_t count;
};

static void add_name(struct names *names, const char *name)
{
	size_t at = 0;

	while (at < names->count && strcmp(names->items[at], name) < 0)
		at++;
	if (at == MOST_NAMED + 1 || (at < names->count && strcmp(names->items[at], name) == 0))
		return;
	if (names->count < MOST_NAMED + 1)
		names->count++;
	memmove(&names->items[at + 1], &names->items[at],
		(names->count - 1 - at) * sizeof(*names->items));
	names->items[at] = name;
}

/* What some pods of a destination are like. */
struct sample {
	struct names names;
	bool any;
	bool is_whole; /* these are all */
};

static void add_to_sample(const struct k8s_lint *lint, const struct crowd *crowd,
			  struct sample *sample)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const uint32_t *found = lint->found.items;

	for (size_t i = 0; i < lint->found.count; i++) {
		const struct k8s_pod *pod = &pods[found[i]];

		if (!is_one_of(crowd, pod))
			continue;
		sample->any = true;
		for (uint32_t j = 0; j < pod->port_count; j++) {
			if (pod->ports[j].name)
				add_name(&sample->names, pod->ports[j].name);
		}
	}
}

static int take_sample(struct k8s_lint *lint, const struct destination *destination,
		       struct sample *out)
{
	*out = (struct sample){ .is_whole = true };
	for (uint32_t i = 0; i < destination->count; i++) {
		bool is_whole;

		if (some_of(lint, &destination->crowds[i], &is_whole))
			return -ENOMEM;
		add_to_sample(lint, &destination->crowds[i], out);
		out->is_whole = out->is_whole && is_whole;
	}
	return 0;
}

/* The names that those pods have instead. */
static void say_names(const struct sample *sample, struct k8s_lint_text *text)
{
	const struct names *names = &sample->names;

	if (names->count)
		k8s_lint_say(text, "; their ports are named ");
	else if (sample->is_whole)
		k8s_lint_say(text, "; none of their ports has a name");
	for (size_t i = 0; i < names->count && i < MOST_NAMED; i++)
		k8s_lint_say(text, "%s%s", i ? ", " : "", names->items[i]);
	if (names->count > MOST_NAMED || (names->count && !sample->is_whole))
		k8s_lint_say(text, " and more");
}

struct lookup {
	const struct destination *destination;
	const char *name;
	uint8_t protocol;
};

static int say_nobody_has_it(struct k8s_lint *lint, const struct lookup *lookup,
			     const struct sample *sample, struct k8s_lint_text *text)
{
	size_t before;

	k8s_lint_say(text, "no %s has a %s port named %s", lookup->destination->words,
		     k8s_lint_protocol(lookup->protocol), lookup->name);
	before = text->bytes.count;
	if (say_who_has_it(lint, lookup->destination, lookup->name, text))
		return -ENOMEM;
	if (text->bytes.count == before)
		say_names(sample, text);
	return 0;
}

static int say_why(struct k8s_lint *lint, const struct lookup *lookup, struct k8s_lint_text *text)
{
	struct sample sample;
	int status = take_sample(lint, lookup->destination, &sample);

	if (status)
		return status;
	if (sample.any || !sample.is_whole)
		return say_nobody_has_it(lint, lookup, &sample, text);
	if (lookup->destination->only_blocks)
		k8s_lint_say(text, "a name is looked up on pods, and no pod is in the blocks");
	return 0;
}

/* Writes what is wrong; nothing when somebody has the port, or when there is nobody to have it,
 * which is for other lints to tell. */
static int look_up(struct k8s_lint *lint, const struct lookup *lookup, struct k8s_lint_text *text)
{
	uint32_t pod = WEIR_NONE;
	int status = open_ports(lint);

	if (!status)
		status = find_in_any(lint, lookup->destination, lookup->name, lookup->protocol,
				     &pod);
	if (!status && pod == WEIR_NONE && lint->ports->looks)
		status = say_why(lint, lookup, text);
	return status ? status : text->status;
}

/* Rules. */

static bool names_a_port(const struct k8s_rule *rule)
{
	for (uint32_t i = 0; i < rule->port_count; i++) {
		if (rule->ports[i].kind == K8S_PORT_NAME)
			return true;
	}
	return false;
}

static struct crowd crowd_of_peer(const struct k8s_network_policy *policy,
				  const struct k8s_peer *peer)
{
	struct crowd crowd = { .home = policy->meta.namespace_name };

	if (peer->kind == K8S_PEER_BLOCK)
		crowd.block = &peer->block;
	if (peer->has_namespace_selector)
		crowd.namespaces = &peer->namespace_selector;
	if (peer->has_pod_selector)
		crowd.pods = &peer->pod_selector;
	return crowd;
}

static int destination_of(struct k8s_lint *lint, const struct k8s_lint_rule *rule,
			  struct destination *out)
{
	uint32_t count = rule->is_egress && rule->rule->peer_count ? rule->rule->peer_count : 1;
	struct crowd *crowds = weir_arena_array(&lint->scratch, count, struct crowd);

	if (!crowds)
		return -ENOMEM;
	*out = (struct destination){ crowds, count, "pod among the peers", false };
	if (!rule->is_egress) {
		crowds[0].home = rule->policy->meta.namespace_name;
		crowds[0].pods = &rule->policy->pod_selector;
		out->words = "pod that the policy selects";
	} else if (!rule->rule->peer_count) {
		crowds[0].everybody = true;
		out->words = "pod";
	} else {
		out->only_blocks = true;
		for (uint32_t i = 0; i < count; i++) {
			crowds[i] = crowd_of_peer(rule->policy, &rule->rule->peers[i]);
			out->only_blocks = out->only_blocks && crowds[i].block;
		}
	}
	return 0;
}

static int port_of_rule(struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t index,
			const struct destination *destination)
{
	const struct k8s_port *port = &rule->rule->ports[index];
	const struct lookup lookup = { destination, port->name, port->protocol };
	struct k8s_lint_text text = k8s_lint_text(lint);
	char field[K8S_LINT_FIELD];
	int status = look_up(lint, &lookup, &text);

	k8s_lint_port_field(rule, index, ".port", field);
	if (!status && text.bytes.count)
		k8s_lint_report_policy(lint, K8S_LINT_UNKNOWN_PORT_NAME, rule->policy,
				       &port->position, field, k8s_lint_text_string(&text));
	k8s_lint_text_finish(&text);
	return status;
}

int k8s_lint_port_names(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	struct destination destination;
	int status;

	if (!names_a_port(rule->rule))
		return 0;
	status = destination_of(lint, rule, &destination);
	for (uint32_t i = 0; i < rule->rule->port_count && !status; i++) {
		if (rule->rule->ports[i].kind == K8S_PORT_NAME)
			status = port_of_rule(lint, rule, i, &destination);
	}
	return status;
}

int k8s_lint_target_name(struct k8s_lint *lint, const struct k8s_service *service,
			 const struct k8s_service_port *port, struct k8s_lint_text *text)
{
	const struct crowd crowd = { .home = service->meta.namespace_name,
				     .pods = &service->selector,
				     .takes_host_network = true };
	const struct destination destination = { &crowd, 1, "pod that the Service selects", false };
	const struct lookup lookup = { &destination, port->target_name, port->protocol };

	return look_up(lint, &lookup, text);
}
