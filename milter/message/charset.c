#include <config.h>

#include "message/charset.h"

#include <errno.h>
#include <glib.h>
#include <iconv.h>
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#define NAME_MAX_BYTES 40
#define DETECT_MAX 65536	/* bytes that are looked at for a charset */
#define DETECT_BEFORE 1024	/* bytes of ASCII that ICU gets to see before
				 * others, */
#define DETECT_WINDOW 8192	/* and these with them */
#define CONFIDENCE_MIN 30
#define CONFIDENCE_DENSE_MIN 15	/* of text that is hardly Latin */
#define BYTES_MAX ((size_t)256 << 20)
#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */
#define BAD_SHARE 50		/* one bad byte in so many is let pass */
#define KEPT_MAX 40		/* converters; strangers name them */

static bool has_8bit(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] & 0x80)
			return true;
	return false;
}

static bool has_escape(struct span text)
{
	return text.len && memchr(text.ptr, 0x1b, text.len);
}

static bool is_utf8(struct span text)
{
	return g_utf8_validate_len(text.len ? text.ptr : "", text.len, NULL);
}

/* What the sender means by a label, in iconv's words; NULL: nothing known. */
static const char *meant_by(const char *label)
{
	static const struct { const char *label, *name; } meant[] = {
		{ "gb2312", "GB18030" }, { "gbk", "GB18030" },
		{ "gb_2312-80", "GB18030" }, { "x-gbk", "GB18030" },
		{ "hz-gb-2312", "HZ" }, { "big5", "BIG5-HKSCS" },
		{ "x-big5", "BIG5-HKSCS" }, { "iso-8859-1", "CP1252" },
		{ "latin1", "CP1252" }, { "iso8859-1", "CP1252" },
		{ "us-ascii", "CP1252" }, { "ascii", "CP1252" },
		{ "ansi_x3.4-1968", "CP1252" }, { "windows-1252", "CP1252" },
		{ "iso-8859-9", "CP1254" }, { "iso-8859-11", "CP874" },
		{ "tis-620", "CP874" }, { "ks_c_5601-1987", "CP949" },
		{ "euc-kr", "CP949" }, { "ks_c_5601", "CP949" },
		{ "shift_jis", "CP932" }, { "sjis", "CP932" },
		{ "x-sjis", "CP932" }, { "iso-2022-jp", "ISO-2022-JP-3" },
		{ "unicode-1-1-utf-7", "UTF-7" }, { "utf7", "UTF-7" },
		{ "utf8", "UTF-8" }, { "unicode", "UTF-16" },
	};

	for (size_t i = 0; label && i < COUNT_OF(meant); i++)
		if (g_ascii_strcasecmp(label, meant[i].label) == 0)
			return meant[i].name;
	return label;
}

/* Seven bits in these are not ASCII. */
static bool is_shifting(const char *name)
{
	return g_ascii_strncasecmp(name, "ISO-2022", 8) == 0 ||
	       g_ascii_strncasecmp(name, "UTF-7", 5) == 0 ||
	       g_ascii_strncasecmp(name, "UTF-16", 6) == 0 ||
	       g_ascii_strncasecmp(name, "UTF-32", 6) == 0 ||
	       g_ascii_strcasecmp(name, "HZ") == 0;
}

/* Bytes that are none become U+FFFD; the number of them. */
static size_t convert_all(iconv_t way, struct span text, GString *out)
{
	char *from = (char *)text.ptr, room[4096];
	size_t left = text.len, bad = 0;

	while (left) {
		char *to = room;
		size_t free_bytes = sizeof room;
		size_t done = iconv(way, &from, &left, &to, &free_bytes);

		g_string_append_len(out, room, to - room);
		if (done != (size_t)-1 || errno == E2BIG)
			continue;
		bad++;
		g_string_append(out, REPLACEMENT);
		from++;
		left--;
	}
	return bad;
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_MAX_BYTES)
		return false;
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("-_.:+", *c))
			return false;
	return true;
}

/* What iconv does not know (HZ, IMAP's names), ICU may; false:
 * nor does that. */
static bool convert_by_icu(struct span text, const char *name, GString *out,
			   size_t *bad_out)
{
	UErrorCode status = U_ZERO_ERROR;
	UConverter *way = ucnv_open(name, &status);
	int32_t len;

	if (U_FAILURE(status))
		return false;
	g_string_set_size(out, text.len * 4 + 16);
	len = ucnv_toAlgorithmic(UCNV_UTF8, way, out->str, (int32_t)out->len,
				 text.ptr, (int32_t)text.len, &status);
	ucnv_close(way);
	if (U_FAILURE(status))
		return false;
	g_string_set_size(out, (gsize)len);
	for (const char *at = out->str; (at = strstr(at, REPLACEMENT)); at++)
		++*bad_out;
	return true;
}

/* iconv lets through what looks like UTF-8 but stands for
 * nothing (F7 and more). */
static size_t drop_invalid(GString *utf8)
{
	const char *stop = utf8->str, *end = utf8->str + utf8->len;
	size_t bad = 0;

	while (stop < end && !g_utf8_validate_len(stop, (gsize)(end - stop),
						  &stop)) {
		gssize at = stop++ - utf8->str;

		if (utf8->str[at]) {
			utf8->str[at] = '?';
			bad++;
		}
	}
	return bad;
}

/* The C library loads a charset's module for its first converter, and unloads
 * it soon after the last one: one of each that is in use stays open. */
