/*
 * own_folder.h - a folder of a test program's own, which is the working directory meanwhile; group
 * fixtures of cmocka.
 */
#ifndef WEIR_TESTS_OWN_FOLDER_H
#define WEIR_TESTS_OWN_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char own_folder[] = "/tmp/weir-test-XXXXXX";

static inline int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(own_folder) && chdir(own_folder) == 0 ? 0 : -1;
}

static inline int remove_entry(const char *path, const struct stat *status, int type,
			       struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline int leave_folder(void **state)
{
	(void)state;
	return chdir("/") ? -1 : nftw(own_folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
