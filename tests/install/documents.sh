#!/bin/sh
# documents.sh MESON BUILD PREFIX LIBDIR PYTHON SHOWN MAKE_TRACE DOCUMENT...: the programs of the
# documents are built with what is installed, by pkg-config alone, and print what is shown.
. "$(dirname "$0")/stage.sh"
stage_install "$1" "$2" "$3" "$4"
python=$5 shown=$6 make_trace=$7
shift 7
"$python" "$shown" --weir "$prefix/bin/weir" --make-trace "$make_trace" \
	--set "PKG_CONFIG_PATH=$PKG_CONFIG_PATH" --set "LD_LIBRARY_PATH=$libraries" "$@"
