/* noticefacts.h - what a letter tells of its case */
#ifndef CASES_NOTICEFACTS_H
#define CASES_NOTICEFACTS_H

#include "cases/noticesettings.h"
#include "store/state.h"

/* Whose daemon or operator it is that writes, and when. */
struct notice_ask {
	const struct settings *settings;
	struct state *state;
	int64_t now_us;
};

/*
 * Fills in all values, in words of the language; nothing of a stranger's but
 * printable characters is in them. Times are those of calendar.zone. Who
 * complained is not told. Texts live in arena.
 */
void noticefacts_collect(const struct notice_ask *ask,
			 const struct case_facts *facts, const char *remark,
			 const struct notice_language *language,
			 struct arena *arena,
			 const char *values[NOTICE_VARIABLES]);

/* A text as a letter may have it: UTF-8, printable, lines apart from it kept
 * only when has_lines; bytes_max at most. In arena. */
const char *noticefacts_plain(struct span bytes, size_t bytes_max,
			      bool has_lines, struct arena *arena);

#endif
