// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/controlled — what the controller of a standing testbed reports of its routers around a trial:
 * contracts, margins and last actions. Called by keeper.c.
 */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "owner/client.h"
#include "owner/loan.h"
#include "run/parts.h"

// The time within which a controller reports that a contract was broken: it looks 20 times a
// second, judges windows of 100 ms, and waits 100 ms between reports (control/loop.c).
#define REPORT_NS (400 * NS_PER_MS)

void controlled_begin(const struct job *job, struct controlled *ret)
{
    *ret = (struct controlled){.before = {.parties = NULL}};
    if (job->loan == NULL) {
        return;
    }
    struct sample sample = {.parties = NULL};
    if (owner_sample(testbed_id(loan_testbed(job->loan)), false, &sample, NULL) < 0 ||
        !sample_is_controlled(&sample)) {
        sample_clear(&sample);
        return;
    }
    ret->before = sample;
}

static double number_of(const char *text)
{
    return text == NULL ? (double)NAN : strtod(text, NULL);
}

// The router may have been restarted meanwhile, which does not reset a controller's counts.
static const struct sample_party *router_called(const struct sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->count; i++) {
        if (text_equal(sample->parties[i].name, name)) {
            return &sample->parties[i];
        }
    }
    return NULL;
}

static struct control_result describe(const struct sample *before, const struct sample_party *now)
{
    const struct sample_party *then = router_called(before, now->name);
    const double began_s = then == NULL || then->broken_s == NULL ? 0.0 : number_of(then->broken_s);
    // A controller that began meanwhile counts from 0.
    const double ended_s = number_of(now->broken_s);
    const double broken_s = ended_s - (began_s > ended_s ? 0.0 : began_s);
    const bool none = text_equal(now->contract, "none");
    return (struct control_result){
        .router = text_copy(now->name),
        .contract = text_copy(broken_s > 0.0 ? "broken"
                              : none         ? "none"
                                             : "kept"),
        .broken_s = none ? (double)NAN : broken_s,
        .margin_percent = number_of(now->margin),
        .last_action = now->last_action == NULL ? NULL : text_copy(now->last_action)};
}

void controlled_end(struct controlled *controlled, struct point *point)
{
    struct sample after = {.parties = NULL};
    if (controlled->before.count > 0 && point != NULL) {
        // A stop ends the run elsewhere.
        (void)stop_sleep(REPORT_NS, NULL);
        if (owner_sample(controlled->before.parties[0].testbed_id, false, &after, NULL) < 0) {
            log_note("run", "the owner does not report what control did");
        }
        for (size_t i = 0; i < after.count; i++) {
            const struct sample_party *party = &after.parties[i];
            if (party->kind == PARTY_ROUTER && party->contract != NULL) {
                point->control =
                    memory_resize(point->control, point->control_count + 1, sizeof *point->control);
                point->control[point->control_count++] = describe(&controlled->before, party);
            }
        }
    }
    sample_clear(&after);
    sample_clear(&controlled->before);
}
