/*
 * Any YAML, through libfyaml's events.
 *
 * libfyaml knows the grammar. What it does not check in event mode is done here: nesting,
 * duplicate keys, aliases, sizes. An anchored node is recorded where it lasts as long as the
 * document; an alias is a node of its own that shares the recorded children, so aliases of
 * aliases cost no memory, and are bounded by counting the nodes they stand for. A merge key
 * adds the entries that the mapping itself does not have.
 */
#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#include "yaml_tree.h"

enum {
	MESSAGE_MAX = 400,
};

/* A node to share, with what it costs to walk it. */
struct anchor {
	const struct yaml_node *node; /* NULL while it is still being read */
	uint32_t nodes;
	uint32_t height;
};

/* How large a subtree is, aliases walked. */
struct extent {
	uint32_t nodes;
	uint32_t height;
};

struct reader {
	struct yaml_document *document;
	struct fy_parser *parser;
	struct fy_diag *diag;
	const struct weir_allocator *allocator;
	struct weir_map names; /* of anchors: their index */
	struct anchor *anchors;
	uint32_t anchor_count;
	uint32_t anchor_capacity;
	uint32_t aliases;
	uint32_t flows;    /* flow collections around what is read */
	bool was_block;    /* the last scalar was a block of text */
	bool piece;        /* of a document: anchors may be used outside of it */
	uint32_t recorded; /* nodes of all anchors */
	size_t line_start; /* of the last place */
	size_t looked_at;  /* lines are counted up to here */
	uint32_t line;
};

struct place {
	size_t at; /* byte in the document */
	uint32_t line;
	uint32_t column;
};

/* A mapping's key while its value is read. */
struct key {
	const char *text;
	size_t length;
	struct place place;
	bool merge;
};

/* libfyaml counts columns in characters, and takes more for line ends than editors do: lines are
 * counted here, onwards from the last place. */
static struct place place_of(struct reader *reader, const struct fy_mark *mark, int step)
{
	const char *text = reader->document->text;
	size_t length = reader->document->length;
	size_t at = mark->input_pos > length ? length : mark->input_pos;
	const char *newline;

	at -= at >= (size_t)step ? (size_t)step : 0;
	if (at < reader->line_start) {
		reader->line_start = 0;
		reader->looked_at = 0;
		reader->line = reader->document->line;
	}
	while (reader->looked_at < at &&
	       (newline = memchr(text + reader->looked_at, '\n', at - reader->looked_at))) {
		reader->line_start = (size_t)(newline + 1 - text);
		reader->looked_at = reader->line_start;
		reader->line++;
	}
	if (reader->looked_at < at)
		reader->looked_at = at;
	return (struct place){
		.at = at,
		.line = reader->line,
		.column = (uint32_t)(at - reader->line_start) + 1,
	};
}

static int tell(const struct reader *reader, struct place place, const char *text)
{
	return yaml_tell(reader->document, place.line, place.column, text);
}

