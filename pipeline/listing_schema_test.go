package pipeline

import (
	"encoding/json"
	"testing"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// A schema may change after it was read. Then Kenar rejects what was found
// good: the schema is read anew, and says what is missing, or that it was not
// the reason.
func TestListingSchemaChanges(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.kenar.SetBalance("", 100*flatPrice)
	m.run(nil)
	const (
		known    = `"size":{"title":"متراژ","type":"integer"},"rooms":{"title":"اتاق","type":"string"},"credit":{"title":"ودیعه","type":"integer"},"rent":{"title":"اجاره","type":"integer"}`
		looser   = `{"properties":{` + known + `},"required":["size"]}`
		stricter = `{"properties":{` + known + `,"parking":{"title":"پارکینگ","type":"boolean"}},"required":["size","parking"]}`
	)
	m.publish(submit("first", "first", titled("first"))) // the schema is known from then on
	m.allAccepted(m.settled("first"), "first")

	calls := func(change func()) (submissions, reads int) {
		t.Helper()
		submissions, reads = m.count(kenartest.SubmitUserPost), m.count(kenartest.GetSubmitSchema)
		change()
		return m.count(kenartest.SubmitUserPost) - submissions, m.count(kenartest.GetSubmitSchema) - reads
	}
	refused := kenartest.Fault{Op: kenartest.SubmitUserPost, Status: 400, Body: `{"code":3,"message":"size: no"}`}

	submissions, reads := calls(func() {
		m.kenar.Script(refused)
		m.publish(submit("same", "same", titled("same")))
		m.wantDead("same", Rejected, "size: no")
	})
	if submissions != 1 || reads != 1 {
		t.Errorf("a schema that is the same: %d submissions, read %d times", submissions, reads)
	}

	submissions, reads = calls(func() {
		m.kenar.SetSubmitSchema("apartment-rent", json.RawMessage(looser))
		m.kenar.Script(refused)
		m.publish(submit("again", "again", titled("again")))
		m.allAccepted(m.settled("again"), "again")
	})
	if submissions != 2 || reads != 1 {
		t.Errorf("a schema that the fields satisfy: %d submissions, read %d times", submissions, reads)
	}

	submissions, reads = calls(func() {
		m.kenar.SetSubmitSchema("apartment-rent", json.RawMessage(stricter))
		m.publish(submit("stale", "stale", titled("stale")))
		got := m.wantDead("stale", InvalidEvent, "Kenar has changed the schema of category apartment-rent", "پارکینگ")
		if got.Reason.Field != "data.category_fields.parking" {
			t.Errorf("the field is %q", got.Reason.Field)
		}
		m.publish(submit("next", "next", titled("next")))
		m.wantDead("next", InvalidEvent, "data.category_fields.parking")
	})
	if submissions != 1 || reads != 1 {
		t.Errorf("a schema that the fields do not satisfy: %d submissions of two events, read %d times", submissions, reads)
	}
	m.settled()
}
