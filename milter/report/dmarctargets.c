#include <config.h>

#include "report/dmarctargets.h"

#include "message/orgdomain.h"
#include "report/dmarcsettings.h"
#include "sender/dmarcrecord.h"
#include "sender/reporturi.h"

#include <string.h>

#define LOOKED_AT_MAX 100	/* URIs of one list */
#define WHY_MAX 2000

struct finding_out {
	const struct settings *settings;
	const char *domain;
	dmarctargets_ask_fn *ask;
	void *asker;
	struct arena *arena;
	struct dmarctargets *out;
};

static void say(struct finding_out *on, const char *whom, const char *what)
{
	GString *why = on->out->why;

	if (why->len < WHY_MAX)
		g_string_append_printf(why, "%s%s: %s", why->len ? "; " : "",
				       whom, what);
}

/* The records of version 1 at a name; the last of them. */
static size_t read_records(struct finding_out *on, const char *name,
			   struct dmarc_record *record_out)
{
	const struct dnsanswer *answer = on->ask(on->asker, name);
	size_t count = 0;

	*record_out = (struct dmarc_record){ .has_reports = false };
	if (dnsanswer_is_temporary(answer)) {
		on->out->is_settled = false;
		say(on, name, dnsanswer_status_word(answer->status));
	}
	for (size_t i = 0; i < answer->count; i++) {
		struct span text = dnsanswer_text(answer, i, on->arena);

		if (!dmarcrecord_is_one(text))
			continue;
		/* What grants leave may be v=DMARC1 alone,
		 * which is no policy. */
		if (!dmarcrecord_parse(text, record_out))
			record_out->has_reports = false;
		count++;
	}
	return count;
}

static bool has_one(const GArray *found, const char *address)
{
	for (guint i = 0; i < found->len; i++)
		if (g_str_equal(g_array_index(found, struct dmarctarget,
					      i).address, address))
			return true;
	return false;
}

static void add(struct finding_out *on, const char *address,
		uint64_t most_bytes)
{
	const struct dmarctarget target = { address, most_bytes };
	int64_t most = dmarcsettings_of(on->settings)->destinations;

	if (has_one(on->out->found, address))
		return;
	if (on->out->found->len >= (guint)most)
		say(on, address, "past dmarc_reports.destinations");
	else
		g_array_append_val(on->out->found, target);
}

/* RFC 7489, 7.1, step 7: they may have it elsewhere, but not
 * elsewhere than with them. */
static void add_instead(struct finding_out *on, const struct report_uri *uri,
			struct span list)
{
	bool is_any = false;

	for (unsigned i = 0; list.len && i < LOOKED_AT_MAX; i++) {
		struct report_uri other;

		if (!reporturi_next(&list, &other, on->arena) ||
		    !g_str_equal(other.domain, uri->domain))
			continue;
		add(on, other.address, other.most_bytes);
		is_any = true;
	}
	if (!is_any)
		say(on, uri->address, "its domain sends reports elsewhere");
}

static void add_external(struct finding_out *on, const struct report_uri *uri)
{
	const char *name = arena_printf(on->arena, "%s._report._dmarc.%s",
					on->domain, uri->domain);
	bool was_settled = on->out->is_settled;
	struct dmarc_record record;

	if (read_records(on, name, &record) > 0) {
		if (record.reports.len)
			add_instead(on, uri, record.reports);
		else
			add(on, uri->address, uri->most_bytes);
	} else if (on->out->is_settled == was_settled) {
		say(on, uri->address, arena_printf(on->arena, "it wants no "
			"reports of others (there is no TXT record at %s)",
			name));
	}
}

static void add_all(struct finding_out *on, struct span list)
{
	for (unsigned i = 0; list.len && i < LOOKED_AT_MAX; i++) {
		struct report_uri uri;

		if (!reporturi_next(&list, &uri, on->arena))
			say(on, on->domain, "an address in its rua= that is "
			    "of no use to us");
		else if (orgdomain_is_same(on->settings, uri.domain,
					   on->domain))
			add(on, uri.address, uri.most_bytes);
		else
			add_external(on, &uri);
	}
}

struct dmarctargets dmarctargets_find(const struct settings *settings,
				      const char *domain,
				      dmarctargets_ask_fn *ask, void *asker,
				      struct arena *arena)
{
	struct dmarctargets out = {
		.is_settled = true, .why = g_string_new(NULL),
		.found = g_array_new(FALSE, FALSE, sizeof(struct dmarctarget)),
	};
	struct finding_out on = {
		settings, domain, ask, asker, arena, &out,
	};
	struct dmarc_record record;
	size_t count = read_records(&on, arena_printf(arena, "_dmarc.%s",
						      domain), &record);

	if (count == 1 && record.has_reports)
		add_all(&on, record.reports);
	else if (out.is_settled)
		say(&on, domain, count > 1 ? "it has several policies" :
		    count ? "it wants no reports any more" :
			    "it has no policy any more");
	return out;
}

void dmarctargets_release(struct dmarctargets *targets)
{
	g_array_unref(targets->found);
	g_string_free(targets->why, TRUE);
}
