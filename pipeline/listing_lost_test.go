package pipeline

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A lostCase is an event whose calls lose their answers one after the other.
type lostCase struct {
	name  string
	ops   []kenartest.Op // every call that the event makes; the last is the one that counts
	event func(id, post string, image byte) map[string]any
	after func(id, post string) map[string]any // nil, or the event that it undoes
	done  func(*market, string, string) bool   // what must be seen at Kenar in the end, given event and post
}

var lostCases = []lostCase{
	{
		name: "submit as provider",
		ops: []kenartest.Op{kenartest.GetUserPosts, kenartest.GetUploadURLs, kenartest.UploadPostImage,
			kenartest.GetPricing, kenartest.GetBalance, kenartest.PublishPost, kenartest.SubmitPost},
		event: func(id, _ string, image byte) map[string]any {
			return submit(id, id, pictured(titled(id, map[string]any{"model": "provider", "landline_numbers": []string{"02188888888"}}), image))
		},
		done: func(m *market, id, _ string) bool {
			return slices.ContainsFunc(m.kenar.Submitted(), func(p kenartest.Listing) bool {
				return p.Title == titleOf(id) && p.Provider && p.State == kenartest.PostPublished && len(p.Images) == 1
			})
		},
	},
	{
		name: "reorder",
		ops:  []kenartest.Op{kenartest.GetPricing, kenartest.GetBalance, kenartest.ReorderPost},
		event: func(id, post string, _ byte) map[string]any {
			return manage(id, TypeReorder, "post/"+post, pays(200_000))
		},
		done: func(m *market, _, post string) bool {
			l, _ := m.kenar.Listing(post)
			return !l.ReorderedAt.IsZero()
		},
	},
	{
		name: "renew",
		ops:  []kenartest.Op{kenartest.GetPricing, kenartest.GetBalance, kenartest.RenewPost},
		event: func(id, post string, _ byte) map[string]any {
			return manage(id, TypeRenew, "post/"+post, pays(300_000))
		},
		done: func(m *market, _, post string) bool {
			l, _ := m.kenar.Listing(post)
			return l.ExpiresAt.Sub(l.PublishedAt).Hours() > 24*7
		},
	},
	{
		name: "edit",
		ops:  []kenartest.Op{kenartest.GetUploadURLs, kenartest.UploadPostImage, kenartest.EditPost},
		event: func(id, post string, image byte) map[string]any {
			return manage(id, TypeEdit, "post/"+post, map[string]any{"general_data": map[string]any{
				"title": titleOf(id), "images": []string{tinyJPEG(image)}}})
		},
		done: func(m *market, id, post string) bool {
			l, _ := m.kenar.Listing(post)
			return l.Title == titleOf(id) && len(l.Images) == 1
		},
	},
	{
		name: "delete",
		ops:  []kenartest.Op{kenartest.DeletePost},
		event: func(id, post string, _ byte) map[string]any {
			return manage(id, TypeDelete, "post/"+post, map[string]any{})
		},
		done: func(m *market, _, post string) bool {
			l, _ := m.kenar.Listing(post)
			return l.State == kenartest.PostDeleted
		},
	},
	{
		name: "button of a post",
		ops:  []kenartest.Op{kenartest.SetPostButton},
		event: func(id, post string, _ byte) map[string]any {
			return manage(id, TypeButton, "post/"+post, linkTo("https://shop.example/{post_token}"))
		},
		done: func(m *market, _, post string) bool {
			b, _ := m.kenar.Button("post/" + post)
			return string(b.Action) == `{"open_direct_link":"https://shop.example/`+post+`"}`
		},
	},
	{
		name: "no button of a post",
		ops:  []kenartest.Op{kenartest.DeletePostButton},
		after: func(id, post string) map[string]any {
			return manage(id, TypeButton, "post/"+post, linkTo("https://shop.example/{post_token}"))
		},
		event: func(id, post string, _ byte) map[string]any {
			return manage(id, TypeButton, "post/"+post, map[string]any{"remove": true})
		},
		done: func(m *market, _, post string) bool {
			_, ok := m.kenar.Button("post/" + post)
			return !ok
		},
	},
	{
		name: "button of a business",
		ops:  []kenartest.Op{kenartest.SetBusinessButton},
		event: func(id, _ string, _ byte) map[string]any {
			return manage(id, TypeButton, "business/amlak", linkTo("https://shop.example/"+id))
		},
		done: func(m *market, id, _ string) bool {
			b, _ := m.kenar.Button("business/amlak")
			return string(b.Action) == `{"open_direct_link":"https://shop.example/`+id+`"}`
		},
	},
	{
		name: "no button of a business",
		ops:  []kenartest.Op{kenartest.DeleteBusinessButton},
		after: func(id, _ string) map[string]any {
			return manage(id, TypeButton, "business/amlak", linkTo("https://shop.example/"+id))
		},
		event: func(id, _ string, _ byte) map[string]any {
			return event(id, TypeButton, "business/amlak", map[string]any{"remove": true})
		},
		done: func(m *market, _, _ string) bool {
			_, ok := m.kenar.Button("business/amlak")
			return !ok
		},
	},
}

// Whatever call loses its answer, and whether it was carried out or not: the
// event has its effect once, and is accepted.
func TestManagingLostAnswers(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.run(nil)
	var ids []string
	for _, tt := range lostCases {
		t.Run(tt.name, func(t *testing.T) {
			m.t = t
			for i, op := range tt.ops {
				faults := []kenartest.Fault{{LoseAnswer: true}}
				if i == len(tt.ops)-1 {
					faults = append(faults, kenartest.Fault{CloseEarly: true}, kenartest.Fault{Status: 503})
				}
				for _, f := range faults {
					n := len(ids)
					id, post := fmt.Sprintf("e%d", n), fmt.Sprintf("gPost%d", n)
					ids = append(ids, id)
					m.shown(post)
					if tt.after != nil {
						m.publish(tt.after(id+"a", post))
						m.final(id + "a")
					}
					f.Op = op
					m.kenar.Script(f)
					m.publish(tt.event(id, post, byte(n)))
					if got := m.final(id); got.Result != ResultAccepted {
						t.Fatalf("%s of %s: ended %+v (%v)", faultName(f), op, got, got.Reason)
					}
					if len(m.kenar.PendingFaults()) > 0 {
						t.Fatalf("%s was never called", op)
					}
					if !tt.done(m, id, post) {
						t.Errorf("%s of %s: the effect is not to be seen", faultName(f), op)
					}
				}
			}
		})
	}
	m.t = t
	m.settled(ids...)
	kinds := make(map[string]int)
	for _, tx := range m.kenar.Books("").Transactions {
		if kinds[string(tx.Type)+tx.Post]++; kinds[string(tx.Type)+tx.Post] > 1 {
			t.Errorf("%s of post %s was paid for twice", tx.Type, tx.Post)
		}
	}
}
