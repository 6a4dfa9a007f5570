package main

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"sync"
)

// Links are the links by their short names.
type Links struct {
	mutex sync.RWMutex
	known map[string]string
}

// NewLinks has none.
func NewLinks() *Links {
	return &Links{known: map[string]string{}}
}

// Name is the short name of a link.
func Name(link string) string {
	sum := sha256.Sum256([]byte(link))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// Add keeps a link and gives its name.
func (l *Links) Add(link string) string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	name := Name(link)
	l.known[name] = link
	return name
}

// Find gives the link of a name.
func (l *Links) Find(name string) (string, bool) {
	l.mutex.RLock()
	defer l.mutex.RUnlock()
	link, found := l.known[name]
	return link, found
}

// Handler takes links by POST / and sends to them by GET /NAME.
func Handler(links *Links) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		link, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		io.WriteString(w, links.Add(string(link))+"\n")
	})
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		link, found := links.Find(r.PathValue("name"))
		if !found {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, link, http.StatusFound)
	})
	return mux
}
