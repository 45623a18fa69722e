/*
 * alike.c - reads names of files with a message each from standard input, and
 * prints the places (from 0) of each two that are alike, and how many marks
 * they share. For t/flow/61-likeness.t.
 */
#include <config.h>

#include "bulk/fingerprint.h"
#include "catalog.h"
#include "message/rawmessage.h"

#include <stdio.h>
#include <string.h>

static struct fingerprint read_one(const struct settings *settings,
				   const char *file)
{
	static const struct session_facts session = { .messages = 0 };
	struct transaction tx;
	struct fingerprint print;
	g_autofree char *text = NULL;
	gsize len;

	BUG_IF(!g_file_get_contents(file, &text, &len, NULL));
	transaction_init(&tx, settings, &session);
	rawmessage_take(&tx, span_of(text, len));
	print = fingerprint_of_text(&tx);
	transaction_release(&tx);
	return print;
}

int main(void)
{
	struct settings *settings = settings_parse("alike", span_text(""),
						   catalog, NULL);
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE,
					    sizeof(struct fingerprint));
	char line[4096];

	BUG_IF(!settings);
	while (fgets(line, sizeof line, stdin)) {
		struct fingerprint one;

		line[strcspn(line, "\n")] = '\0';
		one = read_one(settings, line);
		g_array_append_val(all, one);
	}
	for (guint i = 0; i < all->len; i++)
		for (guint k = i + 1; k < all->len; k++) {
			const struct fingerprint *a = &g_array_index(
				all, struct fingerprint, i);
			const struct fingerprint *b = &g_array_index(
				all, struct fingerprint, k);

			if (fingerprint_likeness(a, b))
				printf("%u %u %u %u %u\n", i, k,
				       fingerprint_shared(a, b), a->count,
				       b->count);
		}
	settings_unref(settings);
	return 0;
}
