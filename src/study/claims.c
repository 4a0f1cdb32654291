// SPDX-License-Identifier: GPL-3.0-or-later
// study/claims — see claims.h: the table of claims, and how the verdicts of parts are combined.
#include "study/claims.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/machines.h"
#include "study/rules.h"

#define RUNS(...) ((const char *const[]){__VA_ARGS__, NULL})

const char study_description[] =
    "The study is a thesis on network virtualisation, of about 2009. It built virtual routers, "
    "Linux "
    "2.6.26 in machines of Xen 3.2, on a host with one CPU (Pentium 4, 2.40 GHz) and 100 Mbit/s "
    "Ethernet. It loaded one and two of them by iperf with UDP packets of 64, 256 and 1500 B at 1 "
    "to "
    "101 Mbit/s, bridged and dedicated, and source and sink joined directly. It measured loss, and "
    "the CPU of each machine by xentop, read over SNMP.";

// The study's words are from thesis.md §6 and §7; the rules' figures are the constants of
// verdict.h.
const struct claim claims[CLAIM_COUNT] = {
    {
        .number = 1,
        .title = "Host cost",
        .text = "Sharing NICs over bridges costs the host a lot of CPU; dedicated NICs cost it "
                "next to none. If CPU is scarce, dedicate.",
        .study_saw = "Bridged at 1500 B, CPU was full from 5,000 packets/s on, 70 % of it the "
                     "host's; dedicated, the host took at most 13 to 20 %.",
        .in_study = "host 70 % bridged, 13 to 20 % dedicated",
        .rule = "At the same offered load, at each of 64, 256 and 1500 B: confirmed if the host "
                "takes at least 25 % of the CPU of host and router when bridged, and when "
                "dedicated at most 10 % of what it takes bridged. Refuted if it takes less than "
                "10 %, or more than 50 % of it.",
        .runs = RUNS("same-bit-rate"),
        .judge = judge_host_cost,
        .if_refuted = "On this platform the way a network card is shared is not what decides the "
                      "host's CPU.",
    },
    {
        .number = 2,
        .title = "Packet length",
        .text = "At the same bit rate, shorter packets cost more CPU.",
        .study_saw = "Bridged, CPU was full from 12,000 packets/s of 256 B (25 Mbit/s) on, but "
                     "only from 5,000 of 1500 B (60 Mbit/s) on.",
        .in_study = "CPU full at 25 Mbit/s of 256 B, 60 of 1500 B",
        .rule = "At one bit rate, bridged and dedicated: confirmed if CPU of host and router at 64 "
                "B is above 1.1 times that at 256 B, and that above 1.1 times that at 1500 B. "
                "Refuted if one of them is below.",
        .runs = RUNS("same-bit-rate"),
        .judge = judge_length,
        .if_refuted = "On this platform CPU goes with the bytes, not with the packets.",
    },
    {
        .number = 3,
        .title = "Number of routers",
        .text = "Dedicated, two routers need twice the routing CPU of one; bridged, the host's CPU "
                "grows faster than linearly.",
        .study_saw =
            "Dedicated at 256 B, two routers took 45 and 40 % of CPU (one alone up to 80 %); "
            "bridged, one filled the CPU at 12,000 packets/s, two at 5,000 each.",
        .in_study = "dedicated 45 and 40 % of CPU, one alone 80 %",
        .rule = "At the same load a network, without loss: confirmed if two dedicated routers take "
                "2.0 times the CPU of one, within 15 %, and the host's bridged CPU over 1 and 4 "
                "routers grows as n^b with b above 1.05. Refuted if the ratio lies outside, or b "
                "is below. Both intervals are widened by 10 %, by which testbeds made one after "
                "the other differ.",
        .runs = RUNS("routers-1", "routers-2", "routers-4"),
        .judge = judge_number,
        .if_refuted = "With more packets to a wake-up, a kernel thread needs less CPU a packet: "
                      "here the cost of a router falls as the machine fills. Extrapolating from "
                      "one router is then too careful below saturation.",
    },
    {
        .number = 4,
        .title = "Overload",
        .text = "Past saturation a bridged host loses throughput: its forwarding rate falls below "
                "its maximum (receive livelock).",
        .study_saw = "Bridged at 64 B, at most 31,000 packets/s came through; with still more "
                     "offered, the rate fell to 16,000 (81 % lost).",
        .in_study = "31,000 to 16,000 packets/s: 48 % below",
        .rule = "Bridged, 64 B, increasing load: the maximum is the highest forwarding rate of a "
                "load. Confirmed if the trials of 1.3 times its load and more, taken together, "
                "forward less than 95 % of it. Refuted if they forward more.",
        .runs = RUNS("overload"),
        .judge = judge_overload,
        .if_refuted = "This host drops excess packets before they cost much CPU; overload costs "
                      "loss, not throughput.",
    },
    {
        .number = 5,
        .title = "Cap below need",
        .text = "Capping a router below its need loses packets in its own network; capping the "
                "host, bridged, loses packets in all networks that share it.",
        .study_saw = "With the host capped at 50 %, bridged, much more loss; with the router "
                     "capped at 50 %, dedicated, loss at just the points where it needs 50 %.",
        .in_study = "much more loss from 50 % of CPU on",
        .rule = "Cap at half the CPU needed at the highest load carried. At loads that need 1.3 "
                "times the cap or more: confirmed if loss exceeds that without a cap by 3 points, "
                "in the other router's network by less; with the host capped, in both networks. "
                "Refuted if one of these fails.",
        .runs = RUNS("bridged-control", "host-capped", "dedicated-control", "router-capped",
                     "two-bridged-control", "host-capped-2", "two-dedicated-control",
                     "router-capped-2"),
        .judge = judge_caps,
        .if_refuted = "A cap here does not ration what it names; a contract on CPU would not be a "
                      "contract on loss.",
    },
    {
        .number = 6,
        .title = "Priority moves loss",
        .text = "Giving the router priority over the host, or one router over another, moves CPU "
                "and with it throughput.",
        .study_saw = "Bridged at 1500 B: host first, the router starved; router first, practically "
                     "no loss. Dedicated at 256 B, r2t3 first: 60 % of CPU and 21,000 packets/s "
                     "instead of 16,000; r1t3 30 %.",
        .in_study = "r2t3 first: 60 % of CPU, rate 1.3 times",
        .rule = "Weights of 8 to 1 at a load that takes at least 85 % of the CPU, and of which 5 % "
                "are lost without them: confirmed if the share of CPU of the favoured party grows "
                "by 3 points, and the forwarding rate with it by 3 %: router over host, bridged, "
                "and r2t3 over r1t3. Refuted if CPU stays, or the rate does not follow.",
        .runs = RUNS("priority-control", "host-priority", "router-priority", "two-bridged-control",
                     "two-dedicated-control", "r2t3-priority"),
        .judge = judge_priority,
        .if_refuted = "Weights cannot move throughput between host and routers here; caps "
                      "or separate CPUs are needed.",
    },
    {
        .number = 7,
        .title = "Tester limits first",
        .text = "The direct topology bounds what any other figure may be blamed on the router for.",
        .study_saw = "Direct at 64 B at most 83,000 packets/s arrived (6 % lost), and dedicated "
                     "81,000 (7 % lost): the loss was the receiver's, not the router's.",
        .in_study = "direct 83,000 packets/s, dedicated 81,000",
        .rule = "The same loads in all topologies, up to beyond what the tester can: confirmed if "
                "neither bridged nor dedicated forwards more than 1.03 times the highest load that "
                "direct carries with 1 % of loss or less (trials at the tester's limit count). "
                "Refuted if one forwards more than direct offered where it reached its limit.",
        .runs = RUNS("tester-limit"),
        .judge = judge_tester,
        .if_refuted = "In direct the tester's CPU does work (receiving from the first cable) that "
                      "host or router do otherwise, so direct understates what the tester can. "
                      "Here the tester's limit is found by each point's own check, not by direct.",
    },
    {
        .number = 8,
        .title = "Memory",
        .text = "Memory is not the limit: it grows linearly with the number of virtual routers.",
        .study_saw = "About 40 MB for hypervisor and host tools and at least 64 MB a router, "
                     "growing linearly; never the limit.",
        .in_study = "64 MB a router, linear",
        .rule = "Kernel memory that 1, 2, 4, 8 and 16 routers took to make, bridged and dedicated: "
                "confirmed if it lies on a straight line within 10 % of the largest, and the 16 "
                "take at most 10 % of the machine's. Refuted if they take more, or lie off the "
                "line by more than 30 %.",
        .runs = RUNS("memory-1", "memory-2", "memory-4", "memory-8", "memory-16"),
        .judge = judge_memory,
        .if_refuted = "The number of routers on this machine must be planned by memory, too.",
    },
    {
        .number = 9,
        .title = "SNMP variables",
        .text = "The ordinary SNMP variables of CPU (hrProcessorLoad, ssCpuRaw...) are too "
                "inaccurate to measure what host and routers use; xentop's figures, served as an "
                "extended variable, are a good compromise.",
        .study_saw = "The ordinary variables were too inaccurate; instead net-snmp served what "
                     "xentop measured over 5 s for each domain.",
        .in_study = "ordinary ones too inaccurate, xentop good",
        .rule =
            "Bridged, 64 B, at a fiftieth of the carried load: snmpd is read once in each trial. "
            "Error: "
            "distance from the CPU by the kernel's counters over the whole trial, in percent "
            "of a CPU. Confirmed if the errors of hrProcessorLoad (of host and router together) "
            "and of ssCpuRaw (busy time of all CPUs, tester included, between two readings) "
            "are above 5 points, and that of the xentop way (host or router, the larger) "
            "is below 5 points. Refuted if one of these is not so.",
        .runs = RUNS("monitoring"),
        .judge = judge_variables,
        .if_refuted = "An ordinary variable is accurate here for the whole machine, or the xentop "
                      "way is not; no ordinary variable has a figure for one router.",
    },
    {
        .number = 10,
        .title = "Starved monitoring",
        .text = "A saturated host starves its own monitoring, so that figures taken there can't be "
                "trusted.",
        .study_saw =
            "The script that read CPU ran on the one CPU that host and routers filled from "
            "5,000 packets/s of 1500 B on.",
        .in_study = "CPU full at 5,000 packets/s: not trusted",
        .rule =
            "The same readings, with snmpd and its script on the CPU of host and router, at 1.6 "
            "times the carried load, which takes at least 85 % of it: confirmed if the "
            "ordinary variables take more than 2 times as long to answer as at a fiftieth of the "
            "carried load, and the error of the xentop way is above 5 points. Refuted if one "
            "of these is not so.",
        .runs = RUNS("monitoring"),
        .judge = judge_starvation,
        .if_refuted = "The scheduler keeps a share of the CPU for monitoring: figures taken on a "
                      "saturated host can be used here.",
    },
    {
        .number = 11,
        .title = "Prediction",
        .text =
            "Measurements of one and two routers predict what four forward (a claim of vrbench, "
            "for which the study wished).",
        .study_saw = "It ended with the wish to extrapolate its results to more complex scenarios, "
                     "and tried none.",
        .in_study = "wished for, not tried",
        .rule =
            "Bridged, 64 B, four networks, from 0.6 times half of what two carry: the "
            "model of vrbench predict is fitted on runs of one and two routers only: scenario-1, "
            "scenario-2, overload and overload-2. Confirmed if at each load the forwarding rate of "
            "all networks lies within the prediction's 90 % interval, which is widened by the 10 % "
            "by which testbeds differ. Refuted if it lies outside at one load. Not decidable where "
            "the model does not know, or its interval is wider than half of the figure.",
        .runs = RUNS("scenario-1", "scenario-2", "overload", "overload-2", "four-routers"),
        .judge = judge_prediction,
        .if_refuted = "On this platform four routers do not share the CPU as two do: measure a "
                      "set-up before relying on its prediction.",
    },
    {
        .number = 12,
        .title = "Control",
        .text = "Moving CPU among routers keeps a contract that static shares break (a claim of "
                "vrbench, for which the study wished).",
        .study_saw =
            "It ended with the wish to couple monitoring with the resource manager, so that "
            "contracted goals are met, and had static weights and caps only.",
        .in_study = "wished for, not tried",
        .rule = "Dedicated, 64 B, two routers that compare each packet with 500 rules: the first "
                "network has 0.65 times what one such router carries and a contract for 1.05 "
                "times that with at most 1 % of loss, the second four times as much load and no "
                "contract. With equal weights, and under vrbench control: confirmed if the first "
                "network's loss is above 1 % with equal weights, and at most 1 % under control. "
                "Refuted if it is above 1 % under control. Not decidable if equal weights keep the "
                "contract.",
        .runs = RUNS("slow-router", "shares-static", "shares-moved"),
        .judge = judge_control,
        .if_refuted = "On this platform weights do not keep a network's loss within a contract "
                      "while another one floods: caps or separate CPUs are needed.",
    },
};

