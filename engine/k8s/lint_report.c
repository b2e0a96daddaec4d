/*
 * From what a lint found to a diagnostic, and the words of both.
 */
#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	OBJECT_TEXT = 384, /* a kind, a namespace and a name, 63 and 253 bytes long */
	PIECE_TEXT = 512,  /* a label with a key of 317 and a value of 63 bytes, and words */
};

static void format_object(const struct k8s_finding *finding, char text[OBJECT_TEXT])
{
	const char *home = finding->meta->namespace_name;

	snprintf(text, OBJECT_TEXT, "%s %s%s%s", finding->kind, home, home[0] ? "/" : "",
		 finding->meta->name);
}

void k8s_lint_report(const struct k8s_lint *lint, const struct k8s_finding *finding)
{
	static const struct k8s_position nowhere = { 0 };
	const struct k8s_position *position = finding->position;
	size_t count;
	const struct weir_lint *row = &weir_lint_table(&count)[finding->code];
	char object[OBJECT_TEXT];

	if (finding->kind)
		format_object(finding, object);
	if (!position)
		position = finding->kind ? &finding->meta->position : &nowhere;
	lint->sink->report(lint->sink->context,
			   &(struct weir_diagnostic){ .severity = row->severity,
						      .file = position->file,
						      .line = position->line,
						      .column = position->column,
						      .object = finding->kind ? object : NULL,
						      .field = finding->field,
						      .text = finding->text,
						      .code = row->code,
						      .why = row->why,
						      .advice = finding->advice ? finding->advice
										: row->advice });
}

void k8s_lint_report_policy(const struct k8s_lint *lint, enum k8s_lint_code code,
			    const struct k8s_network_policy *policy,
			    const struct k8s_position *position, const char *field,
			    const char *text)
{
	k8s_lint_report(lint, &(struct k8s_finding){ .code = code,
						     .kind = "NetworkPolicy",
						     .meta = &policy->meta,
						     .position = position,
						     .field = field,
						     .text = text });
}

struct k8s_lint_text k8s_lint_text(const struct k8s_lint *lint)
{
	return (struct k8s_lint_text){ weir_array_of(lint->arena.allocator, char), 0 };
}

void k8s_lint_say(struct k8s_lint_text *text, const char *format, ...)
{
	char piece[PIECE_TEXT];
	va_list arguments;
	size_t at = text->bytes.count ? text->bytes.count - 1 : 0;
	size_t length;

	va_start(arguments, format);
	vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	length = strlen(piece);
	if (weir_array_resize(&text->bytes, at + length + 1)) {
		text->status = -ENOMEM;
		return;
	}
	memcpy((char *)text->bytes.items + at, piece, length + 1);
}

const char *k8s_lint_text_string(const struct k8s_lint_text *text)
{
	return text->bytes.count ? text->bytes.items : "";
}

void k8s_lint_text_finish(struct k8s_lint_text *text)
{
	weir_array_finish(&text->bytes);
}

void k8s_lint_peer_field(const struct k8s_lint_rule *rule, uint32_t peer, const char *tail,
			 char out[K8S_LINT_FIELD])
{
	snprintf(out, K8S_LINT_FIELD, "%s.%s[%" PRIu32 "]%s", rule->field,
		 rule->is_egress ? "to" : "from", peer, tail);
}

void k8s_lint_port_field(const struct k8s_lint_rule *rule, uint32_t port, const char *tail,
			 char out[K8S_LINT_FIELD])
{
	snprintf(out, K8S_LINT_FIELD, "%s.ports[%" PRIu32 "]%s", rule->field, port, tail);
}

const char *k8s_lint_protocol(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "TCP" : protocol == IPPROTO_UDP ? "UDP" : "SCTP";
}
