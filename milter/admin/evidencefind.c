#include <config.h>

#include "admin/evidencefind.h"

#include "base/clock.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/evidencemarks.h"
#include "store/evidencesettings.h"
#include "store/evidenceholds.h"
#include "store/recordid.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define HEADER_LINES_MAX 1000

struct finding_all {
	evidencefind_fn *take;
	void *context;
	int status;
};

static const char *state_dir(const struct admin *admin)
{
	return global_settings_of(admin->settings)->state_dir;
}

static bool take_hit(const struct search_hit *hit, void *context)
{
	struct finding_all *on = context;
	struct evidencefind_item item = { .hit = hit };
	int status;

	if (!evidence_of_record(hit->record, &item.place))
		return true;
	item.evidence = hit->record->message->evidence;
	status = on->take(&item, on->context);
	on->status = on->status ? on->status : status;
	return true;
}

static int find(const struct admin *admin, const struct command *self,
		const struct search_query *query, evidencefind_fn *take,
		void *context, uint64_t *found_out)
{
	struct finding_all on = { take, context, EX_OK };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	bool is_done = search_run(state_dir(admin), query, take_hit, &on,
				  &result, &why);

	*found_out = result.found;
	if (!is_done)
		on.status = admin_fail(self, EX_UNAVAILABLE, "%s",
				       why->message);
	for (guint i = 0; i < result.problems->len; i++)
		on.status = admin_fail(self, EX_DATAERR, "%s",
			(const char *)g_ptr_array_index(result.problems, i));
	search_result_release(&result);
	return on.status;
}

int evidencefind_all(const struct admin *admin, const struct command *self,
		     const struct search_query *query, evidencefind_fn *take,
		     void *context)
{
	struct search_query with = *query;
	uint64_t found;

	with.has_evidence = true;
	return find(admin, self, &with, take, context, &found);
}

int evidencefind_one(const struct admin *admin, const struct command *self,
		     const char *id, evidencefind_fn *take, void *context)
{
	struct search_query query = { .limit = 1, .has_evidence = true };
	uint64_t found;
	int status;

	if (!record_id_parse(span_text(id), &query.id))
		return admin_fail(self, EX_USAGE, "\"%s\" is no record id; it "
				  "has 13 letters and digits", id);
	status = find(admin, self, &query, take, context, &found);
	if (status == EX_OK && !found)
		return admin_fail(self, EX_DATAERR, "there is no record %s, or "
				  "no original was kept of its message", id);
	return status;
}

GByteArray *evidencefind_read(const struct admin *admin,
			      const struct command *self,
			      const struct evidencefind_item *item)
{
	g_autoptr(GError) why = NULL;
	GByteArray *bytes = evidence_get(state_dir(admin), &item->place,
					 item->evidence->bytes, &why);

	if (!bytes)
		admin_fail(self, EX_DATAERR, "%s", why->message);
	return bytes;
}

struct evidencefind_states {
	const struct admin *admin;
	struct state *state;
	struct holdset *set;
	struct evidenceholds *holds;	/* NULL until one asks */
};

struct evidencefind_states *evidencefind_states_new(const struct admin *admin,
						    struct state *state)
{
	struct evidencefind_states *states =
		g_new0(struct evidencefind_states, 1);

	states->admin = admin;
	states->state = state;
	return states;
}

void evidencefind_states_free(struct evidencefind_states **states)
{
	struct evidencefind_states *old = *states;

	*states = NULL;
	if (!old)
		return;
	evidenceholds_free(&old->holds);
	holdset_free(&old->set);
	g_free(old);
}

/* One on hold should be there whatever its term. */
static bool is_on_hold(struct evidencefind_states *states,
		       const struct evidence_place *place)
{
	if (!states->holds) {
		if (states->state)
			states->set = holdset_load(states->state, NULL);
		states->holds = evidenceholds_new(state_dir(states->admin),
						  states->set);
	}
	return evidenceholds_has(states->holds, place, NULL);
}

static bool is_past_term(const struct admin *admin,
			 const struct evidence_place *place)
{
	const struct evidence_settings *settings =
		evidence_settings_of(admin->settings);
	int64_t keep_ms = place->is_held ?
		MIN(settings->held_keep_ms, settings->keep_ms) :
		settings->keep_ms;

	return day_begin_us(place->day + 1) <=
	       clock_now_us() - keep_ms * 1000;
}

enum evidencefind_state evidencefind_state(struct evidencefind_states *states,
					   const struct evidencefind_item *item)
{
	const struct admin *admin = states->admin;
	struct state *state = states->state;
	g_autofree char *path = evidence_path(state_dir(admin), &item->place);
	struct evidence_release release;
	struct evidence_removal removal;

	if (access(path, F_OK) != 0) {
		if (state && evidencemarks_find_removal(state, &item->place,
							&removal)) {
			evidencemarks_clear_removal(&removal);
			return EVIDENCEFIND_REMOVED;
		}
		return is_past_term(admin, &item->place) &&
		       !is_on_hold(states, &item->place) ?
		       EVIDENCEFIND_EXPIRED : EVIDENCEFIND_MISSING;
	}
	if (state && evidencemarks_find_release(
			state, item->hit->record->id, &release)) {
		evidencemarks_clear_release(&release);
		return EVIDENCEFIND_RELEASED;
	}
	return item->evidence->held ? EVIDENCEFIND_HELD : EVIDENCEFIND_KEPT;
}

const char *evidencefind_state_word(enum evidencefind_state state)
{
	static const char *const words[] = {
		[EVIDENCEFIND_KEPT] = "kept", [EVIDENCEFIND_HELD] = "held",
		[EVIDENCEFIND_RELEASED] = "released",
		[EVIDENCEFIND_REMOVED] = "removed",
		[EVIDENCEFIND_EXPIRED] = "expired",
		[EVIDENCEFIND_MISSING] = "missing",
	};

	return words[state];
}

char *evidencefind_escape(struct span bytes)
{
	GString *out = g_string_sized_new(bytes.len);

	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];

		if (c >= 0x20 && c < 0x7f)
			g_string_append_c(out, (char)c);
		else if (c == '\t')
			g_string_append_c(out, ' ');
		else
			g_string_append_printf(out, "\\x%02x", c);
	}
	return g_string_free(out, FALSE);
}

GPtrArray *evidencefind_header(const GByteArray *original)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	struct span rest = span_of((const char *)original->data,
				   original->len);

	while (rest.len && lines->len < HEADER_LINES_MAX) {
		ptrdiff_t end = span_find(rest, '\n');
		struct span line = span_first(rest, end < 0 ? rest.len :
							      (size_t)end);

		rest = span_from(rest, line.len + 1);
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (!line.len)
			break;
		g_ptr_array_add(lines, evidencefind_escape(line));
	}
	return lines;
}
