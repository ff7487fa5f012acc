/* A thread that stamps CLOCK_MONOTONIC every 50 us and keeps the longest gap, and one that answers every line on stdin with
 * `gap_us=... stamps=... since_us=...` of the time since the answer before. */
#ifndef CLOCK_H
#define CLOCK_H

#include "target.h"

static _Atomic(int) asked;

static long microseconds_since(const struct timespec *before, const struct timespec *now)
{
    return (now->tv_sec - before->tv_sec) * 1000000L + (now->tv_nsec - before->tv_nsec) / 1000;
}

_Noreturn static void *stamps_the_clock(void *fifo)
{
    struct sched_param lowest = {.sched_priority = 1};
    struct timespec nap = {.tv_nsec = 50 * 1000}, begin, before, now;
    long longest = 0, stamps = 0;
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* or the kernel adds another 50 us to each sleep */
    if (fifo && pthread_setschedparam(pthread_self(), SCHED_FIFO, &lowest) != 0)
        say(2, "no right to SCHED_FIFO, measuring without\n");
    arrive();
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (before = begin;; before = now) {
        nanosleep(&nap, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        long gap = microseconds_since(&before, &now);
        longest = gap > longest ? gap : longest;
        stamps++;
        if (atomic_exchange(&asked, 0)) {
            say(1, "gap_us=%ld stamps=%ld since_us=%ld\n", longest, stamps, microseconds_since(&begin, &now));
            longest = stamps = 0;
            begin = now;
        }
    }
}

static void *listens(void *unused)
{
    char byte;
    arrive();
    for (;;) {
        ssize_t length = read(0, &byte, 1);
        if (length <= 0)
            return unused;
        if (byte == '\n')
            atomic_store(&asked, 1);
    }
}

#endif