/* What libfyaml says, and what we say: the first whose words are found. */
static const struct {
	const char *found;
	const char *text;
} explanations[] = {
	{ "without closing quote",
	  "a quoted string that never ends: its closing quote is missing" },
	{ "invalid document-",
	  "a quoted string that never ends before the next document begins: its "
	  "closing quote is missing" },
	{ "scalar has invalid", "a wrong escape in a \"quoted\" string" },
	{ "invalid escape", "a wrong escape in a \"quoted\" string: a backslash is written \\\\" },
	{ "low surrogate", "a wrong escape in a \"quoted\" string: half of a surrogate pair" },
	{ "tab character", "a tab in the indentation: YAML indents with spaces" },
	{ "tab as ind", "a tab in the indentation: YAML indents with spaces" },
	{ "tab used as", "a tab in the indentation: YAML indents with spaces" },
	{ "nested block mapping on the same line",
	  "a second `key: value` on one line: quote the value if the colon belongs to it" },
	{ "could not find expected ':'",
	  "a line without `key:`: a colon or indentation is missing" },
	{ "missing ':'", "a key without a colon behind it" },
	{ "multiline plain key",
	  "wrong indentation: this line has a value already, and the next one is "
	  "indented below it" },
	{ "mapping in plain multiline",
	  "wrong indentation: a `key: value` inside of the text above it" },
	{ "plain scalar cannot start",
	  "a value that begins with a sign which YAML keeps for itself: "
	  "quote it" },
	{ "without a closing bracket", "a [ or { that never ends: its closing bracket is missing" },
	{ "mismatched flow", "a closing bracket that does not fit its opening one" },
	{ "extra closing", "a closing bracket without an opening one: quote it if it is text" },
	{ "extra comma", "a comma too many" },
	{ "missing comma", "a comma is missing" },
	{ "trailing content", "text behind the closing quote" },
	{ "wrongly indented", "wrong indentation: this belongs deeper than the line above" },
	{ "indent", "wrong indentation: it fits no line above" },
	{ "at the end of block sequence",
	  "wrong indentation: a list ends here, and what follows is not one of its items" },
	{ "block sequence on the same line",
	  "a `- ` behind something on the same line: begin a line" },
	{ "block sequence entries not allowed", "a `- ` where no list can begin: indentation?" },
	{ "did not find expected '-'", "wrong indentation: this is not an item of the list above" },
	{ "invalid value after mapping",
	  "wrong indentation: a mapping ends here, and what follows is not one of its keys" },
	{ "did not find expected key", "a key was expected here" },
	{ "two anchors", "two anchors (&name) for one value" },
	{ "anchor plus alias", "an anchor (&name) on an alias (*name)" },
	{ "undefined tag", "a tag (!name!) that no %TAG line declares" },
	{ "tag", "a wrong tag (!name)" },
	{ "version", "a wrong %YAML line: `%YAML 1.1` and `%YAML 1.2` are known" },
	{ "directive", "a line that begins with % where no directive can be" },
	{ "missing document start", "text behind the end of the document: `---` is missing" },
	{ "document end marker", "text behind the end of the document: `---` is missing" },
	{ "block scalar", "a block of text (| or >) that is not indented evenly" },
	{ "control character", "a control character, which YAML does not allow here" },
};

static const char *explain(const char *message)
{
	for (size_t i = 0; message && i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		if (strstr(message, explanations[i].found))
			return explanations[i].text;
	}
	return "not YAML: nothing that could stand here";
}

/* libfyaml's line and column, both from 1, as a place; the column in bytes. */
static struct place place_of_error(const struct reader *reader, int line, int column)
{
	const char *start = reader->document->text;
	const char *end = start + reader->document->length;
	const char *at;

	for (int i = 1; i < line; i++) {
		const char *newline = memchr(start, '\n', (size_t)(end - start));

		if (!newline)
			break;
		start = newline + 1;
	}
	at = start;
	for (int i = 1; i < column && at < end && *at != '\n'; i++) {
		at++;
		while (at < end && (*at & 0xc0) == 0x80)
			at++;
	}
	return (struct place){
		.line = reader->document->line + (uint32_t)(line > 0 ? line - 1 : 0),
		.column = (uint32_t)(at - start) + 1,
	};
}

static int tell_syntax(const struct reader *reader)
{
	struct fy_diag *diag = fy_parser_get_diag(reader->parser);
	void *previous = NULL;
	struct fy_diag_error *error = diag ? fy_diag_errors_iterate(diag, &previous) : NULL;
	struct place place =
		place_of_error(reader, error ? error->line : 1, error ? error->column : 1);
	int status = tell(reader, place, explain(error ? error->msg : NULL));

	fy_diag_unref(diag);
	return status;
}

/* Anchors. */

static uint32_t *find_anchor(struct reader *reader, struct fy_token *name, bool insert)
{
	size_t length = 0;
	const char *text = fy_token_get_text(name, &length);
	uint32_t *index = weir_map_find(&reader->names, text, length);

	if (index || !insert)
		return index;
	text = weir_arena_copy(&reader->document->lasting, text, length);
	return text ? weir_map_insert(&reader->names, text, length, UINT32_MAX, NULL) : NULL;
}

static int grow_anchors(struct reader *reader)
{
	uint32_t capacity = reader->anchor_capacity ? reader->anchor_capacity * 2 : 16;
	struct anchor *grown =
		weir_allocate_zeroed(reader->allocator, capacity, sizeof(*reader->anchors));

	if (!grown)
		return -ENOMEM;
	if (reader->anchor_count)
		memcpy(grown, reader->anchors, reader->anchor_count * sizeof(*grown));
	weir_release(reader->allocator, reader->anchors);
	reader->anchors = grown;
	reader->anchor_capacity = capacity;
	return 0;
}

