package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/listing"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// Types of events that make and manage posts. Package listing reads their
// data.
const (
	TypeSubmit  = "kenar.listing.submit.v1"
	TypeEdit    = "kenar.listing.edit.v1"
	TypeReorder = "kenar.listing.reorder.v1"
	TypeRenew   = "kenar.listing.renew.v1"
	TypeButton  = "kenar.listing.button.v1"
	TypeDelete  = "kenar.listing.delete.v1"
)

// ListingWork is what the steps of a listing need besides the body: the body
// of a submission is a listing.Submission, that of an edit a listing.Edit, in
// which images may be given by their source.
type ListingWork struct {
	Publish      bool            `json:"publish,omitempty"`
	MaxCost      kenar.Rials     `json:"max_cost_rials,omitempty"`
	ExtraDetails string          `json:"extra_details,omitempty"`
	AddOn        json.RawMessage `json:"addon,omitempty"`  // data of an attach event, once the post is published
	Button       json.RawMessage `json:"button,omitempty"` // data of a button event, likewise
}

// size is that of the data of what follows; 0 for nil.
func (l *ListingWork) size() int {
	if l == nil {
		return 0
	}
	return len(l.AddOn) + len(l.Button)
}

// isListing reports whether events of a type make or manage posts.
func isListing(typ string) bool {
	switch typ {
	case TypeSubmit, TypeEdit, TypeReorder, TypeRenew, TypeButton, TypeDelete:
		return true
	}
	return false
}

// listing fills in the operation and the body of work that makes or manages a
// post.
func (b Builder) listing(w *Work, typ string, data json.RawMessage) ([]widgets.Warning, error) {
	if err := listingTarget(w.Target, typ); err != nil {
		return nil, err
	}
	switch typ {
	case TypeSubmit:
		return b.submission(w, data)
	case TypeEdit:
		edit, err := listing.DecodeEdit(data)
		if err != nil {
			return nil, asReason(InvalidEvent, err)
		}
		w.Lane, w.Op = ListingEdit, EditPost
		return nil, b.media(w, edit, edit.Sources())
	case TypeReorder, TypeRenew:
		pay, err := listing.DecodePayment(data)
		if err != nil {
			return nil, asReason(InvalidEvent, err)
		}
		w.Lane, w.Op = ListingReorder, ReorderPost
		if typ == TypeRenew {
			w.Lane, w.Op = ListingRenew, RenewPost
		}
		w.Listing = &ListingWork{MaxCost: pay.MaxCost, ExtraDetails: pay.ExtraDetails}
		return nil, nil
	case TypeButton:
		return nil, button(w, data)
	default:
		w.Lane, w.Op = ListingDelete, RemovePost
		if err := listing.DecodeDelete(data); err != nil {
			return nil, asReason(InvalidEvent, err)
		}
		return nil, nil
	}
}

// listingTarget refuses an event about something else than its type is for.
func listingTarget(t Target, typ string) error {
	want := []Kind{KindPost}
	switch typ {
	case TypeSubmit:
		want = []Kind{KindListing}
	case TypeButton:
		want = []Kind{KindPost, KindBusiness}
	}
	for _, k := range want {
		if t.Kind == k {
			return nil
		}
	}
	names := make([]string, len(want))
	for i, k := range want {
		names[i] = string(k) + "/…"
	}
	return &Reason{Code: InvalidEvent, Field: "subject",
		Message: fmt.Sprintf("an event of type %s is about %s, not about %s", typ, strings.Join(names, " or "), t)}
}

// submission makes the work of the first step of a listing.
func (b Builder) submission(w *Work, data json.RawMessage) ([]widgets.Warning, error) {
	s, err := listing.DecodeSubmission(data)
	if err != nil {
		return nil, asReason(InvalidEvent, err)
	}
	w.Lane, w.Op = ListingSubmit, SubmitPost
	if s.Model == listing.User {
		w.Lane, w.Op = UserListingSubmit, SubmitUserPost
	}
	w.Listing = &ListingWork{Publish: s.Publish, MaxCost: s.MaxCost, ExtraDetails: s.ExtraDetails, AddOn: withoutEscapes(s.AddOn), Button: withoutEscapes(s.Button)}
	s.AddOn, s.Button = nil, nil
	warnings, err := b.checkFollowUps(w.Listing, data)
	if err != nil {
		return warnings, err
	}
	return warnings, b.media(w, s, s.Sources())
}

