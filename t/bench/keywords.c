/*
 * keywords.c - what keyword lists of 10 and of 100,000 phrases
 * cost, in one run:
 *
 *	keywords [FILE...]
 *
 * Texts are the files, or made up, Latin and Chinese. Phrases are pieces of
 * other text in the same words (of the first half of the files, while the
 * second is looked at) with an end that no text has: many are nearly found and
 * none is. The two sets take turns. Prints the medians, and the ratio; for
 * files, taken as messages, also those of the whole check, MIME, charsets and
 * HTML with it.
 */
#include <config.h>

#include "catalog.h"
#include "content/keywordcheck.h"
#include "content/keywordlists.h"
#include "content/keywordset.h"
#include "message/rawmessage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 100000
#define FEW 10
#define ROUNDS 41
#define TEXT_BYTES (2 << 20)

/* Made-up words, the first more often than those behind them. */
static void add_word(GRand *random, GString *to)
{
	static const char *const parts[] = {
		"ba", "con", "de", "er", "fo", "ing", "la", "me", "nor", "per",
		"re", "sta", "ter", "ti", "un", "ve",
	};
	double pick = g_rand_double(random);
	guint word = (guint)(20000 * pick * pick * pick);

	for (; word; word /= 16)
		g_string_append(to, parts[word % 16]);
	g_string_append(to, "s");
}

static void add_han(GRand *random, GString *to)
{
	double pick = g_rand_double(random);

	g_string_append_unichar(to, 0x4e00 + (gunichar)(3000 * pick * pick));
}

static void add_unit(GRand *random, GString *to, bool is_han)
{
	if (is_han)
		add_han(random, to);
	else
		add_word(random, to);
	if (!is_han || g_rand_int_range(random, 0, 8) == 0)
		g_string_append_c(to, ' ');
}

static GString *make_text(bool is_han, guint32 seed)
{
	GRand *random = g_rand_new_with_seed(seed);
	GString *text = g_string_new(NULL);

	while (text->len < TEXT_BYTES)
		add_unit(random, text, is_han);
	g_rand_free(random);
	return text;
}

static GString *read_texts(int count, char **names)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < count; i++) {
		g_autofree char *one = NULL;
		gsize len;

		if (!g_file_get_contents(names[i], &one, &len, NULL)) {
			fprintf(stderr, "%s: cannot be read\n", names[i]);
			exit(EXIT_FAILURE);
		}
		g_autofree char *valid = g_utf8_make_valid(one, (gssize)len);

		g_string_append(text, valid);
	}
	return text;
}

/* A piece of the text from a blank or a character on, and what no text has. */
static void add_phrase(GRand *random, const GString *text, GString *to)
{
	const char *at = text->str + g_rand_int_range(random, 0,
						      (int)text->len - 100);
	const char *end;

	while (*at && *at != ' ' && !(*at & 0x80))
		at++;
	while ((*at & 0xc0) == 0x80)
		at++;
	at += strspn(at, " ");
	end = at + g_rand_int_range(random, 3, 20);
	while ((*end & 0xc0) == 0x80)
		end++;
	for (; at < end; at++)
		g_string_append_c(to, (unsigned char)*at < ' ' ? ' ' : *at);
	g_string_append(to, "\xe9\xbe\x98qzx\n");
}

/* A file of phrases; its name is to be removed and freed. */
static char *make_list(const GString *text, int phrases)
{
	char *name = g_strdup_printf("/tmp/keywords-%d-%d.txt", (int)getpid(),
				     phrases);
	g_autoptr(GString) out = g_string_new(NULL);
	GRand *random = g_rand_new_with_seed(2);

	for (int i = 0; i < phrases; i++)
		add_phrase(random, text, out);
	g_rand_free(random);
	g_file_set_contents(name, out->str, (gssize)out->len, NULL);
	return name;
}

static struct keywordset *make_set(const GString *text, int phrases)
{
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	g_autofree char *name = make_list(text, phrases);
	g_autoptr(GError) why = NULL;
	gint64 began;
	struct keywordset *set;

	g_ptr_array_add(files, name);
	g_ptr_array_add(lists, files);
	began = g_get_monotonic_time();
	set = keywordset_load(lists, true, &why);
	unlink(name);
	if (!set) {
		fprintf(stderr, "%s\n", why->message);
		exit(EXIT_FAILURE);
	}
	printf("  %6u phrases: read in %.1f ms, %.1f MiB\n",
	       keywordset_phrases(set, 0),
	       (double)(g_get_monotonic_time() - began) / 1e3,
	       (double)keywordset_bytes(set) / (1 << 20));
	return set;
}

