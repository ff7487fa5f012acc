/* hostile KIND: a process that stands still in a read from an empty pipe, and makes it hard to look at it.
 *
 * corrupt: a thread whose stack is garbage above its innermost function. cyclic: a thread whose frames lead back to
 * themselves. names: threads whose names hold every byte there is. undumpable:
 * not dumpable, as after a change of user. seccomp: it may make no system call but read, write and exit. plain: none.
 * locks: threads that wait for locks which were spoiled meanwhile, each in another way, and one that waits for a whole one. The
 * main thread holds them all. The ready line has the thread of each: half (mapped), spoiled (its holder), pointer (to its holder,
 * that leads nowhere), whole; gone and truncated are whole, too. locks-gone: these two have no memory any more.
 *
 * A correct tool says: waits for data on a pipe, for every thread it can see, and what it could not see.
 * It must not: crash, hang, run anything, or take a name for markup. */
#include "target.h"

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static int ends[2];

/* A test puts other bytes in place of this name, in the symbol table and in the debug information. */
#define reads_for_ever a_name_that_is_replaced_by_every_kind_of_byte_in_a_copy_of_this_program
__attribute__((noinline)) static void reads_for_ever(void)
{
    char byte;
    while (read(ends[0], &byte, 1) != 1)
        ;
}

/* The bare call, so that no frame of libc is needed to get back; what lies above this frame is what the kind says. */
__attribute__((noinline)) static void reads_over(unsigned long *frame, unsigned long words, unsigned long value)
{
    volatile unsigned long *above = frame;
    for (unsigned long i = 0; i < words; i++)
        above[i] = value == 0 ? (unsigned long)frame : value;
    arrive();
    reads_for_ever();
}

static void *corrupt(void *unused)
{
    (void)unused;
    reads_over(__builtin_frame_address(0), 40, 0x4141414141414141);
    return NULL;
}

static void *cyclic(void *unused)
{
    (void)unused;
    unsigned long *frame = __builtin_frame_address(0);
    frame[0] = (unsigned long)frame; /* the caller's frame is this one, and it returns to where it is */
    frame[1] = (unsigned long)__builtin_extract_return_addr((void *)&cyclic);
    arrive();
    reads_for_ever();
    return NULL;
}

static void *named(void *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
    arrive();
    reads_for_ever();
    return NULL;
}

static void *waits_for_mutex(void *mutex)
{
    arrive();
    pthread_mutex_lock(mutex);
    return NULL;
}

static void *waits_for_stream(void *stream)
{
    arrive();
    flockfile(stream);
    return NULL;
}

/* A locked mutex `back` bytes before the end of the first of two pages, and a thread that waits for it. */
static pid_t waiter_on_page(char **page, size_t back, int file)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    *page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, file, 0);
    if (*page == MAP_FAILED)
        fail("mmap");
    pthread_mutex_t *mutex = (pthread_mutex_t *)(*page + size - back);
    pthread_mutex_init(mutex, NULL);
    pthread_mutex_lock(mutex);
    pid_t waiter = start_thread(waits_for_mutex, mutex);
    until_waiting_in(waiter, SYS_futex);
    return waiter;
}

/* Who waits for a lock whose memory is gone is ended by any stop: the kernel restarts its call, which can no longer be made. */
static void broken_locks(pid_t *waiters, int take_away)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *gone, *half, *truncated, *spoiled, *whole;
    int file = memfd_create("locks", 0);
    if (file < 0 || ftruncate(file, (off_t)(2 * size)) != 0)
        fail("memfd");
    waiters[0] = waiter_on_page(&gone, 64, -1);
    waiters[1] = waiter_on_page(&half, 8, -1);
    waiters[2] = waiter_on_page(&truncated, 64, file);
    waiters[3] = waiter_on_page(&spoiled, 64, -1);
    flockfile(stdout);
    waiters[4] = start_thread(waits_for_stream, stdout);
    until_waiting_in(waiters[4], SYS_futex);
    waiters[5] = waiter_on_page(&whole, 64, -1);
    munmap(half + size, size);
    if (take_away) {
        munmap(gone, 2 * size);
        if (ftruncate(file, 0) != 0)
            fail("ftruncate");
    }
    memset(spoiled + size - 60, 0xff, 60);
#ifdef __GLIBC__
    ((void **)stdout->_lock)[1] = (void *)0x6666666660; /* {int lock; int count; struct pthread *owner} */
#endif
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "plain";
    pid_t others[32];
    int count = 0;
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    if (strcmp(kind, "corrupt") == 0)
        others[count++] = start_thread(corrupt, NULL);
    if (strcmp(kind, "cyclic") == 0)
        others[count++] = start_thread(cyclic, NULL);
    for (int first = 1; strcmp(kind, "names") == 0 && first < 256; first += 15) {
        char name[16] = "";
        for (int i = 0; i < 15 && first + i < 256; i++)
            name[i] = (char)(first + i);
        others[count++] = start_thread(named, name);
    }
    if (strcmp(kind, "names") == 0)
        prctl(PR_SET_NAME, "<b>\n\r\x1b[31m\xff\xfe%s", 0, 0, 0);
    if (strcmp(kind, "undumpable") == 0)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    static const char *const locks[] = {"gone", "half", "truncated", "spoiled", "pointer", "whole"};
    int of_locks = strncmp(kind, "locks", 5) == 0;
    if (of_locks) {
        broken_locks(others, strcmp(kind, "locks-gone") == 0);
        count = 6;
    }
    ready_for(my_pid());
    for (int i = 0; of_locks && i < count; i++)
        fact_number(locks[i], others[i]);
    for (int i = 0; i < count; i++)
        waits_in(others[i], of_locks ? SYS_futex : SYS_read);
    waits_in(my_pid(), SYS_read);
    ready();
    if (strcmp(kind, "seccomp") == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) != 0)
        fail("seccomp");
    reads_for_ever();
}
