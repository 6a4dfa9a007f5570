/* The binfmt_misc interpreter of a foreign CPU: starts a native stand-in where the build has one
   for the program, and is QEMU everywhere else.

   This code is a segment of a copy of QEMU, and that file's entry point. To emulate it jumps to
   QEMU's own entry, with the stack as the kernel made it: QEMU finds AT_EXECFD, AT_SECURE, argv[0]
   and its rights as if this had never run. So whatever is in doubt needs no thought: return.

   Formats: Documentation/admin-guide/binfmt-misc.rst (flags P, O and C), getauxval(3). */
#include "answer.h"
#include "system.h"
#include "text.h"

#define FOLDER "/dev/.trimaran"

enum { AT_NULL = 0, AT_EXECFD = 2, AT_FLAGS = 8, AT_SECURE = 23, AT_FLAGS_PRESERVE_ARGV0 = 1 };
enum { NAME_LIMIT = 4096, DESCRIPTORS = 2, MEMORY_LIMIT = 64 << 20 }; /* no exec takes that many */

/* Zeros that the build overwrites in its copy: the control folder (inode 0: any of its device), and
   QEMU's entry seen from this one. In assembly, so that the compiler takes none of it for known. */
extern const struct {
    char marker[16];
    uint64_t folder_device, folder_inode;
    int64_t emulator;
} config __attribute__((visibility("hidden")));

/* An exec as the kernel hands it over. */
struct call {
    const char *path;
    char **argv, **environment;
    int program;
    struct stat status;
};

__asm__(".section .entry, \"ax\"\n"
        ".globl _start\n"
        ".hidden _start\n"
        "_start:\n"
#ifdef __x86_64__
        "mov %rsp, %rbx\n"
        "mov %rsp, %rdi\n"
        "xor %ebp, %ebp\n"
        "and $-16, %rsp\n"
        "call choose\n"
        "mov %rbx, %rsp\n"
        "xor %edx, %edx\n" /* psABI: a function for atexit, or 0 */
        "jmp *%rax\n"
#else
        "mov x19, sp\n"
        "mov x0, sp\n"
        "mov x29, 0\n"
        "mov x30, 0\n"
        "bl choose\n"
        "mov sp, x19\n"
        "mov x16, x0\n"
        "mov x0, 0\n"
        "mov x30, 0\n"
        "br x16\n"
#endif
        ".balign 8\n"
        ".globl config\n"
        ".hidden config\n"
        "config: .ascii \"trimaran-config\\0\"\n"
        ".quad 0, 0, 0\n"
        ".previous\n");
extern const char _start[] __attribute__((visibility("hidden")));

/* False where rights are gained or something is not as binfmt_misc's flags P and O make it. */
static bool read_call(struct call *call, long *stack)
{
    char **words = (char **)(stack + 1);
    long flags = 0, secure = 1;
    if (*stack < 3)
        return false;
    *call = (struct call){
        .path = words[1], .argv = words + 2, .environment = words + *stack + 1, .program = -1};
    long *vector = (long *)call->environment;
    while (*vector)
        vector++;
    for (vector++; *vector != AT_NULL; vector += 2) {
        if (*vector == AT_EXECFD)
            call->program = (int)vector[1];
        else if (*vector == AT_FLAGS)
            flags = vector[1];
        else if (*vector == AT_SECURE)
            secure = vector[1];
    }
    return !secure && (flags & AT_FLAGS_PRESERVE_ARGV0) && call->program >= 0 &&
           status_of(call->program, &call->status) >= 0;
}

