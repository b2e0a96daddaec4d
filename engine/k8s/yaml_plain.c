/*
 * The plain shape of YAML and JSON that programs write, read at once.
 *
 * A cluster's dump is tens of megabytes of
 *
 *	- apiVersion: v1
 *	  metadata:
 *	    labels: {}
 *	    name: "web"
 *	  spec: ...
 *
 * and a general parser spends far more time on its tokens than there is in the text. This reader
 * knows block mappings and sequences, scalars in all styles but folded, full-line and trailing
 * comments, flow collections of simple words, and JSON. At whatever else it meets (anchors,
 * aliases, tags, merge and complex keys, tabs, carriage returns, odd indentation) and at every
 * mistake and limit it gives up with YAML_DOUBT: libfyaml then reads the item of a list by itself
 * where that is safe, else the whole document anew, and tells the errors. So the one thing that
 * must hold here is: what this reader accepts, it reads as libfyaml does. Random tests compare the
 * two.
 *
 * Functions that read a value of a block begin at its first character and end at the first
 * character of the next line that has content, with its indentation known; at the end of the
 * document the indentation is -1. The text ends with a newline or is JSON.
 */
#include <errno.h>
#include <string.h>

#include "array.h"
#include "yaml_tree.h"

enum {
	KEY_LENGTH_MAX = 1000, /* of a key that needs no `?`: YAML says 1024 characters */
};

struct reader {
	struct yaml_document *document;
	const struct weir_allocator *allocator;
	const char *next;
	const char *end;
	const char *line_start;
	uint32_t line;
	long indent;               /* of the line at hand */
	uint32_t blanks;           /* empty lines passed on the way to it */
	bool comments;             /* so were comments */
	bool json;                 /* the root is a flow collection: it may span lines */
	struct weir_array scratch; /* of char: text that is not as written */
};

struct place {
	uint32_t line;
	uint32_t column;
};

struct token {
	const char *text;
	size_t length;
	struct place place;
	bool plain; /* to be typed */
	bool multi; /* plain, and may go on in the next line */
	bool key;   /* a colon follows: next is behind it */
};

static struct place here(const struct reader *reader)
{
	return (struct place){ reader->line, (uint32_t)(reader->next - reader->line_start) + 1 };
}

static char peek(const struct reader *reader)
{
	return reader->next < reader->end ? *reader->next : '\0';
}

