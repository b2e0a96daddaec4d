#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

struct walk {
	int (*visit)(void *context, const char *path);
	void *context;
	struct weir_error *error;
};

static bool ends_with(const char *name, size_t length, const char *ending)
{
	size_t size = strlen(ending);

	return length > size && memcmp(name + length - size, ending, size) == 0;
}

static bool is_manifest(const char *name)
{
	size_t length = strlen(name);

	if (ends_with(name, length, ".gz"))
		length -= strlen(".gz");
	else if (ends_with(name, length, ".zst"))
		length -= strlen(".zst");
	return ends_with(name, length, ".yaml") || ends_with(name, length, ".yml") ||
	       ends_with(name, length, ".json");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_wanted(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int fail(struct walk *walk, const char *path)
{
	int status = -errno;

	if (walk->error)
		snprintf(walk->error->text, sizeof(walk->error->text), "%s: %s", path,
			 strerror(-status));
	return status;
}

static int visit_folder(struct walk *walk, const char *path);

static int visit_entry(struct walk *walk, const char *path, const char *name)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return fail(walk, path);
	if (S_ISDIR(status.st_mode))
		return visit_folder(walk, path);
	if (!is_manifest(name))
		return 0;
	if (stat(path, &status) != 0)
		return fail(walk, path);
	return S_ISREG(status.st_mode) ? walk->visit(walk->context, path) : 0;
}

static int visit_folder(struct walk *walk, const char *path)
{
	struct report_text full = { 0 };
	struct dirent **entries;
	int count = scandir(path, &entries, is_wanted, by_name);
	int status = 0;

	if (count < 0)
		return fail(walk, path);
	for (int i = 0; i < count; i++) {
		const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";

		report_text_clear(&full);
		report_text_format(&full, "%s%s%s", path, slash, entries[i]->d_name);
		if (!status)
			status = full.is_short ? -ENOMEM
					       : visit_entry(walk, full.bytes, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	report_text_finish(&full);
	return status;
}

int folder_visit(const char *path, int (*visit)(void *context, const char *path), void *context,
		 struct weir_error *error)
{
	struct walk walk = { visit, context, error };

	return visit_folder(&walk, path);
}
