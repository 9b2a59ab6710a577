// Package grantkeys knows the two files in which a worker with an embedded NATS
// server keeps the age key pair of its grants: the identity, which opens them,
// and the recipient, to which they are sealed. It is apart from the server, so
// that a client on the same machine can put grants without one in its binary.
//
// The identity is all there is: whoever loses it loses every grant, and each
// user must consent again. It belongs into the backup of the data directory,
// and nowhere else.
package grantkeys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
)

// IdentityPath is the file of the identity in a data directory. It may hold
// several, the newest first, as age-keygen writes them.
func IdentityPath(dataDir string) string { return filepath.Join(dataDir, "grant.identity") }

// RecipientPath is the file of the recipient in a data directory.
func RecipientPath(dataDir string) string { return filepath.Join(dataDir, "grant.recipient") }

// Identity returns the identities of the worker that uses dataDir, the newest
// first, as they are in its file. Errors do not tell them; without a file it is
// [fs.ErrNotExist].
func Identity(dataDir string) (string, error) {
	const what = "the identity of grants"
	text, err := read(what, IdentityPath(dataDir), dataDir, "GRANT_IDENTITY")
	if err != nil {
		return "", err
	}
	if _, err := Recipients(text); err != nil {
		return "", fmt.Errorf("read %s: %s: %w; restore the file from a backup: without it the grants that are stored cannot be opened",
			what, IdentityPath(dataDir), err)
	}
	return text, nil
}

// Recipient returns the recipient of the worker that uses dataDir, which is no
// secret. Without a file the error is [fs.ErrNotExist].
func Recipient(dataDir string) (string, error) {
	const what = "the recipient of grants"
	text, err := read(what, RecipientPath(dataDir), dataDir, "GRANT_RECIPIENT")
	if err != nil {
		return "", err
	}
	if _, err := parseRecipients(text); err != nil {
		return "", fmt.Errorf("read %s: %s: %w; remove the file and restart the worker, which derives it from the identity again",
			what, RecipientPath(dataDir), err)
	}
	return text, nil
}

// read returns the text of a key file.
func read(what, path, dataDir, setting string) (string, error) {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("find %s: %w; no worker has started with DATA_DIR %s: "+
			"start one, set DATA_DIR to the directory of the one that runs, or set %s", what, err, dataDir, setting)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("read %s: %w; run as the user that runs the worker", what, err)
	case err != nil:
		return "", fmt.Errorf("read %s: %w", what, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Recipients returns the recipient of each of the identities, in their order.
// Errors do not contain the text.
func Recipients(identities string) ([]string, error) {
	var names []string
	for n, word := range words(identities) {
		k, err := age.ParseX25519Identity(word)
		if err != nil { // which quotes the word
			return nil, fmt.Errorf("identity %d is not an age X25519 identity: it must begin with AGE-SECRET-KEY-1 and be complete", n+1)
		}
		names = append(names, k.Recipient().String())
	}
	if len(names) == 0 {
		return nil, errors.New("no identity found: one that begins with AGE-SECRET-KEY-1 is needed, as age-keygen writes it")
	}
	return names, nil
}

// Owns reports whether what is sealed to all of the recipients can be opened
// with one of the identities. Errors do not contain the texts.
func Owns(identities, recipients string) (bool, error) {
	own, err := Recipients(identities)
	if err != nil {
		return false, err
	}
	to, err := parseRecipients(recipients)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(to, func(name string) bool { return slices.Contains(own, name) }), nil
}

func parseRecipients(text string) ([]string, error) {
	var names []string
	for n, word := range words(text) {
		r, err := age.ParseX25519Recipient(word)
		if err != nil { // which quotes the word: it may be a secret in the wrong place
			return nil, fmt.Errorf("recipient %d is not an age X25519 recipient: it must begin with age1 and be complete", n+1)
		}
		names = append(names, r.String())
	}
	if len(names) == 0 {
		return nil, errors.New("no recipient found: one that begins with age1 is needed, as age-keygen prints it")
	}
	return names, nil
}

// words splits a text into keys, separated by white space or commas. Lines that
// begin with # are comments, as in age's own files.
func words(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			all = append(all, strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) })...)
		}
	}
	return all
}
