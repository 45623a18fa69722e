#include <config.h>

#include "admin/evidenceexport.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/evidencefolder.h"
#include "admin/outfile.h"

#include <string.h>
#include <sysexits.h>

struct exporting {
	const struct admin *admin;
	const struct command *self;
	int fd;
	struct evidencezip *zip;	/* NULL: as .eml */
};

static int fail_write(const struct exporting *on, const char *why)
{
	return admin_fail(on->self, EX_IOERR, "not all could be written: %s",
			  why);
}

static int add_folder(const struct exporting *on,
		      const struct evidencefind_item *item,
		      const GByteArray *original)
{
	g_autoptr(GError) why = NULL;
	char id[RECORD_ID_SIZE];

	if (evidencefolder_add(on->zip, recordview_id(item->hit->record, id),
			       admin_records_from(on->admin), item, original,
			       &why))
		return EX_OK;
	return fail_write(on, why->message);
}

static int export_one(const struct evidencefind_item *item, void *context)
{
	const struct exporting *on = context;
	g_autoptr(GByteArray) original = evidencefind_read(on->admin, on->self,
							   item);

	if (!original)
		return EX_DATAERR;
	return on->zip ? add_folder(on, item, original) :
			 outfile_write(on->self, on->fd, original->data,
				       original->len);
}

static int export_all(struct exporting *on, bool is_zip, char **ids)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;

	if (is_zip && !(on->zip = evidencezip_open(on->fd, &why)))
		return admin_fail(on->self, EX_UNAVAILABLE, "%s",
				  why->message);
	for (size_t i = 0; ids[i] && status == EX_OK; i++)
		status = evidencefind_one(on->admin, on->self, ids[i],
					  export_one, on);
	if (!evidencezip_close(&on->zip, &why) && status == EX_OK)
		status = fail_write(on, why->message);
	return status;
}

static int take_format(const struct command *self, const char *format,
		       int ids, bool *is_zip_out)
{
	*is_zip_out = format && g_str_equal(format, "zip");
	if (format && !*is_zip_out && !g_str_equal(format, "eml"))
		return admin_fail(self, EX_USAGE, "--format: eml or zip");
	if (ids < 1 || (ids > 1 && !*is_zip_out))
		return admin_fail(self, EX_USAGE, "one record id is needed; "
				  "several go into a zip only");
	return EX_OK;
}

int evidenceexport_run(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	g_autofree char *format = NULL, *output = NULL, *reason = NULL;
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	const GOptionEntry entries[] = {
		{ "format", 0, 0, G_OPTION_ARG_STRING, &format,
		  "eml (preset): the original alone. zip: with all facts and "
		  "proofs", "WORD" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "A new file, not standard output", "FILE" },
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	struct exporting on = { .admin = admin, .self = self, .fd = -1 };
	int status = admin_parse(self, entries, &argc, &argv);
	bool is_zip = false;

	if (status == EX_OK)
		status = take_format(self, format, argc - 1, &is_zip);
	if (status == EX_OK)
		status = outfile_open_bytes(self, output, &on.fd);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status == EX_OK)
		status = export_all(&on, is_zip, argv + 1);
	return outfile_close(self, output, on.fd, status);
}
