/* MicroBlaze, both byte orders. The call's number goes into r12, arguments begin at r5:
 * write is 4, exit is 1. Debian 12 packages no assembler for it, so the bytes in
 * probes.json are proven by running them in the emulator alone. */

	.text
	.globl	_start
_start:
	addik	r5, r0, 1		/* standard output */
	addik	r6, r0, msg
	addik	r7, r0, 3
	addik	r12, r0, 4
	brki	r14, 8
	nop
	addik	r5, r0, 0
	addik	r12, r0, 1
	brki	r14, 8
	nop
msg:	.ascii	"ok\n"