/* The build's own folder, open; negative where there is none, as in another root. */
static int open_folder(void)
{
    struct stat status;
    long folder = open_at(AT_FDCWD, FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    if (status_of(folder, &status) >= 0 && status.st_dev == config.folder_device &&
        (!config.folder_inode || status.st_ino == config.folder_inode))
        return (int)folder;
    close_fd(folder);
    return -1;
}

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
    long length = CALL3(SYS_read, file, bytes, ANSWER_LIMIT);
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
    for (size_t i = 0; i < count; i++) {
        vectors[i] = (struct iovec){names[i], length_of(names[i]) + 1};
        if (vectors[i].length > NAME_LIMIT)
            return false;
    }
    struct msghdr message = {.vectors = vectors, .vector_count = count, .control = &control,
                             .control_length = sizeof control};
    return CALL3(SYS_sendmsg, socket, &message, MSG_NOSIGNAL) > 0;
}

static long ask(const struct call *call, const char *script, long script_fd, char *bytes)
{
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

/* What is to be done about a program, or about a program and its script. */
static bool learn(int folder, const struct call *call, const char *script, char *bytes,
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
    return length > 0 && read_answer(answer, bytes, (size_t)length) &&
           !(script && answer->options);
}

static void count(int folder, int slot, int64_t amount)
{
    struct stat status;
    size_t size = COUNTERS * sizeof(int64_t);
    long file = slot < 0 ? -1 : open_at(folder, "counts", O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    int64_t *counters = NULL;
    if (status_of(file, &status) >= 0 && (uint64_t)status.st_size >= size)
        counters = map(size, MAP_SHARED, file);
    close_fd(file);
    if (!counters)
        return;
    __atomic_fetch_add(counters + slot, amount, __ATOMIC_RELAXED);
    unmap(counters, size);
}

/* Returns if it cannot be started. Whatever the answer says, it is a file of the folder. */
static void start(int folder, const struct call *call, const struct answer *answer)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    struct words words[2] = {{0}, {0}};
    build_arguments(&words[0], answer, call->argv);
    build_environment(&words[1], answer, call->environment);
    size_t pointers = words[0].count + words[1].count;
    size_t size = pointers * sizeof(char *) + words[0].text_size;
    char **memory =
        size > MEMORY_LIMIT ? NULL : map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!memory)
        return;
    char **environment = memory + words[0].count;
    words[0] = (struct words){.pointers = memory, .text = (char *)(memory + pointers)};
    words[1] = (struct words){.pointers = environment};
    build_arguments(&words[0], answer, call->argv);
    build_environment(&words[1], answer, call->environment);
    long program = CALL4(SYS_openat2, folder, answer->program, &how, sizeof how);
    if (program >= 0) {
        CALL3(SYS_fcntl, call->program, F_SETFD, FD_CLOEXEC);
        CALL5(SYS_execveat, program, "", memory, environment, AT_EMPTY_PATH);
        CALL3(SYS_fcntl, call->program, F_SETFD, 0);
        close_fd(program);
    }
    unmap(memory, size);
}

static void try_native(int folder, const struct call *call)
{
    char bytes[ANSWER_LIMIT];
    struct answer answer;
    if (!learn(folder, call, NULL, bytes, &answer))
        return;
    bool native = answer.native && !refuses(&answer, call->argv, call->environment);
    if (native && answer.options) {
        int slot = answer.slot;
        const char *script = script_of(&answer, call->argv);
        if (!script || !learn(folder, call, script, bytes, &answer)) {
            count(folder, slot < 0 ? slot : slot + 1, 1);
            return;
        }
        native = answer.native && !refuses(&answer, call->argv, call->environment);
    }
    int emulated = answer.native && answer.slot >= 0 ? answer.slot + 1 : answer.slot;
    if (native) {
        count(folder, answer.slot, 1);
        start(folder, call, &answer);
        count(folder, answer.slot, -1);
    }
    count(folder, emulated, 1);
}

/* Gives the address where QEMU begins; does not return if a stand-in was started. */
__attribute__((used, visibility("hidden"))) const char *choose(long *stack)
{
    struct call call;
    int folder = read_call(&call, stack) ? open_folder() : -1;
    if (folder >= 0) {
        try_native(folder, &call);
        close_fd(folder);
    }
    return _start + config.emulator;
}
