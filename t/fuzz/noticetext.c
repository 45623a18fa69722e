#include <config.h>

#include "fuzz/target.h"

#include "cases/noticebounce.h"
#include "cases/noticeset.h"

#include <string.h>

static bool take_token(const struct notice_entry *entry, void *context)
{
	char text[NOTICE_TOKEN_TEXT_MAX];

	BUG_IF(!entry->id.number || !*noticeform_token(entry, text));
	return ++*(unsigned *)context < 20;
}

/* A letter's template, its words, and a bounce: of an
 * administrator and of strangers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = span_of((const char *)data, size);
	g_autoptr(GString) subject = g_string_new(NULL);
	g_autoptr(GString) body = g_string_new(NULL);
	g_autoptr(GError) why = NULL, other = NULL;
	const char *values[NOTICE_VARIABLES];
	struct noticetext *text = noticetext_parse("fuzz", bytes, &why);
	GHashTable *words = noticewords_parse("fuzz", bytes, &other);
	unsigned count = 0;

	BUG_IF(!text == !why);
	BUG_IF(!words == !other);
	for (size_t i = 0; i < NOTICE_VARIABLES; i++)
		values[i] = i % 3 ? notice_variable_word(
			(enum notice_variable)i) : "";
	values[NOTICE_REMARK] = "a\nb";
	if (text) {
		noticetext_fill(text, values, subject, body);
		BUG_IF(strchr(subject->str, '\n'));
		BUG_IF(!g_utf8_validate(body->str, -1, NULL));
		noticetext_free(text);
	}
	if (words)
		g_hash_table_unref(words);
	noticebounce_each_token(bytes, take_token, &count);
	return 0;
}
