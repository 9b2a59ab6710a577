package grantkeys_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// pair is a pair that no worker made.
func pair(t *testing.T) (identity, recipient string) {
	t.Helper()
	k, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return k.String(), k.Recipient().String()
}

func TestEnsureMakesAPairOnce(t *testing.T) {
	dir := t.TempDir()
	if err := grantkeys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	identity, err := grantkeys.Identity(dir)
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := grantkeys.Recipient(dir)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := grants.ParseIdentities(identity)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids.Newest()[0].String(); got != recipient {
		t.Errorf("the recipient is %s, that of the identity %s", recipient, got)
	}
	for path, want := range map[string]os.FileMode{grantkeys.IdentityPath(dir): 0o600, grantkeys.RecipientPath(dir): 0o644} {
		if got := mode(t, path); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
	}

	// Again: nothing changes, but for a mode that is too wide.
	if err := os.Chmod(grantkeys.IdentityPath(dir), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := grantkeys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	if again, err := grantkeys.Identity(dir); err != nil || again != identity {
		t.Errorf("another identity after the second start, %v", err)
	}
	if got := mode(t, grantkeys.IdentityPath(dir)); got != 0o600 {
		t.Errorf("mode %v after the second start, want 0600", got)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("files %v, %v, want the two alone", files, err)
	}
}

func TestEnsureDerivesAMissingRecipient(t *testing.T) {
	dir := t.TempDir()
	newer, want := pair(t)
	older, _ := pair(t)
	put(t, grantkeys.IdentityPath(dir), "# rotated\n"+newer+"\n"+older+"\n")
	if err := grantkeys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := grantkeys.Recipient(dir); err != nil || got != want {
		t.Errorf("recipient %s, %v, want %s, the newest identity's", got, err, want)
	}
}

// While an identity is rotated, publishers may still seal to the older one.
func TestEnsureLeavesTheRecipientOfAnOlderIdentity(t *testing.T) {
	dir := t.TempDir()
	newer, _ := pair(t)
	older, recipient := pair(t)
	put(t, grantkeys.IdentityPath(dir), newer+"\n"+older+"\n")
	put(t, grantkeys.RecipientPath(dir), recipient+"\n")
	if err := grantkeys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := grantkeys.Recipient(dir); err != nil || got != recipient {
		t.Errorf("recipient %s, %v, want it left alone", got, err)
	}
}

// What is there may be all that opens the grants, whatever it looks like.
func TestEnsureOverwritesNothing(t *testing.T) {
	identity, recipient := pair(t)
	_, foreign := pair(t)
	for _, c := range []struct {
		name                string
		identity, recipient string   // "": no file
		says                []string // of the error
	}{
		{"a damaged identity", identity[:40], recipient, []string{"grant.identity", "restore the file from a backup"}},
		{"an empty identity", "\n", "", []string{"grant.identity", "no identity found"}},
		{"a damaged recipient", identity, recipient[:20], []string{"grant.recipient", "remove the file and restart the worker"}},
		{"a recipient of another identity", identity, foreign, []string{"belongs to no identity", "remove the recipient"}},
		{"a recipient alone", "", recipient, []string{"is there and its identity", "restore that from a backup"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for path, text := range map[string]string{grantkeys.IdentityPath(dir): c.identity, grantkeys.RecipientPath(dir): c.recipient} {
				if text != "" {
					put(t, path, text)
				}
			}
			err := grantkeys.Ensure(dir)
			says(t, err, c.says...)
			if err != nil && strings.Contains(err.Error(), identity[20:40]) {
				t.Errorf("the error tells of the identity: %v", err)
			}
			for path, text := range map[string]string{grantkeys.IdentityPath(dir): c.identity, grantkeys.RecipientPath(dir): c.recipient} {
				got, err := os.ReadFile(path)
				if string(got) != text || (text == "") != errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s was changed, %v", path, err)
				}
			}
		})
	}
}

func TestEnsureWithoutAPlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	says(t, grantkeys.Ensure(dir), "write the identity of grants", dir)
}

func TestNoKeys(t *testing.T) {
	dir := t.TempDir()
	for setting, read := range map[string]func(string) (string, error){
		"GRANT_IDENTITY": grantkeys.Identity, "GRANT_RECIPIENT": grantkeys.Recipient,
	} {
		_, err := read(dir)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want one of a file that does not exist", err)
		}
		says(t, err, dir, "no worker has started", "DATA_DIR", setting)
	}
}

func TestRecipients(t *testing.T) {
	a, ra := pair(t)
	b, rb := pair(t)
	for _, c := range []struct {
		text string
		want []string
	}{
		{a, []string{ra}},
		{a + "\n" + b, []string{ra, rb}},
		{b + ", " + a, []string{rb, ra}},
		{"# public key: " + ra + "\n" + b + "\n", []string{rb}},
		{"# was " + a + "\n" + b, []string{rb}},
	} {
		if got, err := grantkeys.Recipients(c.text); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("recipients %v, %v, want %v", got, err, c.want)
		}
	}
	if own, err := grantkeys.Owns(a, rb+" "+ra); err != nil || !own {
		t.Errorf("one of two recipients is not enough: %v", err)
	}
	if own, err := grantkeys.Owns(a, rb); err != nil || own {
		t.Errorf("owns the recipient of another: %v", err)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// says expects an error with all these words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}
