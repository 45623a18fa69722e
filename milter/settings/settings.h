/* settings.h - one snapshot of all settings, read-only, shared by threads */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "base/guard.h"
#include "base/span.h"
#include "settings/setting.h"

struct settings;

/* All errors of this module are bad settings: the caller exits with EX_CONFIG
 * or keeps the snapshot it has. The message is "file:line: key: what". */
#define SETTINGS_ERROR settings_error_quark()
GQuark settings_error_quark(void);

/*
 * The settings of one module. values is a zeroed struct of size bytes that the
 * reader fills from the rows. prepare (may be NULL) then checks what one row
 * cannot, and builds what is looked up while mail runs (sets, tables) in
 * further fields of the same struct; release (may be NULL) frees just those.
 */
struct setting_group {
	size_t size;
	const struct setting *rows;
	size_t row_count;
	bool (*prepare)(void *values, struct settings *settings,
			GError **error);
	void (*release)(void *values);
};

/*
 * Reads a file (libucl's syntax) for the groups, an array that ends with NULL
 * and outlives the snapshot. file NULL, or an empty file: the presets. A key
 * that no row has, a value of the wrong type or out of bounds, a key given
 * twice: NULL and error. settings_parse does the same with a text; name
 * stands for the file in messages.
 */
struct settings *settings_load(const char *file,
			       const struct setting_group *const *groups,
			       GError **error) MUST_USE;
struct settings *settings_parse(const char *name, struct span text,
				const struct setting_group *const *groups,
				GError **error) MUST_USE;

/* The same text as old's, prepared anew: for when a watched file changed. */
struct settings *settings_refresh(const struct settings *old, GError **error)
	MUST_USE;

/* Any thread. The last unref releases. */
struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings);

/* Those it was loaded for, ending with NULL. */
const struct setting_group *const *settings_groups(
	const struct settings *settings);
/* The struct of a group; BUG_IF the group was not among those loaded. */
const void *settings_values(const struct settings *settings,
			    const struct setting_group *group);

/* For prepare(): a data file that the group read. */
void settings_watch(struct settings *settings, const char *path);
/* Whether a watched file has another time, size or inode now, came or went. */
bool settings_is_stale(const struct settings *settings);

/* For prepare(): false, with error "file:line: key: ..." for a row's value. */
bool settings_fail(const struct settings *settings, const char *name,
		   GError **error, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Names of the APPLY_START rows whose values differ; free with
 * g_ptr_array_unref(). */
GPtrArray *settings_changed_start(const struct settings *a,
				  const struct settings *b) MUST_USE;

/* Every setting with its value, as text that settings_load() reads again. */
char *settings_format(const struct settings *settings) MUST_USE;
/* The rows as the settings part of mailreeve.conf(5), in man(7) macros. */
char *settings_format_manual(const struct setting_group *const *groups)
	MUST_USE;

#endif
