// SPDX-License-Identifier: GPL-3.0-or-later
// advice/program_none — the packing problem in a build without GLPK: it is not solved, and no plan
// is made.
#include "advice/packing.h"

int pack_program_solve(const struct pack_program *program, struct pack_answer *ret,
                       struct error *err)
{
    (void)program;
    (void)ret;
    return fail_lacking(err, "plans require GLPK, which this vrbench was built without; install "
                             "libglpk-dev and build it again");
}

void pack_answer_clear(struct pack_answer *answer)
{
    (void)answer; // there is none
}
