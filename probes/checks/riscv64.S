/* riscv64: the number goes into a7. Nothing is addressed by gp, which is not set. */

	.option	norelax
	.globl	_start
	.globl	call
	.globl	spawn
_start:
	mv	a0, sp
	andi	sp, sp, -16
	call	start

call:
	mv	a7, a4
	ecall
	ret

spawn:
	li	a7, 220
	ecall
	bnez	a0, 1f
	jalr	a2
1:	ret

	.section .note.GNU-stack, "", %progbits