/* A new anchor under a name, which hides an older one. */
static int begin_anchor(struct reader *reader, struct fy_token *name, uint32_t *out)
{
	uint32_t *index = reader->piece ? NULL : find_anchor(reader, name, true);

	if (reader->piece)
		return YAML_DOUBT;
	if (!index || (reader->anchor_count == reader->anchor_capacity && grow_anchors(reader)))
		return -ENOMEM;
	*out = *index = reader->anchor_count;
	reader->anchors[reader->anchor_count++] = (struct anchor){ 0 };
	return 0;
}

/* A copy that lasts as long as the document: what it shares already lasts. */
static struct yaml_node *copy_lasting(struct weir_arena *arena, const struct yaml_node *node)
{
	struct yaml_node *copy = weir_arena_new(arena, struct yaml_node);
	struct yaml_node **link;

	if (!copy)
		return NULL;
	*copy = *node;
	copy->next = NULL;
	if (node->text) {
		copy->text = weir_arena_copy(arena, node->text, node->length);
		if (!copy->text)
			return NULL;
	}
	if (node->key) {
		copy->key = weir_arena_copy(arena, node->key, node->key_length);
		if (!copy->key)
			return NULL;
	}
	link = &copy->first;
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		*link = copy_lasting(arena, child);
		if (!*link)
			return NULL;
		link = &(*link)->next;
	}
	return copy;
}

static int record_anchor(struct reader *reader, uint32_t index, const struct yaml_node *node,
			 struct extent extent)
{
	struct place place = { .line = node->line, .column = node->column };

	reader->recorded += extent.nodes;
	if (reader->recorded > YAML_OBJECT_NODES_MAX)
		return tell(reader, place, "too many anchored values in one document");
	node = copy_lasting(&reader->document->lasting, node);
	if (!node)
		return -ENOMEM;
	reader->anchors[index] = (struct anchor){ node, extent.nodes, extent.height };
	return 0;
}

static const char too_long[] = "an object of more than 16 MiB of text";

static int tell_too_many(struct reader *reader, const struct yaml_node *node)
{
	struct place place = { .line = node->line, .column = node->column };

	return tell(reader, place, "an object of more than 1000000 values");
}

static int check_length(struct reader *reader, struct place place)
{
	const char *at = reader->document->text + place.at;

	if (yaml_too_long(reader->document, at))
		return tell(reader, place, too_long);
	return 0;
}

static int check_depth(struct reader *reader, struct place place, uint32_t depth)
{
	if (depth > YAML_DEPTH_MAX)
		return tell(reader, place, "nested deeper than 100 levels");
	return 0;
}

static int read_alias(struct reader *reader, struct fy_event *event, uint32_t depth,
		      struct yaml_node **out, struct extent *extent)
{
	struct place place = place_of(reader, fy_event_start_mark(event), 1);
	uint32_t *index = find_anchor(reader, event->alias.anchor, false);
	const struct anchor *anchor = index ? &reader->anchors[*index] : NULL;
	struct yaml_node *node;
	int status;

	if (!anchor)
		return tell(reader, place, "an alias (*name) of an anchor that was not set before");
	if (!anchor->node)
		return tell(reader, place,
			    "an alias (*name) inside of the value that it stands for");
	if (++reader->aliases > YAML_ALIASES_MAX)
		return tell(reader, place, "more than 10000 aliases in one document");
	node = yaml_make(reader->document, YAML_NULL, place.line, place.column);
	if (!node)
		return -ENOMEM;
	*node = *anchor->node;
	node->next = NULL;
	node->key = NULL;
	node->key_length = 0;
	node->line = place.line;
	node->column = place.column;
	reader->document->nodes += anchor->nodes - 1;
	status = check_length(reader, place);
	if (!status && anchor->height)
		status = check_depth(reader, place, depth + anchor->height - 1);
	*extent = (struct extent){ anchor->nodes, anchor->height };
	*out = node;
	return status;
}

/* Scalars. */

static bool tag_is(struct fy_token *tag, const char *name)
{
	size_t length = 0;
	const char *text = tag ? fy_token_get_text(tag, &length) : NULL;

	return text && strlen(name) == length && !memcmp(text, name, length);
}

/* A tag says what the text must be; text that is something else is refused, as 1.1 readers do. */
static int apply_tag(struct reader *reader, struct fy_token *tag, struct yaml_node *node,
		     struct place place)
{
	static const struct {
		const char *tag;
		uint8_t kind;
	} kinds[] = {
		{ "tag:yaml.org,2002:null", YAML_NULL },
		{ "tag:yaml.org,2002:bool", YAML_BOOL },
		{ "tag:yaml.org,2002:int", YAML_INTEGER },
		{ "tag:yaml.org,2002:float", YAML_FLOAT },
	};

