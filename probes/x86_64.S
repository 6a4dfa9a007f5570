/* x86-64. The call's number goes into eax: write is 1, exit is 60. */

	.globl	_start
_start:
	mov	$1, %eax
	mov	$1, %edi		/* standard output */
	lea	msg(%rip), %rsi
	mov	$3, %edx
	syscall
	mov	$60, %eax
	xor	%edi, %edi
	syscall
msg:	.ascii	"ok\n"
