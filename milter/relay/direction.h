/* direction.h - whose mail it is: a stranger's, one of ours, or
 * the MTA's own */
#ifndef RELAY_DIRECTION_H
#define RELAY_DIRECTION_H

#include "message/transaction.h"
#include "settings/settings.h"

extern const struct setting_group direction_group;

/*
 * From what is known at MAIL: what is set for the listener ({daemon_name});
 * else local for what did not come by IP, outbound for whom we trust (network,
 * login, certificate: relay_is_trusted()), inbound for all others. Pure.
 */
enum direction direction_find(const struct transaction *tx);

#endif
