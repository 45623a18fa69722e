/* notice.h - a letter in a case: which, to whom, and as mail */
#ifndef CASES_NOTICE_H
#define CASES_NOTICE_H

#include "cases/noticebook.h"
#include "cases/noticefacts.h"
#include "message/sendmail.h"

/* Which letter tells of a step, facts being those before it; NONE: none does. A
 * case of which its customer never heard is closed in silence. */
enum notice_kind notice_kind_for(const struct notice_ask *ask,
				 const struct case_facts *facts,
				 enum case_command command);
/* Whether what such a letter says is true of the case. */
bool notice_fits(const struct case_facts *facts, enum notice_kind kind);

/*
 * Fills in a letter that waits: to contact, when given; else to the customer's
 * first address in the book, else to the case's, passing over those from which
 * a letter of this case came back. In language, when given; else the
 * customer's; else that of the settings. STORE_ERROR_INVALID when there is no
 * address, or cases.contact is none. remark, note and operator_name are the
 * caller's to set. Texts live in arena.
 */
bool notice_prepare(const struct notice_ask *ask,
		    const struct case_facts *facts, enum notice_kind kind,
		    const char *contact, const char *language,
		    struct arena *arena, struct notice_entry *out,
		    GError **error) MUST_USE;

/* As evidence.sendmail gets it, and as people read it. */
struct notice_mail {
	struct sendmail_mail mail;
	const char *to[2];
	GString *text;
	GString *subject, *body;
};

/* entry has its number and token, if it is to be sent. Texts live in arena. */
void notice_mail_init(struct notice_mail *out, const struct notice_ask *ask,
		      const struct case_facts *facts,
		      const struct notice_entry *entry, struct arena *arena);
void notice_mail_release(struct notice_mail *mail);

#endif
