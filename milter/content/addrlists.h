/* addrlists.h - what rule files enlist: addresses, hosts, freemail, suffixes */
#ifndef CONTENT_ADDRLISTS_H
#define CONTENT_ADDRLISTS_H

#include "content/globs.h"
#include "content/routes.h"
#include "settings/settings.h"

struct addrlists;

struct addrlists *addrlists_new(void) MUST_USE;
/* Accepts NULL. */
void addrlists_free(struct addrlists *lists);

enum addrlists_result {
	ADDRLISTS_TAKEN, ADDRLISTS_OTHER,	/* no line of ours */
	ADDRLISTS_WRONG,			/* ours, but there is no
						 * sense in it */
};

/* A line of a rule file: welcomelist_from, enlist_uri_host, freemail_domains
 * and so on, under their old names, too (whitelist, blacklist). */
enum addrlists_result addrlists_take(struct addrlists *lists,
				     const char *word, const char *rest);

/* "welcomelist_from", or a name of enlist_addrlist; NULL: nothing is in it. */
const struct globs *addrlists_find(const struct addrlists *lists,
				   const char *name);

/* Whether welcomelist_from_rcvd, or its def_ form, knows an address, and it
 * came from the host that is named there. */
enum routes_result addrlists_check_relay(const struct addrlists *lists,
					 bool is_default, const char *addr,
					 const char *ip, const char *rdns);

/* Whether a host, or a domain above it, is in a list of enlist_uri_host. */
bool addrlists_has_host(const struct addrlists *lists, const char *name,
			const char *host);

/* Whether anybody may have an address there, and may have this one. */
bool addrlists_is_freemail(const struct addrlists *lists, const char *addr);
/* Whether an envelope sender looks like that of a mailing, and
 * is to be left alone. */
bool addrlists_is_bulk(const struct addrlists *lists, const char *addr);

/* freemail_max_body_emails and the like, as they are set. */
struct addrlists_limits {
	int body_emails, body_freemails;
	bool is_over_skipped;
};
struct addrlists_limits addrlists_limits(const struct addrlists *lists);

/* As orgdomain_of() and orgdomain_is_known(), with the suffixes that the rule
 * files add (util_rb_*). */
const char *addrlists_organisation(const struct addrlists *lists,
				   const struct settings *settings,
				   const char *host);
bool addrlists_is_suffix(const struct addrlists *lists,
			 const struct settings *settings, const char *label);

#endif