static void keep_module(const char *name)
{
	static GMutex lock;
	static GHashTable *kept;	/* name -> iconv_t */

	g_mutex_lock(&lock);
	if (!kept)
		kept = g_hash_table_new(g_str_hash, g_str_equal);
	if (g_hash_table_size(kept) < KEPT_MAX &&
	    !g_hash_table_contains(kept, name))
		g_hash_table_insert(kept, g_strdup(name),
				    iconv_open("UTF-8", name));
	g_mutex_unlock(&lock);
}

static iconv_t open_converter(const char *name)
{
	iconv_t way = iconv_open("UTF-8", name);

	if (way != (iconv_t)-1)
		keep_module(name);
	return way;
}

bool charset_is_known(const char *label)
{
	iconv_t way = open_converter(label);

	if (way == (iconv_t)-1)
		return false;
	iconv_close(way);
	return true;
}

/* False when the charset is unknown, or the text is hardly in it. */
static bool convert(struct span text, const char *name, size_t bad_share,
		    struct arena *arena, struct span *out)
{
	g_autoptr(GString) utf8 = NULL;
	iconv_t way;
	size_t bad = 0;

	if (!is_name(name) || text.len > BYTES_MAX)
		return false;
	utf8 = g_string_sized_new(text.len + text.len / 2 + 16);
	way = open_converter(name);
	if (way != (iconv_t)-1) {
		bad = convert_all(way, text, utf8);
		iconv_close(way);
	} else if (!convert_by_icu(text, name, utf8, &bad)) {
		return false;
	}
	bad += drop_invalid(utf8);
	if (bad * bad_share > text.len)
		return false;
	*out = arena_span(arena, span_of(utf8->str, utf8->len));
	return true;
}

/* Whether most letters have the eighth bit: they are not of the
 * Latin alphabet. */
static bool is_dense(struct span text)
{
	size_t wide = 0, narrow = 0;

	for (size_t i = 0; i < text.len && i < DETECT_MAX; i++) {
		wide += (text.ptr[i] & 0x80) != 0;
		narrow += g_ascii_isalpha(text.ptr[i]);
	}
	return wide > narrow;
}

/* ICU takes its time for each byte, and a few KiB tell it all. */
static struct span telling_part(struct span text)
{
	size_t first = 0;

	while (first < text.len && !(text.ptr[first] & 0x80))
		first++;
	return span_first(span_from(text, first > DETECT_BEFORE ?
				    first - DETECT_BEFORE : 0), DETECT_WINDOW);
}

static bool guess(struct span text, struct arena *arena, struct span *out)
{
	struct span part = telling_part(text);
	UErrorCode status = U_ZERO_ERROR;
	UCharsetDetector *detector = ucsdet_open(&status);
	const UCharsetMatch *match;
	const char *name = NULL;
	bool is_done = false;

	if (U_FAILURE(status))
		return false;
	ucsdet_setText(detector, part.ptr, (int32_t)part.len, &status);
	match = ucsdet_detect(detector, &status);
	if (U_SUCCESS(status) && match &&
	    ucsdet_getConfidence(match, &status) >=
	    (is_dense(text) ? CONFIDENCE_DENSE_MIN : CONFIDENCE_MIN))
		name = ucsdet_getName(match, &status);
	if (name && U_SUCCESS(status))
		is_done = convert(text, meant_by(name), BAD_SHARE, arena, out);
	ucsdet_close(detector);
	return is_done;
}

/* Without a byte order mark the zero bytes tell. */
static const char *utf16_order(struct span text)
{
	size_t even = 0, odd = 0;

	if (text.len >= 2 && (memcmp(text.ptr, "\xff\xfe", 2) == 0 ||
			      memcmp(text.ptr, "\xfe\xff", 2) == 0))
		return "UTF-16";
	for (size_t i = 0; i + 1 < text.len; i += 2) {
		even += !text.ptr[i];
		odd += !text.ptr[i + 1];
	}
	return odd >= even ? "UTF-16LE" : "UTF-16BE";
}

static bool is_ascii_label(const char *label)
{
	return label && (g_ascii_strcasecmp(label, "us-ascii") == 0 ||
			 g_ascii_strcasecmp(label, "ascii") == 0 ||
			 g_ascii_strcasecmp(label, "ansi_x3.4-1968") == 0);
}

static const char *name_of(struct span text, const char *label)
{
	const char *name = meant_by(label);

	return name && g_ascii_strcasecmp(name, "UTF-16") == 0 ?
	       utf16_order(text) : name;
}

struct span charset_decode(struct span text, const char *label,
			   struct arena *arena)
{
	bool is_ascii = !has_8bit(text);
	/* What programs write that know of no charset. */
	const char *name = !is_ascii && is_ascii_label(label) ? NULL :
			   name_of(text, label);
	struct span out;

	if (is_ascii && (!name || !is_shifting(name)) && !has_escape(text))
		return text;
	if (!is_ascii && is_utf8(text))
		return text;
	if (is_ascii && has_escape(text) && (!name || !is_shifting(name)))
		name = "ISO-2022-JP-3";
	if (name && convert(text, name, BAD_SHARE, arena, &out))
		return out;
	if (is_ascii)
		return text;
	if (guess(text, arena, &out) ||
	    convert(text, "CP1252", 0, arena, &out))
		return out;
	return text;
}

struct span charset_decode_word(struct span text, const char *label,
				struct arena *arena)
{
	const char *name = name_of(text, label);
	struct span out;

	return name && convert(text, name, 1, arena, &out) ? out :
	       charset_decode(text, NULL, arena);
}
