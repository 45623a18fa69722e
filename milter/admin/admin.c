#include <config.h>

#include "admin/admin.h"

#include "admin/operators.h"
#include "base/clock.h"
#include "settings/global.h"
#include "store/audit.h"
#include "store/day.h"
#include "store/storeerror.h"

#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* Root becomes the state's owner: files that root made in there would lock the
 * daemon out of its own state. */
static bool become_owner(const char *dir)
{
	struct stat facts;

	if (geteuid() != 0 || stat(dir, &facts) != 0 || facts.st_uid == 0)
		return true;
	return setgroups(0, NULL) == 0 && setgid(facts.st_gid) == 0 &&
	       setuid(facts.st_uid) == 0;
}

/* What was refused is written down, if it can be: who tries what he may
 * not is worth knowing. */
static int refuse(const struct admin *admin, enum operator_role role,
		  enum operator_role least)
{
	g_autofree char *operator_name = admin_operator();
	const struct audit_entry entry = {
		.when_us = clock_now_us(), .operator_name = operator_name,
		.action = "refused", .subject = admin->command, .reason = "",
	};
	struct state *state = state_open(
		global_settings_of(admin->settings)->state_dir,
		STATE_EXISTING, NULL);

	if (!state || !audit_note(state, &entry, NULL))
		fputs("reevectl: the refusal could not be written down\n",
		      stderr);
	state_close(&state);
	fprintf(stderr, "reevectl %s: %s has the role %s, and this takes %s "
		"(groups: operators.* in mailreeve.conf)\n", admin->command,
		operator_name, operators_role_word(role),
		operators_role_word(least));
	return EX_NOPERM;
}

static int check_role(const struct admin *admin)
{
	enum operator_role least = operators_least(admin->command);
	enum operator_role role = operators_role(admin->settings);

	return role >= least ? EX_OK : refuse(admin, role, least);
}

int admin_load_settings(struct admin *admin)
{
	g_autoptr(GError) why = NULL;

	if (!operators_may_read(admin->settings_file)) {
		fprintf(stderr, "reevectl: %s: who comes through sudo can name "
			"only settings that belong to root, and that nobody "
			"else can write\n", admin->settings_file);
		return EX_NOPERM;
	}
	admin->settings = settings_load(admin->settings_file, admin->groups,
					&why);
	if (admin->settings)
		return check_role(admin);
	fprintf(stderr, "%s\n", why->message);
	return EX_CONFIG;
}

const char *admin_records_from(const struct admin *admin)
{
	return admin->records_from ? admin->records_from :
	       global_settings_of(admin->settings)->state_dir;
}

int admin_become_owner(const struct admin *admin)
{
	const char *dir = global_settings_of(admin->settings)->state_dir;

	if (become_owner(dir))
		return EX_OK;
	fprintf(stderr, "reevectl: cannot become the owner of %s\n", dir);
	return EX_NOPERM;
}

int admin_load(struct admin *admin)
{
	int status = admin_load_settings(admin);

	return status == EX_OK ? admin_become_owner(admin) : status;
}

/* GLib puts one in front by itself. */
static const char *without_options(const char *arguments)
{
	static const char options[] = "[OPTION...]";

	if (!g_str_has_prefix(arguments, options))
		return arguments;
	arguments += strlen(options);
	return arguments + strspn(arguments, " ");
}

int admin_parse(const struct command *self, const GOptionEntry *entries,
		int *argc, char ***argv)
{
	g_autoptr(GOptionContext) context =
		g_option_context_new(without_options(self->arguments));
	g_autoptr(GError) why = NULL;
	g_autofree char *name = g_strdup_printf("reevectl %s", self->name);
	g_autofree char *examples = g_strdup_printf("Examples:\n%s",
						    self->examples);
	gboolean is_help = FALSE;
	const GOptionEntry help[] = {
		{ "help", 'h', 0, G_OPTION_ARG_NONE, &is_help,
		  "Show this help", NULL },
		G_OPTION_ENTRY_NULL,
	};

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_summary(context, self->summary);
	g_option_context_set_description(context, examples);
	g_option_context_add_main_entries(context, help, NULL);
	if (entries)
		g_option_context_add_main_entries(context, entries, NULL);
	(*argv)[0] = name;
	if (!g_option_context_parse(context, argc, argv, &why))
		return admin_fail(self, EX_USAGE,
				  "%s (reevectl %s --help shows how)",
				  why->message, self->name);
	(*argv)[0] = (char *)self->name;
	if (!is_help)
		return EX_OK;
	g_set_prgname(name);
	g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);

	fputs(text, stdout);
	return -1;
}

static void print_verbs(FILE *out, const struct command *self,
			const struct command *verbs, size_t verb_count)
{
	fprintf(out, "usage: reevectl %s %s\n\n%s\n\n", self->name,
		self->arguments, self->summary);
	for (size_t i = 0; i < verb_count; i++)
		fprintf(out, "  %-18s %s\n", verbs[i].name,
			verbs[i].summary);
	fputs("\nEach tells more with --help.\n", out);
}

int admin_run_verb(struct admin *admin, const struct command *self,
		   const struct command *verbs, size_t verb_count, int argc,
		   char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < verb_count; i++)
		if (g_str_equal(strrchr(verbs[i].name, ' ') + 1, word)) {
			admin->command = verbs[i].name;
			return verbs[i].run(admin, &verbs[i], argc - 1,
					    argv + 1);
		}
	if (g_str_equal(word, "--help") || g_str_equal(word, "-h")) {
		print_verbs(stdout, self, verbs, verb_count);
		return EX_OK;
	}
	print_verbs(stderr, self, verbs, verb_count);
	return EX_USAGE;
}

