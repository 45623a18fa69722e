#include <config.h>

#include "bulk/campaignrows.h"

#include "store/state.pb-c.h"

#include <string.h>

struct campaign_key campaignrows_key(const struct campaign *campaign)
{
	return (struct campaign_key){
		GUINT64_TO_BE((uint64_t)campaign->first_us),
		GUINT64_TO_BE(campaign->id),
	};
}

static struct span key_span(const struct campaign_key *key)
{
	return span_of((const char *)key, sizeof *key);
}

struct campaign campaignrows_new(const struct fingerprint *print,
				 const char *subject, int64_t now_us)
{
	struct campaign fresh = {
		fingerprint_id(print), *print, now_us, now_us, { 0 }, "",
	};
	const char *end;

	g_strlcpy(fresh.subject, subject, sizeof fresh.subject);
	if (!g_utf8_validate(fresh.subject, -1, &end))
		fresh.subject[end - fresh.subject] = '\0';
	return fresh;
}

bool campaignrows_put(struct state_txn *txn, const struct campaign *campaign,
		      GError **error)
{
	Reeve__Campaign packed = REEVE__CAMPAIGN__INIT;
	g_autofree uint8_t *bytes = NULL;
	struct campaign_key key = campaignrows_key(campaign);
	size_t len;

	packed.only = (uint64_t *)campaign->only;
	packed.n_only = campaign->only[0] ? CAMPAIGN_THINGS : 0;
	packed.n_marks = campaign->print.count;
	packed.marks = (uint64_t *)campaign->print.marks;
	packed.has_is_exact = packed.has_first_us = packed.has_last_us =
		packed.has_subject = true;
	packed.is_exact = campaign->print.is_exact;
	packed.first_us = campaign->first_us;
	packed.last_us = campaign->last_us;
	packed.subject = (ProtobufCBinaryData){
		strlen(campaign->subject), (uint8_t *)campaign->subject };
	bytes = g_malloc(reeve__campaign__get_packed_size(&packed));
	len = reeve__campaign__pack(&packed, bytes);
	return state_put(txn, STATE_CAMPAIGNS, key_span(&key),
			 span_of((const char *)bytes, len), error);
}

void campaignrows_delete(struct state_txn *txn, const struct campaign_key *key)
{
	(void)state_delete(txn, STATE_CAMPAIGNS, key_span(key));
}

/* What is on disk is a stranger's. */
static bool read_campaign(struct span value, struct campaign *out)
{
	Reeve__Campaign *packed = reeve__campaign__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);
	struct fingerprint print = { .count = 0 };
	bool is_good;

	if (!packed)
		return false;
	is_good = packed->n_marks > 0 &&
		  packed->n_marks <= FINGERPRINT_MARKS;
	for (size_t i = 0; is_good && i < packed->n_marks; i++) {
		is_good = !i || packed->marks[i] > packed->marks[i - 1];
		print.marks[i] = packed->marks[i];
	}
	if (is_good) {
		g_autofree char *subject = packed->subject.len ?
			g_strndup((const char *)packed->subject.data,
				  packed->subject.len) : g_strdup("");

		print.count = (unsigned)packed->n_marks;
		print.is_exact = packed->is_exact;
		*out = campaignrows_new(&print, subject, packed->first_us);
		out->last_us = packed->last_us;
		if (packed->n_only == CAMPAIGN_THINGS)
			memcpy(out->only, packed->only, sizeof out->only);
	}
	reeve__campaign__free_unpacked(packed, NULL);
	return is_good;
}

bool campaigns_each(struct state *state, campaigns_see_fn *see, void *context,
		    GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct span key, value;
	char from[STATE_KEY_MAX + 1] = "";
	size_t from_len = 0;

	if (!txn)
		return false;
	while (state_seek(txn, STATE_CAMPAIGNS, span_of(from, from_len), &key,
			  &value)) {
		struct campaign campaign;

		if (read_campaign(value, &campaign))
			see(&campaign, context);
		from_len = MIN(key.len, STATE_KEY_MAX);
		memcpy(from, key.ptr, from_len);
		from[from_len++] = '\0';
	}
	state_end(&txn);
	return true;
}
