#include <config.h>

#include "admin/operators.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct operators_settings {
	char *viewers, *desk, *admins;	/* names of Unix groups */
};

static const struct setting rows[] = {
	SETTING_TEXT(struct operators_settings, viewers, "operators.viewers",
		.preset_text = "mailreeve-viewer",
		.help = "Unix group of those who may look at records, evidence "
			"and lists through reevectl; see contrib/sudoers. While "
			"none of the three groups is there, all who may run it "
			"as the daemon's user may do all."),
	SETTING_TEXT(struct operators_settings, desk, "operators.desk",
		.preset_text = "mailreeve-desk",
		.help = "Unix group of those who may also act: change lists and "
			"limits, hold records, release mail."),
	SETTING_TEXT(struct operators_settings, admins, "operators.admins",
		.preset_text = "mailreeve-admin",
		.help = "Unix group of those who may also erase records, remove "
			"evidence, end holds, back up and restore."),
};

const struct setting_group operators_group = {
	.size = sizeof(struct operators_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
};

const char *operators_role_word(enum operator_role role)
{
	static const char *const words[] = {
		"nobody", "viewer", "desk", "admin",
	};

	return words[role];
}

/* What is not here is for an admin. */
static const struct {
	const char *command;
	enum operator_role least;
} table[] = {
	{ "alert test", OPERATOR_DESK },
	{ "audit list", OPERATOR_VIEWER },
	{ "audit verify", OPERATOR_VIEWER },
	{ "backup list", OPERATOR_VIEWER },
	{ "backup verify", OPERATOR_VIEWER },
	{ "bulk top", OPERATOR_VIEWER },
	{ "case assign", OPERATOR_DESK },
	{ "case close", OPERATOR_DESK },
	{ "case due", OPERATOR_VIEWER },
	{ "case list", OPERATOR_VIEWER },
	{ "case note", OPERATOR_DESK },
	{ "case notice", OPERATOR_DESK },
	{ "case open", OPERATOR_DESK },
	{ "case remedy", OPERATOR_DESK },
	{ "case resume", OPERATOR_DESK },
	{ "case show", OPERATOR_VIEWER },
	{ "case suspend", OPERATOR_DESK },
	{ "case terminate", OPERATOR_DESK },
	{ "case warn", OPERATOR_DESK },
	{ "case watch", OPERATOR_DESK },
	{ "check", OPERATOR_VIEWER },
	{ "complaint add", OPERATOR_DESK },
	{ "complaint import", OPERATOR_NOBODY },	/* what an MTA's
							 * pipe may */
	{ "complaint list", OPERATOR_VIEWER },
	{ "complaint match", OPERATOR_DESK },
	{ "complaint show", OPERATOR_VIEWER },
	{ "customer add", OPERATOR_DESK },
	{ "customer edit", OPERATOR_DESK },
	{ "customer import", OPERATOR_DESK },
	{ "customer list", OPERATOR_VIEWER },
	{ "customer remove", OPERATOR_DESK },
	{ "customer show", OPERATOR_VIEWER },
	{ "dkim check", OPERATOR_VIEWER },
	{ "dkim zone", OPERATOR_VIEWER },
	{ "evidence export", OPERATOR_VIEWER },
	{ "evidence list", OPERATOR_VIEWER },
	{ "evidence release", OPERATOR_DESK },
	{ "evidence show", OPERATOR_VIEWER },
	{ "evidence verify", OPERATOR_VIEWER },
	{ "greylist clear", OPERATOR_DESK },
	{ "greylist show", OPERATOR_VIEWER },
	{ "incidents", OPERATOR_VIEWER },
	{ "limits clear", OPERATOR_DESK },
	{ "limits raise", OPERATOR_DESK },
	{ "limits show", OPERATOR_VIEWER },
	{ "limits top", OPERATOR_VIEWER },
	{ "list add", OPERATOR_DESK },
	{ "list remove", OPERATOR_DESK },
	{ "list show", OPERATOR_VIEWER },
	{ "list suspended", OPERATOR_VIEWER },
	{ "list warned", OPERATOR_VIEWER },
	{ "list watched", OPERATOR_VIEWER },
	{ "records anchor", OPERATOR_VIEWER },
	{ "records days", OPERATOR_VIEWER },
	{ "records follow", OPERATOR_VIEWER },
	{ "records hold add", OPERATOR_DESK },
	{ "records hold list", OPERATOR_VIEWER },
	{ "records proof", OPERATOR_VIEWER },
	{ "records search", OPERATOR_VIEWER },
	{ "records show", OPERATOR_VIEWER },
	{ "records stats", OPERATOR_VIEWER },
	{ "records verify", OPERATOR_VIEWER },
	{ "relay-probe", OPERATOR_VIEWER },
	{ "report abuse", OPERATOR_VIEWER },
	{ "report abuse --to", OPERATOR_DESK },
	{ "report authority", OPERATOR_DESK },
	{ "report monthly", OPERATOR_VIEWER },
	{ "report users", OPERATOR_VIEWER },
	{ "report dmarc", OPERATOR_DESK },
	{ "rules check", OPERATOR_VIEWER },
	{ "rules list", OPERATOR_VIEWER },
	{ "rules match", OPERATOR_VIEWER },
	{ "rules profile", OPERATOR_VIEWER },
	{ "status", OPERATOR_VIEWER },
	{ "try", OPERATOR_VIEWER },
};

enum operator_role operators_least(const char *command)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i].command, command) == 0)
			return table[i].least;
	return OPERATOR_ADMIN;
}