	if (tag_is(tag, "tag:yaml.org,2002:binary"))
		return tell(reader, place, "a !!binary value, which no field here takes");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!tag_is(tag, kinds[i].tag))
			continue;
		yaml_type_plain(node);
		if (kinds[i].kind == YAML_FLOAT && node->kind == YAML_INTEGER)
			node->kind = YAML_FLOAT;
		return node->kind == kinds[i].kind
			       ? 0
			       : tell(reader, place, "a value that is not what its tag (!!) says");
	}
	node->kind = YAML_STRING;
	return 0;
}

static bool is_block(enum fy_scalar_style style)
{
	return style == FYSS_LITERAL || style == FYSS_FOLDED;
}

/* The first line with content from a block's beginning on: its indentation, or SIZE_MAX. */
static size_t indent_of_block(const struct reader *reader, size_t at)
{
	const char *text = reader->document->text;
	const char *end = text + reader->document->length;
	const char *next = text + at;
	const char *line = next;

	for (; next < end && (*next == ' ' || *next == '\n' || *next == '\r'); next++) {
		if (*next == '\n')
			line = next + 1;
	}
	return next < end ? (size_t)(next - line) : SIZE_MAX;
}

/* What libfyaml gets wrong about blocks: it lets one stand no deeper than its key, and then
 * misreads it; and it makes up a byte for an empty one at the end of the text. */
static int check_block(const struct reader *reader, const char *text, size_t *length,
		       struct place place, struct place parent)
{
	size_t indent = indent_of_block(reader, place.at);
	size_t newlines = 0;

	while (newlines < *length && text[newlines] == '\n')
		newlines++;
	if (indent == SIZE_MAX)
		*length = newlines;
	else if (*length > newlines && indent < parent.column)
		return tell(
			reader, place,
			"wrong indentation: a block of text (| or >) is indented below its key");
	return 0;
}

static int scalar_step(enum fy_scalar_style style)
{
	return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static int set_text(struct reader *reader, struct yaml_node *node, const char *text, size_t length)
{
	static const char for_zero[] = "\xef\xbf\xbd"; /* YAML_FOR_ZERO */
	struct weir_arena *arena = reader->document->arena;
	char *out;

	node->length = length;
	if (!memchr(text, 0, length)) {
		node->text = weir_arena_copy(arena, text, length);
		return node->text ? 0 : -ENOMEM;
	}
	out = weir_arena_array(arena, length * (sizeof(for_zero) - 1) + 1, char);
	if (!out)
		return -ENOMEM;
	node->text = out;
	for (size_t i = 0; i < length; i++)
		out = text[i] ? mempcpy(out, &text[i], 1)
			      : mempcpy(out, for_zero, sizeof(for_zero) - 1);
	node->length = (size_t)(out - node->text);
	return 0;
}

/* An empty value has no place of its own: it takes the one that its parent names. */
static int read_scalar(struct reader *reader, struct fy_event *event, struct place parent,
		       uint32_t depth, struct yaml_node **out)
{
	struct fy_token *token = event->scalar.value;
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
	const struct fy_mark *mark = token ? fy_event_start_mark(event) : NULL;
	size_t length = 0;
	const char *text = token ? fy_token_get_text(token, &length) : "";
	struct place place = mark && (length || style != FYSS_PLAIN)
				     ? place_of(reader, mark, scalar_step(style))
				     : parent;
	struct yaml_node *node;
	int status;

	node = yaml_make(reader->document, YAML_STRING, place.line, place.column);
	if (!node || !text)
		return -ENOMEM;
	if (length > YAML_OBJECT_BYTES_MAX)
		return tell(reader, place, too_long);
	status = check_length(reader, place);
	if (status)
		return status;
	if (style == FYSS_DOUBLE_QUOTED && !yaml_is_utf8(text, length))
		return tell(reader, place, "a wrong escape in a \"quoted\" string");
	reader->was_block = is_block(style);
	if (reader->was_block && depth > 1) {
		status = check_block(reader, text, &length, place, parent);
		if (status)
			return status;
	}
	if (set_text(reader, node, text, length))
		return -ENOMEM;
	*out = node;
	if (event->scalar.tag)
		return apply_tag(reader, event->scalar.tag, node, place);
	if (style == FYSS_PLAIN)
		yaml_type_plain(node);
	return 0;
}

static int read_node(struct reader *reader, struct fy_event *event, struct place parent,
		     uint32_t depth, struct yaml_node **out, struct extent *extent);

static struct fy_event *next_event(struct reader *reader)
{
	return fy_parser_parse(reader->parser);
}

/* Mappings. */

static int set_key(struct reader *reader, struct yaml_node *node, bool plain, struct key *key)
{
	char buffer[YAML_KEY_TEXT_MAX];

	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING)
		return tell(reader, key->place, "a key that is itself a list or a mapping");
	switch (yaml_key_text(node, buffer, &key->text, &key->length)) {
	case YAML_KEY_NULL:
		return tell(reader, key->place, "a key that is null or empty: quote it");
	case YAML_KEY_FLOAT:
	case YAML_KEY_HUGE:
		return tell(reader, key->place, "a key that is a number but no integer: quote it");
	case YAML_KEY_FINE:
		break;
	}
	key->merge = plain && key->length == 2 && !memcmp(key->text, "<<", 2);
	if (key->text == buffer) {
		key->text = weir_arena_copy(reader->document->arena, buffer, key->length);
		if (!key->text)
			return -ENOMEM;
	}
	return 0;
}

