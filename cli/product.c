#include "product.h"

#include <string.h>

#include "numbers.h"

static bool is_called(const struct product *product, const struct invocation *invocation)
{
	if (!invocation->operand_count || !product->name)
		return !invocation->operand_count && !product->name;
	return strcmp(product->name, invocation->operands[0]) == 0;
}

const struct product *product_find(const struct invocation *invocation,
				   const struct product *products, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_called(&products[i], invocation))
			return &products[i];
	return NULL;
}

static bool is_about(const struct product *product, enum option_id id)
{
	for (size_t i = 0; product->groups[i]; i++)
		for (size_t j = 0; j < product->groups[i]->count; j++)
			if (product->groups[i]->options[j].id == id)
				return true;
	return false;
}

static bool check_options(const struct invocation *invocation, const struct product *products,
			  size_t count, const struct product *chosen)
{
	for (size_t i = 0; i < invocation->use_count; i++) {
		enum option_id id = invocation->uses[i].id;

		for (size_t j = 0; j < count; j++) {
			if (is_about(chosen, id) || !is_about(&products[j], id))
				continue;
			complain(invocation->command, "--%s is an option of 'weir %.*s%s%s'",
				 option_name(invocation, id),
				 (int)strcspn(invocation->command->name, " "),
				 invocation->command->name, products[j].name ? " " : "",
				 products[j].name ? products[j].name : "");
			return false;
		}
	}
	return true;
}

enum exit_code product_run(const struct invocation *invocation, const struct product *products,
			   size_t count, const struct product *chosen)
{
	if (!check_options(invocation, products, count, chosen))
		return EXIT_USAGE;
	return chosen->run(invocation);
}
