#include "read.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "reading.h"

enum {
	PATH_TEXT = 512,
	MESSAGE_TEXT = 768,
	QUOTED_MAX = 64, /* characters of a value that a message shows */
	NAME_MAX_COMPARED = 48,
	ADDRESSES_COMPARED = 64, /* repetitions in longer lists are let be */
};

struct k8s_field k8s_get(const struct k8s_field *parent, const char *name)
{
	bool inside = parent->node && parent->node->kind == YAML_MAPPING;

	return (struct k8s_field){ .parent = parent,
				   .name = name,
				   .node = inside ? yaml_get(parent->node, name) : NULL };
}

struct k8s_field k8s_item(const struct k8s_field *list, const struct yaml_node *node,
			  uint32_t index)
{
	return (struct k8s_field){ .parent = list, .index = index, .node = node };
}

struct k8s_field k8s_entry(const struct k8s_field *map, const struct yaml_node *node)
{
	return (struct k8s_field){
		.parent = map, .name = node->key, .is_entry = true, .node = node
	};
}

/* The nearest node that is written. */
static const struct yaml_node *written(const struct k8s_field *field)
{
	while (field && !field->node)
		field = field->parent;
	return field ? field->node : NULL;
}

struct k8s_position k8s_position_of(const struct k8s_reader *reader, const struct k8s_field *field)
{
	const struct yaml_node *node = written(field);

	return (struct k8s_position){ reader->cluster->reading->file, node ? node->line : 0,
				      node ? node->column : 0 };
}

/* Writes a path behind length characters, cut to PATH_TEXT; returns its new length. */
static size_t format_path(const struct k8s_field *field, char *text)
{
	size_t length;
	int added;

	if (!field->parent) {
		text[0] = '\0';
		return 0;
	}
	length = format_path(field->parent, text);
	if (field->is_entry || !field->name) {
		added = field->name
				? snprintf(text + length, PATH_TEXT - length, "[%s]", field->name)
				: snprintf(text + length, PATH_TEXT - length, "[%" PRIu32 "]",
					   field->index);
	} else {
		added = snprintf(text + length, PATH_TEXT - length, "%s%s", length ? "." : "",
				 field->name);
	}
	length += added > 0 ? (size_t)added : 0;
	return length < PATH_TEXT ? length : PATH_TEXT - 1;
}

static void report(struct k8s_reader *reader, enum weir_severity severity,
		   const struct k8s_field *field, uint32_t line, uint32_t column, const char *text)
{
	char path[PATH_TEXT];

	format_path(field, path);
	k8s_report(reader->cluster->reading,
		   &(struct weir_diagnostic){ .severity = severity,
					      .file = reader->cluster->reading->file,
					      .line = line,
					      .column = column,
					      .object = reader->object,
					      .field = path[0] ? path : NULL,
					      .text = text });
	reader->failed = reader->failed || severity == WEIR_SEVERITY_ERROR;
}

static void tell(struct k8s_reader *reader, enum weir_severity severity,
		 const struct k8s_field *field, const char *text)
{
	struct k8s_position at = k8s_position_of(reader, field);

	report(reader, severity, field, at.line, at.column, text);
}

