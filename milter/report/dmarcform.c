#include <config.h>

#include "report/dmarcform.h"

#include "store/prototext.h"
#include "store/state.pb-c.h"
#include "store/storeerror.h"

#include <string.h>

static Reeve__DmarcTarget *pack_target(const struct dmarcoutbox_target *target,
				       struct arena *arena)
{
	Reeve__DmarcTarget *out = arena_new(arena, Reeve__DmarcTarget);

	reeve__dmarc_target__init(out);
	out->has_address = out->has_state = out->has_when_us = true;
	out->address = prototext_pack(target->address);
	out->has_most_bytes = target->most_bytes != 0;
	out->most_bytes = target->most_bytes;
	out->state = (uint32_t)target->state;
	out->when_us = target->when_us;
	out->has_why = target->why && *target->why;
	out->why = prototext_pack(target->why);
	return out;
}

struct span dmarcform_pack(const struct dmarcoutbox_report *report,
			struct arena *arena)
{
	Reeve__DmarcReport out = REEVE__DMARC_REPORT__INIT;
	uint8_t *bytes;

	out.has_report = report->report.len > 0;
	out.report = (ProtobufCBinaryData){ report->report.len,
					    (uint8_t *)report->report.ptr };
	out.has_messages = out.has_rows = out.has_made_us = true;
	out.messages = report->messages;
	out.rows = report->rows;
	out.has_left_out = report->left_out != 0;
	out.left_out = report->left_out;
	out.made_us = report->made_us;
	out.has_next_us = report->next_us != 0;
	out.next_us = report->next_us;
	out.has_tries = report->tries != 0;
	out.tries = report->tries;
	out.has_why = report->why && *report->why;
	out.why = prototext_pack(report->why);
	out.targets = arena_new_n(arena, Reeve__DmarcTarget *,
				  report->target_count);
	for (size_t i = 0; i < report->target_count; i++)
		out.targets[i] = pack_target(&report->targets[i], arena);
	out.n_targets = report->target_count;
	bytes = arena_alloc(arena, reeve__dmarc_report__get_packed_size(&out));
	return span_of((const char *)bytes,
		       reeve__dmarc_report__pack(&out, bytes));
}

static void unpack_targets(const Reeve__DmarcReport *packed,
			   struct dmarcoutbox_report *out, struct arena *arena)
{
	out->target_count = packed->n_targets;
	out->targets = arena_new_n(arena, struct dmarcoutbox_target,
				   packed->n_targets);
	for (size_t i = 0; i < packed->n_targets; i++) {
		const Reeve__DmarcTarget *target = packed->targets[i];

		out->targets[i] = (struct dmarcoutbox_target){
			.address = prototext_unpack(&target->address, arena),
			.most_bytes = target->most_bytes,
			.state = (enum dmarcoutbox_state)MIN(
				target->state, DMARCOUTBOX_GIVEN_UP),
			.when_us = target->when_us,
			.why = prototext_unpack(&target->why, arena),
		};
	}
}

bool dmarcform_unpack(struct span value, struct arena *arena,
		      struct dmarcoutbox_report *report, GError **error)
{
	Reeve__DmarcReport *packed = reeve__dmarc_report__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);

	if (!packed) {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "the DMARC "
				     "report for %s cannot be read",
				     report->domain);
		return false;
	}
	report->report = arena_span(arena, span_of(
		(const char *)packed->report.data, packed->report.len));
	report->messages = packed->messages;
	report->rows = packed->rows;
	report->left_out = packed->left_out;
	report->made_us = packed->made_us;
	report->next_us = packed->next_us;
	report->tries = packed->tries;
	report->why = prototext_unpack(&packed->why, arena);
	unpack_targets(packed, report, arena);
	reeve__dmarc_report__free_unpacked(packed, NULL);
	return true;
}
