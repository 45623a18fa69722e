#include <config.h>

#include "store/search.h"

#include "store/day.h"
#include "store/recorder.h"
#include "store/sealwrite.h"

#include "unit/store/sample.h"
#include "unit/store/spoil.h"

#define RECORDS 9600
#define FIRST_DAY 20000
#define A_DAY 50
#define DAYS 12			/* the last has what is left: it is long */

static const char *const clients[] = {
	"192.0.2.1", "192.0.2.200", "198.51.100.7", "2001:db8::1", NULL,
};
static const char *const accounts[] = { NULL, "alice", "Bob", NULL };
static const char *const senders[] = {
	"<>", "<a@one.example>", "<b@one.example>", "<a@two.example>",
};
static const char *const recipients[] = {
	"<x@ours.example>", "<y@ours.example>", "<a@two.example>",
};

/* Everything in it follows from its number, so that a brute-force answer needs
 * no store. */
static struct sample_mail mail_of(unsigned i, char *queue_id, char *message_id)
{
	snprintf(queue_id, 16, "Q%u", i);
	snprintf(message_id, 32, "<m%u@example>", i % 300);
	return (struct sample_mail){
		.client = clients[i % COUNT_OF(clients)],
		.account = accounts[i % COUNT_OF(accounts)],
		.from = senders[i / 3 % COUNT_OF(senders)],
		.to = recipients[i / 7 % COUNT_OF(recipients)],
		.queue_id = queue_id, .message_id = message_id,
		.action = i % 5 ? ACTION_ACCEPT : ACTION_REJECT,
	};
}

static int64_t time_of(unsigned i)
{
	return day_begin_us(FIRST_DAY + MIN(i / A_DAY, DAYS - 1)) + i;
}

static void fill(const struct sample *sample)
{
	struct recorder *recorder = NULL;

	for (unsigned i = 0; i < RECORDS; i++) {
		char queue_id[16], message_id[32];
		struct sample_mail mail = mail_of(i, queue_id, message_id);

		clock_set_us(time_of(i));
		if (!recorder)
			recorder = recorder_open(sample->dir,
						 sample->settings, NULL);
		if (i % 50 == 49)
			assert_true(recorder_commit(recorder,
				sample_pack(sample, &mail)));
		else
			recorder_submit(recorder, sample_pack(sample, &mail));
	}
	recorder_close(&recorder, 10000);
	clock_set_us(0);
}

/* The numbers of the messages found, in order, as text. */
static bool take(const struct search_hit *hit, void *context)
{
	g_string_append_printf(context, "%.*s ",
			       (int)hit->record->message->queue_id.len,
			       hit->record->message->queue_id.data);
	return true;
}

static char *run_query(const char *dir, const struct search_query *query)
{
	GString *out = g_string_new(NULL);
	struct search_result result;

	assert_true(search_run(dir, query, take, out, &result, NULL));
	assert_int_equal(result.problems->len, 0);
	search_result_release(&result);
	return g_string_free(out, FALSE);
}

static bool is_domain(const char *address, const char *domain)
{
	g_autofree char *end = g_strdup_printf("@%s>", domain);

	return g_str_has_suffix(address, end);
}

static bool is_address(const char *address, const char *wanted)
{
	g_autofree char *whole = g_strdup_printf("<%s>", wanted);

	if (g_str_equal(wanted, "<>"))
		return g_str_equal(address, "<>");
	return wanted[0] == '@' ? is_domain(address, wanted + 1) :
				  g_str_equal(address, whole);
}

