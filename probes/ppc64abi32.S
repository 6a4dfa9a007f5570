/* A 32-bit PowerPC file with 64-bit instructions: its header is that of ppc, and only a
 * 64-bit CPU runs it. The message's length goes through the upper half of a register. */

	.machine ppc64
	.globl	_start
_start:
	li	6, 3
	sldi	6, 6, 32
	srdi	5, 6, 32
	li	3, 1			/* standard output */
	lis	4, msg@h
	ori	4, 4, msg@l
	li	0, 4
	sc
	li	3, 0
	li	0, 1
	sc
msg:	.ascii	"ok\n"
