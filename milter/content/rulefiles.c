#include <config.h>

#include "content/rulefiles.h"

#include "base/clock.h"
#include "content/filefacts.h"
#include "content/ruleset.h"
#include "settings/global.h"

#include <glob.h>
#include <pthread.h>
#include <string.h>

/* A set and what it was made of. */
struct shared_rules {
	int refs;
	char *signature;
	struct ruleset *set;
	int64_t read_us;
};

struct rulefiles {
	GPtrArray *globs;
	bool is_one_pass;
	int64_t cut_offs_max;

	/* Made from the above. */
	GPtrArray *files;
	char *signature;		/* settings; names, sizes, times
					 * of files */
	struct shared_rules **rules;	/* *rules NULL: not read yet */
};

/* Of what is shared; and of who makes more of it, who takes that one first. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *all_shared;		/* of struct shared_rules *, in use */

static const struct setting rows[] = {
	SETTING_LIST(struct rulefiles, globs, "rules.files",
		.preset_text = SYSCONFDIR "/mailreeve/rules/*.cf",
		.help = "Files of content rules, in SpamAssassin's language; "
			"names may have * and ?. They are read in order, "
			"those of a pattern by name, and read anew with the "
			"settings and when they change."),
	SETTING_COUNT(struct rulefiles, cut_offs_max, "rules.cut_offs",
		.preset = 100, .min = 0, .max = 1000000,
		.help = "How often a rule's pattern may run into PCRE2's "
			"limits, in all messages, before the rule is left out "
			"until the rules are read anew; 0: as often as it "
			"likes. The log's event rule_cut_off names it each "
			"time, rule_left_out at last."),
	SETTING_BOOL(struct rulefiles, is_one_pass, "rules.one_pass",
		.preset = true,
		.help = "Find in one pass over each text, by words that "
			"patterns cannot do without and by Hyperscan, the "
			"rules that may match there; PCRE2 decides. The hits "
			"are the same without, and memory is less; time is "
			"more. What Hyperscan compiled is kept in state_dir."),
};

static GQuark rulefiles_error(void)
{
	return g_quark_from_static_string("rulefiles");
}

GPtrArray *rulefiles_expand(const GPtrArray *globs, GError **error)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < globs->len; i++) {
		const char *pattern = g_ptr_array_index(globs, i);
		glob_t found;
		int result = glob(pattern, 0, NULL, &found);

		for (size_t j = 0; !result && j < found.gl_pathc; j++)
			g_ptr_array_add(files, g_strdup(found.gl_pathv[j]));
		if (!result)
			globfree(&found);
		if (!result || strpbrk(pattern, "*?["))
			continue;
		g_set_error(error, rulefiles_error(), 0,
			    "%s: there is no such file", pattern);
		g_ptr_array_unref(files);
		return NULL;
	}
	return files;
}

static char *sign(const struct rulefiles *mine)
{
	g_autoptr(GString) out = g_string_new(NULL);

	g_string_printf(out, "%d %" G_GINT64_FORMAT "\n", mine->is_one_pass,
			mine->cut_offs_max);
	for (guint i = 0; i < mine->files->len; i++)
		filefacts_add(out, g_ptr_array_index(mine->files, i));
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct rulefiles *mine = values;
	g_autoptr(GError) why = NULL;

	mine->rules = g_new0(struct shared_rules *, 1);
	mine->files = rulefiles_expand(mine->globs, &why);
	if (!mine->files)
		return settings_fail(settings, "rules.files", error, "%s",
				     why->message);
	for (guint i = 0; i < mine->files->len; i++)
		settings_watch(settings, g_ptr_array_index(mine->files, i));
	mine->signature = sign(mine);
	return true;
}

static void drop_shared(struct shared_rules *shared)
{
	pthread_mutex_lock(&lock);
	if (--shared->refs == 0) {
		g_ptr_array_remove_fast(all_shared, shared);
		ruleset_free(shared->set);
		g_free(shared->signature);
		g_free(shared);
	}
	pthread_mutex_unlock(&lock);
}

