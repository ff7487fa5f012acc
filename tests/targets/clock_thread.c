/* clock_thread MODE N [fifo]: measures from inside how long the process stands still. A thread stamps CLOCK_MONOTONIC
 * every 50 us and keeps the longest gap. For every line on stdin it prints `gap_us=... stamps=... since_us=...` and
 * starts anew (the answer covers the time since the answer before). N threads (default 1) idle beside it.
 * With `fifo` the thread has a real-time priority, if that is allowed: then other load on the machine shows less.
 *
 * MODE hung: all of it is a raw-clone child whose first thread hangs in fork() on the orphaned list_all_lock.
 *   A correct tool says: orphaned lock after a raw clone, although other threads of the process live and one moves.
 * MODE plain: an ordinary process whose first thread sits in pause(). It must not say: a lock. */
#include "clock.h"
#include "hold.h"

int main(int argc, char **argv)
{
    int hung = argc < 2 || strcmp(argv[1], "hung") == 0;
    int count = argc > 2 ? atoi(argv[2]) : 1;
    int fifo = argc > 3 && strcmp(argv[3], "fifo") == 0;
    die_with_parent();
    pid_t parent = my_pid(), holder = 0, child = 0;
    pid_t *idle = calloc((size_t)count, sizeof *idle);
    if (hung) {
        holder = hold_list_all_lock();
        child = raw_child();
    }
    if (child > 0) {
        waitpid(child, NULL, 0);
        return 3;
    }
    pid_t clock = start_thread(stamps_the_clock, fifo ? &fifo : NULL), listening = start_thread(listens, NULL);
    for (int i = 0; i < count; i++)
        idle[i] = start_thread(idle_thread, NULL);
    ready_for(my_pid());
    fact_number("threads", count + 3);
    fact_number("clock", clock);
    fact_number("listening", listening);
    waits_in(my_pid(), hung ? SYS_futex : WAITS_IN_PAUSE);
    for (int i = 0; i < count; i++)
        waits_in(idle[i], WAITS_IN_PAUSE);
    if (hung) {
        fact_number("parent", parent);
        fact_number("holder", holder);
        fact_word("lock", "list_all_lock");
        waits_in(parent, SYS_wait4);
    }
    ready();
    if (hung)
        fork();
    wait_for_ever();
}
