/* plain_fork_child LOCK: an ordinary fork() in a process with threads, and the child then wants a lock that a thread of
 * the parent held at the fork and that fork() never resets in the child: env (envlock), tz (tzset_lock), passwd (the
 * lock of getpwnam) or mutex (one of the program's own, which records its owner: thread `holder`, not copied).
 *
 * A correct tool says: fork() with threads, then a call that needs a lock; orphaned by the fork.
 * It must not say: a raw clone, the fork lock. Robust list and thread id are those of a proper fork. */
#include "hold.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *holder_of_mutex(void *unused)
{
    (void)unused;
    arrive();
    pthread_mutex_lock(&mutex);
    hold_for_ever();
}

static pid_t hold_mutex(void) { return until_held(start_thread(holder_of_mutex, NULL)); }
static void want_mutex(void) { pthread_mutex_lock(&mutex); }
static void want_env(void) { setenv("TARGET_CHILD", "1", 1); }
static void want_passwd(void) { getpwnam("root"); }

static void want_tz(void)
{
    time_t now = 0;
    localtime(&now);
}

static const struct {
    const char *name;
    pid_t (*hold)(void);
    void (*want)(void);
    const char *lock;
} locks[] = {
    {"env", hold_envlock, want_env, "envlock"},
    {"tz", hold_tzset_lock, want_tz, "tzset_lock"},
    {"passwd", hold_passwd_lock, want_passwd, "lock"},
    {"mutex", hold_mutex, want_mutex, "mutex"},
};

int main(int argc, char **argv)
{
    size_t chosen = 0, count = sizeof locks / sizeof *locks;
    while (chosen < count && strcmp(locks[chosen].name, argc > 1 ? argv[1] : "env") != 0)
        chosen++;
    if (chosen == count)
        fail("no such lock");
    die_with_parent();
    pid_t holder = locks[chosen].hold();
    pid_t parent = my_pid(), child = fork();
    if (child == 0) {
        die_with(parent);
        locks[chosen].want();
        _exit(3);
    }
    ready_for(child);
    fact_number("parent", parent);
    fact_number("holder", holder);
    fact_word("lock", locks[chosen].lock);
    waits_in(child, SYS_futex);
    waits_in(parent, SYS_wait4);
    ready();
    waitpid(child, NULL, 0);
    return 3;
}
