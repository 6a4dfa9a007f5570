#include "asking.h"

enum { NAME_LIMIT = 4096, DESCRIPTORS = 2 };

static char *append_key(char *place, const struct stat *status)
{
    struct identity file = {status->st_dev, status->st_ino, (uint64_t)status->st_ctime,
                            (uint64_t)status->st_ctime_nsec, (uint64_t)status->st_size};
    return write_key(place, &file);
}

/* An answer that is known already; 0 if it is not. */
static long look_up(int folder, const struct stat *program, const struct stat *script, char *bytes)
{
    char name[sizeof "answers/~" + 2 * KEY_SIZE];
    char *end = append_key(append(name, "answers/"), program);
    if (script)
        append_key(append(end, "~"), script);
    long file = open_at(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    long length = CALL3(SYS_read, file, bytes, ANSWER_LIMIT + 1); /* one tells of more */
    close_fd(file);
    return length;
}

static long connect_to_build(void)
{
    struct sockaddr_un address = {.family = AF_UNIX, .path = FOLDER "/socket"};
    long socket = CALL3(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (socket >= 0 && CALL3(SYS_connect, socket, &address, sizeof address) < 0) {
        close_fd(socket);
        return -1;
    }
    return socket;
}

/* One packet: path, argv[0] and, with a second descriptor, the script, each up to its NUL. */
static bool send_question(long socket, const struct call *call, const char *script, long script_fd)
{
    const char *names[] = {call->path, *call->argv, script};
    struct iovec vectors[3];
    size_t count = script ? 3 : 2;
    struct {
        size_t length;
        int32_t level, type, descriptors[DESCRIPTORS];
    } control = {.length = 16 + 4 * (count - 1), .level = SOL_SOCKET, .type = SCM_RIGHTS,
                 .descriptors = {call->program, (int)script_fd}};
    for (size_t i = 0; i < count; i++)
        vectors[i] = (struct iovec){names[i], length_of(names[i]) + 1};
    struct msghdr message = {.vectors = vectors, .vector_count = count, .control = &control,
                             .control_length = sizeof control};
    return CALL3(SYS_sendmsg, socket, &message, MSG_NOSIGNAL) > 0;
}

static bool is_long(const char *name)
{
    return name && length_of(name) >= NAME_LIMIT;
}

static long ask(const struct call *call, const char *script, long script_fd, char *bytes)
{
    if (is_long(call->path) || is_long(*call->argv) || is_long(script))
        return 0;
    long length = 0, socket = connect_to_build();
    if (socket < 0)
        return 0;
    if (send_question(socket, call, script, script_fd))
        do
            length = CALL6(SYS_recvfrom, socket, bytes, ANSWER_LIMIT, MSG_TRUNC, 0, 0);
        while (length == -EINTR);
    close_fd(socket);
    return length;
}

/* The descriptor of a script that an answer needs to be looked up with; negative for none. */
static long open_script(const char *name, struct stat *status)
{
    /* Neither waits for a writer nor takes a terminal. */
    long script = open_at(AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (script < 0)
        return -1;
    if (status_of(script, status) >= 0 && (status->st_mode & S_IFMT) == S_IFREG)
        return script;
    close_fd(script);
    return -1;
}

bool learn(int folder, const struct call *call, const char *script, char *bytes,
           struct answer *answer)
{
    struct stat status;
    long fd = script ? open_script(script, &status) : -1;
    if (script && fd < 0)
        return false;
    long length = look_up(folder, &call->status, script ? &status : NULL, bytes);
    if (length <= 0)
        length = ask(call, script, fd, bytes);
    if (fd >= 0)
        close_fd(fd);
    if (length <= 0 || !read_answer(answer, bytes, (size_t)length) || (script && answer->options))
        return false;
    settle(answer, call->argv);
    return true;
}
