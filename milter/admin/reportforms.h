/* reportforms.h - reports of abuse in each of their formats */
#ifndef ADMIN_REPORTFORMS_H
#define ADMIN_REPORTFORMS_H

#include "admin/admin.h"
#include "report/casematter.h"
#include "report/reportmail.h"

/* One document; borrowed for the call. Exit status. */
typedef int reportforms_fn(const struct reportmail_file *file, void *context);

struct reportforms {
	const struct admin *admin;
	const struct command *self;
	const GPtrArray *records;	/* of struct casematter_record *; one
					 * at least */
	const char *case_id;		/* that they are of; NULL: of none */
	const char *const *to;		/* ends with NULL; NULL: nobody
					 * is said */
	const uint8_t *redact_key;	/* NULL: nobody is hidden */
	reportforms_fn *take;
	void *context;
	struct arena *arena;
};

struct reportforms_format {
	const char *name;
	bool is_for_several;	/* records that are of no case */
	bool is_mail;		/* goes out as it is, not as an attachment */
	int (*make)(const struct reportforms *on);
};

/* NULL: no such format. */
const struct reportforms_format *reportforms_find(const char *name);
/* For people, with all that belongs to it; in the arena. */
const char *reportforms_words(const struct reportforms *on);

#endif