// checkFollowUps refuses now what would be refused of an add-on and a button
// after the money is spent.
func (b Builder) checkFollowUps(l *ListingWork, data json.RawMessage) (warnings []widgets.Warning, err error) {
	ids, err := kenar.FindIdentifiers(data)
	if err != nil {
		return nil, &Reason{Code: InvalidEvent, Message: err.Error()}
	}
	under := func(at, path string) string { return "data." + at + "." + strings.TrimPrefix(path, "data.") }
	post := Work{Target: Target{Kind: KindPost, Key: "any"}}
	if l.AddOn != nil {
		w := post
		a, found, err := b.addOn(KindPost, TypeAttach, l.AddOn)
		for _, f := range found {
			warnings = append(warnings, widgets.Warning{Path: under("addon", f.Path), Message: f.Message})
		}
		if err == nil {
			err = a.request(&w)
		}
		if err == nil {
			err = showsIdentifier(w.Body, ids)
		}
		if err != nil {
			r := *asReason(InvalidWidgets, err)
			r.Field = under("addon", r.Field)
			return warnings, &r
		}
	}
	if l.Button != nil {
		w := post
		err := button(&w, l.Button)
		if err == nil {
			err = showsIdentifier(w.Body, ids)
		}
		if err != nil {
			r := *asReason(InvalidEvent, err)
			r.Code, r.Field = InvalidEvent, under("button", r.Field)
			return warnings, &r
		}
	}
	return warnings, nil
}

// withoutEscapes is a document in which <, > and & stand for themselves, where
// package listing has six bytes for each: it must fit into an event.
func withoutEscapes(doc json.RawMessage) json.RawMessage {
	if len(doc) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return doc
	}
	plain, err := encode(v)
	if err != nil {
		return doc
	}
	return plain
}

// media keeps what names images and videos as the body, after a look at where
// they are.
func (b Builder) media(w *Work, body any, sources []listing.Source) error {
	var err error
	if w.Body, err = encode(body); err != nil {
		return err
	}
	w.Images = len(sources) > 0
	if b.Images == nil {
		return nil
	}
	var faults widgets.Faults
	for _, s := range sources {
		check := b.Images.Check
		if s.Video {
			check = b.Images.CheckVideo
		}
		if err := check(s.Source); err != nil {
			faults.Add(s.Path, "%s", err)
		}
	}
	if err := faults.Err(); err != nil {
		return asReason(InvalidEvent, err)
	}
	return nil
}

// button makes the work of a button event.
func button(w *Work, data json.RawMessage) error {
	d, err := listing.DecodeButton(data)
	if err != nil {
		return asReason(InvalidEvent, err)
	}
	w.Lane, w.Op = PostButton, SetButton
	if w.Target.Kind == KindBusiness {
		w.Lane = BusinessButton
	}
	if d.Remove {
		w.Op = RemoveButton
		return nil
	}
	b := d.Button
	if w.Target.Kind == KindPost {
		b = b.ForPost(w.Target.Key)
	}
	w.Body, err = b.Body()
	return err
}

// readSubmission and readEdit are what media kept.
func readSubmission(w *Work) (listing.Submission, error) {
	var s listing.Submission
	if err := json.Unmarshal(w.Body, &s); err != nil {
		return s, fmt.Errorf("read the submission of %s: %w", w.ID, err)
	}
	return s, nil
}

func readEdit(w *Work) (listing.Edit, error) {
	var e listing.Edit
	if err := json.Unmarshal(w.Body, &e); err != nil {
		return e, fmt.Errorf("read the edit of %s: %w", w.ID, err)
	}
	return e, nil
}

// errNoListing: nothing is known of a listing where something should be.
var errNoListing = errors.New("the ledger knows nothing of this listing")
