/*
 * watch.c - may one address reach another, while the cluster changes? Events of a watch come in:
 *
 *	watch SOURCE DESTINATION TCP-PORT <EVENTS
 *
 * EVENTS are what the API server's watch prints, or `kubectl get --watch -o json
 * --output-watch-events`: JSON texts, one behind the other. Whatever has come at once is one batch.
 * The answer is printed at first, and each time that it is another.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/directory.h"
#include "weir/live_cluster.h"

static void print_diagnostic(void *context, const struct weir_diagnostic *diagnostic)
{
	(void)context;
	fprintf(stderr, "%s:%u: %s: %s\n", diagnostic->file, diagnostic->line,
		diagnostic->object ? diagnostic->object : "document", diagnostic->text);
}

/* What was read and not taken yet: texts[0..length), which is one JSON text up to at as far as its
 * braces tell. */
struct stream {
	char *texts;
	size_t length;
	size_t room;
	size_t at;
	unsigned depth;
	bool in_string;
	bool escaped;
};

/* The length of the first text, once it is whole; else 0. */
static size_t next_text(struct stream *stream)
{
	while (stream->at < stream->length) {
		char c = stream->texts[stream->at++];

		if (stream->in_string) {
			stream->in_string = stream->escaped || c != '"';
			stream->escaped = c == '\\' && !stream->escaped;
		} else if (c == '"') {
			stream->in_string = true;
		} else if (c == '{') {
			stream->depth++;
		} else if (c == '}' && stream->depth && --stream->depth == 0) {
			return stream->at;
		}
	}
	return 0;
}

/* Waits for more; false at the end. */
static bool read_more(struct stream *stream)
{
	ssize_t got;

	if (stream->length == stream->room) {
		size_t room = stream->room ? stream->room * 2 : 65536;
		char *texts = realloc(stream->texts, room);

		if (!texts)
			return false;
		stream->texts = texts;
		stream->room = room;
	}
	got = read(STDIN_FILENO, stream->texts + stream->length, stream->room - stream->length);
	if (got > 0)
		stream->length += (size_t)got;
	return got > 0;
}

/* A refused event is told, and the objects stay as they are; false without memory for it. */
static bool take_texts(struct weir_live_cluster *cluster, struct stream *stream)
{
	size_t length;

	while ((length = next_text(stream))) {
		if (weir_live_cluster_read(cluster, "stdin", stream->texts, length) == -ENOMEM)
			return false;
		stream->length -= length;
		memmove(stream->texts, stream->texts + length, stream->length);
		stream->at = 0;
	}
	return true;
}

static void format_half(const struct weir_policy *policy, const struct weir_half *half, char *text,
			size_t size)
{
	if (!weir_policy_format_rule(policy, half, text, size))
		snprintf(text, size, "%s", weir_reason_name(half->reason));
}

/* Prints the answer when it is another one than last. */
static void judge(const struct weir_live_cluster *cluster, const struct weir_key *key, char *last,
		  size_t size)
{
	static const char *const actions[] = { "deny", "allow", "ambiguous" };
	const struct weir_policy *policy = weir_live_cluster_policy(cluster);
	struct weir_explanation why;
	char egress[256], ingress[256], now[600];

	weir_policy_explain(policy, key, &why);
	format_half(policy, &why.egress, egress, sizeof(egress));
	format_half(policy, &why.ingress, ingress, sizeof(ingress));
	snprintf(now, sizeof(now), "%s, egress: %s, ingress: %s", actions[why.verdict.action],
		 egress, ingress);
	if (strcmp(now, last) == 0)
		return;
	snprintf(last, size, "%s", now);
	printf("%s\n", now);
	fflush(stdout);
}

static int watch(struct weir_live_cluster *cluster, const struct weir_key *key)
{
	struct stream stream = { 0 };
	struct weir_error error;
	char last[600] = "";
	int status = 0;

	do {
		if (!take_texts(cluster, &stream)) {
			fprintf(stderr, "out of memory\n");
			status = 2;
			break;
		}
		if (weir_live_cluster_commit(cluster, &error)) {
			fprintf(stderr, "%s\n", error.text);
			weir_live_cluster_drop(cluster);
		}
		judge(cluster, key, last, sizeof(last));
	} while (read_more(&stream));
	free(stream.texts);
	return status;
}

int main(int argc, char **argv)
{
	const struct weir_live_cluster_options options = {
		.objects = { .sink = { print_diagnostic, NULL } },
	};
	struct weir_key key = { .protocol = WEIR_PROTOCOL_TCP, .flags = WEIR_KEY_BOTH };
	struct weir_live_cluster *cluster;
	struct weir_error error = { "out of memory" };
	int status;

	if (argc != 4 || weir_address_parse(argv[1], strlen(argv[1]), &key.source) ||
	    weir_address_parse(argv[2], strlen(argv[2]), &key.destination)) {
		fprintf(stderr, "usage: watch SOURCE DESTINATION TCP-PORT <EVENTS\n");
		return 2;
	}
	key.destination_port = (uint16_t)strtoul(argv[3], NULL, 10);
	if (weir_live_cluster_create(&options, &cluster, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 2;
	}
	status = watch(cluster, &key);
	weir_live_cluster_destroy(cluster);
	return status;
}
