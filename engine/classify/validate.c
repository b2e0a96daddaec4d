#include "validate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int check_fail(struct checker *checker, const char *format, ...)
{
	char text[256];
	va_list arguments;

	if (!checker->error)
		return -EINVAL;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(checker->error->text, sizeof(checker->error->text),
		 "the compiled policy contradicts itself: %s", text);
	return -EINVAL;
}

static size_t align(size_t offset)
{
	return (offset + LAYOUT_ALIGNMENT - 1) / LAYOUT_ALIGNMENT * LAYOUT_ALIGNMENT;
}

/* One section begins where the one before ends, so none overlap; what is between is zero. */
static int check_section(struct checker *checker, enum layout_section section, size_t length,
			 size_t *offset)
{
	const struct layout_extent *extent = &checker->header->sections[section];
	const char *bytes = (const char *)checker->header;
	const struct layout_kind *kind = &layout_kinds[section];

	if (extent->offset != *offset || extent->length > length - *offset)
		return check_fail(checker, "the %s are not where they belong", kind->name);
	if (extent->length % kind->item_bytes || extent->length / kind->item_bytes >= WEIR_NONE)
		return check_fail(checker, "the %s end in the middle of one", kind->name);
	checker->counts[section] = (uint32_t)(extent->length / kind->item_bytes);
	*offset = align(extent->offset + extent->length);
	if (*offset > length)
		return check_fail(checker, "the %s are not where they belong", kind->name);
	for (size_t i = extent->offset + extent->length; i < *offset; i++) {
		if (bytes[i])
			return check_fail(checker, "something is hidden behind the %s", kind->name);
	}
	return 0;
}

static int check_sections(struct checker *checker, size_t length)
{
	size_t offset = align(sizeof(struct layout_header));
	int status = 0;

	for (unsigned i = 0; i < LAYOUT_SECTIONS && !status; i++)
		status = check_section(checker, (enum layout_section)i, length, &offset);
	if (!status && offset != length)
		return check_fail(checker, "something is hidden behind the last section");
	return status;
}

static int check_choices(struct checker *checker)
{
	const struct layout_header *header = checker->header;

	if (header->ipblock_pods > WEIR_IPBLOCK_PODS_IGNORE ||
	    header->own_node > WEIR_OWN_NODE_POLICY ||
	    header->other_protocols > WEIR_OTHER_PROTOCOLS_DENY)
		return check_fail(checker, "its semantics make a choice that does not exist");
	return 0;
}

int check_layout(struct checker *checker, size_t length)
{
	const struct layout_header *header = checker->header;
	int status;

	if (header->header_bytes != sizeof(*header) || header->section_count != LAYOUT_SECTIONS ||
	    length < align(sizeof(*header)))
		return check_fail(checker, "its header is of %u bytes and %u sections",
				  header->header_bytes, header->section_count);
	status = check_choices(checker);
	if (!status)
		status = check_sections(checker, length);
	return status;
}

int weir_policy_validate(const struct layout_header *header, size_t length,
			 const struct weir_allocator *allocator, struct weir_error *error)
{
	static int (*const checks[])(struct checker *) = { check_trie, check_tables, check_rules,
							   check_names };
	struct weir_policy policy = { .lookup = { .header = header } };
	struct checker checker = {
		.header = header, .lookup = &policy.lookup, .allocator = allocator, .error = error
	};
	int status = check_layout(&checker, length);

	if (!status)
		weir_policy_attach(&policy);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !status; i++)
		status = checks[i](&checker);
	return status;
}
