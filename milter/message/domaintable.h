/* domaintable.h - a set of domains and of all-below patterns */
#ifndef MESSAGE_DOMAINTABLE_H
#define MESSAGE_DOMAINTABLE_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>

struct domaintable;

struct domaintable *domaintable_new(void) MUST_USE;
/* Accepts NULL. */
void domaintable_free(struct domaintable *table);

/* example.org, or .example.org for all its subdomains (and not itself). Kept
 * in lower case with A-labels. Error when it is no domain. */
bool domaintable_add(struct domaintable *table, struct span pattern,
		     GError **error) MUST_USE;

/* A pattern a line; # begins a comment. Error "path:line: what", for the first
 * that is wrong, or when the file cannot be read. */
bool domaintable_add_file(struct domaintable *table, const char *path,
			  GError **error) MUST_USE;

/* domain in lower case with A-labels; "" is never in. In as many steps as it
 * has labels. Any thread, once all is added. */
bool domaintable_has(const struct domaintable *table, const char *domain);
/* Calls for each domain as it is kept, and each ".example.org". */
void domaintable_each(const struct domaintable *table,
		      void (*on_domain)(void *mydata, const char *domain),
		      void *mydata);
size_t domaintable_size(const struct domaintable *table);

#endif
