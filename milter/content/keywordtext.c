#include <config.h>

#include "content/keywordtext.h"

#include "content/letters.h"

#include <glib.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

/* How far a letter stands from the one before it. */
enum gap { GAP_NONE, GAP_MARK, GAP_BLANK, GAP_WIDE };

/* A letter: its code in the low bits, and what follows. */
#define CODE_BITS 21
#define CODE_MASK (((uint32_t)1 << CODE_BITS) - 1)
#define IN_WORD ((uint32_t)1 << CODE_BITS)	/* in a script with spaces */
#define JOINED ((uint32_t)1 << (CODE_BITS + 1))	/* to the one before, when
						 * the text is read spaced */
#define STOPPED ((uint32_t)1 << (CODE_BITS + 2))	/* a comma before it */
#define AFTER_ARTICLE ((uint32_t)1 << (CODE_BITS + 3))
#define GAP_SHIFT (CODE_BITS + 4)

struct keywordtext {
	bool is_simplified;
	const UNormalizer2 *form;
	GArray *wide, *folded;		/* of UChar */
	uint32_t *letters;
	size_t letter_count, letter_room;
	uint64_t *words;		/* with room for two a letter */
	size_t word_count;
	bool has_marks, has_joined, has_articles;	/* readings differ */

	/* Of the letter to come. */
	unsigned blanks, marks;
	bool is_stopped;
	uint32_t mark;			/* the last one */
};

struct keywordtext *keywordtext_new(bool is_simplified)
{
	struct keywordtext *text = g_new0(struct keywordtext, 1);
	UErrorCode status = U_ZERO_ERROR;

	text->is_simplified = is_simplified;
	text->form = unorm2_getNFKCCasefoldInstance(&status);
	BUG_IF(U_FAILURE(status));
	text->wide = g_array_new(FALSE, FALSE, sizeof(UChar));
	text->folded = g_array_new(FALSE, FALSE, sizeof(UChar));
	return text;
}

void keywordtext_free(struct keywordtext *text)
{
	if (!text)
		return;
	g_array_unref(text->wide);
	g_array_unref(text->folded);
	g_free(text->letters);
	g_free(text->words);
	g_free(text);
}

static enum gap gap_of(uint32_t letter)
{
	return (enum gap)(letter >> GAP_SHIFT);
}

static bool is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

/* "1,000" and "1.000" are numbers. */
static bool is_within_number(const struct keywordtext *text, uint32_t code)
{
	return is_digit(code) && text->letter_count && !text->blanks &&
	       text->marks == 1 && (text->mark == '.' || text->mark == ',') &&
	       is_digit(text->letters[text->letter_count - 1] & CODE_MASK);
}

static enum gap gap_before(const struct keywordtext *text)
{
	if (!text->letter_count || text->blanks > 1)
		return GAP_WIDE;
	if (text->blanks || text->is_stopped)
		return GAP_BLANK;
	return text->marks ? GAP_MARK : GAP_NONE;
}

static void forget_gap(struct keywordtext *text)
{
	text->blanks = text->marks = 0;
	text->is_stopped = false;
}

static void add_letter(struct keywordtext *text, uint32_t code, uint32_t flags)
{
	uint32_t letter;
	enum gap gap;

	if (is_within_number(text, code))
		forget_gap(text);
	gap = gap_before(text);
	if (text->is_simplified)
		code = letters_simplify(code);
	letter = code | flags | (text->is_stopped ? STOPPED : 0) |
		 (uint32_t)gap << GAP_SHIFT;
	text->has_marks |= gap == GAP_MARK;
	text->letters[text->letter_count++] = letter;
	forget_gap(text);
}

static void add_code(struct keywordtext *text, uint32_t code)
{
	switch (letters_kind(code)) {
	case LETTER_UNSEEN:
		break;
	case LETTER_BLANK:
		text->blanks++;
		break;
	case LETTER_STOP:
		text->is_stopped = true;
		/* fall through */
	case LETTER_MARK:
		text->mark = code;
		text->marks++;
		break;
	case LETTER_OF_WORD:
		add_letter(text, code, IN_WORD);
		break;
	case LETTER_ALONE:
		add_letter(text, code, 0);
		break;
	}
}

static void make_room(struct keywordtext *text, size_t letters)
{
	if (letters <= text->letter_room)
		return;
	text->letter_room = letters;
	text->letters = g_renew(uint32_t, text->letters, letters);
	text->words = g_renew(uint64_t, text->words, letters * 2);
}

/* False: there are others. */
static bool add_ascii(struct keywordtext *text, struct span utf8)
{
	for (size_t i = 0; i < utf8.len; i++)
		if (utf8.ptr[i] & 0x80)
			return false;
	make_room(text, utf8.len);
	for (size_t i = 0; i < utf8.len; i++)
		add_code(text, (uint32_t)g_ascii_tolower(utf8.ptr[i]));
	return true;
}

/* To UTF-16, which has no more units than UTF-8 has bytes. */
static int32_t widen(struct keywordtext *text, struct span utf8)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t len = 0;

	g_array_set_size(text->wide, (guint)utf8.len + 1);
	u_strFromUTF8WithSub((UChar *)(void *)text->wide->data,
			     (int32_t)text->wide->len, &len, utf8.ptr,
			     (int32_t)utf8.len, 0xfffd, NULL, &status);
	return U_SUCCESS(status) ? len : 0;
}

