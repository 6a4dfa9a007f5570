/* MIPS n64: the number goes into $2; $7 is set where a call failed and gave a positive number. */

	.set	noreorder
	.globl	_start, call, spawn
_start:
	move	$4, $sp
	daddiu	$sp, $sp, -32
	jal	start
	nop

call:
	move	$2, $8
	syscall
	beqz	$7, 1f
	nop
	dnegu	$2, $2
1:	jr	$ra
	nop

spawn:
	daddiu	$5, $5, -64
	sd	$6, 48($5)
	li	$2, 5055
	syscall
	beqz	$7, 1f
	nop
	dnegu	$2, $2
1:	bnez	$2, 2f
	nop
	ld	$25, 48($sp)
	jalr	$25
	nop
2:	jr	$ra
	nop

	.section .note.GNU-stack, "", %progbits
