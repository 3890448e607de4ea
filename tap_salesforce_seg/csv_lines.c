/* Bulk API 2.0 results as RECORD lines, in one pass: the fast way beside csv_cells.py and json_texts.py.
 *
 * Not plain are here an unusual number or date-time, a cell without quotes, too few cells, what is not UTF-8.
 */
#include "line_steps.h"

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

static const uint8_t *read_csv_row(const struct layout *layout, const uint8_t *at, const uint8_t *end,
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

/* Whether a stretch of a page has an odd number of quotes. */
static bool has_odd_quotes(const uint8_t *at, const uint8_t *end) {
    bool is_odd = false;
    for (; end - at >= 64; at += 64) {
        uint8_t quotes = 0;
        for (size_t index = 0; index < 64; index++)
            quotes = (uint8_t)(quotes + (at[index] == '"'));
        is_odd ^= quotes & 1;
    }
    for (; at < end; at++)
        is_odd ^= *at == '"';
    return is_odd;
}

/* Where a row ends, at least so many bytes on; the same as end_of_row in csv_cells.py. */
uint64_t end_of_row_2(const uint8_t *page, uint64_t page_size, uint64_t start, uint64_t size) {
    const uint8_t *at = page + start, *end = page + page_size;
    bool is_within_cell = false;
    for (uint64_t least = size; at < end; least = 0) {
        const uint8_t *from = (uint64_t)(end - at) > least ? at + least : end;
        const uint8_t *feed = memchr(from, '\n', (size_t)(end - from));
        const uint8_t *next = feed ? feed + 1 : end;
        is_within_cell ^= has_odd_quotes(at, next);
        at = next;
        if (!is_within_cell)
            break;
    }
    return (uint64_t)(at - page);
}

/* The name ends with the version of the structures in line_steps.h: a library of another one is not taken. */
int32_t encode_rows_2(const struct layout *layout, const uint8_t *page, uint64_t page_size, struct part *part) {
    return encode(read_csv_row, layout, page, page_size, part);
}
