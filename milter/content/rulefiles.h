/* rulefiles.h - rule files, and the rules in force */
#ifndef CONTENT_RULEFILES_H
#define CONTENT_RULEFILES_H

#include "settings/settings.h"

#include <stdint.h>

struct ruleset;

extern const struct setting_group rulefiles_group;

/*
 * The rules of rules.files, read when they are first asked for, since the tools
 * hardly ever need them; whole sets are shared by snapshots whose files are the
 * same. NULL and the error, with file and what to do, when a file cannot be
 * read. They live as long as the settings. Any thread.
 */
const struct ruleset *rulefiles_of(const struct settings *settings,
				    GError **error);
/* When they were read; 0: not yet. Any thread. */
int64_t rulefiles_read_us(const struct settings *settings);
bool rulefiles_is_one_pass(const struct settings *settings);
/* Names of the files that the globs stand for, sorted. Free
 * with g_ptr_array_unref(). NULL and the error: a name without
 * * that is not there. */
GPtrArray *rulefiles_expand(const GPtrArray *globs, GError **error) MUST_USE;

/* Finds by one pass what may match in a set, as the settings have it. */
void rulefiles_filter(const struct settings *settings, struct ruleset *set);

#endif
