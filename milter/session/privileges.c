#include <config.h>

#include "session/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static GQuark privileges_error(void)
{
	return g_quark_from_static_string("privileges");
}

static bool fail_errno(GError **error, const char *what)
{
	g_set_error(error, privileges_error(), 0, "%s: %s", what,
		    g_strerror(errno));
	return false;
}

void privileges_prepare_process(void)
{
	struct rlimit files;

	umask(027);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static const struct passwd *find_user(const char *user, GError **error)
{
	const struct passwd *found = getpwnam(user);

	if (!found)
		g_set_error(error, privileges_error(), 0,
			    "user = \"%s\": no such user; make it with "
			    "`useradd --system %s`, or name another", user,
			    user);
	return found;
}

bool privileges_prepare_state_dir(const char *dir, const char *user,
				  GError **error)
{
	struct stat facts;

	if (mkdir(dir, 0700) == 0 && geteuid() == 0) {
		const struct passwd *owner = find_user(user, error);

		if (!owner)
			return false;
		if (chown(dir, owner->pw_uid, owner->pw_gid) != 0)
			return fail_errno(error, dir);
	}
	if (stat(dir, &facts) != 0)
		return fail_errno(error, dir);
	if (!S_ISDIR(facts.st_mode)) {
		g_set_error(error, privileges_error(), 0,
			    "state_dir = \"%s\": not a directory", dir);
		return false;
	}
	if (facts.st_mode & (S_IWGRP | S_IWOTH)) {
		g_set_error(error, privileges_error(), 0,
			    "state_dir = \"%s\": others may write to it; "
			    "run `chmod 0700 %s`", dir, dir);
		return false;
	}
	return true;
}

bool privileges_drop(const char *user, GError **error)
{
	const struct passwd *found;

	if (geteuid() != 0)
		return true;
	found = find_user(user, error);
	if (!found)
		return false;
	if (found->pw_uid == 0) {
		g_set_error(error, privileges_error(), 0,
			    "user = \"%s\": the daemon does not run as root",
			    user);
		return false;
	}
	if (initgroups(user, found->pw_gid) != 0 ||
	    setresgid(found->pw_gid, found->pw_gid, found->pw_gid) != 0 ||
	    setresuid(found->pw_uid, found->pw_uid, found->pw_uid) != 0)
		return fail_errno(error, user);
	return true;
}