static bool is_in(const gid_t *groups, int count, gid_t wanted)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

/* All that the system says of the user; free it. */
static gid_t *groups_of(const struct passwd *user, int *count_out)
{
	gid_t *groups = NULL;
	int count = 16, room;

	do {
		room = count;
		groups = g_renew(gid_t, groups, (gsize)room);
	} while (getgrouplist(user->pw_name, user->pw_gid, groups,
			      &count) < 0 && count > room);
	*count_out = MIN(count, room);
	return groups;
}

static enum operator_role role_of(const struct operators_settings *settings,
				  uid_t uid)
{
	const struct { const char *name; enum operator_role role; } roles[] = {
		{ settings->admins, OPERATOR_ADMIN },
		{ settings->desk, OPERATOR_DESK },
		{ settings->viewers, OPERATOR_VIEWER },
	};
	const struct passwd *user = getpwuid(uid);
	enum operator_role best = OPERATOR_NOBODY;
	g_autofree gid_t *groups = NULL;
	bool is_any = false;
	int count = 0;

	if (user)
		groups = groups_of(user, &count);
	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		const struct group *group = getgrnam(roles[i].name);

		is_any |= group != NULL;
		if (group && is_in(groups, count, group->gr_gid))
			best = MAX(best, roles[i].role);
	}
	return is_any ? best : OPERATOR_ADMIN;
}

/* False: nobody but the caller himself stands behind this. */
static bool came_through_sudo(uid_t *uid_out)
{
	const char *sudo = getenv("SUDO_UID");

	*uid_out = sudo ? (uid_t)strtoul(sudo, NULL, 10) : 0;
	return getuid() != 0 && *uid_out != 0;
}

enum operator_role operators_role(const struct settings *settings)
{
	uid_t uid;

	return came_through_sudo(&uid) ?
	       role_of(settings_values(settings, &operators_group), uid) :
	       OPERATOR_ADMIN;
}

bool operators_may_read(const char *settings_file)
{
	struct stat file;
	uid_t uid;

	if (!settings_file || !came_through_sudo(&uid))
		return true;
	return stat(settings_file, &file) == 0 && file.st_uid == 0 &&
	       !(file.st_mode & (S_IWGRP | S_IWOTH));
}
