/* transaction.h - all that is known of one message, and of its session */
#ifndef MESSAGE_TRANSACTION_H
#define MESSAGE_TRANSACTION_H

#include "base/arena.h"
#include "base/log.h"
#include "base/netaddr.h"
#include "message/auth.h"
#include "message/finding.h"
#include "message/mailaddr.h"

#include <glib.h>
#include <stdint.h>

struct bulk;
struct bulkwork;
struct settings;
struct uri_redirects;
struct state;

enum direction {
	DIRECTION_UNKNOWN,
	DIRECTION_INBOUND,	/* a stranger to us */
	DIRECTION_OUTBOUND,	/* a trusted network, a login, a known
				 * certificate */
	DIRECTION_LOCAL,	/* the MTA itself, as for Postfix's
				 * non-SMTP mail */
};

const char *direction_word(enum direction direction);

/* Bytes of an id: 13 digits of base 32 (Crockford's) and a NUL. */
#define RECORD_ID_SIZE 14

enum client_kind { CLIENT_UNKNOWN, CLIENT_INET, CLIENT_SOCKET };

/*
 * The SMTP client, from connect to close. Texts live in the session's arena;
 * NULL where the MTA did not say.
 */
struct client {
	enum client_kind kind;
	struct netaddr addr;		/* NETADDR_NONE for a local socket */
	uint16_t port;
	const char *name;		/* PTR as the MTA gives it */
	bool is_name_verified;		/* the MTA says that name and
					 * address agree */
	const char *helo;
	const char *socket_path;
	const char *daemon_name, *daemon_addr, *daemon_port;
	const char *mta_host, *mta_version;	/* {j}, {v} */
	const char *tls_version, *tls_cipher, *tls_bits;
	const char *cert_subject, *cert_issuer, *cert_fingerprint;
	const char *login, *login_mechanism;
};

/* What a session did: its log-in/log-out record. */
struct session_facts {
	char id[RECORD_ID_SIZE];
	int64_t began_us, ended_us;
	struct client client;
	const char *last_login;		/* of any message of the session */
	uint32_t messages, recipients_accepted, recipients_refused;
	uint32_t unknown_commands;
};

/* ESMTP parameters as given, NULL or -1 where not (RFC 1870,
 * 3461, 6152, 6531). */
struct mail_params {
	int64_t size_bytes;
	const char *body;		/* 7BIT, 8BITMIME, BINARYMIME */
	bool is_smtputf8;
	const char *ret, *envid;
	const char *others;		/* what else, space between;
					 * else NULL */
};

struct rcpt_params {
	const char *notify, *orcpt;
	const char *others;
};

enum rcpt_state {
	RCPT_ACCEPTED,
	RCPT_REFUSED_BY_US,
	RCPT_REFUSED_BY_MTA,
};

struct recipient {
	struct mailaddr addr;
	struct rcpt_params params;
	enum rcpt_state state;
	const char *mailer, *host, *mta_addr;	/* {rcpt_mailer} {rcpt_host}
						 * {rcpt_addr} */
	struct outcome outcome;		/* of this recipient alone, at RCPT */
	const char *mta_reason;		/* when refused by the MTA */
};

/* As received: the value keeps its folds (LF or CRLF as the MTA gave them) and,
 * where the MTA passes it, the space behind the colon. */
struct header {
	struct span name, value;
	struct span gap;		/* blanks before the colon, an old way
					 * to write it (RFC 5322, 4.5) */
};

/* A header field to put on top of the message. Both live in the
 * transaction's arena or for ever; the value has no leading space, and folds
 * with LF and a tab. */
struct annotation {
	const char *name, *value;
};

/* How a message ended. */
enum ending {
	ENDING_OPEN,		/* still being received */
	ENDING_COMPLETE,	/* end of message: the outcome says
				 * what we did */
	ENDING_REFUSED,		/* no recipient was left: never got to DATA */
	ENDING_ABORTED,		/* RSET, a new MAIL, or the MTA gave it up */
	ENDING_LOST,		/* the client or the MTA went away in
				 * its midst */
};

const char *ending_word(enum ending ending);

enum stage {
	STAGE_CONNECT, STAGE_HELO, STAGE_MAIL, STAGE_RCPT, STAGE_MESSAGE,
};

