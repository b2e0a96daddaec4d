/*
 * What a plain scalar is: YAML 1.1 as Kubernetes' own reader resolves it, which is not quite the
 * YAML 1.1 of the specification: y and n are booleans, base 60 is not a number, numbers take
 * Go's prefixes (0x, 0o, 0b, and 0 for octal) and underscores anywhere, what overflows a float
 * is a string, and a timestamp is a string.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_tree.h"

enum {
	NUMBER_MAX = 400, /* longer ones are floats or strings by grammar alone */
};

struct word {
	const char *text;
	uint8_t kind;
	bool boolean;
};

static const struct word words[] = {
	{ "~", YAML_NULL, false },      { "null", YAML_NULL, false },
	{ "Null", YAML_NULL, false },   { "NULL", YAML_NULL, false },
	{ "y", YAML_BOOL, true },       { "Y", YAML_BOOL, true },
	{ "yes", YAML_BOOL, true },     { "Yes", YAML_BOOL, true },
	{ "YES", YAML_BOOL, true },     { "on", YAML_BOOL, true },
	{ "On", YAML_BOOL, true },      { "ON", YAML_BOOL, true },
	{ "true", YAML_BOOL, true },    { "True", YAML_BOOL, true },
	{ "TRUE", YAML_BOOL, true },    { "n", YAML_BOOL, false },
	{ "N", YAML_BOOL, false },      { "no", YAML_BOOL, false },
	{ "No", YAML_BOOL, false },     { "NO", YAML_BOOL, false },
	{ "off", YAML_BOOL, false },    { "Off", YAML_BOOL, false },
	{ "OFF", YAML_BOOL, false },    { "false", YAML_BOOL, false },
	{ "False", YAML_BOOL, false },  { "FALSE", YAML_BOOL, false },
	{ ".nan", YAML_FLOAT, false },  { ".NaN", YAML_FLOAT, false },
	{ ".NAN", YAML_FLOAT, false },  { ".inf", YAML_FLOAT, false },
	{ ".Inf", YAML_FLOAT, false },  { ".INF", YAML_FLOAT, false },
	{ "+.inf", YAML_FLOAT, false }, { "+.Inf", YAML_FLOAT, false },
	{ "+.INF", YAML_FLOAT, false }, { "-.inf", YAML_FLOAT, false },
	{ "-.Inf", YAML_FLOAT, false }, { "-.INF", YAML_FLOAT, false },
};

enum {
	WORD_MAX = 5,
};

static bool resolve_word(struct yaml_node *node)
{
	if (node->length > WORD_MAX)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].text[0] == node->text[0] && !strcmp(words[i].text, node->text)) {
			node->kind = words[i].kind;
			node->boolean = words[i].boolean;
			return true;
		}
	}
	return false;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static unsigned take_base(const char **digits)
{
	const char *text = *digits;

	if (text[0] != '0' || !text[1])
		return 10;
	*digits += 2;
	switch (text[1]) {
	case 'x':
	case 'X':
		return 16;
	case 'o':
	case 'O':
		return 8;
	case 'b':
	case 'B':
		return 2;
	default:
		*digits -= 1;
		return 8;
	}
}

/* An integer of any size; FLOAT when it does not fit an int64. */
static bool resolve_integer(struct yaml_node *node, const char *text)
{
	bool negative = text[0] == '-';
	const char *digits = text + (text[0] == '-' || text[0] == '+');
	unsigned base = take_base(&digits);
	uint64_t value = 0;
	bool huge = false;

	if (!*digits)
		return false;
	for (; *digits; digits++) {
		unsigned digit = (unsigned)digit_of(*digits);

		if (digit >= base)
			return false;
		huge = huge || __builtin_mul_overflow(value, base, &value) ||
		       __builtin_add_overflow(value, digit, &value);
	}
	huge = huge || value > (uint64_t)INT64_MAX + negative;
	node->kind = huge ? YAML_FLOAT : YAML_INTEGER;
	node->integer = huge ? 0 : (int64_t)(negative ? 0 - value : value);
	return true;
}

static const char *skip_digits(const char *text)
{
	while (*text >= '0' && *text <= '9')
		text++;
	return text;
}

static bool looks_like_float(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');
	const char *rest = skip_digits(digits);
	bool whole = rest > digits;

	if (*rest == '.') {
		const char *fraction = rest + 1;

		rest = skip_digits(fraction);
		if (!whole && rest == fraction)
			return false;
	} else if (!whole) {
		return false;
	}
	if (*rest == 'e' || *rest == 'E') {
		const char *exponent = rest + 1 + (rest[1] == '-' || rest[1] == '+');

		rest = skip_digits(exponent);
		if (rest == exponent)
			return false;
	}
	return !*rest;
}

static void resolve_float(struct yaml_node *node, const char *text)
{
	if (looks_like_float(text) && !isinf(strtod(text, NULL)))
		node->kind = YAML_FLOAT;
}

static void resolve_number(struct yaml_node *node)
{
	char plain[NUMBER_MAX + 1];
	size_t length = 0;

	if (node->length > NUMBER_MAX)
		return;
	for (size_t i = 0; i < node->length; i++) {
		if (!node->text[i])
			return;
		if (node->text[i] != '_')
			plain[length++] = node->text[i];
	}
	plain[length] = '\0';
	if (!resolve_integer(node, plain))
		resolve_float(node, plain);
}

void yaml_type_plain(struct yaml_node *node)
{
	node->kind = YAML_STRING;
	if (node->text[0] >= '0' && node->text[0] <= '9') {
		resolve_number(node);
		return;
	}
	switch (node->text[0]) {
	case '\0':
		if (!node->length)
			node->kind = YAML_NULL;
		return;
	case '+':
	case '-':
		if (!resolve_word(node))
			resolve_number(node);
		return;
	case '.':
		if (!resolve_word(node))
			resolve_float(node, node->text);
		return;
	case 'y':
	case 'Y':
	case 'n':
	case 'N':
	case 't':
	case 'T':
	case 'f':
	case 'F':
	case 'o':
	case 'O':
	case '~':
		resolve_word(node);
		return;
	default:
		return;
	}
}

enum yaml_key_problem yaml_key_text(const struct yaml_node *key, char buffer[YAML_KEY_TEXT_MAX],
				    const char **text, size_t *length)
{
	switch (key->kind) {
	case YAML_NULL:
		return YAML_KEY_NULL;
	case YAML_FLOAT:
		return looks_like_float(key->text) && !strpbrk(key->text, ".eE") ? YAML_KEY_HUGE
										 : YAML_KEY_FLOAT;
	case YAML_BOOL:
		*text = key->boolean ? "true" : "false";
		break;
	case YAML_INTEGER:
		snprintf(buffer, YAML_KEY_TEXT_MAX, "%" PRId64, key->integer);
		*text = buffer;
		break;
	default:
		*text = key->text;
		*length = key->length;
		return YAML_KEY_FINE;
	}
	*length = strlen(*text);
	return YAML_KEY_FINE;
}
