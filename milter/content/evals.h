/* evals.h - functions that rules call by name: eval:name('argument', ...) */
#ifndef CONTENT_EVALS_H
#define CONTENT_EVALS_H

#include "content/addrlists.h"
#include "content/headertext.h"
#include "message/attachments.h"
#include "message/bodytext.h"

/* What a function may look at. */
struct eval_source {
	struct header_source *header;
	struct bodytext *text;
	const struct attachments *attachments;
	const GArray *uris;		/* of struct uri */
	const struct addrlists *lists;
	const char *locales;		/* ok_locales; NULL: all */
	bool is_raw;			/* a rawbody rule asks */
	struct eval_memory *memory;
	const struct pattern *pattern;	/* of the call; NULL: none */
};

#define EVALS_FIELDS_MAX 24	/* that are remembered; there are hardly more */

/* What was asked of the fields of a name. */
struct eval_field {
	const char *name;
	bool is_addr;
	const char *text;		/* of evalsheader_field() */
	const char *const *addresses;	/* NULL: not that was asked */
};

/* What several functions ask for, found out once for each message; all zero at
 * first. In the arena. */
struct eval_memory {
	struct eval_field fields[EVALS_FIELDS_MAX];
	size_t field_count;
	const char *const *senders, *const *recipients;
	struct freemails *freemails;
	const struct alternatives *alternatives;
	const struct images *images;
	const char *found;		/* by the function that ran last, if it
					 * says; NULL: it does not */
	bool has_shift;
	double shift;			/* of the Date, seconds */
	bool has_capitals;
	double capitals;		/* of all letters, per cent */
	int hotmail;			/* enum hotmail; 0: not yet known */
};

/* One call, as a rule has it. */
struct eval_call;

/*
 * Reads "name('a', \"b\", 3)". NULL and the error, what is not supported of it,
 * when there is no such function here, or not with such arguments.
 */
struct eval_call *evals_parse(const char *text, GError **error) MUST_USE;
/* Accepts NULL. */
void evals_free(struct eval_call *call);
/* The call in one line, as it was written or nearly so. */
void evals_format(const struct eval_call *call, GString *out);
/* Any thread. */
bool evals_run(const struct eval_call *call, const struct eval_source *source);

/* A function: it gets what stands between the parentheses. */
typedef bool eval_fn(const struct eval_source *source, char *const *arguments);

/* By what they look at; a table ends with a NULL name. */
struct eval_row {
	const char *name;
	eval_fn *run;
	unsigned least, most;		/* arguments */
	const char *const *words;	/* that the first may be; NULL: any */
};
extern const struct eval_row evalsheader_rows[], evalsbody_rows[],
			     evalsattach_rows[];

/* Whether the arguments of one of its rows are words that can be met. */
bool evalsattach_is_fit(const struct eval_row *row, char *const *arguments);
extern const struct eval_row evalslists_rows[], evalsfreemail_rows[];
extern const struct eval_row evalsuri_rows[], evalstext_rows[],
			     evalshtml_rows[], evalsmime_rows[],
			     evalsimage_rows[], evalsalternative_rows[];
extern const struct eval_row evalsforged_rows[], evalsrecipients_rows[];

/* All fields of that name, as header rules see them, or the first address in
 * them; "" when there is none. */
const char *evalsheader_field(const struct eval_source *source,
			      const char *name, bool is_addr);
/* As addresses_of() has them. */
const char *const *evalsheader_addresses(const struct eval_source *source,
					 const char *name);
/* Some mailing lists take the Received fields away. */
bool evalsheader_is_received_removed(const struct eval_source *source);

/* As evalsattach_is_fit(). */
bool evalshtml_is_fit(const struct eval_row *row, char *const *arguments);

/* For a function that found something, which lives as long as
 * the message: true. */
bool evals_found(const struct eval_source *source, const char *what);
/* Above the first, up to the second, which may be "inf". */
bool evals_is_within(double value, char *const *bounds);

/* Instead of words: the last argument, where all are there, is a pattern. */
extern const char *const evals_with_pattern[];
/* Likewise, and it stands between slashes. */
extern const char *const evals_with_delimited[];

#endif
