#include <config.h>

#include "admin/reportsend.h"

#include "admin/outfile.h"
#include "store/evidencesettings.h"

#include <sysexits.h>

bool reportsend_is_mail(const struct reportsend *send)
{
	return send->to != NULL;
}

bool reportsend_is_sent(const struct reportsend *send)
{
	return send->to && !send->is_dry;
}

int reportsend_open(struct reportsend *send, const struct command *self,
		    bool is_bytes)
{
	for (size_t i = 0; send->to && send->to[i]; i++)
		if (!reportmail_is_address(send->to[i]))
			return admin_fail(self, EX_USAGE, "--to: that is no "
				"address; write abuse@example.net");
	if (send->is_dry && !send->to)
		return admin_fail(self, EX_USAGE, "--dry-run shows what --to "
				  "would send");
	if (reportsend_is_sent(send))
		return send->output ? admin_fail(self, EX_USAGE, "--to or "
			"-o, one of them; or --dry-run") : EX_OK;
	return is_bytes && !send->to ?
	       outfile_open_bytes(self, send->output, &send->fd) :
	       outfile_open(self, send->output, &send->fd);
}

int reportsend_mail(struct reportsend *send, const struct admin *admin,
		    const struct command *self, const GByteArray *mail)
{
	g_autoptr(GError) why = NULL;

	if (!reportsend_is_sent(send))
		return outfile_write(self, send->fd, mail->data, mail->len);
	if (mail->len > REPORTSEND_BYTES_MAX)
		return admin_fail(self, EX_DATAERR, "the mail would have %u "
			"bytes, which few take: write it with -o", mail->len);
	if (reportmail_send(mail,
			    evidence_settings_of(admin->settings)->sendmail,
			    report_settings_of(admin->settings),
			    (const char *const *)send->to, &why))
		return EX_OK;
	return admin_fail(self, EX_TEMPFAIL, "%s; it is not sent (see "
			  "evidence.sendmail)", why->message);
}

char *reportsend_where(const struct reportsend *send)
{
	return reportsend_is_sent(send) ? g_strjoinv(", ", send->to) :
					  g_strdup("");
}

int reportsend_release(struct reportsend *send, const struct command *self,
		       int status)
{
	status = outfile_close(self, send->output, send->fd, status);
	send->fd = -1;
	g_clear_pointer(&send->to, g_strfreev);
	g_clear_pointer(&send->output, g_free);
	return status;
}
