/* signal_self_deadlock CALL [raw]: a signal interrupts a thread in the middle of libc, and the handler calls what needs
 * the lock that the interrupted code holds, as crash handlers do. CALL is localtime (tzset_lock), malloc or fork (both
 * main_arena). With `raw` all of it happens in a raw-clone child, which so has every outward sign of the orphaned lock.
 *
 * A correct tool says: the thread waits for itself, under <signal handler called>.
 * It must not say: an orphaned lock, the fork lock after a raw clone, in either form. */
#include "hold.h"

static const char *call;
static char **whole_environment;

static void handler(int number)
{
    time_t now = 0;
    (void)number;
    if (strcmp(call, "localtime") == 0) {
        environ = whole_environment;
        localtime(&now);
    } else {
        let_malloc_work();
        if (strcmp(call, "fork") == 0)
            fork();
        else
            allocated = malloc(2 * 1024 * 1024);
    }
    fail("the handler came back");
}

int main(int argc, char **argv)
{
    call = argc > 1 ? argv[1] : "localtime";
    int in_raw_child = argc > 2 && strcmp(argv[2], "raw") == 0;
    struct sigaction action = {.sa_handler = handler};
    time_t now = 0;

    die_with_parent();
    one_arena_for_all();
    char *unreadable[] = {unreadable_page(), NULL};
    start_thread(idle_thread, NULL); /* malloc takes no lock in a process with one thread */

    pid_t parent = my_pid();
    pid_t child = in_raw_child ? raw_child() : 0;
    if (child > 0) {
        waitpid(child, NULL, 0);
        return 3;
    }
    ready_for(my_pid());
    fact_word("lock", strcmp(call, "localtime") == 0 ? "tzset_lock" : "main_arena");
    waits_in(my_pid(), SYS_futex);
    if (in_raw_child) {
        fact_number("parent", parent);
        waits_in(parent, SYS_wait4);
    }
    ready();
    if (strcmp(call, "localtime") == 0) {
        sigaction(SIGSEGV, &action, NULL);
        whole_environment = environ;
        environ = unreadable;
        localtime(&now);
    } else {
        make_malloc_fault();
        sigaction(SIGSEGV, &action, NULL);
        allocated = malloc(2 * 1024 * 1024);
    }
    return 3;
}
