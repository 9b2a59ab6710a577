package grants

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
)

// ErrWrongIdentity means that a grant is sealed to a recipient none of the
// known identities belongs to.
var ErrWrongIdentity = errors.New("no known identity opens it")

// errTampered means that the sealed part is not that of the entry it is in.
var errTampered = errors.New("its tokens were sealed for another grant or another consent: someone exchanged them")

// Recipients are the public keys to which tokens are sealed; the identity of
// any one of them opens what is sealed to all. They are not secret.
type Recipients []*age.X25519Recipient

// ParseRecipients reads age recipients ("age1…"), separated by white space or
// commas. Lines that begin with # are ignored, as in age's own files.
func ParseRecipients(text string) (Recipients, error) {
	var rs Recipients
	for n, word := range keyWords(text) {
		if strings.HasPrefix(strings.ToUpper(word), "AGE-SECRET-KEY-") {
			return nil, fmt.Errorf("recipient %d is an identity, which is secret: give its public key, which begins with age1", n+1)
		}
		r, err := age.ParseX25519Recipient(word)
		if err != nil {
			// Without the cause, which quotes the word: it may be a secret in
			// the wrong place.
			return nil, fmt.Errorf("recipient %d is not an age X25519 recipient: it must begin with age1 and be complete", n+1)
		}
		rs = append(rs, r)
	}
	if len(rs) == 0 {
		return nil, errors.New("no recipient found: one that begins with age1 is needed, as age-keygen prints it")
	}
	return rs, nil
}

// names are the recipients as text, sorted.
func (rs Recipients) names() []string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = r.String()
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Identities are the secret keys that open tokens, newest first. Printing
// them shows their number. The zero value opens nothing.
type Identities struct {
	keys *[]*age.X25519Identity // behind a pointer, which fmt does not follow: age's identities print their secret
}

// ParseIdentities reads age identities ("AGE-SECRET-KEY-1…"), newest first,
// separated by white space or commas; lines that begin with # are ignored, as
// in the files that age-keygen writes. Errors do not contain the text.
func ParseIdentities(text string) (Identities, error) {
	var keys []*age.X25519Identity
	for n, word := range keyWords(text) {
		k, err := age.ParseX25519Identity(word)
		if err != nil {
			return Identities{}, fmt.Errorf("identity %d is not an age X25519 identity: it must begin with AGE-SECRET-KEY-1 and be complete", n+1)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return Identities{}, errors.New("no identity found: one that begins with AGE-SECRET-KEY-1 is needed, as age-keygen writes it")
	}
	return Identities{&keys}, nil
}

func (ids Identities) list() []*age.X25519Identity {
	if ids.keys == nil {
		return nil
	}
	return *ids.keys
}

// Newest returns the recipient of the newest identity, none of the zero value.
func (ids Identities) Newest() Recipients {
	keys := ids.list()
	if len(keys) == 0 {
		return nil
	}
	return Recipients{keys[0].Recipient()}
}

// opens reports whether any identity belongs to one of the named recipients.
func (ids Identities) opens(names []string) bool {
	return slices.ContainsFunc(ids.list(), func(k *age.X25519Identity) bool {
		return slices.Contains(names, k.Recipient().String())
	})
}

// String returns the number of identities.
func (ids Identities) String() string { return fmt.Sprintf("%d identities", len(ids.list())) }

// Format prints String, whatever the verb.
func (ids Identities) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, ids.String()) }

// keyWords splits text into keys, without comment lines.
func keyWords(text string) []string {
	var words []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			words = append(words, strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) })...)
		}
	}
	return words
}

// Keys gives the keys of the moment: each function is asked at every use, so
// that keys can be exchanged while the process runs.
type Keys struct {
	Recipients func() (Recipients, error) // nil: the newest identity's
	Identities func() (Identities, error) // nil: grants can be put, not opened
}

