/* raw_clone_lock CALL: a process with threads makes a raw clone while one of them holds a lock of libc, and the child
 * makes one ordinary call that wants it. The parent waits for a byte from the child, as podman does.
 *
 * A correct tool says: the child came from a raw clone and waits for a lock that nobody in it holds; `proven`; fork: the
 * fork lock, any other call: the residual one; the holder is thread `holder` of the parent where the lock records an owner.
 * It must not say: the parent is the cause, or that the child merely waits.
 *
 * Every CALL hangs every time. `lock` in the ready line is glibc's name for the lock. */
#include "hold.h"

#include <sys/socket.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *holder_of_once(void *unused)
{
    (void)unused;
    arrive();
    pthread_once(&once, hold_for_ever);
    return NULL;
}

static pid_t hold_once(void) { return until_held(start_thread(holder_of_once, NULL)); }

static void nothing(void) {}

static void call_malloc(void) { allocated = malloc(100000); }
static void call_free(void) { free(allocated); }
static void call_setenv(void) { setenv("TARGET_CHILD", "1", 1); }
static void call_stdio(void) { puts("never printed"); }
static void call_exit(void) { exit(0); }
static void call_dlopen(void) { dlopen("libm.so.6", RTLD_NOW); }
static void call_pthread_once(void) { pthread_once(&once, nothing); }
static void call_fopen(void) { fopen("/dev/null", "r"); }
static void call_fork(void) { fork(); }
static void call_nss(void) { getpwnam("root"); }

static void call_localtime(void)
{
    time_t now = 0;
    localtime(&now);
}

static void call_pthread_create(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, idle_thread, NULL);
}

static const struct {
    const char *name;
    pid_t (*hold)(void);
    void (*make)(void);
    const char *lock;
} calls[] = {
    {"malloc", hold_main_arena, call_malloc, "main_arena"},
    {"free", hold_main_arena, call_free, "main_arena"},
    {"setenv", hold_envlock, call_setenv, "envlock"},
    {"setenv-malloc", hold_main_arena, call_setenv, "main_arena"},
    {"stdio", hold_stdout, call_stdio, "_IO_stdfile_1_lock"},
    {"localtime", hold_tzset_lock, call_localtime, "tzset_lock"},
    {"nss", hold_passwd_lock, call_nss, "lock"},
    {"exit", hold_list_all_lock, call_exit, "list_all_lock"},
    {"dlopen", hold_dl_load_lock, call_dlopen, "_dl_load_lock"},
    {"pthread_create", hold_stack_cache_lock, call_pthread_create, "stack_cache_lock"},
    {"pthread_once", hold_once, call_pthread_once, "once"},
    {"fopen", hold_list_all_lock, call_fopen, "list_all_lock"},
    {"fork", hold_list_all_lock, call_fork, "list_all_lock"},
    {"fork-malloc", hold_main_arena, call_fork, "main_arena"},
    {"fork-atfork", hold_atfork_lock, call_fork, "atfork_lock"},
};

int main(int argc, char **argv)
{
    size_t chosen = 0, count = sizeof calls / sizeof *calls;
    while (chosen < count && strcmp(calls[chosen].name, argc > 1 ? argv[1] : "fork") != 0)
        chosen++;
    if (chosen == count)
        fail("no such call");

    die_with_parent();
    one_arena_for_all();
    allocated = malloc(100000);
    sem_init(&lock_is_held, 0, 0);
    int talk[2];
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, talk) != 0)
        fail("socketpair");

    pid_t holder = calls[chosen].hold();
    pid_t child = raw_child();
    if (child == 0) {
        close(talk[0]);
        calls[chosen].make();
        say(2, "%s came back\n", calls[chosen].name);
        _exit(3);
    }
    close(talk[1]);
    ready_for(child);
    fact_number("parent", my_pid());
    fact_number("holder", holder);
    fact_word("call", calls[chosen].name);
    fact_word("lock", calls[chosen].lock);
    waits_in(child, SYS_futex);
    waits_in(my_pid(), SYS_read);
    ready();
    return read(talk[0], &byte, 1) == 1 ? 0 : 3;
}