static bool is_wanted(const struct search_query *query,
		      const struct sample_mail *mail, int64_t time_us)
{
	g_autofree char *id = query->message_id ?
		g_strdup_printf("<%s>", query->message_id) : NULL;
	struct netaddr addr;

	if ((query->since_us && time_us < query->since_us) ||
	    (query->until_us && time_us >= query->until_us))
		return false;
	if (query->client.base.family != NETADDR_NONE &&
	    (!mail->client || !netaddr_parse(span_text(mail->client), &addr) ||
	     !network_has(&query->client, &addr)))
		return false;
	if (query->account && (!mail->account ||
	    g_ascii_strcasecmp(query->account, mail->account) != 0))
		return false;
	if (query->sender && !is_address(mail->from, query->sender))
		return false;
	if (query->recipient && !is_address(mail->to, query->recipient))
		return false;
	if (query->domain && !is_domain(mail->from, query->domain) &&
	    !is_domain(mail->to, query->domain))
		return false;
	if (id && !g_str_equal(id, mail->message_id))
		return false;
	if (query->queue_id && !g_str_equal(query->queue_id, mail->queue_id))
		return false;
	if (query->symbol && mail->action != ACTION_REJECT)
		return false;
	return !query->has_action || query->action == mail->action;
}

static char *brute_force(const struct search_query *query)
{
	GString *out = g_string_new(NULL);
	uint64_t found = 0;

	for (unsigned i = RECORDS; i-- > 0;) {
		char queue_id[16], message_id[32];
		struct sample_mail mail = mail_of(i, queue_id, message_id);
		int64_t time_us = time_of(i);

		if (!is_wanted(query, &mail, time_us) ||
		    (query->limit && found >= query->limit))
			continue;
		g_string_append_printf(out, "%s ", queue_id);
		found++;
	}
	return g_string_free(out, FALSE);
}

static struct network net_of(const char *text)
{
	struct network net;

	assert_true(network_parse(span_text(text), &net, NULL));
	return net;
}

/* Every other day but the last, which is still written to. */
static void seal_some(const struct sample *sample)
{
	g_autofree char *dir = g_build_filename(sample->dir, "records", NULL);
	struct sealkey *key;

	assert_true(sealkey_ensure(sample->dir, NULL));
	key = sealkey_open(sample->dir, NULL);
	assert_non_null(key);
	for (int64_t day = FIRST_DAY; day < FIRST_DAY + DAYS - 1; day += 2) {
		const struct sealwrite how = {
			.records_dir = dir, .day = day, .key = key,
			.now_us = day_begin_us(day + 1),
		};
		struct seal seal;

		assert_true(sealwrite_day(&how, &seal, NULL));
	}
	sealkey_close(&key);
}

/* With its own limit, and with some that end in the first day, in one that
 * threads look ahead at, and nowhere. */
static void compare(const struct sample *sample,
		    const struct search_query *query)
{
	const uint64_t limits[] = { query->limit, 1, 30, 110, 1000, RECORDS };

	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		struct search_query limited = *query;
		g_autofree char *got = NULL, *want = NULL;

		limited.limit = limits[i];
		got = run_query(sample->dir, &limited);
		want = brute_force(&limited);
		if (!g_str_equal(got, want))
			fail_msg("limit %d:\n%s\nnot\n%s", (int)limits[i],
				 got, want);
	}
}

