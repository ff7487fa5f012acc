/* From "often" to "always": the widener's thread is stopped while it holds the lock.

   Most wideners stop there by themselves. Where one cannot, a signal whose handler waits interrupts it, and a trial child finds
   out whether the lock was held at that moment; if it was not, the thread is sent on and interrupted again. */
#include "widen_and_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "status.h"
#include "trial.h"

enum { PARKING_SIGNAL = SIGUSR2, PATIENCE_S = 20 };

static int news[2];  /* from the widener's thread: it has arrived, it stands still */
static int go_on[2]; /* to it: it may run on */
static pid_t widener_tid;

static void report(void)
{
    char byte = '.';

    while (write(news[1], &byte, 1) < 0 && errno == EINTR)
        ;
}

static void note_arrival(void)
{
    widener_tid = (pid_t)syscall(SYS_gettid);
    report();
}

/* The name says what a backtrace of this thread means. */
static void hold_the_lock(void)
{
    report();
    for (;;)
        pause();
}

static void hold_the_lock_if_interrupted_with_it(int signal_number)
{
    int errno_before = errno;
    char byte;

    (void)signal_number;
    report();
    while (read(go_on[0], &byte, 1) < 0 && errno == EINTR)
        ;
    errno = errno_before;
}

static long seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static int news_came(void)
{
    struct pollfd waiting = {.fd = news[0], .events = POLLIN};
    char byte;
    int ready;

    do
        ready = poll(&waiting, 1, PATIENCE_S * 1000);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && read(news[0], &byte, 1) == 1;
}

static const char *park_with_lock(pthread_t thread, void (*take_and_give_back)(void))
{
    struct sigaction action = {.sa_handler = hold_the_lock_if_interrupted_with_it, .sa_flags = SA_RESTART};
    long deadline = seconds_now() + PATIENCE_S;

    sigaction(PARKING_SIGNAL, &action, NULL);
    while (seconds_now() < deadline) {
        if (pthread_kill(thread, PARKING_SIGNAL) != 0 || !news_came())
            return "its thread could not be stopped";
        if (child_would_hang(take_and_give_back))
            return NULL;
        (void)!write(go_on[1], ".", 1);
    }
    return "its thread was never met with the lock held";
}

const char *widen_and_hold(const struct widener *widener)
{
    static struct widener_wish wish = {.arrived = note_arrival, .hold = hold_the_lock};
    const char *problem = widener->prepare == NULL ? NULL : widener->prepare();
    pthread_t thread;

    if (problem != NULL)
        return problem;
    if (pipe2(news, O_CLOEXEC) < 0 || pipe2(go_on, O_CLOEXEC) < 0 || pthread_create(&thread, NULL, widener->thread, &wish) != 0)
        return "its thread could not be started";
    if (!news_came())
        return "its thread did not arrive";
    announce("widen", widener->name, widener_tid);
    if (widener->take_and_give_back != NULL)
        return park_with_lock(thread, widener->take_and_give_back);
    return news_came() ? NULL : "its thread never got hold of the lock";
}