void k8s_error(struct k8s_reader *reader, const struct k8s_field *field, const char *format, ...)
{
	char text[MESSAGE_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	tell(reader, WEIR_SEVERITY_ERROR, field, text);
}

void k8s_warn(struct k8s_reader *reader, const struct k8s_field *field, const char *format, ...)
{
	char text[MESSAGE_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	tell(reader, WEIR_SEVERITY_WARNING, field, text);
}

struct k8s_quoted k8s_clip(const char *text, size_t length)
{
	struct k8s_quoted clipped = { "" };
	size_t shown = length > QUOTED_MAX ? QUOTED_MAX : length;

	/* Not in the middle of a UTF-8 sequence. */
	while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
		shown--;
	memcpy(clipped.text, text, shown);
	for (size_t i = 0; i < shown; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			clipped.text[i] = '?';
	}
	if (shown < length)
		memcpy(clipped.text + shown, "...", 4);
	return clipped;
}

struct k8s_quoted k8s_quote(const char *text, size_t length)
{
	struct k8s_quoted clipped = k8s_clip(text, length);
	struct k8s_quoted quoted;

	snprintf(quoted.text, sizeof(quoted.text), "\"%.*s\"", QUOTED_MAX + 3, clipped.text);
	return quoted;
}

/* Scalars are shown as written, since their kind is often what surprises. */
static void wrong_kind(struct k8s_reader *reader, const struct k8s_field *field, const char *wanted)
{
	const struct yaml_node *node = field->node;
	const char *kind = yaml_kind_name((enum yaml_kind)node->kind);

	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING)
		k8s_error(reader, field, "must be %s, not %s", wanted, kind);
	else
		k8s_error(reader, field, "must be %s, not %s (%s)", wanted, kind,
			  k8s_quote(node->text, node->length).text);
}

static const struct yaml_node *of_kind(struct k8s_reader *reader, const struct k8s_field *field,
				       enum yaml_kind kind, const char *wanted)
{
	if (k8s_is_missing(field))
		return NULL;
	if (field->node->kind == kind)
		return field->node;
	wrong_kind(reader, field, wanted);
	return NULL;
}

const struct yaml_node *k8s_mapping(struct k8s_reader *reader, const struct k8s_field *field)
{
	return of_kind(reader, field, YAML_MAPPING, "a mapping");
}

const struct yaml_node *k8s_sequence(struct k8s_reader *reader, const struct k8s_field *field)
{
	return of_kind(reader, field, YAML_SEQUENCE, "a list");
}

struct k8s_items k8s_items(struct k8s_reader *reader, const struct k8s_field *list)
{
	const struct yaml_node *sequence = k8s_sequence(reader, list);

	return (struct k8s_items){ .list = list,
				   .next = sequence ? sequence->first : NULL,
				   .count = sequence ? sequence->count : 0,
				   .is_written = sequence };
}

bool k8s_next_item(struct k8s_items *items, struct k8s_field *item)
{
	if (!items->next)
		return false;
	*item = k8s_item(items->list, items->next, items->index++);
	items->next = items->next->next;
	return true;
}

const struct yaml_node *k8s_string(struct k8s_reader *reader, const struct k8s_field *field)
{
	const struct yaml_node *node = field->node;

	if (k8s_is_missing(field))
		return NULL;
	if (node->kind == YAML_STRING)
		return node;
	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING)
		wrong_kind(reader, field, "a string");
	else
		k8s_error(reader, field, "%s is %s, and a string is needed; quote it: %s",
			  k8s_clip(node->text, node->length).text,
			  yaml_kind_name((enum yaml_kind)node->kind),
			  k8s_quote(node->text, node->length).text);
	return NULL;
}

bool k8s_boolean(struct k8s_reader *reader, const struct k8s_field *field, bool fallback)
{
	const struct yaml_node *node = of_kind(reader, field, YAML_BOOL, "true or false");

	return node ? node->boolean : fallback;
}

int64_t k8s_integer(struct k8s_reader *reader, const struct k8s_field *field, int64_t low,
		    int64_t high, int64_t fallback)
{
	const struct yaml_node *node = field->node;

	if (k8s_is_missing(field))
		return fallback;
	if (node->kind == YAML_FLOAT)
		k8s_error(reader, field, "%s is not a whole number in range",
			  k8s_clip(node->text, node->length).text);
	else if (node->kind != YAML_INTEGER)
		wrong_kind(reader, field, "a whole number");
	else if (node->integer < low || node->integer > high)
		k8s_error(reader, field,
			  "%" PRId64 " is out of range; %" PRId64 " to %" PRId64 " is right",
			  node->integer, low, high);
	else
		return node->integer;
	return fallback;
}

const char *k8s_text(struct k8s_reader *reader, const struct k8s_field *field)
{
	const struct yaml_node *node = k8s_string(reader, field);

	return node && node->length ? k8s_keep_text(reader, node->text, node->length) : NULL;
}

bool k8s_text_is(const struct yaml_node *node, const char *text)
{
	return node && node->kind == YAML_STRING && node->length == strlen(text) &&
	       memcmp(node->text, text, node->length) == 0;
}

