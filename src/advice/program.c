// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/program — the packing problem as an integer program for GLPK (packing.h). Called by
 * solve.c.
 *
 * A program has pools of hosts. If hosts are wholes, each is a pool, and the solution is a packing.
 * Otherwise all hosts are one pool, and a part of an item may be placed: the solution is a bound
 * for every packing. Variables of a pool: the number of its bridged and of its dedicated hosts
 * (whole in both kinds of program), and for each item and mode the part of the item that is there.
 */
#include "advice/packing.h"

#include <errno.h>
#include <glpk.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NODES_MOST 4000 // of the search tree of a program
#define SLACK      1e-6 // relative, of a value that must be reached
#define CROWDS     3    // rules of items of more than 1/2, 1/3, 1/4 of a host

struct making {
    const struct pack_program *program;
    const struct pack_problem *problem;
    glp_prob *lp;
    size_t pools, pool_hosts;
    // Entries of the matrix, from index 1.
    int *rows, *columns;
    double *values;
    int entries, room;
};

static void add_entry(struct making *m, int row, int column, double value)
{
    if (m->entries + 1 >= m->room) {
        m->room = 2 * m->room + 1024;
        m->rows = memory_resize(m->rows, (size_t)m->room, sizeof *m->rows);
        m->columns = memory_resize(m->columns, (size_t)m->room, sizeof *m->columns);
        m->values = memory_resize(m->values, (size_t)m->room, sizeof *m->values);
    }
    m->entries++;
    m->rows[m->entries] = row;
    m->columns[m->entries] = column;
    m->values[m->entries] = value;
}

// Columns: the aim's own, then for each pool its two numbers of hosts, then the items'.
static int column_of_hosts(size_t pool, enum pack_mode mode)
{
    return 2 + (int)(pool * PACK_MODES + mode);
}

static int column_of_item(const struct making *m, size_t pool, size_t item, enum pack_mode mode)
{
    return 2 + (int)(m->pools * PACK_MODES + (pool * m->problem->count + item) * PACK_MODES + mode);
}

static int new_row(struct making *m, int kind, double low, double high)
{
    const int row = glp_add_rows(m->lp, 1);
    glp_set_row_bnds(m->lp, row, kind, low, high);
    return row;
}

static bool is_for_aim(const struct pack_program *program)
{
    return program->fixed == program->problem->levels;
}

static void add_columns(struct making *m)
{
    const struct pack_problem *problem = m->problem;
    glp_add_cols(m->lp, 1 + (int)(m->pools * PACK_MODES + m->pools * problem->count * PACK_MODES));
    // What the fullest host uses or leaves unused, as a part of its CPU.
    glp_set_col_bnds(m->lp, 1, GLP_LO, 0.0, 0.0);
    for (size_t pool = 0; pool < m->pools; pool++) {
        for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
            const int column = column_of_hosts(pool, mode);
            glp_set_col_bnds(m->lp, column, GLP_DB, 0.0, (double)m->pool_hosts);
            glp_set_col_kind(m->lp, column, GLP_IV);
            for (size_t i = 0; i < problem->count; i++) {
                const int part = column_of_item(m, pool, i, mode);
                const bool possible =
                    problem->items[i].allowed[mode] && problem->items[i].cpu[mode] <= problem->cpu;
                glp_set_col_bnds(m->lp, part, possible ? GLP_DB : GLP_FX, 0.0, 1.0);
                if (m->program->whole && possible) {
                    glp_set_col_kind(m->lp, part, GLP_IV);
                }
            }
        }
    }
}

// sum over the items of `use` <= `each` times the hosts of that mode.
static void add_limit(struct making *m, size_t pool, enum pack_mode mode, double each,
                      double (*use)(const struct pack_item *, enum pack_mode))
{
    const int row = new_row(m, GLP_UP, 0.0, 0.0);
    add_entry(m, row, column_of_hosts(pool, mode), -each);
    for (size_t i = 0; i < m->problem->count; i++) {
        const double used = use(&m->problem->items[i], mode);
        if (used > 0.0) {
            add_entry(m, row, column_of_item(m, pool, i, mode), used);
        }
    }
}

