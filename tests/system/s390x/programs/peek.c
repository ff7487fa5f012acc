/* peek CHILD LOCK: what a hung raw-clone child's memory holds, read by a program of its own architecture with the C types that
 * glibc wrote it with. Nothing of the tool under test is in it, so a mistake with byte orders or offsets cannot be in both.
 *
 *     lock_word 2            int at LOCK
 *     owner 3fff6cfd8c0      pointer at LOCK + 8, as struct _IO_lock_t has it
 *     owner_tid 152          int in the struct pthread that it points to, 0 without an owner
 *     tid_descriptor 32 1 208    _thread_db_pthread_tid: bits, elements, offset
 *     own_tid 149            int in the child's own struct pthread
 *     nptl_nthreads 4        glibc's count of threads
 */
#define _GNU_SOURCE
#include <asm/ptrace.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int memory;

static void need(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "peek: %s\n", what);
        exit(1);
    }
}

static void take(uintptr_t address, void *into, size_t size) {
    need(pread(memory, into, size, (off_t)address) == (ssize_t)size, "memory that cannot be read");
}

static uintptr_t libc_base(const char *pid) {
    char path[64], line[512];
    unsigned long start = 0;
    FILE *maps;
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    maps = fopen(path, "r");
    need(maps != NULL, "no maps");
    while (fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "/libc.so.6") != NULL) {
            need(sscanf(line, "%lx", &start) == 1, "a line of maps");
            break;
        }
    fclose(maps);
    need(start != 0, "no libc");
    return start;
}

static uintptr_t thread_pointer(pid_t pid) {
    long value;
    need(ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 && ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0, "ptrace");
    need(waitpid(pid, NULL, __WALL) == pid, "waitpid");
    value = ptrace(PTRACE_PEEKUSER, pid, PT_ACR0, 0); /* access registers 0 and 1 side by side */
    ptrace(PTRACE_DETACH, pid, 0, 0);
    return (uintptr_t)value;
}

int main(int count, char **words) {
    const uint32_t *descriptor = dlsym(RTLD_DEFAULT, "_thread_db_pthread_tid");
    const void *threads = dlsym(RTLD_DEFAULT, "__nptl_nthreads");
    uintptr_t lock, owner;
    int word, tid = 0, own, nthreads;
    char path[64];
    Dl_info libc;

    need(count == 3 && descriptor != NULL && threads != NULL && dladdr(threads, &libc) != 0, "usage, or another libc");
    snprintf(path, sizeof path, "/proc/%s/mem", words[1]);
    memory = open(path, O_RDONLY);
    need(memory >= 0, "no such process");
    lock = strtoul(words[2], NULL, 16);
    take(lock, &word, sizeof word);
    take(lock + 8, &owner, sizeof owner);
    printf("lock_word %d\nowner %lx\n", word, (unsigned long)owner);
    if (pread(memory, &tid, sizeof tid, (off_t)(owner + descriptor[2])) != sizeof tid)
        tid = 0; /* not every lock has its owner there */
    take(thread_pointer(atoi(words[1])) + descriptor[2], &own, sizeof own);
    take(libc_base(words[1]) + (uintptr_t)((const char *)threads - (const char *)libc.dli_fbase), &nthreads, sizeof nthreads);
    printf("owner_tid %d\ntid_descriptor %u %u %u\n", tid, descriptor[0], descriptor[1], descriptor[2]);
    printf("own_tid %d\nnptl_nthreads %d\n", own, nthreads);
    return 0;
}
