/*
 * Selectors, with matchLabels or, as often as the share says, with matchExpressions; only several
 * workloads at once always need one. The subjects of a policy are certain workloads, so the
 * expressions beside their names are true of everybody; those of peers may say anything.
 */
#include "policies.h"

#include <string.h>

const struct gen_namespace *gen_draw_space(struct gen_writer *writer)
{
	const struct gen_plan *plan = writer->plan;

	/* Workloads are spread over all namespaces, or over the first ones. */
	return &plan->spaces[plan->apps[dice_below(&writer->dice, plan->app_count)].space];
}

static bool has_expressions(struct gen_writer *writer)
{
	return gen_falls(&writer->dice, writer->plan->options, GEN_EXPRESSIONS);
}

static const struct gen_app *draw_app(struct gen_writer *writer, const struct gen_namespace *space)
{
	return &writer->plan->apps[space->first_app + dice_below(&writer->dice, space->app_count)];
}

static void put_names(struct gen_writer *writer, const uint32_t *apps, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		gen_put(writer->out, "%s%s", i ? ", " : "", writer->plan->apps[apps[i]].name);
}

void gen_put_group_selector(struct gen_writer *writer, const uint32_t *apps, uint32_t count)
{
	static const char *const true_of_all[] = {
		"{key: tier, operator: Exists}",
		"{key: canary, operator: DoesNotExist}",
		"{key: tier, operator: NotIn, values: [legacy, test]}",
	};

	bool expressions = has_expressions(writer);

	if (count == 1 && !expressions) {
		gen_put(writer->out, "{matchLabels: {app: %s}}", writer->plan->apps[apps[0]].name);
		return;
	}
	gen_put(writer->out, "{matchExpressions: [{key: app, operator: In, values: [");
	put_names(writer, apps, count);
	gen_put(writer->out, "]}");
	if (expressions && dice_one_in(&writer->dice, 2))
		gen_put(writer->out, ", %s", DICE_PICK(&writer->dice, true_of_all));
	gen_put(writer->out, "]}");
}

static void put_pod_expression(struct gen_writer *writer, const struct gen_namespace *space)
{
	const char *name = draw_app(writer, space)->name;
	const char *other = draw_app(writer, space)->name;

	switch (dice_below(&writer->dice, 4)) {
	case 0:
		if (strcmp(name, other) == 0)
			gen_put(writer->out, "{key: app, operator: In, values: [%s]}", name);
		else
			gen_put(writer->out, "{key: app, operator: In, values: [%s, %s]}", name,
				other);
		break;
	case 1:
		gen_put(writer->out, "{key: app, operator: NotIn, values: [%s]}", name);
		break;
	case 2:
		gen_put(writer->out, "{key: version, operator: Exists}");
		break;
	default:
		gen_put(writer->out, "{key: version, operator: DoesNotExist}");
	}
}

void gen_put_pod_selector(struct gen_writer *writer, const struct gen_namespace *space)
{
	const struct gen_app *app = draw_app(writer, space);
	uint32_t form = dice_below(&writer->dice, 12);

	if (has_expressions(writer)) {
		gen_put(writer->out, "{");
		if (form == 0)
			gen_put(writer->out, "matchLabels: {tier: %s}, ", app->role->tier);
		gen_put(writer->out, "matchExpressions: [");
		put_pod_expression(writer, space);
		gen_put(writer->out, "]}");
	} else if (form == 0) {
		gen_put(writer->out, "{}");
	} else if (form == 1) {
		gen_put(writer->out, "{matchLabels: {tier: %s}}", app->role->tier);
	} else if (form == 2 && app->version) {
		gen_put(writer->out, "{matchLabels: {app: %s, version: %s}}", app->name,
			app->version);
	} else {
		gen_put(writer->out, "{matchLabels: {app: %s}}", app->name);
	}
}

void gen_put_namespace_name(struct gen_writer *writer, const struct gen_namespace *space)
{
	gen_put(writer->out,
		has_expressions(writer) ? "{matchExpressions: [{key: kubernetes.io/metadata.name, "
					  "operator: In, values: [%s]}]}"
					: "{matchLabels: {kubernetes.io/metadata.name: %s}}",
		space->name);
}

static void put_namespace_expression(struct gen_writer *writer, const struct gen_namespace *space)
{
	switch (dice_below(&writer->dice, 4)) {
	case 0:
		gen_put(writer->out, "{key: env, operator: In, values: [%s]}", space->environment);
		break;
	case 1:
		gen_put(writer->out, "{key: env, operator: NotIn, values: [%s, test]}",
			space->environment);
		break;
	case 2:
		gen_put(writer->out, "{key: team, operator: Exists}");
		break;
	default:
		gen_put(writer->out, "{key: quarantine, operator: DoesNotExist}");
	}
}

void gen_put_namespace_selector(struct gen_writer *writer)
{
	const struct gen_namespace *space = gen_draw_space(writer);
	uint32_t form = dice_below(&writer->dice, 12);

	if (has_expressions(writer)) {
		gen_put(writer->out, "{matchExpressions: [");
		put_namespace_expression(writer, space);
		gen_put(writer->out, "]}");
	} else if (form == 0) {
		gen_put(writer->out, "{}");
	} else if (form < 4) {
		gen_put(writer->out, "{matchLabels: {team: %s, env: %s}}", space->team,
			space->environment);
	} else if (form < 6) {
		gen_put(writer->out, "{matchLabels: {team: %s}}", space->team);
	} else {
		gen_put(writer->out, "{matchLabels: {kubernetes.io/metadata.name: %s}}",
			space->name);
	}
}
