/* locales.h - charsets that are read in some countries only (ok_locales) */
#ifndef CONTENT_LOCALES_H
#define CONTENT_LOCALES_H

#include "base/span.h"

/*
 * Whether text in a charset is for a reader of those locales: "en ja", or
 * "all"; NULL is "all". What western mail is written in is for everybody.
 */
bool locales_read(const char *locales, struct span charset);
bool locales_read_all(const char *locales);

#endif
