/*
 * A cluster is planned in the order in which things depend on each other: sizes of workloads until
 * the pods are used up; the namespace of each, so that workloads can be sorted by it; what each
 * workload is; where its pods run; and which workloads policies are to isolate.
 */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The mean is ten pods. */
static const uint8_t sizes[] = { 1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 8, 10, 12, 20, 30, 50 };

enum {
	BRIDGE_HOST = 1,
	FIRST_HOST = 2,
};

bool gen_falls(struct dice *dice, const struct gen_cluster_options *options, enum gen_share share)
{
	return dice_below(dice, GEN_ALL) < options->shares[share];
}

/* Addresses. */

static struct weir_address ipv4(uint32_t address)
{
	uint8_t bytes[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
			     (uint8_t)(address >> 8), (uint8_t)address };

	return weir_address_from_ipv4(bytes);
}

/* HIGH:0:0:NETWORK::HOST */
static struct weir_address ipv6(uint16_t high, uint32_t network, uint32_t host)
{
	struct weir_address address = { { (uint8_t)(high >> 8), (uint8_t)high } };

	address.bytes[6] = (uint8_t)(network >> 8);
	address.bytes[7] = (uint8_t)network;
	address.bytes[13] = (uint8_t)(host >> 16);
	address.bytes[14] = (uint8_t)(host >> 8);
	address.bytes[15] = (uint8_t)host;
	return address;
}

struct weir_address gen_pod_address(bool six, uint32_t node, uint32_t host)
{
	return six ? ipv6(0xfd10, node, host) : ipv4(0x0a000000u + node * 256 + host);
}

struct weir_address gen_node_address(bool six, uint32_t node)
{
	return six ? ipv6(0xfd30, 0, node + 1) : ipv4(0xc0a80001u + node);
}

struct weir_address gen_service_address(bool six, uint32_t service)
{
	return six ? ipv6(0xfd20, 0, service + 1) : ipv4(0xac140001u + service);
}

struct weir_prefix gen_pod_range(bool six, uint32_t node)
{
	return (struct weir_prefix){ gen_pod_address(six, node, 0), six ? 64 : 96 + 24 };
}

/* Namespaces: a team's in an environment; the first is everybody's. */

static void name_space(struct gen_namespace *space, uint32_t index)
{
	uint32_t team = index % GEN_TEAMS;
	uint32_t round = index / GEN_TEAMS;

	space->team = gen_teams[team];
	space->environment = gen_environments[(team + round) % GEN_ENVIRONMENTS];
	if (index == 0)
		snprintf(space->name, sizeof(space->name), "default");
	else if (round < GEN_ENVIRONMENTS)
		snprintf(space->name, sizeof(space->name), "%s-%s", space->team,
			 space->environment);
	else
		snprintf(space->name, sizeof(space->name), "%s-%s-%u", space->team,
			 space->environment, round / GEN_ENVIRONMENTS + 1);
}

/* Sizes and namespaces of workloads. */

static uint32_t draw_size(struct dice *dice, uint32_t left)
{
	uint32_t size = DICE_PICK(dice, sizes);

	return size < left ? size : left;
}

static uint32_t count_apps(const struct gen_cluster_options *options)
{
	struct dice dice = dice_for(options->seed, GEN_USE_SIZES, 0);
	uint32_t count = 0;

	for (uint32_t left = options->pods; left > 0; count++)
		left -= draw_size(&dice, left);
	return count;
}

/* Every namespace has a workload, if there are so many. */
static uint32_t draw_space(struct dice *dice, const struct gen_plan *plan, uint32_t app)
{
	uint32_t spaces = plan->options->namespaces;

	return app < spaces ? app : dice_below(dice, spaces);
}

/* Workloads are given their places by namespace: how many each has comes first. */
static void assign_spaces(struct gen_plan *plan)
{
	struct dice dice = dice_for(plan->options->seed, GEN_USE_SPACES, 0);
	uint32_t first = 0;

	for (uint32_t i = 0; i < plan->app_count; i++)
		plan->spaces[draw_space(&dice, plan, i)].app_count++;
	for (uint32_t i = 0; i < plan->options->namespaces; i++) {
		struct gen_namespace *space = &plan->spaces[i];

		name_space(space, i);
		space->first_app = first;
		for (uint32_t j = 0; j < space->app_count; j++)
			plan->apps[first++].space = i;
	}
}

