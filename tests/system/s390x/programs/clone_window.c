/* How long does a raw clone take, and what becomes of another thread meanwhile? clone_window MEGABYTES RUNS [below]
 *
 * One region of memory: data pages, MEGABYTES of ballast, and a page with a lock, in this order ("below": the lock first).
 * The kernel copies page tables in the order of addresses. A worker takes the lock, writes into some data pages, gives the
 * lock back and spins for about nine times as long without writing anything. The main thread makes raw clones; each child looks
 * whether the lock was held in its copy. One line of results:
 *
 *     megabytes order runs median_us ninetieth_us held held_baseline laps% frozen frozen_baseline quiet_us quiet_held quiet_laps%
 *
 * held: children that found the lock held. held_baseline: looks of the main thread at the lock, as many, without a clone.
 * laps%: the worker's laps while clone() ran, in percent of what it makes in such a time left alone. quiet: the quarter of the
 * runs in which clone() was quickest, so those least disturbed by whatever else the machine did. frozen: runs in which it made no lap at all although five were to be expected; frozen_baseline: the same while the
 * main thread only watched the clock for as long, which happens when the worker has no processor. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, DATA_PAGES = 16, WRITES = 4, SPIN_INSIDE = 60, SPIN_OUTSIDE = 1200, MOST_RUNS = 4096 };

struct shared {
    volatile int lock;
    volatile unsigned long laps;
};

static struct shared *shared;
static volatile char *data;

static void spin(long times) {
    while (times-- > 0)
        __asm__ volatile("" ::: "memory");
}

static void *work(void *unused) {
    unsigned page = 0;
    (void)unused;
    for (;;) {
        shared->lock = 1;
        for (int i = 0; i < WRITES; i++, page++)
            data[(size_t)(page % DATA_PAGES) * PAGE] = (char)page;
        spin(SPIN_INSIDE);
        shared->laps++;
        shared->lock = 0;
        spin(SPIN_OUTSIDE);
    }
    return NULL;
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void wait_some(void) {
    struct timespec time = {0, 200000 + (rand() % 1000) * 1000};
    nanosleep(&time, NULL);
}

static pid_t raw_clone(void) {
#ifdef __s390x__
    return (pid_t)syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0); /* stack first */
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

static int stands_still_for(double time, double rate) {
    unsigned long before = shared->laps;
    double began = microseconds();
    while (microseconds() - began < time)
        ;
    return shared->laps == before && time * rate >= 5;
}

struct run {
    double took, laps;
    int held;
};

static int by_time(const void *one, const void *other) {
    double a = ((const struct run *)one)->took, b = ((const struct run *)other)->took;
    return (a > b) - (a < b);
}

static double percent_of_laps(const struct run *all, int count, double rate) {
    double laps = 0, time = 0;
    for (int i = 0; i < count; i++)
        laps += all[i].laps, time += all[i].took;
    return 100 * laps / (time * rate);
}

static int were_held(const struct run *all, int count) {
    int held = 0;
    while (count-- > 0)
        held += all[count].held;
    return held;
}

int main(int count, char **words) {
    static struct run all[MOST_RUNS];
    size_t megabytes = count > 1 ? strtoul(words[1], NULL, 10) : 16;
    int runs = count > 2 ? atoi(words[2]) : 200;
    int below = count > 3 && strcmp(words[3], "below") == 0;
    size_t ballast = megabytes << 20, size = ballast + (DATA_PAGES + 1) * PAGE;
    char *region = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int baseline = 0, frozen = 0, without = 0, quarter = runs / 4;
    double rate, began;
    unsigned long laps;
    pthread_t thread;

    if (region == MAP_FAILED || runs > MOST_RUNS)
        return 2;
    madvise(region, size, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += PAGE)
        region[at] = 1;
    shared = (void *)(below ? region : region + size - PAGE);
    data = below ? region + size - DATA_PAGES * PAGE : region;
    shared->lock = 0;
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        return 2;
    wait_some();
    began = microseconds(), laps = shared->laps;
    for (int i = 0; i < runs; i++) {
        wait_some();
        baseline += shared->lock;
    }
    rate = (double)(shared->laps - laps) / (microseconds() - began);
    for (int i = 0; i < runs; i++) {
        unsigned long before;
        int status;
        pid_t child;
        wait_some();
        before = shared->laps;
        began = microseconds();
        child = raw_clone();
        if (child == 0)
            syscall(SYS_exit_group, shared->lock);
        all[i].took = microseconds() - began;
        laps = shared->laps - before;
        if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
            return 2;
        all[i].held = WEXITSTATUS(status);
        all[i].laps = (double)laps;
        frozen += laps == 0 && all[i].took * rate >= 5;
        wait_some();
        without += stands_still_for(all[i].took, rate);
    }
    qsort(all, (size_t)runs, sizeof all[0], by_time);
    printf("%zu %s %d %.0f %.0f %d %d %.0f %d %d %.0f %d/%d %.0f\n", megabytes, below ? "below" : "above", runs, all[runs / 2].took,
           all[runs * 9 / 10].took, were_held(all, runs), baseline, percent_of_laps(all, runs, rate), frozen, without,
           all[quarter / 2].took, were_held(all, quarter), quarter, percent_of_laps(all, quarter, rate));
    fflush(stdout);
    _exit(0);
}