int k8s_choice(struct k8s_reader *reader, const struct k8s_field *field, const char *const *names,
	       const char *listed)
{
	const struct yaml_node *node = field->node;
	struct k8s_quoted shown = k8s_quote(node->text, node->length);

	for (int i = 0; names[i]; i++) {
		if (k8s_text_is(node, names[i]))
			return i;
	}
	for (int i = 0; names[i]; i++) {
		if (strcasecmp(node->text, names[i]) == 0) {
			k8s_error(reader, field, "%s must be written %s", shown.text, names[i]);
			return -1;
		}
	}
	k8s_error(reader, field, "%s is %s", shown.text, listed);
	return -1;
}

uint8_t k8s_protocol(struct k8s_reader *reader, const struct k8s_field *field)
{
	static const char *const names[] = { "TCP", "UDP", "SCTP", NULL };
	static const uint8_t numbers[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	const struct yaml_node *node = k8s_string(reader, field);
	int chosen;

	/* Policies refuse an empty protocol; elsewhere the server reads it as TCP. */
	if (!node || (!node->length && !reader->strict))
		return IPPROTO_TCP;
	if (!node->length) {
		k8s_error(reader, field,
			  "must not be empty; write TCP, UDP or SCTP, or leave it out for TCP");
		return IPPROTO_TCP;
	}
	chosen = k8s_choice(reader, field, names, "none of TCP, UDP and SCTP");
	return chosen < 0 ? IPPROTO_TCP : numbers[chosen];
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

size_t k8s_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t row[NAME_MAX_COMPARED + 1];

	if (a_length > NAME_MAX_COMPARED || b_length > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t above = row[j];
			size_t best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b_length];
}

static const char *nearest_name(const struct yaml_node *child, const char *const *names)
{
	const char *nearest = NULL;
	size_t least = child->key_length / 2 + 1;

	for (; *names; names++) {
		size_t d = k8s_distance(child->key, child->key_length, *names, strlen(*names));

		if (d < least) {
			least = d;
			nearest = *names;
		}
	}
	return nearest;
}

static void unknown_field(struct k8s_reader *reader, const struct k8s_field *field,
			  const struct yaml_node *child, const char *const *names)
{
	struct k8s_field entry = k8s_item(field, child, 0);
	const char *nearest = nearest_name(child, names);
	char text[MESSAGE_TEXT];
	size_t length;

	entry.name = child->key;
	if (nearest) {
		snprintf(text, sizeof(text), "unknown field; did you mean %s?", nearest);
	} else {
		length = (size_t)snprintf(text, sizeof(text), "unknown field; known here: ");
		for (; *names && length < sizeof(text); names++)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
						   *names, names[1] ? ", " : "");
	}
	report(reader, WEIR_SEVERITY_ERROR, &entry, child->key_line, child->key_column, text);
}

static bool is_among(const struct yaml_node *child, const char *const *names)
{
	for (; *names; names++) {
		if (strlen(*names) == child->key_length &&
		    memcmp(*names, child->key, child->key_length) == 0)
			return true;
	}
	return false;
}

void k8s_known_fields(struct k8s_reader *reader, const struct k8s_field *field,
		      const char *const *names)
{
	if (!reader->strict || !field->node || field->node->kind != YAML_MAPPING)
		return;
	for (const struct yaml_node *child = field->node->first; child; child = child->next) {
		if (!is_among(child, names))
			unknown_field(reader, field, child, names);
	}
}

static void *noted(struct k8s_reader *reader, void *memory)
{
	if (!memory)
		reader->status = -ENOMEM;
	return memory;
}

void *k8s_keep(struct k8s_reader *reader, size_t count, size_t size)
{
	return noted(reader, weir_arena_allocate(&reader->cluster->arena, count, size));
}

void *k8s_scratch(struct k8s_reader *reader, size_t count, size_t size)
{
	return noted(reader, weir_arena_allocate(reader->scratch, count, size));
}

/* The table of strings keeps any bytes, aligned for any type. */
const void *k8s_keep_shared(struct k8s_reader *reader, const void *items, size_t count, size_t size)
{
	const char *kept;

	if (!count || !items)
		return NULL;
	kept = weir_intern_text(reader->cluster->strings, items, count * size);
	if (!kept)
		reader->status = -ENOMEM;
	return kept;
}

