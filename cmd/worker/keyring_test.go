package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
)

func TestKeyring(t *testing.T) {
	const (
		again = true // another one is left
		none  = false
	)
	type step struct {
		text    string // what the setting becomes; "": it stays
		refuse  string // "": nothing is
		another bool
		current string // after it
	}
	for name, steps := range map[string][]step{
		"one key":                     {{"a", "", none, "a"}, {"", "a", none, "a"}, {"", "a", none, "a"}},
		"newest first":                {{"a\nb", "", none, "a"}},
		"separated by anything blank": {{"\ta\r\n b ", "a", again, "b"}},
		"the same one twice":          {{"a a", "a", none, "a"}},
		"each until it is refused":    {{"a b c", "", none, "a"}, {"", "a", again, "b"}, {"", "b", again, "c"}},
		"many refused together":       {{"a b c", "a", again, "b"}, {"", "a", again, "b"}, {"", "a", again, "b"}},
		"one late, about another":     {{"a b c", "a", again, "b"}, {"", "b", again, "c"}, {"", "a", again, "c"}},
		"all refused, they take turns": {
			{"a b", "a", again, "b"}, {"", "b", none, "a"}, {"", "b", none, "a"}, {"", "a", none, "b"}, {"", "b", none, "a"}},
		"changed, forgets": {{"a b", "a", again, "b"}, {"a b c", "", none, "a"}, {"", "b", again, "a"}},
		"changed, and a late word of one that is gone": {{"a", "a", none, "a"}, {"b", "a", again, "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var text string
			k := &keyring{text: func() string { return text }, log: zerolog.Nop()}
			for i, s := range steps {
				if s.text != "" {
					text = s.text
				}
				if s.refuse != "" {
					if got := k.Refused(s.refuse); got != s.another {
						t.Errorf("step %d: another %t, want %t", i, got, s.another)
					}
				}
				if got := k.Current(); got != s.current {
					t.Errorf("step %d: current %q, want %q", i, got, s.current)
				}
			}
		})
	}
}

// Calls that were out together switch once, and the log tells no key.
func TestKeyringSwitchesOnce(t *testing.T) {
	var log bytes.Buffer
	k := &keyring{text: func() string { return "key-one key-two key-three" }, log: zerolog.New(&log)}
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			if !k.Refused("key-one") {
				t.Error("no other key is left after one of three was refused")
			}
		})
	}
	calls.Wait()
	if got := k.Current(); got != "key-two" {
		t.Errorf("current %s, want key-two", got)
	}
	k.Refused("key-two")
	k.Refused("key-three")
	for range 6 { // probes of the lane, with each of them in turn
		k.Refused(k.Current())
	}
	text := log.String()
	for _, want := range []string{"API key 1 of 3 was refused, using the next", "API key 2 of 3 was refused, using the next", "API key 3 of 3 was refused, and there is none left"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("not once %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "key-") {
		t.Errorf("the log tells a key:\n%s", text)
	}
}
