// Package examples holds sample events, and what becomes of each.
//
// The events are plain files, to be read and published as they are; README.md
// lists them. [Samples] describes them for the demo of the worker and for
// tests, [Grants] the consents that they name, and [Templates] renders the one
// that is in a producer's own format.
package examples

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// Files holds the events by the name of their file, those about listings under
// listings/, and the templates under templates/.
//
//go:embed *.json listings/*.json templates/*.jq
var Files embed.FS

// Templates loads the templates of the samples.
func Templates() (*template.Set, error) {
	dir, err := fs.Sub(Files, "templates")
	if err != nil {
		return nil, fmt.Errorf("load the templates of the samples: %w", err)
	}
	set, err := template.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("load the templates of the samples: %w", err)
	}
	return set, nil
}

// A Grant is a consent that samples name: a user of the simulated Kenar has
// given it, some time before the demo.
type Grant struct {
	ID     string
	User   string
	Scopes []string
	Ago    time.Duration // since the consent; an access token lives for an hour
}

// Grants returns the grants of the samples.
func Grants() []Grant {
	// To submit a post, pay for it, find it when the answer was lost, and have
	// an add-on and a button follow.
	submitting := []string{
		"SUBMIT_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ", "USER_POSTS_GET",
		"USER_POSTS_ADDON_CREATE", "USER_SET_CUSTOMIZED_BUTTON", kenar.ScopeOfflineAccess,
	}
	return []Grant{
		{ID: "reza-posts", User: "user-reza", Scopes: []string{"USER_POSTS_ADDON_CREATE", kenar.ScopeOfflineAccess}, Ago: time.Hour - 5*time.Second},
		{ID: "sara-one-post", User: "user-sara", Scopes: []string{"POST_ADDON_CREATE.gZ206tip", kenar.ScopeOfflineAccess}},
		{ID: "reza-listings", User: "user-reza", Scopes: append(submitting, "USER_BUSINESSES_READ",
			"EDIT_USER_POST", "PAYMENT_ALL_POSTS_REORDER", "PAYMENT_ALL_POSTS_RENEW", "DELETE_USER_POST")},
		{ID: "sara-listings", User: "user-sara", Scopes: submitting},
	}
}

// A Sample is one event and its story.
type Sample struct {
	File  string
	Shows string // what it is an example of

	// Round orders the publishing: the samples of a round are published when
	// those of the round before have ended. Together the first round costs as
	// many calls as FirstRoundCalls says, and uses the demo's quota up. Samples
	// of round 0 are left to the reader.
	Round int

	// Fault is the answer that the simulated Kenar gives to the first call for
	// the sample's target, instead of its own.
	Fault Answer

	Want Outcome

	// Follows names the events that a listing publishes when it has become a
	// post, such as addon: their ids are its own with +addon behind it. They
	// end as accepted.
	Follows []string
}

// Name is the name of the file without its directory and its ending, with which
// the id of the event ends.
func (s Sample) Name() string { return strings.TrimSuffix(path.Base(s.File), ".json") }

// An Answer is one of HTTP. The zero value is none.
type Answer struct {
	Status int
	Body   string
}

// An Outcome is how a sample ends. Fields that are zero are not promised.
type Outcome struct {
	Result     pipeline.Result
	Attempts   int
	HTTPStatus int
	Reason     pipeline.ReasonCode // of a dead letter
	Field      string              // the first one at fault
	By         string              // the id of the event that superseded it
}

// ListingRound is the round of the samples that become posts.
const ListingRound = 3

// FirstRoundCalls is how many calls with the permission ADD_ON_CREATE the
// samples of the first round cost.
const FirstRoundCalls = 10

