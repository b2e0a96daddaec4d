#include "reading.h"

int k8s_add_synthetic_pods(struct weir_cluster *cluster)
{
	(void)cluster;
	return 0;
}

int k8s_assign_addresses(struct weir_cluster *cluster)
{
	(void)cluster;
	return 0;
}
