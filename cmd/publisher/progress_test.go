package main

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var b strings.Builder
	now := time.Unix(0, 0)
	p := newProgress(&b, func() time.Time { return now }, 1000, "published")
	p.show(0)
	now = now.Add(time.Minute)
	p.show(500)
	p.clear()
	if b.String() != "" {
		t.Fatalf("what is no terminal got %q", b.String())
	}

	now = time.Unix(0, 0)
	p = newProgress(&b, func() time.Time { return now }, 1000, "published")
	p.w = &b // as if it were one
	for _, step := range []struct {
		done int
		at   time.Duration
	}{{20, 900 * time.Millisecond}, {30, 1000 * time.Millisecond}, {31, 1010 * time.Millisecond}, {60, 1200 * time.Millisecond}} {
		now = time.Unix(0, 0).Add(step.at)
		p.show(step.done)
	}
	p.clear()
	p.clear()
	if want := "\rpublished 30 of 1000\rpublished 60 of 1000\r\x1b[K"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
