// SPDX-License-Identifier: GPL-3.0-or-later
// search/sweep — see sweep.h.
#include "search/sweep.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "search/saturation.h"
#include "search/stability.h"

enum stage { STAGE_NONE, STAGE_STABILITY, STAGE_SATURATION, STAGE_LADDER, STAGE_REFINEMENT };

struct sweep {
    struct search search;
    struct sweep_spec spec;
    size_t at; // index of the row
    enum stage stage;
    struct search *inner; // search of the present stage; NULL between stages
    unsigned checked;     // number of the place checked last, from 1; 0 = none
    bool unstable;
    struct refine_book book; // trials of the present row
    size_t book_row;         // number of the row whose trials it has, from 1; 0 = none
    size_t refined;          // points of the refinements of all rows before the present one
};

static struct ladder_spec ladder_of(const struct sweep *sweep, const struct sweep_row *row)
{
    const struct sweep_spec *spec = &sweep->spec;
    return (struct ladder_spec){
        .place = row->place,
        .length = row->length,
        .pps = row->pps,
        .count = row->count,
        .repeats = spec->repeats,
        .duration_ns = spec->duration_ns,
        .attempts = spec->attempts,
        .done = spec->done,
        .done_count = spec->done_count,
        .shuffle = spec->shuffle,
    };
}

static struct search *saturation_of(const struct sweep *sweep, const struct sweep_row *row)
{
    const struct sweep_place *place = &sweep->spec.places[row->place];
    struct saturation_spec spec = {.place = row->place,
                                   .length = row->length,
                                   .direct = place->direct,
                                   .machines = place->machines};
    if (sweep->at > 0 && row[-1].place == row->place) {
        spec.likely = row[-1].pps[row[-1].count - 1];
    }
    return saturation_new(&spec);
}

// The trials of the present row so far, with those of an earlier part of the run.
static const struct refine_book *book_of(struct sweep *sweep, const struct sweep_row *row)
{
    const struct sweep_spec *spec = &sweep->spec;
    if (sweep->book_row != sweep->at + 1) {
        refine_book_clear(&sweep->book);
        sweep->book_row = sweep->at + 1;
        for (size_t i = 0; i < spec->known_count; i++) {
            const struct sweep_trial *known = &spec->known[i];
            if (known->place == row->place && known->length == row->length) {
                refine_book_add(&sweep->book, &known->trial, known->networks, known->network_count);
            }
        }
    }
    return &sweep->book;
}

// Direct topologies calibrate the tester, which is their limit.
static struct refine_limits limits_of(const struct sweep_spec *spec, const struct sweep_row *row)
{
    return spec->places[row->place].direct ? (struct refine_limits){0} : spec->refine;
}

static struct refine_spec refinement_of(struct sweep *sweep, const struct sweep_row *row)
{
    const struct sweep_spec *spec = &sweep->spec;
    return (struct refine_spec){
        .place = row->place,
        .length = row->length,
        .ladder_count = (unsigned)row->count,
        .repeats = spec->repeats,
        .duration_ns = spec->duration_ns,
        .attempts = spec->attempts,
        .limits = limits_of(spec, row),
        .book = book_of(sweep, row),
        .warm = sweep->stage == STAGE_LADDER,
    };
}

// Trials of a row that do not belong to its ladder.
static size_t refined_points(const struct refine_book *book, const struct sweep_row *row)
{
    size_t count = 0;
    for (size_t i = 0; i < book->count; i++) {
        count += book->trials[i].step >= row->count;
    }
    return count;
}

static void end_row(struct sweep *sweep)
{
    sweep->refined += refined_points(&sweep->book, &sweep->spec.rows[sweep->at]);
    sweep->stage = STAGE_NONE;
    sweep->at++;
}

