#include <config.h>

#include "message/orgdomain.h"

#include <errno.h>
#include <libpsl.h>
#include <string.h>

struct orgdomain_settings {
	char *file;			/* "": the system's, or libpsl's own */
	psl_ctx_t *list;
};

static const struct setting rows[] = {
	SETTING_TEXT(struct orgdomain_settings, file,
		"dmarc.suffix_list", .preset_text = "",
		.help = "A public suffix list, as publicsuffix.org has it, "
			"to find organisational domains by. It is read anew "
			"when it changes. Empty: the system's (Debian package "
			"publicsuffix), or the one that libpsl was built "
			"with."),
};

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct orgdomain_settings *mine = values;

	if (!*mine->file) {
		mine->list = psl_latest(NULL);
		BUG_IF(!mine->list);
		return true;
	}
	settings_watch(settings, mine->file);
	mine->list = psl_load_file(mine->file);
	if (mine->list && psl_suffix_count(mine->list) > 0)
		return true;
	return settings_fail(settings, "dmarc.suffix_list", error,
			     "%s: no public suffix list%s%s", mine->file,
			     errno ? ": " : "", errno ? g_strerror(errno) :
							"");
}

static void release(void *values)
{
	struct orgdomain_settings *mine = values;

	psl_free(mine->list);
}

const struct setting_group orgdomain_group = {
	.size = sizeof(struct orgdomain_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

static const psl_ctx_t *list_of(const struct settings *settings)
{
	return ((const struct orgdomain_settings *)
		settings_values(settings, &orgdomain_group))->list;
}

const char *orgdomain_of(const struct settings *settings, const char *domain)
{
	const char *found = psl_registrable_domain(list_of(settings), domain);

	return found ? found : domain;
}

bool orgdomain_is_suffix(const struct settings *settings, const char *domain)
{
	return psl_is_public_suffix(list_of(settings), domain);
}

bool orgdomain_is_known(const struct settings *settings, const char *suffix)
{
	return psl_is_public_suffix2(list_of(settings), suffix,
				     PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}

bool orgdomain_is_same(const struct settings *settings, const char *a,
		       const char *b)
{
	return strcmp(orgdomain_of(settings, a), orgdomain_of(settings, b)) ==
	       0;
}
