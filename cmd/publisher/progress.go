package main

import (
	"fmt"
	"io"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
)

// A progress tells on a terminal how far long work is. Work that is done
// within a second is not disturbed, and what is not a terminal stays clean.
type progress struct {
	w     io.Writer
	now   func() time.Time
	total int
	verb  string
	next  time.Time // to be shown then
	shown bool
}

const progressEvery = 200 * time.Millisecond

func newProgress(w io.Writer, now func() time.Time, total int, verb string) *progress {
	p := &progress{now: now, total: total, verb: verb, next: now().Add(time.Second)}
	if cli.IsTerminal(w) {
		p.w = w
	}
	return p
}

// show says that so many are done.
func (p *progress) show(done int) {
	if p.w == nil || p.now().Before(p.next) {
		return
	}
	p.shown, p.next = true, p.now().Add(progressEvery)
	_, _ = fmt.Fprintf(p.w, "\r%s %d of %d", p.verb, done, p.total)
}

// clear makes room for other output.
func (p *progress) clear() {
	if p.shown {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
