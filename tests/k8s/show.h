/*
 * show.h - finished objects as text, a line each, so that tests can say what they expect.
 *
 *	namespace shop {kubernetes.io/metadata.name=shop}
 *	node n1 192.168.0.1 pods 10.0.0.0/24
 *	pod shop/web {app=web} 10.0.0.1 on n1 running ports http=80/TCP owner ReplicaSet/web-5d
 *	service shop/db {} select app=db 10.96.0.1 ports sql=5432/TCP->pg
 *	slice shop/db-1 of db 10.0.0.2(ready,pod db-0) ports sql=85/TCP
 *	workload shop/Deployment/web select app=web replicas 2 template {app=web} ports http=80/TCP
 *	policy shop/p select app=web isolates ingress
 *	  ingress from pods app=a | block 10.0.0.0/8 but 10.1.0.0/16 ports 80-90/TCP, http/UDP
 */
#ifndef WEIR_TESTS_K8S_SHOW_H
#define WEIR_TESTS_K8S_SHOW_H

#include "objects.h"

/* Freed by the caller. */
char *show_cluster(const struct weir_cluster *cluster);

#endif
