#include <config.h>

#include "sender/arctext.h"

#include "message/headerwire.h"

void arctext_field(GString *out, const struct transaction *tx,
			 const struct header *header, enum canon canon)
{
	GString *field = headerwire_format(tx, header);

	canon_header(out, span_string(field), canon);
	g_string_free(field, TRUE);
}

void arctext_signature(GString *out, const struct transaction *tx,
			     const struct header *header, enum canon canon)
{
	GString *field = headerwire_format(tx, header);

	canon_signature(out, span_string(field), canon);
	g_string_free(field, TRUE);
}

void arctext_listed(GString *out, const struct transaction *tx,
			  struct span names, enum canon canon)
{
	g_autofree bool *used = g_new0(bool, tx->headers->len + 1);

	while (names.len) {
		ptrdiff_t colon = span_find(names, ':');
		struct span name = colon < 0 ? names :
				   span_first(names, (size_t)colon);
		g_autofree char *word = NULL;

		names = span_from(names, name.len + 1);
		name = span_trim(name);
		if (!name.len)
			continue;
		word = g_strndup(name.ptr, name.len);
		for (guint i = tx->headers->len; i > 0; i--) {
			const struct header *header = &g_array_index(
				tx->headers, struct header, i - 1);

			if (used[i - 1] || !span_is_word(header->name, word))
				continue;
			used[i - 1] = true;
			arctext_field(out, tx, header, canon);
			break;
		}
	}
}

void arctext_sets(GString *out, const struct transaction *tx,
		  const struct arc_chain *chain, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct arc_set *set = &chain->sets[i];

		arctext_field(out, tx, set->results, CANON_RELAXED);
		arctext_field(out, tx, set->signature, CANON_RELAXED);
		arctext_field(out, tx, set->seal, CANON_RELAXED);
	}
}