static void every_filter_agrees_with_brute_force(void **state)
{
	struct sample sample;
	const struct search_query queries[] = {
		{ 0 }, { .limit = 7 },
		{ .client = net_of("192.0.2.1") },
		{ .client = net_of("192.0.2.0/24") },
		{ .client = net_of("0.0.0.0/0") },
		{ .client = net_of("2001:db8::/32") },
		{ .account = "alice" }, { .account = "BOB" },
		{ .account = "nobody" },
		{ .sender = "<>" }, { .sender = "a@one.example" },
		{ .sender = "@one.example" },
		{ .recipient = "y@ours.example" },
		{ .recipient = "@ours.example" },
		{ .domain = "two.example" }, { .domain = "one.example" },
		{ .message_id = "m7@example" }, { .queue_id = "Q123" },
		{ .queue_id = "q123" }, { .symbol = "SAMPLE_BAD" },
		{ .has_action = true, .action = ACTION_REJECT },
		{ .has_action = true, .action = ACTION_TAG },
		{ .since_us = day_begin_us(FIRST_DAY + 5) },
		{ .until_us = day_begin_us(FIRST_DAY + 5) },
		{ .since_us = day_begin_us(FIRST_DAY) + 25,
		  .until_us = day_begin_us(FIRST_DAY + 5) + 275 },
		{ .since_us = day_begin_us(FIRST_DAY + DAYS) },
		{ .sender = "a@two.example", .client = net_of("192.0.2.0/24"),
		  .has_action = true, .action = ACTION_ACCEPT, .limit = 3 },
		{ .sender = "a@two.example", .account = "alice" },
		{ .domain = "two.example", .account = "bob",
		  .symbol = "SAMPLE_BAD" },
		{ .domain = "two.example", .account = "alice",
		  .since_us = day_begin_us(FIRST_DAY + 5), .limit = 5 },
	};

	(void)state;
	sample_begin(&sample, "");
	fill(&sample);
	seal_some(&sample);
	for (size_t i = 0; i < COUNT_OF(queries); i++)
		compare(&sample, &queries[i]);
	sample_end(&sample);
}

static bool count_one(const struct search_hit *hit, void *context)
{
	uint64_t *last = context;

	assert_int_equal(hit->sequence, *last + 1);
	*last = hit->sequence;
	return true;
}

static void followers_get_each_record_once(void **state)
{
	struct search_result result;
	struct sample sample;
	uint64_t last = 0, newest;

	(void)state;
	sample_begin(&sample, "");
	fill(&sample);
	while (last < RECORDS) {
		uint64_t before = last;

		assert_true(search_after(sample.dir, last, 70, count_one,
					 &last, &result, NULL));
		assert_true(last > before && last <= before + 70);
		search_result_release(&result);
	}
	assert_true(search_last_sequence(sample.dir, &newest, NULL));
	assert_int_equal(newest, RECORDS);
	assert_true(search_after(sample.dir, last, 0, count_one, &last,
				 &result, NULL));
	assert_int_equal(result.found, 0);
	search_result_release(&result);
	sample_end(&sample);
}

/* What is lacking, and where. */
static void expect_told(const struct sample *sample,
			const struct search_query *query, const char *path,
			guint found)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct search_result result;

	assert_true(search_run(sample->dir, query, take, out, &result, NULL));
	if (found != G_MAXUINT)
		assert_int_equal(result.found, found);
	assert_int_equal(result.problems->len, 1);
	assert_non_null(strstr(g_ptr_array_index(result.problems, 0), path));
	search_result_release(&result);
}

static void a_damaged_day_is_named_and_others_found(void **state)
{
	g_autofree char *path = NULL, *dir = NULL;
	const struct search_query all = { 0 }, some = { .limit = RECORDS };
	struct sample sample;

	(void)state;
	sample_begin(&sample, "");
	fill(&sample);
	dir = g_build_filename(sample.dir, "records", NULL);
	path = day_path(dir, FIRST_DAY + 3);
	assert_true(g_file_set_contents(path, "not LMDB", -1, NULL));
	expect_told(&sample, &all, path, RECORDS - A_DAY);
	expect_told(&sample, &some, path, RECORDS - A_DAY);
	sample_end(&sample);
}

/* Who goes by the answer, as what expires originals does, must know
 * that it lacks some. */
static void expect_damage(void (*spoil)(const char *path, int byte), int byte)
{
	const struct search_query queries[] = {
		{ .account = "alice" },
		{ .account = "alice", .sender = "a@two.example",
		  .limit = 1000 },
		{ .client = net_of("192.0.2.0/24") }, { .queue_id = "Q70" },
	};
	g_autofree char *path = NULL, *dir = NULL;
	struct sample sample;

	sample_begin(&sample, "");
	fill(&sample);
	seal_some(&sample);
	dir = g_build_filename(sample.dir, "records", NULL);
	path = day_path(dir, FIRST_DAY + 2);
	spoil(path, byte);
	for (size_t i = 0; i < COUNT_OF(queries); i++)
		expect_told(&sample, &queries[i], path, G_MAXUINT);
	sample_end(&sample);
}

