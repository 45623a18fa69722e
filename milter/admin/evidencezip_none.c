#include <config.h>

#include "admin/evidencezip.h"

#include "store/storeerror.h"

struct evidencezip *evidencezip_open(int fd, GError **error)
{
	(void)fd;
	store_error_set_text(error, STORE_ERROR_PERM, "this build has no "
			     "libarchive and makes no ZIP: export as eml");
	return NULL;
}

bool evidencezip_add(struct evidencezip *zip, const char *name,
		     struct span bytes, int64_t time_us, GError **error)
{
	(void)zip;
	(void)name;
	(void)bytes;
	(void)time_us;
	(void)error;
	return false;
}

bool evidencezip_close(struct evidencezip **zip, GError **error)
{
	(void)error;
	*zip = NULL;
	return true;
}
