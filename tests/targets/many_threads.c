/* many_threads N [busy]: N threads in pause(), and the main thread; with `busy` one more thread that computes.
 *
 * A correct tool says: waits for signals; with `busy`: thread `busy` uses a processor, so not hung. All N threads are in
 * the report, as one group. It must not say: a lock. */
#include "target.h"

static volatile unsigned long counter;

_Noreturn static void *computes(void *unused)
{
    (void)unused;
    arrive();
    for (;;)
        counter++;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 100;
    die_with_parent();
    pid_t *tids = calloc((size_t)count, sizeof *tids);
    for (int i = 0; i < count; i++)
        tids[i] = start_thread(idle_thread, NULL);
    pid_t busy = argc > 2 && strcmp(argv[2], "busy") == 0 ? start_thread(computes, NULL) : 0;
    ready_for(my_pid());
    fact_number("threads", count + 1 + (busy != 0));
    if (busy != 0)
        fact_number("busy", busy);
    waits_in(my_pid(), WAITS_IN_PAUSE);
    for (int i = 0; i < count; i++)
        waits_in(tids[i], WAITS_IN_PAUSE);
    ready();
    wait_for_ever();
}