static bool is_space_or_end(char c)
{
	return c == ' ' || c == '\n';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Text that is not as written. */

static int append(struct reader *reader, const char *text, size_t length)
{
	struct weir_array *scratch = &reader->scratch;
	size_t count = scratch->count;

	if (!length)
		return 0;
	if (count + length > YAML_OBJECT_BYTES_MAX)
		return YAML_DOUBT;
	if (count + length > scratch->capacity && weir_array_reserve(scratch, (count + length) * 2))
		return -ENOMEM;
	memcpy((char *)scratch->items + count, text, length);
	scratch->count = count + length;
	return 0;
}

static int append_breaks(struct reader *reader, uint32_t blanks)
{
	int status = blanks ? 0 : append(reader, " ", 1);

	while (blanks-- && !status)
		status = append(reader, "\n", 1);
	return status;
}

static int append_code(struct reader *reader, uint32_t code)
{
	char out[4];

	if (!code)
		code = YAML_FOR_ZERO;
	if (code < 0x80) {
		out[0] = (char)code;
		return append(reader, out, 1);
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return append(reader, out, 2);
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return append(reader, out, 3);
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return append(reader, out, 4);
}

/* Lines. */

static void next_line(struct reader *reader)
{
	reader->next++;
	reader->line++;
	reader->line_start = reader->next;
}

/* From the start of a line to the first line with content. */
static int find_content(struct reader *reader)
{
	reader->blanks = 0;
	reader->comments = false;
	while (reader->next < reader->end) {
		while (*reader->next == ' ')
			reader->next++;
		if (*reader->next == '#') {
			reader->comments = true;
			reader->next =
				memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
		} else if (*reader->next == '\t') {
			return YAML_DOUBT;
		} else if (*reader->next != '\n') {
			reader->indent = reader->next - reader->line_start;
			return 0;
		} else {
			reader->blanks++;
		}
		next_line(reader);
	}
	reader->indent = -1;
	return 0;
}

/* Behind a value: nothing but spaces and a comment may follow on the line. */
static int finish_line(struct reader *reader)
{
	const char *start = reader->next;

	while (*reader->next == ' ')
		reader->next++;
	if (*reader->next == '#' && reader->next > start)
		reader->next = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
	if (*reader->next != '\n')
		return YAML_DOUBT;
	next_line(reader);
	return find_content(reader);
}

/* Scalars. */

static int make_scalar(struct reader *reader, const struct token *token, struct yaml_node **out)
{
	struct yaml_document *document = reader->document;
	struct yaml_node *node =
		yaml_make(document, YAML_STRING, token->place.line, token->place.column);

	if (!node)
		return -ENOMEM;
	node->text = weir_arena_copy(document->arena, token->text, token->length);
	if (!node->text)
		return -ENOMEM;
	node->length = token->length;
	if (token->plain)
		yaml_type_plain(node);
	*out = node;
	return 0;
}

static int make_empty(struct reader *reader, struct place place, struct yaml_node **out)
{
	struct token token = { .text = "", .place = place, .plain = true };

	return make_scalar(reader, &token, out);
}

static bool begins_plain(const char *text)
{
	if (is_word(*text) || (*text & 0x80))
		return true;
	if (*text == '-')
		return is_word(text[1]) || (text[1] == '.' && is_word(text[2]));
	return *text && strchr("/.$(^+=<~;\\", *text);
}

static const char *trim(const char *start, const char *end)
{
	while (end > start && end[-1] == ' ')
		end--;
	return end;
}

/* One line's part of a plain scalar; the text ends with a newline. */
static int scan_plain_line(struct reader *reader, struct token *token)
{
	const char *start = reader->next;
	const char *at = start;

	token->key = token->multi = false;
	for (;; at++) {
		if (*at == '\n') {
			token->multi = true;
			break;
		}
		if (*at == '\t' || *at == '\r')
			return YAML_DOUBT;
		if (*at == ':' && is_space_or_end(at[1])) {
			token->key = true;
			break;
		}
		if (*at == '#' && at[-1] == ' ')
			break;
	}
	token->text = start;
	token->length = (size_t)(trim(start, at) - start);
	if (token->key && token->length != (size_t)(at - start))
		return YAML_DOUBT;
	reader->next = at + token->key;
	return 0;
}

/* The rest of a plain scalar of several lines; next is at the second one's text. */
static int fold_plain(struct reader *reader, long parent, struct token *token)
{
	int status = append(reader, token->text, token->length);
	uint32_t breaks = reader->blanks;
	struct token part = { 0 };

	while (!status && reader->indent > parent) {
		if (reader->comments || !begins_plain(reader->next) || *reader->next == '-')
			return YAML_DOUBT;
		status = scan_plain_line(reader, &part);
		if (status || !part.multi)
			return status ? status : YAML_DOUBT;
		status = append_breaks(reader, breaks);
		if (!status)
			status = append(reader, part.text, part.length);
		if (!status)
			status = finish_line(reader);
		breaks = reader->blanks;
	}
	token->text = reader->scratch.items;
	token->length = reader->scratch.count;
	return status;
}

static int finish_plain(struct reader *reader, long parent, struct token *token)
{
	int status = finish_line(reader);

	if (status || reader->indent <= parent)
		return status;
	return token->multi ? fold_plain(reader, parent, token) : YAML_DOUBT;
}

/* Passes a line end inside of quotes; what was appended last ended with spaces, or not. */
static int fold_quoted(struct reader *reader, long parent, size_t kept)
{
	struct weir_array *scratch = &reader->scratch;
	const char *text = scratch->items;
	bool escaped = kept == scratch->count && kept;
	int status;

	while (scratch->count > kept && text[scratch->count - 1] == ' ')
		scratch->count--;
	next_line(reader);
	reader->blanks = 0;
	while (reader->next < reader->end) {
		while (*reader->next == ' ')
			reader->next++;
		if (*reader->next != '\n')
			break;
		reader->blanks++;
		next_line(reader);
	}
	if (reader->next == reader->end || *reader->next == '\t' ||
	    reader->next - reader->line_start <= parent)
		return YAML_DOUBT;
	status = append_breaks(reader, reader->blanks);
	return escaped ? YAML_DOUBT : status;
}

static int hex(struct reader *reader, int digits, uint32_t *out)
{
	*out = 0;
	while (digits--) {
		char c = peek(reader);
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			digit = (uint32_t)((c | 32) - 'a' + 10);
		else
			return YAML_DOUBT;
		*out = *out << 4 | digit;
		reader->next++;
	}
	return 0;
}

static int unescape_unicode(struct reader *reader, int digits)
{
	uint32_t code;
	uint32_t low;
	int status = hex(reader, digits, &code);

	if (status || code > 0x10ffff || (code >= 0xdc00 && code < 0xe000))
		return YAML_DOUBT;
	if (code >= 0xd800 && code < 0xdc00) {
		if (digits != 4 || reader->end - reader->next < 6 || reader->next[0] != '\\' ||
		    reader->next[1] != 'u')
			return YAML_DOUBT;
		reader->next += 2;
		status = hex(reader, 4, &low);
		if (status || low < 0xdc00 || low >= 0xe000)
			return YAML_DOUBT;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	return append_code(reader, code);
}

/* A backslash line end joins two lines without a space. */
static int unescape_break(struct reader *reader, long parent)
{
	next_line(reader);
	while (peek(reader) == ' ')
		reader->next++;
	if (peek(reader) == '\n' || peek(reader) == '\t' || peek(reader) == '\0' ||
	    reader->next - reader->line_start <= parent)
		return YAML_DOUBT;
	return 0;
}

static int unescape(struct reader *reader, long parent)
{
	static const char names[] = "abtnvfre \"/\\";
	static const char bytes[] = "\a\b\t\n\v\f\r\x1b \"/\\";
	char c;
	const char *found;

	reader->next++;
	c = peek(reader);
	if (c == '\n')
		return reader->json || parent < 0 ? YAML_DOUBT : unescape_break(reader, parent);
	found = c ? memchr(names, c, sizeof(names) - 1) : NULL;
	reader->next++;
	if (found)
		return append(reader, &bytes[found - names], 1);
	if (c == '0')
		return append_code(reader, 0);
	if (c == 'x')
		return unescape_unicode(reader, 2);
	if (c == 'u')
		return unescape_unicode(reader, 4);
	return c == 'U' ? unescape_unicode(reader, 8) : YAML_DOUBT;
}

enum {
	ONE_LINE = -2, /* as parent: a line end inside of the quotes is in doubt */
};

static const char *find_quoted_stop(const struct reader *reader, char quote)
{
	const char *at = reader->next;

	while (at < reader->end && *at != quote && *at != '\\' && *at != '\n' && *at != '\t' &&
	       *at != '\r')
		at++;
	return at;
}

/* The rest of a quoted scalar that is not simply as written. */
static int scan_quoted_rest(struct reader *reader, long parent, char quote)
{
	size_t kept = 0; /* spaces up to here were escapes, or are before another line */

	for (;;) {
		const char *stop = find_quoted_stop(reader, quote);
		int status = append(reader, reader->next, (size_t)(stop - reader->next));

		reader->next = stop;
		if (status || stop == reader->end || *stop == '\t' || *stop == '\r')
			return status ? status : YAML_DOUBT;
		if (*stop == '\n') {
			if (parent == ONE_LINE)
				return YAML_DOUBT;
			status = fold_quoted(reader, parent, kept);
			kept = reader->scratch.count;
		} else if (*stop == '\\' && quote == '\'') {
			status = append(reader, "\\", 1);
			reader->next++;
		} else if (*stop == '\\') {
			status = unescape(reader, parent);
			kept = reader->scratch.count;
		} else if (quote == '\'' && stop + 1 < reader->end && stop[1] == quote) {
			status = append(reader, "'", 1);
			reader->next += 2;
		} else {
			reader->next++;
			return 0;
		}
		if (status)
			return status;
	}
}

/* A quoted scalar, its closing quote passed. */
static int scan_quoted(struct reader *reader, long parent, struct token *token)
{
	char quote = *reader->next++;
	const char *stop = find_quoted_stop(reader, quote);
	int status;

	token->plain = token->multi = token->key = false;
	if (stop == reader->end)
		return YAML_DOUBT;
	if (*stop == quote && (quote == '"' || stop + 1 == reader->end || stop[1] != quote)) {
		token->text = reader->next;
		token->length = (size_t)(stop - reader->next);
		reader->next = stop + 1;
		return 0;
	}
	reader->scratch.count = 0;
	status = scan_quoted_rest(reader, parent, quote);
	token->text = reader->scratch.count ? reader->scratch.items : "";
	token->length = reader->scratch.count;
	return status;
}

/* Literal blocks. */

static long measure_block(const struct reader *reader, long parent)
{
	const char *at = reader->next;
	long widest = 0;

	for (;;) {
		const char *start = at;

		while (at < reader->end && *at == ' ')
			at++;
		if (at == reader->end)
			return -1;
		if (*at == '\t')
			return -1;
		if (*at != '\n')
			return at - start > parent && at - start >= widest ? at - start : -1;
		if (at - start > widest)
			widest = at - start;
		at++;
	}
}

static int append_block_line(struct reader *reader, long indent)
{
	const char *stop = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
	const char *start = reader->next + indent;
	int status = append(reader, start, (size_t)(stop + 1 - start));

	reader->next = stop;
	next_line(reader);
	return status;
}

static int scan_block_lines(struct reader *reader, long indent)
{
	while (reader->next < reader->end) {
		const char *at = reader->next;
		int status;

		while (*at == ' ' && at - reader->next < indent)
			at++;
		if (*at == '\t' && at - reader->next < indent)
			return YAML_DOUBT;
		if (*at != '\n' && at - reader->next < indent)
			return 0;
		if (at - reader->next < indent) {
			reader->next = at;
			status = append_block_line(reader, 0);
		} else {
			status = append_block_line(reader, indent);
		}
		if (status)
			return status;
	}
	return 0;
}

static void chomp(struct weir_array *scratch, char how)
{
	const char *text = scratch->items;
	size_t kept = scratch->count;

	if (how == '+')
		return;
	while (kept && text[kept - 1] == '\n')
		kept--;
	if (how != '-' && kept < scratch->count && kept)
		kept++;
	scratch->count = kept;
}

static int read_block_scalar(struct reader *reader, long parent, struct yaml_node **out)
{
	char how = reader->next[1];
	struct token token = { 0 };
	long indent;
	int status;

	reader->next += how == '-' || how == '+' ? 2 : 1;
	if (*reader->next != '\n')
		return YAML_DOUBT;
	next_line(reader);
	token.place = (struct place){ reader->line, 1 };
	indent = measure_block(reader, parent);
	if (indent <= 0)
		return YAML_DOUBT;
	reader->scratch.count = 0;
	status = scan_block_lines(reader, indent);
	if (status)
		return status;
	chomp(&reader->scratch, how);
	token.text = reader->scratch.items;
	token.length = reader->scratch.count;
	status = make_scalar(reader, &token, out);
	if (!status)
		status = find_content(reader);
	/* A line between the parent's indentation and the block's. */
	return !status && (reader->indent > parent || reader->comments) ? YAML_DOUBT : status;
}

/* Keys. */

static int set_key(struct reader *reader, const struct token *token, struct yaml_node *child)
{
	struct yaml_node typed = { 0 };
	char buffer[YAML_KEY_TEXT_MAX];
	const char *text = token->text;
	size_t length = token->length;

	child->key_line = token->place.line;
	child->key_column = token->place.column;
	if (!token->plain || (*text >= 'a' && *text <= 'z' && length > 5))
		return 0;
	if (length == 2 && !memcmp(text, "<<", 2))
		return YAML_DOUBT;
	typed.text = child->key;
	typed.length = child->key_length;
	yaml_type_plain(&typed);
	if (typed.kind == YAML_STRING)
		return 0;
	if (yaml_key_text(&typed, buffer, &text, &length))
		return YAML_DOUBT;
	child->key = weir_arena_copy(reader->document->arena, text, length);
	child->key_length = length;
	return child->key ? 0 : -ENOMEM;
}

/* Keys are copied before their values are read: scratch text does not last. */
static int keep_key(struct reader *reader, struct token *token)
{
	if (token->length > KEY_LENGTH_MAX && !reader->json)
		return YAML_DOUBT;
	token->text = weir_arena_copy(reader->document->arena, token->text, token->length);
	return token->text ? 0 : -ENOMEM;
}

static int add_child(struct reader *reader, struct yaml_open *open, const struct token *key,
		     struct yaml_node *child)
{
	int status;

	child->key = key->text;
	child->key_length = key->length;
	status = set_key(reader, key, child);
	if (!status)
		status = yaml_add(open, child);
	if (status > 0 || yaml_too_many_nodes(reader->document) ||
	    yaml_too_long(reader->document, reader->next))
		return YAML_DOUBT;
	return status;
}

static int make_collection(struct reader *reader, enum yaml_kind kind, struct place place,
			   uint32_t depth, struct yaml_node **out)
{
	if (depth > YAML_DEPTH_MAX || yaml_too_many_nodes(reader->document) ||
	    yaml_too_long(reader->document, reader->next))
		return YAML_DOUBT;
	*out = yaml_make(reader->document, kind, place.line, place.column);
	return *out ? 0 : -ENOMEM;
}

static bool is_items(const struct token *key, uint32_t depth, const struct yaml_node *parent)
{
	return depth == 1 && key->length == 5 && !memcmp(key->text, "items", 5) &&
	       !yaml_get(parent, "items");
}

/* Flow collections. */

static int read_flow(struct reader *reader, uint32_t depth, struct yaml_node **out);

static int skip_white(struct reader *reader)
{
	while (reader->next < reader->end) {
		char c = *reader->next;

		if (c == '\n' && reader->json)
			next_line(reader);
		else if (c == ' ' || (reader->json && (c == '\t' || c == '\r')))
			reader->next++;
		else
			return 0;
	}
	return YAML_DOUBT;
}

/* A word without any sign that flow context could mean otherwise. */
static int scan_word(struct reader *reader, struct token *token)
{
	const char *start = reader->next;
	const char *at = start;

	if (!is_word(*at) && !(*at == '-' && at + 1 < reader->end && is_word(at[1])))
		return YAML_DOUBT;
	while (at < reader->end &&
	       (is_word(*at) || *at == '.' || *at == '-' || *at == '/' || *at == '+'))
		at++;
	*token = (struct token){ .text = start, .length = (size_t)(at - start), .plain = true };
	reader->next = at;
	return 0;
}

static int scan_flow_scalar(struct reader *reader, struct token *token)
{
	struct place place = here(reader);
	char c = peek(reader);
	int status = c == '"' || c == '\'' ? scan_quoted(reader, ONE_LINE, token)
					   : scan_word(reader, token);

	token->place = place;
	return status;
}

static int read_flow_key(struct reader *reader, struct token *key)
{
	int status = scan_flow_scalar(reader, key);

	if (!status)
		status = keep_key(reader, key);
	if (!status && !key->plain)
		status = skip_white(reader);
	if (status)
		return status;
	if (peek(reader) != ':')
		return YAML_DOUBT;
	reader->next++;
	if (key->plain && peek(reader) != ' ')
		return YAML_DOUBT;
	return skip_white(reader);
}

/* Behind a child: a comma, and then another child; or the end, *done. */
static int pass_comma(struct reader *reader, char closing, bool *done)
{
	int status = skip_white(reader);

	if (status)
		return status;
	*done = *reader->next == closing;
	if (!*done && *reader->next != ',')
		return YAML_DOUBT;
	reader->next++;
	if (*done)
		return 0;
	status = skip_white(reader);
	return status || *reader->next == closing ? YAML_DOUBT : 0;
}

/* Behind the opening bracket: whether the collection is empty. */
static int pass_opening(struct reader *reader, char closing, bool *done)
{
	int status;

	reader->next++;
	status = skip_white(reader);
	if (status)
		return status;
	*done = *reader->next == closing;
	reader->next += *done;
	return 0;
}

static int read_flow_items(struct reader *reader)
{
	bool done;
	int status = pass_opening(reader, ']', &done);

	while (!status && !done) {
		struct yaml_node *item;

		yaml_item_begin(reader->document, reader->next);
		status = read_flow(reader, 3, &item);
		if (!status)
			status = yaml_item_end(reader->document, item);
		if (!status)
			status = pass_comma(reader, ']', &done);
	}
	yaml_items_end(reader->document, reader->next);
	return status;
}

static int read_flow_entries(struct reader *reader, struct yaml_open *open, uint32_t depth)
{
	bool done;
	int status = pass_opening(reader, '}', &done);

	while (!status && !done) {
		struct yaml_node *child = NULL;
		struct token key;
		bool takes = false;

		status = read_flow_key(reader, &key);
		if (!status && *reader->next == '[' && is_items(&key, depth, open->parent))
			status = yaml_takes_items(reader->document, open->parent, &takes);
		if (!status)
			status = takes ? read_flow_items(reader)
				       : read_flow(reader, depth + 1, &child);
		if (!status && !takes)
			status = add_child(reader, open, &key, child);
		if (!status)
			status = pass_comma(reader, '}', &done);
	}
	return status;
}

static int read_flow_elements(struct reader *reader, struct yaml_open *open, uint32_t depth)
{
	bool done;
	int status = pass_opening(reader, ']', &done);

	while (!status && !done) {
		struct yaml_node *child;

		status = read_flow(reader, depth + 1, &child);
		if (status)
			return status;
		yaml_append(open, child);
		status = pass_comma(reader, ']', &done);
	}
	return status;
}

static int read_flow(struct reader *reader, uint32_t depth, struct yaml_node **out)
{
	char c = peek(reader);
	struct token token;
	struct yaml_open open;
	int status;

	if (c != '{' && c != '[') {
		status = scan_flow_scalar(reader, &token);
		return status ? status : make_scalar(reader, &token, out);
	}
	status = make_collection(reader, c == '{' ? YAML_MAPPING : YAML_SEQUENCE, here(reader),
				 depth, out);
	if (status)
		return status;
	open = yaml_open(*out, reader->allocator);
	status = c == '{' ? read_flow_entries(reader, &open, depth)
			  : read_flow_elements(reader, &open, depth);
	yaml_close(&open);
	return status;
}

/* Block collections. */

static int read_content(struct reader *reader, long parent, uint32_t depth, struct yaml_node **out);

static bool is_dash(const struct reader *reader)
{
	return reader->next[0] == '-' && is_space_or_end(reader->next[1]);
}

/* A scalar, or the first key of a mapping (token->key). */
static int scan_token(struct reader *reader, long parent, struct token *token)
{
	struct place place = here(reader);
	uint32_t line = reader->line;
	int status;

	*token = (struct token){ .plain = true };
	reader->scratch.count = 0;
	if (*reader->next == '"' || *reader->next == '\'') {
		status = scan_quoted(reader, parent, token);
		if (!status && peek(reader) == ':') {
			token->key = is_space_or_end(reader->next[1]) && line == reader->line;
			status = token->key ? 0 : YAML_DOUBT;
			reader->next++;
		}
	} else {
		status = begins_plain(reader->next) ? scan_plain_line(reader, token) : YAML_DOUBT;
	}
	token->place = place;
	return status;
}

static int finish_scalar(struct reader *reader, long parent, struct token *token,
			 struct yaml_node **out)
{
	int status = token->plain ? finish_plain(reader, parent, token) : 0;

	if (!status)
		status = make_scalar(reader, token, out);
	if (!status && !token->plain)
		status = finish_line(reader);
	return status;
}

/* What stands behind `key:` or `- ` on the same line, other than collections in block style. */
static int read_inline(struct reader *reader, long parent, uint32_t depth, struct yaml_node **out)
{
	struct token token;
	int status;

	if (*reader->next == '|')
		return read_block_scalar(reader, parent, out);
	if (*reader->next == '{' || *reader->next == '[') {
		status = read_flow(reader, depth, out);
		return status ? status : finish_line(reader);
	}
	status = scan_token(reader, parent, &token);
	if (!status && token.key)
		return YAML_DOUBT;
	return status ? status : finish_scalar(reader, parent, &token, out);
}

/* Whether the rest of the line is empty but for a comment; then next is at the content below. */
static int is_line_over(struct reader *reader, bool *over)
{
	while (*reader->next == ' ')
		reader->next++;
	*over = *reader->next == '\n' || (*reader->next == '#' && reader->next[-1] == ' ');
	return *over ? finish_line(reader) : 0;
}

/* An empty element is in doubt: libfyaml refuses some. */
static int read_element(struct reader *reader, long column, uint32_t depth, struct yaml_node **out)
{
	bool over;
	int status;

	reader->next++;
	status = is_line_over(reader, &over);
	if (status || (over && reader->indent <= column))
		return status ? status : YAML_DOUBT;
	return read_content(reader, column, depth, out);
}

static int check_after_element(const struct reader *reader, long column, bool *more)
{
	*more = reader->indent == column && is_dash(reader);
	return reader->indent > column ? YAML_DOUBT : 0;
}

static int read_block_sequence(struct reader *reader, long column, uint32_t depth,
			       struct yaml_node **out)
{
	struct yaml_open open;
	bool more = true;
	int status = make_collection(reader, YAML_SEQUENCE, here(reader), depth, out);

	if (status)
		return status;
	open = yaml_open(*out, reader->allocator);
	while (!status && more) {
		struct yaml_node *child;

		status = read_element(reader, column, depth + 1, &child);
		if (status)
			break;
		yaml_append(&open, child);
		status = check_after_element(reader, column, &more);
	}
	return status;
}

/* The end of an element that begins at start: the next line that stands no deeper than its dash.
 * Such a line can belong to the element only where quotes or brackets are open, and then the
 * element is not well-formed by itself. NULL: in doubt. */
static const char *find_element_end(const struct reader *reader, const char *start, long column)
{
	const char *line = start;

	for (;;) {
		const char *at;

		line = (const char *)memchr(line, '\n', (size_t)(reader->end - line)) + 1;
		if (line == reader->end)
			return line;
		for (at = line; *at == ' ';)
			at++;
		if (*at == '\t')
			return NULL;
		if (*at == '\n' || *at == '#' || at - line > column)
			continue;
		if (at - line == column && *at == '-' && is_space_or_end(at[1]))
			return line;
		return at == line && is_word(*at) ? line : NULL;
	}
}

static int read_odd_element(struct reader *reader, const char *start, uint32_t line, long column,
			    const struct yaml_node *root, struct yaml_node **out)
{
	const char *end = find_element_end(reader, start, column);
	int status;

	if (!end)
		return YAML_DOUBT;
	weir_arena_reset(reader->document->arena);
	yaml_item_begin(reader->document, start + column);
	status = yaml_read_element(reader->document, start, (size_t)(end - start), line, root, out);
	if (status)
		return status;
	reader->next = reader->line_start = start;
	reader->line = line;
	while (reader->next < end) {
		reader->next = memchr(reader->next, '\n', (size_t)(end - reader->next));
		next_line(reader);
	}
	return find_content(reader);
}

static int read_item(struct reader *reader, long column, const struct yaml_node *root,
		     struct yaml_node **out)
{
	const char *start = reader->line_start;
	uint32_t line = reader->line;
	int status = read_element(reader, column, 3, out);

	if (!status && (yaml_too_many_nodes(reader->document) ||
			yaml_too_long(reader->document, reader->next) || reader->indent > column))
		status = YAML_DOUBT;
	if (status == YAML_DOUBT)
		status = read_odd_element(reader, start, line, column, root, out);
	return status;
}

static int read_block_items(struct reader *reader, long column, const struct yaml_node *root)
{
	bool more = true;
	int status = 0;

	while (!status && more) {
		struct yaml_node *item;

		yaml_item_begin(reader->document, reader->next);
		status = read_item(reader, column, root, &item);
		if (!status)
			status = check_after_element(reader, column, &more);
		if (!status)
			status = yaml_item_end(reader->document, item);
	}
	yaml_items_end(reader->document, reader->next);
	return status;
}

static int take_items(struct reader *reader, long column, const struct yaml_node *root, bool *takes)
{
	bool flow = *reader->next == '[';
	int status = yaml_takes_items(reader->document, root, takes);

	if (status || !*takes)
		return status;
	if (!flow)
		return read_block_items(reader, column, root);
	status = read_flow_items(reader);
	return status ? status : finish_line(reader);
}

/* A mapping's value, next being behind the colon. *child stays NULL when items were taken. */
static int read_value(struct reader *reader, const struct yaml_open *open, long column,
		      uint32_t depth, const struct token *key, struct yaml_node **child)
{
	bool over;
	bool takes = false;
	int status = is_line_over(reader, &over);
	bool sequence = over && reader->indent >= column && is_dash(reader);

	if (!status && (sequence || (!over && *reader->next == '[')) &&
	    is_items(key, depth, open->parent))
		status = take_items(reader, reader->indent, open->parent, &takes);
	if (status || takes)
		return status;
	if (!over)
		return read_inline(reader, column, depth + 1, child);
	if (sequence)
		return read_block_sequence(reader, reader->indent, depth + 1, child);
	if (reader->indent > column)
		return read_content(reader, column, depth + 1, child);
	return make_empty(reader, key->place, child);
}

static int read_entries(struct reader *reader, struct yaml_open *open, long column, uint32_t depth,
			struct token *key)
{
	for (;;) {
		struct yaml_node *child = NULL;
		int status = keep_key(reader, key);

		if (!status)
			status = read_value(reader, open, column, depth, key, &child);
		if (!status && child)
			status = add_child(reader, open, key, child);
		if (status)
			return status;
		if (reader->indent != column)
			return reader->indent > column ? YAML_DOUBT : 0;
		if (is_dash(reader))
			return YAML_DOUBT;
		status = scan_token(reader, ONE_LINE, key);
		if (status || !key->key)
			return status ? status : YAML_DOUBT;
	}
}

static int read_block_mapping(struct reader *reader, uint32_t depth, struct token *first,
			      struct yaml_node **out)
{
	struct yaml_open open;
	int status = make_collection(reader, YAML_MAPPING, first->place, depth, out);

	if (status)
		return status;
	open = yaml_open(*out, reader->allocator);
	status = read_entries(reader, &open, (long)first->place.column - 1, depth, first);
	yaml_close(&open);
	return status;
}

/* Any value that has a line, or the rest of one behind `- `, for itself. */
static int read_content(struct reader *reader, long parent, uint32_t depth, struct yaml_node **out)
{
	struct token token;
	int status;

	if (is_dash(reader))
		return read_block_sequence(reader, reader->next - reader->line_start, depth, out);
	if (*reader->next == '|' || *reader->next == '{' || *reader->next == '[')
		return read_inline(reader, parent, depth, out);
	status = scan_token(reader, parent, &token);
	if (status)
		return status;
	return token.key ? read_block_mapping(reader, depth, &token, out)
			 : finish_scalar(reader, parent, &token, out);
}

/* Roots. */

/* JSON texts may follow each other, a line or more each. */
static int find_json_end(struct reader *reader, size_t *used, uint32_t *used_lines)
{
	const struct yaml_document *document = reader->document;
	const char *line = reader->line_start;

	while (peek(reader) == ' ' || peek(reader) == '\n' || peek(reader) == '\r') {
		if (*reader->next == '\n')
			next_line(reader);
		else
			reader->next++;
	}
	if (reader->next == reader->end)
		return 0;
	if (*reader->next != '{' || reader->line_start == line)
		return YAML_DOUBT;
	*used = (size_t)(reader->line_start - document->text);
	*used_lines = reader->line - document->line;
	return 0;
}

static int read_json_root(struct reader *reader, size_t *used, uint32_t *used_lines)
{
	struct yaml_node *root;
	int status;

	reader->json = true;
	status = read_flow(reader, 1, &root);
	if (!status)
		status = find_json_end(reader, used, used_lines);
	return status ? status : yaml_root_end(reader->document, root);
}

static int read_block_root(struct reader *reader)
{
	struct token token;
	struct yaml_node *root;
	int status = reader->indent ? YAML_DOUBT : scan_token(reader, ONE_LINE, &token);

	if (!status && !token.key)
		status = YAML_DOUBT;
	if (!status)
		status = read_block_mapping(reader, 1, &token, &root);
	if (!status && reader->indent >= 0)
		status = YAML_DOUBT;
	return status ? status : yaml_root_end(reader->document, root);
}

/* Passes comments and a bare `---`. */
static int find_root(struct reader *reader)
{
	size_t length = reader->document->length;
	int status;

	if (!length || reader->end[-1] != '\n' || memchr(reader->next, '\r', length))
		return YAML_DOUBT;
	status = find_content(reader);
	if (status || reader->indent || reader->end - reader->next < 4 ||
	    memcmp(reader->next, "---", 3) != 0)
		return status;
	reader->next += 3;
	status = finish_line(reader);
	return status;
}

int yaml_read_plain(struct yaml_document *document, size_t *used, uint32_t *used_lines)
{
	struct reader reader = {
		.document = document,
		.allocator = document->lasting.allocator,
		.next = document->text,
		.end = document->text + document->length,
		.line_start = document->text,
		.line = document->line,
		.scratch = weir_array_of(document->lasting.allocator, char),
	};
	int status;

	if (document->length && *reader.next == '{')
		status = read_json_root(&reader, used, used_lines);
	else
		status = find_root(&reader);
	if (!status && !reader.json && reader.indent >= 0)
		status = *reader.next == '{' ? read_json_root(&reader, used, used_lines)
					     : read_block_root(&reader);
	weir_array_finish(&reader.scratch);
	return status;
}
