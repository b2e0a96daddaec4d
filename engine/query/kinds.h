/*
 * kinds.h - the words that people write for a kind.
 */
#ifndef WEIR_QUERY_KINDS_H
#define WEIR_QUERY_KINDS_H

/* The kind that a word means ("deploy", "DEPLOYMENTS" -> "Deployment"), or NULL for a word that is
 * no known kind's. Static storage. */
const char *query_kind(const char *word);

#endif
