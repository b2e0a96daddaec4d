/*
 * shop.h - a small cluster as plain structs, for questions.
 *
 *	shop/web-0    10.0.0.1 fd00::1   ReplicaSet web-a < Deployment web; node n1
 *	shop/web-1    10.0.0.2           the same
 *	shop/db-0     10.0.0.9 fd00::9   StatefulSet db; TCP 85
 *	shop/six      fd00::6            IPv6 only
 *	shop/done     10.0.0.2           finished; Job old
 *	shop/twin-a, shop/twin-b         both 10.0.0.50
 *	shop/host     192.168.0.1        on the network of n1
 *	node/db       10.0.0.30          a pod of a namespace called node; Deployment node/db
 *	n1            192.168.0.1 fd00:1::1, n2  192.168.0.2
 *
 *	Service shop/db     10.96.0.1 fd00:96::1, 5432/TCP -> db-0:85; node port 30432
 *	Service shop/web    10.96.0.2, 80/TCP -> web-0:8080, web-1:80
 *	Service shop/stray  10.96.0.3, 80/TCP -> 10.0.77.7:80, whose pod nobody knows
 *	Service shop/empty  10.96.0.4, 80/TCP -> nothing
 *
 * db admits web-0 and web-1 on TCP 85, and from 172.16.0.0/12 on every port; egress of web-1 is
 * isolated: only TCP 85 of db. web-0 and web-1 admit nobody; twin-a neither. A cluster policy
 * denies db to itself, which is asked of connections through its Service. Pods are in 10.0.0.0/16.
 */
#ifndef WEIR_TESTS_QUERY_SHOP_H
#define WEIR_TESTS_QUERY_SHOP_H

#include "weir/resolved.h"

const struct weir_resolved *shop(void);

#endif