static int32_t fold(struct keywordtext *text, int32_t len)
{
	int32_t room = len + len / 4 + 16, needed = 0;

	for (int tries = 0; tries < 2; tries++) {
		UErrorCode status = U_ZERO_ERROR;

		g_array_set_size(text->folded, (guint)room);
		needed = unorm2_normalize(text->form,
			(UChar *)(void *)text->wide->data, len,
			(UChar *)(void *)text->folded->data, room, &status);
		if (U_SUCCESS(status))
			return needed;
		if (status != U_BUFFER_OVERFLOW_ERROR)
			return 0;
		room = needed + 1;
	}
	return 0;
}

static uint32_t code_at(const UChar *units, int32_t len, int32_t *at)
{
	uint32_t code = units[(*at)++];

	if (!U16_IS_LEAD(code) || *at == len || !U16_IS_TRAIL(units[*at]))
		return code;
	return 0x10000 + ((code - 0xd800) << 10) + units[(*at)++] - 0xdc00;
}

static void add_folded(struct keywordtext *text, int32_t len)
{
	const UChar *units = (UChar *)(void *)text->folded->data;
	int32_t at = 0;

	make_room(text, (size_t)len);
	while (at < len)
		add_code(text, letters_unframe(code_at(units, len, &at)));
}

/* From where a word begins, when it is read tight: where the row of words of
 * one letter ends; start: it is longer. */
static size_t end_of_row(const struct keywordtext *text, size_t start)
{
	size_t at = start + 1;

	for (; at < text->letter_count; at++) {
		uint32_t letter = text->letters[at];

		if (!(letter & IN_WORD))
			break;
		if (gap_of(letter) < GAP_BLANK)
			return at - 1;
	}
	return at;
}

static bool begins_word(const struct keywordtext *text, size_t at)
{
	uint32_t letter = text->letters[at];

	return (letter & IN_WORD) &&
	       (!at || !(text->letters[at - 1] & IN_WORD) ||
		gap_of(letter) >= GAP_BLANK);
}

/* Words of one letter in languages in which much mail is written. */
static bool is_article(uint32_t code)
{
	static const uint16_t articles[] = {
		'a', 'e', 'i', 'o', 'u', 'y', 0xe0, 0xe8, 0xe9, 0x430, 0x432,
		0x438, 0x43a, 0x43e, 0x441, 0x443, 0x44f, 0x456,
	};

	for (size_t i = 0; i < COUNT_OF(articles); i++)
		if (articles[i] == code)
			return true;
	return false;
}

/* Where gaps differ, the wider part words. */
static void join_row(struct keywordtext *text, size_t start, size_t end)
{
	enum gap least = GAP_WIDE;

	for (size_t at = start + 1; at < end; at++)
		least = MIN(least, gap_of(text->letters[at]));
	for (size_t at = start + 1; at < end; at++) {
		uint32_t *letter = &text->letters[at];

		if (gap_of(*letter) > least)
			continue;
		*letter |= JOINED;
		text->has_joined = true;
		if (at > start + 1 || end < start + 3 ||
		    !is_article(text->letters[start] & CODE_MASK))
			continue;
		*letter |= AFTER_ARTICLE;
		text->has_articles = true;
	}
}

static void find_rows(struct keywordtext *text)
{
	size_t at = 0;

	while (at < text->letter_count) {
		size_t end = begins_word(text, at) ? end_of_row(text, at) : at;

		join_row(text, at, end);
		at = MAX(end, at + 1);
	}
}

void keywordtext_read(struct keywordtext *text, struct span utf8)
{
	utf8 = span_first(utf8, KEYWORDTEXT_BYTES_MAX);
	text->letter_count = 0;
	text->has_marks = text->has_joined = text->has_articles = false;
	forget_gap(text);
	if (!add_ascii(text, utf8))
		add_folded(text, fold(text, widen(text, utf8)));
	find_rows(text);
}

static bool is_apart(uint32_t letter, enum keyword_reading reading)
{
	if (reading >= KEYWORD_SPACED && (letter & JOINED))
		return reading == KEYWORD_ARTICLE && (letter & AFTER_ARTICLE);
	return gap_of(letter) > (reading == KEYWORD_APART ? GAP_NONE :
							    GAP_MARK);
}

static void add_word(struct keywordtext *text, uint64_t word)
{
	text->words[text->word_count++] = word;
}

/* Of a letter, or of a word and one more letter. Never 0 or
 * KEYWORDTEXT_STOP. */
static uint64_t mix(uint64_t word, uint32_t code)
{
	word = (word ^ code) * UINT64_C(0x9e3779b97f4a7c15);
	return (word ^ word >> 29) | 2;
}

static void put_words(struct keywordtext *text, enum keyword_reading reading)
{
	uint64_t word = 0;		/* 0: none is open */

	for (size_t i = 0; i < text->letter_count; i++) {
		uint32_t letter = text->letters[i];

		if (word && (!(letter & IN_WORD) ||
			     is_apart(letter, reading))) {
			add_word(text, word);
			word = 0;
		} else if (!word && i && (letter & STOPPED) &&
			   !(letter & IN_WORD)) {
			add_word(text, KEYWORDTEXT_STOP);
		}
		word = mix(word, letter & CODE_MASK);
		if (!(letter & IN_WORD)) {
			add_word(text, word);
			word = 0;
		}
	}
	if (word)
		add_word(text, word);
}

size_t keywordtext_words(struct keywordtext *text,
			 enum keyword_reading reading,
			 const uint64_t **words_out)
{
	text->word_count = 0;
	if ((reading == KEYWORD_APART) ||
	    (reading == KEYWORD_TIGHT && text->has_marks) ||
	    (reading == KEYWORD_SPACED && text->has_joined) ||
	    (reading == KEYWORD_ARTICLE && text->has_articles))
		put_words(text, reading);
	*words_out = text->words;
	return text->word_count;
}
