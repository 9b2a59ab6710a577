package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// sealingKeys are the keys to put grants with: recipients, which are not
// secret. Where there is an identity and no recipient, its own is derived.
func sealingKeys(cfg config.Config) (grants.Keys, error) {
	var to grants.Recipients
	var err error
	switch {
	case cfg.GrantRecipient != "":
		if to, err = grants.ParseRecipients(cfg.GrantRecipient); err != nil {
			return grants.Keys{}, cli.Misconfigured(fmt.Errorf("GRANT_RECIPIENT: %w", err))
		}
	case cfg.GrantIdentity.IsSet():
		ids, err := grants.ParseIdentities(cfg.GrantIdentity.Reveal())
		if err != nil {
			return grants.Keys{}, cli.Misconfigured(fmt.Errorf("GRANT_IDENTITY: %w", err))
		}
		to = ids.Newest()
	case cfg.Embedded():
		text, err := grantkeys.Recipient(cfg.DataDir)
		if err != nil {
			return grants.Keys{}, err
		}
		if to, err = grants.ParseRecipients(text); err != nil {
			return grants.Keys{}, fmt.Errorf("read the recipient of grants in DATA_DIR %s: %w", cfg.DataDir, err)
		}
	default:
		return grants.Keys{}, cli.Misconfigured(errors.New("GRANT_RECIPIENT: not set; set it to the public key of the workers' GRANT_IDENTITY, as age-keygen -y prints it"))
	}
	return grants.Keys{Recipients: func() (grants.Recipients, error) { return to, nil }}, nil
}

// openingKeys are the keys to open grants with, and to seal them anew to the
// newest. A recipient that is configured must be that of the newest identity:
// else grants would be sealed to a key that nobody has shown to hold.
func openingKeys(cfg config.Config) (grants.Keys, error) {
	text, source := cfg.GrantIdentity.Reveal(), "GRANT_IDENTITY"
	if text == "" {
		if !cfg.Embedded() {
			return grants.Keys{}, cli.Misconfigured(errors.New("GRANT_IDENTITY: not set; set GRANT_IDENTITY_FILE to a file with the identities of the workers, the newest first"))
		}
		var err error
		if text, err = grantkeys.Identity(cfg.DataDir); err != nil {
			return grants.Keys{}, err
		}
		source = "the identity in DATA_DIR " + cfg.DataDir
	}
	ids, err := grants.ParseIdentities(text)
	if err != nil {
		return grants.Keys{}, cli.Misconfigured(fmt.Errorf("%s: %w", source, err))
	}
	keys := grants.Keys{Identities: func() (grants.Identities, error) { return ids, nil }}
	if cfg.GrantRecipient == "" {
		return keys, nil
	}
	to, err := grants.ParseRecipients(cfg.GrantRecipient)
	if err != nil {
		return grants.Keys{}, cli.Misconfigured(fmt.Errorf("GRANT_RECIPIENT: %w", err))
	}
	if !slices.Contains(recipientNames(to), recipientNames(ids.Newest())[0]) {
		return grants.Keys{}, cli.Misconfigured(fmt.Errorf("GRANT_RECIPIENT %q: not that of the newest identity, which is %s: set it to that, or put its own identity first into GRANT_IDENTITY",
			cfg.GrantRecipient, recipientNames(ids.Newest())[0]))
	}
	keys.Recipients = func() (grants.Recipients, error) { return to, nil }
	return keys, nil
}

func recipientNames(all grants.Recipients) []string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.String()
	}
	return names
}