static int read_key(struct reader *reader, struct fy_event *event, struct place parent,
		    uint32_t depth, struct key *key)
{
	bool scalar = event->type == FYET_SCALAR;
	struct fy_token *value = scalar ? event->scalar.value : NULL;
	bool plain = value && fy_token_scalar_style(value) == FYSS_PLAIN && !event->scalar.tag;
	struct yaml_node *node;
	struct extent extent;
	int status = read_node(reader, event, parent, depth, &node, &extent);

	if (status)
		return status;
	key->place = (struct place){ .line = node->line, .column = node->column };
	reader->document->nodes--;
	return set_key(reader, node, plain, key);
}

static void name_child(struct yaml_node *child, const struct key *key)
{
	child->key = key->text;
	child->key_length = key->length;
	child->key_line = key->place.line;
	child->key_column = key->place.column;
}

static int add_entry(struct reader *reader, struct yaml_open *open, const struct key *key,
		     struct yaml_node *child)
{
	char message[MESSAGE_MAX];
	const struct yaml_node *first;
	int status;

	name_child(child, key);
	status = yaml_add(open, child);
	if (status != YAML_DUPLICATE)
		return status;
	first = yaml_get(open->parent, key->text);
	snprintf(message, sizeof(message),
		 "the key \"%.100s\" is there twice: the first one is in line %u", key->text,
		 first ? first->key_line : 0);
	return tell(reader, key->place, message);
}

static int merge_mapping(struct reader *reader, struct yaml_open *open,
			 const struct yaml_node *from)
{
	for (const struct yaml_node *child = from->first; child; child = child->next) {
		struct yaml_node *copy = weir_arena_new(reader->document->arena, struct yaml_node);
		int status;

		if (!copy)
			return -ENOMEM;
		*copy = *child;
		copy->next = NULL;
		reader->document->nodes++;
		if (yaml_too_many_nodes(reader->document))
			return tell(reader,
				    (struct place){ .line = from->line, .column = from->column },
				    "an object of more than 1000000 values");
		status = yaml_add(open, copy);
		if (status && status != YAML_DUPLICATE)
			return status;
	}
	return 0;
}

/* One value of `<<`: a mapping, or a list of them of which earlier ones win. */
static int merge_value(struct reader *reader, struct yaml_open *open, const struct yaml_node *value)
{
	struct place place = { .line = value->line, .column = value->column };

	if (value->kind == YAML_MAPPING)
		return merge_mapping(reader, open, value);
	if (value->kind != YAML_SEQUENCE)
		return tell(reader, place, "<< takes a mapping or a list of mappings");
	for (const struct yaml_node *item = value->first; item; item = item->next) {
		int status;

		place = (struct place){ .line = item->line, .column = item->column };
		if (item->kind != YAML_MAPPING)
			return tell(reader, place, "<< takes a mapping or a list of mappings");
		status = merge_mapping(reader, open, item);
		if (status)
			return status;
	}
	return 0;
}

