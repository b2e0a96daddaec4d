/*
 * A stream of documents, each read by the reader that can.
 *
 * The text is checked and cut into documents (yaml_text.c). Each is tried plainly first
 * (yaml_plain.c); at the first thing that is not plain, the document is read again through
 * libfyaml (yaml_events.c), passing over the items of a list that went out already.
 */
#include <errno.h>
#include <string.h>

#include "yaml_tree.h"

static int tell_bad_byte(const struct yaml_document *document, size_t at, const char *problem)
{
	uint32_t line = document->line;
	const char *start = document->text;
	const char *bad = document->text + at;
	const char *newline;

	while ((newline = memchr(start, '\n', (size_t)(bad - start)))) {
		start = newline + 1;
		line++;
	}
	return yaml_tell(document, line, (uint32_t)(bad - start) + 1, problem);
}

static int read_events(struct yaml_document *document)
{
	int status;

	do {
		yaml_document_restart(document);
		status = yaml_read_events(document);
		if (status == YAML_AGAIN && document->pass == YAML_PASS_FIRST)
			document->pass = YAML_PASS_FIND_KIND;
	} while (status == YAML_AGAIN);
	return status;
}

static int read_plain(struct yaml_document *document, size_t *used, uint32_t *used_lines)
{
	int status;

	do {
		yaml_document_restart(document);
		status = yaml_read_plain(document, used, used_lines);
		if (status == YAML_AGAIN && document->pass == YAML_PASS_FIRST)
			document->pass = YAML_PASS_FIND_KIND;
	} while (status == YAML_AGAIN);
	return status;
}

static int check_bytes(const struct yaml_document *document)
{
	const char *problem = NULL;
	size_t bad = yaml_bad_byte(document->text, document->length, &problem);

	return problem ? tell_bad_byte(document, bad, problem) : 0;
}

static int read_generally(struct yaml_document *document, size_t *used, uint32_t *used_lines)
{
	int status = check_bytes(document);

	(void)used;
	(void)used_lines;
	return status ? status : read_events(document);
}

/* Sets *used to what was read: less than the document where another JSON text follows. */
static int read_document(struct yaml_document *document, size_t *used, uint32_t *used_lines)
{
	size_t plain_used = *used;
	uint32_t plain_lines = *used_lines;
	int status = check_bytes(document);

	if (status)
		return status;
	status = read_plain(document, &plain_used, &plain_lines);
	if (status == YAML_DOUBT)
		return read_events(document);
	*used = plain_used;
	*used_lines = plain_lines;
	return status;
}

static const char byte_order_mark[] = "\xef\xbb\xbf";

static int read_stream(struct yaml_document *document, const char *text, size_t length,
		       int (*read)(struct yaml_document *, size_t *, uint32_t *))
{
	uint32_t line = 1;
	bool told = false;

	while (length) {
		uint32_t lines;
		size_t used = yaml_document_length(text, length, &lines);
		int status;

		yaml_document_begin(document, text, used, line);
		status = read(document, &used, &lines);
		if (status < 0)
			return status;
		told = told || status == YAML_TOLD;
		text += used;
		length -= used;
		line += lines;
	}
	return told ? -EINVAL : 0;
}

static int read_text(const char *text, size_t length, const struct weir_allocator *allocator,
		     const struct yaml_handler *handler,
		     int (*read)(struct yaml_document *, size_t *, uint32_t *))
{
	struct yaml_document document;
	int status;

	if (length >= 3 && !memcmp(text, byte_order_mark, 3)) {
		text += 3;
		length -= 3;
	}
	yaml_document_init(&document, allocator, handler);
	status = read_stream(&document, text, length, read);
	yaml_document_finish(&document);
	return status;
}

int yaml_read(const char *text, size_t length, const struct weir_allocator *allocator,
	      const struct yaml_handler *handler)
{
	return read_text(text, length, allocator, handler, read_document);
}

int yaml_read_twin(const char *text, size_t length, const struct weir_allocator *allocator,
		   const struct yaml_handler *handler)
{
	return read_text(text, length, allocator, handler, read_generally);
}
