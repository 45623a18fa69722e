#include <config.h>

#include "report/monthlymail.h"

#include <string.h>

#define TOP 20			/* findings, customers */
#define NAMES_MAX 100000	/* of each; what comes later is not counted
				 * by name */
#define DIRECTIONS 4

/* How a message ended, for the one who asks how much was stopped. */
enum fate {
	FATE_ACCEPTED, FATE_TAGGED, FATE_QUARANTINED, FATE_DEFERRED,
	FATE_REJECTED, FATE_DISCARDED, FATE_UNFINISHED, FATES
};

struct tally {
	char *name;
	uint64_t messages, stopped;
};

struct monthlymail {
	const struct month *month;
	uint64_t fates[DIRECTIONS][FATES], bytes[DIRECTIONS];
	uint64_t messages[MONTH_DAYS_MAX], stopped[MONTH_DAYS_MAX];
	uint64_t originals;
	GHashTable *findings, *customers;	/* name -> struct tally */
};

static void free_tally(void *memory)
{
	struct tally *tally = memory;

	g_free(tally->name);
	g_free(tally);
}

static GHashTable *new_table(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
				     free_tally);
}

struct monthlymail *monthlymail_new(const struct month *month)
{
	struct monthlymail *mail = g_new0(struct monthlymail, 1);

	mail->month = month;
	mail->findings = new_table();
	mail->customers = new_table();
	return mail;
}

void monthlymail_free(struct monthlymail *mail)
{
	g_hash_table_unref(mail->findings);
	g_hash_table_unref(mail->customers);
	g_free(mail);
}

/* All recipients were refused: for good when that is so of one of them. */
static enum fate fate_of_refused(const Reeve__Message *message)
{
	enum fate fate = FATE_UNFINISHED;

	for (size_t i = 0; i < message->n_recipients; i++) {
		uint32_t code = message->recipients[i]->code;

		if (code >= 500)
			return FATE_REJECTED;
		if (code >= 400)
			fate = FATE_DEFERRED;
	}
	return fate;
}

static enum fate fate_of(const Reeve__Record *record)
{
	if (recordview_ending(record) == ENDING_REFUSED)
		return fate_of_refused(record->message);
	switch (recordview_action(record)) {
	case ACTION_ACCEPT: return FATE_ACCEPTED;
	case ACTION_TAG: return FATE_TAGGED;
	case ACTION_QUARANTINE: return FATE_QUARANTINED;
	case ACTION_DEFER: return FATE_DEFERRED;
	case ACTION_REJECT: return FATE_REJECTED;
	case ACTION_DISCARD: return FATE_DISCARDED;
	default: return FATE_UNFINISHED;
	}
}

static bool is_stopped(enum fate fate)
{
	return fate == FATE_QUARANTINED || fate == FATE_REJECTED ||
	       fate == FATE_DISCARDED;
}

static void count(GHashTable *table, const char *name, bool is_stopped_one)
{
	struct tally *tally = g_hash_table_lookup(table, name);

	if (!tally && g_hash_table_size(table) >= NAMES_MAX)
		return;
	if (!tally) {
		tally = g_new0(struct tally, 1);
		tally->name = g_strdup(name);
		g_hash_table_insert(table, tally->name, tally);
	}
	tally->messages++;
	tally->stopped += is_stopped_one;
}

/* Each once, though it may be there for several recipients. */
static void count_findings(struct monthlymail *mail,
			   const Reeve__Message *message, bool is_stopped_one)
{
	for (size_t i = 0; i < message->n_findings; i++) {
		const char *symbol = message->findings[i]->symbol;
		bool is_again = false;

		for (size_t k = 0; symbol && k < i; k++)
			is_again |= g_strcmp0(message->findings[k]->symbol,
					      symbol) == 0;
		if (symbol && !is_again)
			count(mail->findings, symbol, is_stopped_one);
	}
}

void monthlymail_add(struct monthlymail *mail, const Reeve__Record *record)
{
	int day = month_day_of(mail->month, recordview_ended_us(record));
	const Reeve__Message *message = record->message;
	enum direction direction;
	enum fate fate;

	if (day < 0 || !message)
		return;
	direction = recordview_direction(record);
	fate = fate_of(record);
	mail->fates[direction][fate]++;
	mail->bytes[direction] += message->body_bytes + message->header_bytes;
	mail->messages[day]++;
	mail->stopped[day] += is_stopped(fate);
	mail->originals += message->evidence != NULL;
	count_findings(mail, message, is_stopped(fate));
	if (message->customer && *message->customer)
		count(mail->customers, message->customer, is_stopped(fate));
}

