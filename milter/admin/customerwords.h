/* customerwords.h - what reevectl customer add and edit are told */
#ifndef ADMIN_CUSTOMERWORDS_H
#define ADMIN_CUSTOMERWORDS_H

#include "admin/admin.h"
#include "cases/customerentry.h"

/* NULL where nothing was said; lists end with NULL. */
struct customerwords {
	char *texts[CUSTOMER_FIELDS];
	char **lists[CUSTOMER_FIELDS];
	char **without;
	char *reason;
};

/* Reads the options, into words that were cleared; the id is left in argv[1].
 * Exit status, as that of admin_parse(). */
int customerwords_take(struct customerwords *words, const struct command *self,
		       bool is_edit, int *argc, char ***argv) MUST_USE;
void customerwords_release(struct customerwords *words);

/* Texts replace, values of lists are added; in the arena, or
 * borrowed from words. */
bool customerwords_apply(const struct customerwords *words,
			 struct customer_entry *entry, struct arena *arena,
			 GError **error) MUST_USE;
/* Takes the values of --without away. Exit status: 0, or the message is out. */
int customerwords_drop(const struct command *self,
		       const struct customerwords *words,
		       struct customer_entry *entry, struct arena *arena)
	MUST_USE;

#endif
