#include "read_meta.h"

#include <errno.h>
#include <string.h>

#include "reading.h"
#include "validate.h"

static const char *const phases[] = {
	"Pending", "Running", "Succeeded", "Failed", "Unknown", NULL
};
static const uint8_t phase_values[] = { K8S_PENDING, K8S_RUNNING, K8S_FINISHED, K8S_FINISHED,
					K8S_PENDING };

static bool always(struct k8s_reader *reader, const struct k8s_field *container)
{
	(void)reader;
	(void)container;
	return true;
}

/* An init container that is restarted runs beside the others, so its ports count (C17). */
static bool is_restartable(struct k8s_reader *reader, const struct k8s_field *container)
{
	struct k8s_field policy = k8s_get(container, "restartPolicy");

	return k8s_text_is(k8s_string(reader, &policy), "Always");
}

static void read_container_port(struct k8s_reader *reader, const struct k8s_field *item,
				struct k8s_container_port *out)
{
	struct k8s_field name = k8s_get(item, "name");
	struct k8s_field number = k8s_get(item, "containerPort");
	struct k8s_field protocol = k8s_get(item, "protocol");
	const char *problem;

	out->name = k8s_text(reader, &name);
	out->protocol = k8s_protocol(reader, &protocol);
	if (k8s_is_missing(&number))
		k8s_error(reader, &number, "is missing; write the port's number");
	out->number = (uint16_t)k8s_integer(reader, &number, 1, UINT16_MAX, 1);
	problem = out->name ? k8s_port_name_problem(out->name, strlen(out->name)) : NULL;
	if (problem)
		k8s_error(reader, &name, "%s is no port name: it %s",
			  k8s_quote(out->name, strlen(out->name)).text, problem);
}

static void read_ports_of(struct k8s_reader *reader, const struct k8s_field *container,
			  struct weir_array *ports)
{
	struct k8s_field list = k8s_get(container, "ports");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;

	while (k8s_next_item(&items, &item)) {
		struct k8s_container_port *port;

		if (!k8s_mapping(reader, &item))
			continue;
		port = weir_array_push(ports);
		if (!port) {
			reader->status = -ENOMEM;
			return;
		}
		read_container_port(reader, &item, port);
	}
}

static void read_containers(struct k8s_reader *reader, const struct k8s_field *list,
			    bool (*counts)(struct k8s_reader *, const struct k8s_field *),
			    struct weir_array *ports)
{
	struct k8s_items items = k8s_items(reader, list);
	struct k8s_field item;

	while (k8s_next_item(&items, &item)) {
		if (k8s_mapping(reader, &item) && counts(reader, &item))
			read_ports_of(reader, &item, ports);
	}
}

const struct k8s_container_port *
k8s_read_container_ports(struct k8s_reader *reader, const struct k8s_field *spec, uint32_t *count)
{
	struct k8s_field containers = k8s_get(spec, "containers");
	struct k8s_field init_containers = k8s_get(spec, "initContainers");
	struct weir_array *ports = &reader->cluster->reading->ports;
	const struct k8s_container_port *kept;

	ports->count = 0;
	read_containers(reader, &containers, always, ports);
	read_containers(reader, &init_containers, is_restartable, ports);
	kept = k8s_keep_shared(reader, ports->items, ports->count, ports->item_size);
	*count = kept ? (uint32_t)ports->count : 0;
	return kept;
}

/* status.podIPs and status.hostIPs are lists of {ip: ADDRESS}; older dumps have one address. */
static void read_ips(struct k8s_reader *reader, const struct k8s_field *status, const char *many,
		     const char *one, struct weir_array *addresses)
{
	struct k8s_field list = k8s_get(status, many);
	struct k8s_field single = k8s_get(status, one);
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;

	while (k8s_next_item(&items, &item)) {
		struct k8s_field ip = k8s_get(&item, "ip");

		if (k8s_mapping(reader, &item))
			k8s_read_address(reader, &ip, addresses);
	}
	if (!addresses->count)
		k8s_read_address(reader, &single, addresses);
}

/* A manifest says nothing of a phase: it stands for a pod that runs. */
static uint8_t read_phase(struct k8s_reader *reader, const struct k8s_field *status)
{
	struct k8s_field field = k8s_get(status, "phase");
	const struct yaml_node *node = k8s_string(reader, &field);
	int chosen;

	if (!node || !node->length)
		return K8S_RUNNING;
	chosen = k8s_choice(reader, &field, phases,
			    "none of Pending, Running, Succeeded, Failed and Unknown");
	return chosen < 0 ? K8S_RUNNING : phase_values[chosen];
}

static void read_status(struct k8s_reader *reader, const struct k8s_field *status,
			struct k8s_pod *out)
{
	struct weir_array *addresses = k8s_begin_addresses(reader);

	k8s_mapping(reader, status);
	out->phase = read_phase(reader, status);
	read_ips(reader, status, "podIPs", "podIP", addresses);
	out->addresses = k8s_keep_addresses(reader, addresses, &out->address_count);
	addresses = k8s_begin_addresses(reader);
	read_ips(reader, status, "hostIPs", "hostIP", addresses);
	out->host_addresses =
		k8s_keep_shared(reader, addresses->items, addresses->count, addresses->item_size);
	out->host_address_count = out->host_addresses ? (uint32_t)addresses->count : 0;
}

void k8s_read_pod(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	struct k8s_pod *out = object;
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field status = k8s_get(root, "status");
	struct k8s_field host_network = k8s_get(&spec, "hostNetwork");
	struct k8s_field node_name = k8s_get(&spec, "nodeName");

	k8s_mapping(reader, &spec);
	out->host_network = k8s_boolean(reader, &host_network, false);
	out->node_name = k8s_text(reader, &node_name);
	out->ports = k8s_read_container_ports(reader, &spec, &out->port_count);
	read_status(reader, &status, out);
}
