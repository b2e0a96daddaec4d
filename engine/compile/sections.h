/*
 * sections.h - filling the block's cold sections.
 */
#ifndef WEIR_COMPILE_SECTIONS_H
#define WEIR_COMPILE_SECTIONS_H

#include "build.h"

/* The text section. Offset 0 is the empty text; NULL is taken as empty. */
struct text_writer {
	struct weir_array *bytes;
	struct weir_map known; /* what is kept once */
};

int text_writer_init(struct text_writer *writer, struct build *build);
void text_writer_finish(struct text_writer *writer);

/* Appends; for names that are hardly ever equal. -ENOMEM or -ERANGE. */
int text_add(struct text_writer *writer, const char *text, uint32_t *offset);
/* Equal texts have one offset. The text must stay until the writer is finished. */
int text_share(struct text_writer *writer, const char *text, uint32_t *offset);

/* The stages that write them. 0, -ENOMEM or -ERANGE. */
int build_rules(struct build *build, struct text_writer *text);
int build_names(struct build *build, struct text_writer *text);
int build_origins(struct build *build, struct text_writer *text);

#endif
