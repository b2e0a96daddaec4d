#include "test.h"

#include "subject.h"

#include <stdlib.h>

#include "collect.h"

struct subject subject_of(const char *manifests, size_t length)
{
	const struct weir_semantics semantics = { 0 };
	struct subject subject = { NULL, NULL };

	assert_int_equal(weir_cluster_create(&(struct weir_cluster_options){ 0 }, &subject.cluster),
			 0);
	assert_int_equal(weir_cluster_read(subject.cluster, "cluster.yaml", WEIR_FOUND_NAMED,
					   manifests, length),
			 0);
	assert_int_equal(weir_cluster_finish(subject.cluster), 0);
	assert_int_equal(weir_cluster_resolve(subject.cluster, &semantics, &subject.resolved), 0);
	return subject;
}

struct subject subject_make(const struct gen_cluster_options *options)
{
	struct collected manifests = collect_cluster(options);
	struct subject subject = subject_of(manifests.bytes, manifests.length);

	free(manifests.bytes);
	return subject;
}

void subject_finish(struct subject *subject)
{
	weir_resolved_destroy(subject->resolved);
	weir_cluster_destroy(subject->cluster);
}

struct gen_connections subject_connections(const struct subject *subject, uint64_t seed,
					   const uint32_t wanted[GEN_CLASSES])
{
	struct gen_connections_options options = { .seed = seed };
	struct gen_connections connections;
	struct weir_error error = { "" };

	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		options.wanted[i] = wanted[i];
		options.through_services[i] = i == GEN_UNRELATED ? 0 : wanted[i] / 5;
	}
	if (gen_connections_draw(subject->cluster, subject->resolved, &options, &connections,
				 &error))
		fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
	return connections;
}
