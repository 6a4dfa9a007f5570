/* Alpha. The call's number goes into $0, arguments begin at $16: write is 4, exit is 1.
 * The branch leaves its own address in $17, to which the message's place is relative. */

	.set	noat
	.globl	_start
_start:
	br	$17, 1f
1:	lda	$17, (msg - 1b)($17)
	lda	$16, 1($31)		/* standard output */
	lda	$18, 3($31)
	lda	$0, 4($31)
	call_pal 0x83
	lda	$16, 0($31)
	lda	$0, 1($31)
	call_pal 0x83
msg:	.ascii	"ok\n"