static void widen(struct extent *extent, struct extent child)
{
	extent->nodes += child.nodes;
	if (child.height + 1 > extent->height)
		extent->height = child.height + 1;
}

/* The values of `<<`, chained by next, are merged when the mapping's own keys are known. */
static int merge_all(struct reader *reader, struct yaml_open *open, const struct yaml_node *merges)
{
	int status = 0;

	for (; merges && !status; merges = merges->next)
		status = merge_value(reader, open, merges);
	return status;
}

static int read_items(struct reader *reader, struct yaml_open *open);

static bool begins_line(const struct reader *reader, uint32_t column)
{
	const char *line = reader->document->text + reader->line_start;

	for (uint32_t i = 1; i < column; i++, line++) {
		if (*line != ' ')
			return false;
	}
	return true;
}

/* libfyaml takes a last line without a colon for the value of the key above it. */
static int check_below_key(struct reader *reader, const struct key *key,
			   const struct yaml_node *child)
{
	struct place place = { .line = child->line, .column = child->column };

	if (reader->flows || reader->was_block || child->line <= key->place.line ||
	    child->column > key->place.column || !begins_line(reader, child->column))
		return 0;
	return tell(reader, place, "a line without `key:`: a colon or indentation is missing");
}

static int read_entry(struct reader *reader, struct yaml_open *open, struct key *key,
		      uint32_t depth, struct yaml_node ***merges, struct extent *extent)
{
	struct fy_event *event = next_event(reader);
	struct extent child_extent;
	struct yaml_node *child;
	bool takes = false;
	int status = 0;

	if (!event)
		return tell_syntax(reader);
	if (depth == 1 && event->type == FYET_SEQUENCE_START && key->length == 5 &&
	    !memcmp(key->text, "items", 5) && !yaml_get(open->parent, "items"))
		status = yaml_takes_items(reader->document, open->parent, &takes);
	if (status || takes) {
		fy_parser_event_free(reader->parser, event);
		return status ? status : read_items(reader, open);
	}
	status = read_node(reader, event, key->place, depth + 1, &child, &child_extent);
	if (!status && event->type == FYET_SCALAR)
		status = check_below_key(reader, key, child);
	fy_parser_event_free(reader->parser, event);
	if (status)
		return status;
	widen(extent, child_extent);
	if (key->merge) {
		**merges = child;
		*merges = &child->next;
		return 0;
	}
	return add_entry(reader, open, key, child);
}

static int read_entries(struct reader *reader, struct yaml_open *open, struct place place,
			uint32_t depth, struct extent *extent)
{
	struct yaml_node *merges = NULL;
	struct yaml_node **link = &merges;

	for (;;) {
		struct fy_event *event = next_event(reader);
		struct key key;
		bool done;
		int status;

		if (!event)
			return tell_syntax(reader);
		done = event->type == FYET_MAPPING_END;
		status = done ? 0 : read_key(reader, event, place, depth + 1, &key);
		fy_parser_event_free(reader->parser, event);
		if (done)
			return merge_all(reader, open, merges);
		if (!status)
			status = read_entry(reader, open, &key, depth, &link, extent);
		if (status)
			return status;
	}
}

/* Sequences. */

static int read_elements(struct reader *reader, struct yaml_open *open, struct place place,
			 uint32_t depth, struct extent *extent)
{
	for (;;) {
		struct fy_event *event = next_event(reader);
		struct extent child_extent;
		struct yaml_node *child;
		bool done;
		int status;

		if (!event)
			return tell_syntax(reader);
		done = event->type == FYET_SEQUENCE_END;
		status = done ? 0
			      : read_node(reader, event, place, depth + 1, &child, &child_extent);
		fy_parser_event_free(reader->parser, event);
		if (done || status)
			return status;
		widen(extent, child_extent);
		yaml_append(open, child);
	}
}

static const char *text_at(const struct reader *reader, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	size_t at = mark && mark->input_pos < reader->document->length ? mark->input_pos : 0;

	return reader->document->text + at;
}

static int read_item(struct reader *reader, struct fy_event *event, struct place place)
{
	struct yaml_node *item;
	struct extent extent;
	int status = read_node(reader, event, place, 3, &item, &extent);

	return status ? status : yaml_item_end(reader->document, item);
}

