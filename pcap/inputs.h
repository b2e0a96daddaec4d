/*
 * inputs.h - the files of a capture: those named by hand, and those in folders.
 */
#ifndef WEIR_PCAP_INPUTS_H
#define WEIR_PCAP_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/error.h"

struct weir_input_path {
	char *path;
	bool in_folder; /* found, not named: skipped when it is no trace */
};

struct weir_input_paths {
	struct weir_input_path *items;
	size_t count;
	size_t capacity;
};

/* Adds a file, or the files of a folder and its folders, by name. Symbolic links to folders are
 * not followed inside a folder. 0 or a negative errno and why. */
int weir_input_paths_add(struct weir_input_paths *paths, const char *path,
			 struct weir_error *error);
void weir_input_paths_finish(struct weir_input_paths *paths);

#endif
