#include <config.h>

#include "sender/bodygames.h"

#include <string.h>

static bool is_command(const struct bodygames *games)
{
	static const char *const commands[] = {
		"MAIL FROM:", "RCPT TO:", "HELO ", "EHLO ", "RSET", "DATA",
		"AUTH ",
	};
	struct span line = span_of(games->line, games->line_len);

	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (span_is_word(span_first(line, strlen(commands[i])),
				 commands[i]))
			return true;
	return false;
}

static void end_line(struct bodygames *games, bool is_odd)
{
	bool is_dot = games->line_len == 1 && games->line[0] == '.';

	games->is_line_odd |= is_odd && !games->line_len;
	if (!games->line_len)
		return;
	if (games->is_dot_before && is_command(games))
		games->is_smuggling = true;
	games->is_dot_before = is_dot && (is_odd || games->is_line_odd);
	games->is_dot_seen |= games->is_dot_before;
	games->is_line_odd = is_odd;
	games->line_len = 0;
}

void bodygames_add(struct bodygames *games, struct span chunk)
{
	char before = games->last;

	for (size_t i = 0; i < chunk.len; i++) {
		char c = chunk.ptr[i];

		if (c == '\n') {
			games->bare_lf += before != '\r';
			end_line(games, before != '\r');
		} else if (before == '\r') {
			games->bare_cr++;
			end_line(games, true);
		}
		if (c && c != '\r' && c != '\n' &&
		    games->line_len < sizeof games->line)
			games->line[games->line_len++] = c;
		before = c;
	}
	games->last = before;
}

/* In the header folds are LF or CRLF, as the MTA has it: only a CR
 * without LF is odd there. */
static uint32_t count_header_cr(const struct transaction *tx)
{
	uint32_t count = 0;

	for (guint i = 0; i < tx->headers->len; i++) {
		struct span value = g_array_index(tx->headers, struct header,
						  i).value;

		for (size_t j = 0; j < value.len; j++)
			count += value.ptr[j] == '\r' &&
				 (j + 1 == value.len ||
				  value.ptr[j + 1] != '\n');
	}
	return count;
}

void bodygames_find(const struct bodygames *games, struct transaction *tx)
{
	uint32_t bare_cr = games->bare_cr + count_header_cr(tx);

	if (bare_cr)
		transaction_find(tx, "BARE_CR", "%u CR without LF",
				 bare_cr)->score = 1.0;
	if (games->bare_lf)
		transaction_find(tx, "BARE_LF", "%u LF without CR",
				 games->bare_lf)->score = 0.5;
	if (games->is_smuggling || (games->is_dot_before &&
				    is_command(games)))
		transaction_find(tx, "SMUGGLING", "a lone dot between odd "
				 "line ends, then an SMTP command")->score =
			10.0;
	else if (games->is_dot_seen)
		transaction_find(tx, "SMUGGLING_DOT", "a lone dot between odd "
				 "line ends")->score = 3.0;
}
