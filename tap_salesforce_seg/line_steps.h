/* How rows of cells become RECORD lines: shared by csv_lines.c and json_lines.c, the fast ways beside Python's.
 *
 * They know the plain forms of values only, and stop before the first row that has another one. Python then
 * reads that part of the page, or says what is wrong with it. So what is written here is always what Python
 * would write.
 *
 * How a line is put together is told by a list of steps, made by line_steps.py; compiled.py calls the library with
 * ctypes and so without holding Python's lock. Nothing is allocated but the cells of one row; each write is
 * checked against the room that is left, and a row that does not fit is not begun.
 */
#pragma once

#include "cells.h"

enum action { PIECE, CELL, IF_GIVEN, IF_TRUE, GO_TO, ACTIONS };

/* PIECE: write `size` bytes of `pieces` from `from` on. CELL: write cell `from`. IF_GIVEN, IF_TRUE: go to step
 * `size` if cell `from` is not empty, or is true. GO_TO: go to step `size`. Steps only ever lead onwards. */
struct step {
    int32_t action, from, size;
};

/* A member of a JSON record: its name with quotes and colon, `name_size` bytes of `pieces` from `name` on, and its
 * cell; or, if that is -1, `parts` members from `first` on, which are the members of its own object. */
struct member {
    int32_t name, name_size, cell, first, parts;
};

/* What holds for all rows of a page; the same as Layout in compiled.py. */
struct layout {
    const uint8_t *kinds; /* one for each cell of a row */
    const struct step *steps;
    const uint8_t *pieces;
    const struct member *members; /* those of the record, then those of their objects */
    uint64_t pieces_size;
    int32_t width, steps_count;
    int32_t members_count, all_members_count;
    int32_t id;             /* which cell is the Id */
    int32_t clock;          /* which cell tells whether a row is late, or -1 */
    const uint8_t *late;    /* from this moment on, */
    uint64_t late_size;     /* as far as it is told */
    const uint8_t *end;     /* how each line ends */
    uint64_t end_size;
};

/* What is asked of one call, and what came of it; the same as _Part in compiled.py. */
struct part {
    uint8_t *lines, *ids;
    uint64_t lines_room, ids_room;
    uint64_t at; /* in the page: where to begin, then where the first row begins that was not read */
    uint64_t lines_size, ids_size, rows, late_rows;
};

/* Reads the row that begins at `at`; where the next one begins, or NULL if it is not plain. */
typedef const uint8_t *read_row(const struct layout *layout, const uint8_t *at, const uint8_t *end,
                                struct cell *cells);

static inline bool put_line(const struct layout *layout, const struct cell *cells, struct room *room) {
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
static inline bool is_late(const struct layout *layout, const struct cell *cells) {
    if (layout->clock < 0)
        return false;
    const struct cell *clock = &cells[layout->clock];
    return clock->size >= layout->late_size && memcmp(clock->text, layout->late, layout->late_size) >= 0;
}

/* Whether the members of a record name what is there; only members of the record itself may be objects. */
static inline bool are_members_sound(const struct layout *layout) {
    if (layout->members_count < 0 || layout->members_count > layout->all_members_count)
        return false;
    for (int32_t index = 0; index < layout->all_members_count; index++) {
        const struct member *member = &layout->members[index];
        if (member->name < 0 || member->name_size < 1 ||
            (uint64_t)member->name + (uint64_t)member->name_size > layout->pieces_size)
            return false;
        if (member->cell >= layout->width || member->cell < -1)
            return false;
        if (member->cell >= 0)
            continue;
        if (index >= layout->members_count || member->first < layout->members_count || member->parts < 1 ||
            (int64_t)member->first + member->parts > layout->all_members_count)
            return false;
    }
    return true;
}

/* Whether all that a layout names is there, so that nothing else needs to look. */
static inline bool is_sound(const struct layout *layout) {
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
    return are_members_sound(layout);
}

/* Turns rows of a page into lines until one is not plain or does not fit; 0, or -1 if nothing can be done. */
static inline int32_t encode(read_row *read, const struct layout *layout, const uint8_t *page, uint64_t page_size,
                             struct part *part) {
    part->lines_size = part->ids_size = part->rows = part->late_rows = 0;
    if (!is_sound(layout) || part->at > page_size)
        return -1;
    struct cell *cells = calloc((size_t)layout->width, sizeof *cells);
    if (!cells)
        return -1;
    struct room lines = {part->lines, part->lines + part->lines_room};
    struct room ids = {part->ids, part->ids + part->ids_room};
    const uint8_t *at = page + part->at, *end = page + page_size, *next;
    for (; at < end && (next = read(layout, at, end, cells)); at = next) {
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
