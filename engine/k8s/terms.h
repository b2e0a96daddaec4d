/*
 * terms.h - label selectors brought to one form per key.
 *
 * Selectors that select the same things by different words (another order, a value twice, In
 * beside NotIn) become equal terms, and those that nothing can fulfil are known as such.
 */
#ifndef WEIR_K8S_TERMS_H
#define WEIR_K8S_TERMS_H

#include "objects.h"

enum k8s_term_kind {
	K8S_TERM_IN,     /* the value is one of values */
	K8S_TERM_NOT_IN, /* the value is none of values, or the key is missing */
	K8S_TERM_OTHER,  /* the key is there, and its value is none of values */
	K8S_TERM_ABSENT, /* the key is missing */
};

struct k8s_term {
	const char *key;
	const char *const *values; /* strictly ascending */
	uint32_t value_count;
	uint8_t kind; /* enum k8s_term_kind */
};

/* All must hold; one a key, by key. */
struct k8s_terms {
	const struct k8s_term *items;
	uint32_t count;
	bool impossible; /* no labels fulfil them */
};

/* present is a key that whatever is selected always has, or NULL. What out points to is in the
 * arena, or the selector's. 0 or -ENOMEM. */
int k8s_terms_of(const struct k8s_selector *selector, const char *present, struct weir_arena *arena,
		 struct k8s_terms *out);

/* The terms that a key has this one value. 0 or -ENOMEM. */
int k8s_terms_of_label(const char *key, const char *value, struct weir_arena *arena,
		       struct k8s_terms *out);

bool k8s_terms_match(const struct k8s_terms *terms, const struct k8s_labels *labels);

#endif