static double use_cpu(const struct pack_item *item, enum pack_mode mode)
{
    return item->allowed[mode] ? item->cpu[mode] : 0.0;
}

// What an item takes of a host of which all may be used: a bound, since where several items are,
// the strictest one bounds all of them.
static double use_scaled_cpu(const struct pack_item *item, enum pack_mode mode)
{
    return item->allowed[mode] ? item->cpu[mode] / item->usable[mode] : 0.0;
}

static double use_slot(const struct pack_item *item, enum pack_mode mode)
{
    return item->allowed[mode] ? 1.0 : 0.0;
}

static double use_memory(const struct pack_item *item, enum pack_mode mode)
{
    return item->allowed[mode] ? item->memory : 0.0;
}

// A host holds at most `crowd` items that need more than 1/(crowd + 1) of its CPU each.
static void add_crowd(struct making *m, size_t pool, enum pack_mode mode, size_t crowd)
{
    const int row = new_row(m, GLP_UP, 0.0, 0.0);
    add_entry(m, row, column_of_hosts(pool, mode), -(double)crowd);
    for (size_t i = 0; i < m->problem->count; i++) {
        const struct pack_item *item = &m->problem->items[i];
        if (item->allowed[mode] &&
            use_scaled_cpu(item, mode) * (double)(crowd + 1) > m->problem->cpu * (1.0 + SLACK)) {
            add_entry(m, row, column_of_item(m, pool, i, mode), 1.0);
        }
    }
}

// Where an item is, the CPU of all items of the host is at most the part that is usable there.
static void add_strictness(struct making *m, size_t pool, enum pack_mode mode)
{
    const struct pack_problem *problem = m->problem;
    for (size_t i = 0; i < problem->count; i++) {
        const struct pack_item *strict = &problem->items[i];
        if (!strict->allowed[mode] || strict->usable[mode] >= 1.0) {
            continue;
        }
        const int row = new_row(m, GLP_UP, 0.0, problem->cpu);
        for (size_t k = 0; k < problem->count; k++) {
            double used = use_cpu(&problem->items[k], mode);
            used += k == i ? problem->cpu * (1.0 - strict->usable[mode]) : 0.0;
            if (used > 0.0) {
                add_entry(m, row, column_of_item(m, pool, k, mode), used);
            }
        }
    }
}

// Where an item is, the fullest host is at least as full as the CPU of all items of the host and
// what the item leaves unused. Of a pool, the item is on one of the hosts: alone at least.
static void add_unused(struct making *m, size_t pool, enum pack_mode mode)
{
    const struct pack_problem *problem = m->problem;
    for (size_t i = 0; i < problem->count; i++) {
        const struct pack_item *strict = &problem->items[i];
        if (!strict->allowed[mode] || strict->usable[mode] >= 1.0) {
            continue;
        }
        const int row = new_row(m, GLP_UP, 0.0, 0.0);
        add_entry(m, row, 1, -problem->cpu);
        for (size_t k = 0; k < problem->count; k++) {
            const bool counts = k == i || m->program->whole;
            double used = counts ? use_cpu(&problem->items[k], mode) : 0.0;
            used += k == i ? problem->whole * (1.0 - strict->usable[mode]) : 0.0;
            if (used > 0.0) {
                add_entry(m, row, column_of_item(m, pool, k, mode), used);
            }
        }
    }
}

