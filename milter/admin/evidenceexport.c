#include <config.h>

#include "admin/evidenceexport.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/evidencefind.h"
#include "admin/evidenceproof.h"
#include "admin/evidencezip.h"
#include "admin/recordjson.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

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

static bool add(const struct exporting *on, const char *folder,
		const char *name, struct span bytes, int64_t time_us,
		GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return evidencezip_add(on->zip, path, bytes, time_us, error);
}

/* Takes the object. */
static bool add_json(const struct exporting *on, const char *folder,
		     const char *name, json_t *object, int64_t time_us,
		     GError **error)
{
	char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
	bool is_done = text && add(on, folder, name, span_text(text), time_us, error);

	free(text);
	json_decref(object);
	return is_done;
}

static int add_folder(const struct exporting *on,
		      const struct evidencefind_item *item,
		      const GByteArray *original)
{
	const Reeve__Record *record = item->hit->record;
	int64_t time_us = recordview_ended_us(record);
	g_autofree char *readme = evidenceproof_readme(item);
	g_autoptr(GError) why = NULL;
	char id[RECORD_ID_SIZE];

	recordview_id(record, id);
	if (add(on, id, "README.txt", span_text(readme), time_us, &why) &&
	    add(on, id, "original.eml", span_of((const char *)original->data,
						original->len), time_us,
		&why) &&
	    add_json(on, id, "facts.json", recordjson_record(
			record, item->hit->sequence), time_us, &why) &&
	    add_json(on, id, "proof.json", evidenceproof_object(
			admin_records_from(on->admin), item, &why), time_us,
		     &why))
		return EX_OK;
	return fail_write(on, why->message);
}

static int write_all(const struct exporting *on, const GByteArray *bytes)
{
	for (guint at = 0; at < bytes->len;) {
		ssize_t done = write(on->fd, bytes->data + at,
				     bytes->len - at);

		if (done < 0 && errno != EINTR)
			return fail_write(on, g_strerror(errno));
		at += done > 0 ? (guint)done : 0;
	}
	return EX_OK;
}

static int export_one(const struct evidencefind_item *item, void *context)
{
	const struct exporting *on = context;
	g_autoptr(GByteArray) original = evidencefind_read(on->admin, on->self,
							   item);

	if (!original)
		return EX_DATAERR;
	return on->zip ? add_folder(on, item, original) :
			 write_all(on, original);
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

/* As the caller, before root becomes the state's owner. A stranger's bytes go to no
 * terminal, and over no file that is there. */
static int open_output(const struct command *self, const char *path,
		       int *fd_out)
{
	*fd_out = STDOUT_FILENO;
	if (path)
		*fd_out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			       0600);
	if (*fd_out < 0)
		return admin_fail(self, EX_CANTCREAT, "%s: %s", path,
				  g_strerror(errno));
	if (!path && isatty(STDOUT_FILENO))
		return admin_fail(self, EX_USAGE, "a message is not for a "
				  "terminal: give a file with -o");
	return EX_OK;
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

static int close_output(const struct command *self, int fd, int status)
{
	if (fd == STDOUT_FILENO || fd < 0)
		return status;
	if (fsync(fd) != 0 && errno != EINVAL && status == EX_OK)
		status = admin_fail(self, EX_IOERR, "%s", g_strerror(errno));
	close(fd);
	return status;
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
		status = open_output(self, output, &on.fd);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status == EX_OK)
		status = export_all(&on, is_zip, argv + 1);
	if (status != EX_OK && output && on.fd >= 0)
		unlink(output);
	return close_output(self, on.fd, status);
}
