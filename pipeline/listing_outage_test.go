package pipeline

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// Kenar goes down at any step of some listings, and takes the answer to the
// call that it carries out at that moment with it. No event dies, however long
// it lasts, and afterwards each listing is submitted and paid for once.
func TestListingOutage(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.run(func(s *settings) { s.cfg.MaxAttempts = 2 })
	const crowd = 4
	var ids []string
	for i, op := range []kenartest.Op{kenartest.UploadPostImage, kenartest.SubmitUserPost, kenartest.GetPricing, kenartest.PublishPost} {
		t.Run(string(op), func(t *testing.T) {
			m.t = t
			var once sync.Once
			m.kenar.SetFaultFunc(func(c kenartest.Call) (f kenartest.Fault, ok bool) {
				if c.Op == op {
					once.Do(func() {
						m.kenar.SetDown(true)
						f, ok = kenartest.Fault{LoseAnswer: true}, true
					})
				}
				return f, ok
			})
			var all []string
			for n := range crowd {
				id := fmt.Sprintf("e%d-%d", i, n)
				all = append(all, id)
				m.publish(submit(id, id, pictured(titled(id), byte(crowd*i+n))))
			}
			down := 0
			m.eventually("more calls failed than there are attempts", func() bool {
				down = 0
				for _, c := range m.kenar.Calls() {
					if c.Verdict == kenartest.Down {
						down++
					}
				}
				return down >= (i+1)*(2*crowd+2)
			})
			if dead := m.dead(); len(dead) != 0 {
				t.Errorf("events died of the outage: %v", dead)
			}
			m.kenar.SetDown(false)
			m.allAccepted(m.settled(all...), all...)
			ids = append(ids, all...)
		})
	}
	m.t = t
	if n := len(m.kenar.Submitted()); n != len(ids) {
		t.Errorf("%d posts, want %d", n, len(ids))
	}
}
