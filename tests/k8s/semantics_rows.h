/*
 * semantics_rows.h - the rows of docs/semantics.md as manifests, keys and answers.
 *
 * A row is one sentence of the specification in one small cluster. Two rows of one name are two
 * sentences of it.
 */
#ifndef WEIR_TESTS_K8S_SEMANTICS_ROWS_H
#define WEIR_TESTS_K8S_SEMANTICS_ROWS_H

#include <stddef.h>

#include "weir/semantics.h"

enum { ASKS_MAX = 10 };

struct ask {
	const char *key;  /* as key_of reads it */
	const char *want; /* as judges.h writes an answer */
};

struct row {
	const char *name; /* "S8: a hole narrows its own block" */
	const char *yaml;
	struct weir_semantics semantics;
	const char *refused; /* not NULL: the manifest is refused, and this is said about it */
	struct ask asks[ASKS_MAX];
};

extern const struct row semantics_rows[];
extern const size_t semantics_row_count;
extern const struct row case_rows[];
extern const size_t case_row_count;
extern const struct row tier_rows[];
extern const size_t tier_row_count;

#define NAMESPACE(name, labels)                                                                    \
	"---\n{apiVersion: v1, kind: Namespace, metadata: {name: " name ", labels: {" labels "}}}" \
	"\n"

#define NODE(name, address, more)                                                                  \
	"---\n{apiVersion: v1, kind: Node, metadata: {name: " name "}, spec: {" more               \
	"}, status: {addresses: [{type: InternalIP, address: '" address "'}]}}\n"

/* The addresses are a list of podIPs: IP("10.0.0.1"). */
#define IP(address) "{ip: '" address "'}"
#define POD_FULL(namespace_name, name, labels, spec, phase, ips)                                   \
	"---\n{apiVersion: v1, kind: Pod, metadata: {namespace: " namespace_name ", name: " name   \
	", labels: {" labels "}}, spec: {" spec "}, status: {phase: " phase ", podIPs: [" ips      \
	"]}}\n"
#define CONTAINER(ports) "containers: [{name: main, image: x, ports: [" ports "]}]"
#define POD(namespace_name, name, address, labels, node)                                           \
	POD_FULL(namespace_name, name, labels, "nodeName: " node ", " CONTAINER(""), "Running",    \
		 IP(address))
#define POD_PORTS(namespace_name, name, address, labels, node, ports)                              \
	POD_FULL(namespace_name, name, labels, "nodeName: " node ", " CONTAINER(ports), "Running", \
		 IP(address))

#define POLICY(namespace_name, name, spec)                                                         \
	"---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "                  \
	"{namespace: " namespace_name ", name: " name "}, spec: {" spec "}}\n"

#define OF_APP(app) "podSelector: {matchLabels: {app: " app "}}"
#define EVERY_POD   "podSelector: {}"

/*
 * The cluster that most rows are about:
 *
 *	n1 192.168.0.1   shop/web     10.0.1.1  app=web tier=front
 *	                 shop/db      10.0.1.2  app=db, sql is TCP 5432
 *	n2 192.168.0.2   shop/bare    10.0.1.3  no labels
 *	                 shop/agent   the node's network, app=agent
 *	                 ops/client   10.0.2.1  app=client; namespace team=blue
 *	                 plain/web    10.0.3.1  app=web; namespace without labels of its own
 */
#define WORLD                                                                                      \
	NAMESPACE("shop", "team: red")                                                             \
	NAMESPACE("ops", "team: blue")                                                             \
	NODE("n1", "192.168.0.1", "")                                                              \
	NODE("n2", "192.168.0.2", "")                                                              \
	POD("shop", "web", "10.0.1.1", "app: web, tier: front", "n1")                              \
	POD_PORTS("shop", "db", "10.0.1.2", "app: db", "n1", "{name: sql, containerPort: 5432}")   \
	POD("shop", "bare", "10.0.1.3", "", "n2")                                                  \
	POD_FULL("shop", "agent", "app: agent", "nodeName: n2, hostNetwork: true, " CONTAINER(""), \
		 "Running", IP("192.168.0.2"))                                                     \
	POD("ops", "client", "10.0.2.1", "app: client", "n2")                                      \
	POD("plain", "web", "10.0.3.1", "app: web", "n2")

#define WEB_TO_DB    "tcp 10.0.1.1 10.0.1.2 5432"
#define DB_TO_WEB    "tcp 10.0.1.2 10.0.1.1 80"
#define BARE_TO_DB   "tcp 10.0.1.3 10.0.1.2 5432"
#define CLIENT_TO_DB "tcp 10.0.2.1 10.0.1.2 5432"
#define PLAIN_TO_DB  "tcp 10.0.3.1 10.0.1.2 5432"
#define WORLD_TO_DB  "tcp 203.0.113.7 10.0.1.2 5432"

#define DENY_ALL(namespace_name)                                                                   \
	POLICY(namespace_name, "deny-all", EVERY_POD ", policyTypes: [Ingress, Egress]")
#define DB_INGRESS(rules) POLICY("shop", "p", OF_APP("db") ", ingress: " rules)
#define WEB_EGRESS(rules)                                                                          \
	POLICY("shop", "p", OF_APP("web") ", policyTypes: [Egress], egress: " rules)

#define ALLOW_OPEN          "allow; not-isolated; not-isolated"
#define DENY_INGRESS        "deny; not-isolated; no-rule"
#define DENY_EGRESS         "deny; no-rule; not-isolated"
#define ALLOW_INGRESS(rest) "allow; not-isolated; NetworkPolicy shop/p ingress" rest
#define ALLOW_EGRESS(rest)  "allow; NetworkPolicy shop/p egress" rest "; not-isolated"

#endif
