/* Everything that makes pods from a template. */
#include "read_meta.h"

#include <string.h>

/* A ReplicationController selects by a plain map, and by its template's labels when it says
 * nothing. */
static void read_controller_selector(struct k8s_reader *reader, const struct k8s_field *field,
				     struct k8s_workload *out)
{
	k8s_read_map_selector(reader, field, &out->selector);
	if (k8s_is_missing(field))
		k8s_select_labels(reader, out->template_labels.items, out->template_labels.count,
				  &out->selector);
	out->has_selector = out->selector.count > 0;
}

static void read_template(struct k8s_reader *reader, const struct k8s_field *template,
			  struct k8s_workload *out)
{
	struct k8s_field spec = k8s_get(template, "spec");
	struct k8s_field meta = k8s_get(template, "metadata");
	struct k8s_field labels = k8s_get(&meta, "labels");
	struct k8s_field host_network = k8s_get(&spec, "hostNetwork");
	struct k8s_field node_name = k8s_get(&spec, "nodeName");

	if (!k8s_mapping(reader, template))
		return;
	k8s_mapping(reader, &meta);
	k8s_mapping(reader, &spec);
	out->has_template = true;
	out->template_labels = k8s_read_labels(reader, &labels);
	out->ports = k8s_read_container_ports(reader, &spec, &out->port_count);
	out->host_network = k8s_boolean(reader, &host_network, false);
	out->node_name = k8s_text(reader, &node_name);
}

/* Where the template is: a CronJob's lies in the Job that it makes. */
static void read_spec(struct k8s_reader *reader, const struct k8s_field *spec,
		      struct k8s_workload *out)
{
	struct k8s_field selector = k8s_get(spec, "selector");
	struct k8s_field replicas = k8s_get(spec, "replicas");
	struct k8s_field template = k8s_get(spec, "template");

	k8s_mapping(reader, spec);
	out->replicas = (uint32_t)k8s_integer(reader, &replicas, 0, INT32_MAX, 1);
	read_template(reader, &template, out);
	if (strcmp(reader->kind, "ReplicationController") == 0) {
		read_controller_selector(reader, &selector, out);
		return;
	}
	out->has_selector = !k8s_is_missing(&selector);
	k8s_read_selector(reader, &selector, &out->selector);
}

void k8s_read_workload(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	struct k8s_workload *out = object;
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field job = k8s_get(&spec, "jobTemplate");
	struct k8s_field job_spec = k8s_get(&job, "spec");

	out->kind = k8s_keep_text(reader, reader->kind, strlen(reader->kind));
	if (strcmp(reader->kind, "CronJob") != 0) {
		read_spec(reader, &spec, out);
		return;
	}
	k8s_mapping(reader, &spec);
	k8s_mapping(reader, &job);
	read_spec(reader, &job_spec, out);
}