const char *claim_verdict_name(enum claim_verdict verdict)
{
    static const char *const names[] = {"not decidable here", "confirmed", "refuted"};
    return names[verdict];
}

// ---- texts of results

static void append_sentence(char **text, const char *sentence)
{
    if (*text == NULL || strstr(*text, sentence) == NULL) { // two parts may fail for one reason
        text_append(text, " ", "%s", sentence);
    }
}

void claim_part(struct claim_result *result, enum claim_verdict verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    _cleanup_free_ char *text = text_format_args(format, args);
    va_end(args);
    result->parts[verdict]++;
    append_sentence(&result->texts[verdict], text);
}

void claim_measured(struct claim_result *result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    _cleanup_free_ char *text = text_format_args(format, args);
    va_end(args);
    append_sentence(&result->measured, text);
}

void claim_value(struct claim_result *result, double value, const char *unit, const char *format,
                 ...)
{
    if (!isfinite(value)) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *name = text_format_args(format, args);
    va_end(args);
    result->values = memory_resize(result->values, result->value_count + 1, sizeof *result->values);
    result->values[result->value_count++] =
        (struct claim_value){.name = name, .value = value, .unit = unit};
}

void claim_here(struct claim_result *result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    _cleanup_free_ char *text = text_format_args(format, args);
    va_end(args);
    if (result->here == NULL) {
        result->here = steal_pointer(&text);
    }
}

