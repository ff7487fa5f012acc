/* streams KIND: waits for process `other`, which waits in pause() and holds the other end of what `pid` reads from (fifo, unix,
 * tcp) or has filled (full, a pipe).
 *
 * A correct tool says: waits for data from it (for room in it), which has to come from `other`. */
#include "target.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int listening(int family, struct sockaddr *address, socklen_t *size)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, address, *size) != 0 || listen(fd, 1) != 0 || getsockname(fd, address, size) != 0)
        fail("listen");
    return fd;
}

static void connected(int ends[2], int family, struct sockaddr *address, socklen_t size)
{
    int listener = listening(family, address, &size);
    ends[0] = socket(family, SOCK_STREAM, 0);
    if (ends[0] < 0 || connect(ends[0], address, size) != 0)
        fail("connect");
    ends[1] = accept(listener, NULL, NULL);
    close(listener);
}

static void through_fifo(int ends[2])
{
    char folder[] = "/tmp/streams-XXXXXX", path[64];
    if (mkdtemp(folder) == NULL)
        fail("mkdtemp");
    snprintf(path, sizeof path, "%s/fifo", folder);
    if (mkfifo(path, 0600) != 0)
        fail(path);
    ends[0] = open(path, O_RDONLY | O_NONBLOCK);
    ends[1] = open(path, O_WRONLY);
    unlink(path);
    rmdir(folder);
    if (ends[0] < 0 || ends[1] < 0 || fcntl(ends[0], F_SETFL, 0) != 0)
        fail("fifo");
}

int main(int count, char **arguments)
{
    const char *kind = count > 1 ? arguments[1] : "fifo";
    int ends[2] = {-1, -1}, writes = strcmp(kind, "full") == 0;
    char bytes[4096] = {0};
    die_with_parent();
    if (strcmp(kind, "fifo") == 0) {
        through_fifo(ends);
    } else if (strcmp(kind, "unix") == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "streams-%d", (int)my_pid()); /* no file */
        connected(ends, AF_UNIX, (struct sockaddr *)&address, sizeof address);
    } else if (strcmp(kind, "tcp") == 0) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        connected(ends, AF_INET, (struct sockaddr *)&address, sizeof address);
    } else if (pipe(ends) != 0) {
        fail("pipe");
    }
    pid_t parent = my_pid(), other = fork();
    if (other == 0) {
        die_with(parent);
        close(ends[writes ? 1 : 0]);
        wait_for_ever();
    }
    close(ends[writes ? 0 : 1]);
    ready_for(parent);
    fact_number("other", other);
    waits_in(parent, writes ? SYS_write : SYS_read);
    waits_in(other, WAITS_IN_PAUSE);
    ready();
    if (!writes)
        return (int)read(ends[0], bytes, 1);
    while (write(ends[1], bytes, sizeof bytes) > 0)
        ;
    return 0;
}
