/* Bulk API 2.0 results as RECORD lines, in one pass: the fast way beside csv_cells.py and json_texts.py.
 *
 * It knows the plain forms of cells only, and stops before the first row that has another one: an unusual
 * number or date-time, a cell without quotes, too few cells, what is not UTF-8. Python then reads that part
 * of the page, or says what is wrong with it. So what is written here is always what Python would write.
 *
 * How a line is put together is told by a list of steps, made by csv_lines.py, which calls encode_rows with
 * ctypes and so without holding Python's lock. Nothing is allocated but the cells of one row; each write is
 * checked against the room that is left, and a row that does not fit is not begun.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, BOOLEAN, NUMBER, MOMENT, TIME, KINDS };
enum action { PIECE, CELL, IF_GIVEN, IF_TRUE, GO_TO, ACTIONS };

/* PIECE: write `size` bytes of `pieces` from `from` on. CELL: write cell `from`. IF_GIVEN, IF_TRUE: go to step
 * `size` if cell `from` is not empty, or is true. GO_TO: go to step `size`. Steps only ever lead onwards. */
struct step {
    int32_t action, from, size;
};

/* What holds for all rows of a page; the same as Layout in csv_lines.py. */
struct layout {
    const uint8_t *kinds; /* one for each cell of a row */
    const struct step *steps;
    const uint8_t *pieces;
    uint64_t pieces_size;
    int32_t width, steps_count;
    int32_t id;             /* which cell is the Id */
    int32_t clock;          /* which cell tells whether a row is late, or -1 */
    const uint8_t *late;    /* from this moment on, */
    uint64_t late_size;     /* as far as it is told */
    const uint8_t *end;     /* how each line ends */
    uint64_t end_size;
};

/* What is asked of one call, and what came of it; the same as Part in csv_lines.py. */
struct part {
    uint8_t *lines, *ids;
    uint64_t lines_room, ids_room;
    uint64_t at; /* in the page: where to begin, then where the first row begins that was not read */
    uint64_t lines_size, ids_size, rows, late_rows;
};

struct cell {
    const uint8_t *text;
    size_t size;
    bool differs; /* whether JSON spells it otherwise */
};

struct room {
    uint8_t *at, *end;
};

