/* PowerPC of 32 and 64 bits. The call's number goes into r0: write is 4, exit is 1.
 * A 64-bit file must say ABI 2: in ABI 1 its entry would be a descriptor and no instruction. */

	.ifdef	BITS64
	.abiversion 2
	.endif
	.globl	_start
_start:
	li	3, 1			/* standard output */
	lis	4, msg@h
	ori	4, 4, msg@l
	li	5, 3
	li	0, 4
	sc
	li	3, 0
	li	0, 1
	sc
msg:	.ascii	"ok\n"
