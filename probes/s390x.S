/* s390x. The instruction itself holds the call's number: write is 4, exit is 1. */

	.globl	_start
_start:
	lghi	%r2, 1			/* standard output */
	larl	%r3, msg
	lghi	%r4, 3
	svc	4
	lghi	%r2, 0
	svc	1
	.balign	2
msg:	.ascii	"ok\n"
