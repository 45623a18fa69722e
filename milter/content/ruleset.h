/* ruleset.h - rules in SpamAssassin's language, ready to be matched */
#ifndef CONTENT_RULESET_H
#define CONTENT_RULESET_H

#include "content/addrlists.h"
#include "content/expression.h"
#include "content/pattern.h"

#include <glib.h>
#include <stdint.h>

enum rule_kind {
	RULE_NONE,			/* named by score and so on only */
	RULE_HEADER, RULE_BODY, RULE_RAWBODY, RULE_FULL, RULE_URI,
	RULE_MIMEHEADER, RULE_META,
};
#define RULE_KINDS (RULE_META + 1)

/* "header" and so on. */
const char *ruleset_kind_word(enum rule_kind kind);

struct captures_user;
struct eval_call;
struct metas;
struct prefilter;
struct redirects;
struct uridetail;

/* Which text a header rule looks at: "Subject:raw" and the like. */
struct header_spec {
	char *text;			/* as written */
	char *name;
	bool is_raw, is_addr, is_name, is_first, is_last;
	bool is_host, is_ip;		/* the first one in it */
	bool is_domain, is_reversed;	/* and then not whole, or
					 * turned round */
	bool is_special;		/* of more than the fields of
					 * that name */
	uint8_t hash;			/* of the name: see
					 * headertext_set_name() */
};

struct rule {
	char *name;
	guint index;			/* in the set's rules */
	enum rule_kind kind;
	const char *file;		/* the set's */
	unsigned line;
	char *describe;			/* NULL: none */
	double score;
	bool is_sub;			/* "__NAME": counts in meta
					 * rules only */
	bool is_multiple, is_nosubject;	/* tflags */
	int64_t max_hits;		/* 0: no limit */
	bool is_off;			/* it cannot run: see the set's
					 * problems */
	bool is_filtered;		/* by its kind's filter */
	bool is_always;			/* whatever the filters say */
	bool is_deferred;		/* until a meta asks for it: see
					 * metas.h */

	struct pattern *pattern;
	struct captures_user *user;	/* of %{NAME}: pattern matches more than
					 * it means; NULL: there is none */
	bool is_capturing;		/* the pattern has (?<NAME>...) */
	guint header;			/* index in the set's specs */
	bool is_negated, is_exists;
	char *unset;			/* [if-unset: ...]; NULL: none */
	struct expression *expression;	/* of a meta */
	struct eval_call *call;		/* eval:...; NULL: none */
	struct uridetail *detail;	/* of uri_detail; NULL: another rule */
};

/* Why a rule or a line is not as its author meant it. */
struct rule_problem {
	const char *file;
	unsigned line;
	char *what;
};

struct ruleset {
	GPtrArray *rules;		/* of struct rule *; an index
					 * is a name */
	GHashTable *by_name;		/* name -> struct rule * */
	GPtrArray *specs;		/* of struct header_spec * */
	GPtrArray *ordered;		/* of struct rule *: metas, each after
					 * those that it needs */
	bool has_rings;			/* of metas that need each other */
	struct metas *metas;		/* of ordered */
	struct addrlists *lists;
	struct redirects *redirects;
	char *locales;			/* ok_locales; NULL: all */
	GPtrArray *origins;		/* of char *: originating_ip_headers */
	GArray *problems;		/* of struct rule_problem */
	GHashTable *ignored;		/* keyword -> count: settings that are
					 * SpamAssassin's own */
	GPtrArray *files;
	GPtrArray *includes;		/* of const char *: files that these
					 * include */
	GString *include_facts;		/* filefacts_add() of each, when it
					 * was read */
	int64_t cut_offs_max;		/* of a pattern, before its rule is left
					 * out; 0: no limit */
	struct prefilter *filters[RULE_KINDS];	/* NULL: match each rule */
	struct prefilter **header_filters;	/* by spec; those, too */
	GPtrArray *capturing;		/* of struct rule *: to be
					 * matched first */
	GPtrArray *always;		/* of struct rule *: to be matched
					 * with every message, whatever the
					 * filters say, and not deferred */
};

/* Whether nothing came of what stands behind its name. */
bool ruleset_is_lacking(const struct rule *rule);
/* As which it counts at most, however often it is met. */
int64_t ruleset_most_hits(const struct rule *rule);
/* Whether its pattern has run into limits too often. Any thread. */
bool ruleset_is_left_out(const struct ruleset *set, const struct rule *rule);

/* For those who make a set: file lives as long as the set. */
void ruleset_problem(struct ruleset *set, const char *file, unsigned line,
		     const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A rule that cannot run, told. */
void ruleset_turn_off(struct ruleset *set, struct rule *rule, const char *why);

/* Reads the files in order; what is wrong in them is among the problems. NULL
 * and the error only when a file cannot be read. */
struct ruleset *ruleset_load(const GPtrArray *files, GError **error) MUST_USE;
/* Makes the filters; see prefilter_new(). */
void ruleset_filter(struct ruleset *set, const char *cache_dir);
/* Accepts NULL. */
void ruleset_free(struct ruleset *set);

#endif
