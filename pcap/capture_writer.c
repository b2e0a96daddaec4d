/*
 * capture_writer.c - pcap and pcapng as they are read in pcap.c and pcapng.c, in this machine's
 * byte order, times in nanoseconds.
 *
 * pcapng allows an interface block anywhere before the first packet of its interface, so one pass
 * does: the blocks are written as their packets come. A pair of interface and link type is one
 * block; the pairs are kept in a tree, since nothing bounds how many of them a capture has.
 */
#include "weir/capture_writer.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "reader.h"

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_LEAST = 12, /* type, and the length before and behind */
};

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,
	OPTION_APPLICATION = 4,
	OPTION_RESOLUTION = 9,
	OPTION_HEADER = 4,
	OPTION_MAX = 65535,
	NANOSECONDS = 9,        /* if_tsresol */
	ETHERNET = 1,           /* LINKTYPE_ETHERNET */
	COMMENTS_MAX = 1 << 30, /* a block's length has 32 bits */
};

struct file_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t zone;
	uint32_t accuracy;
	uint32_t snaplen;
	uint32_t link_type;
};
_Static_assert(sizeof(struct file_header) == 24, "the layout of the format");

struct record_header {
	uint32_t seconds;
	uint32_t nanoseconds;
	uint32_t captured;
	uint32_t wire;
};
_Static_assert(sizeof(struct record_header) == 16, "the layout of the format");

struct section_block {
	uint32_t type;
	uint32_t length;
	uint32_t byte_order;
	uint16_t major;
	uint16_t minor;
	uint32_t section_length[2]; /* all ones: unknown */
};
_Static_assert(sizeof(struct section_block) == 24, "the layout of the format");

struct interface_block {
	uint32_t type;
	uint32_t length;
	uint16_t link_type;
	uint16_t reserved;
	uint32_t snaplen; /* 0: no limit */
};
_Static_assert(sizeof(struct interface_block) == 16, "the layout of the format");

struct packet_block {
	uint32_t type;
	uint32_t length;
	uint32_t interface;
	uint32_t time_high;
	uint32_t time_low;
	uint32_t captured;
	uint32_t wire;
};
_Static_assert(sizeof(struct packet_block) == 28, "the layout of the format");

struct interface {
	uint32_t index; /* in the capture */
	uint32_t link_type;
	uint32_t number; /* of its block in the file */
};

struct weir_capture_writer {
	const struct weir_capture *capture; /* or NULL, and who names interfaces: */
	const char *(*interface_name)(void *context, uint32_t index);
	void *interface_context;
	char *path; /* as the caller says it */
	char *mark;
	struct weir_output output;
	int (*add)(struct weir_capture_writer *writer, const struct weir_frame *frame,
		   const char *comment, struct weir_error *error);
	bool has_header;

	/* pcap */
	uint32_t link_type;

	/* pcapng */
	void *interfaces; /* a tsearch(3) tree of struct interface */
	struct interface *last;
	uint32_t interface_count;
};

static int fail(const struct weir_capture_writer *writer, int status, const char *what,
		struct weir_error *error)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s: %s", writer->path, what);
	return status;
}

static int fail_errno(const struct weir_capture_writer *writer, int status,
		      struct weir_error *error)
{
	return status ? fail(writer, status, strerror(-status), error) : 0;
}

static void put(struct weir_capture_writer *writer, const void *bytes, size_t length)
{
	weir_output_put(&writer->output, bytes, length);
}

/* Up to the next multiple of 4. */
static void put_padding(struct weir_capture_writer *writer, size_t length)
{
	put(writer, "\0\0\0", -length & 3);
}

static size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

/* Classic pcap. */

static void put_file_header(struct weir_capture_writer *writer, uint32_t link_type)
{
	struct file_header header = {
		.magic = 0xa1b23c4d,
		.major = 2,
		.minor = 4,
		.snaplen = WEIR_RECORD_MAX,
		.link_type = link_type,
	};

	put(writer, &header, sizeof(header));
	writer->link_type = link_type;
	writer->has_header = true;
}

static int add_record(struct weir_capture_writer *writer, const struct weir_frame *frame,
		      const char *comment, struct weir_error *error)
{
	struct record_header header = {
		.seconds = (uint32_t)(frame->time / 1000000000),
		.nanoseconds = (uint32_t)(frame->time % 1000000000),
		.captured = frame->captured,
		.wire = frame->wire,
	};

	(void)comment;
	if (!writer->has_header)
		put_file_header(writer, frame->link_type);
	if (frame->link_type != writer->link_type)
		return fail(writer, -EINVAL,
			    "pcap holds packets of one link type; a name that ends in .pcapng "
			    "makes a file of several",
			    error);
	if (header.seconds != frame->time / 1000000000)
		return fail(writer, -ERANGE,
			    "pcap ends in 2106; a name that ends in .pcapng makes a file of later "
			    "packets",
			    error);
	put(writer, &header, sizeof(header));
	put(writer, frame->bytes, frame->captured);
	return fail_errno(writer, writer->output.status, error);
}

