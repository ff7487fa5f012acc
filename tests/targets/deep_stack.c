/* deep_stack DEPTH: a thread recurses DEPTH times (default 1000) through down() and then reads from an empty pipe.
 *
 * A correct tool says: waits for data on a pipe; the stack is cut, with how much of it is shown.
 * It must not: run out of time or memory for 100,000 frames, or show none of them. */
#include "target.h"

static int ends[2];
static volatile int result;

static int down(int left) __attribute__((noinline));
static int down(int left)
{
    char byte;
    if (left == 0) {
        arrive();
        return (int)read(ends[0], &byte, 1);
    }
    int below = down(left - 1);
    result = below; /* work after the call, so that it cannot become a jump */
    return below + 1;
}

static void *goes_down(void *depth)
{
    down(*(int *)depth);
    return NULL;
}

int main(int argc, char **argv)
{
    int depth = argc > 1 ? atoi(argv[1]) : 1000;
    pthread_t thread;
    pthread_attr_t large;
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    pthread_attr_init(&large);
    pthread_attr_setstacksize(&large, 1024 * 1024 + (size_t)depth * 512); /* an s390x frame has 160 bytes at least */
    errno = pthread_create(&thread, &large, goes_down, &depth);
    if (errno != 0)
        fail("pthread_create");
    while (atomic_load(&arrived_tid) == 0)
        short_sleep();
    ready_for(my_pid());
    fact_number("deep", atomic_load(&arrived_tid));
    fact_number("depth", depth);
    waits_in(my_pid(), SYS_futex);
    waits_in(atomic_load(&arrived_tid), SYS_read);
    ready();
    pthread_join(thread, NULL);
    return 3;
}
