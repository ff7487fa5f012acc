/* Hangs every time: the child of a raw clone calls fork() while the copied list_all_lock belongs to a thread that was
 * not copied. A cookie FILE's write callback blocks inside fflush(NULL), so the parent's thread holds the lock for as
 * long as the parent lives. Prints the child's pid, then waits until it is killed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t lock_is_held;

static ssize_t write_and_never_return(void *cookie, const char *data, size_t size) {
    (void)cookie;
    (void)data;
    sem_post(&lock_is_held);
    for (;;)
        pause();
    return (ssize_t)size;
}

static void *hold_list_all_lock(void *unused) {
    cookie_io_functions_t functions = {.write = write_and_never_return};
    FILE *stream = fopencookie(NULL, "w", functions);
    (void)unused;
    if (stream == NULL || fputc('x', stream) == EOF)
        _exit(2);
    fflush(NULL);
    return NULL;
}

static long raw_clone(void) {
#ifdef __s390x__
    return syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0); /* stack first: CONFIG_CLONE_BACKWARDS2 */
#else
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

int main(void) {
    pthread_t holder;
    long child;
    char line[32];
    sem_init(&lock_is_held, 0, 0);
    if (pthread_create(&holder, NULL, hold_list_all_lock, NULL) != 0)
        return 2;
    while (sem_wait(&lock_is_held) != 0)
        ;
    child = raw_clone();
    if (child < 0)
        _exit(2);
    if (child == 0) {
        fork();
        _exit(0);
    }
    /* Not dprintf: it takes list_all_lock. */
    if (write(1, line, (size_t)snprintf(line, sizeof line, "%ld\n", child)) < 0)
        _exit(2);
    waitpid((pid_t)child, NULL, 0);
    _exit(1); /* the child did not hang */
}
