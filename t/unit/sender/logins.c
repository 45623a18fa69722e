#include <config.h>

#include "sender/contacts.h"
#include "sender/logins.h"

#include "unit/tap.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

static bool may(const struct logins *logins, const char *account,
		const char *sender)
{
	struct arena arena;
	struct mailaddr addr;
	bool answer;

	arena_init(&arena);
	addr = mailaddr_parse(span_text(sender), &arena);
	answer = logins_may_send(logins, account, &addr);
	arena_release(&arena);
	return answer;
}

static void accounts_have_senders(void **state)
{
	static const char *const lines[] = {
		"ann: Ann@Example.org, @list.example",
		"ann: sales@example.org", "root: *",
		"firm: @.firm.example", "*: info@example.org",
	};
	static const struct { const char *account, *sender; bool may; } of[] = {
		{ "ann", "ann@example.org", true },
		{ "ann", "sales@example.org", true },
		{ "ann", "anyone@list.example", true },
		{ "ann", "x@sub.list.example", false },
		{ "ann", "bob@example.org", false },
		{ "ann", "info@example.org", false },
		{ "Ann", "ann@example.org", false },
		{ "root", "anyone@else.example", true },
		{ "firm", "x@a.firm.example", true },
		{ "firm", "x@firm.example", false },
		{ "bob", "info@example.org", true },
		{ "bob", "ann@example.org", false },
		{ "bob@example.org", "bob@example.org", true },
		{ "bob@example.org", "ann@example.org", false },
	};
	struct logins *logins = logins_new();

	(void)state;
	assert_true(logins_is_empty(logins));
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_true(logins_add(logins, span_text(lines[i]), NULL));
	assert_false(logins_is_empty(logins));
	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (may(logins, of[i].account, of[i].sender) != of[i].may)
			fail_msg("%s as %s", of[i].account, of[i].sender);
	logins_free(logins);
}

static void a_bad_line_is_told(void **state)
{
	static const char *const lines[] = {
		"", "ann", ": a@b.example", "ann: nobody", "ann: a@b.example, @",
	};
	struct logins *logins = logins_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		g_autoptr(GError) error = NULL;

		if (logins_add(logins, span_text(lines[i]), &error))
			fail_msg("\"%s\" was taken", lines[i]);
		assert_non_null(error);
	}
	logins_free(logins);
}

static void contacts_are_known_again(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("contactsXXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "contacts", NULL);
	struct contacts *contacts = contacts_new(1000);

	(void)state;
	assert_false(contacts_has(contacts, "a@example.org"));
	contacts_add(contacts, "a@example.org");
	assert_true(contacts_has(contacts, "a@example.org"));
	assert_true(contacts_save(contacts, path, NULL));
	contacts_free(contacts);

	contacts = contacts_new(1000);
	contacts_load(contacts, path);
	assert_true(contacts_has(contacts, "a@example.org"));
	assert_false(contacts_has(contacts, "b@example.org"));
	contacts_free(contacts);

	/* What is damaged is as none. */
	assert_true(g_file_set_contents(path, "x", 1, NULL));
	contacts = contacts_new(1000);
	contacts_load(contacts, path);
	assert_false(contacts_has(contacts, "a@example.org"));
	assert_int_equal(g_unlink(path), 0);
	assert_int_equal(g_rmdir(dir), 0);
	/* Not written: it says so, and is written when it can be. */
	contacts_add(contacts, "a@example.org");
	assert_false(contacts_save(contacts, path, NULL));
	assert_false(contacts_save(contacts, path, NULL));
	contacts_free(contacts);
}

/* Room for some: who writes again and again stays, strangers come and go. */
static void the_room_is_for_those_seen_last(void **state)
{
	struct contacts *contacts = contacts_new(64);

	(void)state;
	contacts_add(contacts, "friend@example.org");
	for (int i = 0; i < 10000; i++) {
		char name[64];

		snprintf(name, sizeof name, "stranger%d@example.net", i);
		contacts_add(contacts, name);
		if (!contacts_has(contacts, "friend@example.org"))
			fail_msg("forgotten after %d strangers", i);
	}
	assert_false(contacts_has(contacts, "stranger0@example.net"));
	contacts_free(contacts);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(accounts_have_senders),
	cmocka_unit_test(a_bad_line_is_told),
	cmocka_unit_test(contacts_are_known_again),
	cmocka_unit_test(the_room_is_for_those_seen_last),
};

TAP_MAIN(tests)
