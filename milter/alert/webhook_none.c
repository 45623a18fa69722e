#include <config.h>

#include "alert/webhook.h"

static bool fail(GError **error)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
			    "this Mailreeve was built without libcurl");
	return false;
}

bool webhook_check(const char *url, GError **error)
{
	(void)url;
	return fail(error);
}

bool webhook_post(const struct webhook *to, struct span json, GError **error)
{
	(void)to;
	(void)json;
	return fail(error);
}
