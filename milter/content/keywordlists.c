#include <config.h>

#include "content/keywordlists.h"

#include "content/keywordset.h"
#include "content/rulefiles.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>

#define LISTS_MAX 1000
#define CATEGORY_MAX 40

/* A set and what it was made of. */
struct shared_keywords {
	int refs;
	char *signature;
	struct keywordset *set;
};

struct keyword_section {
	GPtrArray *globs;
	char *category;
	double score;
	unsigned action;		/* in action_words */
	bool keeps_original;
};

struct keyword_settings {
	bool is_simplified;
	GPtrArray *sections;		/* of struct setting_section * */

	/* Made from the above. */
	GArray *lists;			/* of struct keyword_list */
	GPtrArray *files;		/* of GPtrArray * of names, by list */
	char *signature;		/* names, sizes and times of
					 * the files */
	struct shared_keywords **shared;	/* *shared NULL: not read yet */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *all_shared;		/* of struct shared_keywords
					 * *, in use */

static const char *const action_words[] = {
	"none", "accept", "tag", "quarantine", "reject", NULL,
};
static const enum action actions[] = {
	ACTION_NONE, ACTION_ACCEPT, ACTION_TAG, ACTION_QUARANTINE,
	ACTION_REJECT,
};

static const struct setting section_rows[] = {
	SETTING_LIST(struct keyword_section, globs, "files",
		.preset_text = "",
		.help = "Files of one phrase a line, in UTF-8; names may have "
			"* and ?. Empty lines and those that begin with # are "
			"passed over. They are read anew with the settings "
			"and when they change."),
	SETTING_TEXT(struct keyword_section, category, "category",
		.preset_text = "",
		.help = "What the finding is called: KEYWORD_ and this in "
			"capitals. Empty: the list's name."),
	SETTING_SCORE(struct keyword_section, score, "score",
		.preset_score = 1.0, .min_score = -1000, .max_score = 1000,
		.help = "Score when any of the phrases is found; once, however "
			"many are."),
	SETTING_WORD(struct keyword_section, action, "action",
		.preset = 0, .words = action_words,
		.help = "What a phrase demands whatever the score: none, "
			"accept, tag, quarantine or reject."),
	SETTING_BOOL(struct keyword_section, keeps_original, "evidence",
		.preset = false,
		.help = "Keep the original of each message with one of the "
			"phrases, whatever becomes of it: reevectl evidence."),
};

static const struct setting_section_type section_type = {
	.size = sizeof(struct keyword_section),
	.rows = section_rows,
	.row_count = G_N_ELEMENTS(section_rows),
};

static const struct setting rows[] = {
	SETTING_BOOL(struct keyword_settings, is_simplified,
		"keywords.simplify", .preset = true,
		.help = "Take traditional Chinese characters for the "
			"simplified ones, in lists and in mail."),
	SETTING_SECTIONS(struct keyword_settings, sections, "keywords.lists",
		.section = &section_type,
		.help = "Keyword lists, a named section each: lists { pills { "
			"files = [\"/etc/mailreeve/keywords/pills.txt\"]; "
			"score = 4; } }. What counts as found is told in "
			"mailreeve(8)."),
};

static bool make_symbol(const char *category, GString *out)
{
	g_string_assign(out, "KEYWORD_");
	for (const char *c = category; *c; c++) {
		if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_')
			return false;
		g_string_append_c(out, *c == '-' ? '_' : g_ascii_toupper(*c));
	}
	return *category && strlen(category) <= CATEGORY_MAX;
}

static void sign(GString *out, const char *file)
{
	GStatBuf facts = { .st_size = -1 };

	(void)g_stat(file, &facts);
	g_string_append_printf(out, "%s %" G_GINT64_FORMAT ".%ld %"
			       G_GINT64_FORMAT " %" G_GUINT64_FORMAT "\n", file,
			       (gint64)facts.st_mtim.tv_sec,
			       facts.st_mtim.tv_nsec, (gint64)facts.st_size,
			       (guint64)facts.st_ino);
}

static bool prepare_list(struct keyword_settings *mine,
			 const struct setting_section *section,
			 struct settings *settings, GString *signature,
			 GError **error)
{
	const struct keyword_section *values = section->values;
	const char *category = *values->category ? values->category :
						   section->name;
	g_autoptr(GString) symbol = g_string_new(NULL);
	g_autoptr(GError) why = NULL;
	struct keyword_list list = {
		section->name, NULL, values->score, actions[values->action],
		values->keeps_original,
	};
	GPtrArray *files;

	if (!make_symbol(category, symbol))
		return settings_fail(settings, "keywords.lists", error,
			"%s: the category \"%s\" is not one to "
			G_STRINGIFY(CATEGORY_MAX) " letters, digits, - and _",
			section->name, category);
	files = rulefiles_expand(values->globs, &why);
	if (!files)
		return settings_fail(settings, "keywords.lists", error,
				     "%s: %s", section->name, why->message);
	g_ptr_array_add(mine->files, files);
	list.symbol = g_intern_string(symbol->str);
	g_array_append_val(mine->lists, list);
	for (guint i = 0; i < files->len; i++) {
		settings_watch(settings, g_ptr_array_index(files, i));
		sign(signature, g_ptr_array_index(files, i));
	}
	g_string_append_c(signature, '\n');
	return true;
}

static void free_files(void *files)
{
	g_ptr_array_unref(files);
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct keyword_settings *mine = values;
	g_autoptr(GString) signature = g_string_new(NULL);

	mine->shared = g_new0(struct shared_keywords *, 1);
	mine->lists = g_array_new(FALSE, FALSE, sizeof(struct keyword_list));
	mine->files = g_ptr_array_new_with_free_func(free_files);
	if (mine->sections->len > LISTS_MAX)
		return settings_fail(settings, "keywords.lists", error,
				     "more than " G_STRINGIFY(LISTS_MAX));
	g_string_append_printf(signature, "%d\n", mine->is_simplified);
	for (guint i = 0; i < mine->sections->len; i++)
		if (!prepare_list(mine, g_ptr_array_index(mine->sections, i),
				  settings, signature, error))
			return false;
	mine->signature = g_strdup(signature->str);
	return true;
}

static void drop_shared(struct shared_keywords *shared)
{
	bool is_last;

	pthread_mutex_lock(&lock);
	is_last = --shared->refs == 0;
	if (is_last)
		g_ptr_array_remove_fast(all_shared, shared);
	pthread_mutex_unlock(&lock);
	if (!is_last)
		return;
	keywordset_free(shared->set);
	g_free(shared->signature);
	g_free(shared);
}

static void release(void *values)
{
	struct keyword_settings *mine = values;

	if (mine->shared && *mine->shared)
		drop_shared(*mine->shared);
	g_free(mine->shared);
	g_free(mine->signature);
	if (mine->lists)
		g_array_unref(mine->lists);
	if (mine->files)
		g_ptr_array_unref(mine->files);
}

const struct setting_group keywordlists_group = {
	.size = sizeof(struct keyword_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const GArray *keywordlists_all(const struct settings *settings)
{
	const struct keyword_settings *mine = settings_values(
		settings, &keywordlists_group);

	return mine->lists;
}

/* The lock is held. */
static struct shared_keywords *find_shared(const char *signature)
{
	for (guint i = 0; all_shared && i < all_shared->len; i++) {
		struct shared_keywords *shared = g_ptr_array_index(all_shared,
								   i);

		if (strcmp(shared->signature, signature) == 0) {
			shared->refs++;
			return shared;
		}
	}
	return NULL;
}

/* The lock is held. */
static struct shared_keywords *read_shared(const struct keyword_settings *mine,
					   GError **error)
{
	struct keywordset *set = keywordset_load(
		mine->files, mine->is_simplified, error);
	struct shared_keywords *shared;

	if (!set)
		return NULL;
	shared = g_new0(struct shared_keywords, 1);
	shared->refs = 1;
	shared->signature = g_strdup(mine->signature);
	shared->set = set;
	if (!all_shared)
		all_shared = g_ptr_array_new();
	g_ptr_array_add(all_shared, shared);
	return shared;
}

/* The lock is only for those whose lists are not there yet: messages under way
 * have theirs, and do not wait while a reload reads others. */
const struct keywordset *keywordlists_of(const struct settings *settings,
					 GError **error)
{
	const struct keyword_settings *mine = settings_values(
		settings, &keywordlists_group);
	struct shared_keywords *shared = g_atomic_pointer_get(mine->shared);

	if (shared)
		return shared->set;
	pthread_mutex_lock(&lock);
	shared = g_atomic_pointer_get(mine->shared);
	if (!shared)
		shared = find_shared(mine->signature);
	if (!shared)
		shared = read_shared(mine, error);
	g_atomic_pointer_set(mine->shared, shared);
	pthread_mutex_unlock(&lock);
	return shared ? shared->set : NULL;
}
