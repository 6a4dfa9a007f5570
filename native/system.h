/* System calls of the kernel, without a C library: include/uapi and arch/<cpu>/include/uapi. */
#ifndef TRIMARAN_SYSTEM_H
#define TRIMARAN_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#define AT_FDCWD (-100)
#define AT_EMPTY_PATH 0x1000

#define O_RDONLY 0
#define O_RDWR 2
#define O_NOCTTY 0400
#define O_NONBLOCK 04000
#define O_CLOEXEC 02000000
#define O_PATH 010000000
#ifdef __aarch64__
#define O_DIRECTORY 040000
#else
#define O_DIRECTORY 0200000
#endif

#define S_IFMT 0170000
#define S_IFREG 0100000

#define F_SETFD 2
#define FD_CLOEXEC 1

#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20

#define AF_UNIX 1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC O_CLOEXEC
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define MSG_TRUNC 0x20
#define MSG_NOSIGNAL 0x4000

#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_BENEATH 0x08

#define EINTR 4

#ifdef __x86_64__
enum {
    SYS_read = 0, SYS_close = 3, SYS_fstat = 5, SYS_mmap = 9, SYS_munmap = 11, SYS_socket = 41,
    SYS_connect = 42, SYS_recvfrom = 45, SYS_sendmsg = 46, SYS_fcntl = 72, SYS_openat = 257,
    SYS_execveat = 322, SYS_openat2 = 437,
};

struct stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks, st_atime, st_atime_nsec, st_mtime, st_mtime_nsec;
    int64_t st_ctime, st_ctime_nsec, unused[3];
};

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
enum {
    SYS_fcntl = 25, SYS_openat = 56, SYS_close = 57, SYS_read = 63, SYS_fstat = 80,
    SYS_socket = 198, SYS_connect = 203, SYS_recvfrom = 207, SYS_sendmsg = 211, SYS_munmap = 215,
    SYS_mmap = 222, SYS_execveat = 281, SYS_openat2 = 437,
};

struct stat {
    uint64_t st_dev, st_ino;
    uint32_t st_mode, st_nlink, st_uid, st_gid;
    uint64_t st_rdev, pad;
    int64_t st_size;
    int32_t st_blksize, pad2;
    int64_t st_blocks, st_atime, st_atime_nsec, st_mtime, st_mtime_nsec;
    int64_t st_ctime, st_ctime_nsec;
    uint32_t unused[2];
};

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "hosts are x86_64 and aarch64"
#endif

#define CALL6(n, a, b, c, d, e, f) \
    system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL5(n, a, b, c, d, e) CALL6(n, a, b, c, d, e, 0)
#define CALL4(n, a, b, c, d) CALL6(n, a, b, c, d, 0, 0)
#define CALL3(n, a, b, c) CALL6(n, a, b, c, 0, 0, 0)
#define CALL2(n, a, b) CALL6(n, a, b, 0, 0, 0, 0)
#define CALL1(n, a) CALL6(n, a, 0, 0, 0, 0, 0)

struct open_how {
    uint64_t flags, mode, resolve;
};

struct iovec {
    const void *base;
    size_t length;
};

struct msghdr {
    void *name;
    uint32_t name_length, pad;
    struct iovec *vectors;
    size_t vector_count;
    void *control;
    size_t control_length;
    int32_t flags, pad2;
};

struct sockaddr_un {
    uint16_t family;
    char path[108];
};

static inline long open_at(int folder, const char *path, long flags)
{
    return CALL4(SYS_openat, folder, path, flags, 0);
}

static inline void close_fd(long fd)
{
    CALL1(SYS_close, fd);
}

static inline long status_of(long fd, struct stat *status)
{
    return CALL2(SYS_fstat, fd, status);
}

/* NULL where the kernel refuses: results from -4095 on are error numbers. */
static inline void *map(size_t length, long flags, long fd)
{
    long result = CALL6(SYS_mmap, 0, length, PROT_READ | PROT_WRITE, flags, fd, 0);
    return (unsigned long)result > -4096UL ? NULL : (void *)result;
}

static inline void unmap(void *start, size_t length)
{
    CALL2(SYS_munmap, start, length);
}

#endif
