package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// identities are the age identities that open grants, as they are now: their
// text is parsed anew when it changes, so that they can be rotated without a
// restart. A text that cannot be used is complained of once, and the last good
// one stays. It is safe for concurrent use.
type identities struct {
	text      func() (string, error)
	recipient string // GRANT_RECIPIENT, or empty
	log       zerolog.Logger

	mu         sync.Mutex
	seen       string // the text of good
	good       grants.Identities
	complained string
}

// newIdentities reads the identities: those of GRANT_IDENTITY, else the ones in
// DATA_DIR of an embedded server. nil means that there are none.
func newIdentities(cfg config.Config, log zerolog.Logger) (*identities, error) {
	i := &identities{recipient: cfg.GrantRecipient, log: log}
	switch {
	case cfg.GrantIdentity.IsSet():
		follow := cfg.Follow("GRANT_IDENTITY", complain(log))
		i.text = func() (string, error) { return follow(), nil }
	case cfg.Embedded():
		i.text = func() (string, error) { return grantkeys.Identity(cfg.DataDir) }
	default:
		return nil, nil
	}
	text, err := i.text()
	if err == nil {
		i.good, err = i.parse(text)
	}
	if err != nil {
		return nil, err
	}
	i.seen = text
	return i, nil
}

// current is what [grants.Keys] asks.
func (i *identities) current() (grants.Identities, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	text, err := i.text()
	if err == nil && text == i.seen {
		i.complained = ""
		return i.good, nil
	}
	var next grants.Identities
	if err == nil {
		next, err = i.parse(text)
	}
	switch {
	case err == nil:
		i.seen, i.good, i.complained = text, next, ""
		i.log.Info().Stringer("now", next).Msg("the identities of grants have changed")
	case err.Error() != i.complained:
		i.complained = err.Error()
		i.log.Warn().Err(err).Msg("the identities of grants have changed and cannot be used; the last good ones stay in use")
	}
	return i.good, nil
}

// parse refuses identities to which the recipient does not belong: the next
// refresh would seal a grant so that no worker can open it.
func (i *identities) parse(text string) (grants.Identities, error) {
	ids, err := grants.ParseIdentities(text)
	if err != nil {
		return ids, fmt.Errorf("GRANT_IDENTITY: %w", err)
	}
	if i.recipient == "" {
		return ids, nil
	}
	owns, err := grantkeys.Owns(text, i.recipient)
	if err == nil && !owns {
		err = errors.New("it belongs to no identity of this worker, which could not open what is sealed to it; " +
			"give the public half of one of GRANT_IDENTITY, or leave it out for that of the newest")
	}
	if err != nil {
		return ids, fmt.Errorf("GRANT_RECIPIENT: %w", err)
	}
	return ids, nil
}

// number is how many identities there are, for people.
func (i *identities) number() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	names, err := grantkeys.Recipients(i.seen)
	if err != nil {
		return i.good.String()
	}
	return cli.Count(len(names), "identity", "identities")
}

// complain logs what is wrong with a secret that is followed.
func complain(log zerolog.Logger) func(error) {
	return func(err error) { log.Warn().Err(err).Msg("a changed secret cannot be used") }
}
