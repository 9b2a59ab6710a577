package grants

import (
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestParseKeys(t *testing.T) {
	a, err := age.GenerateX25519Identity()
	must(t, err)
	b, err := age.GenerateX25519Identity()
	must(t, err)
	file := "# created: 2026-01-02T12:00:00Z\r\n# public key: " + a.Recipient().String() + "\r\n" + a.String() + "\r\n\n  # older\n" + b.String() + "\n"
	ids, err := ParseIdentities(file)
	must(t, err)
	if got := ids.Newest().names(); len(ids.list()) != 2 || len(got) != 1 || got[0] != a.Recipient().String() {
		t.Errorf("%s, the newest has %v", ids, got)
	}
	rs, err := ParseRecipients("# ours\n" + a.Recipient().String() + ", " + b.Recipient().String())
	must(t, err)
	if len(rs) != 2 {
		t.Errorf("%d recipients, want 2", len(rs))
	}

	for name, text := range map[string]string{
		"empty": "", "comments": "# nothing\n", "cut off": a.String()[:40], "a recipient": a.Recipient().String(),
		"mistyped": strings.Replace(a.String(), "1", "2", 1),
	} {
		if _, err := ParseIdentities(text); err == nil || !strings.Contains(err.Error(), "AGE-SECRET-KEY-1") || strings.Contains(err.Error(), a.String()[20:40]) {
			t.Errorf("identities, %s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "cut off": a.Recipient().String()[:20], "an identity": a.String(), "an identity in lower case": strings.ToLower(a.String()),
	} {
		if _, err := ParseRecipients(text); err == nil || !strings.Contains(err.Error(), "age1") || strings.Contains(strings.ToUpper(err.Error()), a.String()[20:40]) {
			t.Errorf("recipients, %s: %v", name, err)
		}
	}
}

func TestSeal(t *testing.T) {
	older, _ := newKeys(t, 1)
	newer, _ := newKeys(t, 1)
	keys := append(newer.list(), older.list()...)
	both := Identities{&keys}
	toBoth := append(newer.Newest(), older.Newest()...)
	other, _ := newKeys(t, 2)
	tests := []struct {
		name string
		to   Recipients
		with Identities
		want error
	}{
		{"its identity", newer.Newest(), newer, nil},
		{"the older of several identities", older.Newest(), both, nil},
		{"several recipients, the first's identity", toBoth, newer, nil},
		{"several recipients, the second's identity", toBoth, older, nil},
		{"another identity", newer.Newest(), other, ErrWrongIdentity},
		{"an identity from before the rotation", newer.Newest(), older, ErrWrongIdentity},
		{"no identity", newer.Newest(), Identities{}, ErrWrongIdentity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &entry{ID: "g", Generation: 3, Pair: 2}
			must(t, e.keep(sealed{Current: pair{Access: tokenMark}}, tt.to))
			got, err := open(e, tt.with)
			if !errors.Is(err, tt.want) || (err == nil && got.Current.Access != tokenMark) {
				t.Errorf("got %v, error %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), "GRANT_IDENTITY") || !strings.Contains(err.Error(), "grant g")) {
				t.Errorf("error %q does not say what to do", err)
			}
		})
	}
}

// Whoever can write to the bucket cannot pass one grant's tokens off as
// another's, nor older ones as newer.
func TestSealIsBound(t *testing.T) {
	ids, _ := newKeys(t, 1)
	e := entry{ID: "g", Generation: 3, Pair: 2}
	must(t, e.keep(sealed{Current: pair{Access: tokenMark}}, ids.Newest()))
	for name, change := range map[string]func(*entry){
		"another grant":   func(e *entry) { e.ID = "h" },
		"another consent": func(e *entry) { e.Generation++ },
		"another pair":    func(e *entry) { e.Pair-- },
		"cut off":         func(e *entry) { e.Sealed = e.Sealed[:len(e.Sealed)-1] },
		"a flipped bit":   func(e *entry) { e.Sealed[len(e.Sealed)-1] ^= 1 },
		"not age":         func(e *entry) { e.Sealed = []byte("{}") },
		"empty":           func(e *entry) { e.Sealed = nil },
	} {
		c := e
		c.Sealed = append([]byte(nil), e.Sealed...)
		change(&c)
		if got, err := open(&c, ids); err == nil || got.Current.Access != "" || !strings.Contains(err.Error(), "consent again") {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	k, err := age.GenerateX25519Identity()
	must(f, err)
	f.Add(k.String())
	f.Add(k.Recipient().String() + "," + k.Recipient().String())
	f.Add("# comment\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := ParseIdentities(text)
		if (err == nil) != (len(ids.Newest()) == 1) {
			t.Errorf("error %v, newest %v", err, ids.Newest().names())
		}
		if rs, err := ParseRecipients(text); (err == nil) != (len(rs) > 0) {
			t.Errorf("error %v, %d recipients", err, len(rs))
		} else if again, err := ParseRecipients(strings.Join(rs.names(), " ")); len(rs) > 0 && (err != nil || len(again) == 0) {
			t.Errorf("what was parsed is not parsed again: %v", err)
		}
	})
}
