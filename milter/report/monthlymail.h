/* monthlymail.h - the mail of a month, counted from its records */
#ifndef REPORT_MONTHLYMAIL_H
#define REPORT_MONTHLYMAIL_H

#include "report/figures.h"
#include "report/month.h"
#include "store/recordview.h"

struct monthlymail;

/* month outlives it. */
struct monthlymail *monthlymail_new(const struct month *month) MUST_USE;
void monthlymail_free(struct monthlymail *mail);
/* Sessions, and what ended in another month, do not count. */
void monthlymail_add(struct monthlymail *mail, const Reeve__Record *record);

/* What was not delivered because of us: quarantined, refused for
 * good, thrown away. */
uint64_t monthlymail_stopped(const struct monthlymail *mail);
uint64_t monthlymail_messages(const struct monthlymail *mail);
uint64_t monthlymail_originals(const struct monthlymail *mail);
/* Of days, from first on: before last. */
uint64_t monthlymail_messages_of(const struct monthlymail *mail, int first,
				 int last);
uint64_t monthlymail_stopped_of(const struct monthlymail *mail, int first,
				int last);

/* Tables: volume by direction; days; the most frequent findings
 * and customers. */
void monthlymail_tell(const struct monthlymail *mail,
		      struct figures *figures);

#endif
