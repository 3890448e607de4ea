/* The values of a row: which forms of them are plain, and how they stand in a RECORD line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a cell is. Those of JSON are kept as they came, with their quotes; BOOLEAN and NUMBER are the same in both. */
enum kind { TEXT, BOOLEAN, NUMBER, MOMENT, TIME, JSON_TEXT, JSON_PART, JSON_MOMENT, JSON_TIME, KINDS };

struct cell {
    const uint8_t *text;
    size_t size;
    bool differs; /* whether JSON spells it otherwise, or has escapes in it */
};

struct room {
    uint8_t *at, *end;
};

#define JSON_MOMENT_SIZE 24  /* of "2026-01-31T23:59:59.000, with its first quote */
#define JSON_UTC "+0000\""

static const char HEX[] = "0123456789abcdef";
static const char SHORT[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu"; /* what follows the backslash */

static inline bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static inline bool put(struct room *room, const void *bytes, size_t size) {
    if ((size_t)(room->end - room->at) < size)
        return false;
    memcpy(room->at, bytes, size);
    room->at += size;
    return true;
}

/* How many bytes a character takes that is not ASCII; 0 if it is not UTF-8 (RFC 3629, section 4). */
static inline size_t utf8_size(const uint8_t *at, const uint8_t *end) {
    uint8_t first = at[0], low = 0x80, high = 0xBF;
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || (size_t)(end - at) < size)
        return 0;
    if (first == 0xE0)
        low = 0xA0;
    if (first == 0xED)
        high = 0x9F;
    if (first == 0xF0)
        low = 0x90;
    if (first == 0xF4)
        high = 0x8F;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t index = 2; index < size; index++)
        if (at[index] < 0x80 || at[index] > 0xBF)
            return 0;
    return size;
}

/* Whether eight bytes are all ASCII without controls, quotes and backslashes. A byte is below n where taking
 * n from it borrows from its highest bit; a borrow from its neighbour only ever errs towards "no". */
