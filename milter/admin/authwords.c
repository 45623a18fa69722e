#include <config.h>

#include "admin/authwords.h"

#include "admin/recordwords.h"

#include <string.h>

static void add(GString *out, const char *before, const char *text,
		const char *behind)
{
	if (text && *text)
		g_string_append_printf(out, "%s%s%s", before, text, behind);
}

static void add_if(GString *out, bool is_so, const char *text)
{
	if (is_so)
		g_string_append(out, text);
}

static GString *begin(enum auth_result result)
{
	return g_string_new(auth_result_word(result));
}

static void put_spf(const char *label, const struct auth_spf *spf)
{
	g_autoptr(GString) out = begin(spf->result);

	if (!spf->result)
		return;
	add(out, " of ", spf->domain, "");
	add_if(out, spf->scope && strcmp(spf->scope, "helo") == 0,
	       " (HELO)");
	add(out, ", matched ", spf->mechanism, "");
	add(out, ": ", spf->reason, "");
	recordwords_line(label, "%s", out->str);
}

static void put_dkim(const char *label, const struct auth_dkim *dkim)
{
	g_autoptr(GString) out = begin(dkim->result);

	add(out, " of ", dkim->domain, "");
	add(out, ", key ", dkim->selector, "");
	add(out, ", ", dkim->algorithm, "");
	if (dkim->key_bits)
		g_string_append_printf(out, ", %u bits", dkim->key_bits);
	add_if(out, dkim->is_key_secure, ", proved by DNSSEC");
	add_if(out, dkim->is_aligned, ", aligned with From");
	add_if(out, dkim->is_partial, ", of a part of the body (l=)");
	add_if(out, dkim->is_testing, ", in test (t=y)");
	add(out, ": ", dkim->reason, "");
	recordwords_line(label, "%s", out->str);
}

static void put_dmarc(const struct auth_dmarc *dmarc)
{
	g_autoptr(GString) out = begin(dmarc->result);

	if (!dmarc->result)
		return;
	add(out, " of ", dmarc->domain, "");
	add_if(out, dmarc->is_spf_aligned, ", by SPF");
	add_if(out, dmarc->is_dkim_aligned, ", by DKIM");
	if (dmarc->published) {
		add(out, "; policy ", dmarc_policy_word(dmarc->published),
		    "");
		add(out, " (", dmarc->tag, "=)");
		add(out, " at ", dmarc->record_domain, "");
	}
	if (dmarc->published && dmarc->percent != 100)
		g_string_append_printf(out, " for %u%%", dmarc->percent);
	if (dmarc->disposition)
		add(out, "; done: ", dmarc_policy_word(dmarc->disposition),
		    "");
	add(out, ", since ", dmarc->override, "");
	add(out, ": ", dmarc->reason, "");
	add_if(out, dmarc->has_reports, "; reports are wanted");
	recordwords_line("DMARC", "%s", out->str);
}

static void put_arc(const struct auth_arc *arc)
{
	g_autoptr(GString) out = begin(arc->result);

	if (!arc->result)
		return;
	g_string_append_printf(out, ", %u sets", arc->sets);
	add(out, ", sealed last by ", arc->sealer, "");
	add_if(out, arc->is_trusted, ", whom we trust");
	add_if(out, arc->has_passed_origin,
	       ", and who saw the sender proved");
	add(out, ": ", arc->reason, "");
	recordwords_line("ARC", "%s", out->str);
}

static void put_iprev(const struct auth_iprev *iprev)
{
	g_autoptr(GString) out = begin(iprev->result);

	if (!iprev->result)
		return;
	add(out, " of ", iprev->name, "");
	recordwords_line("iprev", "%s", out->str);
}

void authwords_print(const struct auth *auth)
{
	put_iprev(&auth->iprev);
	put_spf("SPF", &auth->spf);
	put_spf("SPF of HELO", &auth->helo);
	for (guint i = 0; i < auth->dkim->len; i++)
		put_dkim(i ? "" : "DKIM", &g_array_index(
				auth->dkim, struct auth_dkim, i));
	put_dmarc(&auth->dmarc);
	put_arc(&auth->arc);
}
