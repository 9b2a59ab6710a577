package config

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// followEvery is how often a file is looked at, at most.
const followEvery = time.Second

// Follow returns a function that gives a secret as it is now, for concurrent
// use. A secret that was named by a file is read anew when the file changes,
// so that it can be rotated without a restart; any other stays what it was.
//
// A change that cannot be used, say to an empty file, is told to complain,
// once, and the last good value stays.
func (c Config) Follow(name string, complain func(error)) func() string {
	f := &follower{name: name, path: c.origins[name].path, complain: complain}
	for _, s := range Table() {
		if s.Name == name && s.Secret {
			f.check = func(text string) error { return s.field.parse(new(Config), text) }
			f.value = s.field.reveal(&c)
		}
	}
	if f.check == nil {
		panic("config: " + name + " is not the name of a secret") // a slip in the calling program
	}
	if f.path == "" {
		return func() string { return f.value }
	}
	// The first look reads it anew: it may have changed since it was loaded.
	f.looked = time.Now()
	return f.current
}

// A follower is a secret in a file.
type follower struct {
	name     string
	path     string
	check    func(string) error
	complain func(error)

	mu     sync.Mutex
	value  string
	looked time.Time
	seen   os.FileInfo // as of the last time it was read
	failed string      // what was complained of last
}

func (f *follower) current() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) < followEvery {
		return f.value
	}
	f.looked = time.Now()
	if err := f.look(); err != nil {
		if err.Error() != f.failed {
			f.failed = err.Error()
			f.complain(fmt.Errorf("%s: %s: %w; the last good value stays in use", f.name, f.path, err))
		}
	} else {
		f.failed = ""
	}
	return f.value
}

// look reads the file if it changed. Kubernetes changes a mounted secret by
// swapping a link, so that the name leads to another file.
func (f *follower) look() error {
	info, err := os.Stat(f.path)
	if err != nil {
		_, err := readFile(f.path) // the error without the path
		return err
	}
	if f.seen != nil && os.SameFile(f.seen, info) && f.seen.ModTime().Equal(info.ModTime()) && f.seen.Size() == info.Size() {
		return nil
	}
	b, err := readFile(f.path)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(b))
	if text == "" {
		return fmt.Errorf("the file is empty; it must hold the value")
	}
	if err := f.check(text); err != nil {
		return err
	}
	f.value, f.seen = text, info
	return nil
}
