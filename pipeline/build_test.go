package pipeline

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/internal/golden"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
)

const (
	titleV2 = `[{"title_row":{"text":"کارشناسی"}}]`
	titleV1 = `{"widget_list":[{"widget_type":"TITLE_ROW","data":{"@type":"type.googleapis.com/widgets.TitleRowData","text":"کارشناسی"}}]}`
)

// buildRaw decodes and builds as admission does, from a type, a target and
// raw data.
func buildRaw(b Builder, typ, target, data string, more ...string) (*Work, []widgets.Warning, error) {
	raw := envelope(append([]string{"type", strconv.Quote(typ), "subject", strconv.Quote(target), "data", data}, more...)...)
	e, err := DecodeEvent(raw)
	if err != nil {
		return nil, nil, err
	}
	return b.Build(e, raw)
}

func TestBuildRoutes(t *testing.T) {
	tests := []struct {
		name              string
		typ, target, data string
		lane              Lane
		op                Op
		body              string
	}{
		{"post", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `}`,
			PostCreate, CreatePost, `{"widgets":[{"title_row":{"text":"کارشناسی"}}]}`},
		{"post, v2 by name", TypeAttach, "post/AZir15UU", `{"api":"v2","widgets":` + titleV2 + `,"notes":"n","semantic":{"year":"1398"}}`,
			PostCreate, CreatePost, `{"widgets":[{"title_row":{"text":"کارشناسی"}}],"semantic":{"year":"1398"},"notes":"n"}`},
		{"post, v1", TypeAttach, "post/AZir15UU", `{"api":"v1","widgets":` + titleV1 + `}`,
			PostCreate, CreatePostV1, `{"widgets":` + titleV1 + `}`},
		{"post, v1 widgets for v2", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV1 + `}`,
			PostCreate, CreatePost, `{"widgets":[{"title_row":{"text":"کارشناسی"}}]}`},
		{"business", TypeAttach, "business/xYz-1", `{"widgets":` + titleV2 + `}`,
			BusinessCreate, CreateBusiness, `{"widgets":[{"title_row":{"text":"کارشناسی"}}]}`},
		{"user", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"categories":["light"],"cost":5,"ticket_uuid":"812d56e6-e44d-45e7-8932-f9acbd416999"}`,
			UserCreate, CreateUser, `{"widgets":[{"title_row":{"text":"کارشناسی"}}],"categories":["light"],"ticket_uuid":"812d56e6-e44d-45e7-8932-f9acbd416999","cost":5}`},
		{"user, v1 widgets", TypeAttach, "user/u1", `{"widgets":` + titleV1 + `}`,
			UserCreate, CreateUser, `{"widgets":[{"title_row":{"text":"کارشناسی"}}]}`},
		{"absent is null", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"categories":null,"cost":null,"ticket_uuid":null,"api":null,"semantic":null}`,
			UserCreate, CreateUser, `{"widgets":[{"title_row":{"text":"کارشناسی"}}]}`},
		{"HTML is sent as it is", TypeAttach, "post/AZir15UU", `{"widgets":[{"title_row":{"text":"a<b>&\u003c"}}]}`,
			PostCreate, CreatePost, `{"widgets":[{"title_row":{"text":"a<b>&<"}}]}`},
		{"detach post", TypeDetach, "post/AZir15UU", `{}`, PostDelete, DeletePost, ``},
		{"detach user", TypeDetach, "user/u1", `{}`, UserDelete, DeleteUser, ``},
		{"detach user by id", TypeDetach, "user/u1", `{"addon_id":"addon-7"}`, UserDelete, DeleteUser, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, _, err := buildRaw(Builder{}, tt.typ, tt.target, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if w.Lane != tt.lane || w.Op != tt.op || string(w.Body) != tt.body {
				t.Errorf("lane %s, operation %s, body %s\nwant %s, %s, %s", w.Lane, w.Op, w.Body, tt.lane, tt.op, tt.body)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	text := func(n int) string {
		return `[{"title_row":{"text":"` + strings.Repeat("ک", n) + `"}}]`
	}
	tests := []struct {
		name              string
		typ, target, data string
		code              ReasonCode
		field             string
		words             []string
	}{
		{"unknown type", "kenar.addon.attach.v9", "post/AZir15UU", `{}`, UnknownType, "type", []string{`"kenar.addon.attach.v9"`}},
		{"attach to a listing", TypeAttach, "listing/car-1", `{"widgets":` + titleV2 + `}`, InvalidEvent, "subject", []string{"listing/car-1"}},

		{"no widgets", TypeAttach, "post/AZir15UU", `{}`, InvalidWidgets, "widgets", []string{"is missing"}},
		{"null for widgets", TypeAttach, "post/AZir15UU", `{"widgets":null}`, InvalidWidgets, "widgets", nil},
		{"an empty list", TypeAttach, "post/AZir15UU", `{"widgets":[]}`, InvalidWidgets, "widgets", nil},
		{"an empty v1 list", TypeAttach, "post/AZir15UU", `{"widgets":{"widget_list":[]}}`, InvalidWidgets, "widgets.widget_list", nil},
		{"a title too long", TypeAttach, "post/AZir15UU", `{"widgets":` + text(52) + `}`,
			InvalidWidgets, "widgets[0].title_row.text", []string{"52 characters, at most 49"}},
		{"v2 widgets for v1", TypeAttach, "post/AZir15UU", `{"api":"v1","widgets":` + titleV2 + `}`, InvalidWidgets, "widgets", nil},
		{"semantic not an object", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"semantic":["a"]}`, InvalidWidgets, "semantic", []string{"an array", "must be an object"}},
		{"semantic value unknown", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"semantic":{"inspection_result":"GOOD"}}`,
			InvalidWidgets, "semantic.inspection_result", []string{"GOOD"}},

		{"unknown field", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"widget":[]}`, InvalidEvent, "data.widget", []string{"is unknown"}},
		{"a key twice", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"widgets":[]}`, InvalidEvent, "data", []string{`"widgets" occurs twice`}},
		{"unknown api", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"api":"v3"}`, InvalidEvent, "data.api", []string{`"v3"`, "v1 or v2"}},
		{"api not a string", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"api":2}`, InvalidEvent, "data.api", []string{"must be a string"}},
		{"notes not a string", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"notes":7}`, InvalidEvent, "data.notes", []string{"must be a string"}},
		{"v1 for a business", TypeAttach, "business/b1", `{"api":"v1","widgets":` + titleV1 + `}`, InvalidEvent, "data.api", []string{"business", "use v2"}},
		{"v1 for a user", TypeAttach, "user/u1", `{"api":"v1","widgets":` + titleV1 + `}`, InvalidEvent, "data.api", []string{"user", "use v2"}},
		{"categories of a post", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"categories":["light"]}`, InvalidEvent, "data.categories", []string{"user"}},
		{"cost of a business", TypeAttach, "business/b1", `{"widgets":` + titleV2 + `,"cost":1}`, InvalidEvent, "data.cost", []string{"user"}},
		{"ticket of a post", TypeAttach, "post/AZir15UU", `{"widgets":` + titleV2 + `,"ticket_uuid":"x"}`, InvalidEvent, "data.ticket_uuid", []string{"user"}},

		{"categories not strings", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"categories":[1]}`, InvalidEvent, "data.categories", []string{"list of strings"}},
		{"negative cost", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"cost":-1}`, InvalidEvent, "data.cost", []string{`"-1"`, "2147483647"}},
		{"cost of more than 32 bits", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"cost":2147483648}`, InvalidEvent, "data.cost", []string{`"2147483648"`}},
		{"cost with a fraction", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"cost":1.5}`, InvalidEvent, "data.cost", []string{`"1.5"`}},
		{"ticket not a UUID", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"ticket_uuid":"812d56e6"}`, InvalidEvent, "data.ticket_uuid", []string{`"812d56e6"`}},
		{"ticket in braces", TypeAttach, "user/u1", `{"widgets":` + titleV2 + `,"ticket_uuid":"{812d56e6-e44d-45e7-8932-f9acbd416999}"}`,
			InvalidEvent, "data.ticket_uuid", []string{"{812d56e6"}},

		{"several at once, of both kinds", TypeAttach, "post/AZir15UU",
			`{"widgets":[{"title_row":{"text":""}},{"nope_row":{}}],"semantic":{"VIN":""},"notes":1,"colour":"red"}`,
			InvalidEvent, "data.notes", []string{"data.notes", "data.colour", "widgets[0].title_row.text", "widgets[1]", "semantic.VIN"}},

		{"detach a business", TypeDetach, "business/b1", `{}`, InvalidEvent, "subject", []string{"business"}},
		{"detach a listing", TypeDetach, "listing/car-1", `{}`, InvalidEvent, "subject", []string{"listing"}},
		{"detach with data", TypeDetach, "post/AZir15UU", `{"widgets":[]}`, InvalidEvent, "data.widgets", []string{"is unknown"}},
		{"id of a post's add-on", TypeDetach, "post/AZir15UU", `{"addon_id":"a"}`, InvalidEvent, "data.addon_id", []string{"is unknown"}},
		{"id not a string", TypeDetach, "user/u1", `{"addon_id":7}`, InvalidEvent, "data.addon_id", []string{"must be a string"}},
		{"empty id", TypeDetach, "user/u1", `{"addon_id":""}`, InvalidEvent, "data.addon_id", []string{"is empty"}},
		{"id that is a path", TypeDetach, "user/u1", `{"addon_id":"../post/x"}`, InvalidEvent, "data.addon_id", []string{`"../post/"…`}},
		{"id twice", TypeDetach, "user/u1", `{"addon_id":"a","addon_id":"b"}`, InvalidEvent, "data", []string{"occurs twice"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, _, err := buildRaw(Builder{}, tt.typ, tt.target, tt.data)
			wantReason(t, err, tt.code, tt.field, tt.words...)
			if w != nil {
				t.Errorf("work %+v of an event that was refused", w)
			}
		})
	}
}

// What is changed or left out on the way is told, not done silently.
func TestBuildWarns(t *testing.T) {
	tests := []struct {
		name         string
		target, data string
		paths        []string
	}{
		{"nothing to warn of", "post/AZir15UU", `{"widgets":` + titleV2 + `}`, nil},
		{"notes of a business", "business/b1", `{"widgets":` + titleV2 + `,"notes":"n"}`, []string{"data.notes"}},
		{"semantic of a business", "business/b1", `{"widgets":` + titleV2 + `,"semantic":{"a":"b"}}`, []string{"data.semantic"}},
		{"notes of a user", "user/u1", `{"widgets":` + titleV2 + `,"notes":"n"}`, []string{"data.notes"}},
		{"list of keys to hash", "post/AZir15UU", `{"widgets":` + titleV2 + `,"semantic_sensitives":["VIN"]}`, []string{"data.semantic_sensitives"}},
		{"semantic number", "post/AZir15UU", `{"widgets":` + titleV2 + `,"semantic":{"year":1398}}`, []string{"semantic.year"}},
		{"dropped by the migration", "post/AZir15UU",
			`{"widgets":{"widget_list":[{"widget_type":"DESCRIPTION_ROW","data":{"text":"x","is_primary":true}}]}}`,
			[]string{"widgets.widget_list[0].data.is_primary"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, warnings, err := buildRaw(Builder{}, TypeAttach, tt.target, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, w := range warnings {
				paths = append(paths, w.Path)
			}
			if diff := cmp.Diff(tt.paths, paths); diff != "" {
				t.Errorf("paths of the warnings (-want +got):\n%s\n%v", diff, warnings)
			}
		})
	}
}

// The settings of the decoder hold for every form of the widgets.
func TestBuilderWidgets(t *testing.T) {
	const iconV2 = `[{"selector_row":{"title":"x","icon_name":"OF_TOMORROW"}}]`
	const iconV1 = `{"widget_list":[{"widget_type":"SELECTOR_ROW","data":{"title":"x","icon":{"icon_name":"OF_TOMORROW"}}}]}`
	two := func(list, one string) string { return strings.Replace(list, one, one+","+one, 1) }
	const rowV2, rowV1 = `{"title_row":{"text":"x"}}`, `{"widget_type":"TITLE_ROW","data":{"text":"x"}}`
	forms := []struct{ name, icon, twice, api, list string }{
		{"v2", iconV2, two(`[`+rowV2+`]`, rowV2), "v2", "widgets"},
		{"v1", iconV1, two(`{"widget_list":[`+rowV1+`]}`, rowV1), "v1", "widgets.widget_list"},
		{"migrated", iconV1, two(`{"widget_list":[`+rowV1+`]}`, rowV1), "v2", "widgets.widget_list"},
	}
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			data := func(list string) string { return `{"api":"` + f.api + `","widgets":` + list + `}` }
			_, _, err := buildRaw(Builder{}, TypeAttach, "post/AZir15UU", data(f.icon))
			wantReason(t, err, InvalidWidgets, errField(err), "OF_TOMORROW")
			for name, d := range map[string]widgets.Decoder{
				"extra icon": {ExtraIcons: []string{"OF_TOMORROW"}}, "any icon": {AllowUnknownIcons: true},
			} {
				if _, _, err := buildRaw(Builder{Widgets: d}, TypeAttach, "post/AZir15UU", data(f.icon)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			_, _, err = buildRaw(Builder{Widgets: widgets.Decoder{MaxWidgets: 1}}, TypeAttach, "post/AZir15UU", data(f.twice))
			wantReason(t, err, InvalidWidgets, f.list, "2 widgets, at most 1")
		})
	}
}

func errField(err error) string { return asReason("", err).Field }

func TestBuildRequireGrant(t *testing.T) {
	b := Builder{RequireGrant: true}
	attach := `{"widgets":` + titleV2 + `}`
	_, _, err := buildRaw(b, TypeAttach, "post/AZir15UU", attach)
	wantReason(t, err, GrantMissing, "grantid", "REQUIRE_GRANT")

	w, _, err := buildRaw(b, TypeAttach, "post/AZir15UU", attach, "grantid", `"g1"`)
	if err != nil || w.GrantID != "g1" {
		t.Errorf("with a grant: work %+v, error %v", w, err)
	}
	// Deletion needs no consent (Kenar docs, delete post add-on).
	if _, _, err := buildRaw(b, TypeDetach, "post/AZir15UU", `{}`); err != nil {
		t.Errorf("detach: %v", err)
	}
	// What is wrong with the event comes first: a grant would not help.
	_, _, err = buildRaw(b, TypeAttach, "post/AZir15UU", `{}`)
	wantReason(t, err, InvalidWidgets, "widgets")
}

// Identifiers of a vehicle or a property are in the work only as their hash,
// so that no stream holds them.
func TestBuildHidesIdentifiers(t *testing.T) {
	const vin, engine = "IRJC95R23KJ039206", "12K4300123"
	hash, err := kenar.Mask("VIN", vin)
	if err != nil {
		t.Fatal(err)
	}
	w, _, err := buildRaw(Builder{}, TypeAttach, "post/AZir15UU",
		`{"widgets":`+titleV2+`,"semantic":{"vin":"`+strings.ToLower(vin)+`","engine_number":"`+engine+`"}}`,
		"comexamplecar", `{"VIN":"`+vin+`"}`)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := encode(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{vin, engine} {
		if strings.Contains(strings.ToUpper(string(whole)), secret) {
			t.Errorf("%s is in the work: %s", secret, whole)
		}
	}
	if n := strings.Count(string(w.Event), hash); n != 2 {
		t.Errorf("the hash is in the event %d times, want 2 (semantic and extension): %s", n, w.Event)
	}
	if !strings.Contains(string(w.Body), `"VIN":"`+hash+`"`) {
		t.Errorf("no hash in the body: %s", w.Body)
	}

	// Hashing is idempotent: the event of a dead letter builds the same.
	e, err := DecodeEvent(w.Event)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := Builder{}.Build(e, w.Event)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, again); diff != "" {
		t.Errorf("built from its own event (-first +second):\n%s", diff)
	}
}

// Equal hashes are what saves a call, and what would wrongly lose one.
func TestBuildHash(t *testing.T) {
	hash := func(typ, target, data string, more ...string) string {
		t.Helper()
		w, _, err := buildRaw(Builder{}, typ, target, data, more...)
		if err != nil {
			t.Fatal(err)
		}
		if len(w.Hash) != 32 {
			t.Errorf("hash %q, want 32 characters", w.Hash)
		}
		return w.Hash
	}
	post := func(data string, more ...string) string { return hash(TypeAttach, "post/AZir15UU", data, more...) }

	base := post(`{"widgets":` + titleV2 + `,"semantic":{"a":"1","b":"2"}}`)
	for name, same := range map[string]string{
		"order and white space": post(` {"semantic" : {"b":"2","a":"1"}, "widgets": [ {"title_row":{"text":"\u06a9ارشناسی"}} ] } `),
		"another event":         post(`{"widgets":`+titleV2+`,"semantic":{"a":"1","b":"2"}}`, "id", `"e2"`, "priority", `"urgent"`, "revision", `9`),
		"v1 widgets":            post(`{"widgets":` + titleV1 + `,"semantic":{"a":"1","b":"2"}}`),
		"numbers":               post(`{"widgets":` + titleV2 + `,"semantic":{"a":1,"b":2}}`),
		"another post":          hash(TypeAttach, "post/other", `{"widgets":`+titleV2+`,"semantic":{"a":"1","b":"2"}}`),
	} {
		if same != base {
			t.Errorf("%s: another hash for the same effect", name)
		}
	}
	seen := map[string]string{}
	for name, h := range map[string]string{
		"base":             base,
		"another text":     post(`{"widgets":[{"title_row":{"text":"ارزیابی"}}],"semantic":{"a":"1","b":"2"}}`),
		"a divider":        post(`{"widgets":[{"title_row":{"text":"کارشناسی","has_divider":true}}],"semantic":{"a":"1","b":"2"}}`),
		"another semantic": post(`{"widgets":` + titleV2 + `,"semantic":{"a":"2","b":"1"}}`),
		"notes":            post(`{"widgets":` + titleV2 + `,"semantic":{"a":"1","b":"2"},"notes":"n"}`),
		"plain":            post(`{"widgets":` + titleV2 + `}`),
		"business":         hash(TypeAttach, "business/b1", `{"widgets":`+titleV2+`}`),
		"user":             hash(TypeAttach, "user/u1", `{"widgets":`+titleV2+`}`),
		"v1":               post(`{"api":"v1","widgets":` + titleV1 + `}`),
		"detach post":      hash(TypeDetach, "post/AZir15UU", `{}`),
		"detach user":      hash(TypeDetach, "user/u1", `{}`),
		"detach by id":     hash(TypeDetach, "user/u1", `{"addon_id":"a1"}`),
		"detach by other":  hash(TypeDetach, "user/u1", `{"addon_id":"a2"}`),
	} {
		if other, twice := seen[h]; twice {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[h] = name
	}
}

// Work must fit into one message of a NATS server with default settings
// whatever event it is built from, or be refused: what cannot be queued is
// otherwise tried for ever.
func TestBuildFitsMessage(t *testing.T) {
	const maxPayload, headers = 1 << 20, 1 << 10 // bytes
	fill := func(prefix, unit, suffix string) string {
		room := MaxEventSize - len(envelope()) - len(prefix) - len(suffix) - 100
		return prefix + strings.TrimSuffix(strings.Repeat(unit, room/len(unit)), ",") + suffix
	}
	title := `"widgets":` + titleV2
	for name, raw := range map[string][]byte{
		"hashes longer than what they hide": envelope("data", `{`+title+`}`, "comexamplecars", fill(`[`, `{"VIN":1},`, `]`)),
		"characters that JSON escapes":      envelope("data", fill(`{`+title+`,"notes":"`, "\u2028", `"}`)),
		"a long text":                       envelope("data", fill(`{"widgets":[{"description_row":{"expandable":true,"text":"`, "a\u2029\u2029", `"}}]}`)),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := DecodeEvent(raw)
			if err != nil {
				t.Fatal(err)
			}
			w, _, err := Builder{}.Build(e, raw)
			if err != nil {
				wantReason(t, err, InvalidEvent, errField(err), "bytes")
				return
			}
			data, err := encode(w)
			if err != nil {
				t.Fatalf("work that cannot be queued: %v", err)
			}
			if len(data) > maxPayload-headers {
				t.Errorf("an event of %d bytes makes a message of %d, and a server takes %d", len(raw), len(data), maxPayload)
			}
		})
	}
}

// The golden files are what a lane's queue holds: workers of the next version
// must still read what this one wrote.
func TestWorkGolden(t *testing.T) {
	tests := map[string][]byte{
		"post": envelope("id", `"e1"`, "priority", `"urgent"`, "revision", `"41"`, "expiresat", `"2026-02-01T06:30:00Z"`,
			"grantid", `"grant-1"`, "traceparent", `"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"`,
			"data", `{"widgets": [{"title_row": {"text": "کارشناسی <خودرو>", "has_divider": true}},
				{"score_row": {"title": "موتور", "percentage_score": 0, "score_color": "SUCCESS_PRIMARY"}}],
				"semantic": {"vin": "IRJC95R۲۳KJ039206", "year": 1398, "inspection_result": "INSPECTION_APPROVED"}, "notes": "n"}`),
		"post_v1":       envelope("data", `{"api": "v1", "widgets": `+titleV1+`, "semantic_sensitives": ["VIN"]}`),
		"post_migrated": envelope("data", `{"widgets": {"widget_list": [{"widget_type": "DESCRIPTION_ROW", "data": {"text": "x", "padded": true}}]}}`),
		"business":      envelope("subject", `"business/xYz-1"`, "data", `{"widgets": `+titleV2+`, "notes": "not sent"}`),
		"user": envelope("subject", `"user/u:1="`,
			"data", `{"widgets": `+titleV2+`, "categories": ["light", "mobile-phones"], "ticket_uuid": "812D56E6-e44d-45e7-8932-f9acbd416999", "cost": 124000}`),
		"detach_post": envelope("type", `"kenar.addon.detach.v1"`),
		"detach_user": envelope("type", `"kenar.addon.detach.v1"`, "subject", `"user/u:1="`, "data", `{"addon_id": "addon-7"}`),
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := DecodeEvent(raw)
			if err != nil {
				t.Fatal(err)
			}
			w, warnings, err := Builder{}.Build(e, raw)
			if err != nil {
				t.Fatal(err)
			}
			w.Version = e.Version(7)
			data, err := encode(map[string]any{"work": w, "warnings": warnings})
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, data, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			golden.File(t, "testdata/work/"+name+".json", got.Bytes())

			queued, err := encode(w)
			if err != nil {
				t.Fatal(err)
			}
			back, err := decodeWork(queued)
			if err != nil {
				t.Fatal(err)
			}
			compact := *w
			compact.Event = compacted(t, w.Event)
			if diff := cmp.Diff(&compact, back); diff != "" {
				t.Errorf("read back from the queue (-put +got):\n%s", diff)
			}
		})
	}
}

func compacted(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Work that this version cannot read is an error, not half an operation.
func TestDecodeWorkRefuses(t *testing.T) {
	for _, data := range []string{
		``, `null`, `[]`, `{}`, `{"id":"e1"}`, `{"id":"e1","op":"create_post_addon"}`,
		`{"id":"e1","target":{"kind":"post","key":"a"}}`, `{"id":"e1","op":"x","target":{"kind":"post"}}`,
		`{"id":"e1","op":"x","target":{"kind":"post","key":"a"},"version":{"seq":-1}}`,
	} {
		if w, err := decodeWork([]byte(data)); err == nil {
			t.Errorf("%s is read as %+v", data, w)
		}
	}
}
