#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "weir/address.h"
#include "weir/policy_file.h"
#include "weir/resolved.h"

#include "folder.h"
#include "saved.h"

/* No dump of a cluster is near; a bomb in a compressed file is beyond. */
static const size_t largest_manifest = (size_t)4 << 30;

/* The lists that the cluster's options point to while it is created. */
struct address_options {
	struct weir_prefix *cidrs;
	struct weir_node_address *nodes;
	char *text; /* copies of the values of --node-address, for their names */
};

static void address_options_finish(struct address_options *lists)
{
	free(lists->cidrs);
	free(lists->nodes);
	free(lists->text);
}

static bool parse_cidr(const struct invocation *invocation, const char *option, const char *value,
		       struct weir_prefix *out)
{
	bool host_bits;

	if (weir_prefix_parse(value, strlen(value), out, &host_bits) == 0)
		return true;
	complain(invocation->command, "--%s %s: must be a range as in 10.0.0.0/8 or fd00::/8",
		 option, value);
	return false;
}

static bool parse_pod_cidrs(const struct invocation *invocation,
			    struct weir_cluster_options *options)
{
	const char *value;

	for (size_t i = 0; (value = option_nth(invocation, OPTION_POD_CIDR, i)); i++) {
		struct weir_prefix prefix;
		struct weir_prefix *family;

		if (!parse_cidr(invocation, "pod-cidr", value, &prefix))
			return false;
		family = weir_prefix_is_ipv4(&prefix) ? &options->pod_cidr_ipv4
						      : &options->pod_cidr_ipv6;
		if (family->length) {
			complain(invocation->command,
				 "--pod-cidr %s: one range for each address family, please", value);
			return false;
		}
		*family = prefix;
	}
	return true;
}

static bool parse_cluster_cidrs(const struct invocation *invocation, struct weir_prefix *cidrs)
{
	const char *value;

	for (size_t i = 0; (value = option_nth(invocation, OPTION_CLUSTER_CIDR, i)); i++)
		if (!parse_cidr(invocation, "cluster-cidr", value, &cidrs[i]))
			return false;
	return true;
}

/* text has room for the values one behind the other. */
static bool parse_node_addresses(const struct invocation *invocation,
				 struct weir_node_address *nodes, char *text)
{
	const char *value;

	for (size_t i = 0; (value = option_nth(invocation, OPTION_NODE_ADDRESS, i)); i++) {
		size_t name = strcspn(value, "=");
		const char *address = value + name + (value[name] == '=');

		if (!name || weir_address_parse(address, strlen(address), &nodes[i].address)) {
			complain(invocation->command,
				 "--node-address %s: must be NODE=IP, as in node-1=10.0.0.1",
				 value);
			return false;
		}
		memcpy(text, value, name);
		text[name] = '\0';
		nodes[i].node = text;
		text += name + 1;
	}
	return true;
}

static size_t values_length(const struct invocation *invocation, enum option_id id)
{
	size_t length = 0;
	const char *value;

	for (size_t i = 0; (value = option_nth(invocation, id, i)); i++)
		length += strlen(value) + 1;
	return length;
}

/* False after a usage error, which was told. */
static bool parse_addresses(const struct invocation *invocation, struct address_options *lists,
			    struct weir_cluster_options *options)
{
	size_t cidrs = option_times(invocation, OPTION_CLUSTER_CIDR);
	size_t nodes = option_times(invocation, OPTION_NODE_ADDRESS);

	lists->cidrs = calloc(cidrs + 1, sizeof(*lists->cidrs));
	lists->nodes = calloc(nodes + 1, sizeof(*lists->nodes));
	lists->text = malloc(values_length(invocation, OPTION_NODE_ADDRESS) + 1);
	if (!lists->cidrs || !lists->nodes || !lists->text) {
		complain(invocation->command, "out of memory");
		return false;
	}
	options->cluster_cidrs = lists->cidrs;
	options->cluster_cidr_count = cidrs;
	options->node_addresses = lists->nodes;
	options->node_address_count = nodes;
	return parse_pod_cidrs(invocation, options) &&
	       parse_cluster_cidrs(invocation, lists->cidrs) &&
	       parse_node_addresses(invocation, lists->nodes, lists->text);
}

