/* conftext.h - the words of a text of settings, one behind the other */
#ifndef SETTINGS_CONFTEXT_H
#define SETTINGS_CONFTEXT_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>

struct conftext {
	const char *file;
	struct span text;
	size_t at;
	unsigned line;
	GError **error;
};

/* "file:line: what" in error; false. */
bool conftext_fail(const struct conftext *in, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

bool conftext_is_end(const struct conftext *in);
/* NUL at the end. */
char conftext_peek(const struct conftext *in);
bool conftext_looks_at(const struct conftext *in, const char *word);
/* There is one more. */
char conftext_take(struct conftext *in);
/* Blanks and comments; line ends too when is_across. */
bool conftext_skip_blank(struct conftext *in, bool is_across) MUST_USE;

/* Each begins where it is read, and is appended to out as it is meant. */
bool conftext_take_string(struct conftext *in, GString *out) MUST_USE;
/* <<WORD, lines, WORD alone on a line. */
bool conftext_take_heredoc(struct conftext *in, GString *out) MUST_USE;
/* Without quotes; may be empty. */
bool conftext_is_bare(char c);
void conftext_take_bare(struct conftext *in, GString *out);

#endif
