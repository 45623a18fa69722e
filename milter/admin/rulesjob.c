#include <config.h>

#include "admin/rulesjob.h"

#include "content/keywordlists.h"
#include "content/rulefiles.h"
#include "content/ruleset.h"

#include <sysexits.h>

GOptionEntry rulesjob_option(struct rulesjob *job)
{
	return (GOptionEntry){
		"rules", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &job->globs,
		"Rule files instead of those of the settings", "GLOB",
	};
}

static int read_own(struct rulesjob *job)
{
	g_autoptr(GPtrArray) globs = g_ptr_array_new(), files = NULL;
	g_autoptr(GError) why = NULL;

	for (char **glob = job->globs; *glob; glob++)
		g_ptr_array_add(globs, *glob);
	files = rulefiles_expand(globs, &why);
	if (files && !files->len)
		return admin_fail(job->self, EX_NOINPUT,
				  "no file fits %s", job->globs[0]);
	if (files)
		job->own = ruleset_load(files, &why);
	if (!job->own)
		return admin_fail(job->self, EX_DATAERR, "%s", why->message);
	if (job->is_matched)
		rulefiles_filter(job->admin->settings, job->own);
	job->set = job->own;
	return EX_OK;
}

int rulesjob_read(struct rulesjob *job)
{
	g_autoptr(GError) why = NULL;
	int status = admin_load(job->admin);

	if (status != EX_OK)
		return status;
	if (job->globs && *job->globs)
		return read_own(job);
	job->set = rulefiles_of(job->admin->settings, &why);
	if (job->set)
		job->keywords = keywordlists_of(job->admin->settings, &why);
	return job->keywords ? EX_OK : admin_fail(job->self, EX_CONFIG, "%s",
					     why->message);
}

void rulesjob_end(struct rulesjob *job)
{
	ruleset_free(job->own);
	g_strfreev(job->globs);
}
