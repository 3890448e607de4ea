/* Records of REST answers as RECORD lines, in one pass: the fast way beside rest_cells.py and json_texts.py.
 *
 * Not plain are here a member that the layout does not know, one that is missing or comes twice, white space
 * between the members, a value of another type than its field's, an escape that our own JSON has no need of.
 */
#include "line_steps.h"

static const char ATTRIBUTES[] = "\"attributes\":{";

/* Reads a string; where it ends, or NULL. */
static const uint8_t *read_string(const uint8_t *at, const uint8_t *end, struct cell *cell) {
    cell->text = at++;
    cell->differs = false;
    while (at < end) {
        if (end - at >= 8 && are_plain(at)) {
            at += 8;
        } else if (*at == '"') {
            at++;
            cell->size = (size_t)(at - cell->text);
            return at;
        } else if (*at == '\\') {
            if (end - at < 2 || !memchr("\"\\bfnrt", at[1], 7))
                return NULL;
            cell->differs = true;
            at += 2;
        } else if (*at >= 0x80) {
            size_t size = utf8_size(at, end);
            if (!size)
                return NULL;
            at += size;
        } else if (*at < 0x20) {
            return NULL;
        } else {
            at++;
        }
    }
    return NULL;
}

/* Whether some text goes on with a word. */
static bool begins_with(const uint8_t *at, const uint8_t *end, const void *word, size_t size) {
    return (size_t)(end - at) >= size && !memcmp(at, word, size);
}

/* Reads a word or a number; where it ends. Whether it is one, its kind tells. */
static const uint8_t *read_bare(const uint8_t *at, const uint8_t *end, struct cell *cell) {
    cell->text = at;
    cell->differs = false;
    while (at < end && *at != ',' && *at != '}' && *at != '\n')
        at++;
    cell->size = (size_t)(at - cell->text);
    return cell->size ? at : NULL;
}

/* Reads a value; where it ends, or NULL if it is not plain. */
static const uint8_t *read_value(enum kind kind, const uint8_t *at, const uint8_t *end, struct cell *cell) {
    if (begins_with(at, end, "null", 4)) {
        *cell = (struct cell){at, 0, false};
        return at + 4;
    }
    at = at < end && *at == '"' ? read_string(at, end, cell) : read_bare(at, end, cell);
    return at && is_plain(kind, cell) ? at : NULL;
}

/* Which member's name comes, counted from `first`; it is looked for from the one on that is next in order. -1 if
 * it is none. */
static int32_t find_member(const struct layout *layout, const uint8_t *at, const uint8_t *end, int32_t first,
                           int32_t count, int32_t next) {
    for (int32_t tried = 0; tried < count; tried++) {
        int32_t index = (next + tried) % count;
        const struct member *member = &layout->members[first + index];
        if (begins_with(at, end, layout->pieces + member->name, (size_t)member->name_size))
            return index;
    }
    return -1;
}

/* Reads the members of an object that are values, behind its brace; where it ends, or NULL. */
static const uint8_t *read_parts(const struct layout *layout, const uint8_t *at, const uint8_t *end, int32_t first,
                                 int32_t count, struct cell *cells) {
    int32_t next = 0;
    while (true) {
        int32_t index = find_member(layout, at, end, first, count, next);
        if (index < 0)
            return NULL;
        const struct member *member = &layout->members[first + index];
        struct cell *cell = &cells[member->cell];
        if (cell->text)
            return NULL;
        at = read_value((enum kind)layout->kinds[member->cell], at + member->name_size, end, cell);
        if (!at || at == end || (*at != ',' && *at != '}'))
            return NULL;
        if (*at++ == '}')
            return at;
        next = index + 1;
    }
}

/* Reads an object or null; parts that are missing are null. */
static const uint8_t *read_object(const struct layout *layout, const uint8_t *at, const uint8_t *end,
                                  const struct member *member, struct cell *cells) {
    const struct member *parts = &layout->members[member->first];
    for (int32_t index = 0; index < member->parts; index++)
        if (cells[parts[index].cell].text)
            return NULL;
    if (begins_with(at, end, "null", 4))
        at += 4;
    else if (begins_with(at, end, "{", 1))
        at = read_parts(layout, at + 1, end, member->first, member->parts, cells);
    else
        return NULL;
    for (int32_t index = 0; at && index < member->parts; index++)
        if (!cells[parts[index].cell].text)
            cells[parts[index].cell] = (struct cell){at, 0, false};
    return at;
}

/* Passes over what says of which type a record is and where it can be found: an object of strings. */
static const uint8_t *pass_attributes(const uint8_t *at, const uint8_t *end) {
    struct cell passed;
    at += sizeof ATTRIBUTES - 1;
    while (at && at < end && *at == '"') {
        at = read_string(at, end, &passed);
        if (!at || at == end || (*at != ':' && *at != ',' && *at != '}'))
            return NULL;
        if (*at++ == '}')
            return at < end && *at == ',' ? at + 1 : NULL;
    }
    return NULL;
}

static const uint8_t *read_record(const struct layout *layout, const uint8_t *at, const uint8_t *end,
                                  struct cell *cells) {
    memset(cells, 0, (size_t)layout->width * sizeof *cells);
    if (at == end || *at++ != '{')
        return NULL;
    if (begins_with(at, end, ATTRIBUTES, sizeof ATTRIBUTES - 1))
        at = pass_attributes(at, end);
    int32_t next = 0, found = 0;
    while (at) {
        int32_t index = find_member(layout, at, end, 0, layout->members_count, next);
        if (index < 0)
            return NULL;
        const struct member *member = &layout->members[index];
        at += member->name_size;
        if (member->cell < 0)
            at = read_object(layout, at, end, member, cells);
        else if (cells[member->cell].text)
            return NULL;
        else
            at = read_value((enum kind)layout->kinds[member->cell], at, end, &cells[member->cell]);
        if (!at || at == end || (*at != ',' && *at != '}'))
            return NULL;
        found++;
        if (*at++ == '}')
            break;
        next = index + 1;
    }
    bool is_whole = at && found == layout->members_count && cells[layout->id].size;
    return is_whole && begins_with(at, end, "\n", 1) ? at + 1 : NULL;
}

/* Whether bytes are UTF-8: 1 or 0. */
int32_t is_utf8_2(const uint8_t *at, uint64_t size) {
    const uint8_t *end = at + size;
    while (at < end) {
        uint64_t eight = 0;
        if (end - at >= 8)
            memcpy(&eight, at, 8);
        if (end - at >= 8 && !(eight & UINT64_C(0x8080808080808080))) {
            at += 8;
        } else if (*at < 0x80) {
            at++;
        } else {
            size_t taken = utf8_size(at, end);
            if (!taken)
                return 0;
            at += taken;
        }
    }
    return 1;
}

/* As encode_rows: one record a line, each with its line feed. The Ids keep their quotes. */
int32_t encode_records_2(const struct layout *layout, const uint8_t *page, uint64_t page_size, struct part *part) {
    return encode(read_record, layout, page, page_size, part);
}
