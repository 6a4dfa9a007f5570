/* MIPS o32: as n64, but a function's fifth argument is on the stack, behind room for four. */

	.set	noreorder
	.globl	_start, call, spawn
_start:
	move	$4, $sp
	addiu	$sp, $sp, -32
	jal	start
	nop

call:
	lw	$2, 16($sp)
	syscall
	beqz	$7, 1f
	nop
	negu	$2, $2
1:	jr	$ra
	nop

spawn:
	addiu	$5, $5, -64
	sw	$6, 48($5)
	li	$2, 4120
	syscall
	beqz	$7, 1f
	nop
	negu	$2, $2
1:	bnez	$2, 2f
	nop
	lw	$25, 48($sp)
	jalr	$25
	nop
2:	jr	$ra
	nop

	.section .note.GNU-stack, "", %progbits
