/* setting.h - one row of the settings table: the only home of its facts */
#ifndef SETTINGS_SETTING_H
#define SETTINGS_SETTING_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_TYPE_BOOL,	/* bool */
	SETTING_TYPE_COUNT,	/* int64_t */
	SETTING_TYPE_BYTES,	/* int64_t; 10, 64k, 8M, 64G (powers of 1024) */
	SETTING_TYPE_TIME_MS,	/* int64_t; 500ms, 5s, 10min, 2h, 60d */
	SETTING_TYPE_SCORE,	/* double */
	SETTING_TYPE_TEXT,	/* char *, never NULL */
	SETTING_TYPE_WORD,	/* an enum, index into words */
	SETTING_TYPE_LIST,	/* GPtrArray * of char *, never NULL */
	SETTING_TYPE_SCORES,	/* GHashTable *, any name -> double * */
	SETTING_TYPE_WORDS,	/* GHashTable *, any name -> index into words */
	SETTING_TYPE_SECTIONS,	/* GPtrArray * of struct setting_section * */
};

/* When a changed value takes effect. */
enum setting_apply {
	APPLY_LIVE,		/* with the next message after a reload */
	APPLY_START,		/* only when the daemon starts */
};

/*
 * name is the whole name, "relay.networks". Within the rows of a sub-section
 * it is the last part alone. preset, min and max are in the unit of the
 * type; a type uses those that it has. preset_text of a list is its words
 * with one space between.
 */
struct setting {
	const char *name;
	const char *help;	/* sentences for the manual page */
	enum setting_type type;
	enum setting_apply apply;
	size_t offset;
	int64_t preset, min, max;
	double preset_score, min_score, max_score;
	const char *preset_text;
	const char *const *words;		/* NULL-terminated */
	const struct setting_section_type *section;
};

/* What a named sub-section holds: `listeners { submission { ... } }`. */
struct setting_section_type {
	size_t size;				/* of the struct of
						 * its values */
	const struct setting *rows;
	size_t row_count;
};

/* One named sub-section as read; values is of the section type's struct. */
struct setting_section {
	const char *name;
	void *values;
};

/* The offset, and a compile error when the field has another type. */
#define SETTING_OFFSET(s, field, ctype) \
	_Generic(((s *)0)->field, ctype: offsetof(s, field))

#define SETTING_BOOL(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_BOOL, \
	.offset = SETTING_OFFSET(s, field, bool), __VA_ARGS__ }
#define SETTING_COUNT(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_COUNT, \
	.offset = SETTING_OFFSET(s, field, int64_t), __VA_ARGS__ }
#define SETTING_BYTES(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_BYTES, \
	.offset = SETTING_OFFSET(s, field, int64_t), __VA_ARGS__ }
#define SETTING_TIME_MS(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_TIME_MS, \
	.offset = SETTING_OFFSET(s, field, int64_t), __VA_ARGS__ }
#define SETTING_SCORE(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_SCORE, \
	.offset = SETTING_OFFSET(s, field, double), __VA_ARGS__ }
#define SETTING_TEXT(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_TEXT, \
	.offset = SETTING_OFFSET(s, field, char *), __VA_ARGS__ }
#define SETTING_WORD(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_WORD, \
	.offset = SETTING_OFFSET(s, field, unsigned int), __VA_ARGS__ }
#define SETTING_LIST(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_LIST, \
	.offset = SETTING_OFFSET(s, field, GPtrArray *), __VA_ARGS__ }
#define SETTING_SCORES(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_SCORES, \
	.offset = SETTING_OFFSET(s, field, GHashTable *), __VA_ARGS__ }
#define SETTING_WORDS(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_WORDS, \
	.offset = SETTING_OFFSET(s, field, GHashTable *), __VA_ARGS__ }
#define SETTING_SECTIONS(s, field, full_name, ...) { \
	.name = full_name, .type = SETTING_TYPE_SECTIONS, \
	.offset = SETTING_OFFSET(s, field, GPtrArray *), __VA_ARGS__ }

#endif
