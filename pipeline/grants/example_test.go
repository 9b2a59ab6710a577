package grants_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// A publisher has the public key alone: it can put grants and look at them,
// but not use them.
func Example_publisher() {
	put := func(ctx context.Context, js jetstream.JetStream, tokens kenar.Tokens) error {
		to, err := grants.ParseRecipients("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")
		if err != nil {
			return err
		}
		store, err := grants.NewStore(ctx, js, grants.Keys{Recipients: func() (grants.Recipients, error) { return to, nil }}, nil)
		if err != nil {
			return err
		}
		_, err = store.Put(ctx, grants.Consent{ID: "customer-42", Tokens: tokens})
		return err
	}
	_ = put
}

// A worker gets an access token right before a call.
func ExampleSource_Access() {
	attach := func(ctx context.Context, source *grants.Source, client *kenar.Client, post string, body []byte) error {
		scopes, err := kenar.ScopesFor(kenar.OpCreatePostAddon, post)
		if err != nil {
			return err
		}
		token, err := source.Access(ctx, "customer-42", grants.Need{Scopes: scopes, Good: 15 * time.Second})
		if grants.Permanent(err) {
			return fmt.Errorf("give the event up: %w", err)
		}
		if err != nil {
			return fmt.Errorf("let the event wait: %w", err)
		}
		_, err = client.CreatePostAddon(ctx, post, token.Secret(), body)
		return err
	}
	_ = attach
}

// What is wrong with a grant is told in words that can be passed on.
func ExampleScopeError() {
	err := error(&grants.ScopeError{
		Grant: "customer-42", Granted: []string{"USER_ID"}, AnyOf: []string{"POST_ADDON_CREATE.AZir15UU", "USER_POSTS_ADDON_CREATE"},
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, grants.ErrScope), grants.Permanent(err))
	// Output:
	// grant customer-42 covers USER_ID; ask the user for consent to POST_ADDON_CREATE.AZir15UU or USER_POSTS_ADDON_CREATE
	// true true
}