static void add_pool(struct making *m, size_t pool)
{
    const struct pack_problem *problem = m->problem;
    const int hosts = new_row(m, GLP_UP, 0.0, (double)m->pool_hosts);
    for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
        add_entry(m, hosts, column_of_hosts(pool, mode), 1.0);
        add_limit(m, pool, mode, problem->cpu, use_scaled_cpu);
        if (m->program->whole) {
            add_strictness(m, pool, mode);
        }
        if (is_for_aim(m->program) && m->program->aim == PACK_AIM_HEADROOM) {
            add_unused(m, pool, mode);
        }
        if (problem->slots[mode] < problem->count) {
            add_limit(m, pool, mode, (double)problem->slots[mode], use_slot);
        }
        if (problem->memory > 0.0) {
            add_limit(m, pool, mode, problem->memory, use_memory);
        }
        for (size_t crowd = 1; crowd <= CROWDS; crowd++) {
            add_crowd(m, pool, mode, crowd);
        }
    }
    // The load of the fullest host: that of each pool divided by its hosts is not above it.
    const int load = new_row(m, GLP_UP, 0.0, 0.0);
    add_entry(m, load, 1, -problem->cpu * (double)m->pool_hosts);
    for (size_t i = 0; i < problem->count; i++) {
        for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
            const double used = use_cpu(&problem->items[i], mode);
            if (used > 0.0) {
                add_entry(m, load, column_of_item(m, pool, i, mode), used);
            }
        }
    }
}

static void add_item_rows(struct making *m)
{
    const struct pack_problem *problem = m->problem;
    for (size_t i = 0; i < problem->count; i++) {
        const int row = new_row(m, GLP_UP, 0.0, 1.0);
        for (size_t pool = 0; pool < m->pools; pool++) {
            for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
                add_entry(m, row, column_of_item(m, pool, i, mode), 1.0);
            }
        }
    }
    // Hosts are alike: dedicated ones come first.
    for (size_t pool = 1; pool < m->pools; pool++) {
        const int row = new_row(m, GLP_LO, 0.0, 0.0);
        add_entry(m, row, column_of_hosts(pool - 1, PACK_DEDICATED), 1.0);
        add_entry(m, row, column_of_hosts(pool, PACK_DEDICATED), -1.0);
    }
}

static void add_levels(struct making *m)
{
    for (size_t level = 0; level < m->program->fixed; level++) {
        const double least = m->program->at_least[level];
        const int row = new_row(m, GLP_LO, least - SLACK * fmax(1.0, least), 0.0);
        for (size_t i = 0; i < m->problem->count; i++) {
            const struct pack_item *item = &m->problem->items[i];
            for (size_t pool = 0; item->level == level && pool < m->pools; pool++) {
                for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
                    add_entry(m, row, column_of_item(m, pool, i, mode), item->value);
                }
            }
        }
    }
}

static void set_objective(struct making *m)
{
    const struct pack_program *program = m->program;
    const bool aim = is_for_aim(program);
    glp_set_obj_dir(m->lp, aim ? GLP_MIN : GLP_MAX);
    if (aim && program->aim == PACK_AIM_HEADROOM) {
        glp_set_obj_coef(m->lp, 1, m->problem->cpu);
        return;
    }
    for (size_t pool = 0; pool < m->pools; pool++) {
        for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
            if (aim && program->aim == PACK_AIM_HOSTS) {
                glp_set_obj_coef(m->lp, column_of_hosts(pool, mode), 1.0);
                continue;
            }
            for (size_t i = 0; i < m->problem->count; i++) {
                const struct pack_item *item = &m->problem->items[i];
                const double figure = aim                             ? use_cpu(item, mode)
                                      : item->level == program->fixed ? item->value
                                                                      : 0.0;
                glp_set_obj_coef(m->lp, column_of_item(m, pool, i, mode), figure);
            }
        }
    }
}

// ---- solving

struct watch {
    int nodes;
    double bound; // of the whole tree when the search was ended
    bool ended;
};

static void watch_tree(glp_tree *tree, void *info)
{
    struct watch *watch = info;
    if (glp_ios_reason(tree) != GLP_ISELECT) {
        return;
    }
    watch->nodes++;
    if (watch->nodes > NODES_MOST && !watch->ended) {
        const int best = glp_ios_best_node(tree);
        if (best > 0) {
            watch->bound = glp_ios_node_bound(tree, best);
            watch->ended = true;
            glp_ios_terminate(tree);
        }
    }
}