int admin_fail(const struct command *self, int status, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "reevectl %s: ", self->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

static const struct { enum store_error code; int status; } statuses[] = {
	{ STORE_ERROR_TEMP, EX_TEMPFAIL }, { STORE_ERROR_BUSY, EX_TEMPFAIL },
	{ STORE_ERROR_NEWER, EX_DATAERR }, { STORE_ERROR_DAMAGED, EX_DATAERR },
	{ STORE_ERROR_INVALID, EX_DATAERR },
};

int admin_fail_store(const struct command *self, const GError *why)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (g_error_matches(why, STORE_ERROR, (int)statuses[i].code))
			return admin_fail(self, statuses[i].status, "%s",
					  why->message);
	return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
}

/* SUDO_UID counts only when sudo could have set it: for the owner of the state
 * it came through sudo, anyone else could put there what he likes. */
char *admin_operator(void)
{
	const char *sudo = getenv("SUDO_UID");
	uid_t uid = getuid();
	const struct passwd *user;

	if (sudo)
		uid = (uid_t)strtoul(sudo, NULL, 10);
	user = getpwuid(uid);
	return user ? g_strdup(user->pw_name) :
		      g_strdup_printf("uid %lu", (unsigned long)uid);
}

static const struct { const char *unit; int64_t seconds; } units[] = {
	{ "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 },
	{ "w", 7 * 86400 },
};

bool admin_parse_span(const char *text, int64_t *span_us_out)
{
	char *end;
	long long count = strtoll(text, &end, 10);

	if (g_str_equal(text, "never")) {
		*span_us_out = 0;
		return true;
	}
	if (end == text || count <= 0 || count > 1000000000)
		return false;
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (g_str_equal(end, units[i].unit)) {
			*span_us_out = count * units[i].seconds *
				       G_USEC_PER_SEC;
			return true;
		}
	return false;
}

static bool parse_day_word(const char *text, int64_t *time_us_out)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autoptr(GDateTime) day = g_date_time_new_local(
		g_date_time_get_year(now), g_date_time_get_month(now),
		g_date_time_get_day_of_month(now), 0, 0, 0);

	if (g_str_equal(text, "now"))
		*time_us_out = clock_now_us();
	else if (g_str_equal(text, "today"))
		*time_us_out = g_date_time_to_unix(day) * G_USEC_PER_SEC;
	else if (g_str_equal(text, "yesterday"))
		*time_us_out = (g_date_time_to_unix(day) - 86400) *
			       G_USEC_PER_SEC;
	else
		return false;
	return true;
}

bool admin_parse_time(const char *text, int64_t *time_us_out)
{
	g_autoptr(GTimeZone) local = g_time_zone_new_local();
	g_autofree char *whole = NULL;
	int64_t span_us;
	size_t len = strlen(text);

	if (parse_day_word(text, time_us_out))
		return true;
	if (admin_parse_span(text, &span_us) && span_us) {
		*time_us_out = clock_now_us() - span_us;
		return true;
	}
	if (len == 10)
		whole = g_strconcat(text, "T00:00:00", NULL);
	else if (len == 16)
		whole = g_strconcat(text, ":00", NULL);
	else
		whole = g_strdup(text);
	g_strdelimit(whole, " ", 'T');
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, local);

	if (!time)
		return false;
	*time_us_out = g_date_time_to_unix(time) * G_USEC_PER_SEC;
	return true;
}

char *admin_format_time(int64_t time_us)
{
	g_autoptr(GDateTime) time =
		g_date_time_new_from_unix_local(time_us / G_USEC_PER_SEC);

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") :
		      g_strdup("-");
}

int admin_take_day(const struct command *self, const char *option,
		   const char *text, int64_t *day_out)
{
	int64_t time_us;

	if (!text || day_parse(span_text(text), day_out))
		return EX_OK;
	if (!admin_parse_time(text, &time_us))
		return admin_fail(self, EX_USAGE, "%s: %s is no day; write "
				  "2026-11-23, today or 7d (ago)", option,
				  text);
	*day_out = day_of_us(time_us);
	return EX_OK;
}

int admin_take_time(const struct command *self, const char *option,
		    const char *text, int64_t *time_us_out)
{
	if (!text || admin_parse_time(text, time_us_out))
		return EX_OK;
	return admin_fail(self, EX_USAGE, "%s: \"%s\" is no time; write "
			  "2026-11-23, 2026-11-23T10:00, today or 7d (ago)",
			  option, text);
}

int admin_take_times(const struct command *self, const char *since,
		     const char *until, int64_t *since_us_out,
		     int64_t *until_us_out)
{
	int status = admin_take_time(self, "--since", since, since_us_out);

	if (status == EX_OK)
		status = admin_take_time(self, "--until", until, until_us_out);
	if (status == EX_OK && since && until &&
	    *since_us_out >= *until_us_out)
		status = admin_fail(self, EX_USAGE, "--since %s is not before "
				    "--until %s: nothing can lie between them",
				    since, until);
	return status;
}

int admin_take_days(const struct command *self, const char *since,
		    const char *until, int64_t *since_day_out,
		    int64_t *until_day_out)
{
	int status = admin_take_day(self, "--since", since, since_day_out);

	if (status == EX_OK)
		status = admin_take_day(self, "--until", until, until_day_out);
	if (status == EX_OK && since && until &&
	    *since_day_out > *until_day_out)
		status = admin_fail(self, EX_USAGE, "--since %s is behind "
				    "--until %s: no day lies between them",
				    since, until);
	return status;
}

int admin_take_no_words(const struct command *self, int argc, char **argv)
{
	if (argc < 2)
		return EX_OK;
	return admin_fail(self, EX_USAGE, "\"%s\": what is that? There are no "
			  "arguments here; options begin with --", argv[1]);
}
