#include "scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "weir/capture.h"
#include "weir/cluster.h"

void scene_fail(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s does not hold\n", file, line, condition);
	abort();
}

static char *path_of(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);

	NEED(path);
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Visits what is in a folder by name, and stops at the first that says so. */
static void visit(const char *folder, int (*visitor)(void *context, const char *path),
		  void *context)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, alphasort);
	int done = 0;

	for (int i = 0; i < count; i++) {
		char *path = path_of(folder, entries[i]->d_name);

		if (!done)
			done = visitor(context, path);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static int read_manifest(void *context, const char *path)
{
	const char *dot = strrchr(path, '.');
	struct weir_file file;

	if (!dot || strcmp(dot, ".yaml") != 0)
		return 0;
	NEED(!weir_file_load(path, 1 << 20, &file, NULL));
	NEED(!weir_cluster_read(context, path, WEIR_FOUND_NAMED, file.bytes, file.length));
	weir_file_release(&file);
	return 0;
}

static const char *last_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The first variant alone: which one does not matter here. */
static int read_variant(void *context, const char *path)
{
	static const char *const others[] = { "capture", "manifests", "nftables" };
	struct stat status;

	NEED(!stat(path, &status));
	if (!S_ISDIR(status.st_mode))
		return 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(last_name(path), others[i]) == 0)
			return 0;
	visit(path, read_manifest, context);
	return 1;
}

static struct weir_policy *load_policy(const char *folder)
{
	const struct weir_cluster_options options = { .ignore_unsupported_policies = false };
	const struct weir_semantics semantics = { 0 };
	const struct weir_compile_options compile = { .max_bytes = 0 };
	char *manifests = path_of(folder, "manifests");
	struct weir_resolved *resolved;
	struct weir_cluster *cluster;
	struct weir_policy *policy;

	NEED(!weir_cluster_create(&options, &cluster));
	visit(manifests, read_manifest, cluster);
	visit(folder, read_variant, cluster);
	NEED(!weir_cluster_finish(cluster));
	NEED(!weir_cluster_resolve(cluster, &semantics, &resolved));
	NEED(!weir_compile(resolved, &compile, &policy, NULL));
	weir_resolved_destroy(resolved);
	weir_cluster_destroy(cluster);
	free(manifests);
	return policy;
}

static void keep(struct scene *scene, const struct weir_frame *frame)
{
	struct weir_frame *kept;
	uint8_t *bytes = malloc(frame->captured + 1u);

	scene->frames = realloc(scene->frames, (scene->frame_count + 1) * sizeof(*kept));
	NEED(scene->frames && bytes);
	kept = &scene->frames[scene->frame_count++];
	*kept = *frame;
	kept->bytes = memcpy(bytes, frame->bytes, frame->captured);
}

static void load_frames(struct scene *scene, const char *folder)
{
	const char *capture_path = path_of(folder, "capture");
	struct weir_capture *capture;
	struct weir_frame frame;

	NEED(!weir_capture_open(&capture_path, 1, NULL, &capture, NULL, NULL));
	while (weir_capture_next(capture, &frame, 1) == 1)
		keep(scene, &frame);
	NEED(scene->frame_count > 0);
	weir_capture_close(capture);
	free((void *)(uintptr_t)capture_path);
}

static int load(void *context, const char *path)
{
	struct scenes *scenes = context;
	char *capture = path_of(path, "capture");
	struct stat status;
	struct scene *scene;

	if (stat(capture, &status) == 0) {
		scenes->items = realloc(scenes->items, (scenes->count + 1) * sizeof(*scene));
		NEED(scenes->items);
		scene = &scenes->items[scenes->count++];
		*scene = (struct scene){ .name = strdup(last_name(path)) };
		scene->policy = load_policy(path);
		load_frames(scene, path);
	}
	free(capture);
	return 0;
}

void scenes_load(const char *folder, struct scenes *out)
{
	*out = (struct scenes){ 0 };
	visit(folder, load, out);
	NEED(out->count > 0);
}

void scenes_finish(struct scenes *scenes)
{
	for (size_t i = 0; i < scenes->count; i++) {
		struct scene *scene = &scenes->items[i];

		for (size_t j = 0; j < scene->frame_count; j++)
			free((void *)(uintptr_t)scene->frames[j].bytes);
		free(scene->frames);
		free(scene->name);
		weir_policy_unref(scene->policy);
	}
	free(scenes->items);
}