/* The items of the root, one by one. What they are worth to the root is an empty list. */
static int read_items(struct reader *reader, struct yaml_open *open)
{
	const char *text = reader->document->text;
	struct place place = { .line = open->parent->line, .column = open->parent->column };

	for (;;) {
		struct fy_event *event = next_event(reader);
		bool done;
		int status;

		if (!event)
			return tell_syntax(reader);
		if (fy_event_start_mark(event))
			text = text_at(reader, event);
		done = event->type == FYET_SEQUENCE_END;
		yaml_item_begin(reader->document, text);
		status = done ? 0 : read_item(reader, event, place);
		fy_parser_event_free(reader->parser, event);
		if (done)
			yaml_items_end(reader->document, text);
		if (done || status)
			return status;
	}
}

static int read_collection(struct reader *reader, struct fy_event *event, uint32_t depth,
			   struct yaml_node **out, struct extent *extent)
{
	bool is_mapping = event->type == FYET_MAPPING_START;
	struct place place = place_of(reader, fy_event_start_mark(event), 0);
	struct yaml_open open;
	bool is_flow;
	int status = check_depth(reader, place, depth);

	if (!status)
		status = check_length(reader, place);
	if (status)
		return status;
	*out = yaml_make(reader->document, is_mapping ? YAML_MAPPING : YAML_SEQUENCE, place.line,
			 place.column);
	if (!*out)
		return -ENOMEM;
	open = yaml_open(*out, reader->allocator);
	*extent = (struct extent){ 1, 1 };
	is_flow = place.at < reader->document->length &&
		  strchr("{[", reader->document->text[place.at]);
	reader->flows += is_flow;
	status = is_mapping ? read_entries(reader, &open, place, depth, extent)
			    : read_elements(reader, &open, place, depth, extent);
	yaml_close(&open);
	reader->flows -= is_flow;
	return status;
}

static struct fy_token *anchor_of(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_SCALAR:
		return event->scalar.anchor;
	case FYET_SEQUENCE_START:
		return event->sequence_start.anchor;
	case FYET_MAPPING_START:
		return event->mapping_start.anchor;
	default:
		return NULL;
	}
}

static int read_node(struct reader *reader, struct fy_event *event, struct place parent,
		     uint32_t depth, struct yaml_node **out, struct extent *extent)
{
	struct fy_token *name = anchor_of(event);
	uint32_t anchor = 0;
	int status = name ? begin_anchor(reader, name, &anchor) : 0;

	if (status)
		return status;
	*extent = (struct extent){ 1, 0 };
	if (event->type == FYET_ALIAS)
		status = read_alias(reader, event, depth, out, extent);
	else if (event->type == FYET_SCALAR)
		status = read_scalar(reader, event, parent, depth, out);
	else
		status = read_collection(reader, event, depth, out, extent);
	if (!status && yaml_too_many_nodes(reader->document))
		status = tell_too_many(reader, *out);
	return status || !name ? status : record_anchor(reader, anchor, *out, *extent);
}

static int read_root(struct reader *reader, struct fy_event *event)
{
	struct place place = { .line = reader->document->line, .column = 1 };
	struct yaml_node *root;
	struct extent extent;
	int status = read_node(reader, event, place, 1, &root, &extent);

	if (status)
		return status;
	status = yaml_root_end(reader->document, root);
	return status;
}

/* Documents are parted by whole lines before they come here. */
static int tell_second_root(struct reader *reader, struct fy_event *event)
{
	return tell(reader, place_of(reader, fy_event_start_mark(event), 0),
		    "a second document that does not begin on a line of its own (are lines ended "
		    "by carriage returns alone?)");
}

static int read_events(struct reader *reader)
{
	bool had_root = false;

	for (;;) {
		struct fy_event *event = next_event(reader);
		enum fy_event_type type;
		int status = 0;

		if (!event)
			return fy_parser_get_stream_error(reader->parser) ? tell_syntax(reader) : 0;
		type = event->type;
		if (type == FYET_SCALAR || type == FYET_SEQUENCE_START ||
		    type == FYET_MAPPING_START || type == FYET_ALIAS) {
			status = had_root ? tell_second_root(reader, event)
					  : read_root(reader, event);
			had_root = true;
		}
		fy_parser_event_free(reader->parser, event);
		if (status || type == FYET_STREAM_END)
			return status;
	}
}

static struct fy_diag *make_diag(void)
{
	struct fy_diag_cfg config;
	struct fy_diag *diag;

