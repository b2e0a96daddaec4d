#include "interview.h"

#include <stdio.h>
#include <string.h>

#include "handle.h"
#include "weir/directory.h"
#include "weir/list.h"
#include "weir/policy_file.h"
#include "weir/query.h"

enum {
	KEYS_MOST = 64,
	CONSIDERED = 8,
	QUESTIONS = 6,
	RULE_TEXT = 200,
	END_TEXT = 160,
};

static void read_bytes(struct interview *interview, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		interview->checksum = interview->checksum * 31 + at[i];
}

static void read_text(struct interview *interview, const char *text)
{
	read_bytes(interview, text, strlen(text));
}

/* Verdicts. */

static bool ask_kernels(struct interview *interview, struct weir_policy *policy)
{
	struct weir_verdict verdicts[KEYS_MOST], first[KEYS_MOST];
	const struct weir_kernel *best = policy->kernel;
	size_t length = interview->key_count * sizeof(*verdicts);
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);
	bool agree = true;

	memset(verdicts, 0, sizeof(verdicts));
	memset(first, 0, sizeof(first));
	for (size_t i = 0; i < count; i++) {
		if (!kernels[i].is_supported())
			continue;
		policy->kernel = &kernels[i];
		weir_policy_classify(policy, interview->keys, i ? verdicts : first,
				     interview->key_count);
		agree = agree && (!i || memcmp(verdicts, first, length) == 0);
	}
	policy->kernel = best;
	read_bytes(interview, first, length);
	return agree;
}

static void ask_half(struct interview *interview, const struct weir_policy *policy,
		     const struct weir_half *half)
{
	char text[RULE_TEXT] = "";

	weir_policy_format_rule(policy, half, text, sizeof(text));
	read_text(interview, text);
}

static void ask_key(struct interview *interview, const struct weir_policy *policy,
		    const struct weir_key *key)
{
	struct weir_considered considered[CONSIDERED];
	struct weir_explanation explanation;
	uint32_t service, port;
	size_t count;

	weir_policy_explain(policy, key, &explanation);
	ask_half(interview, policy, &explanation.egress);
	ask_half(interview, policy, &explanation.ingress);
	for (unsigned i = 0; i < 2; i++) {
		count = weir_policy_considered(policy, key, (enum weir_direction)i, considered,
					       CONSIDERED);
		for (size_t j = 0; j < count && j < CONSIDERED; j++) {
			struct weir_rule_view view;

			weir_policy_rule(policy, considered[j].rule, &view);
			read_text(interview, view.name);
		}
	}
	if (weir_policy_translates(policy, &key->destination, key->protocol, key->destination_port,
				   &service, &port)) {
		struct weir_service_port_view view;

		weir_policy_service_port(policy, service, port, &view);
		read_bytes(interview, view.backends, view.backend_count * sizeof(*view.backends));
	}
}

/* Names. */

static void ask_addresses(struct interview *interview, const struct weir_policy *policy,
			  const struct weir_address *addresses, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct weir_owner owner;

		weir_policy_owner(policy, &addresses[i], &owner);
		if (owner.kind == WEIR_OWNER_POD)
			read_bytes(interview, owner.endpoints,
				   owner.endpoint_count * sizeof(*owner.endpoints));
		interview->checksum += owner.index;
	}
}

static void ask_endpoints(struct interview *interview, const struct weir_policy *policy)
{
	for (uint32_t i = 0; i < weir_policy_endpoint_count(policy); i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(policy, i, &view);
		read_text(interview, view.namespace_name);
		read_text(interview, view.name);
		ask_addresses(interview, policy, view.addresses, view.address_count);
		interview->checksum += weir_policy_endpoint_declares(policy, i, 6, 80);
		interview->checksum += weir_policy_find_pod(policy, view.namespace_name, view.name);
		interview->checksum += weir_policy_find_node(policy, view.name);
	}
}

static void ask_workloads(struct interview *interview, const struct weir_policy *policy)
{
	for (uint32_t i = 0; i < weir_policy_workload_count(policy); i++) {
		struct weir_workload_view view;

		weir_policy_workload(policy, i, &view);
		interview->checksum += weir_policy_find_workload(policy, view.kind,
								 view.namespace_name, view.name);
	}
}

