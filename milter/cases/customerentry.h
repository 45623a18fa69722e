/* customerentry.h - what the book knows of a customer */
#ifndef CASES_CUSTOMERENTRY_H
#define CASES_CUSTOMERENTRY_H

#include "base/arena.h"

#include <glib.h>

/* Texts are "" and lists empty where nothing is said; lists end with NULL. */
struct customer_entry {
	const char *id;			/* letters, digits, ". _ -"; case does
					 * not count */
	const char *name;
	const char *language;		/* RFC 5646: en, zh */
	const char *notes;
	const char *const *contacts;	/* mail addresses of people */
	const char *const *networks;	/* as network_format() has them */
	const char *const *accounts;	/* logins; @example.org: all
					 * that end so */
	const char *const *domains;	/* sent as; .example.org: all
					 * below one */
	int64_t created_us, changed_us;
	const char *where;		/* "FILE:LINE" it was read
					 * from, or "" */
};

enum customer_field {
	CUSTOMER_FIELD_ID, CUSTOMER_FIELD_NAME, CUSTOMER_FIELD_CONTACTS,
	CUSTOMER_FIELD_LANGUAGE, CUSTOMER_FIELD_NETWORKS,
	CUSTOMER_FIELD_ACCOUNTS, CUSTOMER_FIELD_DOMAINS,
	CUSTOMER_FIELD_NOTES, CUSTOMER_FIELDS,
};

#define CUSTOMER_ID_MAX 64		/* bytes */
#define CUSTOMER_ACCOUNT_MAX 320
#define CUSTOMER_LIST_MAX 10000		/* networks, accounts, ... of one */

void customerentry_init(struct customer_entry *entry);

const char *customerentry_word(enum customer_field field);
/* By its word, case aside. */
bool customerentry_find_field(struct span word, enum customer_field *field_out)
	MUST_USE;
bool customerentry_is_list(enum customer_field field);
/* Of a field that is a text, and of one that is a list. */
const char *customerentry_text(const struct customer_entry *entry,
			       enum customer_field field);
const char *const *customerentry_list(const struct customer_entry *entry,
				      enum customer_field field);

/*
 * Sets a field from what people write. Each value is checked, and kept in the
 * form in which it is looked up; one that is there twice is kept once. A list
 * is one text with blanks, commas or semicolons between, or its values one by
 * one. The error (STORE_ERROR_INVALID) names field and value. What is kept
 * lives in arena. Pure.
 */
bool customerentry_set(struct customer_entry *entry, enum customer_field field,
		       const char *text, struct arena *arena, GError **error)
	MUST_USE;
bool customerentry_set_list(struct customer_entry *entry,
			    enum customer_field field,
			    const char *const *values, struct arena *arena,
			    GError **error) MUST_USE;

/* One value of a field in the form in which it is kept; NULL with error. */
const char *customerentry_value(enum customer_field field, const char *text,
				struct arena *arena, GError **error) MUST_USE;

#endif
