#!/bin/sh
set -e
said=$(echo 'The cat saw the other cat and THE dog' | ./tally | head -n 2)
[ "$said" = '3 the
2 cat' ]
