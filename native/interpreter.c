/* The binfmt_misc interpreter of a foreign CPU: starts a native stand-in where the build has one
   for the program, and is QEMU everywhere else.

   This code is a segment of a copy of QEMU, and that file's entry point. To emulate it jumps to
   QEMU's own entry, with the stack as the kernel made it: QEMU finds AT_EXECFD, AT_SECURE, argv[0]
   and its rights as if this had never run. So whatever is in doubt needs no thought: return.

   Formats: Documentation/admin-guide/binfmt-misc.rst (flags P, O and C), getauxval(3). */
#include "asking.h"
#include "system.h"

enum { AT_NULL = 0, AT_EXECFD = 2, AT_FLAGS = 8, AT_SECURE = 23, AT_FLAGS_PRESERVE_ARGV0 = 1 };
enum { MEMORY_LIMIT = 64 << 20 }; /* no exec takes that much */

/* Zeros that the build overwrites in its copy: the control folder (inode 0: any of its device), and
   QEMU's entry seen from this one. In assembly, so that the compiler takes none of it for known. */
extern const struct {
    char marker[16];
    uint64_t folder_device, folder_inode;
    int64_t emulator;
} config __attribute__((visibility("hidden")));

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
    char bytes[ANSWER_LIMIT + 1], others[ANSWER_LIMIT + 1];
    struct answer answer;
    if (!learn(folder, call, NULL, bytes, &answer))
        return;
    bool native = answer.native && !refuses(&answer, call->argv, call->environment);
    if (native && answer.options) {
        int slot = answer.slot;
        const char *script = script_of(&answer, call->argv);
        if (!script || !learn(folder, call, script, others, &answer)) {
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