enum claim_verdict decide_above(struct span bounds, double border)
{
    return bounds.low > border    ? CLAIM_CONFIRMED
           : bounds.high < border ? CLAIM_REFUTED
                                  : CLAIM_UNDECIDED;
}

enum claim_verdict decide_below(struct span bounds, double border)
{
    return bounds.high < border  ? CLAIM_CONFIRMED
           : bounds.low > border ? CLAIM_REFUTED
                                 : CLAIM_UNDECIDED;
}

enum claim_verdict join_verdicts(enum claim_verdict a, enum claim_verdict b)
{
    if (a == CLAIM_REFUTED || b == CLAIM_REFUTED) {
        return CLAIM_REFUTED;
    }
    return a == CLAIM_CONFIRMED ? b : CLAIM_UNDECIDED;
}

bool claim_has_run(const struct study_results *results, struct claim_result *result,
                   const char *name)
{
    const struct study_run *run = study_run(results, name);
    if (run != NULL && run->points.count > 0) {
        return true;
    }
    if (run != NULL && run->lacking != NULL) {
        claim_part(result, CLAIM_UNDECIDED, "%s could not be run: %s.", name, run->lacking);
    } else {
        claim_part(result, CLAIM_UNDECIDED, "%s was not run.", name);
    }
    return false;
}

