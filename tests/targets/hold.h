/* Hold one of libc's locks for ever, every time, without knowing where libc keeps it.
 *
 * libc calls nobody back while it holds most of its locks, but it does read memory that the caller owns. A page that
 * may not be read makes the thread fault in the middle of its critical section, and the handler never returns. Each
 * hold_...() starts the thread that does so, returns its id once the lock is held, and makes the page readable again.
 * Worked out for glibc 2.31 to 2.43. */
#ifndef HOLD_H
#define HOLD_H

#include "target.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pwd.h>
#include <semaphore.h>
#include <sys/mman.h>

extern char **environ;

static sem_t lock_is_held;
static _Atomic(pid_t) faulting_tid;

_Noreturn static inline void hold_for_ever(void)
{
    sem_post(&lock_is_held);
    wait_for_ever();
}

static inline pid_t until_held(pid_t holder)
{
    while (sem_wait(&lock_is_held) != 0)
        ;
    until_waiting_in(holder, WAITS_IN_PAUSE);
    return holder;
}

/* Any fault but the wanted one must crash: a child that faults may not look like one that waits. */
static inline void hold_on_fault(int number)
{
    if (my_tid() == atomic_load(&faulting_tid))
        hold_for_ever();
    signal(number, SIG_DFL);
}

static inline void arrive_to_fault(void)
{
    struct sigaction action = {.sa_handler = hold_on_fault};
    sigaction(SIGSEGV, &action, NULL);
    atomic_store(&faulting_tid, my_tid());
    arrive();
}

static inline char *page_of(const void *address)
{
    return (char *)((unsigned long)address & ~((unsigned long)sysconf(_SC_PAGESIZE) - 1));
}

static inline void protect(void *page, size_t pages, int protection)
{
    if (mprotect(page, pages * (size_t)sysconf(_SC_PAGESIZE), protection) != 0)
        fail("mprotect");
}

static inline char *unreadable_page(void)
{
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        fail("mmap");
    return page;
}

/* list_all_lock: fflush(NULL) holds it while it writes out every stream, and this stream's writing never ends. */
static inline ssize_t write_never_ends(void *cookie, const char *data, size_t size)
{
    (void)cookie, (void)data, (void)size;
    hold_for_ever();
}

static inline void *holder_of_list_all_lock(void *unused)
{
    (void)unused;
    arrive();
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_never_ends});
    if (!stream || fputs("pending", stream) < 0)
        fail("fopencookie");
    fflush(NULL);
    return NULL;
}

static inline pid_t hold_list_all_lock(void) { return until_held(start_thread(holder_of_list_all_lock, NULL)); }

/* The lock of stdout, as any program may take it. */
static inline void *holder_of_stdout(void *unused)
{
    (void)unused;
    arrive();
    flockfile(stdout);
    hold_for_ever();
}

static inline pid_t hold_stdout(void) { return until_held(start_thread(holder_of_stdout, NULL)); }

/* main_arena: malloc reads the size of the topmost chunk under the lock. Call one_arena_for_all() first thing in main():
 * the heap must have one arena and no mmapped chunk, so that the block below ends where the topmost chunk begins. */
static _Atomic(char *) end_of_heap_block;

static inline void one_arena_for_all(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024 * 1024);
}

static inline void make_malloc_fault(void)
{
    char *block = malloc(1024 * 1024);
    if (!block)
        fail("malloc");
    char *end = block + malloc_usable_size(block);
    protect(page_of(end), 1, PROT_NONE);
    atomic_store(&end_of_heap_block, end);
}

static inline void let_malloc_work(void) { protect(page_of(end_of_heap_block), 1, PROT_READ | PROT_WRITE); }

static void *volatile allocated; /* keeps the compiler from leaving out a malloc nobody uses */

static inline void *holder_of_main_arena(void *unused)
{
    (void)unused;
    arrive_to_fault();
    while (!atomic_load(&end_of_heap_block)) /* the thread itself was made with malloc */
        short_sleep();
    allocated = malloc(2 * 1024 * 1024);
    return NULL;
}

