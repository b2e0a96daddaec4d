#include "sections.h"

#include <errno.h>

int text_writer_init(struct text_writer *writer, struct build *build)
{
	writer->bytes = &build->sections[LAYOUT_TEXT];
	weir_map_init(&writer->known, build->allocator);
	return weir_array_resize(writer->bytes, 1);
}

void text_writer_finish(struct text_writer *writer)
{
	weir_map_finish(&writer->known);
}

int text_add(struct text_writer *writer, const char *text, uint32_t *offset)
{
	size_t length = text ? strlen(text) : 0;
	size_t at = writer->bytes->count;

	*offset = 0;
	if (!length)
		return 0;
	if (at + length + 1 > UINT32_MAX)
		return -ERANGE;
	if (weir_array_resize(writer->bytes, at + length + 1))
		return -ENOMEM;
	memcpy((char *)writer->bytes->items + at, text, length + 1);
	*offset = (uint32_t)at;
	return 0;
}

int text_share(struct text_writer *writer, const char *text, uint32_t *offset)
{
	uint32_t *known;
	int is_new;

	*offset = 0;
	if (!text || !*text)
		return 0;
	known = weir_map_insert(&writer->known, text, strlen(text), 0, &is_new);
	if (!known)
		return -ENOMEM;
	if (is_new) {
		int status = text_add(writer, text, known);

		if (status)
			return status;
	}
	*offset = *known;
	return 0;
}
