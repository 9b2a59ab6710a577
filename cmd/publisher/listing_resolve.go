package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) listingResolveCommand() *cobra.Command {
	var r resolution
	cmd := &cobra.Command{
		Use:   "resolve ID",
		Short: "Tell what became of a submission whose answer was lost",
		Long: `Tell the workers what became of a submission whose answer was lost: that a post
was made, by its token, or that none was. Look at the user's posts in Divar first:
told wrongly, there will be two posts, or none.

Then its dead letter is replayed, and the listing goes on from there: the post is
published, or submitted once more. ID is the id of the event, or of a replay of it. A
worker must run: it keeps the ledger.`,
		Example: `  publisher listing resolve flat-7 --post-token AZir15UU
  publisher listing resolve flat-7 --not-created
  publisher listing resolve flat-7 --not-created --no-replay`,
		Args: oneEvent,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.check(cmd); err != nil {
				return cli.Usage(cmd, err)
			}
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			return a.resolveListing(cmd.Context(), client, args[0], r)
		},
	}
	cmd.Flags().StringVar(&r.postToken, "post-token", "", "a post was made, with this token")
	cmd.Flags().BoolVar(&r.notCreated, "not-created", false, "no post was made")
	cmd.Flags().BoolVar(&r.noReplay, "no-replay", false, "leave the dead letter, to be replayed later")
	return cmd
}

// A resolution is the flags of resolve.
type resolution struct {
	postToken            string
	notCreated, noReplay bool
}

// check refuses what says nothing, or two things.
func (r resolution) check(cmd *cobra.Command) error {
	switch token := cmd.Flags().Changed("post-token"); {
	case token && r.notCreated:
		return errors.New("--post-token and --not-created contradict each other: either there is a post or there is none")
	case !token && !r.notCreated:
		return errors.New("say what became of it: --post-token TOKEN if the user has the post in Divar, --not-created if not")
	case token:
		if err := kenar.ValidPostToken(r.postToken); err != nil {
			return fmt.Errorf("--post-token: %w", err)
		}
	}
	return nil
}

// resolved is what resolve did, as JSON.
type resolved struct {
	EventID   string `json:"event_id"`
	Created   bool   `json:"created"` // there is a post
	PostToken string `json:"post_token,omitempty"`
	ReplayID  string `json:"replay_id,omitempty"` // absent: it was not replayed
}

func (a *app) resolveListing(ctx context.Context, client *pipeline.Client, id string, r resolution) error {
	if err := client.ResolveListing(ctx, id, r.postToken); err != nil {
		return cli.WithHint(err, "see publisher listing status %s", id)
	}
	done := resolved{EventID: id, Created: !r.notCreated, PostToken: r.postToken}
	err := a.tellResolved(done)
	if err == nil && !r.noReplay {
		done.ReplayID, err = a.replayResolved(ctx, client, id, r)
	}
	if a.json { // one object, whatever became of the replay
		return errors.Join(a.line(done), err)
	}
	if err != nil {
		return err
	}
	switch {
	case r.noReplay:
		a.say("its dead letter stays: publisher dead replay goes on with it")
	case done.ReplayID == "": // told already
	case r.notCreated:
		a.say("it is submitted once more; see publisher listing status %s", done.ReplayID)
	default:
		a.say("it goes on with that post; see publisher listing status %s", done.ReplayID)
	}
	return nil
}

func (a *app) tellResolved(r resolved) error {
	switch {
	case a.json:
		return nil // at the end
	case r.Created:
		return a.print("resolved  %s  post %s was made\n", r.EventID, r.PostToken)
	}
	return a.print("resolved  %s  no post was made\n", r.EventID)
}

// replayResolved replays the dead letter of an event that was resolved, and
// returns the id of the replay. It is empty when none was needed.
func (a *app) replayResolved(ctx context.Context, client *pipeline.Client, id string, r resolution) (string, error) {
	letter, err := letterOf(ctx, client, id)
	if err != nil {
		return "", err
	}
	if letter == nil {
		return "", a.withoutLetter(ctx, client, id, r)
	}
	p, err := client.Prepare(*letter, false)
	if err != nil {
		a.tellRefused(*letter, err)
		return "", cli.WithHint(fmt.Errorf("%s is resolved, but its dead letter cannot be replayed as it is", id), "%s", r.advice())
	}
	replay, err := client.Replay(ctx, p)
	if err != nil {
		return "", err
	}
	if !a.json {
		if err := a.print("replayed  %s  as  %s  %s\n", letter.EventID, replay, p.Target); err != nil {
			return replay, err
		}
	}
	if err := client.Drop(ctx, *letter); err != nil {
		return replay, cli.WithHint(fmt.Errorf("%s is replayed as %s, but its dead letter stays: %w", letter.EventID, replay, err),
			"remove it with publisher dead drop %s", letter.EventID)
	}
	return replay, nil
}

// withoutLetter tells how an event goes on of which there is no dead letter to
// replay. It is an error when it does not go on at all.
func (a *app) withoutLetter(ctx context.Context, client *pipeline.Client, id string, r resolution) error {
	s, err := client.Listing(ctx, id)
	if err != nil {
		return err
	}
	latest := latestEvent(s)
	final, err := client.Final(ctx, latest)
	switch {
	case err != nil:
		return err
	case final == nil:
		a.say("there is no dead letter: %s is still on its way and goes on by itself; see publisher listing status %s", latest, latest)
		return nil
	case final.Data.Result != pipeline.ResultDead:
		a.say("there is no dead letter: %s has ended already, and was %s", latest, final.Data.Result)
		return nil
	}
	return cli.WithHint(fmt.Errorf("there is no dead letter of %s to replay: it was replayed or dropped before", id), "%s", r.advice())
}

// advice is what can be done when nothing is left to be replayed.
func (r resolution) advice() string {
	if r.notCreated {
		return "see publisher outcomes; if no replay is on its way, publish the submission under a new id: its key is free"
	}
	return "see publisher outcomes; if no replay is on its way, publish post " + r.postToken + " by hand in Divar, or delete it and submit another under a new key"
}

// letterOf finds the newest dead letter of an event or a replay of it, nil when
// there is none.
func letterOf(ctx context.Context, client *pipeline.Client, id string) (letter *pipeline.DeadRecord, err error) {
	root, _, _ := strings.Cut(id, "~")
	err = client.DeadLetters(ctx, pipeline.DeadFilter{Kinds: []pipeline.Kind{pipeline.KindListing}}, func(r pipeline.DeadRecord) error {
		if of, _, _ := strings.Cut(r.EventID, "~"); of == root {
			letter = &r
		}
		return nil
	})
	return letter, err
}
