"""Scripts that use Go's tools; a key names a tool of each row, as in `samples`."""

from __future__ import annotations

# The release's defaults: GOTOOLCHAIN=local, and what containers of this project set.
_GO = r"""
export HOME=/tmp/home GOCACHE=/tmp/go-build GOTOOLCHAIN=local GODEBUG=asyncpreemptoff=1
export GOFLAGS=-mod=mod; rm -rf $HOME $GOCACHE; mkdir -p $HOME m/p; cd m
printf '%s\n' 'module m' 'go 1.19' > go.mod
printf '%s\n' 'package p' '// F is a sum.' 'func F[T int|float64](a ...T) (s T) { for _, x := range a {' \
 's+=x*x/3 }' 'return }' 'func H(x float64) float64 { return x*x/3+1e-7 }' 'type R struct { A, B uint64; C float32; D complex128; E map[string][]R }' \
 'func (r *R) M(f func() error) { defer f(); r.A = r.B<<3 | r.A>>61; r.C = float32(r.D)*r.C-1' \
 'if r.E == nil { panic("E") }; go f() }' | sed 's/float32(r.D)/float32(real(r.D))/' > p/p.go
printf '%s\n' '#include "textflag.h"' 'TEXT ·G(SB), NOSPLIT, $0-8' ' RET' > p/g.s
"""

GOLANG = {
    "gofmt": _GO
    + "gofmt -d -s p; gofmt -l .; gofmt -w -r 'a -> b' p; echo 'func' | gofmt; gofmt -nothing",
    "asm": _GO
    + r"""
go version; go env GOARCH GOROOT GOHOSTARCH GOTOOLDIR; T=$(go env GOTOOLDIR); A=$(go env GOARCH)
for t in asm cgo compile cover link preprofile vet; do go tool $t -V=full; done; go tool compile
export GOARCH=$A; v=$(go env GOARM GO386 GOPPC64 GORISCV64 | tr '\n' ' '); set -- $v
[ $A = arm ] && export GOARM=$1; [ $A = 386 ] && export GO386=$2; [ $A = ppc64le ] && export GOPPC64=$3
$T/compile -p m/p -trimpath /w -o p.a -pack -asmhdr go_asm.h p/p.go
$T/compile -p m/p -N -l -S -o n.o p/p.go; $T/compile -p m/p -m=2 -race -o r.o p/p.go
$T/asm -p m/p -I $(go env GOROOT)/pkg/include -o g.o p/g.s; $T/asm -p m/p -S -o g2.o p/p.go
GOARCH= $T/compile -p m/p -o e.o p/p.go; GOARCH=amd64 $T/compile -p m/p -o amd64.o p/p.go
$T/cover -mode=set -var=V -o c.go p/p.go; $T/compile -p m/p -o bad.o p/g.s; $T/preprofile -i /nowhere
""",
    "pack": _GO
    + r"""
T=$(go env GOTOOLDIR); export GOARCH=$(go env GOARCH); v=$(go env GOARM GO386 GOPPC64 | tr '\n' ' ')
set -- $v; [ $GOARCH = arm ] && export GOARM=$1; [ $GOARCH = ppc64le ] && export GOPPC64=$2
$T/compile -p m/p -o p.o p/p.go; $T/pack c x.a p.o p/p.go; $T/pack tv x.a; $T/pack p x.a p/p.go
$T/nm p.o; $T/nm -size -sort size -type p.o; $T/objdump -S p.o; $T/objdump -gnu p.o; $T/buildid p.o
echo 0x10 | $T/addr2line p.o; printf '=== RUN   TestX\n--- PASS: TestX (0.00s)\nPASS\n' | $T/test2json -p m
$T/covdata percent -i=/nowhere; $T/nm /usr/bin/true; $T/buildid /usr/bin/true; $T/pack x /nowhere
""",
    "compile": _GO
    + r"""
mkdir q r; printf '%s\n' 'package main' 'import ("fmt"; "net/http"; "encoding/json"; "m/p"; "os")' \
 'var v = "0"' 'func main() { r := http.Request{Method: v}; b, err := json.Marshal(r.Header)' \
 'fmt.Println(string(b), err, p.F(1.5, 2), v, len(os.Args)); G() }' 'func G()' > main.go
printf '%s\n' '#include "textflag.h"' 'TEXT ·G(SB), NOSPLIT, $0-0' ' RET' > g.s; rm p/g.s
printf '%s\n' 'package main' '// #include <stdlib.h>' '// #include <math.h>' '// #cgo LDFLAGS: -lm' \
 '// static double twice(double x) { return sqrt(x) * 2; }' '// struct s { int a; long b[3]; };' \
 'import "C"' 'import ("fmt"; "net"; "os/user")' '//export Back' 'func Back(x C.int) C.int { return x + 1 }' \
 'func main() { var s C.struct_s; s.b[1] = 3; _, err := net.LookupHost("a.invalid")' \
 'u, _ := user.Current(); fmt.Println(C.twice(2), C.sizeof_struct_s, s.b, u.Uid, err != nil) }' > q/main.go
printf '%s\n' 'package p' 'import "testing"' 'func TestF(t *testing.T) { if F(3) != 3 { t.Fatal(F(3)) } }' \
 'func BenchmarkF(b *testing.B) { for i := 0; i < b.N; i++ { F(1.5) } }' > p/p_test.go
printf '%s\n' 'package main' '// static int one(void) { return 1; }' 'import "C"' '//export Two' \
 'func Two() int { return 1 + int(C.one()) }' 'func main() { println(Two()) }' > r/main.go
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.v=1' -o a . && ./a; go vet ./p
CGO_ENABLED=0 go build -gcflags='-N -l' -o debug . && go version -m debug && go tool nm debug > nm
CGO_ENABLED=0 go test -c -cover -o t ./p && ./t -test.run F | sed 's/[0-9.]*s$//'; go list -deps . | wc -l
CGO_ENABLED=1 go build -trimpath -o q/q ./q && q/q; go vet ./q
CGO_ENABLED=1 go build -buildmode=pie -o r/pie ./r && r/pie
CGO_ENABLED=1 go build -trimpath -buildmode=c-shared -o r/r.so ./r; go build -trimpath -buildmode=c-archive -o r/r.a ./r
CGO_ENABLED=1 go build -trimpath -ldflags '-linkmode external -extldflags -static' -o r/static ./r && r/static
CGO_ENABLED=0 GOARCH=riscv64 go build -trimpath -o other ./p; echo 'x' >> p/p.go; go build ./p; go vet .
""",
}