static void take_answer(const struct making *m, struct pack_answer *ret)
{
    const struct pack_problem *problem = m->problem;
    ret->parts = memory_new_array(double, problem->count *PACK_MODES);
    ret->place = memory_new_array(size_t, problem->count);
    ret->dedicated = memory_new_array(bool, m->pools);
    double dedicated = 0.0;
    for (size_t i = 0; i < problem->count; i++) {
        ret->place[i] = PACK_NOWHERE;
    }
    for (size_t pool = 0; pool < m->pools; pool++) {
        const double hosts = glp_mip_col_val(m->lp, column_of_hosts(pool, PACK_DEDICATED));
        ret->dedicated[pool] = hosts > 0.5;
        dedicated += hosts;
        for (size_t i = 0; i < problem->count; i++) {
            for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
                const double part = glp_mip_col_val(m->lp, column_of_item(m, pool, i, mode));
                ret->parts[i * PACK_MODES + mode] += part;
                ret->place[i] = part > 0.5 ? pool : ret->place[i];
            }
        }
    }
    ret->dedicated_count = (size_t)lround(dedicated);
}

static int solve_lp(struct making *m, struct pack_answer *ret, struct error *err)
{
    glp_smcp simplex;
    glp_iocp branch;
    struct watch watch = {0, 0.0, false};
    glp_init_smcp(&simplex);
    glp_init_iocp(&branch);
    simplex.msg_lev = GLP_MSG_OFF;
    branch.msg_lev = GLP_MSG_OFF;
    branch.cb_func = watch_tree;
    branch.cb_info = &watch;
    if (m->program->whole) {
        branch.mir_cuts = GLP_ON;
        branch.cov_cuts = GLP_ON;
    }
    int rc = glp_simplex(m->lp, &simplex);
    if (rc != 0 || glp_get_status(m->lp) != GLP_OPT) {
        return fail(err, 0, "GLPK: the linear program of the plan has no solution (%d, %d)", rc,
                    glp_get_status(m->lp));
    }
    ret->bound = glp_get_obj_val(m->lp);
    rc = glp_intopt(m->lp, &branch);
    if (rc != 0 && rc != GLP_ESTOP) {
        return fail(err, 0, "GLPK: the integer program of the plan has no solution (%d)", rc);
    }
    const int status = glp_mip_status(m->lp);
    ret->solved = status == GLP_OPT || status == GLP_FEAS;
    const bool largest = glp_get_obj_dir(m->lp) == GLP_MAX;
    if (watch.ended) {
        ret->bound = watch.bound;
    }
    if (ret->solved) {
        const double found = glp_mip_obj_val(m->lp);
        ret->bound = !watch.ended ? found
                     : largest    ? fmax(ret->bound, found)
                                  : fmin(ret->bound, found);
        take_answer(m, ret);
    }
    return 0;
}

int pack_program_solve(const struct pack_program *program, struct pack_answer *ret,
                       struct error *err)
{
    const struct pack_problem *problem = program->problem;
    struct making m = {.program = program,
                       .problem = problem,
                       .pools = program->whole ? problem->hosts : 1,
                       .pool_hosts = program->whole ? 1 : problem->hosts};
    struct pack_answer answer = {.solved = false};
    (void)glp_term_out(GLP_OFF);
    m.lp = glp_create_prob();
    add_columns(&m);
    for (size_t pool = 0; pool < m.pools; pool++) {
        add_pool(&m, pool);
    }
    add_item_rows(&m);
    add_levels(&m);
    set_objective(&m);
    glp_load_matrix(m.lp, m.entries, m.rows, m.columns, m.values);
    const int rc = solve_lp(&m, &answer, err);
    glp_delete_prob(m.lp);
    (void)glp_free_env();
    free(m.rows);
    free(m.columns);
    free(m.values);
    if (rc == 0) {
        *ret = answer;
    }
    return rc;
}

void pack_answer_clear(struct pack_answer *answer)
{
    free(answer->parts);
    free(answer->place);
    free(answer->dedicated);
    *answer = (struct pack_answer){.solved = false};
}
