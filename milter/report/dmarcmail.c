#include <config.h>

#include "report/dmarcmail.h"

#include "message/gmimelib.h"
#include "report/dmarcxml.h"
#include "report/reportsettings.h"
#include "store/day.h"
#include "store/digest.h"
#include "store/hex.h"

#include <gmime/gmime.h>
#include <string.h>

#define ADDRESS_HASH_BYTES 4

static void add_from(GString *out, const struct dmarcsettings *settings)
{
	g_autofree char *name = g_mime_utils_header_encode_phrase(
		NULL, settings->org_name, "utf-8");

	g_string_append_printf(out, "From: %s <%s>\n", name ?: "",
			       settings->email);
}

static void add_times(GString *out, const struct dmarcmail *mail,
		      const char *our_domain)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		mail->when_us / G_USEC_PER_SEC);
	g_autofree char *date = g_mime_utils_header_format_date(time);
	uint8_t sha256[DIGEST_SHA256_BYTES];
	char id[DMARC_REPORT_ID_MAX];
	g_autofree char *hex = NULL;

	digest_sha256(span_text(mail->to), sha256);
	hex = hex_format(sha256, ADDRESS_HASH_BYTES);
	g_string_append_printf(out, "Date: %s\nMessage-ID: <%s.%s@%s>\n", date,
		dmarcxml_id(mail->day, mail->domain, id), hex, our_domain);
}

/* On as many lines as it needs: domains may be long. */
static void add_subject(GString *out, const struct dmarcmail *mail,
			const char *our_domain)
{
	char id[DMARC_REPORT_ID_MAX];

	g_string_append_printf(out, "Subject: Report Domain: %s\n"
		" Submitter: %s\n Report-ID: <%s>\n", mail->domain, our_domain,
		dmarcxml_id(mail->day, mail->domain, id));
}

static void add_words(GString *out, const struct dmarcmail *mail,
		      const struct dmarcsettings *settings,
		      const char *boundary)
{
	char day[DAY_TEXT_MAX];
	bool is_ascii = g_str_is_ascii(settings->org_name) &&
			g_str_is_ascii(settings->extra_contact);

	g_string_append_printf(out, "--%s\n"
		"Content-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: %s\n\n"
		"This is a DMARC aggregate report (RFC 7489) for\n%s\n"
		"from %s, of %s (UTC).\n\n"
		"It is in the attachment, and made for programs. Its policy's "
		"rua=\nasks for it.\n", boundary, is_ascii ? "7bit" : "8bit",
		mail->domain, settings->org_name, day_format(mail->day, day));
	if (*settings->extra_contact)
		g_string_append_printf(out, "\nContact: %s\n",
				       settings->extra_contact);
	g_string_append_c(out, '\n');
}

static void add_report(GString *out, const struct dmarcmail *mail,
		       const char *our_domain, const char *boundary)
{
	char name[DMARC_FILE_NAME_MAX];
	char *text = g_malloc((mail->report.len / 3 + 1) * 4 +
			      mail->report.len / 50 + 16);
	int state = 0, save = 0;
	gsize len;

	dmarcxml_file_name(mail->day, mail->domain, our_domain, name);
	g_string_append_printf(out, "--%s\n"
		"Content-Type: application/gzip;\n name=\"%s\"\n"
		"Content-Disposition: attachment;\n filename=\"%s\"\n"
		"Content-Transfer-Encoding: base64\n\n", boundary, name, name);
	len = g_base64_encode_step((const guchar *)mail->report.ptr,
				   mail->report.len, TRUE, text, &state,
				   &save);
	len += g_base64_encode_close(TRUE, text + len, &state, &save);
	g_string_append_len(out, text, (gssize)len);
	g_free(text);
	g_string_append_printf(out, "--%s--\n", boundary);
}

GString *dmarcmail_format(const struct dmarcmail *mail,
			  const struct settings *settings)
{
	const struct dmarcsettings *mine = dmarcsettings_of(settings);
	const char *our_domain = report_settings_of(settings)->domain;
	GString *out = g_string_new(NULL);
	char boundary[DMARC_REPORT_ID_MAX];

	gmimelib_init();
	dmarcxml_id(mail->day, mail->domain, boundary);
	add_from(out, mine);
	g_string_append_printf(out, "To: <%s>\n", mail->to);
	add_subject(out, mail, our_domain);
	add_times(out, mail, our_domain);
	/* RFC 3834: nobody is to answer. */
	g_string_append_printf(out, "Auto-Submitted: auto-generated\n"
		"MIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=\"%s\"\n\n",
		boundary);
	add_words(out, mail, mine, boundary);
	add_report(out, mail, our_domain, boundary);
	return out;
}
