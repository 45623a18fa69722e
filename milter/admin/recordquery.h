/* recordquery.h - the options that say which records are meant */
#ifndef ADMIN_RECORDQUERY_H
#define ADMIN_RECORDQUERY_H

#include "admin/admin.h"
#include "store/search.h"

#define RECORDQUERY_REASON_HELP "What for: reevectl audit tells it"

enum recordquery_use {
	RECORDQUERY_SEARCH, RECORDQUERY_STATS, RECORDQUERY_ERASE,
};

/* What was asked for: query borrows from the words, which are as given but for
 * the form of domains. */
struct recordquery {
	struct search_query query;
	gboolean is_csv;
	gboolean is_dry;		/* of erase */
	char *reason;

	char *since, *until, *client, *account, *from, *rcpt, *domain;
	char *message_id, *queue_id, *verdict, *symbol, *session, *kind;
	char *direction, *subject, *cursor, *customer;
	int limit;
};

/* Exit status as admin_parse()'s. To be released whatever it is. */
int recordquery_parse(struct recordquery *asking, struct admin *admin,
		      const struct command *self, enum recordquery_use use,
		      int argc, char **argv) MUST_USE;
void recordquery_release(struct recordquery *asking);

/* How a search ended, as an exit status: an answer that is not whole says so.
 * The result is released. */
int recordquery_end(const struct command *self, bool is_done,
		    struct search_result *result, GError *why) MUST_USE;

#endif
