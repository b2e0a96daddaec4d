#include "reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool weir_reader_recognizes(const uint8_t *bytes, size_t length)
{
	return weir_pcap_recognizes(bytes, length) || weir_pcapng_recognizes(bytes, length);
}

void weir_reader_init(struct weir_reader *reader, const uint8_t *bytes, size_t length,
		      const char *file_name, struct weir_interfaces *names)
{
	*reader = (struct weir_reader){
		.bytes = bytes,
		.length = length,
		.file_name = file_name,
		.names = names,
	};
	weir_reader_rewind(reader);
}

void weir_reader_finish(struct weir_reader *reader)
{
	free(reader->interfaces);
	*reader = (struct weir_reader){ 0 };
}

void weir_reader_rewind(struct weir_reader *reader)
{
	bool is_pcapng = weir_pcapng_recognizes(reader->bytes, reader->length);

	reader->at = 0;
	reader->time = 0;
	reader->interface_count = 0;
	reader->next = is_pcapng ? weir_pcapng_start : weir_pcap_start;
}

int weir_reader_next(struct weir_reader *reader, struct weir_frame *out)
{
	return reader->next(reader, out);
}

int weir_reader_cut(struct weir_reader *reader, size_t at, const char *inside, ...)
{
	static const char ends[] = "the file ends inside ";
	size_t length = sizeof(ends) - 1;
	va_list arguments;

	reader->damage_at = at;
	reader->is_cut = true;
	memcpy(reader->damage, ends, length);
	va_start(arguments, inside);
	vsnprintf(reader->damage + length, sizeof(reader->damage) - length, inside, arguments);
	va_end(arguments);
	return -EBADMSG;
}

int weir_reader_damage(struct weir_reader *reader, size_t at, const char *format, ...)
{
	va_list arguments;

	reader->damage_at = at;
	reader->is_cut = false;
	va_start(arguments, format);
	vsnprintf(reader->damage, sizeof(reader->damage), format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

struct weir_reader_interface *weir_reader_add_interface(struct weir_reader *reader,
							const char *name, size_t length)
{
	struct weir_reader_interface *interface;
	uint32_t index;

	if (reader->interface_count == reader->interface_capacity) {
		size_t capacity = reader->interface_capacity ? reader->interface_capacity * 2 : 4;
		void *grown = realloc(reader->interfaces, capacity * sizeof(*reader->interfaces));

		if (!grown)
			return NULL;
		reader->interfaces = grown;
		reader->interface_capacity = capacity;
	}
	if (weir_interfaces_index(reader->names, name, length, &index))
		return NULL;
	interface = &reader->interfaces[reader->interface_count++];
	*interface = (struct weir_reader_interface){ .index = index, .resolution = 6 };
	return interface;
}
