#include "test.h"

#include "collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int collect_bytes(void *context, const char *bytes, size_t length)
{
	struct collected *collected = context;
	size_t needed = collected->length + length + 1;

	if (needed > collected->capacity) {
		size_t capacity = needed > 65536 ? needed * 2 : 65536;
		char *grown = realloc(collected->bytes, capacity);

		if (!grown)
			return -ENOMEM;
		collected->bytes = grown;
		collected->capacity = capacity;
	}
	memcpy(collected->bytes + collected->length, bytes, length);
	collected->length += length;
	collected->bytes[collected->length] = '\0';
	return 0;
}

struct collected collect_cluster(const struct gen_cluster_options *options)
{
	struct collected collected = { 0 };
	struct weir_error error = { "" };
	int status = gen_cluster_write(options, collect_bytes, &collected, &error);

	if (status)
		fail_msg("seed %llu: %d %s", (unsigned long long)options->seed, status, error.text);
	return collected;
}

size_t collected_count(const struct collected *collected, const char *word)
{
	size_t count = 0;

	for (const char *at = collected->bytes; (at = strstr(at, word)); at += strlen(word))
		count++;
	return count;
}

uint64_t collected_digest(const struct collected *collected)
{
	uint64_t digest = 0xcbf29ce484222325u;

	for (size_t i = 0; i < collected->length; i++)
		digest = (digest ^ (uint8_t)collected->bytes[i]) * 0x100000001b3u;
	return digest;
}
