/*
 * The plain shape that programs write; for now nothing is plain.
 */
#include "yaml_tree.h"

int yaml_read_plain(struct yaml_document *document, size_t *used, uint32_t *used_lines)
{
	(void)document;
	(void)used;
	(void)used_lines;
	return YAML_DOUBT;
}
