/*
 * policy_file.c - blocks out as files, and files as blocks.
 *
 * What the preamble says of the bytes behind it is written on the way out; in memory it is zero, so
 * that compiling need not look at every byte once more.
 */
#include "weir/policy_file.h"

#include <errno.h>
#include <stdio.h>

#include "checksum.h"
#include "sha256.h"
#include "validate.h"

enum {
	CONTENT_AT = sizeof(struct layout_preamble),
};

static_assert((int)WEIR_POLICY_ALIGNMENT == (int)LAYOUT_ALIGNMENT, "sections are aligned");
static_assert((int)WEIR_POLICY_HASH == (int)WEIR_SHA256_BYTES, "it is a SHA-256");
static_assert(offsetof(struct layout_preamble, content_hash) % WEIR_CHECKSUM_STRIPE == 0 &&
		      sizeof(struct layout_preamble) -
				      offsetof(struct layout_preamble, content_hash) ==
			      WEIR_CHECKSUM_STRIPE,
	      "the sum begins with a stripe of its own");

static int fail(struct weir_error *error, int status, const char *text)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s", text);
	return status;
}

bool weir_policy_is_saved(const void *bytes, size_t length)
{
	return length >= sizeof(LAYOUT_MAGIC) &&
	       memcmp(bytes, LAYOUT_MAGIC, sizeof(LAYOUT_MAGIC)) == 0;
}

/* Of the preamble's hash and of the content that lies elsewhere. */
static uint64_t sum(const struct layout_preamble *preamble, const void *content, size_t length)
{
	struct weir_checksum checksum;

	weir_checksum_begin(&checksum);
	weir_checksum_add(&checksum, preamble->content_hash, sizeof(preamble->content_hash));
	return weir_checksum_end(&checksum, content, length);
}

static int check_length(const struct layout_preamble *preamble, size_t length,
			struct weir_error *error)
{
	char text[160];

	if (preamble->total_bytes == length) {
		if (length >= sizeof(struct layout_header))
			return 0;
		return fail(error, -EINVAL, "cut off: it has not even a header");
	}
	snprintf(text, sizeof(text),
		 preamble->total_bytes > length ? "cut off: it has %zu of its %llu bytes"
						: "damaged: it has %zu bytes instead of %llu",
		 length, (unsigned long long)preamble->total_bytes);
	return fail(error, -EINVAL, text);
}

static int check_version(const struct layout_preamble *preamble, struct weir_error *error)
{
	char text[160];

	if (preamble->byte_order == __builtin_bswap32(LAYOUT_BYTE_ORDER))
		return fail(error, -ENOTSUP,
			    "compiled on a machine of the other byte order; compile it again");
	if (preamble->byte_order != LAYOUT_BYTE_ORDER)
		return fail(error, -EINVAL, "damaged: its byte order is none");
	if (preamble->version == LAYOUT_VERSION)
		return 0;
	snprintf(text, sizeof(text),
		 "compiled in version %u of the format, and this program reads version %d; compile "
		 "it again",
		 preamble->version, LAYOUT_VERSION);
	return fail(error, -ENOTSUP, text);
}

/* Whether the bytes are those that were written, and of a kind that can be read. */
static int check_bytes(const void *bytes, size_t length, struct weir_error *error)
{
	const struct layout_header *header = bytes;
	const struct layout_preamble *preamble = bytes;
	int status;

	if (!weir_policy_is_saved(bytes, length))
		return fail(error, -EINVAL, "no compiled policy");
	if (length < sizeof(*preamble))
		return fail(error, -EINVAL, "cut off: it has not even a header");
	if ((uintptr_t)bytes % LAYOUT_ALIGNMENT)
		return fail(error, -EINVAL, "its bytes do not begin at a multiple of 64");
	status = check_version(preamble, error);
	if (!status)
		status = check_length(preamble, length, error);
	if (status)
		return status;
	if (sum(preamble, (const char *)bytes + CONTENT_AT, length - CONTENT_AT) !=
	    preamble->checksum)
		return fail(error, -EINVAL, "damaged: its checksum is another one");
	if (header->features & ~(uint64_t)LAYOUT_FEATURES)
		return fail(error, -ENOTSUP,
			    "it has features that this version does not know; compile it again");
	return 0;
}

int weir_policy_open(const void *bytes, size_t length,
		     const struct weir_policy_open_options *options, struct weir_policy **out,
		     struct weir_error *error)
{
	static const struct weir_policy_open_options defaults;
	struct weir_policy *policy;
	int status = check_bytes(bytes, length, error);

	options = options ? options : &defaults;
	if (!status)
		status = weir_policy_validate(bytes, length,
					      weir_allocator_or_default(options->allocator), error);
	if (!status)
		status = weir_policy_borrow(options->allocator, bytes, &policy);
	if (status)
		return status;
	weir_policy_attach(policy);
	policy->release = options->release;
	policy->context = options->context;
	*out = policy;
	return 0;
}

void weir_policy_content_hash(const struct weir_policy *policy, uint8_t hash[WEIR_POLICY_HASH])
{
	const struct layout_header *header = policy->lookup.names;

	weir_sha256((const char *)header + CONTENT_AT, header->preamble.total_bytes - CONTENT_AT,
		    hash);
}

int weir_policy_save(const struct weir_policy *policy,
		     int (*write)(void *context, const char *bytes, size_t length), void *context,
		     struct weir_error *error)
{
	const struct layout_header *header = policy->lookup.header;
	struct layout_preamble preamble = header->preamble;
	const char *content = (const char *)header + CONTENT_AT;
	size_t length = header->preamble.total_bytes - CONTENT_AT;
	int status;

	if (!policy_is_whole(policy))
		return fail(error, -EINVAL, "a version of a live policy is frozen to be saved");
	status = weir_policy_validate(header, header->preamble.total_bytes, policy->allocator,
				      error);

	if (status)
		return status;
	weir_sha256(content, length, preamble.content_hash);
	preamble.checksum = sum(&preamble, content, length);
	status = write(context, (const char *)&preamble, sizeof(preamble));
	return status ? status : write(context, content, length);
}
