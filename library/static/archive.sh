#!/bin/sh
# archive.sh AR NM OBJCOPY ARCHIVE OBJECT... -- LIBRARY...: makes a static library of the objects.
# What rooms call each other by has short names, which a program that links the library might have too:
# each global name of any of the libraries that does not begin with weir_ becomes weir_private_NAME.
set -eu
ar=$1 nm=$2 objcopy=$3 archive=$4
shift 4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

objects=0
for object in "$@"; do
	[ "$object" = -- ] && break
	objects=$((objects + 1))
	cp "$object" "$folder/$objects-${object##*/}"
done
shift $((objects + 1))
"$nm" -g --defined-only "$@" | sed -n 's/^[0-9a-f]* [A-Z] \(.*\)/\1/p' | grep -v '^weir_' | sort -u |
	sed 's/.*/& weir_private_&/' >"$folder/names"
for object in "$folder"/*.o; do
	"$objcopy" --redefine-syms="$folder/names" "$object"
done
rm -f "$archive"
"$ar" csrD "$archive" "$folder"/*.o
