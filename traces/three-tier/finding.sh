#!/bin/sh
# The mistake is found and explained: by `weir check` from the policies alone, by `weir eval` from
# a connection that it breaks. Mended, nothing is found.
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

expect 'check, as printed' \
	"as-printed/05-revised-backend-netpol.yaml:18:13: warning: NetworkPolicy app1-ns/backend-policy: \
spec.ingress[0].from[0].podSelector: selects no pod: no pod of namespace app1-ns has role=web; \
pods that fulfil the rest have role=backend, role=db, role=frontend [peer-selects-nothing]
    why: the entry admits nobody: whom it was to admit is denied
    do: write labels that the pods and namespaces have, or remove the entry" \
	"$("$weir" check -f manifests -f as-printed 2>&1 >/dev/null)"
expect 'check, mended' '' "$("$weir" check -f manifests -f mended 2>&1 >/dev/null)"
expect 'eval, as printed' \
	'    considered  NetworkPolicy app1-ns/backend-policy ingress[0]: ports[0] matches, no peer does' \
	"$("$weir" eval -f manifests -f as-printed --port 5678 \
		--from app1-ns/Deployment/frontend-deploy \
		--to app1-ns/Deployment/backend-deploy | sed 1,3d)"
exit $failed
