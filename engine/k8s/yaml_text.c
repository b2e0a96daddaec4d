/*
 * The text below YAML: which bytes it may hold, and where a stream's documents part.
 *
 * A line that begins with `---` or `...` and then white space parts documents wherever it
 * stands: YAML forbids such a line even inside quotes and blocks. So a stream can be cut before
 * it is parsed, and a mistake in one document leaves the next one readable.
 */
#include <string.h>

#include "yaml_tree.h"

enum {
	BLOCK = 64, /* bytes looked at together */
};

/* Whether all bytes are ASCII that needs no second look; written so that it vectorises. */
static bool block_is_plain(const char *text)
{
	unsigned char bad = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		unsigned char c = (unsigned char)text[i];

		bad |= (c < 0x20) & (c != '\n') & (c != '\t') & (c != '\r');
		bad |= c >= 0x7f;
	}
	return !bad;
}

/* The length of the well-formed UTF-8 sequence of two bytes or more at text, or 0. */
static size_t sequence_length(const unsigned char *text, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length;

	if (text[0] >= 0xc2 && text[0] < 0xe0)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] < 0xf0)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] < 0xf5)
		length = 4;
	else
		return 0;
	if (length > left)
		return 0;
	*code = text[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3fu);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return length;
}

static const char *character_problem(const char *text, size_t left, size_t *length)
{
	unsigned char c = (unsigned char)*text;
	uint32_t code = c;

	*length = 1;
	if (c >= 0x80) {
		*length = sequence_length((const unsigned char *)text, left, &code);
		if (!*length)
			return "not UTF-8 text: save the file as UTF-8";
		return code == 0xfffe || code == 0xffff || (code < 0xa0 && code != 0x85)
			       ? "a control character, which YAML does not allow"
			       : NULL;
	}
	if (c == 0)
		return "a zero byte: this is not a text file (or it is UTF-16: save it as UTF-8)";
	if (c == '\n' || c == '\t' || c == '\r' || (c >= 0x20 && c != 0x7f))
		return NULL;
	return "a control character, which YAML does not allow";
}

size_t yaml_bad_byte(const char *text, size_t length, const char **problem)
{
	size_t at = 0;

	while (at < length) {
		size_t step;

		if (length - at >= BLOCK && block_is_plain(text + at)) {
			at += BLOCK;
			continue;
		}
		/* Through to the end of this block, and of the character that crosses it. */
		for (size_t stop = at + BLOCK; at < stop && at < length; at += step) {
			*problem = character_problem(text + at, length - at, &step);
			if (*problem)
				return at;
		}
	}
	return length;
}

bool yaml_is_utf8(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + length;

	while (at < end) {
		uint32_t code;
		size_t step = *at < 0x80 ? 1 : sequence_length(at, (size_t)(end - at), &code);

		if (!step)
			return false;
		at += step;
	}
	return true;
}

static bool is_marker(const char *line, size_t left, char sign)
{
	if (left < 3 || line[0] != sign || line[1] != sign || line[2] != sign)
		return false;
	return left == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n';
}

/* Lines that belong to the `---` which follows them: blank, comments, directives. */
static bool is_prelude(const char *line, const char *end)
{
	if (*line == '%')
		return true;
	while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
		line++;
	return line == end || *line == '\n' || *line == '#';
}

size_t yaml_document_length(const char *text, size_t length, uint32_t *lines)
{
	const char *end = text + length;
	const char *line = text;
	bool prelude = true;

	*lines = 0;
	while (line < end) {
		size_t left = (size_t)(end - line);
		const char *newline;

		if (is_marker(line, left, '-')) {
			if (!prelude)
				return (size_t)(line - text);
			prelude = false;
		} else if (prelude && !is_prelude(line, end)) {
			prelude = false;
		}
		newline = memchr(line, '\n', left);
		if (newline)
			++*lines;
		if (!newline)
			return length;
		if (is_marker(line, left, '.'))
			return (size_t)(newline + 1 - text);
		line = newline + 1;
	}
	return length;
}
