#include <config.h>

#include "report/dmarcxml.h"

#include "store/day.h"
#include "store/digest.h"
#include "store/hex.h"

#include <gio/gio.h>
#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <string.h>

#define ID_BYTES 8
#define GZIP_LEVEL 9
#define PACKED_AT_ONCE 16384

const char *dmarcxml_id(int64_t day, const char *domain, char *out)
{
	g_autofree char *hashed = g_strdup_printf("%" PRId64 " %s", day,
						  domain);
	uint8_t sha256[DIGEST_SHA256_BYTES];
	char text[DAY_TEXT_MAX];
	g_autofree char *hex = NULL;

	digest_sha256(span_text(hashed), sha256);
	hex = hex_format(sha256, ID_BYTES);
	snprintf(out, DMARC_REPORT_ID_MAX, "%s.%s", day_format(day, text), hex);
	return out;
}

static int64_t begin_of(int64_t day)
{
	return day_begin_us(day) / G_USEC_PER_SEC;
}

static int64_t end_of(int64_t day)
{
	return begin_of(day + 1) - 1;
}

const char *dmarcxml_file_name(int64_t day, const char *domain,
			       const char *our_domain, char *out)
{
	snprintf(out, DMARC_FILE_NAME_MAX, "%.253s!%.253s!%" PRId64 "!%" PRId64
		 ".xml.gz", our_domain, domain, begin_of(day), end_of(day));
	return out;
}

static const xmlChar *x(const char *text)
{
	return (const xmlChar *)text;
}

static void begin(xmlTextWriterPtr out, const char *name)
{
	xmlTextWriterStartElement(out, x(name));
}

static void end(xmlTextWriterPtr out)
{
	xmlTextWriterEndElement(out);
}

static void element(xmlTextWriterPtr out, const char *name, const char *text)
{
	xmlTextWriterWriteElement(out, x(name), x(text));
}

static void number(xmlTextWriterPtr out, const char *name, uint64_t value)
{
	xmlTextWriterWriteFormatElement(out, x(name), "%" PRIu64, value);
}

static void add_metadata(xmlTextWriterPtr out,
			 const struct dmarcday_report *report, int64_t day,
			 const struct dmarcsettings *settings)
{
	char id[DMARC_REPORT_ID_MAX];

	begin(out, "report_metadata");
	element(out, "org_name", settings->org_name);
	element(out, "email", settings->email);
	if (*settings->extra_contact)
		element(out, "extra_contact_info", settings->extra_contact);
	element(out, "report_id", dmarcxml_id(day, report->domain, id));
	begin(out, "date_range");
	number(out, "begin", (uint64_t)begin_of(day));
	number(out, "end", (uint64_t)end_of(day));
	end(out);
	if (report->left_out)
		xmlTextWriterWriteFormatElement(out, x("error"), "%" PRIu64
			" of %" PRIu64 " messages are left out: they differ "
			"too much", report->left_out, report->messages);
	end(out);
}

static void add_options(xmlTextWriterPtr out, unsigned options)
{
	GString *text = g_string_new(NULL);

	for (unsigned bit = 0; DMARC_OPTION_LETTERS[bit]; bit++)
		if (options & 1u << bit)
			g_string_append_printf(text, "%s%c",
					       text->len ? ":" : "",
					       DMARC_OPTION_LETTERS[bit]);
	element(out, "fo", text->len ? text->str : "0");
	g_string_free(text, TRUE);
}

/* "none" where nothing is known. */
static const char *policy_word(enum dmarc_policy policy)
{
	return dmarc_policy_word(MAX(policy, DMARC_POLICY_NONE));
}

static void add_policy(xmlTextWriterPtr out,
		       const struct dmarcday_report *report)
{
	begin(out, "policy_published");
	element(out, "domain", report->domain);
	element(out, "adkim", report->is_dkim_strict ? "s" : "r");
	element(out, "aspf", report->is_spf_strict ? "s" : "r");
	element(out, "p", policy_word(report->policy));
	element(out, "sp", policy_word(report->sub_policy ?
				       report->sub_policy : report->policy));
	number(out, "pct", report->percent);
	add_options(out, report->failure_options);
	end(out);
}

