/*
 * stream.c - one input buffer, and behind it one of three codecs.
 *
 * gzip files may be several members in a row (what `cat a.gz b.gz` makes), zstd files several
 * frames; both read as one. What follows the last gzip member and is none itself is ignored, as
 * gzip does.
 */
#include "stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
	INPUT_SIZE = 256 * 1024,
	GROWN_LEAST = 64 << 20, /* bytes out that are never too many */
	GROWTH_MAX = 256,       /* bytes out for a byte in, beyond */
	WINDOW_LOG_MAX = 27,
};

struct weir_stream {
	ssize_t (*read)(struct weir_stream *stream, void *bytes, size_t size);
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool inside; /* a gzip member or zstd frame has begun and not ended */
	bool ended;
	bool damaged;
	uint64_t taken; /* bytes read */
	uint64_t given; /* bytes that they became */
	int fd;
	size_t at;
	size_t filled;
	uint8_t input[INPUT_SIZE];
};

/* More input behind what is left of it. Bytes that are there; 0 at the end; or a negative errno. */
static ssize_t fill(struct weir_stream *stream)
{
	ssize_t got;

	memmove(stream->input, stream->input + stream->at, stream->filled - stream->at);
	stream->filled -= stream->at;
	stream->at = 0;
	do {
		got = read(stream->fd, stream->input + stream->filled, INPUT_SIZE - stream->filled);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	stream->filled += (size_t)got;
	stream->taken += (size_t)got;
	return got;
}

static size_t left(const struct weir_stream *stream)
{
	return stream->filled - stream->at;
}

static const uint8_t *input(const struct weir_stream *stream)
{
	return stream->input + stream->at;
}

/* At least count bytes of input, unless it ends before. */
static int want(struct weir_stream *stream, size_t count)
{
	while (left(stream) < count) {
		ssize_t got = fill(stream);

		if (got <= 0)
			return (int)got;
	}
	return 0;
}

static bool is_gzip(const struct weir_stream *stream)
{
	return left(stream) >= 2 && memcmp(input(stream), "\x1f\x8b", 2) == 0;
}

/* A frame, or a skippable one, as parallel compressors put first. */
static bool is_zstd(const struct weir_stream *stream)
{
	const uint8_t *bytes = input(stream);

	return left(stream) >= 4 &&
	       (memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0 ||
		((bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0));
}

static ssize_t read_plain(struct weir_stream *stream, void *bytes, size_t size)
{
	int status = want(stream, 1);

	if (status)
		return status;
	if (size > left(stream))
		size = left(stream);
	memcpy(bytes, input(stream), size);
	stream->at += size;
	return (ssize_t)size;
}

static int next_member(struct weir_stream *stream)
{
	int status = want(stream, 2);

	if (status)
		return status;
	if (!is_gzip(stream)) {
		stream->ended = true;
		return 0;
	}
	inflateReset(&stream->gzip);
	stream->inside = true;
	return 0;
}

/* Also without input: there may be output that found no room before. */
static int inflate_some(struct weir_stream *stream)
{
	int status;

	stream->gzip.next_in = stream->input + stream->at;
	stream->gzip.avail_in = (uInt)left(stream);
	status = inflate(&stream->gzip, Z_NO_FLUSH);
	stream->at = stream->filled - stream->gzip.avail_in;
	if (status == Z_STREAM_END)
		stream->inside = false;
	else if (status == Z_MEM_ERROR)
		return -ENOMEM;
	else if (status != Z_OK && !(status == Z_BUF_ERROR && left(stream) > 0))
		stream->damaged = true;
	return 0;
}

static ssize_t read_gzip(struct weir_stream *stream, void *bytes, size_t size)
{
	stream->gzip.next_out = bytes;
	stream->gzip.avail_out = (uInt)size;
	while (stream->gzip.avail_out == size && !stream->ended && !stream->damaged) {
		int status = stream->inside ? want(stream, 1) : next_member(stream);

		if (!status && stream->inside)
			status = inflate_some(stream);
		if (status)
			return status;
	}
	return (ssize_t)(size - stream->gzip.avail_out);
}

static ssize_t read_zstd(struct weir_stream *stream, void *bytes, size_t size)
{
	ZSTD_outBuffer out = { bytes, size, 0 };

	while (out.pos == 0 && !stream->ended && !stream->damaged) {
		ZSTD_inBuffer in;
		size_t result;
		int status = want(stream, 1);

		if (status)
			return status;
		stream->ended = left(stream) == 0;
		if (stream->ended && !stream->inside)
			break;
		in = (ZSTD_inBuffer){ input(stream), left(stream), 0 };
		result = ZSTD_decompressStream(stream->zstd, &out, &in);
		stream->at += in.pos;
		if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
			return -E2BIG;
		stream->inside = result != 0;
		stream->damaged = ZSTD_isError(result) || (stream->ended && out.pos == 0);
		stream->ended = stream->ended && out.pos == 0;
	}
	return (ssize_t)out.pos;
}

static int choose(struct weir_stream *stream)
{
	stream->read = read_plain;
	if (is_gzip(stream)) {
		stream->read = read_gzip;
		stream->inside = true;
		/* 15: any window; 16: gzip's header and checksum */
		return inflateInit2(&stream->gzip, 15 + 16) == Z_OK ? 0 : -ENOMEM;
	}
	if (is_zstd(stream)) {
		stream->read = read_zstd;
		stream->zstd = ZSTD_createDStream();
		if (!stream->zstd)
			return -ENOMEM;
		ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	}
	return 0;
}

int weir_stream_open(int fd, struct weir_stream **out)
{
	struct weir_stream *stream = calloc(1, sizeof(*stream));
	int status;

	if (!stream)
		return -ENOMEM;
	stream->fd = fd;
	status = want(stream, 4);
	if (!status)
		status = choose(stream);
	if (status) {
		weir_stream_close(stream);
		return status;
	}
	*out = stream;
	return 0;
}

void weir_stream_close(struct weir_stream *stream)
{
	if (!stream)
		return;
	if (stream->read == read_gzip)
		inflateEnd(&stream->gzip);
	ZSTD_freeDStream(stream->zstd);
	free(stream);
}

ssize_t weir_stream_read(struct weir_stream *stream, void *bytes, size_t size)
{
	ssize_t got = stream->read(stream, bytes, size);

	if (got > 0)
		stream->given += (size_t)got;
	if (stream->read != read_plain && stream->given > GROWN_LEAST &&
	    stream->given / GROWTH_MAX > stream->taken)
		return -EFBIG;
	return got == 0 && stream->damaged ? -EBADMSG : got;
}
