/* conftree.h - libucl's configuration syntax as a tree, with line numbers */
#ifndef SETTINGS_CONFTREE_H
#define SETTINGS_CONFTREE_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>

/*
 * The syntax is that of the Universal Configuration Language (libucl): named
 * sections in braces, lists in brackets, `key = value;` with or without the `=`
 * (or `:`) and the `;`, comments with # and nested ones with slash and star,
 * strings in double quotes (escapes as in JSON) or single ones (none),
 * heredocs. The library itself is not packaged by Debian 12, whose libucl is a
 * compressor. What we have no use for is left out: macros other than .include,
 * variables, merging by priority.
 */

enum conftree_kind {
	CONFTREE_VALUE,		/* text */
	CONFTREE_LIST,		/* children without keys */
	CONFTREE_SECTION,	/* children with keys */
};

/* All of it belongs to the tree. Keys may come twice; sections of one name are
 * one. */
struct conftree_node {
	enum conftree_kind kind;
	const char *key;	/* NULL in lists and at the root */
	const char *text;	/* of a value; else NULL */
	bool is_quoted;
	GPtrArray *children;	/* of struct conftree_node *; else NULL */
	const char *file;
	unsigned line;
};

struct conftree;

#define CONFTREE_TEXT_MAX ((size_t)4 << 20)	/* bytes, with includes */
#define CONFTREE_DEPTH_MAX 16			/* sections and lists */
#define CONFTREE_INCLUDE_MAX 8			/* files within files */

/*
 * Gives the text of an included file, in a GBytes; NULL and error when it
 * can't. from is the including file. may_lack (`.include(try=true)`): NULL
 * without an error is an empty file.
 */
typedef GBytes *conftree_include_fn(const char *name, const char *from,
				    bool may_lack, char **path_out,
				    GError **error);

/*
 * Reads a text. Pure but for what include (NULL: no includes) does. NULL and
 * error, "file:line: what", for what is not in the syntax.
 */
struct conftree *conftree_parse(const char *file, struct span text,
				conftree_include_fn *include,
				GError **error) MUST_USE;
void conftree_free(struct conftree *tree);

/* A section, whose children are the settings at top level. */
const struct conftree_node *conftree_root(const struct conftree *tree);

#endif