static inline bool are_plain(const uint8_t *at) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highest = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint64_t quotes = bytes ^ (ones * '"'), backslashes = bytes ^ (ones * '\\');
    return !((bytes | (bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & highest);
}

/* How many bytes of a number JSON takes as they are: all, or all but ".0"; 0 if it has another form. The same
 * as _NUMBER in json_texts.py. */
static inline size_t number_size(const uint8_t *text, size_t size) {
    size_t start = text[0] == '-', point = start;
    while (point < size && is_digit(text[point]))
        point++;
    size_t whole = point - start;
    bool is_below_one = whole == 1 && text[start] == '0';
    if (!whole || (text[start] == '0' && whole > 1))
        return 0;
    bool is_plain_whole = is_below_one ? !start : whole <= 18;
    if (point == size)
        return is_plain_whole ? size : 0;
    size_t digits = size - point - 1;
    if (text[point] != '.' || !digits)
        return 0;
    for (size_t index = point + 1; index < size; index++)
        if (!is_digit(text[index]))
            return 0;
    if (text[size - 1] == '0')
        return digits == 1 && is_plain_whole ? point : 0;
    if (is_below_one && digits >= 3 && !memcmp(text + point + 1, "000", 3))
        return 0;
    return size;
}

/* Whether a number is one like -1.0053984E7, as Java spells those from ten million on: one digit that is not
 * zero, a point, digits without needless zeros, an exponent that leaves at most 18 digits before the point. */
static inline bool is_scientific(const uint8_t *text, size_t size) {
    size_t start = text[0] == '-', at = start + 2, digits = 0;
    if (size < start + 5 || text[start] < '1' || text[start] > '9' || text[start + 1] != '.')
        return false;
    for (; at < size && is_digit(text[at]); at++)
        digits++;
    if (!digits || (text[at - 1] == '0' && digits > 1) || size - at < 2 || size - at > 3 || text[at] != 'E')
        return false;
    if (!is_digit(text[at + 1]) || text[at + 1] == '0')
        return false;
    return size - at == 2 || (text[at + 1] == '1' && text[at + 2] >= '0' && text[at + 2] <= '7');
}

/* Whether a text has digits where the form has zeros, and else what the form has. */
static inline bool has_form(const struct cell *cell, const char *form) {
    if (cell->size != strlen(form))
        return false;
    for (size_t index = 0; index < cell->size; index++)
        if (form[index] == '0' ? !is_digit(cell->text[index]) : cell->text[index] != (uint8_t)form[index])
            return false;
    return true;
}

static inline bool is_word(const struct cell *cell, const char *word) {
    return cell->size == strlen(word) && !memcmp(cell->text, word, cell->size);
}

/* Whether it is a date-time as REST spells it, in UTC. */
static inline bool is_json_moment(const struct cell *cell) {
    const struct cell moment = {cell->text, JSON_MOMENT_SIZE, false};
    size_t size = strlen(JSON_UTC);
    return cell->size == JSON_MOMENT_SIZE + size && has_form(&moment, "\"0000-00-00T00:00:00.000") &&
           !memcmp(cell->text + JSON_MOMENT_SIZE, JSON_UTC, size);
}

/* Whether a cell has its type's plain form; it is cut to what JSON takes of it. */
static inline bool is_plain(enum kind kind, struct cell *cell) {
    if (!cell->size)
        return true;
    bool is_string = cell->text[0] == '"';
    switch (kind) {
    case TEXT:
        return true;
    case BOOLEAN:
        return is_word(cell, "true") || is_word(cell, "false");
    case NUMBER:
        cell->differs = is_scientific(cell->text, cell->size);
        if (!cell->differs)
            cell->size = number_size(cell->text, cell->size);
        return cell->size > 0;
    case MOMENT:
        return has_form(cell, "0000-00-00T00:00:00.000Z");
    case TIME:
        return has_form(cell, "00:00:00.000Z");
    case JSON_TEXT:
        return is_string;
    case JSON_PART: /* an empty one does not count as given */
        return is_string && cell->size > 2;
    case JSON_MOMENT:
        return is_json_moment(cell);
    case JSON_TIME:
        return has_form(cell, "\"00:00:00.000Z\"");
    default:
        return false;
    }
}

/* Writes the text of a CSV cell as JSON has it. */
static inline bool put_text(struct room *room, const struct cell *cell) {
    if (!cell->differs)
        return put(room, cell->text, cell->size);
    const uint8_t *at = cell->text, *end = at + cell->size, *from = at;
    for (; at < end; at++) {
        char escape[6] = {'\\', (char)*at, '0', '0', 0, 0};
        size_t size = 2;
        if (*at < 0x20) {
            escape[1] = SHORT[*at];
            if (escape[1] == 'u')
                size = 6;
            escape[4] = HEX[*at >> 4];
            escape[5] = HEX[*at & 15];
        } else if (*at != '"' && *at != '\\') {
            continue;
        }
        if (!put(room, from, (size_t)(at - from)) || !put(room, escape, size))
            return false;
        if (*at == '"')
            at++; /* a quote stands twice; read_cell has seen to it */
        from = at + 1;
    }
    return put(room, from, (size_t)(end - from));
}

/* Writes a number that is_scientific without its exponent. */
static inline bool put_positional(struct room *room, const struct cell *cell) {
    const uint8_t *text = cell->text, *last = text + cell->size - 1;
    size_t start = text[0] == '-', exponent = (size_t)(*last - '0');
    if (last[-1] == '1' && last[-2] == 'E')
        exponent += 10, last--;
    const uint8_t *fraction = text + start + 2;
    size_t digits = (size_t)(last - 1 - fraction);
    if (digits == 1 && *fraction == '0')
        digits = 0;
    size_t before_point = digits < exponent ? digits : exponent;
    if (!put(room, text, start + 1) || !put(room, fraction, before_point))
        return false;
    if (digits > exponent)
        return put(room, ".", 1) && put(room, fraction + exponent, digits - exponent);
    return put(room, "00000000000000000", exponent - digits);
}

static inline bool put_cell(struct room *room, enum kind kind, const struct cell *cell) {
    if (!cell->size)
        return put(room, "null", 4);
    switch (kind) {
    case TEXT:
    case MOMENT:
    case TIME:
        return put(room, "\"", 1) && put_text(room, cell) && put(room, "\"", 1);
    case NUMBER:
        return cell->differs ? put_positional(room, cell) : put(room, cell->text, cell->size);
    case JSON_MOMENT:
        return put(room, cell->text, JSON_MOMENT_SIZE) && put(room, "Z\"", 2);
    default:
        return put(room, cell->text, cell->size);
    }
}
