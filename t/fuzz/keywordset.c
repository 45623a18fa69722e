#include <config.h>

#include "fuzz/target.h"

#include "content/keywordset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The list that the bytes are; NULL: they are none, and the
 * error has a line. */
static struct keywordset *load(const uint8_t *data, size_t size, bool is_simple)
{
	static char path[64];
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	struct keywordset *set;
	FILE *file;

	if (!*path)
		snprintf(path, sizeof path, "/tmp/mailreeve-fuzz-%d.txt",
			 (int)getpid());
	file = fopen(path, "wb");
	BUG_IF(!file || fwrite(data, 1, size, file) != size ||
	       fclose(file) != 0);
	g_ptr_array_add(files, path);
	g_ptr_array_add(lists, files);
	set = keywordset_load(lists, is_simple, &error);
	unlink(path);
	BUG_IF(!set != !!error);
	BUG_IF(error && strncmp(error->message, path, strlen(path)) != 0);
	return set;
}

/* What is a phrase, is found where it stands alone. */
static void find_itself(const struct keywordset *set, struct keywordtext *text,
			const struct keyword_phrase *phrase)
{
	struct keyword_hits hits = { .count = 0 };
	bool is_there = false;

	(void)keywordset_scan(set, text, span_text(phrase->text), 0, &hits);
	for (guint i = 0; i < hits.count; i++)
		is_there |= hits.phrases[i] == phrase;
	BUG_IF(!is_there && hits.count < KEYWORDSET_SHOWN);
}

/* A list up to the first 0xff, then a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
	size_t list_bytes = end ? (size_t)(end - data) : size;
	struct keyword_hits hits = { .count = 0 };
	struct keywordtext *text;
	struct keywordset *set;

	if (size > 200000)
		return 0;
	set = load(data, list_bytes, size & 1);
	if (!set)
		return 0;
	text = keywordset_text(set);
	if (end)
		(void)keywordset_scan(set, text, span_of((const char *)end + 1,
							 size - list_bytes - 1),
				      1, &hits);
	for (guint i = 0; i < hits.count; i++)
		find_itself(set, text, hits.phrases[i]);
	BUG_IF(hits.count > keywordset_phrases(set, 0));
	keywordtext_free(text);
	keywordset_free(set);
	return 0;
}
