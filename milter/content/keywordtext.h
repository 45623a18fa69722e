/* keywordtext.h - text in the form in which keywords are looked for */
#ifndef CONTENT_KEYWORDTEXT_H
#define CONTENT_KEYWORDTEXT_H

#include "base/guard.h"
#include "base/span.h"

#include <stdint.h>

/*
 * What a reader takes for the same is the same here: Unicode's compatible forms
 * (full width, circled, bold letters), upper and lower case, traditional and,
 * when it is asked for, simplified Chinese; what is not seen (zero width) or
 * only decorates a letter (strokes through it, loose accents) is left out. An
 * accent that makes another letter stays: e and é are two.
 *
 * What is left is letters and digits with gaps between them. In scripts with
 * spaces they make words; in Chinese, Japanese, Korean, Thai, Lao, Khmer and
 * Burmese each is a word of its own, whatever stands around it, and of the gaps
 * only those with a comma or the like count. A keyword, read in the same way,
 * is found as a row of whole words: "free" not in "freedom" and not in
 * "off reed".
 *
 * What a gap means is a guess, so a text has up to four readings:
 *
 *	apart	each gap parts words: "sugar-free" is two
 *	tight	only those with a blank or a comma do: "f-r.ee" is one
 *	spaced	as tight, and single letters apart are one word: "f r e e"
 *	article	as spaced, but for the first of them when it can be a word of
 *		its own: "a f r e e car"
 *
 * Such letters count as one word from end to end, or "s p e c i a l i s t"
 * would have a medicine in it; wider blanks part them. The price:
 * "B U Y F R E E" is one word, and in the text of a body all blanks are alike.
 *
 * A dot or a comma between digits is part of a number, and dropped.
 */
struct keywordtext;

enum keyword_reading {
	KEYWORD_APART, KEYWORD_TIGHT, KEYWORD_SPACED, KEYWORD_ARTICLE,
};
#define KEYWORD_READINGS (KEYWORD_ARTICLE + 1)

/* Stands for a comma between letters that are words. */
#define KEYWORDTEXT_STOP UINT64_C(1)
#define KEYWORDTEXT_BYTES_MAX ((size_t)1 << 20)

/* One at a time may use it. is_simplified: traditional Chinese
 * is simplified. */
struct keywordtext *keywordtext_new(bool is_simplified) MUST_USE;
/* Accepts NULL. */
void keywordtext_free(struct keywordtext *text);

/* Takes at most KEYWORDTEXT_BYTES_MAX of UTF-8; bytes that are
 * none part words. */
void keywordtext_read(struct keywordtext *text, struct span utf8);
/*
 * The words of one reading, each as 64 bits made of its letters; what has other
 * letters has others, but for one case in 2^64. 0: it has none, or the same as
 * another. They are the text's until the next call.
 */
size_t keywordtext_words(struct keywordtext *text,
			 enum keyword_reading reading,
			 const uint64_t **words_out);

#endif