/* pcapng. */

static size_t clipped(size_t length)
{
	return length > OPTION_MAX ? OPTION_MAX : length;
}

static size_t option_size(size_t length)
{
	return OPTION_HEADER + padded(clipped(length));
}

static void put_option(struct weir_capture_writer *writer, uint16_t code, const void *value,
		       size_t length)
{
	uint16_t header[] = { code, (uint16_t)clipped(length) };

	put(writer, header, sizeof(header));
	put(writer, value, clipped(length));
	put_padding(writer, clipped(length));
}

/* The end of the options, and of the block. */
static void put_end(struct weir_capture_writer *writer, uint32_t block_length)
{
	put_option(writer, OPTION_END, "", 0);
	put(writer, &block_length, sizeof(block_length));
}

static void put_section(struct weir_capture_writer *writer)
{
	static const char application[] = "weir";
	size_t length = sizeof(application) - 1;
	struct section_block block = {
		.type = BLOCK_SECTION,
		.byte_order = 0x1a2b3c4d,
		.major = 1,
		.section_length = { UINT32_MAX, UINT32_MAX },
	};

	block.length = (uint32_t)(sizeof(block) + option_size(length) + option_size(0) + 4);
	put(writer, &block, sizeof(block));
	put_option(writer, OPTION_APPLICATION, application, length);
	put_end(writer, block.length);
	writer->has_header = true;
}

static const char *interface_name(const struct weir_capture_writer *writer, uint32_t index)
{
	return writer->capture ? weir_capture_interface(writer->capture, index)
			       : writer->interface_name(writer->interface_context, index);
}

static void put_interface(struct weir_capture_writer *writer, const struct interface *interface)
{
	const char *name = interface_name(writer, interface->index);
	uint8_t resolution = NANOSECONDS;
	struct interface_block block = {
		.type = BLOCK_INTERFACE,
		.link_type = (uint16_t)interface->link_type,
	};

	block.length = (uint32_t)(sizeof(block) + option_size(strlen(name)) + option_size(1) +
				  option_size(0) + 4);
	put(writer, &block, sizeof(block));
	put_option(writer, OPTION_NAME, name, strlen(name));
	put_option(writer, OPTION_RESOLUTION, &resolution, 1);
	put_end(writer, block.length);
}

static int compare(const void *a, const void *b)
{
	const struct interface *left = a;
	const struct interface *right = b;

	if (left->index != right->index)
		return left->index < right->index ? -1 : 1;
	return (left->link_type > right->link_type) - (left->link_type < right->link_type);
}

/* Makes the interface the last one used, with a block of its own when it is new. */
static int use_interface(struct weir_capture_writer *writer, uint32_t index, uint32_t link_type)
{
	struct interface *interface;
	struct interface **known;

	if (writer->last && writer->last->index == index && writer->last->link_type == link_type)
		return 0;
	interface = malloc(sizeof(*interface));
	if (!interface)
		return -ENOMEM;
	*interface = (struct interface){ index, link_type, writer->interface_count };
	known = tsearch(interface, &writer->interfaces, compare);
	if (!known) {
		free(interface);
		return -ENOMEM;
	}
	writer->last = *known;
	if (*known != interface) {
		free(interface);
		return 0;
	}
	writer->interface_count++;
	put_interface(writer, interface);
	return 0;
}

static bool is_marked(const struct weir_capture_writer *writer, const char *text, size_t length)
{
	size_t mark = writer->mark ? strlen(writer->mark) : 0;

	return mark > 0 && length >= mark && memcmp(text, writer->mark, mark) == 0;
}

/* The next comment of the packet that is kept. */
static bool next_comment(const struct weir_capture_writer *writer, const struct weir_frame *frame,
			 size_t *at, const char **text, size_t *length)
{
	while (weir_capture_comment(frame, at, text, length))
		if (!is_marked(writer, *text, *length))
			return true;
	return false;
}

/* 0 without comments: then there is no end of options either. */
static size_t comments_size(const struct weir_capture_writer *writer,
			    const struct weir_frame *frame, const char *comment)
{
	size_t size = comment ? option_size(strlen(comment)) : 0;
	size_t at = 0;
	size_t length;
	const char *text;

	while (next_comment(writer, frame, &at, &text, &length))
		size += option_size(length);
	return size ? size + option_size(0) : 0;
}

