#include <config.h>

#include "catalog.h"
#include "fuzz/target.h"
#include "report/dmarcday.h"
#include "report/dmarcxml.h"

#include <libxml/parser.h>
#include <string.h>

/* Whatever is in a record, what is made of it is XML. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings *settings;
	struct dmarcday *day = dmarcday_new(10, 10);
	const Reeve__Record *record;
	struct arena arena;

	if (!settings)
		settings = settings_parse("fuzz", span_text(""), catalog, NULL);
	arena_init(&arena);
	record = recordview_unpack(span_of((const char *)data, size), &arena);
	if (record)
		dmarcday_add(day, record);
	g_autoptr(GPtrArray) reports = dmarcday_reports(day);

	for (guint i = 0; i < reports->len; i++) {
		g_autofree char *text = dmarcxml_format(
			reports->pdata[i], 20000, dmarcsettings_of(settings));
		xmlDocPtr doc = xmlReadMemory(text, (int)strlen(text), "r",
			NULL, XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			XML_PARSE_HUGE);

		BUG_IF(!doc);
		xmlFreeDoc(doc);
	}
	dmarcday_free(day);
	arena_release(&arena);
	return 0;
}
