/* main_arena: malloc_stats() prints to stderr while it holds the lock of the arena it prints about; with a stderr of our
   own that lasts as long as we like. Without one: blocks too large for the thread's cache and too small for mmap. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "widen.h"

enum { BLOCK = 64 * 1024, BLOCKS = 16 };

static ssize_t hold_in_write(void *wish, const char *text, size_t length)
{
    (void)text;
    ((const struct widener_wish *)wish)->hold();
    return (ssize_t)length;
}

static void print_statistics_slowly(void *wish)
{
    cookie_io_functions_t functions = {.write = hold_in_write};
    FILE *stream = fopencookie(wish, "w", functions);

    if (stream == NULL)
        return;
    setvbuf(stream, NULL, _IONBF, 0);
    stderr = stream; /* the loader itself writes to descriptor 2 only */
    malloc_stats();
}

static void allocate_and_free(void)
{
    void *volatile blocks[BLOCKS];

    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = malloc(BLOCK);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void *widen_malloc(void *wish)
{
    widener_arrived("widen_malloc", wish);
    if (wish != NULL)
        print_statistics_slowly(wish);
    for (;;)
        allocate_and_free();
    return NULL;
}

/* One arena for all threads: else this thread gets its own, and holds a lock that the others need only to fork. */
static const char *prepare_malloc(void)
{
    mallopt(M_ARENA_MAX, 1);
    return NULL;
}

const struct widener malloc_widener = {
    .name = "malloc", .prepare = prepare_malloc, .thread = widen_malloc, .loops = 1};
