#!/bin/sh
# reference.sh DOXYGEN HEADERS VERSION HTML MAN: makes the reference of the library from its headers,
# as two folders: pages for a browser, and manual pages of section 3.
# reference.sh DOXYGEN HEADERS --check: fails when a function has no words of its own.
set -eu
doxygen=$1 headers=$2
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

make_pages() { # make_pages VERSION [setting...]
	sed "s|@VERSION@|$1|; s|@HEADERS@|$headers|g; s|@FILTER@|sed -f $here/mark_comments.sed|; s|@OUTPUT@|$folder|" \
		"$here/reference.doxyfile" >"$folder/config"
	shift
	printf '%s\n' "$@" >>"$folder/config"
	"$doxygen" "$folder/config" 2>"$folder/warnings"
}

if [ "$3" = --check ]; then
	make_pages - EXTRACT_ALL=NO
	! grep '(function).* is not documented' "$folder/warnings"
	exit
fi

make_pages "$3" EXTRACT_ALL=YES
rm -rf "$4" "$5"
mv "$folder/reference" "$4"
# Pages of headers get the names that one includes them by; links from members and constants go.
mkdir "$5"
pages=$folder/reference-man/man3
for page in "$pages"/*.h.3; do
	mv "$page" "$pages/weir_${page##*/}"
done
# A quote at the beginning of a line would be a request.
sed -i "s/^'/\\\\\&'/" "$pages"/weir_*.3
sed -i 's|^\.so man3/\([a-z_]*\.h\.3\)|.so man3/weir_\1|' "$pages"/weir_*.3
mv "$pages"/weir_*.3 "$5"
