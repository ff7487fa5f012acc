#ifndef LOADER_OPTIONS_H
#define LOADER_OPTIONS_H

#include "widen.h"

enum fix {
    FIX_NONE,     /* fork() and setenv() between raw clone and exec */
    FIX_UPSTREAM, /* raw clone in place of fork(); setenv() stays */
    FIX_COMPLETE  /* nothing between raw clone and exec takes a lock of libc */
};

struct options {
    const char *input;
    const char *store;
    const char *python;       /* interpreter for the image load */
    const char *image_loader; /* the script it runs */
    enum fix fix;
    const struct widener *widener; /* NULL: off */
    int threads;
    int status_fd;   /* -1: none */
    int lifeline_fd; /* -1: none */
};

/* Fills OPTIONS, or says what is wrong on standard error and exits 2. */
void read_options(struct options *options, int argc, char **argv);

#endif
