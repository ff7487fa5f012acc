#include "id_map.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "status.h"

static int write_proc_file(pid_t pid, const char *name, const char *content)
{
    struct line path = {.length = 0};
    size_t length = strlen(content);
    ssize_t written;
    int fd;

    add_text(&path, "/proc/");
    add_number(&path, pid);
    add_text(&path, "/");
    add_text(&path, name);
    fd = open(path.text, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    written = write(fd, content, length);
    close(fd);
    return written == (ssize_t)length ? 0 : -1;
}

static int map_root_to(pid_t child, const char *map, long id)
{
    struct line content = {.length = 0};

    add_text(&content, "0 ");
    add_number(&content, id);
    add_text(&content, " 1");
    return write_proc_file(child, map, content.text);
}

const char *map_ids(pid_t child)
{
    /* An ordinary user may map groups only after giving up setgroups. */
    if (write_proc_file(child, "setgroups", "deny") < 0)
        return "setgroups could not be denied";
    if (map_root_to(child, "gid_map", (long)getegid()) < 0)
        return "gid_map was refused";
    if (map_root_to(child, "uid_map", (long)geteuid()) < 0)
        return "uid_map was refused";
    return NULL;
}
