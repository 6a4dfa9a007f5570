/* Preloaded into one native stand-in: uname tells it the platform's machine, and /proc/self/exe is
   the emulated program, as with QEMU. For the kernel it is the loader that it was started through. */
#include "system.h"
#include "text.h"

#ifdef __x86_64__
enum { SYS_uname = 63, SYS_getpid = 39, SYS_readlinkat = 267 };
#else
enum { SYS_uname = 160, SYS_getpid = 172, SYS_readlinkat = 78 };
#endif

enum { FIELD = 65, PATH = 4096 };

struct utsname {
    char system[FIELD], node[FIELD], release[FIELD], version[FIELD], machine[FIELD], domain[FIELD];
};

/* Zeros that the build overwrites in its copy, after a marker; in assembly, so that the compiler
   takes none of it for known. */
extern const struct {
    char machine[FIELD], program[PATH];
} config __attribute__((visibility("hidden")));
__asm__(".section .rodata\n"
        ".ascii \"trimaran-config\\0\"\n"
        ".globl config\n"
        ".hidden config\n"
        "config: .zero 65 + 4096\n"
        ".previous\n");

#define PUBLIC __attribute__((visibility("default")))

PUBLIC extern int *__errno_location(void);

static long result_of(long result)
{
    if (result >= 0)
        return result;
    *__errno_location() = (int)-result;
    return -1;
}

PUBLIC int uname(struct utsname *name)
{
    long result = CALL1(SYS_uname, name);
    for (int i = 0; !result && i < FIELD; i++)
        name->machine[i] = config.machine[i];
    return (int)result_of(result);
}

/* Whether a path is this process's exe in /proc: by self, thread-self or its number. */
static bool is_own(const char *path)
{
    if (!begins(path, "/proc/"))
        return false;
    path += 6;
    if (equal(path, "self/exe") || equal(path, "thread-self/exe"))
        return true;
    long number = 0;
    while (*path >= '0' && *path <= '9' && number < 1 << 24)
        number = number * 10 + (*path++ - '0');
    return equal(path, "/exe") && number == CALL1(SYS_getpid, 0);
}

static long read_link(int folder, const char *path, char *buffer, size_t size)
{
    if (!is_own(path) || !size)
        return result_of(CALL4(SYS_readlinkat, folder, path, buffer, size));
    size_t length = length_of(config.program);
    length = length < size ? length : size;
    for (size_t i = 0; i < length; i++)
        buffer[i] = config.program[i];
    return (long)length;
}

PUBLIC long readlinkat(int folder, const char *path, char *buffer, size_t size)
{
    return read_link(folder, path, buffer, size);
}

PUBLIC long readlink(const char *path, char *buffer, size_t size)
{
    return read_link(AT_FDCWD, path, buffer, size);
}

/* What compilers make of both where they know the buffer's size (_FORTIFY_SOURCE). */
PUBLIC long __readlink_chk(const char *path, char *buffer, size_t size, size_t room)
{
    if (size > room)
        __builtin_trap();
    return read_link(AT_FDCWD, path, buffer, size);
}

PUBLIC long __readlinkat_chk(int folder, const char *path, char *buffer, size_t size, size_t room)
{
    if (size > room)
        __builtin_trap();
    return read_link(folder, path, buffer, size);
}
