#include "policy_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapping {
	void *bytes;
	size_t length;
};

static void unmap(void *context)
{
	struct mapping *mapping = context;

	munmap(mapping->bytes, mapping->length);
	free(mapping);
}

static int map(const char *path, struct mapping *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	int status = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &about)) {
		status = -errno;
	} else {
		out->length = (size_t)about.st_size;
		out->bytes = mmap(NULL, out->length, PROT_READ, MAP_SHARED, fd, 0);
		if (out->bytes == MAP_FAILED)
			status = -errno;
	}
	close(fd);
	return status;
}

int policy_map(const char *path, struct weir_policy **out, struct weir_error *error)
{
	struct mapping *mapping = malloc(sizeof(*mapping));
	const struct weir_policy_open_options options = { .release = unmap, .context = mapping };
	int status = mapping ? map(path, mapping) : -ENOMEM;

	if (status) {
		snprintf(error->text, sizeof(error->text), "%s", strerror(-status));
		free(mapping);
		return status;
	}
	status = weir_policy_open(mapping->bytes, mapping->length, &options, out, error);
	if (status == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "%s", strerror(ENOMEM));
	if (status)
		unmap(mapping);
	return status;
}
