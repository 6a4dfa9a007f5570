/* ppc64le, ABI 2: a failed call sets the summary overflow bit and gives a positive number. A function
 * that is called through a register finds its table of contents by r12. */

	.abiversion 2
	.globl	_start, call, spawn
_start:
	mr	3, 1
	clrrdi	1, 1, 4
	li	0, 0
	stdu	0, -32(1)
	bcl	20, 31, 1f
1:	mflr	12
	addis	2, 12, .TOC. - 1b@ha
	addi	2, 2, .TOC. - 1b@l
	bl	start

call:
	mr	0, 7
	sc
	bnslr
	neg	3, 3
	blr

spawn:
	addi	4, 4, -64
	std	5, 48(4)
	li	0, 120
	sc
	bns	1f
	neg	3, 3
1:	cmpdi	3, 0
	bnelr
	ld	12, 48(1)
	mtctr	12
	bctrl

	.section .note.GNU-stack, "", %progbits
