#include <config.h>

#include "verdict/checks.h"

#include "bulk/customerrelay.h"
#include "bulk/dnslists.h"
#include "bulk/greycheck.h"
#include "bulk/likeness.h"
#include "bulk/limitcheck.h"
#include "bulk/recipientcheck.h"
#include "bulk/unasked.h"
#include "cases/customercheck.h"
#include "cases/incidentcheck.h"
#include "cases/listcheck.h"
#include "cases/statecheck.h"
#include "cases/suspensioncheck.h"
#include "content/contentcheck.h"
#include "content/viruscheck.h"
#include "relay/relay.h"
#include "sender/authcheck.h"

typedef void check_fn(struct transaction *tx);

/* A check is one function and one row. */
static const struct {
	enum stage stage;
	check_fn *run;
} checks[] = {
	{ STAGE_MAIL, customercheck_sender },	/* first: others ask for it */
	{ STAGE_MAIL, listcheck_sender },
	{ STAGE_MAIL, suspensioncheck_sender },
	{ STAGE_MAIL, statecheck_sender },	/* behind those three */
	{ STAGE_MAIL, relay_check_sender },
	{ STAGE_MAIL, authcheck_sender },
	{ STAGE_MAIL, dnslists_sender },
	{ STAGE_RCPT, relay_check_recipient },
	{ STAGE_RCPT, dnslists_recipient },
	{ STAGE_RCPT, recipientcheck_recipient },
	{ STAGE_RCPT, limitcheck_recipient },	/* last of its stage */
	{ STAGE_MESSAGE, contentcheck_begin },	/* first of its stage */
	{ STAGE_MESSAGE, dnslists_ask },
	{ STAGE_MESSAGE, authcheck_message },
	{ STAGE_MESSAGE, relay_check_message },
	{ STAGE_MESSAGE, contentcheck_message },
	{ STAGE_MESSAGE, viruscheck_message },
	{ STAGE_MESSAGE, dnslists_message },
	{ STAGE_MESSAGE, customercheck_message },
	{ STAGE_MESSAGE, customerrelay_message },	/* asks what
							 * that found */
	{ STAGE_MESSAGE, likeness_message },
	{ STAGE_MESSAGE, recipientcheck_message },
	{ STAGE_MESSAGE, unasked_message },
	{ STAGE_MESSAGE, transaction_check_limits },
	{ STAGE_MESSAGE, greycheck_message },	/* knows what others found */
	{ STAGE_MESSAGE, limitcheck_message },
	{ STAGE_MESSAGE, incidentcheck_message },
};

void checks_run(struct transaction *tx, enum stage stage)
{
	tx->stage = MAX(tx->stage, stage);
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (checks[i].stage == stage)
			checks[i].run(tx);
}

void checks_recipient(struct transaction *tx)
{
	limitcheck_after_recipient(tx);
	recipientcheck_after_recipient(tx);
}

void checks_header(struct transaction *tx)
{
	authcheck_header(tx);
}

void checks_body(struct transaction *tx, struct span chunk)
{
	authcheck_body(tx, chunk);
}

void checks_after(struct transaction *tx)
{
	authcheck_remember(tx);
}

void checks_end(struct transaction *tx)
{
	limitcheck_end(tx);
	incidentcheck_end(tx);
}