bool claim_has(const struct study_results *results, struct claim_result *result,
               const struct named_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct condition *condition = samples[i].condition;
        const struct sample *sample = samples[i].sample;
        if (!claim_has_run(results, result, condition->run)) {
            return false;
        }
        if (!sample_is_enough(sample)) {
            char pps[48];
            text_group_digits(condition->pps, 0, pps);
            claim_part(
                result, CLAIM_UNDECIDED,
                "Only %zu of %zu trials of %s (%s, %u B, %s packets/s) are valid%s; %d are "
                "needed.",
                sample->valid, sample->valid + sample->invalid, condition->run, condition->topology,
                condition->length, pps,
                sample->tester_limited * 2 > sample->invalid ? ", as the tester was the limit" : "",
                SAMPLE_TRIALS);
            return false;
        }
    }
    return true;
}

// ---- judging

void claim_judge(const struct claim *claim, const struct study_results *results,
                 struct claim_result *ret)
{
    struct claim_result result = {.verdict = CLAIM_UNDECIDED};
    claim->judge(results, &result);
    if (result.parts[CLAIM_REFUTED] > 0) {
        result.verdict = CLAIM_REFUTED;
    } else if (result.parts[CLAIM_UNDECIDED] == 0 && result.parts[CLAIM_CONFIRMED] > 0) {
        result.verdict = CLAIM_CONFIRMED;
    }
    const char *spoilt = results->emulated ? machines_spoil(claim->number, result.verdict) : NULL;
    enum claim_verdict found = result.verdict;
    // The deciding parts come first, the others after them.
    static const enum claim_verdict order[3][3] = {
        [CLAIM_UNDECIDED] = {CLAIM_UNDECIDED, CLAIM_CONFIRMED, CLAIM_REFUTED},
        [CLAIM_CONFIRMED] = {CLAIM_CONFIRMED, CLAIM_UNDECIDED, CLAIM_REFUTED},
        [CLAIM_REFUTED] = {CLAIM_REFUTED, CLAIM_CONFIRMED, CLAIM_UNDECIDED},
    };
    for (size_t i = 0; i < 3; i++) {
        enum claim_verdict part = order[result.verdict][i];
        if (result.texts[part] != NULL) {
            append_sentence(&result.why, result.texts[part]);
        }
        free(result.texts[part]);
        result.texts[part] = NULL;
    }
    if (spoilt != NULL) {
        _cleanup_free_ char *why =
            text_format("The rule gives %s, but emulation may be the cause: %s.",
                        claim_verdict_name(found), spoilt);
        _cleanup_free_ char *parts = result.why;
        result.verdict = CLAIM_UNDECIDED;
        result.why = NULL;
        append_sentence(&result.why, why);
        append_sentence(&result.why, parts);
    }
    if (result.why == NULL) {
        result.why = text_copy("No measurement exists for this claim.");
    }
    if (result.measured == NULL) {
        result.measured = text_copy("No valid measurement.");
    }
    const char *meaning = claim->if_refuted;
    if (result.verdict == CLAIM_CONFIRMED) {
        meaning = "As in the study.";
    } else if (result.verdict == CLAIM_UNDECIDED) {
        meaning = spoilt != NULL
                      ? "Measure it on a machine whose CPU supports virtual machines (KVM)."
                      : "The measurements on this machine neither support the claim nor "
                        "contradict it.";
    }
    result.meaning = text_copy(meaning);
    claim_here(&result, "not measured here");
    *ret = result;
}

void claim_result_clear(struct claim_result *result)
{
    for (size_t i = 0; i < result->value_count; i++) {
        free(result->values[i].name);
    }
    free(result->values);
    free(result->measured);
    free(result->why);
    free(result->meaning);
    free(result->here);
    for (size_t i = 0; i < 3; i++) {
        free(result->texts[i]);
    }
    *result = (struct claim_result){.verdict = CLAIM_UNDECIDED};
}
