/* Lines for whoever started the loader. Each is one write(2), so lines of several processes never mix, and nothing here
   takes a lock of libc, so the raw-clone child may speak too. */
#ifndef LOADER_STATUS_H
#define LOADER_STATUS_H

#include <stddef.h>

struct line {
    char text[512];
    size_t length;
};

void add_text(struct line *line, const char *text);
void add_number(struct line *line, long number);
void write_line(int fd, struct line *line);

void announce_on(int status_fd);                      /* -1: nowhere */
void announce(const char *what, const char *name, long id); /* "WHAT NAME ID" */
void announce_refusal(const char *what, const char *reason); /* "WHAT no REASON" */

void complain(const char *what);             /* to standard error */
void complain_errno(const char *what, int error);

#endif