/* The pattern of the schema has no "::": all eight groups. */
static void add_source(xmlTextWriterPtr out, const struct netaddr *source)
{
	char text[NETADDR_TEXT_MAX] = "";
	size_t len = 0;

	if (source->family == NETADDR_IP4) {
		element(out, "source_ip", netaddr_format(source, text));
		return;
	}
	for (unsigned i = 0; i < 16; i += 2)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%x",
			i ? ":" : "", (unsigned)(source->bytes[i] << 8 |
						 source->bytes[i + 1]));
	element(out, "source_ip", text);
}

static void add_row(xmlTextWriterPtr out, const struct dmarcday_row *row)
{
	begin(out, "row");
	add_source(out, &row->source);
	number(out, "count", row->count);
	begin(out, "policy_evaluated");
	element(out, "disposition", policy_word(row->disposition));
	element(out, "dkim", row->is_dkim_aligned ? "pass" : "fail");
	element(out, "spf", row->is_spf_aligned ? "pass" : "fail");
	if (row->override) {
		begin(out, "reason");
		element(out, "type", row->override);
		if (row->reason && *row->reason)
			element(out, "comment", row->reason);
		end(out);
	}
	end(out);
	end(out);
}

/* DKIM has no softfail, SPF no policy. */
static const char *result_word(enum auth_result result,
			       enum auth_result foreign)
{
	return result == AUTH_RESULT_UNKNOWN || result == foreign ? "none" :
	       auth_result_word(result);
}

static void add_results(xmlTextWriterPtr out, const struct dmarcday_row *row)
{
	begin(out, "auth_results");
	for (size_t i = 0; i < row->dkim_count; i++) {
		begin(out, "dkim");
		element(out, "domain", row->dkim[i].domain);
		if (*row->dkim[i].selector)
			element(out, "selector", row->dkim[i].selector);
		element(out, "result", result_word(row->dkim[i].result,
						   AUTH_RESULT_SOFTFAIL));
		end(out);
	}
	begin(out, "spf");
	element(out, "domain", row->spf_domain);
	element(out, "scope", row->is_spf_of_helo ? "helo" : "mfrom");
	element(out, "result", result_word(row->spf, AUTH_RESULT_POLICY));
	end(out);
	end(out);
}

static void add_record(xmlTextWriterPtr out, const struct dmarcday_row *row)
{
	begin(out, "record");
	add_row(out, row);
	begin(out, "identifiers");
	element(out, "envelope_from", row->envelope_from);
	element(out, "header_from", row->header_from);
	end(out);
	add_results(out, row);
	end(out);
}

/* Without a namespace, as all that read such reports expect. */
char *dmarcxml_format(const struct dmarcday_report *report, int64_t day,
		      const struct dmarcsettings *settings)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlTextWriterPtr out = xmlNewTextWriterMemory(buffer, 0);
	char *text;

	xmlTextWriterSetIndent(out, 1);
	xmlTextWriterStartDocument(out, NULL, "UTF-8", NULL);
	begin(out, "feedback");
	element(out, "version", "1.0");
	add_metadata(out, report, day, settings);
	add_policy(out, report);
	for (guint i = 0; i < report->rows->len; i++)
		add_record(out, g_ptr_array_index(report->rows, i));
	xmlTextWriterEndDocument(out);
	xmlFreeTextWriter(out);
	text = g_strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	return text;
}

/* GMime's own filter makes what gzip cannot read. No time or name is in it: the
 * same report is the same bytes. */
GByteArray *dmarcxml_pack(const struct dmarcday_report *report, int64_t day,
			  const struct dmarcsettings *settings)
{
	g_autofree char *text = dmarcxml_format(report, day, settings);
	GConverter *gzip = G_CONVERTER(g_zlib_compressor_new(
		G_ZLIB_COMPRESSOR_FORMAT_GZIP, GZIP_LEVEL));
	GByteArray *packed = g_byte_array_new();
	gsize len = strlen(text), at = 0, taken, given;
	GConverterResult result;

	do {
		char buffer[PACKED_AT_ONCE];

		result = g_converter_convert(gzip, text + at, len - at, buffer,
			sizeof buffer, G_CONVERTER_INPUT_AT_END, &taken,
			&given, NULL);
		BUG_IF(result == G_CONVERTER_ERROR);
		at += taken;
		g_byte_array_append(packed, (const guint8 *)buffer,
				    (guint)given);
	} while (result != G_CONVERTER_FINISHED);
	g_object_unref(gzip);
	return packed;
}