/* The original that was kept of a message: see store/evidence.h. */
struct evidence_facts {
	uint8_t sha256[32];
	uint64_t bytes;
	bool is_whole;			/* false: limits cut it */
	bool is_held;			/* the MTA has it no more: we do */
	const char *why;		/* "symbol VIRUS"; NULL: only held */
};

struct transaction {
	struct arena arena;
	const struct settings *settings;	/* the snapshot it began with */
	struct state *state;		/* store/state.h; NULL: none at hand */
	struct contacts *contacts;	/* sender/contacts.h; NULL likewise */
	struct bulk *bulk;		/* bulk/bulk.h; NULL likewise */
	struct log_context log;
	char id[RECORD_ID_SIZE];		/* of the record to be */
	const struct session_facts *session;
	struct client client;		/* as it was at MAIL */
	enum direction direction;
	const char *customer;	/* id in the book; NULL: none known */
	uint32_t limits_percent;	/* of each limit of who is
					 * watched; 0: all */
	/* Theirs, as the book writes them, when a check needs
	 * them; else NULL. */
	const char *const *customer_networks, *const *customer_domains;
	int64_t began_us, ended_us;
	const char *queue_id;
	enum stage stage;		/* the furthest reached */
	enum ending ending;

	struct mailaddr sender;		/* is_null for <> */
	struct mail_params mail_params;
	GArray *recipients;		/* of struct recipient, in order */
	uint32_t recipients_dropped;	/* past limits.recipients */

	GArray *headers;		/* of struct header, in order */
	uint32_t headers_dropped;	/* past limits.headers or all_headers */
	uint32_t headers_cut;		/* past limits.header */
	bool is_vital_dropped;		/* one was a From or
					 * Authentication-Results */
	int64_t header_bytes;		/* of all, kept or not */
	bool has_leading_space;		/* values have what is behind
					 * the colon */
	bool has_no_blank_line;		/* in a file: none before the body */
	GByteArray *body;		/* up to limits.body */
	int64_t body_bytes;		/* its true size */
	bool is_body_bytes_exact;	/* false: at least so many (skipped) */

	struct contents *contents;	/* message/contents.h; owned */
	const struct uri_redirects *redirects;	/* message/uris.h; NULL:
						 * none known */
	struct inquiry *inquiry;	/* resolver/inquiry.h; owned; may
					 * be NULL */
	struct auth auth;
	struct senderwork *sender_work;	/* sender/authcheck.h, while
					 * under way */
	void (*free_sender_work)(struct senderwork *work);
	struct bulkwork *bulk_work;	/* bulk/limitcheck.h, while under way */
	void (*free_bulk_work)(struct bulkwork *work);

	uint64_t campaign;		/* bulk/campaigns.h; 0: none */
	GArray *findings;		/* of struct finding */
	GArray *annotations;		/* of struct annotation, that
					 * checks made */
	struct evidence_facts *evidence;	/* NULL: no original is kept */
	struct outcome outcome;
	bool is_enforced;		/* false in monitor mode:
					 * decided only */
	bool is_explained;		/* findings tell meaning and evidence */
};

/* settings is borrowed: the caller holds a reference for as long. */
void transaction_init(struct transaction *tx, const struct settings *settings,
		      const struct session_facts *session);
void transaction_release(struct transaction *tx);

/* Adds a zeroed recipient; NULL when limits.recipients are there already. */
struct recipient *transaction_add_recipient(struct transaction *tx) MUST_USE;
/* Copies. A header past the limits is counted, and cut or dropped. */
void transaction_add_header(struct transaction *tx, struct span name,
			    struct span value);
/* Keeps what limits.body lets it; false once nothing more is wanted. */
bool transaction_add_body(struct transaction *tx, struct span chunk);

/* The first header of that name, ASCII letters without case, or NULL. */
const struct header *transaction_find_header(const struct transaction *tx,
					     const char *name);

/* symbol is for ever; detail (may be NULL) is printf'd into the arena and
 * made printable. Returns the finding, valid until the next one is added. */
struct finding *transaction_find(struct transaction *tx, const char *symbol,
				 const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A header field for the top; the one added last comes first. */
void transaction_annotate(struct transaction *tx, const char *name,
			  const char *value);

/* A check (STAGE_MESSAGE): LIMIT_* for whatever was not kept or looked at. */
void transaction_check_limits(struct transaction *tx);

#endif
