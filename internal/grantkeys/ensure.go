package grantkeys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// Ensure makes the key pair in dataDir, if there is none. What is there is never
// overwritten: an identity that cannot be read is an error, since the grants
// that it opens would be lost with it. A recipient that is missing is derived
// again. The caller holds the lock of dataDir.
//
// Each file appears whole or not at all, the identity first, so that a process
// that dies in between leaves what the next one can finish.
func Ensure(dataDir string) error {
	identity, err := Identity(dataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if identity, err = create(dataDir); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		// A volume can come back with wider modes than it was left with.
		if err := os.Chmod(IdentityPath(dataDir), 0o600); err != nil {
			return fmt.Errorf("protect the identity of grants: %w", err)
		}
	}
	recipient, err := Recipient(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return derive(dataDir, identity)
	}
	if err != nil {
		return err
	}
	own, err := Owns(identity, recipient)
	if err == nil && !own {
		err = fmt.Errorf("%s belongs to no identity in %s, so what is sealed to it could not be opened; "+
			"restore the identity that belongs to it, or remove the recipient and start the worker again to derive it",
			RecipientPath(dataDir), IdentityPath(dataDir))
	}
	if err != nil {
		return fmt.Errorf("check the keys of grants: %w", err)
	}
	return nil
}

// create makes an identity and returns its text. A recipient that was left
// without its identity is not paired with another one.
func create(dataDir string) (string, error) {
	switch _, err := os.Lstat(RecipientPath(dataDir)); {
	case err == nil:
		return "", fmt.Errorf("make the keys of grants: %s is there and its identity %s is not; "+
			"restore that from a backup, or remove the recipient to start without the grants that were sealed to it",
			RecipientPath(dataDir), IdentityPath(dataDir))
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("make the keys of grants: %w", err)
	}
	k, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("make the keys of grants: %w", err)
	}
	text := fmt.Sprintf("# public key: %s\n%s\n", k.Recipient(), k)
	if err := write(IdentityPath(dataDir), text, 0o600); err != nil {
		return "", fmt.Errorf("write the identity of grants: %w; let DATA_DIR %s be a directory that this user may write to", err, dataDir)
	}
	return text, nil
}

// derive writes the recipient of the newest identity.
func derive(dataDir, identity string) error {
	names, err := Recipients(identity)
	if err != nil {
		return fmt.Errorf("derive the recipient of grants: %w", err)
	}
	if err := write(RecipientPath(dataDir), names[0]+"\n", 0o644); err != nil {
		return fmt.Errorf("write the recipient of grants: %w; let DATA_DIR %s be a directory that this user may write to", err, dataDir)
	}
	return nil
}

// write makes a file that is on the disk when it returns, and whole whenever
// anyone sees it.
func write(path, content string, mode os.FileMode) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // CreateTemp's mode is 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.WriteString(content)
	if err := errors.Join(werr, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	// Grants are synced to the disk as they are sealed, and so must be the name
	// of what opens them. Not every system can sync a directory.
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}