static void release(void *values)
{
	struct rulefiles *mine = values;

	if (mine->rules && *mine->rules)
		drop_shared(*mine->rules);
	g_free(mine->rules);
	g_free(mine->signature);
	if (mine->files)
		g_ptr_array_unref(mine->files);
}

const struct setting_group rulefiles_group = {
	.size = sizeof(struct rulefiles),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

static bool are_includes_same(const struct ruleset *set)
{
	g_autoptr(GString) now = g_string_new(NULL);

	for (guint i = 0; i < set->includes->len; i++)
		filefacts_add(now, g_ptr_array_index(set->includes, i));
	return g_string_equal(now, set->include_facts);
}

/* The lock is held. */
static struct shared_rules *find_shared(const char *signature)
{
	for (guint i = 0; all_shared && i < all_shared->len; i++) {
		struct shared_rules *shared = g_ptr_array_index(all_shared, i);

		if (strcmp(shared->signature, signature) == 0 &&
		    are_includes_same(shared->set)) {
			shared->refs++;
			return shared;
		}
	}
	return NULL;
}

void rulefiles_filter(const struct settings *settings, struct ruleset *set)
{
	const struct rulefiles *mine = settings_values(settings,
						       &rulefiles_group);
	g_autofree char *cache_dir = g_build_filename(
		global_settings_of(settings)->state_dir, "patterns", NULL);

	if (mine->is_one_pass)
		ruleset_filter(set, cache_dir);
}

static struct shared_rules *read_shared(const struct settings *settings,
					const struct rulefiles *mine,
					GError **error)
{
	struct ruleset *set = ruleset_load(mine->files, error);
	struct shared_rules *shared;

	if (!set)
		return NULL;
	set->cut_offs_max = mine->cut_offs_max;
	rulefiles_filter(settings, set);
	shared = g_new0(struct shared_rules, 1);
	shared->refs = 1;
	shared->signature = g_strdup(mine->signature);
	shared->set = set;
	shared->read_us = clock_now_us();
	return shared;
}

/* What this snapshot has, or another one with the same files. */
static struct shared_rules *get_present(const struct rulefiles *mine)
{
	struct shared_rules *shared;

	pthread_mutex_lock(&lock);
	if (!*mine->rules)
		*mine->rules = find_shared(mine->signature);
	shared = *mine->rules;
	pthread_mutex_unlock(&lock);
	return shared;
}

static void keep(const struct rulefiles *mine, struct shared_rules *shared)
{
	pthread_mutex_lock(&lock);
	if (!all_shared)
		all_shared = g_ptr_array_new();
	g_ptr_array_add(all_shared, shared);
	*mine->rules = shared;
	pthread_mutex_unlock(&lock);
}

/* To compile takes seconds: messages under way, which have
 * theirs, do not wait. */
const struct ruleset *rulefiles_of(const struct settings *settings,
				    GError **error)
{
	const struct rulefiles *mine = settings_values(settings,
							      &rulefiles_group);
	struct shared_rules *shared = get_present(mine);

	if (shared)
		return shared->set;
	pthread_mutex_lock(&reading);
	shared = get_present(mine);
	if (!shared) {
		shared = read_shared(settings, mine, error);
		if (shared)
			keep(mine, shared);
	}
	pthread_mutex_unlock(&reading);
	return shared ? shared->set : NULL;
}

int64_t rulefiles_read_us(const struct settings *settings)
{
	const struct rulefiles *mine = settings_values(settings,
						       &rulefiles_group);
	const struct shared_rules *shared = get_present(mine);

	return shared ? shared->read_us : 0;
}

bool rulefiles_is_one_pass(const struct settings *settings)
{
	const struct rulefiles *mine = settings_values(settings,
						       &rulefiles_group);

	return mine->is_one_pass;
}
