#include <config.h>

#include "admin/recordstats.h"

#include "admin/table.h"
#include "store/day.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_COLUMNS 30
#define NETWORK_BITS4 120	/* /24 */
#define NETWORK_BITS6 64

enum kind {
	BY_DAY, BY_VERDICT, BY_DIRECTION, BY_SENDER, BY_NETWORK, BY_FINDING,
	KINDS
};

static const char *const words[KINDS] = {
	"day", "verdict", "direction", "sender", "network", "finding",
};

struct tally {
	char *name;
	uint64_t messages, refused;
};

struct recordstats {
	GHashTable *tallies[KINDS];	/* name -> struct tally */
};

static void free_tally(gpointer memory)
{
	struct tally *tally = memory;

	g_free(tally->name);
	g_free(tally);
}

struct recordstats *recordstats_new(void)
{
	struct recordstats *stats = g_new(struct recordstats, 1);

	for (int i = 0; i < KINDS; i++)
		stats->tallies[i] = g_hash_table_new_full(
			g_str_hash, g_str_equal, NULL, free_tally);
	return stats;
}

void recordstats_free(struct recordstats *stats)
{
	for (int i = 0; i < KINDS; i++)
		g_hash_table_unref(stats->tallies[i]);
	g_free(stats);
}

static void count(struct recordstats *stats, enum kind kind, const char *name,
		  bool is_refused)
{
	struct tally *tally = g_hash_table_lookup(stats->tallies[kind], name);

	if (!tally) {
		tally = g_new0(struct tally, 1);
		tally->name = g_strdup(name);
		g_hash_table_insert(stats->tallies[kind], tally->name, tally);
	}
	tally->messages++;
	tally->refused += is_refused;
}

static void count_network(struct recordstats *stats,
			  const Reeve__Record *record, bool is_refused)
{
	char text[NETADDR_TEXT_MAX];
	struct network network;
	struct netaddr addr;

	if (!recordview_client(record, &addr))
		return;
	network = network_around(&addr, addr.family == NETADDR_IP4 ?
				 NETWORK_BITS4 : NETWORK_BITS6);
	count(stats, BY_NETWORK, network_format(&network, text), is_refused);
}

/* Each once, though it may be there for several recipients. */
static void count_findings(struct recordstats *stats,
			   const Reeve__Message *message, bool is_refused)
{
	for (size_t i = 0; i < message->n_findings; i++) {
		const char *symbol = message->findings[i]->symbol;
		bool is_again = false;

		for (size_t k = 0; symbol && k < i; k++)
			is_again |= g_strcmp0(message->findings[k]->symbol,
					      symbol) == 0;
		if (symbol && !is_again)
			count(stats, BY_FINDING, symbol, is_refused);
	}
}

void recordstats_add(struct recordstats *stats, const Reeve__Record *record)
{
	enum action action = recordview_action(record);
	bool is_refused = action == ACTION_DEFER || action == ACTION_REJECT ||
			  recordview_ending(record) == ENDING_REFUSED;
	struct span from = recordview_sender(record);
	g_autofree char *sender = NULL;
	char day[DAY_TEXT_MAX];

	if (recordview_kind(record) != RECORD_MESSAGE)
		return;
	sender = g_strndup(from.len ? from.ptr : "", from.len);
	count(stats, BY_DAY, day_format(day_of_us(recordview_ended_us(record)),
					day), is_refused);
	count(stats, BY_VERDICT, action_word(action), is_refused);
	count(stats, BY_DIRECTION, direction_word(
		recordview_direction(record)), is_refused);
	count(stats, BY_SENDER, sender, is_refused);
	count_network(stats, record, is_refused);
	count_findings(stats, record->message, is_refused);
}

static int by_name(const void *left, const void *right)
{
	const struct tally *a = *(const struct tally *const *)left;
	const struct tally *b = *(const struct tally *const *)right;

	return strcmp(a->name, b->name);
}

static int by_messages(const void *left, const void *right)
{
	const struct tally *a = *(const struct tally *const *)left;
	const struct tally *b = *(const struct tally *const *)right;

	return a->messages > b->messages ? -1 :
	       a->messages < b->messages ? 1 : by_name(left, right);
}

static GPtrArray *sorted(const struct recordstats *stats, enum kind kind,
			 unsigned most)
{
	GPtrArray *rows = g_ptr_array_new();
	GHashTableIter iter;
	gpointer tally;

	g_hash_table_iter_init(&iter, stats->tallies[kind]);
	while (g_hash_table_iter_next(&iter, NULL, &tally))
		g_ptr_array_add(rows, tally);
	g_ptr_array_sort(rows, kind == BY_DAY ? by_name : by_messages);
	if (kind >= BY_SENDER && most && rows->len > most)
		g_ptr_array_set_size(rows, (gint)most);
	return rows;
}

/* By the bytes that a name may have, JSON gets those that are UTF-8. */
static void print_json(enum kind kind, const struct tally *tally)
{
	g_autofree char *name = g_utf8_make_valid(tally->name, -1);
	json_t *object = json_pack("{s:s, s:s, s:I, s:I}", "by", words[kind],
		"name", name, "messages", (json_int_t)tally->messages,
		"refused", (json_int_t)tally->refused);

	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_table(const GPtrArray *rows, enum kind kind)
{
	const char *titles[] = { words[kind], "messages", "refused", " ",
				 NULL };
	struct table *table;
	uint64_t largest = 1;
	int bar_columns = isatty(STDOUT_FILENO) ? BAR_COLUMNS : 0;

	if (!rows->len)
		return;
	table = table_new(titles);
	for (guint i = 0; i < rows->len; i++)
		largest = MAX(largest, ((const struct tally *)
				g_ptr_array_index(rows, i))->messages);
	for (guint i = 0; i < rows->len; i++) {
		const struct tally *tally = g_ptr_array_index(rows, i);
		g_autofree char *bar = g_strnfill((gsize)((double)bar_columns *
			(double)tally->messages / (double)largest), '#');

		table_add(table, TABLE_PLAIN, "%s", tally->name);
		table_add(table, TABLE_PLAIN, "%" PRIu64, tally->messages);
		table_add(table, TABLE_PLAIN, "%" PRIu64, tally->refused);
		table_add(table, TABLE_DIM, "%s", bar);
	}
	table_print(table);
	putchar('\n');
	table_free(table);
}

void recordstats_print(const struct recordstats *stats, unsigned most,
		       bool is_json)
{
	for (int i = 0; i < KINDS; i++) {
		enum kind kind = (enum kind)i;
		g_autoptr(GPtrArray) rows = sorted(stats, kind, most);

		if (!is_json)
			print_table(rows, kind);
		for (guint k = 0; is_json && k < rows->len; k++)
			print_json(kind, g_ptr_array_index(rows, k));
	}
}