static double scan(const struct keywordset *set, const GString *text)
{
	struct keywordtext *reader = keywordset_text(set);
	struct keyword_hits hits = { .count = 0 };
	gint64 began = g_get_monotonic_time();

	if (!keywordset_scan(set, reader, span_of(text->str, text->len), 0,
			     &hits))
		fprintf(stderr, "phrases were found: no fair run\n");
	began = g_get_monotonic_time() - began;
	keywordtext_free(reader);
	return (double)began * 1e3 / (double)text->len;
}

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static void compare(const char *what, const GString *text,
		    const GString *other)
{
	struct keywordset *few, *many;
	double times[2][ROUNDS];

	printf("%s, %zu bytes\n", what, text->len);
	few = make_set(other, FEW);
	many = make_set(other, MANY);
	for (int i = 0; i < ROUNDS; i++) {
		times[0][i] = scan(few, text);
		times[1][i] = scan(many, text);
	}
	qsort(times[0], ROUNDS, sizeof(double), by_size);
	qsort(times[1], ROUNDS, sizeof(double), by_size);
	printf("  ns a byte: %.2f with %d, %.2f with %d: ratio %.2f\n",
	       times[0][ROUNDS / 2], FEW, times[1][ROUNDS / 2], MANY,
	       times[1][ROUNDS / 2] / times[0][ROUNDS / 2]);
	keywordset_free(few);
	keywordset_free(many);
}

static struct settings *make_settings(const GString *text, int phrases)
{
	g_autofree char *name = make_list(text, phrases);
	g_autofree char *conf = g_strdup_printf(
		"rules { files = []; }"
		"keywords { lists { some { files = [\"%s\"]; } } }", name);
	g_autoptr(GError) why = NULL;
	struct settings *settings = settings_parse("bench", span_text(conf),
						   catalog, &why);

	if (!settings || !keywordlists_of(settings, &why)) {
		fprintf(stderr, "%s\n", why->message);
		exit(EXIT_FAILURE);
	}
	unlink(name);
	return settings;
}

/* Microseconds a message. */
static double check(const struct settings *settings, const GPtrArray *messages)
{
	static const struct session_facts session = { .messages = 0 };
	gint64 took = 0;

	for (guint i = 0; i < messages->len; i++) {
		const GString *bytes = g_ptr_array_index(messages, i);
		struct transaction tx;
		gint64 began;

		transaction_init(&tx, settings, &session);
		rawmessage_take(&tx, span_of(bytes->str, bytes->len));
		began = g_get_monotonic_time();
		keywordcheck_message(&tx);
		took += g_get_monotonic_time() - began;
		transaction_release(&tx);
	}
	return (double)took / messages->len;
}

static void free_message(void *message)
{
	g_string_free(message, TRUE);
}

static void compare_checks(int count, char **names, const GString *other)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(
		free_message);
	struct settings *few = make_settings(other, FEW);
	struct settings *many = make_settings(other, MANY);
	double times[2][ROUNDS];

	for (int i = 0; i < count; i++)
		g_ptr_array_add(messages, read_texts(1, names + i));
	for (int i = 0; i < ROUNDS; i++) {
		times[0][i] = check(few, messages);
		times[1][i] = check(many, messages);
	}
	qsort(times[0], ROUNDS, sizeof(double), by_size);
	qsort(times[1], ROUNDS, sizeof(double), by_size);
	printf("  us a message: %.1f with %d, %.1f with %d: ratio %.2f\n",
	       times[0][ROUNDS / 2], FEW, times[1][ROUNDS / 2], MANY,
	       times[1][ROUNDS / 2] / times[0][ROUNDS / 2]);
	settings_unref(few);
	settings_unref(many);
}

static void compare_made(const char *what, bool is_han)
{
	g_autoptr(GString) text = make_text(is_han, 1);
	g_autoptr(GString) other = make_text(is_han, 3);

	compare(what, text, other);
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		int half = (argc - 1) / 2;
		g_autoptr(GString) other = read_texts(half, argv + 1);
		g_autoptr(GString) text = read_texts(argc - 1 - half,
						     argv + 1 + half);

		compare("files", text, other);
		compare_checks(argc - 1 - half, argv + 1 + half, other);
		return EXIT_SUCCESS;
	}
	compare_made("Latin", false);
	compare_made("Chinese", true);
	return EXIT_SUCCESS;
}
