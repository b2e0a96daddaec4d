#!/bin/sh
# The mistake is explained by `weir eval` from a connection that it breaks.
#
#	finding.sh WEIR
set -u
weir=$(readlink -f "$1")
cd "$(dirname "$0")" || exit 1
failed=0

expect() {
	[ "$2" = "$3" ] && return
	printf '%s:\nwanted %s\ngot    %s\n' "$1" "$2" "$3"
	failed=1
}

expect 'eval, as printed' \
	'    considered  NetworkPolicy app1-ns/backend-policy ingress[0]: ports[0] matches, no peer does' \
	"$("$weir" eval -f manifests -f as-printed --port 5678 \
		--from app1-ns/Deployment/frontend-deploy \
		--to app1-ns/Deployment/backend-deploy | sed 1,3d)"
exit $failed
