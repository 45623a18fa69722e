#include <config.h>

#include "cases/noticeset.h"

#include "cases/noticeshipped.h"
#include "store/storeerror.h"
#include "store/wholefile.h"

#include <string.h>

#define WORDS_FILE "words.txt"
#define TAG_MAX 35		/* RFC 5646, 4.4.1 */

struct noticeset {
	GPtrArray *languages;		/* of struct notice_language * */
	GHashTable *shipped;		/* name of a file -> its text */
};

static const char *const keys[] = {
	"kind.spam", "kind.open-relay", "kind.forged-sender", "kind.virus",
	"kind.harmful", "kind.attack",
	"about.address", "about.network", "about.account", "about.sender",
	"about.domain", "about.customer",
	"finding.limit", "finding.harvest", "finding.relay",
	"finding.complaint", "finding.virus", "finding.harmful",
	"finding.forged", "finding.other",
	"sample.time", "sample.address", "sample.account", "sample.sender",
	"sample.recipients", "sample.from", "sample.subject", "sample.date",
	"sample.message-id", "sample.queue-id", "sample.record",
	"sample.findings",
	"open", "customer",
};

static bool fail(GError **error, const char *name, unsigned line,
		 const char *what, const char *which)
{
	store_error_set_text(error, STORE_ERROR_INVALID, "%s:%u: %s%s", name,
			     line, what, which);
	return false;
}

static bool is_key(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(word, keys[i]) == 0)
			return true;
	return false;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (g_ascii_iscntrl(*text))
			return false;
	return true;
}

static bool take_word(GHashTable *words, char *line, const char *name,
		      unsigned number, GError **error)
{
	char *equals = strchr(line, '=');
	char *key, *text;

	if (!equals)
		return fail(error, name, number, "write key = text", "");
	*equals = '\0';
	key = g_strstrip(line);
	text = g_strstrip(equals + 1);
	if (!is_key(key))
		return fail(error, name, number, "no such word: ", key);
	if (g_hash_table_contains(words, key))
		return fail(error, name, number, "it is there twice: ", key);
	if (!*text || !is_plain(text) || strlen(text) > NOTICETEXT_LINE_MAX)
		return fail(error, name, number, "empty, too long, or with "
			    "control characters: ", key);
	g_hash_table_insert(words, g_strdup(key), g_strdup(text));
	return true;
}

static bool take_words(GHashTable *words, char **lines, const char *name,
		       GError **error)
{
	unsigned i = 0;

	for (; lines[i]; i++) {
		char *line = g_strstrip(lines[i]);

		if (*line && *line != '#' &&
		    !take_word(words, line, name, i + 1, error))
			return false;
	}
	for (size_t k = 0; k < COUNT_OF(keys); k++)
		if (!g_hash_table_contains(words, keys[k]))
			return fail(error, name, MAX(i, 1), "a word is missing: ",
				    keys[k]);
	return true;
}

GHashTable *noticewords_parse(const char *name, struct span bytes,
			      GError **error)
{
	g_autofree char *copy = NULL;
	g_auto(GStrv) lines = NULL;
	GHashTable *words;

	copy = g_strndup(bytes.len ? bytes.ptr : "", bytes.len);
	if (strlen(copy) != bytes.len || !g_utf8_validate(copy, -1, NULL)) {
		fail(error, name, 1, "it is not in UTF-8", "");
		return NULL;
	}
	words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	lines = g_strsplit(copy, "\n", -1);
	if (take_words(words, lines, name, error))
		return words;
	g_hash_table_unref(words);
	return NULL;
}

static void free_language(void *data)
{
	struct notice_language *language = data;

	for (size_t i = 0; i < NOTICE_KINDS; i++)
		g_clear_pointer(&language->letters[i], noticetext_free);
	g_clear_pointer(&language->words, g_hash_table_unref);
	g_free(language->tag);
	g_free(language);
}

/* A file as the administrator has it, else as it was shipped.
 * NULL with error. */
static char *read_file(const struct noticeset *set, const char *dir,
		       const char *tag, const char *file, char **name_out,
		       size_t *len_out, GError **error)
{
	g_autofree char *name = g_strdup_printf("%s/%s", tag, file);
	const char *shipped = g_hash_table_lookup(set->shipped, name);
	char *text = NULL;

	*name_out = g_build_filename(dir, name, NULL);
	if (*dir && g_file_test(*name_out, G_FILE_TEST_EXISTS))
		return wholefile_read(*name_out, NOTICETEXT_BYTES_MAX, &text,
				      len_out, error) ? text : NULL;
	if (!shipped) {
		store_error_set_text(error, STORE_ERROR_INVALID, "%s: a "
				     "language needs this file as well",
				     *name_out);
		return NULL;
	}
	*len_out = strlen(shipped);
	return g_strdup(shipped);
}

