#include <config.h>

#include "report/authority.h"

#include "report/abusefacts.h"
#include "store/evidence.h"
#include "store/hex.h"

#include <inttypes.h>

/* One run: texts live in arena. */
struct writing {
	const struct authority *report;
	const struct casematter *matter;
	GString *out;
	struct arena arena;
};

static const char *clean(struct writing *on, const char *text)
{
	return abusefacts_text(span_text(text), &on->arena) ?: "";
}

static const char *when(struct writing *on, int64_t time_us)
{
	return time_us ? abusefacts_when(time_us, &on->arena) : "";
}

static void add_line(struct writing *on, const char *label, const char *text)
{
	const char *safe = clean(on, text);

	if (*safe)
		g_string_append_printf(on->out, "%-14s %s\n", label, safe);
}

static void add_title(struct writing *on, const char *title)
{
	g_string_append_printf(on->out, "\n%s\n\n", title);
}

/* All that the case ever owed, with what is owed still. */
static void add_deadlines(struct writing *on, const struct case_facts *facts)
{
	for (unsigned i = 0; i < CASE_DUTIES; i++) {
		g_autofree char *label = g_strdup_printf("%s by",
							 case_duty_word(i));

		if (facts->due_us[i])
			add_line(on, label, when(on, facts->due_us[i]));
		else if (facts->owed_us[i])
			add_line(on, label, arena_printf(&on->arena,
				"%s (settled)", when(on, facts->owed_us[i])));
	}
}

static void add_case(struct writing *on)
{
	const struct case_facts *facts = &on->matter->facts;
	const struct report_settings *reporter = on->report->reporter;
	char id[CASE_ID_TEXT_MAX];

	g_string_append_printf(on->out, "Report about case %s\n\n",
			       case_id_format(facts->id, id));
	add_line(on, "made", when(on, on->report->now_us));
	add_line(on, "by", reporter->organisation);
	add_line(on, "contact", reporter->contact);
	add_title(on, "What");
	add_line(on, "kind", case_kind_word(facts->kind));
	add_line(on, "severity", arena_printf(&on->arena, "%" PRIu32 " of 3",
					      facts->severity));
	add_line(on, "about", arena_printf(&on->arena, "%s %s",
		list_kind_word(facts->subject_kind), facts->subject));
	add_line(on, "state", case_state_word(facts->state));
	add_line(on, "opened", when(on, facts->opened_us));
	add_line(on, "last incident", when(on, facts->incident_us));
	add_line(on, "incidents", arena_printf(&on->arena, "%" PRIu64,
					       facts->incidents));
	add_deadlines(on, facts);
}

static void add_customer(struct writing *on)
{
	const struct customer_entry *customer = &on->matter->customer;

	add_title(on, "Who");
	if (!*customer->id) {
		g_string_append(on->out, "The book of customers knows nobody "
				"to whom this belongs.\n");
		return;
	}
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;
		const char *word = customerentry_word(field);

		if (!customerentry_is_list(field)) {
			add_line(on, word, customerentry_text(customer,
							      field));
			continue;
		}
		for (const char *const *list = customerentry_list(
			customer, field); *list; list++)
			add_line(on, word, *list);
	}
	add_line(on, "registered", when(on, customer->created_us));
	add_line(on, "last changed", when(on, customer->changed_us));
}

static void add_history(struct writing *on)
{
	const struct casematter *matter = on->matter;

	add_title(on, "What was done");
	for (guint i = 0; i < matter->steps->len; i++) {
		const struct case_step *step = g_ptr_array_index(
			matter->steps, i);

		g_string_append_printf(on->out, "%s  %s: %s, by %s%s%s\n",
			when(on, step->when_us),
			case_command_word(step->command),
			case_state_word(step->state),
			clean(on, step->operator_name), *step->note ?
			": " : "", clean(on, step->note));
	}
	if (matter->incidents->len)
		add_title(on, "Incidents");
	for (guint i = 0; i < matter->incidents->len; i++) {
		const struct incident *one = g_ptr_array_index(
			matter->incidents, i);

		g_string_append_printf(on->out, "%s to %s  %s, %" PRIu64
			" times: %s\n", when(on, one->first_us),
			when(on, one->last_us), clean(on, one->kind),
			one->count, clean(on, one->text));
	}
	if (matter->complaints->len)
		add_title(on, "Complaints");
	for (guint i = 0; i < matter->complaints->len; i++) {
		const struct complaint_entry *one = g_ptr_array_index(
			matter->complaints, i);

		g_string_append_printf(on->out, "%s  number %" PRIu64 ", %s, "
			"from %s, %" PRIu64 " times\n",
			when(on, one->first_us), one->number,
			clean(on, one->complaint.kind),
			clean(on, *one->complaint.reporter_domain ?
			      one->complaint.reporter_domain : "someone"),
			one->count);
	}
}

