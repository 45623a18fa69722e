#include <config.h>

#include "admin/evidencezip.h"

#include "store/storeerror.h"

#include <archive.h>
#include <archive_entry.h>

struct evidencezip {
	struct archive *archive;
};

static bool fail(struct archive *archive, GError **error)
{
	const char *why = archive_error_string(archive);

	store_error_set_text(error, STORE_ERROR_TEMP, "%s",
			     why ? why : "the ZIP cannot be written");
	return false;
}

struct evidencezip *evidencezip_open(int fd, GError **error)
{
	struct evidencezip *zip = g_new0(struct evidencezip, 1);

	zip->archive = archive_write_new();
	if (archive_write_set_format_zip(zip->archive) == ARCHIVE_OK &&
	    archive_write_set_bytes_in_last_block(zip->archive, 1) ==
	    ARCHIVE_OK &&
	    archive_write_open_fd(zip->archive, fd) == ARCHIVE_OK)
		return zip;
	fail(zip->archive, error);
	archive_write_free(zip->archive);
	g_free(zip);
	return NULL;
}

bool evidencezip_add(struct evidencezip *zip, const char *name,
		     struct span bytes, int64_t time_us, GError **error)
{
	struct archive_entry *entry = archive_entry_new();
	bool is_done;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)bytes.len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0444);
	archive_entry_set_mtime(entry, (time_t)(time_us / G_USEC_PER_SEC), 0);
	is_done = archive_write_header(zip->archive, entry) == ARCHIVE_OK &&
		  archive_write_data(zip->archive, bytes.ptr, bytes.len) ==
		  (la_ssize_t)bytes.len;
	archive_entry_free(entry);
	return is_done || fail(zip->archive, error);
}

bool evidencezip_close(struct evidencezip **zip, GError **error)
{
	struct evidencezip *old = *zip;
	bool is_done;

	*zip = NULL;
	if (!old)
		return true;
	is_done = archive_write_close(old->archive) == ARCHIVE_OK ||
		  fail(old->archive, error);
	archive_write_free(old->archive);
	g_free(old);
	return is_done;
}
