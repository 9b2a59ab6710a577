package main

import (
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// A keyring holds the API keys of KENAR_API_KEY, which may be several while one
// is rotated: the newest first, and each is used until Kenar refuses it. When
// all are refused, they take turns, so that each is tried again after a pause of
// the lane. A new text of the setting forgets what was refused.
//
// It implements [pipeline.Keys], and gives the client its key. Of the keys it
// logs no more than their place. It is safe for concurrent use.
type keyring struct {
	text func() string // the setting as it is now, never empty
	log  zerolog.Logger

	mu      sync.Mutex
	seen    string // the text of keys
	keys    []string
	refused []bool
	at      int // the current one
}

// Current returns the key to call with.
func (k *keyring) Current() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.look()
	return k.keys[k.at]
}

// Refused takes a key out of use. Calls that were out together tell of the same
// key, and only the first of them changes anything.
func (k *keyring) Refused(key string) (another bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.look()
	if key != k.keys[k.at] {
		return slices.Contains(k.refused, false)
	}
	was, known := k.at, k.refused[k.at]
	k.refused[was] = true
	k.at = (was + 1) % len(k.keys)
	if i := slices.Index(k.refused, false); i >= 0 {
		k.at = i
		k.log.Warn().Msgf("API key %d of %d was refused, using the next", was+1, len(k.keys))
		return true
	}
	if !known { // else it was told; that the lane is paused is told by the lane
		k.log.Error().Msgf("API key %d of %d was refused, and there is none left that was not; put a good one into KENAR_API_KEY", was+1, len(k.keys))
	}
	return false
}

// look takes in the keys when the setting has changed.
func (k *keyring) look() {
	text := k.text()
	if text == k.seen {
		return
	}
	if k.seen != "" {
		k.log.Info().Msg("KENAR_API_KEY has changed")
	}
	k.seen, k.keys, k.at = text, nil, 0
	for key := range strings.FieldsSeq(text) {
		if !slices.Contains(k.keys, key) {
			k.keys = append(k.keys, key)
		}
	}
	if len(k.keys) == 0 { // what the client is given then, it refuses to send
		k.keys = []string{""}
	}
	k.refused = make([]bool, len(k.keys))
}
