#include <config.h>

#include "cases/complaintform.h"

#include "store/state.pb-c.h"

#include <string.h>

static ProtobufCBinaryData bytes_of(const char *text)
{
	return (ProtobufCBinaryData){
		MIN(strlen(text), COMPLAINT_TEXT_MAX), (uint8_t *)text,
	};
}

static ProtobufCBinaryData bytes_of_addr(const struct netaddr *addr)
{
	return (ProtobufCBinaryData){ sizeof addr->bytes,
				      (uint8_t *)addr->bytes };
}

static void fill_match(Reeve__Complaint *packed,
		       const struct complaint_match *match)
{
	packed->n_records = match->record_count;
	packed->records = (uint64_t *)match->records;
	packed->has_how = packed->has_account = packed->has_client = true;
	packed->how = bytes_of(match->how);
	packed->account = bytes_of(match->account);
	packed->client = bytes_of(match->client);
	packed->has_customer = packed->has_is_ours = true;
	packed->is_ours = match->is_ours;
	packed->customer = bytes_of(match->customer);
}

static void fill_texts(Reeve__Complaint *packed,
		       const struct complaint *complaint)
{
	packed->has_form = packed->has_flaws = packed->has_kind = true;
	packed->form = complaint->form;
	packed->flaws = complaint->flaws;
	packed->kind = bytes_of(complaint->kind);
	packed->has_reporter = packed->has_reporter_domain = true;
	packed->reporter = bytes_of(complaint->reporter);
	packed->reporter_domain = bytes_of(complaint->reporter_domain);
	packed->has_agent = packed->has_subject = packed->has_message_id = true;
	packed->agent = bytes_of(complaint->agent);
	packed->subject = bytes_of(complaint->subject);
	packed->message_id = bytes_of(complaint->message_id);
	packed->has_sender = packed->has_recipient = true;
	packed->sender = bytes_of(complaint->sender);
	packed->recipient = bytes_of(complaint->recipient);
	packed->has_is_redacted = packed->has_received_us = true;
	packed->is_redacted = complaint->is_redacted;
	packed->received_us = complaint->received_us;
	packed->has_source = complaint->source.family != NETADDR_NONE;
	packed->source = bytes_of_addr(&complaint->source);
	packed->has_original = true;
	packed->original.len = MIN(complaint->original.len,
				   COMPLAINT_KEPT_BYTES);
	packed->original.data = (uint8_t *)complaint->original.ptr;
}

uint8_t *complaintform_pack(const struct complaint_entry *entry,
			    size_t *len_out)
{
	const struct complaint *complaint = &entry->complaint;
	Reeve__Complaint packed = REEVE__COMPLAINT__INIT;
	ProtobufCBinaryData ids[COMPLAINT_HOPS_MAX], hops[COMPLAINT_HOPS_MAX];
	uint8_t *bytes;

	for (size_t i = 0; i < complaint->queue_id_count; i++)
		ids[i] = bytes_of(complaint->queue_ids[i]);
	for (size_t i = 0; i < complaint->hop_count; i++)
		hops[i] = bytes_of_addr(&complaint->hops[i]);
	fill_texts(&packed, complaint);
	fill_match(&packed, &entry->match);
	packed.n_queue_ids = complaint->queue_id_count;
	packed.queue_ids = ids;
	packed.n_hops = complaint->hop_count;
	packed.hops = hops;
	packed.has_first_us = packed.has_last_us = packed.has_count = true;
	packed.first_us = entry->first_us;
	packed.last_us = entry->last_us;
	packed.count = entry->count;
	packed.has_erased_us = entry->erased_us != 0;
	packed.erased_us = entry->erased_us;
	packed.has_operator_name = packed.has_note = true;
	packed.operator_name = bytes_of(entry->operator_name);
	packed.note = bytes_of(entry->note);
	bytes = g_malloc(reeve__complaint__get_packed_size(&packed));
	*len_out = reeve__complaint__pack(&packed, bytes);
	return bytes;
}

static const char *text_of(struct arena *arena, protobuf_c_boolean has,
			   const ProtobufCBinaryData *data)
{
	return has ? arena_span_text(arena, span_of((char *)data->data,
						    data->len)) : "";
}
#define TEXT(field) text_of(arena, packed->has_##field, &packed->field)

static struct netaddr addr_of(const ProtobufCBinaryData *data)
{
	struct netaddr addr;

	if (!netaddr_of_bytes(span_of((char *)data->data, data->len), &addr))
		addr = (struct netaddr){ .family = NETADDR_NONE };
	return addr;
}

static void read_complaint(const Reeve__Complaint *packed,
			   struct arena *arena, struct complaint *out)
{
	*out = (struct complaint){
		.form = MIN(packed->form, COMPLAINT_BY_HAND),
		.flaws = packed->flaws, .kind = TEXT(kind),
		.reporter = TEXT(reporter),
		.reporter_domain = TEXT(reporter_domain),
		.agent = TEXT(agent), .subject = TEXT(subject),
		.received_us = packed->received_us,
		.message_id = TEXT(message_id), .sender = TEXT(sender),
		.recipient = TEXT(recipient),
		.is_redacted = packed->is_redacted,
		.hop_count = MIN(packed->n_hops, COMPLAINT_HOPS_MAX),
		.queue_id_count = MIN(packed->n_queue_ids, COMPLAINT_HOPS_MAX),
	};
	if (packed->has_source)
		out->source = addr_of(&packed->source);
	for (size_t i = 0; i < out->hop_count; i++)
		out->hops[i] = addr_of(&packed->hops[i]);
	for (size_t i = 0; i < out->queue_id_count; i++)
		out->queue_ids[i] = text_of(arena, true,
					    &packed->queue_ids[i]);
	if (packed->has_original)
		out->original = arena_span(arena, span_of(
			(char *)packed->original.data, packed->original.len));
}

bool complaintform_read(struct span value, struct arena *arena,
			struct complaint_entry *out)
{
	Reeve__Complaint *packed = reeve__complaint__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);

	if (!packed)
		return false;
	*out = (struct complaint_entry){
		.match = {
			.record_count = MIN(packed->n_records,
					    COMPLAINT_RECORDS_MAX),
			.how = TEXT(how), .account = TEXT(account),
			.client = TEXT(client), .customer = TEXT(customer),
			.is_ours = packed->is_ours,
		},
		.first_us = packed->first_us, .last_us = packed->last_us,
		.count = packed->count, .operator_name = TEXT(operator_name),
		.note = TEXT(note), .erased_us = packed->erased_us,
	};
	for (size_t i = 0; i < out->match.record_count; i++)
		out->match.records[i] = packed->records[i];
	read_complaint(packed, arena, &out->complaint);
	reeve__complaint__free_unpacked(packed, NULL);
	return true;
}
