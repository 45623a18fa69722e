#include <config.h>

#include "store/proof.h"

#include "store/day.h"
#include "store/dayreader.h"
#include "store/hashtree.h"
#include "store/sealfiles.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <string.h>

void proof_release(struct proof *proof)
{
	g_clear_pointer(&proof->record, g_bytes_unref);
	g_clear_pointer(&proof->hashes, g_byte_array_unref);
	g_clear_pointer(&proof->seal, g_free);
}

/* The day that has the sequence, and its facts. */
static struct segment *find_day(const char *records_dir, struct proof *proof,
				struct segment_facts *facts, GError **error)
{
	g_autoptr(GArray) days = day_list(records_dir, error);

	for (guint i = days ? days->len : 0; i > 0; i--) {
		g_autofree char *path = NULL;
		struct segment *segment;

		proof->day = g_array_index(days, int64_t, i - 1);
		path = day_path(records_dir, proof->day);
		segment = segment_open(path, SEGMENT_READ, 0, error);
		if (!segment || !segment_facts(segment, facts, error)) {
			segment_close(&segment);
			return NULL;
		}
		if (proof->sequence > facts->before.sequence &&
		    proof->sequence <= facts->head.sequence)
			return segment;
		segment_close(&segment);
	}
	if (days)
		store_error_set_text(error, STORE_ERROR_MISSING, "no day has "
				     "record %" PRIu64, proof->sequence);
	return NULL;
}

static void take_record(struct proof *proof,
			const struct dayreader_record *record)
{
	proof->record = g_bytes_new(record->bytes.ptr, record->bytes.len);
	proof->is_erased = record->is_erased;
	memcpy(proof->sha256, record->sha256, sizeof proof->sha256);
}

static bool read_day(struct proof *proof, struct segment *segment,
		     const struct segment_facts *facts, GError **error)
{
	struct dayreader *reader = dayreader_new(segment, DAYREADER_HASHES,
						 error);
	struct hashtree_path *path;
	struct dayreader_record record;
	uint64_t at = facts->before.sequence, seen = 0;

	if (!reader)
		return false;
	path = hashtree_path_new(proof->index, proof->count);
	for (; dayreader_next(reader, at + 1, &record); seen++) {
		at = record.sequence;
		hashtree_path_add(path, record.sha256);
		if (at == proof->sequence)
			take_record(proof, &record);
	}
	dayreader_free(&reader);
	proof->hashes = hashtree_path_end(&path);
	if (seen != proof->count || !facts->is_sealed)
		g_clear_pointer(&proof->hashes, g_byte_array_unref);
	if (!proof->record)
		store_error_set_text(error, STORE_ERROR_MISSING, "record %"
				     PRIu64 " went at its term",
				     proof->sequence);
	return proof->record != NULL;
}

bool proof_make(const char *state_dir, uint64_t sequence,
		struct proof *proof_out, GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	struct proof proof = { .sequence = sequence };
	struct segment_facts facts;
	struct segment *segment = find_day(dir, &proof, &facts, error);
	bool is_done = segment != NULL;

	if (is_done) {
		proof.index = sequence - facts.before.sequence - 1;
		proof.count = facts.count;
		is_done = read_day(&proof, segment, &facts, error);
	}
	segment_close(&segment);
	if (is_done && facts.is_sealed) {
		g_autofree char *seal_path = sealfiles_seal_path(dir,
								 proof.day);
		struct seal seal;

		is_done = seal_read(seal_path, &seal, &proof.seal, error);
	}
	if (is_done)
		*proof_out = proof;
	else
		proof_release(&proof);
	return is_done;
}