static const char HEX[] = "0123456789abcdef";
static const char SHORT[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu"; /* what follows the backslash */

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static bool put(struct room *room, const void *bytes, size_t size) {
    if ((size_t)(room->end - room->at) < size)
        return false;
    memcpy(room->at, bytes, size);
    room->at += size;
    return true;
}

/* How many bytes a character takes that is not ASCII; 0 if it is not UTF-8 (RFC 3629, section 4). */
static size_t utf8_size(const uint8_t *at, const uint8_t *end) {
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
static bool are_plain(const uint8_t *at) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highest = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint64_t quotes = bytes ^ (ones * '"'), backslashes = bytes ^ (ones * '\\');
    return !((bytes | (bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & highest);
}

/* Reads a cell between quotes; where it ends, or NULL if it is not one. */
static const uint8_t *read_cell(const uint8_t *at, const uint8_t *end, struct cell *cell) {
    if (at == end || *at != '"')
        return NULL;
    cell->text = ++at;
    cell->differs = false;
    while (at < end) {
        if (*at == '"') {
            if (end - at < 2 || at[1] != '"') {
                cell->size = (size_t)(at - cell->text);
                return at + 1;
            }
            cell->differs = true;
            at += 2;
        } else if (*at >= 0x80) {
            size_t size = utf8_size(at, end);
            if (!size)
                return NULL;
            at += size;
        } else if (*at < 0x20 || *at == '\\') {
            cell->differs = true;
            at++;
        } else if (end - at >= 8 && are_plain(at)) {
            at += 8;
        } else {
            at++;
        }
    }
    return NULL;
}

/* How many bytes of a number JSON takes as they are: all, or all but ".0"; 0 if it has another form. The same
 * as _NUMBER in json_texts.py. */
static size_t number_size(const uint8_t *text, size_t size) {
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
static bool is_scientific(const uint8_t *text, size_t size) {
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
static bool has_form(const struct cell *cell, const char *form) {
    if (cell->size != strlen(form))
        return false;
    for (size_t index = 0; index < cell->size; index++)
        if (form[index] == '0' ? !is_digit(cell->text[index]) : cell->text[index] != (uint8_t)form[index])
            return false;
    return true;
}

static bool is_word(const struct cell *cell, const char *word) {
    return cell->size == strlen(word) && !memcmp(cell->text, word, cell->size);
}

/* Whether a cell has its type's plain form; it is cut to what JSON takes of it. */
static bool is_plain(enum kind kind, struct cell *cell) {
    if (!cell->size)
        return true;
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
    default:
        return false;
    }
}

/* Reads a row; where the next one begins, or NULL if it is not plain. */
static const uint8_t *read_row(const struct layout *layout, const uint8_t *at, const uint8_t *end,
                               struct cell *cells) {
    for (int32_t index = 0; index < layout->width; index++) {
        at = read_cell(at, end, &cells[index]);
        if (!at || at == end || *at != (index < layout->width - 1 ? ',' : '\n'))
            return NULL;
        at++;
        if (!is_plain((enum kind)layout->kinds[index], &cells[index]))
            return NULL;
    }
    return at;
}

static bool put_escaped(struct room *room, const struct cell *cell) {
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
static bool put_positional(struct room *room, const struct cell *cell) {
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

static bool put_cell(struct room *room, enum kind kind, const struct cell *cell) {
    if (!cell->size)
        return put(room, "null", 4);
    if (kind == BOOLEAN || kind == NUMBER)
        return cell->differs ? put_positional(room, cell) : put(room, cell->text, cell->size);
    if (!put(room, "\"", 1))
        return false;
    if (cell->differs ? !put_escaped(room, cell) : !put(room, cell->text, cell->size))
        return false;
    return put(room, "\"", 1);
}

static bool put_line(const struct layout *layout, const struct cell *cells, struct room *room) {
    int32_t next;
    for (int32_t index = 0; index < layout->steps_count; index = next) {
        const struct step *step = &layout->steps[index];
        next = index + 1;
        switch ((enum action)step->action) {
        case PIECE:
            if (!put(room, layout->pieces + step->from, (size_t)step->size))
                return false;
            break;
        case CELL:
            if (!put_cell(room, (enum kind)layout->kinds[step->from], &cells[step->from]))
                return false;
            break;
        case IF_GIVEN:
            if (cells[step->from].size)
                next = step->size;
            break;
        case IF_TRUE:
            if (is_word(&cells[step->from], "true"))
                next = step->size;
            break;
        default:
            next = step->size;
        }
    }
    return put(room, layout->end, layout->end_size);
}

/* Whether a row's clock says the given moment or later; a moment is longer than what it is compared with. */
static bool is_late(const struct layout *layout, const struct cell *cells) {
    if (layout->clock < 0)
        return false;
    const struct cell *clock = &cells[layout->clock];
    return clock->size >= layout->late_size && memcmp(clock->text, layout->late, layout->late_size) >= 0;
}

/* Whether all that a layout names is there, so that nothing else needs to look. */
static bool is_sound(const struct layout *layout) {
    if (layout->width < 1 || layout->id < 0 || layout->id >= layout->width)
        return false;
    if (layout->clock >= layout->width || (layout->clock >= 0 && layout->kinds[layout->clock] != MOMENT))
        return false;
    for (int32_t index = 0; index < layout->width; index++)
        if (layout->kinds[index] >= KINDS)
            return false;
    for (int32_t index = 0; index < layout->steps_count; index++) {
        const struct step *step = &layout->steps[index];
        if (step->action < 0 || step->action >= ACTIONS || step->from < 0 || step->size < 0)
            return false;
        if (step->action == PIECE) {
            if ((uint64_t)step->from + (uint64_t)step->size > layout->pieces_size)
                return false;
        } else if (step->from >= layout->width) {
            return false;
        } else if (step->action != CELL && (step->size <= index || step->size > layout->steps_count)) {
            return false;
        }
    }
    return true;
}

/* Turns rows of a page into lines until one is not plain or does not fit; 0, or -1 if nothing can be done.
 * The name ends with the version of the structures above: a library of another one is not taken. */
int32_t encode_rows_1(const struct layout *layout, const uint8_t *page, uint64_t page_size, struct part *part) {
    part->lines_size = part->ids_size = part->rows = part->late_rows = 0;
    if (!is_sound(layout) || part->at > page_size)
        return -1;
    struct cell *cells = calloc((size_t)layout->width, sizeof *cells);
    if (!cells)
        return -1;
    struct room lines = {part->lines, part->lines + part->lines_room};
    struct room ids = {part->ids, part->ids + part->ids_room};
    const uint8_t *at = page + part->at, *end = page + page_size, *next;
    for (; at < end && (next = read_row(layout, at, end, cells)); at = next) {
        const struct cell *id = &cells[layout->id];
        if (is_late(layout, cells)) {
            part->late_rows++;
            continue;
        }
        if (id->differs || !put_line(layout, cells, &lines))
            break;
        if (!put(&ids, id->text, id->size) || !put(&ids, " ", 1))
            break;
        part->rows++;
        part->lines_size = (uint64_t)(lines.at - part->lines);
        part->ids_size = (uint64_t)(ids.at - part->ids);
    }
    free(cells);
    part->at = (uint64_t)(at - page);
    return 0;
}
