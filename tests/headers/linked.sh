#!/bin/sh
# linked.sh INTERFACE HEADER...: prints a C++ program that refers to every public function, so that
# linking it tells whether the libraries have them under their plain names.
interface=$1
shift
printf '#include "weir/%s"\n' "$@"
echo 'typedef void (*function)(void);'
echo 'static const function functions[] = {'
sed -n '/^[^\t].*(/s/[^(]*[ *]\(weir_[a-z0-9_]*\) (.*/\treinterpret_cast<function>(\1),/p' "$interface"
echo '};'
echo 'int main()'
echo '{'
echo '	for (unsigned i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)'
echo '		if (!functions[i])'
echo '			return 1;'
echo '	return 0;'
echo '}'
