/* notify.h - tells the service manager how the daemon is */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1", "STATUS=...", as
 * sd_notify(3) has them; nothing where there is no libsystemd. */
void notify_manager(const char *state);

#endif
