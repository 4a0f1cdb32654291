// SPDX-License-Identifier: GPL-3.0-or-later
// base/mean — mean and median of a few repeated measurements.
#ifndef VRBENCH_BASE_MEAN_H
#define VRBENCH_BASE_MEAN_H

#include <stddef.h>

struct mean {
    double value;
    double low, high; // 95 % confidence interval (Student's t); both are `value` of less than two
};
// The mean of `count` > 0 values.
struct mean mean_of(const double *values, size_t count);
// Sorts values, the lowest first.
void values_sort(double *values, size_t count);
// The median of `count` > 0 values, which it sorts.
double median_of(double *values, size_t count);

#endif
