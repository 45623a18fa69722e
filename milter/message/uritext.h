/* uritext.h - the text of a URI, as browsers read it */
#ifndef MESSAGE_URITEXT_H
#define MESSAGE_URITEXT_H

#include "base/guard.h"

#include <glib.h>

/* Whether ASCII text begins with a word, its letters without case. */
bool uritext_has_word(const char *at, const char *word);
/* Bytes of "http:" or "https:" at this place; 0: there is neither. */
size_t uritext_web_scheme(const char *at);
/* Backslashes, missing slashes, a missing scheme, escapes that need not be, no
 * path before a query. */
void uritext_straighten(GString *uri);

#endif
