#include <config.h>

#include "content/bytescan.h"

#include "content/automaton.h"

#include <string.h>

#define TELLS 1u		/* in a cell: words end at the state */

/* The values of words that end at one state. */
struct told {
	uint32_t first, count;		/* in values */
};

/*
 * A cell is the place of the next state's row, times two, and TELLS. Bytes that no word
 * has are one column. That of bytes which are passed over leads from each row to itself.
 */
struct bytescan {
	uint32_t *cells;
	uint32_t columns, states;
	uint8_t column[256];		/* of a byte */
	uint32_t *told_at;		/* by state: in told */
	GArray *told;			/* of struct told */
	GArray *values;			/* of uint32_t */
};

enum { COLUMN_OTHER, COLUMN_SKIPPED, COLUMN_FIRST };

static void set_columns(struct bytescan *scan, const GArray *words,
			bool is_bare)
{
	scan->columns = COLUMN_FIRST;
	for (guint i = 0; i < words->len; i++) {
		const struct bytescan_word *word = &g_array_index(
			words, struct bytescan_word, i);

		for (uint8_t j = 0; j < word->len; j++)
			if (!scan->column[word->bytes[j]])
				scan->column[word->bytes[j]] =
					(uint8_t)scan->columns++;
	}
	for (char c = 'A'; c <= 'Z'; c++)
		scan->column[(uint8_t)c] =
			scan->column[(uint8_t)g_ascii_tolower(c)];
	for (unsigned byte = 0; is_bare && byte < 256; byte++)
		if (!g_ascii_isalnum((gchar)byte))
			scan->column[byte] = COLUMN_SKIPPED;
}

static struct automaton *make_automaton(const struct bytescan *scan,
					const GArray *words)
{
	g_autoptr(GArray) symbols = g_array_new(FALSE, FALSE,
						sizeof(uint32_t));
	g_autofree struct automaton_word *all = g_new(struct automaton_word,
						      words->len);
	size_t at = 0;

	for (guint i = 0; i < words->len; i++) {
		const struct bytescan_word *word = &g_array_index(
			words, struct bytescan_word, i);

		for (uint8_t j = 0; j < word->len; j++) {
			uint32_t symbol = scan->column[word->bytes[j]];

			g_array_append_val(symbols, symbol);
		}
	}
	for (guint i = 0; i < words->len; i++) {
		const struct bytescan_word *word = &g_array_index(
			words, struct bytescan_word, i);

		all[i] = (struct automaton_word){
			&g_array_index(symbols, uint32_t, at), word->len,
			word->value,
		};
		at += word->len;
	}
	return automaton_new(all, words->len);
}

static bool add_value(uint32_t value, size_t end, void *mydata)
{
	struct bytescan *scan = mydata;
	struct told *told = &g_array_index(scan->told, struct told,
					   scan->told->len - 1);

	(void)end;
	for (uint32_t i = told->first; i < scan->values->len; i++)
		if (g_array_index(scan->values, uint32_t, i) == value)
			return true;
	g_array_append_val(scan->values, value);
	told->count++;
	return true;
}

/* The first of told stands for none. */
static void add_told(struct bytescan *scan, const struct automaton *from,
		     uint32_t state)
{
	struct told told = { scan->values->len, 0 };

	g_array_append_val(scan->told, told);
	(void)automaton_tell(from, state, 0, add_value, scan);
	if (g_array_index(scan->told, struct told,
			  scan->told->len - 1).count)
		scan->told_at[state] = scan->told->len - 1;
	else
		g_array_set_size(scan->told, scan->told->len - 1);
}

/* The row of a state's suffix is filled by then. */
static void fill_row(struct bytescan *scan, const struct automaton *from,
		     uint32_t state)
{
	uint32_t *row = scan->cells + (size_t)state * scan->columns;
	const uint32_t *suffix = scan->cells +
		(size_t)automaton_suffix(from, state) * scan->columns;

	for (uint32_t i = COLUMN_FIRST; i < scan->columns; i++) {
		uint32_t next = automaton_child(from, state, i);

		row[i] = next ? next * scan->columns * 2 |
				(scan->told_at[next] ? TELLS : 0) :
			 state ? suffix[i] : 0;
	}
	row[COLUMN_OTHER] = 0;
	row[COLUMN_SKIPPED] = state * scan->columns * 2;
}

static void fill(struct bytescan *scan, const struct automaton *from)
{
	const struct told none = { 0, 0 };

	scan->cells = g_new(uint32_t, (size_t)scan->states * scan->columns);
	scan->told_at = g_new0(uint32_t, scan->states);
	scan->told = g_array_new(FALSE, FALSE, sizeof(struct told));
	scan->values = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_array_append_val(scan->told, none);
	for (uint32_t state = 0; state < scan->states; state++)
		add_told(scan, from, state);
	for (uint32_t state = 0; state < scan->states; state++)
		fill_row(scan, from, state);
}

struct bytescan *bytescan_new(const GArray *words, bool is_bare,
			      size_t bytes_max)
{
	struct bytescan *scan;
	struct automaton *from;

	if (!words->len || words->len > bytes_max / sizeof(uint32_t))
		return NULL;
	scan = g_new0(struct bytescan, 1);
	set_columns(scan, words, is_bare);
	from = make_automaton(scan, words);
	scan->states = automaton_states(from);
	if (scan->states <= MIN(bytes_max / sizeof *scan->cells, INT32_MAX) /
			    scan->columns)
		fill(scan, from);
	else
		g_clear_pointer(&scan, g_free);
	automaton_free(from);
	return scan;
}

void bytescan_free(struct bytescan *scan)
{
	if (!scan)
		return;
	g_free(scan->cells);
	g_free(scan->told_at);
	g_array_unref(scan->told);
	g_array_unref(scan->values);
	g_free(scan);
}

size_t bytescan_bytes(const struct bytescan *scan)
{
	return sizeof *scan + scan->states * sizeof *scan->told_at +
	       (size_t)scan->states * scan->columns * sizeof *scan->cells +
	       scan->told->len * sizeof(struct told) +
	       scan->values->len * sizeof(uint32_t);
}

static void tell(const struct bytescan *scan, uint32_t cell,
		 bytescan_take_fn *take, void *mydata)
{
	uint32_t state = cell / 2 / scan->columns;
	const struct told *told = &g_array_index(scan->told, struct told,
						 scan->told_at[state]);

	for (uint32_t i = 0; i < told->count; i++)
		take(g_array_index(scan->values, uint32_t, told->first + i),
		     mydata);
}

void bytescan_run(const struct bytescan *scan, struct span text,
		  bytescan_take_fn *take, void *mydata)
{
	const uint32_t *cells = scan->cells;
	uint32_t cell = 0;

	for (size_t i = 0; i < text.len; i++) {
		cell = cells[cell / 2 + scan->column[(uint8_t)text.ptr[i]]];
		if (cell & TELLS)
			tell(scan, cell, take, mydata);
	}
}
