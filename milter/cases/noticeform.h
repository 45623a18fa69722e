/* noticeform.h - a letter to a customer, as people and as the disk have it */
#ifndef CASES_NOTICEFORM_H
#define CASES_NOTICEFORM_H

#include "cases/caseform.h"

/* On disk: never renumber. */
enum notice_kind {
	NOTICE_KIND_NONE, NOTICE_KIND_WARNING, NOTICE_KIND_REMINDER,
	NOTICE_KIND_SUSPENSION, NOTICE_KIND_RESUMPTION, NOTICE_KIND_CLOSING,
	NOTICE_KINDS
};

/* On disk: never renumber. */
enum notice_state {
	NOTICE_STATE_NONE,
	NOTICE_STATE_WAITING,		/* to be sent, at next_us */
	NOTICE_STATE_SENT,		/* the MTA has it */
	NOTICE_STATE_FAILED,		/* given up */
	NOTICE_STATE_BOUNCED,		/* the MTA could not deliver it */
	NOTICE_STATE_DROPPED,		/* the case went on without it */
	NOTICE_STATES
};

#define NOTICE_TOKEN_BYTES 8
#define NOTICE_STEP "letter: "		/* so begins the note of a step
					 * about one */

struct notice_entry {
	struct case_id id;
	uint32_t number;		/* 0: none yet */
	enum notice_kind kind;
	enum notice_state state;
	enum case_command command;	/* the step that it is once it
					 * is sent */
	const char *to, *language;
	const char *remark, *note;	/* in the letter; of the step; "" */
	const char *operator_name, *why;
	int64_t created_us, next_us, ended_us;
	uint32_t tries;
	uint8_t token[NOTICE_TOKEN_BYTES];
};

const char *notice_kind_word(enum notice_kind kind);
enum notice_kind notice_kind_parse(struct span word);	/* NONE: no such word */
const char *notice_state_word(enum notice_state state);

#define NOTICE_TOKEN_TEXT_MAX 48

/*
 * 2026-0001.3.0123456789abcdef: case, number, and what nobody can guess; in the
 * Message-ID, and in the envelope's sender when the setting has a place for it.
 */
const char *noticeform_token(const struct notice_entry *entry, char *buffer);
/*
 * The first one in the bytes: id, number and token of out. False: there is
 * none. *rest_out is what follows. Pure; the bytes are a stranger's.
 */
bool noticeform_find_token(struct span bytes, struct notice_entry *out,
			   struct span *rest_out) MUST_USE;

/* The value of a table; free with g_bytes_unref(). Case and
 * number are not in it. */
GBytes *noticeform_pack(const struct notice_entry *entry) MUST_USE;
/* False when the bytes are none. Texts live in arena. */
bool noticeform_unpack(struct span bytes, struct arena *arena,
		       struct notice_entry *out) MUST_USE;

#endif
