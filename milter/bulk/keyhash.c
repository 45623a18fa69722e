#include <config.h>

#include "bulk/keyhash.h"

#include <glib.h>
#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t turn(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void round_of(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = turn(s->v1, 13) ^ s->v0;
	s->v0 = turn(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = turn(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = turn(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = turn(s->v1, 17) ^ s->v2;
	s->v2 = turn(s->v2, 32);
}

static void take_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	round_of(s);
	s->v0 ^= word;
}

uint64_t keyhash_of(const struct keyhash_secret *secret, struct span bytes)
{
	struct sip s = {
		secret->k0 ^ UINT64_C(0x736f6d6570736575),
		secret->k1 ^ UINT64_C(0x646f72616e646f6d),
		secret->k0 ^ UINT64_C(0x6c7967656e657261),
		secret->k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t at = 0;
	uint64_t word = 0;

	for (; bytes.len - at >= sizeof word; at += sizeof word) {
		memcpy(&word, bytes.ptr + at, sizeof word);
		take_word(&s, GUINT64_FROM_LE(word));
	}
	word = (uint64_t)bytes.len << 56;
	for (size_t i = at; i < bytes.len; i++)
		word |= (uint64_t)(uint8_t)bytes.ptr[i] << 8 * (i - at);
	take_word(&s, word);
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_of(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
