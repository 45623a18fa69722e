#include <config.h>

#include "content/letters.h"

#include <pthread.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>
#include <unicode/utrans.h>

#define PLANE 0x10000
#define HAN_FIRST 0x3400	/* ICU's table changes nothing outside
				 * of these */
#define HAN_LAST 0x9fff

/* ICU's answers, for the characters that mail is made of. */
static uint8_t kinds[PLANE];
static pthread_once_t kinds_once = PTHREAD_ONCE_INIT;

/*
 * ICU's transliterator holds a lock of the whole process while it works, so it
 * is asked once for each character. 0: unchanged.
 */
static uint16_t simple[HAN_LAST - HAN_FIRST + 1];
static pthread_once_t simple_once = PTHREAD_ONCE_INIT;

/* Korean has spaces, but what is looked for has endings behind it, and parts of
 * other words before. */
static bool is_alone(UScriptCode script)
{
	return script == USCRIPT_HANGUL || uscript_breaksBetweenLetters(script);
}

/* Characters of no one script that ICU's categories do not tell apart. */
static bool find_odd(UChar32 code, enum letter_kind *kind_out)
{
	static const struct { UChar32 code; enum letter_kind kind; } odd[] = {
		{ ',', LETTER_STOP }, { ';', LETTER_STOP },
		{ ':', LETTER_STOP }, { '!', LETTER_STOP },
		{ '?', LETTER_STOP },
		{ 0x3001, LETTER_STOP }, { 0x3002, LETTER_STOP },
		{ 0x0640, LETTER_UNSEEN },	/* stretches Arabic words */
		{ 0x2800, LETTER_BLANK },	/* Braille without a dot */
		{ 0x3031, LETTER_ALONE }, { 0x3032, LETTER_ALONE },
		{ 0x3033, LETTER_ALONE }, { 0x3034, LETTER_ALONE },
		{ 0x3035, LETTER_ALONE },
		{ 0x3099, LETTER_ALONE }, { 0x309a, LETTER_ALONE },
		{ 0x30fc, LETTER_ALONE },	/* makes a vowel long */
	};

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (odd[i].code == code) {
			*kind_out = odd[i].kind;
			return true;
		}
	return false;
}

static enum letter_kind ask_icu(UChar32 code)
{
	const uint32_t letters = U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK;
	UErrorCode status = U_ZERO_ERROR;
	enum letter_kind kind;
	UScriptCode script;

	if (find_odd(code, &kind))
		return kind;
	if (u_isUWhiteSpace(code))
		return LETTER_BLANK;
	if (u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return LETTER_UNSEEN;
	if (!(U_GET_GC_MASK(code) & letters))
		return LETTER_MARK;
	script = uscript_getScript(code, &status);
	if (U_FAILURE(status))
		return LETTER_MARK;
	if ((U_GET_GC_MASK(code) & U_GC_M_MASK) &&
	    script == USCRIPT_INHERITED)
		return LETTER_UNSEEN;
	return is_alone(script) ? LETTER_ALONE : LETTER_OF_WORD;
}

static void fill_kinds(void)
{
	for (UChar32 code = 0; code < PLANE; code++)
		kinds[code] = (uint8_t)ask_icu(code);
}

enum letter_kind letters_kind(uint32_t code)
{
	pthread_once(&kinds_once, fill_kinds);
	if (code < PLANE)
		return (enum letter_kind)kinds[code];
	return code > UCHAR_MAX_VALUE ? LETTER_MARK : ask_icu((UChar32)code);
}

static void simplify_one(const UTransliterator *way, UChar code)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar text[8] = { code };
	int32_t len = 1, limit = 1;

	utrans_transUChars(way, text, &len, 8, 0, &limit, &status);
	if (U_SUCCESS(status) && len == 1 && text[0] != code)
		simple[code - HAN_FIRST] = text[0];
}

static void fill_simple(void)
{
	static const UChar name[] = u"Traditional-Simplified";
	UErrorCode status = U_ZERO_ERROR;
	UTransliterator *way = utrans_openU(name, -1, UTRANS_FORWARD, NULL, 0,
					    NULL, &status);

	if (U_FAILURE(status))
		return;
	for (UChar32 code = HAN_FIRST; code <= HAN_LAST; code++)
		simplify_one(way, (UChar)code);
	utrans_close(way);
}

uint32_t letters_simplify(uint32_t code)
{
	uint32_t other;

	if (code < HAN_FIRST || code > HAN_LAST)
		return code;
	pthread_once(&simple_once, fill_simple);
	other = simple[code - HAN_FIRST];
	return other ? other : code;
}

uint32_t letters_unframe(uint32_t code)
{
	if (code >= 0x1f150 && code <= 0x1f169)
		return 'a' + (code - 0x1f150);
	if (code >= 0x1f170 && code <= 0x1f189)
		return 'a' + (code - 0x1f170);
	return code;
}
