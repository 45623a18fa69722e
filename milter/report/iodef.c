#include <config.h>

#include "report/iodef.h"

#include "base/clock.h"
#include "report/arf.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <string.h>

#define NAMESPACE "urn:ietf:params:xml:ns:iodef-2.0"

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

static void attribute(xmlTextWriterPtr out, const char *name,
		      const char *value)
{
	xmlTextWriterWriteAttribute(out, x(name), x(value));
}

static void element(xmlTextWriterPtr out, const char *name, const char *text)
{
	if (text)
		xmlTextWriterWriteElement(out, x(name), x(text));
}

/* RFC 7970, 3.9. */
static void add_contact(xmlTextWriterPtr out,
			const struct report_settings *reporter)
{
	begin(out, "Contact");
	attribute(out, "role", "creator");
	attribute(out, "type", "organization");
	element(out, "ContactName", reporter->organisation);
	begin(out, "Email");
	element(out, "EmailTo", reporter->contact);
	end(out);
	end(out);
}

/* RFC 7970, 3.17 to 3.20: where it came from. */
static void add_source(xmlTextWriterPtr out, const struct abusefacts *facts)
{
	g_autofree char *port = g_strdup_printf("%" PRIu32,
						facts->client_port);

	if (!facts->client)
		return;
	begin(out, "System");
	attribute(out, "category", "source");
	begin(out, "Node");
	if (facts->client_name) {
		begin(out, "DomainData");
		attribute(out, "system-status", "unknown");
		attribute(out, "domain-status", "unknown");
		element(out, "Name", facts->client_name);
		end(out);
	}
	begin(out, "Address");
	attribute(out, "category", strchr(facts->client, ':') ? "ipv6-addr" :
							       "ipv4-addr");
	xmlTextWriterWriteString(out, x(facts->client));
	end(out);
	end(out);
	begin(out, "Service");
	attribute(out, "ip-protocol", "6");
	if (facts->client_port)
		element(out, "Port", port);
	begin(out, "EmailData");
	for (guint i = 0; i < facts->recipients->len; i++)
		element(out, "EmailTo", g_ptr_array_index(facts->recipients,
							  i));
	element(out, "EmailFrom", facts->sender);
	element(out, "EmailSubject", facts->subject);
	end(out);
	end(out);
	end(out);
}

/* RFC 7970, 3.8: all that has no element of its own. */
static void add_data(xmlTextWriterPtr out, const char *meaning,
		     const char *text)
{
	if (!text || !*text)
		return;
	begin(out, "AdditionalData");
	attribute(out, "dtype", "string");
	attribute(out, "meaning", meaning);
	xmlTextWriterWriteString(out, x(text));
	end(out);
}

static void add_event(xmlTextWriterPtr out, const struct abusefacts *facts)
{
	begin(out, "EventData");
	begin(out, "Flow");
	add_source(out, facts);
	end(out);
	add_data(out, "account", facts->account);
	add_data(out, "HELO", facts->helo);
	add_data(out, "Message-ID", facts->message_id);
	add_data(out, "queue id", facts->queue_id);
	add_data(out, "verdict", facts->verdict);
	for (guint i = 0; i < facts->findings->len; i++)
		add_data(out, "finding", g_ptr_array_index(facts->findings, i));
	add_data(out, "SHA-256 of the original", facts->sha256);
	end(out);
}

static void add_incident(xmlTextWriterPtr out,
			 const struct abusefacts *const *all, size_t count,
			 struct arena *arena)
{
	const struct abusefacts *facts = all[0];
	const char *time = abusefacts_time(facts, arena);
	const char *made = abusefacts_when(clock_now_us(), arena);
	g_autofree char *words = arf_words(facts, arena);

	begin(out, "Incident");
	attribute(out, "purpose", "reporting");
	begin(out, "IncidentID");
	attribute(out, "name", facts->reporter->domain);
	xmlTextWriterWriteString(out, x(facts->case_id ?: facts->record_id));
	end(out);
	element(out, "DetectTime", time);
	element(out, "ReportTime", made);
	element(out, "GenerationTime", made);
	element(out, "Description", words);
	begin(out, "Assessment");
	begin(out, "SystemImpact");
	attribute(out, "type", facts->is_virus ? "malware" : "abuse-resource");
	end(out);
	end(out);
	add_contact(out, facts->reporter);
	for (size_t i = 0; i < count; i++)
		add_event(out, all[i]);
	end(out);
}

char *iodef_format(const struct abusefacts *const *all, size_t count,
		   struct arena *arena)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlTextWriterPtr out = xmlNewTextWriterMemory(buffer, 0);
	char *text;

	xmlTextWriterSetIndent(out, 1);
	xmlTextWriterStartDocument(out, NULL, "UTF-8", NULL);
	xmlTextWriterStartElementNS(out, NULL, x("IODEF-Document"),
				    x(NAMESPACE));
	attribute(out, "version", "2.00");
	attribute(out, "xml:lang", "en");
	add_incident(out, all, count, arena);
	xmlTextWriterEndDocument(out);
	xmlFreeTextWriter(out);
	text = g_strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	return text;
}
