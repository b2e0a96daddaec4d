#!/bin/sh
# examples.sh MESON BUILD PREFIX LIBDIR CC: installs into a folder, builds the installed examples
# with pkg-config alone, with the shared libraries and without any, and runs them.
. "$(dirname "$0")/stage.sh"
stage_install "$1" "$2" "$3" "$4"
cc=$5
memcheck=
command -v valgrind >/dev/null &&
	memcheck='valgrind -q --leak-check=full --error-exitcode=99'

expect() { # expect STATUS LAST-LINE COMMAND...
	status=$1 line=$2
	shift 2
	got=0
	"$@" >"$stage/out" 2>&1 || got=$?
	[ $got -eq "$status" ] && [ "$(tail -1 "$stage/out")" = "$line" ] || {
		cat "$stage/out"
		fail "$*: exit status $got, expected $status and \"$line\""
	}
}

allowed='ingress: allow, NetworkPolicy shop/server ingress[0] from[0] ports[0]'

run_examples() { # run_examples [program to run them under]
	for program in "judge two-pods.yaml" "mapped two-pods.weir"; do
		expect 0 "$allowed" $1 ./${program} 10.0.0.1 10.0.0.2 8080
		expect 1 'ingress: deny, no-rule' ./${program} 10.0.0.1 10.0.0.2 80
	done
	echo '{"type": "ADDED", "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}}' |
		expect 0 'allow, egress: not-a-pod, ingress: not-a-pod' $1 ./watch 10.0.0.1 10.0.0.2 80
}

make_examples() { # make_examples [make argument...]
	make -s CC="$cc" "$@" >"$stage/log" 2>&1 || fail "$(cat "$stage/log")"
}

cp -r "$prefix/share/doc/weir/examples" "$stage/examples"
cd "$stage/examples"
"$prefix/bin/weir" compile -f two-pods.yaml -o two-pods.weir 2>/dev/null

# Those in folders have tests of their own, and may need what is not installed.
make_folders() {
	for makefile in */Makefile; do
		folder=${makefile%/*}
		if pkg-config --exists $(sed -n 's/^packages *= *//p' "$makefile"); then
			make_examples -C "$folder" "$@"
			make -s -C "$folder" clean
			echo "built: $folder"
		else
			echo "not built: $folder"
		fi
	done
}

make_examples
make_folders
for program in judge mapped watch; do
	readelf -d $program | grep -q 'NEEDED.*libweir\.so' || fail "$program has a library of its own"
done
export LD_LIBRARY_PATH="$libraries"
run_examples "$memcheck"
make -s clean

# Without the shared libraries of ours, and then without any.
unset LD_LIBRARY_PATH
rm "$libraries"/libweir*.so*
make_examples PKG_CONFIG='pkg-config --static'
make_folders PKG_CONFIG='pkg-config --static'
run_examples ''
make -s clean
make_examples mapped PKG_CONFIG='pkg-config --static' LDFLAGS=-static
expect 0 "$allowed" ./mapped two-pods.weir 10.0.0.1 10.0.0.2 8080
