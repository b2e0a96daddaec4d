/*
 * mapped.c - the same question to a policy that was compiled before:
 *
 *	weir compile -f MANIFESTS -o POLICY.weir
 *	mapped POLICY.weir SOURCE DESTINATION TCP-PORT
 *
 * file → mapped bytes → policy → verdict and rule. No reader of manifests is linked: this is what a
 * dataplane needs. Processes that map the file share its memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/directory.h"
#include "weir/policy_file.h"

struct mapping {
	void *bytes;
	size_t length;
};

/* Called when nobody holds the policy any more. */
static void unmap(void *context)
{
	struct mapping *mapping = context;

	munmap(mapping->bytes, mapping->length);
}

static bool map(const char *path, struct mapping *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;

	if (fd < 0 || fstat(fd, &about)) {
		perror(path);
		return false;
	}
	out->length = (size_t)about.st_size;
	out->bytes = mmap(NULL, out->length, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (out->bytes != MAP_FAILED)
		return true;
	perror(path);
	return false;
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
	struct mapping mapping;
	struct weir_policy_open_options options = { .release = unmap, .context = &mapping };
	struct weir_explanation explanation;
	struct weir_error error;
	struct weir_policy *policy;

	if (argc != 5 || weir_address_parse(argv[2], strlen(argv[2]), &key.source) ||
	    weir_address_parse(argv[3], strlen(argv[3]), &key.destination)) {
		fprintf(stderr, "usage: mapped POLICY.weir SOURCE DESTINATION TCP-PORT\n");
		return 2;
	}
	key.destination_port = (uint16_t)strtoul(argv[4], NULL, 10);
	if (!map(argv[1], &mapping))
		return 2;
	if (weir_policy_open(mapping.bytes, mapping.length, &options, &policy, &error)) {
		fprintf(stderr, "%s: %s\n", argv[1], error.text);
		unmap(&mapping);
		return 2;
	}
	weir_policy_explain(policy, &key, &explanation);
	print_half(policy, "egress", &explanation.egress);
	print_half(policy, "ingress", &explanation.ingress);
	weir_policy_unref(policy);
	return explanation.verdict.action == WEIR_ALLOW ? 0 : 1;
}
