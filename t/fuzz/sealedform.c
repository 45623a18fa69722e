#include <config.h>

#include "fuzz/target.h"
#include "store/sealedform.h"

#include <string.h>

static void read_run(struct span run)
{
	struct sealedform_record record;
	size_t left = run.len;

	while (sealedform_next_record(&run, &record)) {
		BUG_IF(run.len >= left);
		BUG_IF(record.bytes.len > left);
		left = run.len;
	}
}

static void read_packed(struct span packed)
{
	struct sealedform_unpacker *unpacker = sealedform_unpacker_new();
	struct sealedform_dict *dict = sealedform_dict_new(span_of(NULL, 0));
	g_autoptr(GByteArray) run = g_byte_array_new();

	if (sealedform_decompress(unpacker, dict, packed, run))
		read_run(span_of((const char *)run->data, run->len));
	sealedform_dict_free(&dict);
	sealedform_unpacker_free(&unpacker);
}

static void read_block(struct span block)
{
	struct sealedform_postings postings;

	if (!block.len)
		return;
	postings = sealedform_postings_of(span_from(block, 1), (uint8_t)(
		(uint8_t)block.ptr[0] % (RECORD_KEY_MAX + 1)));
	while (sealedform_next_postings(&postings)) {
		g_autoptr(GArray) found = g_array_new(FALSE, FALSE,
						      sizeof(uint64_t));
		guint count = postings.count;

		if (!sealedform_sequences(&postings, 7, false, found) ||
		    !sealedform_sequences(&postings, 7, true, found))
			continue;
		BUG_IF(found->len != 2 * count);
		for (guint i = 0; i < count; i++)
			BUG_IF(g_array_index(found, uint64_t, i) !=
			       g_array_index(found, uint64_t,
					     2 * count - 1 - i));
	}
	BUG_IF(!postings.is_broken && postings.rest.len);
}

/* The first byte says what the others are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);

	if (!size)
		return 0;
	bytes = span_from(bytes, 1);
	if (data[0] % 3 == 0)
		read_run(bytes);
	else if (data[0] % 3 == 1)
		read_packed(bytes);
	else
		read_block(bytes);
	return 0;
}