static void spoil_index(const char *path, int byte)
{
	spoil_table(path, "index", byte);
}

/* What cannot be read, and keys that no record is said to have. */
static void a_damaged_index_is_told(void **state)
{
	(void)state;
	expect_damage(spoil_index, 0xff);
	expect_damage(spoil_index, 0);
	expect_damage(spoil_blocks, 0xff);
	expect_damage(spoil_blocks, 0);
}

/* Its facts are the numbers at 8, 16 and 24 of the value "meta". */
static void spoil_facts(const char *path, uint64_t count, uint64_t sequence,
			uint64_t before)
{
	const uint64_t numbers[] = { count, sequence, before };
	MDB_env *env = spoil_open(path);
	MDB_val key = { 4, (void *)"meta" }, value;
	g_autofree char *bytes = NULL;
	MDB_dbi meta;
	MDB_txn *txn;

	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
	assert_int_equal(mdb_get(txn, meta, &key, &value), 0);
	bytes = g_memdup2(value.mv_data, value.mv_size);
	memcpy(bytes + 8, numbers, sizeof numbers);
	value.mv_data = bytes;
	assert_int_equal(mdb_put(txn, meta, &key, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void a_day_of_impossible_numbers_is_told(void **state)
{
	static const uint64_t numbers[][3] = {
		{ 50, 150, UINT64_MAX }, { 50, 100, 150 },
		{ 51, 150, 100 }, { 50, UINT64_MAX, UINT64_MAX },
	};
	const struct search_query query = { .account = "alice" };
	g_autofree char *path = NULL, *dir = NULL;
	struct sample sample;

	(void)state;
	sample_begin(&sample, "");
	fill(&sample);
	dir = g_build_filename(sample.dir, "records", NULL);
	path = day_path(dir, FIRST_DAY + 2);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		spoil_facts(path, numbers[i][0], numbers[i][1],
			    numbers[i][2]);
		expect_told(&sample, &query, path, G_MAXUINT);
	}
	sample_end(&sample);
}

/* It goes on from the days before, and says what it lacks. */
static void followers_are_told_of_a_damaged_day(void **state)
{
	g_autofree char *path = NULL, *dir = NULL;
	struct search_result result;
	struct sample sample;
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	sample_begin(&sample, "");
	fill(&sample);
	dir = g_build_filename(sample.dir, "records", NULL);
	path = day_path(dir, FIRST_DAY + DAYS - 1);
	assert_true(g_file_set_contents(path, "not LMDB", -1, NULL));
	assert_true(search_after(sample.dir, A_DAY * 10, 0, take, out, &result,
				 NULL));
	assert_int_equal(result.found, A_DAY);
	assert_int_equal(result.problems->len, 1);
	assert_non_null(strstr(g_ptr_array_index(result.problems, 0), path));
	search_result_release(&result);
	sample_end(&sample);
}

static void no_folder_has_no_records(void **state)
{
	const struct search_query all = { 0 };
	g_autofree char *got = run_query("/nonexistent", &all);

	(void)state;
	assert_string_equal(got, "");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_filter_agrees_with_brute_force),
	cmocka_unit_test(followers_get_each_record_once),
	cmocka_unit_test(a_damaged_day_is_named_and_others_found),
	cmocka_unit_test(a_damaged_index_is_told),
	cmocka_unit_test(a_day_of_impossible_numbers_is_told),
	cmocka_unit_test(followers_are_told_of_a_damaged_day),
	cmocka_unit_test(no_folder_has_no_records),
};

TAP_MAIN(tests)
