// Command clock tells the weekday of each date.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"time"
)

var revision, builtOn string

func main() {
	for _, word := range os.Args[1:] {
		date, err := time.Parse(time.DateOnly, word)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(date.Weekday(), runtime.GOARCH, builtOn, revision)
	}
}
