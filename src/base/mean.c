// SPDX-License-Identifier: GPL-3.0-or-later
// base/mean — see mean.h.
#include "base/mean.h"

#include <math.h>
#include <stdlib.h>

// The 97.5 % quantile of Student's t distribution by degrees of freedom from 1.
static const double student[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                 2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                 2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                 2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
#define STUDENT_COUNT (sizeof student / sizeof student[0])

// Beyond the table the first term of the expansion around the normal quantile: off by < 0.004.
static double student_quantile(size_t freedom)
{
    const double normal = 1.95996;
    return freedom <= STUDENT_COUNT ? student[freedom - 1]
                                    : normal + (pow(normal, 3) + normal) / (4.0 * (double)freedom);
}

struct mean mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    double value = sum / (double)count;
    if (count < 2) {
        return (struct mean){value, value, value};
    }
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - value) * (values[i] - value);
    }
    double half = student_quantile(count - 1) * sqrt(squares / (double)(count - 1) / (double)count);
    return (struct mean){value, value - half, value + half};
}

static int value_compare(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

void values_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, value_compare);
}

double median_of(double *values, size_t count)
{
    values_sort(values, count);
    return (values[(count - 1) / 2] + values[count / 2]) / 2.0;
}
