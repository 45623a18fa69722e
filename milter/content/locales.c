#include <config.h>

#include "content/locales.h"

#include "base/guard.h"

#include <glib.h>
#include <string.h>

#define NAME_MAX_BYTES 32

#define CYRILLIC "KOI8R KOI8U KOI8T ISOIR111 CP1251 GEORGIANPS PT154 CP866"

/* By language; names of charsets are of capital letters and digits. */
static const struct { const char *language, *charsets; } readers[] = {
	{ "ja", "EUCJP JISX020119760 JISX020819830 JISX020819900 "
		"JISX020819970 JISX021219900 JISX021320001 JISX021320002 "
		"SHIFTJIS ISO2022JP SJIS JIS7 JISX0201 JISX0208 JISX0212" },
	{ "ko", "EUCKR KSC56011987" },
	{ "ru", CYRILLIC }, { "ka", CYRILLIC }, { "tg", CYRILLIC },
	{ "be", CYRILLIC }, { "uk", CYRILLIC }, { "bg", CYRILLIC },
	{ "th", "TIS620" },
	{ "zh", "GB1988 GB2312 GB231219800 GB18030 GBK BIG5HKSCS BIG5 EUCTW "
		"ISO2022CN" },
};

static const char *const everybody[] = {
	"USASCII", "ASCII", "IBM852", "XUNKNOWN", "ISO",
};
static const char *const everybody_begins[] = {
	"ISO8859", "ISO10646", "UTF", "UCS", "CP125", "WINDOWS",
	"UNICODE11UTF",
};

static void plain_name(char name[NAME_MAX_BYTES + 1], struct span charset)
{
	ptrdiff_t colon = span_find(charset, ':');
	size_t to = 0;

	if (colon >= 0)
		charset = span_first(charset, (size_t)colon);
	for (size_t i = 0; i < charset.len && to < NAME_MAX_BYTES; i++)
		if (g_ascii_isalnum(charset.ptr[i]))
			name[to++] = g_ascii_toupper(charset.ptr[i]);
	name[to] = '\0';
	/* Of "charset=3Dutf-8", where the quoting was lost. */
	if (g_str_has_prefix(name, "3D"))
		memmove(name, name + 2, to - 1);
}

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; (at = strstr(at, word)); at++)
		if ((at == words || at[-1] == ' ') && strchr(" ", at[len]))
			return true;
	return false;
}

static bool is_for_everybody(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(everybody); i++)
		if (strcmp(name, everybody[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(everybody_begins); i++)
		if (g_str_has_prefix(name, everybody_begins[i]))
			return true;
	return false;
}

bool locales_read_all(const char *locales)
{
	return !locales || has_word(locales, "all", 3);
}

bool locales_read(const char *locales, struct span charset)
{
	char name[NAME_MAX_BYTES + 1];
	g_auto(GStrv) list = NULL;

	plain_name(name, charset);
	if (locales_read_all(locales) || is_for_everybody(name))
		return true;
	list = g_strsplit_set(locales, " \t", -1);
	for (char **locale = list; *locale; locale++)
		for (size_t i = 0; i < COUNT_OF(readers); i++)
			if (strncmp(*locale, readers[i].language, 2) == 0 &&
			    has_word(readers[i].charsets, name, strlen(name)))
				return true;
	return false;
}
