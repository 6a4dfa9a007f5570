/* i386: arguments are on the stack, a call's in registers of which ebx and esi are the caller's. */

	.globl	_start, call, spawn
_start:
	mov	%esp, %eax
	and	$-16, %esp
	sub	$12, %esp
	push	%eax
	call	start

call:
	push	%ebx
	push	%esi
	mov	12(%esp), %ebx
	mov	16(%esp), %ecx
	mov	20(%esp), %edx
	mov	24(%esp), %esi
	mov	28(%esp), %eax
	int	$0x80
	pop	%esi
	pop	%ebx
	ret

/* The third argument of clone counts with other flags only: edx keeps the function. */
spawn:
	push	%ebx
	mov	8(%esp), %ebx
	mov	12(%esp), %ecx
	mov	16(%esp), %edx
	mov	$120, %eax
	int	$0x80
	test	%eax, %eax
	jnz	1f
	and	$-16, %esp
	call	*%edx
1:	pop	%ebx
	ret

	.section .note.GNU-stack, "", %progbits
