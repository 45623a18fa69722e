#include <config.h>

#include "cases/listfiles.h"

#include "alert/alertways.h"
#include "alert/outbox.h"
#include "base/clock.h"
#include "base/log.h"
#include "cases/listexport.h"
#include "store/wholefile.h"

#include <string.h>

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define AGAIN_US INT64_C(60000000)
#define EACH_US INT64_C(60000000)	/* what expires changes nothing
					 * on disk */

static const char *const state_words[] = {
	"suspended", "watched", "warned", NULL,
};
static const enum case_state states[] = {
	CASE_STATE_SUSPENDED, CASE_STATE_WATCHED, CASE_STATE_WARNED,
};
static const char *const format_words[] = {
	"plain", "postfix", "nftables", "radius", NULL,
};

struct list_file {
	unsigned state, format;		/* of the words above */
	char *kind, *path, *hook;
	int64_t hook_ms;
	struct listexport what;
};

struct listfiles_settings {
	GPtrArray *sections;
};

static const struct setting file_rows[] = {
	SETTING_WORD(struct list_file, state, "list",
		.words = state_words, .preset = 0,
		.help = "Which one: suspended, watched or warned."),
	SETTING_WORD(struct list_file, format, "format",
		.words = format_words, .preset = LISTEXPORT_PLAIN,
		.help = "plain, postfix, nftables or radius, as reevectl list "
			"export has them."),
	SETTING_TEXT(struct list_file, kind, "kind", .preset_text = "",
		.help = "Only these: address, network, account, sender, domain "
			"or customer. Not given: all that the format can "
			"have."),
	SETTING_TEXT(struct list_file, path, "file", .preset_text = "",
		.help = "The file, in a folder where the daemon may write: "
			"/run/mailreeve/suspended."),
	SETTING_TEXT(struct list_file, hook, "hook", .preset_text = "",
		.help = "A program that is run after a change, and when the "
			"daemon has begun, as the daemon's user, the file's "
			"name on its standard input. Quoted as in a shell, but "
			"none runs."),
	SETTING_TIME_MS(struct list_file, hook_ms, "timeout",
		.preset = 30000, .min = 100, .max = 600000,
		.help = "How long the hook may take. When it fails, it is tried "
			"again some times."),
};

static const struct setting_section_type file_type = {
	.size = sizeof(struct list_file),
	.rows = file_rows,
	.row_count = G_N_ELEMENTS(file_rows),
};

static const struct setting rows[] = {
	SETTING_SECTIONS(struct listfiles_settings, sections, "lists.exports",
		.section = &file_type,
		.help = "Lists that the daemon keeps in files for other "
			"programs, a named section each: exports { mta { list "
			"= suspended; format = postfix; file = "
			"\"/run/mailreeve/suspended\"; } }. Each is replaced "
			"at once within a second of a change, by a case or by "
			"reevectl."),
};

static bool prepare_file(struct list_file *file, const char *name,
			 const struct settings *settings, GError **error)
{
	g_autoptr(GError) why = NULL;
	const char *wrong;

	file->what = (struct listexport){
		states[file->state], (enum listexport_format)file->format, 0 };
	if (*file->kind && (!list_kind_parse(span_text(file->kind),
					     &file->what.kind) ||
			    file->what.kind == LIST_FINGERPRINT))
		return settings_fail(settings, "lists.exports", error, "%s: "
			"kind: \"%s\": the kinds are address, network, "
			"account, sender, domain and customer", name,
			file->kind);
	wrong = listexport_refuse(&file->what);
	if (wrong)
		return settings_fail(settings, "lists.exports", error,
				     "%s: %s", name, wrong);
	if (!g_path_is_absolute(file->path))
		return settings_fail(settings, "lists.exports", error,
			"%s: file: \"%s\": a whole path is needed, as "
			"/run/mailreeve/suspended", name, file->path);
	if (*file->hook && !g_shell_parse_argv(file->hook, NULL, NULL, &why))
		return settings_fail(settings, "lists.exports", error,
				     "%s: hook: %s", name, why->message);
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct listfiles_settings *mine = values;
	g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash,
						       g_str_equal);

	for (guint i = 0; i < mine->sections->len; i++) {
		const struct setting_section *section = g_ptr_array_index(
			mine->sections, i);
		struct list_file *file = section->values;

		if (!prepare_file(file, section->name, settings, error))
			return false;
		if (!g_hash_table_add(paths, file->path))
			return settings_fail(settings, "lists.exports", error,
				"%s: file: another has %s", section->name,
				file->path);
	}
	return true;
}

