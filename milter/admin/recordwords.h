/* recordwords.h - what a record says, in words, on standard output */
#ifndef ADMIN_RECORDWORDS_H
#define ADMIN_RECORDWORDS_H

#include "store/search.h"

/*
 * A line for each thing: a label, and what is known. What strangers gave is
 * shown as UTF-8 without anything that steers a terminal.
 */
void recordwords_print(const struct search_hit *hit);
/* Of the session that the message just printed came in. */
void recordwords_print_session(const Reeve__Record *record);
/* A message of the session just printed, in one line. */
void recordwords_print_message(const Reeve__Record *record);
/* One line; label may be "". */
void recordwords_line(const char *label, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

#endif
