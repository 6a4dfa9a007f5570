/* SPARC V8+: 32-bit files for 64-bit CPUs. The assembler marks a file as such only if it has
 * an instruction of V9: sllx makes write's number of 1. exit is 1. */

	.globl	_start
_start:
	mov	1, %o0			/* standard output */
	sethi	%hi(msg), %o1
	or	%o1, %lo(msg), %o1
	mov	3, %o2
	mov	1, %g1
	sllx	%g1, 2, %g1
	ta	0x10
	mov	0, %o0
	mov	1, %g1
	ta	0x10
msg:	.ascii	"ok\n"
