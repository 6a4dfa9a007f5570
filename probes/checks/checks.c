/* What a CPU's programs must be able to do: one thing for each word that may follow the name.
 *
 * No library and no header: the CPU's own file beside this one has `_start`, `call` and `spawn`.
 * The exit status is the result; `trimaran host doctor` knows which one is right.
 */

#if defined(__x86_64__) /* numbers of calls: each CPU's asm/unistd.h in the kernel */
enum { CLONE = 56, EXECVE = 59, EXIT = 60, WAIT4 = 61, EXIT_GROUP = 231 };
enum { BRK = 12, FUTEX = 202, GETEUID = 107, PRCTL = 157 };
#elif defined(__i386__)
enum { CLONE = 120, EXECVE = 11, EXIT = 1, WAIT4 = 114, EXIT_GROUP = 252 };
enum { BRK = 45, FUTEX = 240, GETEUID = 201, PRCTL = 172 };
#elif defined(__arm__)
enum { CLONE = 120, EXECVE = 11, EXIT = 1, WAIT4 = 114, EXIT_GROUP = 248 };
enum { BRK = 45, FUTEX = 240, GETEUID = 201, PRCTL = 172 };
#elif defined(__aarch64__) || defined(__riscv)
enum { CLONE = 220, EXECVE = 221, EXIT = 93, WAIT4 = 260, EXIT_GROUP = 94 };
enum { BRK = 214, FUTEX = 98, GETEUID = 175, PRCTL = 167 };
#elif defined(__powerpc64__)
enum { CLONE = 120, EXECVE = 11, EXIT = 1, WAIT4 = 114, EXIT_GROUP = 234 };
enum { BRK = 45, FUTEX = 221, GETEUID = 49, PRCTL = 171 };
#elif defined(__s390x__)
enum { CLONE = 120, EXECVE = 11, EXIT = 1, WAIT4 = 114, EXIT_GROUP = 248 };
enum { BRK = 45, FUTEX = 238, GETEUID = 201, PRCTL = 172 };
#elif defined(__mips64)
enum { CLONE = 5055, EXECVE = 5057, EXIT = 5058, WAIT4 = 5059, EXIT_GROUP = 5205 };
enum { BRK = 5012, FUTEX = 5194, GETEUID = 5105, PRCTL = 5153 };
#elif defined(__mips__)
enum { CLONE = 4120, EXECVE = 4011, EXIT = 4001, WAIT4 = 4114, EXIT_GROUP = 4246 };
enum { BRK = 4045, FUTEX = 4238, GETEUID = 4049, PRCTL = 4192 };
#endif

#ifdef __mips__
enum { SIGCHLD = 18 };
#else
enum { SIGCHLD = 17 };
#endif

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, PR_GET_SECCOMP = 21 };
enum { GOOD = 0, STATUS = 42, CHILDS_STATUS = 7, WRONG = 3 };
enum { HEAP_STEP = 1 << 20, HEAP_STEPS = 64 };
enum { THREADS = 4, STACK_SHIFT = 14, STACK = 1 << STACK_SHIFT, FRAME = 160 };
/* All that a thread of one process shares: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
enum { CLONE_A_THREAD = 0x50f00 };

typedef unsigned long word;

extern long call(word first, word second, word third, word fourth, word number);
/* A new thread that runs `function` on a stack that ends at `top`; gives its id. */
extern long spawn(word flags, char *top, void (*function)(void));

static char stacks[THREADS][STACK] __attribute__((aligned(STACK)));
static volatile int answers[THREADS];

static int fork_and_wait(void)
{
	int status = 0;
#ifdef __s390x__
	long child = call(0, SIGCHLD, 0, 0, CLONE);
#else
	long child = call(SIGCHLD, 0, 0, 0, CLONE);
#endif
	if (child == 0)
		call(CHILDS_STATUS, 0, 0, 0, EXIT_GROUP);
	if (child < 0 || call(child, (word)&status, 0, 0, WAIT4) != child)
		return WRONG;
	return status == CHILDS_STATUS << 8 ? GOOD : WRONG;
}

/* Which thread this is, it tells by the stack that it has. */
static void thread(void)
{
	char here;
	int number = ((word)&here - (word)stacks) >> STACK_SHIFT;
	answers[number] = number + 1;
	call((word)&answers[number], FUTEX_WAKE, 1, 0, FUTEX);
	call(0, 0, 0, 0, EXIT);
}

static int threads(void)
{
	int sum = 0;
	for (int i = 0; i < THREADS; i++)
		if (spawn(CLONE_A_THREAD, stacks[i] + STACK - FRAME, thread) <= 0)
			return WRONG;
	for (int i = 0; i < THREADS; i++) {
		while (answers[i] == 0)
			call((word)&answers[i], FUTEX_WAIT, 0, 0, FUTEX);
		sum += answers[i];
	}
	return sum == THREADS * (THREADS + 1) / 2 ? GOOD : WRONG;
}

/* The heap grows step by step, and each step is written to: where an emulator has mapped something
 * of its own in the way, this dies of a signal. */
static int memory(void)
{
	word end = call(0, 0, 0, 0, BRK);
	for (int i = 0; i < HEAP_STEPS; i++) {
		if ((word)call(end + HEAP_STEP, 0, 0, 0, BRK) != end + HEAP_STEP)
			return WRONG;
		for (word at = end; at < end + HEAP_STEP; at += 4096)
			*(volatile char *)at = 1;
		end += HEAP_STEP;
	}
	return GOOD;
}

static int execute(char *program)
{
	char *arguments[] = {program, 0};
	call((word)program, (word)arguments, (word)(arguments + 1), 0, EXECVE);
	return WRONG;
}

static int chosen(char *what, char *program)
{
	switch (*what) {
	case 's': /* status */
		return STATUS;
	case 'f': /* fork */
		return fork_and_wait();
	case 't': /* threads */
		return threads();
	case 'm': /* memory */
		return memory();
	case 'x': /* x PROGRAM */
		return execute(program);
	case 'e': /* euid */
		return call(0, 0, 0, 0, GETEUID);
	case 'c': /* confined */
		return call(PR_GET_SECCOMP, 0, 0, 0, PRCTL);
	default:
		return WRONG;
	}
}

/* `stack` is as the kernel leaves it: the number of arguments, then the arguments. */
void start(word *stack)
{
	char **arguments = (char **)(stack + 1);
	int status = WRONG;
	if (stack[0] >= 2)
		status = chosen(arguments[1], arguments[2]);
	call(status, 0, 0, 0, EXIT_GROUP);
}