static enum exit_code create_cluster(struct input *input, const struct invocation *invocation)
{
	struct weir_cluster_options options = {
		.sink = diagnostics_sink(&input->diagnostics),
		.ignore_unsupported_policies = option_given(invocation, OPTION_IGNORE_UNSUPPORTED),
	};
	struct address_options lists = { 0 };
	enum exit_code code = EXIT_USAGE;
	int status;

	if (parse_addresses(invocation, &lists, &options)) {
		status = weir_cluster_create(&options, &input->cluster);
		if (status)
			complain(invocation->command, "%s", strerror(-status));
		else
			code = EXIT_CLEAN;
	}
	address_options_finish(&lists);
	return code;
}

/* A compiled policy is kept, not read: its file is mapped as long as it is in use. */
static void keep_saved(struct input *input, const char *path, struct weir_file *file)
{
	if (input->takes_saved && !input->saved.owner) {
		input->saved = *file;
		input->saved_path = path;
		return;
	}
	if (input->takes_saved)
		complain(input->command, "%s: a second compiled policy; only one can be used",
			 path);
	else
		complain(input->command,
			 "%s: this is a compiled policy, and weir %s needs the objects that it was "
			 "made from; eval, list, replay, bench and run take it",
			 path, input->command->name);
	input->diagnostics.errors++;
	weir_file_release(file);
}

static bool is_named_saved(const char *path)
{
	static const char suffix[] = ".weir";
	size_t length = strlen(path);

	return length >= strlen(suffix) && strcmp(path + length - strlen(suffix), suffix) == 0;
}

/* Whether the file is a compiled policy, or should be one, and was taken. */
static bool take_saved(struct input *input, const char *path, struct weir_file *file)
{
	bool is_saved = weir_policy_is_saved(file->bytes, file->length);

	if (is_saved) {
		keep_saved(input, path, file);
	} else if (is_named_saved(path)) {
		complain(input->command, "%s: no compiled policy, whatever its name says", path);
		input->diagnostics.errors++;
		weir_file_release(file);
		return true;
	}
	return is_saved;
}

/* Reading goes on behind a bad text, so that all problems are told at once: only running out of
 * memory is returned. What could not be opened is counted with the errors. */
static int read_file(struct input *input, const char *path, enum weir_found found)
{
	struct weir_error error = { "" };
	struct weir_file file;
	const char *name;
	int status = weir_file_load(path, largest_manifest, &file, &error);

	if (status) {
		input->diagnostics.errors++;
		complain(input->command, "%s", error.text[0] ? error.text : strerror(-status));
		return status == -ENOMEM ? status : 0;
	}
	input->files++;
	name = strcmp(path, "-") == 0 ? "<stdin>" : path;
	if (take_saved(input, name, &file))
		return 0;
	status = weir_cluster_read(input->cluster, name, found, file.bytes, file.length);
	weir_file_release(&file);
	return status == -ENOMEM ? status : 0;
}

struct folder_read {
	struct input *input;
	size_t files;
};

static int read_found_file(void *context, const char *path)
{
	struct folder_read *read = context;

	read->files++;
	return read_file(read->input, path, WEIR_FOUND_IN_FOLDER);
}

static int read_folder(struct input *input, const char *path)
{
	struct folder_read read = { .input = input };
	const struct weir_sink sink = diagnostics_sink(&input->diagnostics);
	struct weir_error error = { "" };
	int status = folder_visit(path, read_found_file, &read, &error);

	if (status == -ENOMEM)
		return status;
	if (status) {
		input->diagnostics.errors++;
		complain(input->command, "%s", error.text);
	} else if (!read.files) {
		sink.report(sink.context,
			    &(struct weir_diagnostic){
				    .severity = WEIR_SEVERITY_WARNING,
				    .file = path,
				    .text = "no .yaml, .yml or .json file in this folder" });
	}
	return 0;
}

