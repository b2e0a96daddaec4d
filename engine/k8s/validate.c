#include "validate.h"

#include <stdbool.h>
#include <string.h>

enum {
	LABEL_MAX = 63,
	SUBDOMAIN_MAX = 253,
	PORT_NAME_MAX = 15,
};

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower_alphanumeric(char c)
{
	return is_lower(c) || is_digit(c);
}

static bool is_alphanumeric(char c)
{
	return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z');
}

/* Letters and digits at both ends, '-', '_' and '.' too in between. */
static bool is_qualified_word(const char *text, size_t length)
{
	if (!length || !is_alphanumeric(text[0]) || !is_alphanumeric(text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_alphanumeric(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
			return false;
	}
	return true;
}

static bool is_dns_label(const char *text, size_t length)
{
	if (!length || !is_lower_alphanumeric(text[0]) || !is_lower_alphanumeric(text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_lower_alphanumeric(text[i]) && text[i] != '-')
			return false;
	}
	return true;
}

static bool is_dns_subdomain(const char *text, size_t length)
{
	const char *end = text + length;

	for (;;) {
		const char *dot = memchr(text, '.', (size_t)(end - text));
		const char *stop = dot ? dot : end;

		if (!is_dns_label(text, (size_t)(stop - text)))
			return false;
		if (!dot)
			return true;
		text = dot + 1;
	}
}

const char *k8s_dns_label_problem(const char *text, size_t length)
{
	if (length > LABEL_MAX)
		return "is longer than 63 characters";
	if (!is_dns_label(text, length))
		return "must be lower-case letters, digits and '-', with a letter or digit at "
		       "both ends";
	return NULL;
}

const char *k8s_dns_subdomain_problem(const char *text, size_t length)
{
	if (length > SUBDOMAIN_MAX)
		return "is longer than 253 characters";
	if (!is_dns_subdomain(text, length))
		return "must be lower-case letters, digits, '-' and '.', with a letter or digit "
		       "at both ends and around every '.'";
	return NULL;
}

const char *k8s_label_key_problem(const char *text, size_t length)
{
	const char *slash = memchr(text, '/', length);
	const char *name = slash ? slash + 1 : text;
	size_t name_length = length - (size_t)(name - text);

	if (slash && (size_t)(slash - text) > SUBDOMAIN_MAX)
		return "has more than 253 characters before the '/'";
	if (slash && !is_dns_subdomain(text, (size_t)(slash - text)))
		return "must have a lower-case DNS name before the '/', such as example.com";
	if (name_length > LABEL_MAX)
		return slash ? "has more than 63 characters after the '/'"
			     : "is longer than 63 characters";
	if (!is_qualified_word(name, name_length))
		return "must be letters, digits, '-', '_' and '.', with a letter or digit at both "
		       "ends, behind an optional DNS name and '/'";
	return NULL;
}

const char *k8s_label_value_problem(const char *text, size_t length)
{
	if (length > LABEL_MAX)
		return "is longer than 63 characters";
	if (length && !is_qualified_word(text, length))
		return "must be letters, digits, '-', '_' and '.', with a letter or digit at both "
		       "ends";
	return NULL;
}

const char *k8s_port_name_problem(const char *text, size_t length)
{
	bool letter = false;

	if (!length)
		return "must not be empty";
	if (length > PORT_NAME_MAX)
		return "is longer than 15 characters";
	for (size_t i = 0; i < length; i++) {
		if (!is_lower_alphanumeric(text[i]) && text[i] != '-')
			return "must be lower-case letters, digits and '-'";
		if (text[i] == '-' && (i == 0 || i == length - 1 || text[i - 1] == '-'))
			return "must have each '-' between letters or digits";
		letter = letter || is_lower(text[i]);
	}
	return letter ? NULL : "must have at least one letter";
}
