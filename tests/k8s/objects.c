/* Text to objects: what is kept of every kind. */
#include "test.h"

#include <string.h>

#include "cluster_of.h"

static void a_pod_is_read(void **state)
{
	struct weir_cluster *cluster = cluster_of("apiVersion: v1\n"
						  "kind: Pod\n"
						  "metadata:\n"
						  "  name: web\n"
						  "  namespace: shop\n"
						  "  labels: {tier: front, app: web}\n"
						  "spec:\n"
						  "  nodeName: n1\n"
						  "  containers:\n"
						  "  - name: web\n"
						  "    ports:\n"
						  "    - {name: http, containerPort: 80}\n"
						  "status:\n"
						  "  phase: Running\n"
						  "  podIP: 10.0.0.1\n"
						  "  hostIP: 192.168.0.1\n");
	const struct k8s_pod *pod = k8s_find_pod(cluster, "shop", "web");

	(void)state;
	assert_non_null(pod);
	assert_int_equal(pod->meta.labels.count, 2);
	assert_string_equal(pod->meta.labels.items[0].key, "app");
	assert_int_equal(pod->address_count, 1);
	assert_int_equal(pod->port_count, 1);
	assert_int_equal(pod->ports[0].number, 80);
	assert_non_null(k8s_find_namespace(cluster, "shop"));
	assert_non_null(k8s_find_node(cluster, "n1"));
	weir_cluster_destroy(cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
