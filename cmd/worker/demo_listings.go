package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// What the demo's app has, and what posts cost, in rials.
const (
	demoFunds     = 5_000_000
	demoFlatPrice = 1_200_000
)

// openMarket gives the app money, and the posts of the samples about listings
// a price. One of them is there already, and will expire soon.
func openMarket(server *kenartest.Server) {
	server.SetBalance("", demoFunds)
	server.SetPrice("apartment-rent", "tehran", kenartest.Price{Submit: demoFlatPrice, Reorder: 400_000, Renew: 600_000})
	server.SetPrice("light", "tehran", kenartest.Price{Submit: 800_000, Reorder: 350_000})
	now := time.Now()
	server.AddPost(kenartest.Post{
		Token: "gZ206lst", Title: "پژو ۲۰۶ تیپ ۲", City: "tehran", Category: "light", Owner: "user-reza", Business: "namayeshgah-omid",
		PublishedAt: now.AddDate(0, 0, -27), ExpiresAt: now.AddDate(0, 0, 3),
	})
}

// listings is the round of the samples that become posts. It ends with what was
// done for the first of them, and what the app has left.
func (s *story) listings(ctx context.Context) error {
	s.print("\n%s\n\n", s.colors.Bold(fmt.Sprintf("A listing: the app has %s, and a flat to let in Tehran costs %s to publish.",
		rials(s.kenar.Books("").Balance), rials(demoFlatPrice))))
	if err := s.play(ctx, examples.ListingRound); err != nil {
		return err
	}
	s.print("\n")
	for _, sample := range examples.Samples() {
		if sample.Round != examples.ListingRound || len(sample.Follows) == 0 {
			continue
		}
		status, err := s.client.Listing(ctx, "sample-"+sample.Name())
		if err != nil {
			return err
		}
		s.print("The steps of %s: %s.\n", sample.Name(), strings.Join(stepsOf(status), " → "))
	}
	b := s.kenar.Books("")
	s.print("The app had %s, spent %s in %s, and has %s left.\n", rials(b.Deposited), rials(b.Completed),
		cli.Count(len(b.Transactions), "transaction", "transactions"), rials(b.Balance))
	return nil
}

// stepsOf are the steps of a listing in a few words each.
func stepsOf(status pipeline.ListingStatus) []string {
	var all []string
	for _, step := range status.Steps {
		text := step.Name
		switch {
		case step.CostRials != 0:
			text += " " + rials(int64(step.CostRials))
		case step.HTTPStatus != 0:
			text += fmt.Sprintf(" (HTTP %d)", step.HTTPStatus)
		case step.Note != "":
			text += " " + step.Note
		}
		all = append(all, text)
	}
	return all
}

// ofListing reports whether the work of a lane makes or manages posts.
func ofListing(l pipeline.Lane) bool {
	switch l {
	case pipeline.PostCreate, pipeline.BusinessCreate, pipeline.UserCreate, pipeline.PostDelete, pipeline.UserDelete:
		return false
	}
	return true
}

// listingDetails are what a visitor sees of the post that an event has made or
// changed, and what was paid for it.
func (s *story) listingDetails(c *chapter) (lines []string) {
	dot, d := s.colors.Cyan("◦ "), c.final
	token := d.PostToken
	if kind, key, _ := strings.Cut(c.target, "/"); kind == string(pipeline.KindPost) {
		token = key
	}
	switch post, there := s.kenar.Listing(token); {
	case d.Lane == pipeline.PostButton:
		line := "no button there any more"
		if b, there := s.kenar.Button(c.target); there {
			line = fmt.Sprintf("button %s: %s", b.Type, b.Action)
		}
		lines = append(lines, dot+line)
	case there:
		lines = append(lines, dot+fmt.Sprintf("post %s, %s, %s: %s", token,
			strings.ToLower(strings.TrimPrefix(string(post.State), "POST_STATE_")), cli.Count(len(post.Images), "picture", "pictures"), post.Title))
	}
	if d.CostRials != nil {
		lines = append(lines, s.colors.Green("✓ ")+fmt.Sprintf("paid %s by transaction %s", rials(int64(*d.CostRials)), d.Transaction))
	}
	return lines
}

// unbalanced tells what is wrong with the app's money: what an outcome says was
// paid must be in Kenar's books, and no post may be paid for twice.
func (s *story) unbalanced() (all []string) {
	b := s.kenar.Books("")
	if err := b.Check(); err != nil {
		all = append(all, err.Error())
	}
	paid, bought := make(map[string]int64), make(map[string]bool)
	for _, t := range b.Transactions {
		if t.State != kenartest.TransactionCompleted {
			continue
		}
		paid[t.ID] = t.CostRials
		if what := string(t.Type) + " of post " + t.Post; bought[what] {
			all = append(all, what+" was paid twice")
		} else {
			bought[what] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range s.chapters {
		if c.final == nil || c.final.CostRials == nil || c.final.At.Before(s.started) { // of an earlier run on the same data
			continue
		}
		if told := int64(*c.final.CostRials); told != paid[c.final.Transaction] {
			all = append(all, fmt.Sprintf("%s tells of %s, Kenar's books of %s", id, rials(told), rials(paid[c.final.Transaction])))
		}
	}
	slices.Sort(all)
	return all
}

// rials is an amount for people: "1,250,000 rials".
func rials(n int64) string { return message.NewPrinter(language.English).Sprintf("%d rials", n) }
