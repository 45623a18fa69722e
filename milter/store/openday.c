#include <config.h>

#include "store/openday.h"

#include "store/day.h"

#include <string.h>

struct openday {
	char *dir;
	int64_t map_bytes;
	struct segment *segment;	/* NULL: none is open */
	int64_t day, ahead;
	bool has_head;			/* that of the day is known */
	struct segment_head head;
};

struct openday *openday_new(const char *records_dir, int64_t map_bytes)
{
	struct openday *openday = g_new0(struct openday, 1);

	openday->dir = g_strdup(records_dir);
	openday->map_bytes = map_bytes;
	return openday;
}

void openday_free(struct openday **openday)
{
	struct openday *old = *openday;

	*openday = NULL;
	if (!old)
		return;
	segment_close(&old->segment);
	g_free(old->dir);
	g_free(old);
}

static void note_head(struct openday *openday)
{
	struct segment_facts facts;

	openday->has_head = openday->segment &&
			    segment_facts(openday->segment, &facts, NULL);
	if (openday->has_head)
		openday->head = facts.head;
}

/* Where the chain stands: at the end of the newest day that there is. */
static bool read_head(const struct openday *openday, int64_t before_day,
		      struct chain_anchor *head_out, GError **error)
{
	g_autoptr(GArray) days = day_list(openday->dir, error);
	struct segment_facts facts;

	memset(head_out, 0, sizeof *head_out);
	if (!days)
		return false;
	for (guint i = days->len; i > 0; i--) {
		int64_t day = g_array_index(days, int64_t, i - 1);
		g_autofree char *path = day_path(openday->dir, day);
		struct segment *segment;
		bool is_read;

		if (day >= before_day)
			continue;
		segment = segment_open(path, SEGMENT_READ, 0, error);
		if (!segment)
			return false;
		is_read = segment_facts(segment, &facts, error);
		segment_close(&segment);
		if (is_read)
			*head_out = (struct chain_anchor){ day, facts.head };
		return is_read;
	}
	return true;
}

static bool find_head(const struct openday *openday, int64_t before_day,
		      struct chain_anchor *head_out, GError **error)
{
	if (!openday->has_head)
		return read_head(openday, before_day, head_out, error);
	*head_out = (struct chain_anchor){ openday->day, openday->head };
	return true;
}

static int64_t newest_day(const struct openday *openday)
{
	g_autoptr(GArray) days = day_list(openday->dir, NULL);

	return days && days->len ?
	       g_array_index(days, int64_t, days->len - 1) : INT64_MIN;
}

static int64_t ahead_at(const struct openday *openday, int64_t now_us)
{
	return day_begin_us(openday->day) > now_us + OPENDAY_SLACK_US ?
	       openday->day : 0;
}

static bool open_day(struct openday *openday, int64_t day,
		     struct chain_anchor *over_out, GError **error)
{
	g_autofree char *path = day_path(openday->dir, day);

	if (!g_file_test(path, G_FILE_TEST_EXISTS) &&
	    (!find_head(openday, day, over_out, error) ||
	     !segment_create(path, &over_out->head, error))) {
		over_out->head.sequence = 0;
		return false;
	}
	segment_close(&openday->segment);
	openday->segment = segment_open(path, SEGMENT_WRITE,
					openday->map_bytes, error);
	openday->day = day;
	note_head(openday);
	return openday->segment != NULL;
}

bool openday_begin(struct openday *openday, int64_t now_us,
		   struct chain_anchor *over_out, GError **error)
{
	int64_t day = day_of_us(now_us);

	over_out->head.sequence = 0;
	if ((!openday->segment || openday->day < day) &&
	    !open_day(openday, MAX(day, newest_day(openday)), over_out, error))
		return false;
	openday->ahead = ahead_at(openday, now_us);
	return true;
}

bool openday_is_over(const struct openday *openday, int64_t now_us)
{
	return day_of_us(now_us) > openday->day ||
	       ahead_at(openday, now_us) != openday->ahead;
}

int64_t openday_ahead(const struct openday *openday)
{
	return openday->ahead;
}

/* LMDB after an error of the disk is opened anew rather than trusted. */
bool openday_append(struct openday *openday,
		    struct packed_record *const *records, size_t count,
		    GError **error)
{
	bool is_done = count ? segment_append(openday->segment, records, count,
					      error) :
			       segment_probe(openday->segment, error);

	if (!is_done)
		segment_close(&openday->segment);
	note_head(openday);
	return is_done;
}

void openday_check_readers(struct openday *openday)
{
	segment_check_readers(openday->segment);
}