static void put_comments(struct weir_capture_writer *writer, const struct weir_frame *frame,
			 const char *comment)
{
	size_t at = 0;
	size_t length;
	const char *text;

	while (next_comment(writer, frame, &at, &text, &length))
		put_option(writer, OPTION_COMMENT, text, length);
	if (comment)
		put_option(writer, OPTION_COMMENT, comment, strlen(comment));
	put_option(writer, OPTION_END, "", 0);
}

static int add_packet(struct weir_capture_writer *writer, const struct weir_frame *frame,
		      const char *comment, struct weir_error *error)
{
	struct packet_block block = {
		.type = BLOCK_ENHANCED_PACKET,
		.time_high = (uint32_t)(frame->time >> 32),
		.time_low = (uint32_t)frame->time,
		.captured = frame->captured,
		.wire = frame->wire,
	};
	size_t comments = comments_size(writer, frame, comment);
	int status;

	if (frame->link_type > UINT16_MAX)
		return fail(writer, -EINVAL, "pcapng has no room for a link type above 65535",
			    error);
	if (comments > COMMENTS_MAX)
		return fail(writer, -ERANGE, "pcapng has no room for all comments of a packet",
			    error);
	if (!writer->has_header)
		put_section(writer);
	status = use_interface(writer, frame->interface, frame->link_type);
	if (status)
		return fail_errno(writer, status, error);
	block.interface = writer->last->number;
	block.length = (uint32_t)(sizeof(block) + padded(frame->captured) + comments + 4);
	put(writer, &block, sizeof(block));
	put(writer, frame->bytes, frame->captured);
	put_padding(writer, frame->captured);
	if (comments)
		put_comments(writer, frame, comment);
	put(writer, &block.length, sizeof(block.length));
	return fail_errno(writer, writer->output.status, error);
}

/* A file without packets: readers want a link type all the same. */
static int put_headers(struct weir_capture_writer *writer)
{
	uint32_t link_type = writer->capture ? weir_capture_link_type(writer->capture) : ETHERNET;

	if (writer->add == add_record) {
		put_file_header(writer, link_type);
		return 0;
	}
	put_section(writer);
	return use_interface(writer, 0, link_type & UINT16_MAX);
}

/* Public. */

bool weir_capture_writer_is_pcapng(const char *path)
{
	static const char suffix[] = ".pcapng";
	size_t length = strlen(path);
	size_t behind = sizeof(suffix) - 1;

	return length >= behind && strcmp(path + length - behind, suffix) == 0;
}

static int set_up(struct weir_capture_writer *writer, const char *path,
		  const struct weir_capture_writer_options *options)
{
	bool has_mark = options && options->mark;

	if (options) {
		writer->interface_name = options->interface_name;
		writer->interface_context = options->interface_context;
	}
	writer->add = weir_capture_writer_is_pcapng(path) ? add_packet : add_record;
	writer->path = strdup(path);
	if (has_mark)
		writer->mark = strdup(options->mark);
	if (!writer->path || (has_mark && !writer->mark))
		return -ENOMEM;
	return weir_output_open(path, WEIR_OUTPUT_NAMELESS, &writer->output);
}

int weir_capture_writer_open(const struct weir_capture *capture, const char *path,
			     const struct weir_capture_writer_options *options,
			     struct weir_capture_writer **out, struct weir_error *error)
{
	struct weir_capture_writer *writer = NULL;
	const char *what = "it is one of the traces that are read";
	int status = -EEXIST;

	if (!capture || !weir_capture_reads(capture, path)) {
		writer = calloc(1, sizeof(*writer));
		status = -ENOMEM;
		if (writer) {
			writer->capture = capture;
			writer->output.fd = -1;
			status = set_up(writer, path, options);
		}
		what = strerror(-status);
	}
	if (status) {
		if (error)
			snprintf(error->text, sizeof(error->text), "%s: %s", path, what);
		weir_capture_writer_destroy(writer);
		return status;
	}
	*out = writer;
	return 0;
}

int weir_capture_writer_add(struct weir_capture_writer *writer, const struct weir_frame *frame,
			    const char *comment, struct weir_error *error)
{
	return writer->add(writer, frame, comment, error);
}

int weir_capture_writer_finish(struct weir_capture_writer *writer, struct weir_error *error)
{
	int status = writer->has_header ? 0 : put_headers(writer);

	if (!status)
		status = weir_output_flush(&writer->output);
	return fail_errno(writer, status, error);
}

int weir_capture_writer_publish(struct weir_capture_writer *writer, struct weir_error *error)
{
	return fail_errno(writer, weir_output_publish(&writer->output), error);
}

void weir_capture_writer_destroy(struct weir_capture_writer *writer)
{
	if (!writer)
		return;
	weir_output_finish(&writer->output);
	tdestroy(writer->interfaces, free);
	free(writer->mark);
	free(writer->path);
	free(writer);
}
