#include <config.h>

#include "session/expiry.h"

#include "base/clock.h"
#include "base/log.h"
#include "session/service.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/evidence.h"
#include "store/evidencemarks.h"
#include "store/evidencesettings.h"
#include "store/holds.h"

#define EVERY_US (60 * G_USEC_PER_SEC)

static void tell_failure(const GError *why)
{
	log_event(NULL, LOG_ERR, "expiry_failed", "why=\"%s\"", why->message);
}

static void expire_files(const char *dir, bool is_held, int64_t keep_ms,
			 const GArray *held)
{
	g_autoptr(GError) why = NULL;
	int gone = evidence_expire(dir, is_held, keep_ms, clock_now_us(), held,
				   &why);

	if (gone > 0)
		log_event(NULL, LOG_NOTICE, is_held ? "quarantine_expired" :
			  "evidence_expired", "days=%d", gone);
	else if (gone < 0)
		tell_failure(why);
}

void expiry_tick(const struct settings *settings)
{
	static int64_t done_us;
	const struct evidence_settings *mine = evidence_settings_of(settings);
	const char *dir = global_settings_of(settings)->state_dir;
	int64_t now_us = clock_monotonic_us();
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) held = NULL;

	if (done_us && now_us < done_us + EVERY_US)
		return;
	done_us = now_us;
	held = holds_ranges(service_state(), &why);
	if (held) {
		expire_files(dir, false, mine->keep_ms, held);
		expire_files(dir, true, MIN(mine->held_keep_ms, mine->keep_ms),
			     held);
		evidencemarks_expire(service_state(), day_of_us(
			clock_now_us() - mine->keep_ms * 1000) - 1, held,
			&why);
	}
	if (why)
		tell_failure(why);
}