const struct setting_group listfiles_group = {
	.size = sizeof(struct listfiles_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

/* What the timer remembers of a path. */
struct seen {
	uint64_t mark;			/* of the state, when it was right */
	int64_t when_us;		/* it was looked at, or failed */
	bool is_right;
};

static GHashTable *all_seen;		/* path -> struct seen * */

struct hook {
	char *command, *input;
	int64_t limit_ms;
};

static bool run_hook(void *context, const atomic_bool *is_cancelled,
		     GError **error)
{
	const struct hook *hook = context;

	(void)is_cancelled;
	return alertways_run(hook->command, hook->input, hook->limit_ms,
			     error);
}

static void free_hook(void *context)
{
	struct hook *hook = context;

	g_free(hook->command);
	g_free(hook->input);
	g_free(hook);
}

static void put_hook(const struct list_file *file)
{
	struct hook *hook;

	if (!*file->hook)
		return;
	hook = g_new(struct hook, 1);
	*hook = (struct hook){ g_strdup(file->hook),
			       g_strconcat(file->path, "\n", NULL),
			       file->hook_ms };
	outbox_put(&(struct outbox_job){
		"hook", g_strconcat(file->path, "\n", file->hook, NULL),
		run_hook, free_hook, hook });
}

static bool is_same(const char *path, const GString *text)
{
	g_autofree char *bytes = NULL;
	size_t len;

	return wholefile_read(path, FILE_MAX_BYTES, &bytes, &len, NULL) &&
	       len == text->len && memcmp(bytes, text->str, len) == 0;
}

/* At the first look the hook runs for what is right already, too: the last one
 * may have been lost with the daemon, or what it filled with the machine. */
static bool write_file(struct state *state, const struct list_file *file,
		       bool is_first, GError **error)
{
	GString *text = listexport_text(state, &file->what, clock_now_us(),
					error);
	bool is_written = false, is_good;

	if (!text)
		return false;
	is_good = is_same(file->path, text);
	if (!is_good)
		is_good = is_written = wholefile_write(file->path,
			span_string(text), 0644, error);
	g_string_free(text, TRUE);
	if (is_written)
		log_event(NULL, LOG_NOTICE, "list_exported", "file=%s",
			  file->path);
	if (is_written || (is_good && is_first))
		put_hook(file);
	return is_good;
}

static struct seen *seen_of(const char *path)
{
	struct seen *seen;

	if (!all_seen)
		all_seen = g_hash_table_new_full(g_str_hash, g_str_equal,
						 g_free, g_free);
	seen = g_hash_table_lookup(all_seen, path);
	if (!seen) {
		seen = g_new0(struct seen, 1);
		g_hash_table_insert(all_seen, g_strdup(path), seen);
	}
	return seen;
}

static bool is_to_be_looked_at(const struct seen *seen, uint64_t mark)
{
	int64_t passed_us = clock_monotonic_us() - seen->when_us;

	if (!seen->when_us)
		return true;
	return seen->is_right ? seen->mark != mark || passed_us >= EACH_US :
				passed_us >= AGAIN_US;
}

static void keep(struct state *state, const struct list_file *file,
		 uint64_t mark)
{
	struct seen *seen = seen_of(file->path);
	g_autoptr(GError) why = NULL;

	if (!is_to_be_looked_at(seen, mark))
		return;
	seen->is_right = write_file(state, file, !seen->when_us, &why);
	seen->mark = mark;
	seen->when_us = clock_monotonic_us();
	if (!seen->is_right)
		log_event(NULL, LOG_ERR, "list_not_exported", "file=%s "
			  "why=\"%s\" is its folder the daemon's to write in?",
			  file->path, why->message);
}

void listfiles_run(struct state *state, const struct settings *settings)
{
	const struct listfiles_settings *mine = settings_values(
		settings, &listfiles_group);
	uint64_t mark;

	if (!mine->sections->len)
		return;
	mark = state_mark(state);
	for (guint i = 0; i < mine->sections->len; i++) {
		const struct setting_section *section = g_ptr_array_index(
			mine->sections, i);

		keep(state, section->values, mark);
	}
}
