package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/kenar-addons/kenar-addons/kenar"
)

func (a *app) listingCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "listing",
		Short: "Follow posts on their way from an event to Divar",
		Long: `A listing is a post that the app makes for a user: from an event of type
kenar.listing.submit.v1, whose subject listing/KEY has a key of your own. A worker
checks it, uploads its images, submits it, pays for its publication, and then lets
its add-on and its button follow. No key becomes two posts, and none is paid twice.

  1. publisher listing schema CATEGORY tells what belongs in category_fields; with
     --skeleton it writes them to be filled in.
  2. publisher publish takes the event. How much it may cost is in max_cost_rials.
  3. publisher listing status ID tells how far it has come, and what was paid.
  4. A dead letter with reason "ambiguous" means that the answer to a submission
     was lost, and nobody knows whether there is a post: look at the user's posts in
     Divar, and tell with publisher listing resolve ID. It goes on from there.
     Whatever else ends as a dead letter is for publisher dead, as always: a replay
     of a post that was submitted publishes that one.

The status of events that edit, reorder, renew or delete posts, or set their
buttons, is told too.`,
		Example: `  publisher listing schema apartment-rent --skeleton > fields.json
  publisher publish --wait event.json
  publisher listing status flat-7
  publisher listing resolve flat-7 --not-created`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.listingStatusCommand(), a.listingSchemaCommand(), a.listingResolveCommand())
	return cmd
}

// eventID is the form of the id of an event, of what follows a listing, and of
// a replay.
var eventID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}(\+(addon|button))?(~[1-9][0-9]{0,8})?$`)

// oneEvent checks the arguments of a command on one event.
func oneEvent(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return errors.New("give the id of the event")
	case len(args) > 1:
		return fmt.Errorf("give the id of one event; %d were given", len(args))
	case !eventID.MatchString(args[0]):
		return fmt.Errorf("%.80q is not the id of an event, which is 1 to 64 of A-Z a-z 0-9 _ -, with ~ and a number behind it for a replay", args[0])
	}
	return nil
}

// rials is an amount for people: "1,250,000 rials".
func rials(r kenar.Rials) string { return thousands(r) + " rials" }

func thousands(r kenar.Rials) string { return message.NewPrinter(language.English).Sprint(int64(r)) }
