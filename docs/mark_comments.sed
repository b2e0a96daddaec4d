# Comments of the headers, marked as doxygen wants them.
# The comment at the top of a file is about the file.
1,2s|^/\*$|/**|
2s|^ \* \(weir/[a-z_]*\.h\) - \(.*\)| * @file \1\n * \2|
# One that begins a line is about what follows, one behind something about that.
s|^\([ \t]*\)/\* |\1/** |
s|^\([ \t]*\)/\*$|\1/**|
s|\([^ \t].*\)/\* |\1/**< |
