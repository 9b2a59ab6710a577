package kenar_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/widgets"
)

// market is a simulated Kenar in which sara has a business and the app has ten
// million rials.
type market struct {
	server *kenartest.Server
	client *kenar.Client
	access string       // sara's
	later  atomic.Int64 // nanoseconds by which the server's clock is ahead
}

func newMarket(t *testing.T) *market {
	t.Helper()
	m := new(market)
	start := time.Date(2026, 3, 21, 8, 0, 0, 0, time.UTC)
	server, err := kenartest.Start(kenartest.Config{Now: func() time.Time { return start.Add(time.Duration(m.later.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddBusiness(kenartest.Business{Token: "amlak", Owner: "sara", Type: "REAL_ESTATE_BUSINESS", Name: "املاک امید"})
	server.SetBalance("", 10_000_000)
	m.server = server
	m.access = server.Grant("sara", "SUBMIT_USER_POST", "PAYMENT_ALL_POSTS_PRICING_READ", "PAYMENT_ALL_POSTS_RENEW", "PAYMENT_ALL_POSTS_REORDER",
		"EDIT_USER_POST", "DELETE_USER_POST", "USER_SET_CUSTOMIZED_BUTTON", "BUSINESS_CREATE_CUSTOMIZED_BUTTON.amlak", "USER_POSTS_GET").Access
	m.client, err = kenar.New(kenar.Config{BaseURL: server.URL(), APIKey: func() string { return "any-key" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.client.CloseIdleConnections)
	return m
}

// flat is a submission that follows the simulator's schema of flats for rent.
func flat() kenar.UserPostSubmission {
	return kenar.UserPostSubmission{
		BusinessToken: "amlak",
		GeneralData: kenar.GeneralData{
			CategorySlug: "apartment-rent", Title: "آپارتمان ۸۰ متری در گیشا", Description: "نورگیر و نوساز", City: "tehran", District: "gisha",
			Latitude: new(35.73), Longitude: new(51.37), LocationType: kenar.LocationApproximate, HidePhone: new(false), ChatEnabled: new(true),
		},
		CategoryFields: json.RawMessage(`{"size": 80, "rooms": "دو", "credit": 500000000, "rent": 12000000}`),
	}
}

func bodyOf(t *testing.T, b interface{ Body() ([]byte, error) }) []byte {
	t.Helper()
	body, err := b.Body()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestSimulatedPost takes a post from its submission to its deletion.
func TestSimulatedPost(t *testing.T) {
	m, ctx := newMarket(t), t.Context()
	c := m.client
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}

	ok, err := c.CanSubmitUserPost(ctx, m.access)
	check("can submit", err)
	if !ok {
		t.Error("sara may not submit")
	}
	schema, err := c.SubmitSchema(ctx, "apartment-rent")
	check("schema", err)
	if !strings.Contains(string(schema), `"rooms"`) {
		t.Errorf("the schema is %s, want one with rooms", schema)
	}

	post := flat()
	var photo bytes.Buffer
	check("encode", jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30)), nil))
	for range 2 { // before and after the addresses change
		urls, err := c.PostUploadURLs(ctx)
		check("upload URLs", err)
		uploaded, err := c.UploadPostImage(ctx, urls.Image, photo.Bytes())
		check("image", err)
		video, err := c.UploadPostVideo(ctx, urls.Video, []byte("\x00\x00\x00\x18ftypmp42 pixels"))
		check("video", err)
		post.GeneralData.Images = append(post.GeneralData.Images, uploaded.Path)
		post.GeneralData.Video = &kenar.PostVideo{Name: video.Name, ThumbnailName: video.ThumbnailName, Duration: 34}
		m.server.RotateUploads()
	}
	token, err := c.SubmitUserPost(ctx, m.access, bodyOf(t, post))
	check("submit", err)
	got, err := c.UserPost(ctx, token, m.access)
	check("user post", err)
	if got.State != kenar.PostWaitingForPayment || got.GeneralData.Title != post.GeneralData.Title || len(got.GeneralData.Images) != 2 ||
		got.GeneralData.Video == nil || got.GeneralData.Video.Duration != 34 || !strings.Contains(string(got.CategoryData), "12000000") {
		t.Errorf("after its submission the post is %+v", got)
	}

	prices, err := c.PostPricing(ctx, token, m.access)
	check("pricing", err)
	if want := (kenar.Price{Available: true, CostRials: 500_000}); prices.Submit != want || prices.Renew.Available || prices.Reorder.Available {
		t.Errorf("prices %+v, want publishing alone for %+v", prices, want)
	}
	const first, second = "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440001"
	if _, err := c.Transaction(ctx, first); !kenar.TransactionUnknown(err) {
		t.Errorf("before the payment: %v, want an unknown transaction", err)
	}
	published, err := c.PublishPost(ctx, token, m.access, kenar.Payment{ID: first, ExtraDetails: "flat 7"})
	check("publish", err)
	if published.State != kenar.TransactionCompleted || published.Type != kenar.TransactionSubmit || published.CostRials != 500_000 ||
		published.ExtraDetails != "flat 7" || published.CreatedAt.IsZero() {
		t.Errorf("published with %+v", published)
	}
	if _, err := c.PublishPost(ctx, token, m.access, kenar.Payment{ID: first}); err == nil || !strings.Contains(err.Error(), "look up the transaction "+first) {
		t.Errorf("paid twice with one id: %v", err)
	}
	if found, err := c.Transaction(ctx, first); err != nil || found != published {
		t.Errorf("looked up %+v, %v; want %+v", found, err, published)
	}
	balance, err := c.Balance(ctx)
	check("balance", err)
	if balance != 9_500_000 {
		t.Errorf("the balance is %d, want 9500000", balance)
	}

	m.later.Add(int64(25 * time.Hour))
	m.access = m.server.Grant("sara", "PAYMENT_ALL_POSTS_REORDER", "PAYMENT_ALL_POSTS_RENEW", "EDIT_USER_POST", "DELETE_USER_POST",
		"USER_SET_CUSTOMIZED_BUTTON", "BUSINESS_CREATE_CUSTOMIZED_BUTTON.amlak", "USER_POSTS_GET").Access // the other lived an hour
	reordered, err := c.ReorderPost(ctx, token, m.access, kenar.Payment{ID: second})
	check("reorder", err)
	if reordered != (kenar.Reorder{ID: second, CostRials: 400_000}) {
		t.Errorf("reordered with %+v", reordered)
	}
	_, err = c.RenewPost(ctx, token, m.access, kenar.Payment{ID: "550e8400-e29b-41d4-a716-446655440002"})
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status/100 != 4 {
		t.Errorf("renewed long before its end: %v, want a refusal", err)
	}
	var listed []string
	for page := (kenar.Page{Size: 1}); ; {
		p, err := c.Transactions(ctx, page)
		check("transactions", err)
		if len(p.Transactions) == 0 {
			break
		}
		listed = append(listed, p.Transactions[0].ID)
		if page.Token = p.NextPageToken; page.Token == "" {
			break
		}
	}
	if strings.Join(listed, " ") != second+" "+first {
		t.Errorf("transactions %q, want the later one first", listed)
	}

	_, err = c.EditPost(ctx, token, m.access, bodyOf(t, kenar.PostEdit{
		GeneralData: kenar.GeneralDataEdit{
			Title: kenar.ChangeTo("آپارتمان در گیشا"), District: kenar.Clear[string](), HidePhone: kenar.ChangeTo(true), Video: kenar.Clear[kenar.PostVideo](),
		},
		CategoryData: map[string]json.RawMessage{"rent": json.RawMessage("11000000"), "floor": json.RawMessage("null")},
	}))
	check("edit", err)
	got, err = c.UserPost(ctx, token, m.access)
	check("user post", err)
	if got.State != kenar.PostPublished || got.GeneralData.Title != "آپارتمان در گیشا" || got.GeneralData.District != "" || got.GeneralData.Video != nil ||
		got.GeneralData.HidePhone == nil || !*got.GeneralData.HidePhone || got.GeneralData.Description != post.GeneralData.Description ||
		!strings.Contains(string(got.CategoryData), "11000000") {
		t.Errorf("after its edit the post is %+v", got)
	}

	button := kenar.Button{Type: kenar.ButtonOnlineCall, Action: widgets.OpenDirectLink("https://example.com/{post_token}")}
	_, err = c.SetPostButton(ctx, token, m.access, bodyOf(t, button.ForPost(token)))
	check("set post button", err)
	_, err = c.SetBusinessButton(ctx, "amlak", m.access, bodyOf(t, button))
	check("set business button", err)
	_, err = c.DeletePostButton(ctx, token, m.access)
	check("delete post button", err)
	_, err = c.DeleteBusinessButton(ctx, "amlak")
	check("delete business button", err)

	posts, err := c.UserPosts(ctx, m.access)
	check("user posts", err)
	if len(posts) != 1 || posts[0].Token != token || !posts[0].PhoneHidden || posts[0].Category != "apartment-rent" {
		t.Errorf("sara's posts are %+v", posts)
	}
	_, err = c.DeletePost(ctx, token, m.access)
	check("delete", err)
	if l, ok := m.server.Listing(token); !ok || l.State != kenartest.PostDeleted {
		t.Errorf("after its deletion the post is %s, %v", l.State, ok)
	}

	if err := m.server.Books("").Check(); err != nil {
		t.Error(err)
	}
	for _, call := range m.server.Calls() {
		if call.Op == "" {
			t.Errorf("%s %s is no operation of Kenar", call.Method, call.Path)
		}
	}
}

// TestSimulatedRefusals: what a client cannot know beforehand.
func TestSimulatedRefusals(t *testing.T) {
	m, ctx := newMarket(t), t.Context()
	provider := kenar.PostSubmission{
		BusinessToken: "amlak", GeneralData: flat().GeneralData, CategoryFields: flat().CategoryFields, LandlineNumbers: []string{"02188888888"},
	}
	if _, err := m.client.SubmitPost(ctx, m.access, bodyOf(t, provider)); err != nil {
		t.Errorf("submission of a provider: %v", err)
	}
	others := flat()
	others.BusinessToken = "others"
	_, err := m.client.SubmitUserPost(ctx, m.access, bodyOf(t, others))
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status/100 != 4 || strings.Contains(err.Error(), "may have been submitted") {
		t.Errorf("submission for another's business: %v, want a refusal", err)
	}
	m.server.BarUser("sara", true)
	if ok, err := m.client.CanSubmitUserPost(ctx, m.access); ok || err != nil {
		t.Errorf("a barred user: %v, %v; want false", ok, err)
	}
	_, err = m.client.UserPost(ctx, "nowhere1", m.access)
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.Status != http.StatusNotFound {
		t.Errorf("a post that does not exist: %v, want 404", err)
	}
}

// TestSimulatedLostAnswers: the call was carried out, nobody said so, and it
// can be told from what follows.
func TestSimulatedLostAnswers(t *testing.T) {
	m, ctx := newMarket(t), t.Context()
	m.server.Script(kenartest.Fault{Op: kenartest.SubmitUserPost, LoseAnswer: true})
	_, err := m.client.SubmitUserPost(ctx, m.access, bodyOf(t, flat()))
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.NeverSent || e.Status != 0 || !strings.Contains(err.Error(), "it may have been submitted") {
		t.Fatalf("a submission whose answer is lost: %v", err)
	}
	posts, err := m.client.UserPosts(ctx, m.access)
	if err != nil || len(posts) != 1 || posts[0].Title != flat().GeneralData.Title {
		t.Fatalf("the user's posts are %+v, %v; want the submitted one", posts, err)
	}

	const id = "550e8400-e29b-41d4-a716-446655440000"
	m.server.ScriptPayments(kenartest.Outcome{State: kenartest.TransactionPending})
	m.server.Script(kenartest.Fault{Op: kenartest.PublishPost, LoseAnswer: true})
	_, err = m.client.PublishPost(ctx, posts[0].Token, m.access, kenar.Payment{ID: id})
	if e, ok := errors.AsType[*kenar.Error](err); !ok || e.NeverSent || e.Status != 0 || !strings.Contains(err.Error(), "look up the transaction "+id) {
		t.Fatalf("a payment whose answer is lost: %v", err)
	}
	for _, state := range []kenar.TransactionState{kenar.TransactionPending, kenar.TransactionCompleted, kenar.TransactionRefunded} {
		if state != kenar.TransactionPending {
			if err := m.server.ResolveTransaction(id, kenartest.TransactionState(state)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := m.client.Transaction(ctx, id); err != nil || got.State != state || got.CostRials != 500_000 {
			t.Errorf("looked up %+v, %v; want %s", got, err, state)
		}
	}
	if got := len(m.server.CallsFor("post/" + posts[0].Token)); got != 1 {
		t.Errorf("%d calls were made about the post, want the payment alone", got)
	}
}
