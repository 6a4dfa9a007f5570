// A service with the parts of the standard library that most services need.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"runtime"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name, _ := os.Hostname()
		_ = json.NewEncoder(w).Encode(map[string]string{"host": name, "arch": runtime.GOARCH})
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
