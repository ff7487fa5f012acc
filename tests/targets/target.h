/* What every target program shares. Include it first, it defines _GNU_SOURCE.
 *
 * A target says on stdout, in one line, that it is ready:
 *     ready pid=12 parent=11 lock=0x5581 wait=12:202 wait=13:T
 * `pid` is the process to analyse. `wait` stands once for every thread that is meant to stand still: its thread id and
 * either the number of the system call it waits in or the letter of its state, or "gone" if it must not be there any
 * more. The line may be printed just before the wait begins; whoever started the target looks in /proc until it is
 * true. Threads without a `wait` may do as they like.
 *
 * Nothing here uses stdio for output or malloc: the locks of both may be held on purpose. */
#ifndef TARGET_H
#define TARGET_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The system calls that libc really makes, which is not always the one of the same name. */
#ifdef SYS_pause
#define WAITS_IN_PAUSE SYS_pause
#else
#define WAITS_IN_PAUSE SYS_ppoll
#endif

static inline void say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void say(int fd, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text || write(fd, text, (size_t)length) != length)
        _exit(2);
}

_Noreturn static inline void fail(const char *what)
{
    say(2, "%s: %s\n", what, strerror(errno));
    _exit(2);
}

static inline pid_t my_tid(void) { return (pid_t)syscall(SYS_gettid); }

/* The bare system calls: up to glibc 2.24 getpid() answers from a cache that a raw clone does not renew. */
static inline pid_t my_pid(void) { return (pid_t)syscall(SYS_getpid); }
static inline pid_t my_parent(void) { return (pid_t)syscall(SYS_getppid); }

/* Die when `parent` dies, or now if it is dead already. The kernel takes `parent` to be the thread that made us. */
static inline void die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        fail("prctl");
    if (my_parent() != parent)
        _exit(2);
}

/* For main(): whoever starts a target puts its own pid in TARGET_HARNESS. Started by hand, the variable may be missing. */
static inline pid_t harness_pid(void)
{
    const char *text = getenv("TARGET_HARNESS");
    return text ? (pid_t)atoi(text) : my_parent();
}

static inline void die_with_parent(void) { die_with(harness_pid()); }

/* fork() without libc: none of libc's locks is taken before it and none is reset after it. */
static inline pid_t raw_clone(unsigned long flags)
{
#if defined(__s390__) || defined(__CRIS__)
    return (pid_t)syscall(SYS_clone, 0UL, flags, 0UL, 0UL, 0UL); /* the stack comes first here */
#else
    return (pid_t)syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL);
#endif
}

/* raw_clone(), which ends the program where it fails and gives the child its death signal. */
static inline pid_t raw_child(void)
{
    pid_t parent = my_pid();
    pid_t child = raw_clone(SIGCHLD);
    if (child < 0)
        fail("clone");
    if (child == 0)
        die_with(parent);
    return child;
}

static inline void short_sleep(void)
{
    struct timespec pause_time = {.tv_sec = 0, .tv_nsec = 200 * 1000};
    nanosleep(&pause_time, NULL);
}

_Noreturn static inline void wait_for_ever(void)
{
    for (;;)
        pause();
}

/* Threads. A start routine calls arrive() first; start_thread() returns its thread id once it has. */
static _Atomic(pid_t) arrived_tid;
static inline void arrive(void) { atomic_store(&arrived_tid, my_tid()); }

static inline pid_t start_thread(void *(*routine)(void *), void *argument)
{
    pthread_t thread;
    pthread_attr_t small;
    pid_t tid;
    atomic_store(&arrived_tid, 0);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024); /* a thousand of them should cost little */
    errno = pthread_create(&thread, &small, routine, argument);
    if (errno != 0)
        fail("pthread_create");
    pthread_attr_destroy(&small);
    while ((tid = atomic_load(&arrived_tid)) == 0)
        sched_yield();
    return tid;
}

static inline void *idle_thread(void *unused)
{
    (void)unused;
    arrive();
    wait_for_ever();
}

/* Returns once the thread waits in the system call; it must be one it does not come back from. */
static inline void until_waiting_in(pid_t tid, long number)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)tid);
    for (;; short_sleep()) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            fail(path);
        ssize_t length = read(fd, text, sizeof text - 1);
        close(fd);
        text[length > 0 ? length : 0] = '\0';
        if (text[0] >= '0' && text[0] <= '9' && atol(text) == number)
            return;
    }
}

/* The parts of the ready line, in this order: ready_for(), any facts and waits, ready(). */
static inline void ready_for(pid_t pid) { say(1, "ready pid=%d", (int)pid); }
static inline void fact_number(const char *key, long value) { say(1, " %s=%ld", key, value); }
static inline void fact_address(const char *key, const void *value) { say(1, " %s=%#lx", key, (unsigned long)value); }
static inline void fact_word(const char *key, const char *value) { say(1, " %s=%s", key, value); }
static inline void waits_in(pid_t tid, long number) { say(1, " wait=%d:%ld", (int)tid, number); }
static inline void waits_as(pid_t tid, char state) { say(1, " wait=%d:%c", (int)tid, state); }
static inline void is_gone(pid_t tid) { say(1, " wait=%d:gone", (int)tid); }
static inline void ready(void) { say(1, "\n"); }

#endif
