#include <config.h>

#include "store/holds.h"

#include "base/arena.h"
#include "store/day.h"
#include "store/prototext.h"
#include "store/state.pb-c.h"
#include "store/storeerror.h"

#include <string.h>

static bool is_said(const char *text)
{
	return text && *text;
}

bool holds_is_of_days(const struct hold *hold)
{
	return !is_said(hold->sender) && !is_said(hold->recipient) &&
	       !is_said(hold->account) && !is_said(hold->client);
}

static bool put(struct state_txn *txn, const struct hold *hold, GError **error)
{
	Reeve__Hold packed = REEVE__HOLD__INIT;
	g_autofree uint8_t *bytes = NULL;

	packed.has_since_day = hold->since_day != INT64_MIN;
	packed.since_day = hold->since_day;
	packed.has_until_day = hold->until_day != INT64_MAX;
	packed.until_day = hold->until_day;
	packed.has_created_us = packed.has_operator_name = packed.has_reason =
		true;
	packed.created_us = hold->created_us;
	packed.operator_name = prototext_pack(hold->operator_name);
	packed.reason = prototext_pack(hold->reason);
	packed.has_sender = is_said(hold->sender);
	packed.sender = prototext_pack(hold->sender);
	packed.has_recipient = is_said(hold->recipient);
	packed.recipient = prototext_pack(hold->recipient);
	packed.has_account = is_said(hold->account);
	packed.account = prototext_pack(hold->account);
	packed.has_client = is_said(hold->client);
	packed.client = prototext_pack(hold->client);
	bytes = g_malloc(reeve__hold__get_packed_size(&packed));
	return state_put(txn, STATE_HOLDS, span_text(hold->name),
			 span_of((const char *)bytes,
				 reeve__hold__pack(&packed, bytes)), error);
}

bool holds_add(struct state *state, const struct hold *hold, GError **error)
{
	size_t len = strlen(hold->name);
	struct state_txn *txn;
	struct span value;
	bool is_good;

	if (!len || len > HOLD_NAME_MAX) {
		store_error_set_text(error, STORE_ERROR_INVALID, "the name of "
				     "a hold has 1 to %d bytes",
				     HOLD_NAME_MAX);
		return false;
	}
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	is_good = !state_find(txn, STATE_HOLDS, span_text(hold->name), &value);
	if (!is_good)
		store_error_set_text(error, STORE_ERROR_INVALID, "there is a "
				     "hold %s already", hold->name);
	if (is_good && put(txn, hold, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool holds_release(struct state *state, const char *name, bool *was_there_out,
		   GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	*was_there_out = *name && state_delete(txn, STATE_HOLDS,
					       span_text(name));
	return state_commit(&txn, error);
}

static bool take_one(struct span key, struct span value, holds_take_fn *take,
		     void *context, GError **error)
{
	Reeve__Hold *packed = reeve__hold__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);
	g_autofree char *name = g_strndup(key.ptr, key.len);
	struct arena arena;

	if (!packed) {
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "hold %s cannot be read", name);
		return false;
	}
	arena_init(&arena);
	take(&(struct hold){
		.name = name,
		.since_day = packed->has_since_day ? packed->since_day :
						     INT64_MIN,
		.until_day = packed->has_until_day ? packed->until_day :
						     INT64_MAX,
		.created_us = packed->created_us,
		.operator_name = prototext_unpack(&packed->operator_name,
						  &arena),
		.reason = prototext_unpack(&packed->reason, &arena),
		.sender = prototext_unpack(&packed->sender, &arena),
		.recipient = prototext_unpack(&packed->recipient, &arena),
		.account = prototext_unpack(&packed->account, &arena),
		.client = prototext_unpack(&packed->client, &arena),
	}, context);
	arena_release(&arena);
	reeve__hold__free_unpacked(packed, NULL);
	return true;
}

bool holds_each(struct state *state, holds_take_fn *take, void *context,
		GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	char from[STATE_KEY_MAX] = "";
	size_t from_len = 0;
	struct span key, value;
	bool is_good = txn != NULL;

	while (is_good && state_seek(txn, STATE_HOLDS, span_of(from, from_len),
				     &key, &value)) {
		is_good = take_one(key, value, take, context, error);
		from_len = MIN(key.len, STATE_KEY_MAX - 1);
		memcpy(from, key.ptr, from_len);
		from[from_len++] = '\0';
	}
	state_end(&txn);
	return is_good;
}

static void add_range(const struct hold *hold, void *context)
{
	struct day_range range = { hold->since_day, hold->until_day };

	g_array_append_val(context, range);
}

GArray *holds_ranges(struct state *state, GError **error)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct day_range));

	if (holds_each(state, add_range, ranges, error))
		return ranges;
	g_array_unref(ranges);
	return NULL;
}