// Begins the next stage that may have a load: check, find, measure, refine. False after the last
// row.
static bool begin_stage(struct sweep *sweep)
{
    while (sweep->at < sweep->spec.row_count) {
        const struct sweep_row *row = &sweep->spec.rows[sweep->at];
        const struct ladder_spec ladder = ladder_of(sweep, row);
        const struct refine_spec refinement = refinement_of(sweep, row);
        const bool measured =
            row->count > 0 && (sweep->stage == STAGE_LADDER || ladder_is_done(&ladder));
        if (sweep->stage == STAGE_REFINEMENT || (measured && refine_is_done(&refinement))) {
            end_row(sweep);
            continue;
        }
        const struct sweep_place *place = &sweep->spec.places[row->place];
        if (!place->unchecked && sweep->checked != row->place + 1) {
            const struct stability_spec spec = {.place = row->place,
                                                .length = row->length,
                                                .pps = place->low_pps,
                                                .duration_ns = place->low_ns,
                                                .direct = place->direct};
            sweep->stage = STAGE_STABILITY;
            sweep->inner = stability_new(&spec);
        } else if (row->count == 0) {
            sweep->stage = STAGE_SATURATION;
            sweep->inner = saturation_of(sweep, row);
        } else if (measured) {
            sweep->stage = STAGE_REFINEMENT;
            sweep->inner = refine_new(&refinement);
        } else {
            sweep->stage = STAGE_LADDER;
            sweep->inner = ladder_new(&ladder);
        }
        return true;
    }
    return false;
}

static void end_stage(struct sweep *sweep)
{
    struct sweep_row *row = &sweep->spec.rows[sweep->at];
    if (sweep->stage == STAGE_STABILITY) {
        sweep->checked = row->place + 1;
        sweep->unstable =
            sweep->spec.places[row->place].direct && !stability_is_given(sweep->inner);
    } else if (sweep->stage == STAGE_SATURATION) {
        row->count = sweep->spec.to_find;
        row->pps = saturation_loads(sweep->inner, row->count);
    }
    search_free(steal_pointer(&sweep->inner));
}

static bool sweep_next(struct search *search, struct load *ret)
{
    struct sweep *sweep = (struct sweep *)search;
    while (!sweep->unstable && (sweep->inner != NULL || begin_stage(sweep))) {
        if (sweep->inner->ops->next(sweep->inner, ret)) {
            return true;
        }
        end_stage(sweep);
    }
    return false;
}

static void sweep_tell(struct search *search, const struct load *load,
                       const struct outcome *outcome)
{
    struct sweep *sweep = (struct sweep *)search;
    if (load->use == LOAD_POINT && sweep->spec.refine.most > 0) {
        const struct refine_trial trial = {.step = load->step,
                                           .repeat = load->repeat,
                                           .pps = load->pps,
                                           .counts =
                                               outcome->kind == OUTCOME_GOOD && outcome->valid};
        refine_book_add(&sweep->book, &trial, outcome->networks, outcome->network_count);
    }
    sweep->inner->ops->tell(sweep->inner, load, outcome);
}

static void sweep_free(struct search *search)
{
    struct sweep *sweep = (struct sweep *)search;
    search_free(sweep->inner);
    refine_book_clear(&sweep->book);
    free(sweep);
}

static const struct search_ops sweep_ops = {sweep_next, sweep_tell, sweep_free};

struct search *sweep_new(const struct sweep_spec *spec)
{
    struct sweep *sweep = memory_new(1, sizeof *sweep);
    *sweep = (struct sweep){.search = {.ops = &sweep_ops}, .spec = *spec};
    return &sweep->search;
}

bool sweep_is_unstable(const struct search *search)
{
    return ((const struct sweep *)search)->unstable;
}

// Points of rows from a number on, with their refinements.
static size_t points_from(const struct sweep_spec *spec, size_t from)
{
    size_t loads = 0;
    for (size_t i = from; i < spec->row_count; i++) {
        const struct sweep_row *row = &spec->rows[i];
        loads += row->count > 0 ? row->count : spec->to_find;
        loads += limits_of(spec, row).most;
    }
    return loads * spec->repeats;
}

size_t sweep_points(const struct search *search)
{
    const struct sweep *sweep = (const struct sweep *)search;
    size_t points = sweep->refined + points_from(&sweep->spec, sweep->at);
    for (size_t i = 0; i < sweep->at; i++) {
        points += sweep->spec.rows[i].count * sweep->spec.repeats;
    }
    return points;
}
