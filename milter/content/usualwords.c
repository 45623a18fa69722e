#include <config.h>

#include "content/usualwords.h"

#include "base/span.h"

#include <string.h>

#define PIECE_MIN 2u
#define LETTERS_MIN 4u	/* of a piece in which there is nothing else */

/* Of header fields as they follow each other, of relays as headertext.h gives
 * them, and of URIs; letters small. */
static const char *const words[] = {
	"[ ip=", " rdns=", " helo=", " by=", " ident=", " envfrom=", " intl=0",
	" intl=1", " id=", " auth=", " msa=0 ]",
	"\nfrom: ", "\nto: ", "\nsubject: ", "\ndate: ", "\nmessage-id: <",
	"\nreceived: from ", " by ", " with smtp id ", " with esmtp id ", " for <",
	"\nreturn-path: <", "\nmime-version: 1.0", "\ncontent-type: text/plain",
	"; charset=", "\ncontent-transfer-encoding: ", "\nreply-to: ",
	"\nprecedence: bulk", "\nx-mailer: ", "https://", "http://", "://www.",
};

static bool is_too_short(const char *piece, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!g_ascii_isalpha(piece[i]))
			return len < PIECE_MIN;
	return len < LETTERS_MIN;
}

static void add_pieces(GHashTable *pieces, const char *word)
{
	size_t end = strlen(word);

	for (size_t at = 0; at < end; at++)
		for (size_t len = 1; len <= MIN(LITERAL_BYTES_MAX, end - at);
		     len++) {
			gint64 *piece;

			if (is_too_short(word + at, len))
				continue;
			piece = g_new0(gint64, 1);
			memcpy(piece, word + at, len);
			g_hash_table_add(pieces, piece);
		}
}

static GHashTable *make_pieces(void)
{
	GHashTable *pieces = g_hash_table_new_full(g_int64_hash, g_int64_equal,
						   g_free, NULL);

	for (size_t i = 0; i < COUNT_OF(words); i++)
		add_pieces(pieces, words[i]);
	return pieces;
}

bool usualwords_have(const struct literal *literal)
{
	static gsize pieces;
	gint64 bytes;

	if (g_once_init_enter(&pieces))
		g_once_init_leave(&pieces, (gsize)make_pieces());
	memcpy(&bytes, literal->bytes, sizeof bytes);
	return g_hash_table_contains((GHashTable *)pieces, &bytes);
}