static void assign_sizes(struct gen_plan *plan)
{
	struct dice dice = dice_for(plan->options->seed, GEN_USE_SIZES, 0);
	uint32_t pod = 0;

	for (uint32_t i = 0; i < plan->app_count; i++) {
		struct gen_app *app = &plan->apps[i];

		app->first_pod = pod;
		app->pod_count = draw_size(&dice, plan->options->pods - pod);
		for (uint32_t j = 0; j < app->pod_count; j++)
			plan->pods[pod++].app = i;
	}
}

/* What a workload is. */

static enum gen_kind draw_kind(struct dice *dice, const uint16_t *shares)
{
	static const enum gen_kind kinds[] = { GEN_STATEFUL_SET, GEN_DAEMON_SET, GEN_REPLICA_SET,
					       GEN_JOB, GEN_BARE };
	uint32_t fallen = dice_below(dice, GEN_ALL);

	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (fallen < shares[GEN_STATEFUL_SETS + i])
			return kinds[i];
		fallen -= shares[GEN_STATEFUL_SETS + i];
	}
	return GEN_DEPLOYMENT;
}

/* The n-th workload of a role in its namespace: "api", then "api-2". */
static void name_app(struct gen_app *app, uint32_t nth)
{
	if (nth == 0)
		snprintf(app->name, sizeof(app->name), "%s", app->role->name);
	else
		snprintf(app->name, sizeof(app->name), "%s-%u", app->role->name, nth + 1);
}

/* One name is not one number: "http" is 8080 with most, and something else with others. */
static void draw_ports(struct dice *dice, struct gen_app *app)
{
	static const uint16_t others[] = { 80, 3000, 8000 };

	memcpy(app->ports, app->role->ports, sizeof(app->role->ports));
	app->port_count = app->role->port_count;
	if (app->ports[0].number == 8080 && dice_one_in(dice, 4))
		app->ports[0].number = DICE_PICK(dice, others);
	app->ports[app->port_count] =
		(struct gen_role_port){ "proxy-admin", 15000, app->ports[0].protocol };
}

static void draw_app(struct gen_plan *plan, uint32_t index)
{
	const struct gen_cluster_options *options = plan->options;
	struct dice dice = dice_for(options->seed, GEN_USE_APPS, index);
	static const char *const versions[] = { "v1", "v2", NULL };
	struct gen_app *app = &plan->apps[index];
	uint32_t within = index - plan->spaces[app->space].first_app;

	/* A namespace has each role once before it has one twice. */
	app->role = &gen_roles[(app->space * 4 + within) % GEN_ROLES];
	name_app(app, within / GEN_ROLES);
	app->version = DICE_PICK(&dice, versions);
	app->kind = draw_kind(&dice, options->shares);
	draw_ports(&dice, app);
	app->is_on_host_network = gen_falls(&dice, options, GEN_HOST_NETWORK);
	app->has_sidecar = gen_falls(&dice, options, GEN_SIDECARS);
	app->has_service = gen_falls(&dice, options, GEN_SERVICES);
}

/* Where pods run. */

/* A node with room, the wanted one or the next. */
static uint32_t find_room(const struct gen_plan *plan, const uint8_t *used, uint32_t node)
{
	while (used[node] == GEN_NODE_PODS_MAX)
		node = (node + 1) % plan->options->nodes;
	return node;
}

static void place_pod(struct gen_plan *plan, uint8_t *used, uint32_t index)
{
	const struct gen_cluster_options *options = plan->options;
	struct gen_pod *pod = &plan->pods[index];
	const struct gen_app *app = &plan->apps[pod->app];
	/* One of a DaemonSet runs on each node of a row. */
	bool in_a_row = app->kind == GEN_DAEMON_SET;
	struct dice dice =
		dice_for(options->seed, GEN_USE_PLACES, in_a_row ? app->first_pod : index);
	uint32_t node = dice_below(&dice, options->nodes);

	if (in_a_row)
		node = (node + index - app->first_pod) % options->nodes;
	dice = dice_for(options->seed, GEN_USE_PHASES, index);
	if (gen_falls(&dice, options, GEN_FINISHED))
		pod->phase = GEN_FINISHED_POD;
	else if (gen_falls(&dice, options, GEN_PENDING))
		pod->phase = GEN_PENDING_POD;
	pod->node = app->is_on_host_network ? node : find_room(plan, used, node);
	pod->host = FIRST_HOST + used[pod->node];
	/* What a finished pod had is given to the next. */
	if (pod->phase == GEN_RUNNING_POD && !app->is_on_host_network)
		used[pod->node]++;
}