func (k Keys) recipients() (Recipients, error) {
	var rs Recipients
	var err error
	switch {
	case k.Recipients != nil:
		rs, err = k.Recipients()
	case k.Identities != nil:
		var ids Identities
		ids, err = k.Identities()
		rs = ids.Newest()
	}
	if err != nil {
		return nil, fmt.Errorf("read the recipients of grants: %w", err)
	}
	if len(rs) == 0 {
		return nil, errors.New("no recipient of grants is known: set GRANT_RECIPIENT, or GRANT_IDENTITY where grants are also used")
	}
	return rs, nil
}

func (k Keys) identities() (Identities, error) {
	if k.Identities == nil {
		return Identities{}, fmt.Errorf("%w: there is none here; set GRANT_IDENTITY", ErrWrongIdentity)
	}
	ids, err := k.Identities()
	if err != nil {
		return Identities{}, fmt.Errorf("read the identities of grants: %w", err)
	}
	return ids, nil
}

// A pair is what one answer of the grant server held. Printing it shows
// nothing of the tokens.
type pair struct {
	Access        string    `json:"access"`
	Refresh       string    `json:"refresh,omitempty"` // "" without the scope offline_access
	AccessExpiry  time.Time `json:"access_expiry"`
	RefreshExpiry time.Time `json:"refresh_expiry,omitzero"`
}

// sealed is the secret part of an entry. It repeats which entry it belongs
// to: whoever can write to the bucket cannot give one user's tokens to
// another's grant.
type sealed struct {
	Grant      string    `json:"grant"`
	Generation uint64    `json:"generation"`
	Pair       uint64    `json:"pair"`
	Current    pair      `json:"current"`
	Previous   *pair     `json:"previous,omitempty"` // the one before, while it still works
	Until      time.Time `json:"until,omitzero"`     // when Previous stops working
}

// binds reports whether s belongs to the entry.
func (s *sealed) binds(e *entry) bool {
	return s.Grant == e.ID && s.Generation == e.Generation && s.Pair == e.Pair
}

// seal encrypts s to all recipients.
func seal(s sealed, to Recipients) ([]byte, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("seal the tokens of grant %s: %w", s.Grant, err)
	}
	all := make([]age.Recipient, len(to))
	for i, r := range to {
		all[i] = r
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, all...)
	if err == nil {
		if _, err = w.Write(plain); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal the tokens of grant %s: %w", s.Grant, err)
	}
	return out.Bytes(), nil
}

// recipientNames reports whether all the names are those of recipients, and there are
// any.
func recipientNames(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		_, err := age.ParseX25519Recipient(name)
		return err != nil
	})
}

// open decrypts the sealed part of e and checks that it is e's. It fails with
// ErrWrongIdentity, or with a *DamagedError when no identity would do.
func open(e *entry, ids Identities) (sealed, error) {
	fail := func(err error) (sealed, error) {
		return sealed{}, fmt.Errorf("open the tokens of grant %s: %w", e.ID, err)
	}
	damaged := func(err error) (sealed, error) { return sealed{}, &DamagedError{Grant: e.ID, Err: err} }
	keys := make([]age.Identity, 0, len(ids.list()))
	for _, k := range ids.list() {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return fail(fmt.Errorf("%w: there is none here; set GRANT_IDENTITY", ErrWrongIdentity))
	}
	r, err := age.Decrypt(bytes.NewReader(e.Sealed), keys...)
	// One of the identities should fit, or there is none that could: the seal
	// itself is damaged.
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok && recipientNames(e.SealedTo) && !ids.opens(e.SealedTo) {
		return fail(fmt.Errorf("%w: it is sealed to %s; the newest of %s is that of %s; add the missing identity to GRANT_IDENTITY, after the newest",
			ErrWrongIdentity, strings.Join(e.SealedTo, ", "), ids, strings.Join(ids.Newest().names(), ", ")))
	}
	if err != nil {
		return damaged(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return damaged(err)
	}
	var s sealed
	if json.Unmarshal(plain, &s) != nil { // whose error may quote what it read
		return damaged(errors.New("what was sealed is not a pair of tokens"))
	}
	if !s.binds(e) {
		return damaged(errTampered)
	}
	return s, nil
}