uint64_t monthlymail_messages_of(const struct monthlymail *mail, int first,
				 int last)
{
	uint64_t sum = 0;

	for (int day = first; day < last; day++)
		sum += mail->messages[day];
	return sum;
}

uint64_t monthlymail_stopped_of(const struct monthlymail *mail, int first,
				int last)
{
	uint64_t sum = 0;

	for (int day = first; day < last; day++)
		sum += mail->stopped[day];
	return sum;
}

uint64_t monthlymail_messages(const struct monthlymail *mail)
{
	return monthlymail_messages_of(mail, 0, mail->month->days);
}

uint64_t monthlymail_stopped(const struct monthlymail *mail)
{
	return monthlymail_stopped_of(mail, 0, mail->month->days);
}

uint64_t monthlymail_originals(const struct monthlymail *mail)
{
	return mail->originals;
}

static void tell_volume(const struct monthlymail *mail,
			struct figures *figures)
{
	static const struct figures_column columns[] = {
		{ "direction", "Direction", FIGURES_TEXT, false },
		{ "messages", "Messages", FIGURES_COUNT, false },
		{ "accepted", "Accepted", FIGURES_COUNT, false },
		{ "tagged", "Tagged", FIGURES_COUNT, false },
		{ "quarantined", "Quarantined", FIGURES_COUNT, false },
		{ "deferred", "Deferred", FIGURES_COUNT, false },
		{ "rejected", "Rejected", FIGURES_COUNT, false },
		{ "discarded", "Discarded", FIGURES_COUNT, false },
		{ "unfinished", "Unfinished", FIGURES_COUNT, false },
		{ "bytes", "Size", FIGURES_BYTES, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};

	figures_begin(figures, "volume", "Volume by direction", columns);
	for (int i = DIRECTION_INBOUND; i < DIRECTIONS; i++) {
		uint64_t sum = 0;

		for (int fate = 0; fate < FATES; fate++)
			sum += mail->fates[i][fate];
		figures_add_text(figures, direction_word((enum direction)i));
		figures_add_number(figures, (double)sum);
		for (int fate = 0; fate < FATES; fate++)
			figures_add_number(figures,
					   (double)mail->fates[i][fate]);
		figures_add_number(figures, (double)mail->bytes[i]);
	}
}

static void tell_days(const struct monthlymail *mail, struct figures *figures)
{
	static const struct figures_column columns[] = {
		{ "day", "Day", FIGURES_TEXT, false },
		{ "messages", "Messages", FIGURES_COUNT, true },
		{ "stopped", "Stopped", FIGURES_COUNT, true },
		{ NULL, NULL, FIGURES_TEXT, false },
	};
	char text[MONTH_TEXT_MAX];

	figures_begin(figures, "days", "Messages by day", columns);
	for (int day = 0; day < mail->month->days; day++) {
		figures_add_text(figures, month_format_day(mail->month, day,
							   text));
		figures_add_number(figures, (double)mail->messages[day]);
		figures_add_number(figures, (double)mail->stopped[day]);
	}
}

static int most_first(const void *left, const void *right)
{
	const struct tally *a = *(const struct tally *const *)left;
	const struct tally *b = *(const struct tally *const *)right;

	return a->messages > b->messages ? -1 :
	       a->messages < b->messages ? 1 : strcmp(a->name, b->name);
}

static void tell_top(GHashTable *table, struct figures *figures)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	GHashTableIter iter;
	void *one;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, NULL, &one))
		g_ptr_array_add(all, one);
	g_ptr_array_sort(all, most_first);
	for (guint i = 0; i < MIN(all->len, TOP); i++) {
		const struct tally *tally = g_ptr_array_index(all, i);

		figures_add_text(figures, tally->name);
		figures_add_number(figures, (double)tally->messages);
		figures_add_number(figures, (double)tally->stopped);
	}
}

void monthlymail_tell(const struct monthlymail *mail, struct figures *figures)
{
	static const struct figures_column findings[] = {
		{ "finding", "Finding", FIGURES_TEXT, false },
		{ "messages", "Messages", FIGURES_COUNT, true },
		{ "stopped", "Stopped", FIGURES_COUNT, true },
		{ NULL, NULL, FIGURES_TEXT, false },
	}, customers[] = {
		{ "customer", "Customer", FIGURES_TEXT, false },
		{ "messages", "Messages", FIGURES_COUNT, true },
		{ "stopped", "Stopped", FIGURES_COUNT, true },
		{ NULL, NULL, FIGURES_TEXT, false },
	};

	tell_volume(mail, figures);
	tell_days(mail, figures);
	figures_begin(figures, "findings", "Most frequent findings", findings);
	tell_top(mail->findings, figures);
	figures_begin(figures, "customers", "Customers who sent most",
		      customers);
	tell_top(mail->customers, figures);
}
