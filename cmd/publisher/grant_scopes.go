package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// A wish is the flags that say what a user is asked to allow.
type wish struct {
	scopes     []string
	posts      []string
	businesses []string
	userPosts  bool
	user       bool
	offline    bool
}

func (w *wish) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&w.posts, "post", nil, "add-ons on this post, by its token; may be repeated")
	f.BoolVar(&w.userPosts, "user-posts", false, "add-ons on all posts of the user")
	f.StringSliceVar(&w.businesses, "business", nil, "add-ons on the posts of this business, by its token; may be repeated")
	f.BoolVar(&w.user, "user", false, "add-ons of the user")
	f.StringSliceVar(&w.scopes, "scope", nil, "any other scope, as Kenar names it; may be repeated")
	f.BoolVar(&w.offline, "offline", true, "ask for "+kenar.ScopeOfflineAccess+" too, without which the grant ends after an hour")
}

// all are the scopes to ask for, each once. The error names everything that is
// wrong, by its flag.
func (w *wish) all() ([]string, error) {
	var all []string
	var faults []error
	add := func(scope string) {
		if !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	// need adds the scope of an operation that is preferred by prefer.
	need := func(flag string, op kenar.Operation, resource string, prefer func([]string) string) {
		scopes, err := kenar.ScopesFor(op, resource)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s %q: %w", flag, resource, err))
			return
		}
		add(prefer(scopes))
	}
	for _, token := range w.posts {
		need("post", kenar.OpCreatePostAddon, token, forOne)
	}
	if w.userPosts {
		// The scope is for no single post; which one is named does not matter.
		need("user-posts", kenar.OpCreatePostAddon, "any", forAll)
	}
	for _, token := range w.businesses {
		need("business", kenar.OpCreateBusinessAddon, token, forOne)
	}
	if w.user {
		need("user", kenar.OpCreateUserAddon, "", forOne)
	}
	for _, s := range w.scopes {
		if _, err := kenar.ParseScope(s); err != nil {
			faults = append(faults, fmt.Errorf("--scope: %w", err))
			continue
		}
		add(s)
	}
	if len(all) == 0 && len(faults) == 0 {
		faults = append(faults, errors.New("say what the user is to allow: --post, --user-posts, --business, --user or --scope"))
	}
	if w.offline {
		add(kenar.ScopeOfflineAccess)
	}
	return all, errors.Join(faults...)
}

// kenar.ScopesFor lists the narrowest scope first.
func forOne(scopes []string) string { return scopes[0] }
func forAll(scopes []string) string { return scopes[len(scopes)-1] }
