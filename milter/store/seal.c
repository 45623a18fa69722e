#include <config.h>

#include "store/seal.h"

#include "store/day.h"
#include "store/hex.h"
#include "store/storeerror.h"
#include "store/wholefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define FIRST_LINE "mailreeve-seal 1"
#define SIGNATURE "signature "

enum kind { DAY, COUNT, HASH, TIME };

/* The lines, in order; a hash is as long as its field. */
static const struct {
	const char *name;
	enum kind kind;
	size_t at, len;
} rows[] = {
#define ROW(name, kind, field)						\
	{ name, kind, offsetof(struct seal, field),			\
	  sizeof((struct seal *)NULL)->field }
	ROW("day", DAY, day),
	ROW("format", COUNT, format),
	ROW("records", COUNT, records),
	ROW("first", COUNT, first),
	ROW("last", COUNT, last),
	ROW("before", HASH, before),
	ROW("head", HASH, head),
	ROW("tree", HASH, tree),
	ROW("erased", COUNT, erased),
	ROW("dropped", COUNT, dropped),
	ROW("bytes", COUNT, bytes),
	ROW("sha256", HASH, sha256),
	ROW("sealed", TIME, sealed_us),
	ROW("key", HASH, key),
	ROW("signature", HASH, signature),
};

static uint64_t count_at(const void *field, size_t len)
{
	return len == sizeof(uint64_t) ? *(const uint64_t *)field :
					 *(const unsigned *)field;
}

static char *format_value(const struct seal *seal, size_t i)
{
	const char *field = (const char *)seal + rows[i].at;
	g_autoptr(GDateTime) time = NULL;
	char day[DAY_TEXT_MAX];

	switch (rows[i].kind) {
	case DAY:
		return g_strdup(day_format(*(const int64_t *)(const void *)
					   field, day));
	case COUNT:
		return g_strdup_printf("%" PRIu64,
				       count_at(field, rows[i].len));
	case TIME:
		time = g_date_time_new_from_unix_utc(
			*(const int64_t *)(const void *)field / G_USEC_PER_SEC);
		return g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
	case HASH:
		break;
	}
	return hex_format((const uint8_t *)field, rows[i].len);
}

char *seal_format(struct seal *seal, const struct sealkey *key)
{
	GString *text = g_string_new(FIRST_LINE "\n");

	sealkey_public(key, seal->key);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		g_autofree char *value = NULL;

		if (i == COUNT_OF(rows) - 1)
			sealkey_sign(key, span_of(text->str, text->len),
				     seal->signature);
		value = format_value(seal, i);
		g_string_append_printf(text, "%s %s\n", rows[i].name, value);
	}
	return g_string_free(text, FALSE);
}

static bool take_time(struct span value, int64_t *out)
{
	g_autofree char *text = g_strndup(value.ptr, value.len);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

	if (!time)
		return false;
	*out = g_date_time_to_unix(time) * G_USEC_PER_SEC;
	return true;
}

static bool take_count(struct span value, char *field, size_t len)
{
	g_autofree char *text = g_strndup(value.ptr, value.len);
	guint64 count;

	if (!g_ascii_string_to_unsigned(text, 10, 0, len == sizeof(uint64_t) ?
					G_MAXUINT64 : G_MAXUINT, &count, NULL))
		return false;
	if (len == sizeof(uint64_t))
		*(uint64_t *)(void *)field = count;
	else
		*(unsigned *)(void *)field = (unsigned)count;
	return true;
}

static bool take_value(struct span value, size_t i, struct seal *out)
{
	char *field = (char *)out + rows[i].at;

	switch (rows[i].kind) {
	case DAY:
		return day_parse(value, (int64_t *)(void *)field);
	case COUNT:
		return take_count(value, field, rows[i].len);
	case TIME:
		return take_time(value, (int64_t *)(void *)field);
	case HASH:
		break;
	}
	return hex_parse(value, (uint8_t *)field, rows[i].len);
}

/* The next line without its end; false: there is none that has one. */
static bool take_line(struct span *text, struct span *line_out)
{
	ptrdiff_t end = span_find(*text, '\n');

	if (end < 0)
		return false;
	*line_out = span_first(*text, (size_t)end);
	*text = span_from(*text, (size_t)end + 1);
	return true;
}

static bool take_row(struct span *text, size_t i, struct seal *out)
{
	size_t name = strlen(rows[i].name);
	struct span line;

	return take_line(text, &line) && line.len > name + 1 &&
	       memcmp(line.ptr, rows[i].name, name) == 0 &&
	       line.ptr[name] == ' ' &&
	       take_value(span_from(line, name + 1), i, out);
}

bool seal_parse(struct span text, struct seal *seal_out, GError **error)
{
	struct span line;

	*seal_out = (struct seal){ .day = 0 };
	if (!take_line(&text, &line) || !span_is(line, FIRST_LINE)) {
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "no seal of this version: it does not "
				     "begin with \"" FIRST_LINE "\"");
		return false;
	}
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!take_row(&text, i, seal_out)) {
			store_error_set_text(error, STORE_ERROR_DAMAGED,
					     "line %zu: not \"%s\" and its "
					     "value", i + 2, rows[i].name);
			return false;
		}
	if (!text.len)
		return true;
	store_error_set_text(error, STORE_ERROR_DAMAGED,
			     "there is more behind the signature");
	return false;
}

bool seal_is_signed(struct span text, const struct seal *seal)
{
	const size_t last = strlen(SIGNATURE) + 2 * sizeof seal->signature + 1;

	return text.len > last &&
	       sealkey_is_signed(seal->key, span_first(text, text.len - last),
				 seal->signature);
}

bool seal_read(const char *path, struct seal *seal_out, char **text_out,
	       GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	size_t len;

	*text_out = NULL;
	if (!wholefile_read(path, SEAL_BYTES_MAX, &text, &len, error))
		return false;
	if (!seal_parse(span_of(text, len), seal_out, &why)) {
		store_error_set_text(error, (enum store_error)why->code,
				     "%s: %s", path, why->message);
		return false;
	}
	*text_out = g_steal_pointer(&text);
	return true;
}

bool seal_write(const char *path, const char *text, GError **error)
{
	return wholefile_write(path, span_text(text), 0600, error);
}