static void ask_services(struct interview *interview, const struct weir_policy *policy)
{
	for (uint32_t i = 0; i < weir_policy_service_count(policy); i++) {
		struct weir_service_view view;
		struct weir_service_port_view port;

		weir_policy_service(policy, i, &view);
		ask_addresses(interview, policy, view.addresses, view.address_count);
		interview->checksum +=
			weir_policy_find_service(policy, view.namespace_name, view.name);
		for (uint32_t j = 0; j < view.port_count; j++) {
			weir_policy_service_port(policy, i, j, &port);
			read_text(interview, port.name);
			read_bytes(interview, port.backends,
				   port.backend_count * sizeof(*port.backends));
		}
	}
}

/* Questions. */

static void draw_end(struct interview *interview, const struct weir_policy *policy,
		     char text[END_TEXT])
{
	struct dice *dice = &interview->dice;
	uint32_t endpoints = weir_policy_endpoint_count(policy);
	uint32_t workloads = weir_policy_workload_count(policy);
	uint32_t services = weir_policy_service_count(policy);
	struct weir_endpoint_view endpoint;
	struct weir_workload_view workload;
	struct weir_service_view service;

	weir_address_format(
		&interview->keys[dice_below(dice, (uint32_t)interview->key_count)].source, text);
	switch (dice_below(dice, 4)) {
	case 0:
		if (!endpoints)
			break;
		weir_policy_endpoint(policy, dice_below(dice, endpoints), &endpoint);
		snprintf(text, END_TEXT, "%s/%s",
			 endpoint.namespace_name[0] ? endpoint.namespace_name : "node",
			 endpoint.name);
		break;
	case 1:
		if (!workloads)
			break;
		weir_policy_workload(policy, dice_below(dice, workloads), &workload);
		snprintf(text, END_TEXT, "%s/%s/%s", workload.namespace_name, workload.kind,
			 workload.name);
		break;
	case 2:
		if (!services)
			break;
		weir_policy_service(policy, dice_below(dice, services), &service);
		snprintf(text, END_TEXT, "%s/Service/%s", service.namespace_name, service.name);
		break;
	}
}

static void ask_questions(struct interview *interview, struct weir_policy *policy)
{
	struct weir_querier *querier;

	if (weir_querier_create(policy, NULL, &querier))
		return;
	for (unsigned i = 0; i < QUESTIONS; i++) {
		char from[END_TEXT], to[END_TEXT];
		struct weir_query query = {
			.from = from, .to = to, .port = 80, .has_port = true, .protocol = 6
		};
		struct weir_answer answer;
		struct weir_error error;

		draw_end(interview, policy, from);
		draw_end(interview, policy, to);
		if (weir_querier_ask(querier, &query, &answer, &error) == 0)
			interview->checksum += answer.pair_count;
	}
	weir_querier_destroy(querier);
}

static int read_row(void *context, const struct weir_list_row *row)
{
	struct interview *interview = context;

	read_bytes(interview, row->to.prefixes, row->to.prefix_count * sizeof(*row->to.prefixes));
	interview->checksum += row->ports;
	return 0;
}

static void ask_list(struct interview *interview, struct weir_policy *policy)
{
	const struct weir_list_options options = { .by_pod = dice_one_in(&interview->dice, 2),
						   .with_nodes = true };
	struct weir_error error;
	struct weir_list *list;

	if (weir_list_create(policy, &options, &list, &error))
		return;
	weir_list_each(list, read_row, interview);
	weir_list_destroy(list);
}

bool interview_hold(struct interview *interview, struct weir_policy *policy)
{
	struct weir_policy_sizes sizes;
	struct weir_semantics semantics;

	weir_policy_measure(policy, &sizes);
	weir_policy_semantics(policy, &semantics);
	if (!ask_kernels(interview, policy))
		return false;
	for (size_t i = 0; i < interview->key_count; i++)
		ask_key(interview, policy, &interview->keys[i]);
	ask_endpoints(interview, policy);
	ask_workloads(interview, policy);
	ask_services(interview, policy);
	ask_questions(interview, policy);
	if (interview->with_list)
		ask_list(interview, policy);
	return true;
}