static int read_path(struct input *input, const char *path)
{
	struct stat status;

	if (strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return read_folder(input, path);
	return read_file(input, path, WEIR_FOUND_NAMED);
}

enum exit_code input_read(struct input *input, const struct invocation *invocation)
{
	const char *path;
	int status = 0;

	input->command = invocation->command;
	input->diagnostics.color = invocation->color_err;
	if (!option_given(invocation, OPTION_FILE)) {
		complain(invocation->command, "-f PATH is missing: the Kubernetes objects to read");
		return EXIT_USAGE;
	}
	if (create_cluster(input, invocation) != EXIT_CLEAN)
		return EXIT_USAGE;
	for (size_t i = 0; !status && (path = option_nth(invocation, OPTION_FILE, i)); i++)
		status = read_path(input, path);
	if (input->saved.owner && input->files > 1 && !input->diagnostics.errors) {
		complain(invocation->command,
			 "%s: a compiled policy holds everything and is given alone: the other "
			 "files would have no effect",
			 input->saved_path);
		return EXIT_USAGE;
	}
	if (!status)
		status = weir_cluster_finish(input->cluster);
	if (status && status != -EINVAL)
		complain(invocation->command, "%s", strerror(-status));
	if (status || input->diagnostics.errors)
		return EXIT_USAGE;
	weir_cluster_count(input->cluster, &input->counts);
	return EXIT_CLEAN;
}

struct weir_semantics input_semantics(const struct invocation *invocation)
{
	/* The choices stand in the order of the enums. */
	return (struct weir_semantics){
		.ipblock_pods = (uint8_t)option_choice(invocation, OPTION_IPBLOCK_PODS),
		.own_node = (uint8_t)option_choice(invocation, OPTION_OWN_NODE),
		.other_protocols = (uint8_t)option_choice(invocation, OPTION_OTHER_PROTOCOLS),
	};
}

enum exit_code input_compile_resolved(struct input *input, const struct weir_resolved *resolved)
{
	const struct weir_compile_options options = { .max_bytes = (size_t)input->max_bytes };
	struct weir_error error = { "" };
	int status = weir_compile(resolved, &options, &input->policy, &error);

	if (!status)
		return EXIT_CLEAN;
	complain(input->command, "cannot compile the policies: %s",
		 error.text[0] ? error.text : strerror(-status));
	return EXIT_USAGE;
}

/* Resolves what was read. */
static enum exit_code resolve_cluster(struct input *input, const struct invocation *invocation,
				      struct weir_resolved **resolved)
{
	struct weir_semantics semantics = input_semantics(invocation);
	int status;

	if (input->counts.pods + input->counts.synthetic_pods == 0) {
		complain(invocation->command, "there is no pod in the input: nothing to judge; "
					      "give the cluster's pods or workloads with -f");
		return EXIT_USAGE;
	}
	status = weir_cluster_resolve(input->cluster, &semantics, resolved);
	if (!status)
		return EXIT_CLEAN;
	complain(invocation->command, "%s", strerror(-status));
	return EXIT_USAGE;
}

enum exit_code input_resolve(struct input *input, const struct invocation *invocation,
			     struct weir_resolved **resolved)
{
	enum exit_code code = input_read(input, invocation);

	return code == EXIT_CLEAN ? resolve_cluster(input, invocation, resolved) : code;
}

/* Reads objects, or opens the compiled policy that stands in their place. */
static enum exit_code read_or_open(struct input *input, const struct invocation *invocation)
{
	enum exit_code code;

	input->takes_saved = true;
	code = input_read(input, invocation);
	if (code != EXIT_CLEAN || !input->saved.owner)
		return code;
	return saved_open(invocation, input->saved_path, &input->saved, &input->policy);
}

enum exit_code input_resolve_or_open(struct input *input, const struct invocation *invocation,
				     struct weir_resolved **resolved)
{
	enum exit_code code = read_or_open(input, invocation);

	if (code != EXIT_CLEAN || input->policy)
		return code;
	return resolve_cluster(input, invocation, resolved);
}

/* Compiles what was read. */
static enum exit_code compile_cluster(struct input *input, const struct invocation *invocation)
{
	struct weir_resolved *resolved;
	enum exit_code code = resolve_cluster(input, invocation, &resolved);

	if (code != EXIT_CLEAN)
		return code;
	code = input_compile_resolved(input, resolved);
	weir_resolved_destroy(resolved);
	return code;
}

enum exit_code input_compile(struct input *input, const struct invocation *invocation)
{
	enum exit_code code = input_read(input, invocation);

	return code == EXIT_CLEAN ? compile_cluster(input, invocation) : code;
}

enum exit_code input_policy(struct input *input, const struct invocation *invocation)
{
	enum exit_code code = read_or_open(input, invocation);

	if (code != EXIT_CLEAN || input->policy)
		return code;
	return compile_cluster(input, invocation);
}

void input_finish(struct input *input)
{
	weir_file_release(&input->saved);
	weir_policy_unref(input->policy);
	weir_cluster_destroy(input->cluster);
}