static inline pid_t hold_main_arena(void)
{
    pid_t holder = start_thread(holder_of_main_arena, NULL);
    make_malloc_fault();
    until_held(holder);
    let_malloc_work();
    return holder;
}

/* envlock and tzset_lock: setenv() and localtime() walk the environment under them. */
static inline void *holder_of_envlock(void *unused)
{
    (void)unused;
    arrive_to_fault();
    setenv("TARGET_HELD", "1", 1);
    return NULL;
}

static inline void *holder_of_tzset_lock(void *unused)
{
    (void)unused;
    time_t now = 0;
    arrive_to_fault();
    localtime(&now);
    return NULL;
}

static inline pid_t hold_with_unreadable_environment(void *(*holder)(void *))
{
    char **saved = environ;
    char *unreadable[] = {unreadable_page(), NULL};
    environ = unreadable;
    pid_t tid = until_held(start_thread(holder, NULL));
    environ = saved;
    return tid;
}

static inline pid_t hold_envlock(void) { return hold_with_unreadable_environment(holder_of_envlock); }
static inline pid_t hold_tzset_lock(void) { return hold_with_unreadable_environment(holder_of_tzset_lock); }

/* The lock of getpwnam(), static in it and called `lock`: the name is read under it. */
static inline void *holder_of_passwd_lock(void *unused)
{
    (void)unused;
    char *name = unreadable_page();
    arrive_to_fault();
    getpwnam(name);
    return NULL;
}

static inline pid_t hold_passwd_lock(void) { return until_held(start_thread(holder_of_passwd_lock, NULL)); }

/* dl_load_lock: dlopen() looks for a slash in the name under it. */
static inline void *holder_of_dl_load_lock(void *unused)
{
    (void)unused;
    char *name = unreadable_page();
    arrive_to_fault();
    dlopen(name, RTLD_NOW);
    return NULL;
}

static inline pid_t hold_dl_load_lock(void) { return until_held(start_thread(holder_of_dl_load_lock, NULL)); }

/* stack_cache_lock: threads on stacks of the user's own are kept in a list, and pthread_create() links a new one to the
 * one before under the lock. That one's struct pthread stands at the end of its stack, which is ours to protect. */
struct user_stack {
    pthread_attr_t attributes;
    char *end;
};

static inline struct user_stack user_stack(void)
{
    struct user_stack made;
    size_t size = 256 * 1024;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        fail("mmap");
    pthread_attr_init(&made.attributes);
    pthread_attr_setstack(&made.attributes, stack, size);
    made.end = stack + size;
    return made;
}

static inline void *holder_of_stack_cache_lock(void *unused)
{
    (void)unused;
    pthread_t thread;
    struct user_stack stack = user_stack();
    arrive_to_fault();
    pthread_create(&thread, &stack.attributes, idle_thread, NULL);
    return NULL;
}

static inline pid_t hold_stack_cache_lock(void)
{
    pthread_t neighbour;
    struct user_stack stack = user_stack();
    atomic_store(&arrived_tid, 0);
    if (pthread_create(&neighbour, &stack.attributes, idle_thread, NULL) != 0)
        fail("pthread_create");
    while (atomic_load(&arrived_tid) == 0)
        short_sleep();
    until_waiting_in(atomic_load(&arrived_tid), WAITS_IN_PAUSE);

    char *first = page_of((void *)neighbour); /* pthread_t is the address of struct pthread */
    size_t pages = (size_t)(stack.end - first) / (size_t)sysconf(_SC_PAGESIZE);
    protect(first, pages, PROT_NONE);
    pid_t holder = until_held(start_thread(holder_of_stack_cache_lock, NULL));
    protect(first, pages, PROT_READ | PROT_WRITE);
    return holder;
}

/* Locks that nothing of ours is read under are held by a thread that waits, inside them, for list_all_lock. */
static inline void *holder_of_atfork_lock(void *unused)
{
    (void)unused;
    arrive();
    fork();
    return NULL;
}

static inline pid_t hold_atfork_lock(void)
{
    hold_list_all_lock();
    pid_t holder = start_thread(holder_of_atfork_lock, NULL);
    until_waiting_in(holder, SYS_futex);
    return holder;
}

#endif
