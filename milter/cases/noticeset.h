/* noticeset.h - the letters in all languages: those shipped, and
 * the administrator's */
#ifndef CASES_NOTICESET_H
#define CASES_NOTICESET_H

#include "cases/noticeform.h"
#include "cases/noticetext.h"

struct noticeset;

/* A language: a folder LANGUAGE with a file for each kind of letter, KIND.txt,
 * and words.txt, with the words that the facts are told in. */
struct notice_language {
	char *tag;			/* lower case: en, zh, zh-tw */
	struct noticetext *letters[NOTICE_KINDS];
	GHashTable *words;		/* key -> text */
};

/*
 * What is in dir ("": none) stands in the place of what was shipped, file by
 * file; a language that was not has to have all of them. Errors are
 * "file:line: what".
 */
struct noticeset *noticeset_load(const char *dir, GError **error) MUST_USE;
void noticeset_free(struct noticeset *set);

/* By its whole tag (RFC 5646), or what stands before its first
 * hyphen; NULL: none. */
const struct notice_language *noticeset_find(const struct noticeset *set,
					     const char *tag);

/* "kind.spam" and so on. One that the list does not have: "". */
const char *notice_word(const struct notice_language *language,
			const char *key);

/* The keys that words.txt has to have: those below, and no
 * others. Pure; free it. */
GHashTable *noticewords_parse(const char *name, struct span bytes,
			      GError **error) MUST_USE;

#endif
