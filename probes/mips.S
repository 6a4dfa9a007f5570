/* MIPS: all three ABIs in both byte orders, told apart by the numbers of their calls.
 * o32 counts from 4000 (write is 4004, exit is 4001), n64 from 5000 (5001, 5058), n32 from 6000
 * (6001, 6058): the builder gives WRITE and EXIT. */

	.set	noreorder
	.globl	_start
	.globl	__start
_start:
__start:
	li	$4, 1			/* standard output */
	lui	$5, %hi(msg)
	addiu	$5, $5, %lo(msg)
	li	$6, 3
	li	$2, WRITE
	syscall
	li	$4, 0
	li	$2, EXIT
	syscall
msg:	.ascii	"ok\n"
