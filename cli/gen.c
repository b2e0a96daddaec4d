/*
 * gen.c - weir gen: clusters and traces from a seed.
 */
#include "gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ALL = 10000,
	PLACES = 4, /* of ALL: 1 is 0.0001 */
};

static const char *name_of(const struct invocation *invocation, enum option_id id)
{
	const struct option_group *const *groups = invocation->command->groups;

	for (size_t i = 0; groups[i]; i++)
		for (size_t j = 0; j < groups[i]->count; j++)
			if (groups[i]->options[j].id == id)
				return groups[i]->options[j].name;
	return "";
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool gen_read_number(const struct invocation *invocation, enum option_id id, uint64_t least,
		     uint64_t most, uint64_t *out)
{
	const char *value = option_value(invocation, id);
	unsigned long long number;
	char *end;

	if (!value)
		return true;
	errno = 0;
	number = strtoull(value, &end, 10);
	if (!is_digit(value[0]) || *end || errno || number < least || number > most) {
		complain(invocation->command, "--%s %s: must be a whole number from %llu to %llu",
			 name_of(invocation, id), value, (unsigned long long)least,
			 (unsigned long long)most);
		return false;
	}
	*out = number;
	return true;
}

bool gen_read_count(const struct invocation *invocation, enum option_id id, uint32_t least,
		    uint32_t most, uint32_t *out)
{
	uint64_t number = *out;

	if (!gen_read_number(invocation, id, least, most, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Digits and at most so many places behind the point, as a whole number of the last place. */
static bool parse_decimal(const char *text, unsigned places, const char **end, uint32_t *out)
{
	uint32_t number = 0;
	unsigned behind = 0;
	bool has_point = false;
	const char *at = text;

	if (!is_digit(*at))
		return false;
	for (; is_digit(*at) || (*at == '.' && !has_point); at++) {
		if (*at == '.') {
			has_point = true;
			continue;
		}
		number = number * 10 + (uint32_t)(*at - '0');
		behind += has_point;
		if (number > ALL || behind > places)
			return false;
	}
	if (at[-1] == '.')
		return false;
	for (; behind < places; behind++)
		number *= 10;
	*end = at;
	*out = number;
	return true;
}

bool gen_read_share(const struct invocation *invocation, enum option_id id, uint16_t *out)
{
	const char *value = option_value(invocation, id);
	bool is_percent = value && *value && value[strlen(value) - 1] == '%';
	const char *end;
	uint32_t number;

	if (!value)
		return true;
	if (!parse_decimal(value, is_percent ? PLACES - 2 : PLACES, &end, &number) ||
	    strcmp(end, is_percent ? "%" : "") != 0 || number > ALL) {
		complain(invocation->command,
			 "--%s %s: must be a share from 0 to 1, as in 0.25 or 25%%, with at most "
			 "four places",
			 name_of(invocation, id), value);
		return false;
	}
	*out = (uint16_t)number;
	return true;
}

/* What can be made. */
struct product {
	const char *name;
	const struct option_group *const *groups; /* that are about it alone */
	enum exit_code (*run)(const struct invocation *invocation);
};

static const struct option_group *const cluster_groups[] = { &gen_cluster_options,
							     &gen_share_options, NULL };
static const struct product products[] = {
	{ "cluster", cluster_groups, gen_run_cluster },
};

enum { PRODUCTS = sizeof(products) / sizeof(products[0]) };

static bool is_about(const struct product *product, enum option_id id)
{
	for (size_t i = 0; product->groups[i]; i++)
		for (size_t j = 0; j < product->groups[i]->count; j++)
			if (product->groups[i]->options[j].id == id)
				return true;
	return false;
}

/* An option of another product would be without effect. */
static bool check_options(const struct invocation *invocation, const struct product *product)
{
	for (size_t i = 0; i < invocation->use_count; i++) {
		enum option_id id = invocation->uses[i].id;

		for (size_t j = 0; j < PRODUCTS; j++) {
			if (is_about(product, id) || !is_about(&products[j], id))
				continue;
			complain(invocation->command, "--%s is an option of 'weir gen %s'",
				 name_of(invocation, id), products[j].name);
			return false;
		}
	}
	return true;
}

static const struct product *find_product(const struct invocation *invocation)
{
	for (size_t i = 0; i < PRODUCTS && invocation->operand_count == 1; i++)
		if (strcmp(products[i].name, invocation->operands[0]) == 0)
			return &products[i];
	complain(invocation->command, "say what to make: 'weir gen cluster'");
	return NULL;
}

static enum exit_code run(const struct invocation *invocation)
{
	const struct product *product = find_product(invocation);

	if (!product || !check_options(invocation, product))
		return EXIT_USAGE;
	return product->run(invocation);
}

static const struct option_spec seed_specs[] = {
	{ OPTION_SEED, 0, "seed", "N", NULL,
	  "what is drawn depends on this number and the other options alone (default 1)" },
};
static const struct option_group seed_options = { "Any", seed_specs, 1 };

const struct command gen_command = {
	.name = "gen",
	.summary = "clusters from a seed, for tests and benchmarks",
	.synopsis = "cluster [--pods N] [--policies N] [-o FILE] [options]",
	.description =
		"Makes up a cluster: namespaces, nodes, workloads with their pods, services with "
		"their slices, and policies, as YAML that kubectl takes. The same options give the "
		"same bytes on every machine. A share is written as 0.25 or as 25%.",
	.examples = "  weir gen cluster --pods 1000 --policies 75 -o cluster.yaml\n"
		    "  weir gen cluster --seed 7 --mix everything | weir check -f -\n",
	.operands = "what",
	.groups = { &seed_options, &gen_cluster_options, &gen_share_options, &common_options },
	.run = run,
};
