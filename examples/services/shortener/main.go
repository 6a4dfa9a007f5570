// Command shortener gives long links short names.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
)

var version = "dev"

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		log.Fatal(http.ListenAndServe(os.Args[2], Handler(NewLinks())))
	}
	if len(os.Args) == 3 && os.Args[1] == "name" {
		fmt.Printf("%s %s %s/%s\n", Name(os.Args[2]), version, runtime.GOOS, runtime.GOARCH)
		return
	}
	fmt.Fprintln(os.Stderr, "usage: shortener serve ADDRESS | name LINK")
	os.Exit(2)
}