static int place_pods(struct gen_plan *plan)
{
	uint8_t *used = calloc(plan->options->nodes, 1);

	if (!used)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->options->pods; i++)
		place_pod(plan, used, i);
	free(used);
	return 0;
}

/* Isolation. */

static void shuffle(struct dice *dice, uint32_t *items, uint32_t count)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = dice_below(dice, i);
		uint32_t kept = items[i - 1];

		items[i - 1] = items[j];
		items[j] = kept;
	}
}

static void isolate(struct gen_plan *plan, uint32_t app)
{
	plan->apps[app].is_isolated = true;
	plan->spaces[plan->apps[app].space].isolated_count++;
}

/* The namespaces that need a policy, as a policy selects in one of them. */
static uint32_t count_isolated_spaces(const struct gen_plan *plan)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < plan->options->namespaces; i++)
		count += plan->spaces[i].isolated_count > 0;
	return count;
}

/* Whole namespaces, as many as there are policies, or fewer. */
static void isolate_spaces(struct gen_plan *plan, uint32_t *order, struct dice *dice, uint32_t left)
{
	uint32_t spaces = plan->options->namespaces;
	uint32_t policies = plan->options->policies;

	for (uint32_t i = 0; i < plan->app_count; i++)
		plan->apps[i].is_isolated = false;
	for (uint32_t i = 0; i < spaces; i++) {
		plan->spaces[i].isolated_count = 0;
		order[i] = i;
	}
	shuffle(dice, order, spaces);
	for (uint32_t i = 0; i < spaces && policies > 0; i++) {
		const struct gen_namespace *space = &plan->spaces[order[i]];

		for (uint32_t j = 0; j < space->app_count && left > 0; j++) {
			if (plan->apps[space->first_app + j].is_on_host_network)
				continue;
			isolate(plan, space->first_app + j);
			left--;
		}
		policies -= space->isolated_count > 0;
	}
}

/* Any workloads; whole namespaces where there are too few policies for that. */
static int draw_isolation(struct gen_plan *plan)
{
	struct dice dice = dice_for(plan->options->seed, GEN_USE_ISOLATION, 0);
	uint32_t room = plan->app_count + plan->options->namespaces;
	uint32_t *order = calloc(room, sizeof(*order));
	uint32_t count = 0;
	uint32_t wanted;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->app_count; i++)
		if (!plan->apps[i].is_on_host_network)
			order[count++] = i;
	shuffle(&dice, order, count);
	wanted = (uint32_t)(((uint64_t)count * plan->options->shares[GEN_ISOLATED] + GEN_ALL / 2) /
			    GEN_ALL);
	for (uint32_t i = 0; i < wanted; i++)
		isolate(plan, order[i]);
	if (count_isolated_spaces(plan) > plan->options->policies)
		isolate_spaces(plan, order, &dice, wanted);
	free(order);
	return 0;
}

int gen_plan_make(struct gen_plan *plan, const struct gen_cluster_options *options)
{
	int status;

	*plan = (struct gen_plan){ .options = options, .app_count = count_apps(options) };
	plan->spaces = calloc(options->namespaces, sizeof(*plan->spaces));
	plan->apps = calloc((size_t)plan->app_count + 1, sizeof(*plan->apps));
	plan->pods = calloc((size_t)options->pods + 1, sizeof(*plan->pods));
	if (!plan->spaces || !plan->apps || !plan->pods)
		return -ENOMEM;
	assign_spaces(plan);
	assign_sizes(plan);
	for (uint32_t i = 0; i < plan->app_count; i++)
		draw_app(plan, i);
	status = place_pods(plan);
	return status ? status : draw_isolation(plan);
}

void gen_plan_finish(struct gen_plan *plan)
{
	free(plan->spaces);
	free(plan->apps);
	free(plan->pods);
}