	fy_diag_cfg_default(&config);
	config.fp = NULL;
	config.colorize = false;
	diag = fy_diag_create(&config);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

static void reader_finish(struct reader *reader)
{
	if (reader->diag)
		fy_diag_reset_error(reader->diag);
	fy_parser_destroy(reader->parser);
	fy_diag_destroy(reader->diag);
	weir_release(reader->allocator, reader->anchors);
	weir_map_finish(&reader->names);
}

static int reader_init(struct reader *reader, struct yaml_document *document)
{
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_DEPTH_LIMIT |
			 FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION,
		.diag = make_diag(),
	};

	*reader = (struct reader){
		.document = document,
		.allocator = document->lasting.allocator,
		.line = document->line,
		.diag = config.diag,
	};
	weir_map_init(&reader->names, reader->allocator);
	reader->parser = config.diag ? fy_parser_create(&config) : NULL;
	if (reader->parser &&
	    !fy_parser_set_string(reader->parser, document->text, document->length))
		return 0;
	reader_finish(reader);
	return -ENOMEM;
}

int yaml_read_events(struct yaml_document *document)
{
	struct reader reader;
	int status = reader_init(&reader, document);

	if (status)
		return status;
	status = read_events(&reader);
	reader_finish(&reader);
	return status;
}

/* Passes an event that must be of a type. */
static int pass_event(struct reader *reader, enum fy_event_type type)
{
	struct fy_event *event = next_event(reader);
	bool right = event && event->type == type;

	fy_parser_event_free(reader->parser, event);
	return right ? 0 : YAML_DOUBT;
}

static int pass_events(struct reader *reader, const enum fy_event_type *types, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++)
		status = pass_event(reader, types[i]);
	return status;
}

static const enum fy_event_type before_element[] = {
	FYET_STREAM_START, FYET_DOCUMENT_START, FYET_MAPPING_START,
	FYET_SCALAR,       FYET_SEQUENCE_START,
};
static const enum fy_event_type after_element[] = {
	FYET_SEQUENCE_END,
	FYET_MAPPING_END,
	FYET_DOCUMENT_END,
	FYET_STREAM_END,
};

static int read_one_element(struct reader *reader, struct place place, struct yaml_node **out)
{
	struct fy_event *event;
	struct extent extent;
	int status = pass_events(reader, before_element,
				 sizeof(before_element) / sizeof(before_element[0]));

	if (status)
		return status;
	event = next_event(reader);
	if (!event || event->type == FYET_SEQUENCE_END)
		status = YAML_DOUBT;
	else
		status = read_node(reader, event, place, 3, out, &extent);
	fy_parser_event_free(reader->parser, event);
	if (status)
		return status < 0 ? status : YAML_DOUBT;
	return pass_events(reader, after_element, sizeof(after_element) / sizeof(after_element[0]));
}

static void ignore_error(void *context, uint32_t line, uint32_t column, const char *text)
{
	(void)context;
	(void)line;
	(void)column;
	(void)text;
}

static const char items_key[] = "items:\n";

enum {
	ITEMS_KEY_LENGTH = sizeof(items_key) - 1,
};

/* The element in the place that it has in the root: what may stand in it depends on that. */
static int read_piece(struct yaml_document *piece, const struct yaml_node *root,
		      struct yaml_node **out)
{
	struct place place = { .line = root->line, .column = root->column };
	struct reader reader;
	int status = reader_init(&reader, piece);

	if (status)
		return status;
	reader.piece = true;
	status = read_one_element(&reader, place, out);
	reader_finish(&reader);
	return status;
}

int yaml_read_element(struct yaml_document *document, const char *text, size_t length,
		      uint32_t line, const struct yaml_node *root, struct yaml_node **out)
{
	static const struct yaml_handler silent = { .error = ignore_error };
	const struct weir_allocator *allocator = document->lasting.allocator;
	struct yaml_document piece = *document;
	char *copy;
	int status;

	if (length > YAML_OBJECT_BYTES_MAX)
		return YAML_DOUBT;
	copy = weir_allocate(allocator, ITEMS_KEY_LENGTH + length);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, items_key, ITEMS_KEY_LENGTH);
	memcpy(copy + ITEMS_KEY_LENGTH, text, length);
	piece.handler = &silent;
	piece.text = copy;
	piece.object = copy;
	piece.length = ITEMS_KEY_LENGTH + length;
	piece.line = line - 1;
	status = read_piece(&piece, root, out);
	weir_release(allocator, copy);
	document->nodes = piece.nodes;
	return status;
}
