#include <config.h>

#include "session/original.h"

#include "content/globs.h"
#include "message/headerwire.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/evidence.h"
#include "store/evidencesettings.h"
#include "store/hex.h"

#include <string.h>

static const char *symbol_wanted(const struct evidence_settings *settings,
				 const struct finding *finding)
{
	if (finding->keeps_original)
		return finding->symbol;
	for (guint i = 0; i < settings->symbols->len; i++)
		if (globs_fits(g_ptr_array_index(settings->symbols, i),
			       finding->symbol, 0))
			return finding->symbol;
	return NULL;
}

/* NULL: it is no evidence. */
static const char *why_kept(struct transaction *tx,
			    const struct evidence_settings *settings)
{
	const char *verdict = action_word(tx->outcome.action);

	for (guint i = 0; i < tx->findings->len; i++) {
		const char *symbol = symbol_wanted(settings, &g_array_index(
				tx->findings, struct finding, i));

		if (symbol)
			return arena_printf(&tx->arena, "symbol %s", symbol);
	}
	for (guint i = 0; i < settings->actions->len; i++)
		if (g_str_equal(g_ptr_array_index(settings->actions, i),
				verdict))
			return arena_printf(&tx->arena, "verdict %s", verdict);
	return NULL;
}

/* The header as it went over the wire, and the empty line. */
static GString *header_of(const struct transaction *tx)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);
		GString *line = headerwire_format(tx, header);

		if (header->gap.len)
			g_string_insert_len(line, (gssize)header->name.len,
					    header->gap.ptr,
					    (gssize)header->gap.len);
		g_string_append_len(out, line->str, (gssize)line->len);
		g_string_append(out, "\r\n");
		g_string_free(line, TRUE);
	}
	g_string_append(out, "\r\n");
	return out;
}

static bool is_all_here(const struct transaction *tx)
{
	return !tx->headers_dropped && !tx->headers_cut &&
	       tx->is_body_bytes_exact &&
	       (int64_t)tx->body->len == tx->body_bytes;
}

/* The original in two pieces, cut to what is kept of it. */
static void fill_facts(struct evidence_facts *facts,
		       const struct transaction *tx, struct span pieces[2],
		       size_t most)
{
	size_t whole = pieces[0].len + pieces[1].len;

	pieces[0] = span_first(pieces[0], most);
	pieces[1] = span_first(pieces[1], most - pieces[0].len);
	facts->bytes = pieces[0].len + pieces[1].len;
	facts->is_whole = is_all_here(tx) && facts->bytes == whole;
}

static bool write_original(struct transaction *tx,
			   struct evidence_facts *facts,
			   const struct span pieces[2])
{
	const char *dir = global_settings_of(tx->settings)->state_dir;
	struct evidence_place place = {
		.day = day_of_us(MAX(tx->ended_us, tx->began_us)),
		.is_held = !facts->why,
	};
	g_autoptr(GError) why = NULL;
	g_autofree char *name = NULL;

	if (!evidence_put(dir, pieces, 2, (uint64_t)evidence_settings_of(
				tx->settings)->day_bytes, &place, &why)) {
		log_event(&tx->log, LOG_ERR, "evidence_failed",
			  "record=%s why=\"%s\" the original cannot be kept",
			  tx->id, why->message);
		return false;
	}
	memcpy(facts->sha256, place.sha256, sizeof facts->sha256);
	name = hex_format(place.sha256, sizeof place.sha256);
	log_event(&tx->log, LOG_INFO, "evidence_kept", "record=%s sha256=%s "
		  "bytes=%" G_GUINT64_FORMAT " why=\"%s\"", tx->id,
		  name, facts->bytes,
		  facts->why ? facts->why : "quarantine");
	tx->evidence = facts;
	return true;
}

bool original_keep(struct transaction *tx)
{
	const struct evidence_settings *settings =
		evidence_settings_of(tx->settings);
	struct evidence_facts *facts = arena_new(&tx->arena,
						 struct evidence_facts);
	bool is_own = tx->is_enforced &&
		      tx->outcome.action == ACTION_QUARANTINE &&
		      settings->quarantine == EVIDENCE_QUARANTINE_OWN;
	g_autoptr(GString) header = NULL;
	struct span pieces[2];

	facts->why = why_kept(tx, settings);
	if (!facts->why && !is_own)
		return true;
	header = header_of(tx);
	pieces[0] = span_string(header);
	pieces[1] = span_of((const char *)tx->body->data, tx->body->len);
	fill_facts(facts, tx, pieces, (size_t)settings->max_bytes);
	facts->is_held = is_own && facts->is_whole;
	return (!facts->why && !facts->is_held) ||
	       write_original(tx, facts, pieces);
}
