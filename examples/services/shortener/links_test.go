package main

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAddedLinkIsSentTo(t *testing.T) {
	handler := Handler(NewLinks())
	added := httptest.NewRecorder()
	handler.ServeHTTP(added, httptest.NewRequest("POST", "/", strings.NewReader("https://example.org/a")))
	asked := httptest.NewRecorder()
	handler.ServeHTTP(asked, httptest.NewRequest("GET", "/"+strings.TrimSpace(added.Body.String()), nil))
	if got := asked.Header().Get("Location"); got != "https://example.org/a" {
		t.Fatalf("sent to %q", got)
	}
}
