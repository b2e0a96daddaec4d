/*
 * folder.h - the manifest files of a folder, in an order that is the same everywhere.
 */
#ifndef WEIR_CLI_FOLDER_H
#define WEIR_CLI_FOLDER_H

#include "weir/error.h"

/* Calls visit for every file of the folder and of the folders in it whose name ends in .yaml, .yml
 * or .json, or in these with .gz or .zst; in the byte order of the names, a folder in its place
 * among the files. Links to files are followed, links to folders are not. 0; what visit returned
 * when it was not 0, which ends the walk; or a negative errno with *error filled. */
int folder_visit(const char *path, int (*visit)(void *context, const char *path), void *context,
		 struct weir_error *error);

#endif