/* NULL: no original was kept of it. Free it. */
static char *hash_of(const Reeve__Record *record)
{
	struct evidence_place place;

	return evidence_of_record(record, &place) ?
	       hex_format(place.sha256, sizeof place.sha256) : NULL;
}

static void init_facts(struct writing *on, struct abusefacts *facts,
		       const Reeve__Record *record)
{
	abusefacts_init(facts, record, on->report->reporter,
			on->report->host, &on->arena);
}

static char *joined(const GPtrArray *texts)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(out, "%s%s", i ? ", " : "",
			(const char *)g_ptr_array_index(texts, i));
	return g_string_free(out, FALSE);
}

static void add_record(struct writing *on, const Reeve__Record *record)
{
	g_autofree char *findings = NULL;
	struct abusefacts facts;

	init_facts(on, &facts, record);
	findings = joined(facts.findings);
	g_string_append_printf(on->out, "record %s\n", facts.record_id);
	add_line(on, "  time", abusefacts_time(&facts, &on->arena));
	add_line(on, "  from address", facts.client_port ? arena_printf(
		&on->arena, "%s port %" PRIu32, facts.client,
		facts.client_port) : facts.client);
	add_line(on, "  its name", facts.client_name);
	add_line(on, "  account", facts.account);
	add_line(on, "  sender", facts.sender);
	for (guint i = 0; i < facts.recipients->len; i++)
		add_line(on, "  recipient", g_ptr_array_index(facts.recipients,
							      i));
	add_line(on, "  From", facts.from);
	add_line(on, "  Subject", facts.subject);
	add_line(on, "  Message-ID", facts.message_id);
	add_line(on, "  queue id", facts.queue_id);
	add_line(on, "  verdict", facts.verdict);
	add_line(on, "  findings", findings);
	add_line(on, "  original", facts.sha256 ? arena_printf(&on->arena,
			"SHA-256 %s", facts.sha256) : "none was kept");
	g_string_append_c(on->out, '\n');
	abusefacts_release(&facts);
}

static void add_records(struct writing *on)
{
	const struct casematter *matter = on->matter;

	add_title(on, "Records of its messages");
	g_string_append_printf(on->out, "Looked at from %s to %s: %u%s.\n\n",
		when(on, matter->since_us), when(on, matter->until_us),
		matter->records->len, matter->is_cut ?
		", and there are more" : "");
	for (guint i = 0; i < matter->records->len; i++) {
		const struct casematter_record *one = g_ptr_array_index(
			matter->records, i);

		add_record(on, one->record);
	}
	for (guint i = 0; i < matter->problems->len; i++)
		add_line(on, "not read", g_ptr_array_index(matter->problems,
							   i));
}

char *authority_words(const struct authority *report)
{
	struct writing on = { .report = report, .matter = report->matter,
			      .out = g_string_new(NULL) };

	arena_init(&on.arena);
	add_case(&on);
	add_customer(&on);
	add_history(&on);
	add_records(&on);
	arena_release(&on.arena);
	return g_string_free(on.out, FALSE);
}

char *authority_hashes(const struct casematter *matter)
{
	GString *out = g_string_new(NULL);
	char id[RECORD_ID_SIZE];

	for (guint i = 0; i < matter->records->len; i++) {
		const struct casematter_record *one = g_ptr_array_index(
			matter->records, i);
		g_autofree char *hash = hash_of(one->record);

		if (hash)
			g_string_append_printf(out,
				"%s  records/%s/original.eml\n", hash,
				recordview_id(one->record, id));
	}
	return g_string_free(out, FALSE);
}
