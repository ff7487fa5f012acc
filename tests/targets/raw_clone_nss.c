/* raw_clone_nss: fork() in a raw-clone child waits for the lock of the nss database, which has no name: it lies in the
 * heap. Nothing can keep that lock held, so two threads ask for a netgroup in a loop (the shortest question there is;
 * two, since a lock that is fought for is held longer) and the raw clone is repeated until it falls into the right
 * moment, which takes from one to a few hundred tries. Unlike in the other targets, the thread of the parent has long
 * since let go of the lock.
 *
 * A correct tool says: fork lock after a raw clone; the lock is the nss database's, or lies in the heap; it records no
 * owner and nobody in the process could hold it. It must not name another lock.
 * Needs glibc 2.33, where fork() began to take this lock; with an older one this is never ready. */
#include "target.h"

#include <netdb.h>

static _Atomic(int) stop;

static void ask(void) { innetgr("none", NULL, "root", NULL); }

static void *asks_nss(void *unused)
{
    (void)unused;
    arrive();
    while (!atomic_load(&stop))
        ask();
    wait_for_ever();
}

/* The address of the futex that the child waits in, or 0 if it ended. */
static unsigned long futex_of(pid_t child)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)child);
    for (;; short_sleep()) {
        if (waitpid(child, NULL, WNOHANG) == child)
            return 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        close(fd);
        text[length > 0 ? length : 0] = '\0';
        if (text[0] >= '0' && text[0] <= '9' && atol(text) == SYS_futex)
            return strtoul(strchr(text, ' '), NULL, 16);
    }
}

int main(void)
{
    die_with_parent();
    unsigned long heap = (unsigned long)malloc(1);
    ask(); /* by this thread, so that the lock comes to lie in the main heap */
    pid_t asking[] = {start_thread(asks_nss, NULL), start_thread(asks_nss, NULL)};
    for (long tries = 1;; tries++) {
        pid_t child = raw_child();
        if (child == 0) {
            if (fork() > 0)
                wait(NULL);
            _exit(0);
        }
        unsigned long lock = futex_of(child);
        if (lock >= heap && lock < (unsigned long)sbrk(0)) {
            atomic_store(&stop, 1);
            until_waiting_in(asking[0], WAITS_IN_PAUSE);
            until_waiting_in(asking[1], WAITS_IN_PAUSE);
            ready_for(child);
            fact_number("parent", my_pid());
            fact_number("tries", tries);
            fact_address("lock", (void *)lock);
            waits_in(child, SYS_futex);
            waits_in(my_pid(), WAITS_IN_PAUSE);
            ready();
            wait_for_ever();
        }
        if (lock != 0) { /* caught in another of fork's locks */
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
        }
    }
}
