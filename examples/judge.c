/*
 * judge.c - may one address reach another? The shortest way through the library:
 *
 *	judge MANIFESTS SOURCE DESTINATION TCP-PORT
 *
 * text → cluster → resolved policy → compiled policy → verdict and rule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/capture.h"
#include "weir/cluster.h"
#include "weir/directory.h"
#include "weir/resolved.h"

static void print_diagnostic(void *context, const struct weir_diagnostic *diagnostic)
{
	(void)context;
	fprintf(stderr, "%s:%u:%u: %s: %s\n", diagnostic->file, diagnostic->line,
		diagnostic->column, diagnostic->object ? diagnostic->object : "document",
		diagnostic->text);
}

/* NULL when the manifests are not right; the reasons were printed. */
static struct weir_policy *compile(const char *path)
{
	struct weir_cluster_options options = { .sink = { print_diagnostic, NULL } };
	struct weir_semantics semantics = { 0 };
	struct weir_cluster *cluster = NULL;
	struct weir_resolved *resolved = NULL;
	struct weir_policy *policy = NULL;
	struct weir_file file = { 0 };
	struct weir_error error = { "" };

	if (!weir_file_load(path, 1u << 30, &file, &error) &&
	    !weir_cluster_create(&options, &cluster) &&
	    !weir_cluster_read(cluster, path, WEIR_FOUND_NAMED, file.bytes, file.length) &&
	    !weir_cluster_finish(cluster) && !weir_cluster_resolve(cluster, &semantics, &resolved))
		weir_compile(resolved, NULL, &policy, &error);
	if (error.text[0])
		fprintf(stderr, "%s\n", error.text);
	weir_resolved_destroy(resolved);
	weir_cluster_destroy(cluster);
	weir_file_release(&file);
	return policy;
}

static void print_half(const struct weir_policy *policy, const char *name,
		       const struct weir_half *half)
{
	char rule[512];

	if (!weir_policy_format_rule(policy, half, rule, sizeof(rule)))
		snprintf(rule, sizeof(rule), "%s", weir_reason_name(half->reason));
	printf("%s: %s, %s\n", name, half->action == WEIR_ALLOW ? "allow" : "deny", rule);
}

int main(int argc, char **argv)
{
	struct weir_key key = { .protocol = WEIR_PROTOCOL_TCP, .flags = WEIR_KEY_BOTH };
	struct weir_explanation explanation;
	struct weir_policy *policy;

	if (argc != 5 || weir_address_parse(argv[2], strlen(argv[2]), &key.source) ||
	    weir_address_parse(argv[3], strlen(argv[3]), &key.destination)) {
		fprintf(stderr, "usage: judge MANIFESTS SOURCE DESTINATION TCP-PORT\n");
		return 2;
	}
	key.destination_port = (uint16_t)strtoul(argv[4], NULL, 10);
	policy = compile(argv[1]);
	if (!policy)
		return 2;
	weir_policy_explain(policy, &key, &explanation);
	print_half(policy, "egress", &explanation.egress);
	print_half(policy, "ingress", &explanation.ingress);
	weir_policy_unref(policy);
	return explanation.verdict.action == WEIR_ALLOW ? 0 : 1;
}
