/* keywordlists.h - which keyword lists there are, and those in force */
#ifndef CONTENT_KEYWORDLISTS_H
#define CONTENT_KEYWORDLISTS_H

#include "message/finding.h"
#include "settings/settings.h"

struct keywordset;

extern const struct setting_group keywordlists_group;

/* One section of keywords.lists, as it is used. */
struct keyword_list {
	const char *name;
	const char *symbol;		/* KEYWORD_<CATEGORY> */
	double score;
	enum action action;
	bool keeps_original;		/* what it finds is evidence */
};

/* Of struct keyword_list, in order: a list's place is its index in the set. */
const GArray *keywordlists_all(const struct settings *settings);

/*
 * The phrases of the lists, read when they are first asked for, and shared by
 * snapshots whose files are the same; others wait for nobody who reads. NULL
 * and the error, "file:line: what", when a file cannot be read. They live as
 * long as the settings. Any thread.
 */
const struct keywordset *keywordlists_of(const struct settings *settings,
					 GError **error);

#endif