static bool load_letter(const struct noticeset *set, const char *dir,
			struct notice_language *language,
			enum notice_kind kind, GError **error)
{
	g_autofree char *file = g_strdup_printf("%s.txt",
						notice_kind_word(kind));
	g_autofree char *name = NULL, *text = NULL;
	size_t len;

	text = read_file(set, dir, language->tag, file, &name, &len, error);
	if (text)
		language->letters[kind] = noticetext_parse(
			name, span_of(text, len), error);
	return language->letters[kind] != NULL;
}

static bool load_words(const struct noticeset *set, const char *dir,
		       struct notice_language *language, GError **error)
{
	g_autofree char *name = NULL, *text = NULL;
	size_t len;

	text = read_file(set, dir, language->tag, WORDS_FILE, &name, &len,
			 error);
	if (text)
		language->words = noticewords_parse(name, span_of(text, len),
						    error);
	return language->words != NULL;
}

static const struct notice_language *find_tag(const struct noticeset *set,
					      const char *tag, size_t len)
{
	for (guint i = 0; i < set->languages->len; i++) {
		const struct notice_language *one = set->languages->pdata[i];

		if (strlen(one->tag) == len &&
		    g_ascii_strncasecmp(one->tag, tag, len) == 0)
			return one;
	}
	return NULL;
}

static bool load_language(struct noticeset *set, const char *dir,
			  const char *tag, GError **error)
{
	struct notice_language *language;

	if (find_tag(set, tag, strlen(tag)))
		return true;
	language = g_new0(struct notice_language, 1);
	language->tag = g_strdup(tag);
	g_ptr_array_add(set->languages, language);
	for (unsigned kind = 1; kind < NOTICE_KINDS; kind++)
		if (!load_letter(set, dir, language, (enum notice_kind)kind,
				 error))
			return false;
	return load_words(set, dir, language, error);
}

static bool is_tag(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!g_ascii_islower(name[i]) && !g_ascii_isdigit(name[i]) &&
		    name[i] != '-')
			return false;
	return len >= 2 && len <= TAG_MAX;
}

/* Folders whose name is a language, in lower case. */
static bool load_folder(struct noticeset *set, const char *dir, GError **error)
{
	GDir *folder = g_dir_open(dir, 0, error);
	const char *name;
	bool is_good = folder != NULL;

	while (is_good && (name = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (is_tag(name) && g_file_test(path, G_FILE_TEST_IS_DIR))
			is_good = load_language(set, dir, name, error);
	}
	if (folder)
		g_dir_close(folder);
	return is_good;
}

static bool load_shipped(struct noticeset *set, const char *dir,
			 GError **error)
{
	bool is_good = true;

	for (const struct notice_file *file = noticeshipped; file->name; file++)
		g_hash_table_insert(set->shipped, (char *)file->name,
				    (char *)file->text);
	for (const struct notice_file *file = noticeshipped;
	     is_good && file->name; file++) {
		g_autofree char *tag = g_path_get_dirname(file->name);

		is_good = load_language(set, dir, tag, error);
	}
	return is_good;
}

struct noticeset *noticeset_load(const char *dir, GError **error)
{
	struct noticeset *set = g_new0(struct noticeset, 1);

	set->languages = g_ptr_array_new_with_free_func(free_language);
	set->shipped = g_hash_table_new(g_str_hash, g_str_equal);
	if (load_shipped(set, dir, error) &&
	    (!*dir || load_folder(set, dir, error)))
		return set;
	noticeset_free(set);
	return NULL;
}

void noticeset_free(struct noticeset *set)
{
	g_ptr_array_unref(set->languages);
	g_hash_table_unref(set->shipped);
	g_free(set);
}

const struct notice_language *noticeset_find(const struct noticeset *set,
					     const char *tag)
{
	const struct notice_language *whole = find_tag(set, tag, strlen(tag));

	return whole ? whole : find_tag(set, tag, strcspn(tag, "-_"));
}

const char *notice_word(const struct notice_language *language,
			const char *key)
{
	const char *text = g_hash_table_lookup(language->words, key);

	return text ? text : "";
}
