#define _GNU_SOURCE		/* memfd_create() */

#include <config.h>

#include "fuzz/target.h"
#include "store/digest.h"
#include "store/sealedkeys.h"
#include "store/sealedread.h"
#include "store/sealguide.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A sealed day's file as a damaged disk may give it. The first byte says what
 * the others are: g: a whole file, its guide at its end. Else they are entries,
 * one behind the other, for which a guide is made: a byte for the table (r:
 * records, i: index, d: the dictionary), one for the length of the key, two for
 * that of the value (the least significant first), the key, the value.
 */
#define STEPS 200		/* of each walk */

struct entry {
	char table;
	struct span key, value;
};

static gint by_key(gconstpointer a, gconstpointer b)
{
	const struct entry *x = a, *y = b;
	size_t len = MIN(x->key.len, y->key.len);
	int order = len ? memcmp(x->key.ptr, y->key.ptr, len) : 0;

	return order ? order : (x->key.len > y->key.len) -
			       (x->key.len < y->key.len);
}

static GArray *entries_of(struct span input)
{
	GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct entry));

	while (input.len > 4) {
		const unsigned char *head = (const unsigned char *)input.ptr;
		size_t value_len = head[2] | (size_t)head[3] << 8;
		struct span rest = span_from(input, 4);
		struct entry entry = {
			input.ptr[0], span_first(rest, MIN(head[1], rest.len)),
			rest,
		};

		rest = span_from(rest, entry.key.len);
		entry.value = span_first(rest, MIN(value_len, rest.len));
		g_array_append_val(entries, entry);
		input = span_from(rest, entry.value.len);
	}
	g_array_sort(entries, by_key);
	return entries;
}

/* The input is the file, and its guide is beside it. */
static GByteArray *guide_of(struct span input, const GArray *entries)
{
	const struct segment_facts facts = {
		.count = 1, .head.sequence = 1000,
	};
	struct sealguide *guide = sealguide_new();
	struct span dict = span_of(input.ptr, 0);

	for (guint i = 0; i < entries->len; i++) {
		const struct entry *entry = &g_array_index(entries,
							   struct entry, i);
		uint64_t at = (uint64_t)(entry->value.ptr - input.ptr), big;

		if (entry->table == 'd') {
			dict = entry->value;
		} else if (entry->table == 'i') {
			sealguide_add_block(guide, entry->key, at,
					    entry->value.len);
		} else if (entry->key.len == sizeof big) {
			memcpy(&big, entry->key.ptr, sizeof big);
			sealguide_add_chunk(guide, GUINT64_FROM_BE(big), at,
					    entry->value.len);
		}
	}
	return sealguide_end(&guide, &facts, (uint64_t)(dict.ptr - input.ptr),
			     dict.len);
}

static int file_of(struct span bytes)
{
	int fd = memfd_create("day", MFD_CLOEXEC);

	BUG_IF(fd < 0 || write(fd, bytes.ptr, bytes.len) !=
			 (ssize_t)bytes.len);
	return fd;
}

/* Whoever can write the file can sign the guide. */
static struct dayguide *open_signed(struct span file)
{
	g_autofree char *bytes = g_memdup2(file.ptr, file.len);
	size_t at = file.len - sizeof(struct dayguide_end);
	size_t to = at + offsetof(struct dayguide_end, guide_sha256);
	struct dayguide_end end;

	if (file.len < sizeof end)
		return NULL;
	memcpy(&end, bytes + at, sizeof end);
	if (end.bytes >= sizeof end && end.bytes <= file.len)
		digest_sha256(span_of(bytes + file.len - end.bytes,
				      to - (file.len - end.bytes)),
			      (uint8_t *)bytes + to);
	return dayguide_open(file_of(span_of(bytes, file.len)));
}

static struct dayguide *guide_open(struct span input)
{
	g_autoptr(GArray) entries = NULL;

	if (input.ptr[0] == 'g')
		return open_signed(span_from(input, 1));
	entries = entries_of(input);
	return dayguide_open_with(file_of(input), guide_of(input, entries));
}

static volatile unsigned touched;

/* All that was given can be read. */
static void touch(struct span bytes)
{
	unsigned sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum += (unsigned char)bytes.ptr[i];
	touched = sum;
}

static void walk(struct sealedread *read)
{
	struct dayreader_record record;
	uint64_t at = 0;

	for (int i = 0; i < STEPS && sealedread_next(read, at, &record); i++) {
		BUG_IF(record.sequence < at);
		touch(record.bytes);
		if (record.sequence == UINT64_MAX)
			break;
		at = record.sequence + 1;
	}
	at = UINT64_MAX;
	for (int i = 0; i < STEPS && sealedread_before(read, at, &record);
	     i++) {
		BUG_IF(record.sequence > at);
		touch(record.bytes);
		if (!record.sequence)
			break;
		at = record.sequence - 1;
	}
	for (uint64_t i = 0; i < 8; i++)
		if (sealedread_at(read, i, &record))
			touch(record.bytes);
	(void)sealedread_problem(read);
}

static bool take_key(const struct record_key *key, const GArray *sequences,
		     void *context)
{
	unsigned *left = context;

	BUG_IF(key->len > RECORD_KEY_MAX);
	(void)sequences;
	return --*left > 0;
}

static void look_up(struct sealedkeys *keys, const struct record_key *key)
{
	const struct record_key last = { RECORD_KEY_MAX, { 0xff } };
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	(void)!sealedkeys_postings(keys, key, UINT64_MAX, found);
	sealedkeys_collect(keys, key, &last, found);
	(void)!sealedkeys_count(keys, key, &last, 1000);
	(void)!sealedkeys_bounds(keys, key, &last).first;
}

static void read_all(const struct dayguide *guide,
		     enum dayreader_mode mode, struct span input)
{
	struct sealedread *read = sealedread_new(guide, mode);
	struct sealedkeys *keys = sealedkeys_new(guide);
	struct record_key key = { .len = RECORD_KEY_MAX };
	unsigned left = STEPS;

	walk(read);
	memcpy(key.bytes, input.ptr, MIN(input.len, sizeof key.bytes));
	look_up(keys, &key);
	key = (struct record_key){ .len = 1, .bytes = { 1 } };
	look_up(keys, &key);
	(void)!sealedkeys_each_key(keys, take_key, &left);
	sealedkeys_free(&keys);
	sealedread_free(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_of((const char *)data, size);
	struct dayguide *guide = size ? guide_open(input) : NULL;

	if (!guide)
		return 0;
	read_all(guide, DAYREADER_HASHES, input);
	read_all(guide, DAYREADER_RECORDS, input);
	dayguide_free(&guide);
	return 0;
}
