/*
 * validate.h - the syntax of names, labels and ports, as the API server checks it.
 *
 * Each function says what a text should be when it is not, as the rest of a sentence that names
 * the text; NULL when the text is right.
 */
#ifndef WEIR_K8S_VALIDATE_H
#define WEIR_K8S_VALIDATE_H

#include <stddef.h>

/* An optional DNS subdomain and a slash, then 1 to 63 letters, digits, '-', '_' and '.'. */
const char *k8s_label_key_problem(const char *text, size_t length);
const char *k8s_label_value_problem(const char *text, size_t length);
/* RFC 1123, lower case: of namespaces; and of nearly everything else, with dots. */
const char *k8s_dns_label_problem(const char *text, size_t length);
const char *k8s_dns_subdomain_problem(const char *text, size_t length);
/* IANA_SVC_NAME of RFC 6335, lower case. */
const char *k8s_port_name_problem(const char *text, size_t length);

#endif