const char *k8s_keep_text(struct k8s_reader *reader, const char *text, size_t length)
{
	const char *kept = weir_intern_text(reader->cluster->strings, text, length);

	if (!kept)
		reader->status = -ENOMEM;
	return kept ? kept : "";
}

struct weir_array *k8s_begin_addresses(struct k8s_reader *reader)
{
	reader->cluster->reading->addresses.count = 0;
	return &reader->cluster->reading->addresses;
}

void k8s_add_address(struct k8s_reader *reader, struct weir_array *addresses,
		     const struct weir_address *address)
{
	const struct weir_address *items = addresses->items;
	struct weir_address *added;

	for (size_t i = 0; i < addresses->count && i < ADDRESSES_COMPARED; i++) {
		if (weir_address_equal(&items[i], address))
			return;
	}
	added = weir_array_push(addresses);
	if (!added) {
		reader->status = -ENOMEM;
		return;
	}
	*added = *address;
	if (!weir_address_is_ipv4(address))
		reader->cluster->reading->shows_ipv6 = true;
}

void k8s_read_address(struct k8s_reader *reader, const struct k8s_field *field,
		      struct weir_array *addresses)
{
	const struct yaml_node *node = k8s_string(reader, field);
	struct weir_address address;

	if (!node || !node->length)
		return;
	if (weir_address_parse(node->text, node->length, &address))
		k8s_error(reader, field, "%s is no IP address; 10.0.1.2 or fd00::1 would be one",
			  k8s_quote(node->text, node->length).text);
	else
		k8s_add_address(reader, addresses, &address);
}

void k8s_read_addresses(struct k8s_reader *reader, const struct k8s_field *list,
			struct weir_array *addresses)
{
	struct k8s_items items = k8s_items(reader, list);
	struct k8s_field item;

	while (k8s_next_item(&items, &item))
		k8s_read_address(reader, &item, addresses);
}

const struct weir_address *k8s_keep_addresses(struct k8s_reader *reader,
					      const struct weir_array *addresses, uint32_t *count)
{
	struct weir_address *kept;

	*count = 0;
	if (!addresses->count)
		return NULL;
	kept = k8s_keep(reader, addresses->count, sizeof(*kept));
	if (!kept)
		return NULL;
	memcpy(kept, addresses->items, addresses->count * sizeof(*kept));
	*count = (uint32_t)addresses->count;
	return kept;
}

static bool is_mapped(const struct yaml_node *node, const struct weir_prefix *prefix)
{
	return weir_prefix_is_ipv4(prefix) && memchr(node->text, ':', node->length);
}

bool k8s_read_prefix(struct k8s_reader *reader, const struct k8s_field *field,
		     struct weir_prefix *out, bool *host_bits)
{
	const struct yaml_node *node = k8s_string(reader, field);
	struct weir_address address;
	struct weir_prefix prefix;
	char text[WEIR_PREFIX_TEXT];

	if (!node)
		return false;
	if (weir_prefix_parse(node->text, node->length, &prefix, host_bits)) {
		if (!weir_address_parse(node->text, node->length, &address))
			k8s_error(reader, field,
				  "%s lacks a prefix length; write %s/%d for that "
				  "address alone",
				  k8s_quote(node->text, node->length).text,
				  k8s_clip(node->text, node->length).text,
				  weir_address_is_ipv4(&address) ? 32 : 128);
		else
			k8s_error(reader, field,
				  "%s is no CIDR; 10.1.0.0/16 or fd00::/8 would be "
				  "one",
				  k8s_quote(node->text, node->length).text);
		return false;
	}
	if (is_mapped(node, &prefix)) {
		weir_prefix_format(&prefix, text);
		k8s_error(reader, field, "%s is IPv4 written as IPv6; write %s",
			  k8s_quote(node->text, node->length).text, text);
		return false;
	}
	if (!weir_prefix_is_ipv4(&prefix))
		reader->cluster->reading->shows_ipv6 = true;
	*out = prefix;
	return true;
}
