#include <config.h>

#include "message/esmtp.h"

#include <string.h>

#define ENVID_MAX 100		/* characters; RFC 3461, 4.4 */
#define ORCPT_MAX 500		/* 4.2 */

/* Reads a value, "" when there is none, into where it belongs in the params.
 * False when it is malformed or there already. */
typedef bool take_fn(const char *value, struct arena *arena, void *field);

struct param {
	const char *key;
	take_fn *take;
	size_t offset;		/* in struct mail_params or rcpt_params */
};

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

/* RFC 3461, 4: +HH stands for a byte, and for nothing else. NULL: no xtext. */
static const char *decode_xtext(const char *text, struct arena *arena)
{
	char *copy = arena_text(arena, text), *to = copy;

	for (const char *from = copy; *from; from++) {
		int high, low;

		if (*from != '+') {
			*to++ = *from;
			continue;
		}
		high = g_ascii_xdigit_value(from[1]);
		low = high < 0 ? -1 : g_ascii_xdigit_value(from[2]);
		if (low < 0)
			return NULL;
		/* A NUL would end the text. */
		*to++ = high + low ? (char)(high * 16 + low) : '?';
		from += 2;
	}
	*to = '\0';
	make_printable(copy);
	return copy;
}

/* The word in capitals, if it is among words. */
static bool take_word(const char *value, const char *const *words,
		      const char **field)
{
	for (; !*field && *words; words++)
		if (g_ascii_strcasecmp(value, *words) == 0) {
			*field = *words;
			return true;
		}
	return false;
}

static bool take_size(const char *value, struct arena *arena, void *field)
{
	int64_t *bytes = field;
	char *end;
	guint64 count = g_ascii_strtoull(value, &end, 10);

	(void)arena;
	if (*bytes >= 0 || !g_ascii_isdigit(*value) || *end ||
	    count > INT64_MAX)
		return false;
	*bytes = (int64_t)count;
	return true;
}

static bool take_body(const char *value, struct arena *arena, void *field)
{
	static const char *const words[] = {
		"7BIT", "8BITMIME", "BINARYMIME", NULL,
	};

	(void)arena;
	return take_word(value, words, field);
}

static bool take_smtputf8(const char *value, struct arena *arena, void *field)
{
	bool *is_smtputf8 = field;

	(void)arena;
	if (*value || *is_smtputf8)
		return false;
	*is_smtputf8 = true;
	return true;
}

static bool take_ret(const char *value, struct arena *arena, void *field)
{
	static const char *const words[] = { "FULL", "HDRS", NULL };

	(void)arena;
	return take_word(value, words, field);
}

static bool take_xtext(const char *value, size_t most, struct arena *arena,
		       const char **field)
{
	const char *text;

	if (*field || !*value || strlen(value) > most)
		return false;
	text = decode_xtext(value, arena);
	if (text)
		*field = text;
	return text != NULL;
}

static bool take_envid(const char *value, struct arena *arena, void *field)
{
	return take_xtext(value, ENVID_MAX, arena, field);
}

/* "rfc822;user@example.org": without its type it is no ORCPT. */
static bool take_orcpt(const char *value, struct arena *arena, void *field)
{
	const char *type_end = strchr(value, ';');

	return type_end && type_end > value &&
	       take_xtext(value, ORCPT_MAX, arena, field);
}

/* NEVER alone, or a list of the others; RFC 3461, 4.1. */
static bool is_notify(const char *value)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
	unsigned seen = 0;

	if (g_ascii_strcasecmp(value, "NEVER") == 0)
		return true;
	for (;;) {
		size_t len = strcspn(value, ",");
		size_t i = 0;

		while (i < COUNT_OF(words) &&
		       !span_is_word(span_of(value, len), words[i]))
			i++;
		if (i == COUNT_OF(words) || (seen & 1U << i))
			return false;
		seen |= 1U << i;
		if (!value[len])
			return true;
		value += len + 1;
	}
}

static bool take_notify(const char *value, struct arena *arena, void *field)
{
	const char **notify = field;
	char *copy;

	if (*notify || !is_notify(value))
		return false;
	copy = arena_text(arena, value);
	for (char *c = copy; *c; c++)
		*c = g_ascii_toupper(*c);
	*notify = copy;
	return true;
}

static const struct param mail_table[] = {
	{ "SIZE", take_size, offsetof(struct mail_params, size_bytes) },
	{ "BODY", take_body, offsetof(struct mail_params, body) },
	{ "SMTPUTF8", take_smtputf8,
	  offsetof(struct mail_params, is_smtputf8) },
	{ "RET", take_ret, offsetof(struct mail_params, ret) },
	{ "ENVID", take_envid, offsetof(struct mail_params, envid) },
};

static const struct param rcpt_table[] = {
	{ "NOTIFY", take_notify, offsetof(struct rcpt_params, notify) },
	{ "ORCPT", take_orcpt, offsetof(struct rcpt_params, orcpt) },
};

static bool take(const char *arg, const struct param *table, size_t count,
		 struct arena *arena, void *params)
{
	size_t len = strcspn(arg, "=");
	const char *value = arg + len + (arg[len] == '=');

	for (size_t i = 0; i < count; i++)
		if (span_is_word(span_of(arg, len), table[i].key))
			return table[i].take(value, arena, (char *)params +
					     table[i].offset);
	return false;
}

/* What an argument adds ends at ESMTP_OTHERS_MAX: a stranger has as many as fit
 * in a line, and each would be copied into the next. */
static void add_other(GString *others, const char *arg)
{
	size_t room = ESMTP_OTHERS_MAX - others->len;

	if (strlen(arg) + 1 > room)
		return;
	if (others->len)
		g_string_append_c(others, ' ');
	g_string_append(others, arg);
}

static const char *parse(const char *const *argv, const struct param *table,
			 size_t count, struct arena *arena, void *params)
{
	g_autoptr(GString) others = g_string_new(NULL);

	for (; *argv; argv++)
		if (!take(*argv, table, count, arena, params))
			add_other(others, *argv);
	make_printable(others->str);
	return others->len ? arena_text(arena, others->str) : NULL;
}

void esmtp_parse_mail(const char *const *argv, struct arena *arena,
		      struct mail_params *params_out)
{
	*params_out = (struct mail_params){ .size_bytes = -1 };
	params_out->others = parse(argv, mail_table, COUNT_OF(mail_table),
				   arena, params_out);
}

void esmtp_parse_rcpt(const char *const *argv, struct arena *arena,
		      struct rcpt_params *params_out)
{
	*params_out = (struct rcpt_params){ 0 };
	params_out->others = parse(argv, rcpt_table, COUNT_OF(rcpt_table),
				   arena, params_out);
}
