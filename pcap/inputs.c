#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int fail(struct weir_error *error, int status, const char *path)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(-status));
	return status;
}

/* Takes path over. */
static int push(struct weir_input_paths *paths, char *path, bool in_folder)
{
	if (paths->count == paths->capacity) {
		size_t capacity = paths->capacity ? paths->capacity * 2 : 16;
		void *grown = realloc(paths->items, capacity * sizeof(*paths->items));

		if (!grown) {
			free(path);
			return -ENOMEM;
		}
		paths->items = grown;
		paths->capacity = capacity;
	}
	paths->items[paths->count++] = (struct weir_input_path){ path, in_folder };
	return 0;
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* By bytes: alphasort's order changes with the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *folder, const char *name)
{
	size_t length = strlen(folder);
	const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
	char *path;

	return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

static int add_folder(struct weir_input_paths *paths, const char *folder, struct weir_error *error);

static int add_entry(struct weir_input_paths *paths, const char *folder, const char *name,
		     struct weir_error *error)
{
	char *path = join(folder, name);
	struct stat status;
	int result;

	if (!path)
		return -ENOMEM;
	if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		result = add_folder(paths, path, error);
		free(path);
		return result;
	}
	return push(paths, path, true);
}

static int add_folder(struct weir_input_paths *paths, const char *folder, struct weir_error *error)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_entry, by_name);
	int status = 0;

	if (count < 0)
		return fail(error, -errno, folder);
	for (int i = 0; i < count; i++) {
		if (!status)
			status = add_entry(paths, folder, entries[i]->d_name, error);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int weir_input_paths_add(struct weir_input_paths *paths, const char *path, struct weir_error *error)
{
	struct stat status;
	char *copy;

	if (strcmp(path, "-") != 0) {
		if (stat(path, &status))
			return fail(error, -errno, path);
		if (S_ISDIR(status.st_mode))
			return add_folder(paths, path, error);
	}
	copy = strdup(path);
	return copy ? push(paths, copy, false) : -ENOMEM;
}

void weir_input_paths_finish(struct weir_input_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	*paths = (struct weir_input_paths){ 0 };
}