// Samples returns all samples, in the order of their files.
func Samples() []Sample {
	accepted := Outcome{Result: pipeline.ResultAccepted, HTTPStatus: 200, Attempts: 1}
	published := Outcome{Result: pipeline.ResultAccepted, HTTPStatus: 200} // by several calls
	dead := func(code pipeline.ReasonCode, field string) Outcome {
		return Outcome{Result: pipeline.ResultDead, Reason: code, Field: field}
	}
	return []Sample{
		{File: "01-inspection.json", Round: 1, Want: accepted,
			Shows: "an inspection report of several widgets on a post"},
		{File: "02-v1-migrated.json", Round: 1, Want: accepted,
			Shows: "widgets of version 1, migrated to version 2 on the way"},
		{File: "03-v1-as-is.json", Round: 1, Want: accepted,
			Shows: "widgets of version 1, sent to Kenar's older endpoint as they are"},
		{File: "04-retried.json", Round: 1,
			Shows: "a call that fails once (503) and is retried",
			Fault: Answer{503, "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"},
			Want:  Outcome{Result: pipeline.ResultAccepted, HTTPStatus: 200, Attempts: 2}},
		{File: "05-rejected.json", Round: 1,
			Shows: "a refusal that only Kenar can know: the app was not granted this widget",
			Fault: Answer{400, `{"code":3,"message":"one or more widgets not allowed"}`},
			Want:  Outcome{Result: pipeline.ResultDead, HTTPStatus: 400, Attempts: 1, Reason: pipeline.Rejected}},
		{File: "06-business.json", Round: 1, Want: accepted,
			Shows: "an add-on on all posts of a business"},
		{File: "07-forbidden.json", Round: 1,
			Shows: "a business that the app may not use (403)",
			Want:  Outcome{Result: pipeline.ResultDead, HTTPStatus: 403, Attempts: 1, Reason: pipeline.Forbidden}},
		{File: "08-user.json", Round: 1, Want: accepted,
			Shows: "an add-on on the posts of a user in some categories"},
		{File: "09-invalid-widgets.json", Round: 1,
			Shows: "widgets with several faults, all told at once and without a call",
			Want:  dead(pipeline.InvalidWidgets, "widgets[0].title_row.text")},
		{File: "10-unknown-type.json", Round: 1,
			Shows: "a slip in the type of the event",
			Want:  dead(pipeline.UnknownType, "type")},
		{File: "11-retired-post.json", Round: 1,
			Shows: "a post that its owner has taken down, found out before a call is spent on it",
			Want:  dead(pipeline.PostRetired, "subject")},
		{File: "12-unchanged.json", Round: 2,
			Shows: "what was accepted before, once more",
			Want:  Outcome{Result: pipeline.ResultUnchanged}},
		{File: "13-valuation.json", Round: 2, Want: accepted,
			Shows: "a valuation, which waits for a token"},
		{File: "14-revision-1.json", Round: 2,
			Shows: "a result that is overtaken while it waits",
			Want:  Outcome{Result: pipeline.ResultSuperseded, By: "sample-15-revision-2"}},
		{File: "15-revision-2.json", Round: 2, Want: accepted,
			Shows: "the newer result for the same post: one call for both"},
		{File: "16-urgent.json", Round: 2, Want: accepted,
			Shows: "an urgent event, which leaves before those that waited longer"},
		{File: "17-expired.json", Round: 2,
			Shows: "an event that is not worth sending any more",
			Want:  dead(pipeline.Expired, "expiresat")},
		{File: "18-detach-post.json", Round: 2, Want: accepted,
			Shows: "the removal of the app's add-ons from a post"},
		{File: "19-detach-user.json", Round: 2, Want: accepted,
			Shows: "the removal of a user add-on, whose id the product has kept"},
		{File: "20-your-turn.json", Want: accepted,
			Shows: "one for you: the demo leaves it to you to publish"},
		{File: "21-grant-refreshed.json", Round: 1, Want: accepted,
			Shows: "a call in the name of a user, whose access token is about to end and is refreshed first"},
		{File: "22-grant-scope.json", Round: 1,
			Shows: "a grant for another post: what to ask the user for is told, and no call is made",
			Want:  dead(pipeline.Forbidden, "grantid")},
		{File: "23-grant-unknown.json", Round: 1,
			Shows: "a grant that nobody has put",
			Want:  dead(pipeline.GrantMissing, "grantid")},
		{File: "24-inspection-report.json", Round: 1, Want: accepted,
			Shows: "an inspection as a report, with a picture, of which the worker makes the widgets"},
		{File: "25-valuation-report.json", Round: 1, Want: accepted,
			Shows: "a valuation as a report"},
		{File: "26-own-format.json", Round: 1, Want: accepted,
			Shows: "a format of a producer's own, rendered by a template"},
		{File: "listings/27-listing-submit.json", Want: published, Follows: []string{"addon", "button"},
			Shows: "a car that becomes a post, for the one business of the user"},
		{File: "listings/28-listing-edit.json", Want: accepted,
			Shows: "an edit of some fields of a post"},
		{File: "listings/29-listing-reorder.json", Want: accepted,
			Shows: "a post that goes to the top again, for money"},
		{File: "listings/30-listing-renew.json", Want: accepted,
			Shows: "a post that is renewed, if that costs nothing"},
		{File: "listings/31-listing-button.json", Want: accepted,
			Shows: "the removal of the button of a post"},
		{File: "listings/32-listing-delete.json", Want: accepted,
			Shows: "the removal of a post"},
		{File: "listings/33-apartment.json", Round: ListingRound, Want: published, Follows: []string{"addon", "button"},
			Shows: "a flat to let that becomes a post: submitted, paid, then with an add-on and a button"},
		{File: "listings/34-too-dear.json", Round: ListingRound,
			Shows: "a listing whose publication costs more than it may: submitted, and not paid",
			Want:  dead(pipeline.PaymentFailed, "data.max_cost_rials")},
	}
}

// Read returns the event of the sample, as it is in its file.
func (s Sample) Read() ([]byte, error) {
	b, err := Files.ReadFile(s.File)
	if err != nil {
		return nil, fmt.Errorf("read sample: %w", err)
	}
	return b, nil
}

// Differs says in what an outcome is not as promised, or is empty.
func (o Outcome) Differs(got pipeline.OutcomeData) string {
	var reason pipeline.Reason
	if got.Reason != nil {
		reason = *got.Reason
	}
	for _, f := range []struct {
		name      string
		want, got any
		promised  bool
	}{
		{"result", o.Result, got.Result, true},
		{"reason", o.Reason, reason.Code, o.Reason != ""},
		{"field", o.Field, reason.Field, o.Field != ""},
		{"status", o.HTTPStatus, got.HTTPStatus, o.HTTPStatus != 0},
		{"attempts", o.Attempts, got.Attempts, o.Attempts != 0},
		{"superseded by", o.By, got.SupersededBy, o.By != ""},
	} {
		if f.promised && f.want != f.got {
			return fmt.Sprintf("%s is %v, promised was %v", f.name, f.got, f.want)
		}
	}
	return ""
}
