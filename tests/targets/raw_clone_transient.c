/* raw_clone_transient: a raw-clone child with a second thread of its own; the two contend for list_all_lock all the
 * time and always get it: one flushes a slow stream (a millisecond under the lock), the other opens and closes files.
 *
 * A correct tool says: moves, not hung; whoever holds the lock is a live thread of this process.
 * It must not say: orphaned, hung; at any single moment a thread may well wait in __lll_lock_wait_private. */
#include "target.h"

static ssize_t slow_write(void *cookie, const char *data, size_t size)
{
    (void)cookie, (void)data;
    struct timespec millisecond = {.tv_nsec = 1000 * 1000};
    nanosleep(&millisecond, NULL);
    return (ssize_t)size;
}

_Noreturn static void *flushes(void *unused)
{
    (void)unused;
    arrive();
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = slow_write});
    for (;;) {
        fputs("pending", stream);
        fflush(NULL);
        short_sleep(); /* the lock is not fair: leave the other one a chance */
    }
}

int main(void)
{
    die_with_parent();
    start_thread(idle_thread, NULL);
    pid_t parent = my_pid(), child = raw_child();
    if (child > 0) {
        waitpid(child, NULL, 0);
        return 3;
    }
    pid_t flushing = start_thread(flushes, NULL);
    ready_for(my_pid());
    fact_number("parent", parent);
    fact_number("flushes", flushing);
    waits_in(parent, SYS_wait4);
    ready();
    for (;;) {
        FILE *file = fopen("/dev/null", "r");
        fclose(file);
        short_sleep();
    }
}
