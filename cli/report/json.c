/*
 * A document is made of many small pieces, and one thread writes them: the C library's lock, taken
 * for each piece, cost more than the writing.
 */
#include "json.h"

#include <string.h>

#include "utf8.h"

static void begin_value(struct report_json *json)
{
	if (json->needs_comma)
		fputs_unlocked(", ", json->file);
	json->needs_comma = true;
}

static void write_escape(FILE *file, unsigned char byte)
{
	static const char shorts[][2] = { { '"', '"' },  { '\\', '\\' }, { '\b', 'b' },
					  { '\f', 'f' }, { '\n', 'n' },  { '\r', 'r' },
					  { '\t', 't' } };

	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++)
		if ((unsigned char)shorts[i][0] == byte) {
			putc_unlocked('\\', file);
			putc_unlocked(shorts[i][1], file);
			return;
		}
	fprintf(file, "\\u%04x", byte);
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void write_quoted(FILE *file, const char *string, size_t length)
{
	putc_unlocked('"', file);
	while (length > 0) {
		size_t plain = 0;
		uint32_t code_point = 0;
		size_t size;

		while (plain < length && is_plain((unsigned char)string[plain]))
			plain++;
		fwrite_unlocked(string, 1, plain, file);
		string += plain;
		length -= plain;
		if (!length)
			break;
		size = report_utf8_decode(string, length, &code_point);
		if (size > 1)
			fwrite_unlocked(string, 1, size, file);
		else if (size == 1)
			write_escape(file, (unsigned char)string[0]);
		else
			fputs_unlocked("\xef\xbf\xbd", file);
		string += size ? size : 1;
		length -= size ? size : 1;
	}
	putc_unlocked('"', file);
}

void report_json_open(struct report_json *json, char bracket)
{
	begin_value(json);
	putc_unlocked(bracket, json->file);
	json->needs_comma = false;
}

void report_json_close(struct report_json *json, char bracket)
{
	putc_unlocked(bracket, json->file);
	json->needs_comma = true;
}

void report_json_key(struct report_json *json, const char *key)
{
	begin_value(json);
	write_quoted(json->file, key, strlen(key));
	fputs_unlocked(": ", json->file);
	json->needs_comma = false;
}

void report_json_string(struct report_json *json, const char *string)
{
	begin_value(json);
	write_quoted(json->file, string, strlen(string));
}

void report_json_number(struct report_json *json, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	begin_value(json);
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, json->file);
}

void report_json_bool(struct report_json *json, bool value)
{
	begin_value(json);
	fputs_unlocked(value ? "true" : "false", json->file);
}

void report_json_raw(struct report_json *json, const char *bytes, size_t length)
{
	begin_value(json);
	fwrite_unlocked(bytes, 1, length, json->file);
}

void report_json_end_line(struct report_json *json)
{
	putc_unlocked('\n', json->file);
	json->needs_comma = false;
}

void report_json_new_line(struct report_json *json)
{
	fputs_unlocked(json->needs_comma ? ",\n" : "\n", json->file);
	json->needs_comma = false;
}

void report_json_string_field(struct report_json *json, const char *key, const char *string)
{
	report_json_key(json, key);
	report_json_string(json, string);
}

void report_json_number_field(struct report_json *json, const char *key, uint64_t number)
{
	report_json_key(json, key);
	report_json_number(json, number);
}

void report_json_bool_field(struct report_json *json, const char *key, bool value)
{
	report_json_key(json, key);
	report_json_bool(json, value);
}

void report_json_object_field(struct report_json *json, const char *key)
{
	report_json_key(json, key);
	report_json_open(json, '{');
}
