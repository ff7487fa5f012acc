#include "status.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int status_fd = -1;

void add_text(struct line *line, const char *text)
{
    size_t wanted = strlen(text);
    size_t room = sizeof line->text - 1 - line->length;
    size_t taken = wanted < room ? wanted : room;

    memcpy(line->text + line->length, text, taken);
    line->length += taken;
    line->text[line->length] = '\0';
}

/* Not snprintf: that one is lock-free today only by luck (locale, positional arguments). */
void add_number(struct line *line, long number)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    unsigned long rest = number < 0 ? 0UL - (unsigned long)number : (unsigned long)number;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        digits[--at] = '-';
    add_text(line, digits + at);
}

void write_line(int fd, struct line *line)
{
    ssize_t written;

    line->text[line->length++] = '\n'; /* add_text always leaves the room of its terminator */
    do
        written = write(fd, line->text, line->length);
    while (written < 0 && errno == EINTR);
}

void announce_on(int fd)
{
    status_fd = fd;
}

void announce(const char *what, const char *name, long id)
{
    struct line line = {.length = 0};

    if (status_fd < 0)
        return;
    add_text(&line, what);
    add_text(&line, " ");
    add_text(&line, name);
    add_text(&line, " ");
    add_number(&line, id);
    write_line(status_fd, &line);
}

void announce_refusal(const char *what, const char *reason)
{
    struct line line = {.length = 0};

    if (status_fd < 0)
        return;
    add_text(&line, what);
    add_text(&line, " no ");
    add_text(&line, reason);
    write_line(status_fd, &line);
}

void complain(const char *what)
{
    struct line line = {.length = 0};

    add_text(&line, "loader: ");
    add_text(&line, what);
    write_line(STDERR_FILENO, &line);
}

void complain_errno(const char *what, int error)
{
    struct line line = {.length = 0};

    add_text(&line, "loader: ");
    add_text(&line, what);
    add_text(&line, ": errno ");
    add_number(&line, error);
    write_line(STDERR_FILENO, &line);
}
