/*
 * The cluster that the tests of traces are played in.
 *
 *	shop/web     10.0.1.1 fd00::11   node n1; declares TCP 5000
 *	shop/client  10.0.1.2            node n2; declares TCP 7000
 *	shop/db      10.0.2.1 fd00::21   node n2; declares TCP 80, UDP 53, SCTP 3868
 *	shop/cache   10.0.2.2            node n2
 *	shop/twin-a, shop/twin-b         share 10.0.3.1; a policy isolates twin-a
 *	n1 192.168.0.1 · n2 192.168.0.2 · n3 192.168.0.3 fd00::31 172.16.200.1
 *	pods are in 10.0.0.0/16
 *
 * Only web and 172.16.0.0/12 may reach db, on every port; cache is open, and
 * may reach nobody. A cluster policy denies cache to itself, which only connections through a
 * service are asked; another lets web go to 203.0.113.0/24 by domain names only. Services:
 *
 *	shop/one    10.96.0.1 TCP 80, node port 30080, UDP 53   db:8080, db:5353
 *	shop/two    10.96.0.2 TCP 80                            db:8080 and cache:8080
 *	shop/none   10.96.0.3 TCP 80                            nobody
 *	shop/open   10.96.0.4 TCP 80, node port 30081           cache:8080
 */
#ifndef WEIR_TESTS_TRACE_CLUSTER_H
#define WEIR_TESTS_TRACE_CLUSTER_H

#include "weir/policy.h"
#include "weir/trace.h"

/* Released with weir_policy_unref; NULL when it does not compile. */
struct weir_policy *cluster_policy(void);

/* A trace that is played in it; released with weir_trace_destroy. */
struct weir_trace *cluster_trace(const struct weir_trace_options *options);

#endif
