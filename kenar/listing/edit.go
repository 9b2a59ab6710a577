package listing

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// An Edit is the data of a kenar.listing.edit.v1 event: what becomes of which
// fields of a post. As JSON it is not quite that data, which is read by
// [DecodeEdit], but it is the same again afterwards.
type Edit struct {
	// GeneralData has Images as they are given: sources, or paths of earlier
	// uploads. Its Video stays as it is when there is a VideoSource.
	GeneralData kenar.GeneralDataEdit `json:"general_data,omitzero"`
	VideoSource *VideoSource          `json:"video_source,omitempty"` // the new video

	// CategoryData holds new values of category fields by their names; null
	// clears one.
	CategoryData map[string]json.RawMessage `json:"category_data,omitempty"`
}

// DecodeEdit reads the data of a kenar.listing.edit.v1 event. A field that is
// absent stays, null clears, and any other value is the new one.
func DecodeEdit(data []byte) (Edit, error) {
	var f findings
	var e Edit
	readDocument(&f, data, func(o *object) { e = o.edit() })
	if len(e.Fields()) > 0 {
		_, err := e.Body(standIns(e.Sources()))
		f.adopt(err, "", "")
	} else if len(f.faults) == 0 {
		f.fault("data", "changes nothing: give at least 1 field in general_data or category_data")
	}
	if err := f.err(); err != nil {
		return Edit{}, err
	}
	return e, nil
}

// edit reads the fields of an edit.
func (o *object) edit() (e Edit) {
	if n := o.find("general_data"); n != nil {
		e.GeneralData, e.VideoSource = o.generalDataEdit(n)
	}
	e.CategoryData = value(o, "category_data", o.categoryData)
	o.refuse("update_mask", "is derived from the fields that are given: leave it out")
	o.refuse("category_fields", "are called category_data in an edit")
	return e
}

func (f *findings) generalDataEdit(n *strictjson.Node) (g kenar.GeneralDataEdit, source *VideoSource) {
	read(f, "data.general_data", n, func(o *object) {
		g = kenar.GeneralDataEdit{
			Title:        change(o, "title", o.text),
			Description:  change(o, "description", o.text),
			Images:       change(o, "images", o.images),
			District:     change(o, "district", o.text),
			Latitude:     change(o, "latitude", o.degrees),
			Longitude:    change(o, "longitude", o.degrees),
			LocationType: change(o, "location_type", o.location),
			HidePhone:    change(o, "hide_phone", o.boolean),
			ChatEnabled:  change(o, "chat_enabled", o.boolean),
		}
		v := change(o, "video", o.video)
		if to, ok := v.Value(); !ok {
			if v.Clears() {
				g.Video = kenar.Clear[kenar.PostVideo]()
			}
		} else if source = to.source; to.uploaded != nil {
			g.Video = kenar.ChangeTo(*to.uploaded)
		}
		// Whether the city can be edited is said in one place of Kenar's docs
		// and not in the other.
		o.refuse("city", "cannot be edited: submit a new post in the other city")
		o.refuse("category_slug", "cannot be edited: submit a new post in the other category")
	})
	return g, source
}

// change reads what becomes of a field.
func change[T any](o *object, name string, read func(path string, n *strictjson.Node) T) kenar.Change[T] {
	n := o.lookup(name)
	switch {
	case n == nil:
		return kenar.Change[T]{}
	case n.Kind == strictjson.Null:
		return kenar.Clear[T]()
	}
	return kenar.ChangeTo(read(join(o.at, name), n))
}

func (f *findings) categoryData(path string, n *strictjson.Node) map[string]json.RawMessage {
	f.noCredentials(&place{name: path}, n)
	if !f.is(strictjson.Object, path, n) || len(n.Members) == 0 {
		return nil
	}
	values := make(map[string]json.RawMessage, len(n.Members))
	for i := range n.Members {
		if m := &n.Members[i]; isPlainName(m.Name) {
			values[m.Name] = canonical(&m.Node)
		} else {
			f.fault(join(path, m.Name), "is not the name of a field: only A-Z, a-z, 0-9, _ and - are allowed, and at most 64 of them")
		}
	}
	return values
}

// Sources is like [Submission.Sources].
func (e Edit) Sources() []Source {
	images, _ := e.GeneralData.Images.Value()
	return sources(images, e.VideoSource)
}

// Fields returns the paths of the fields that do not stay as they are, such as
// general_data.title, in the order of the update_mask.
func (e Edit) Fields() []string {
	var paths []string
	for _, f := range generalFields(&e) {
		if f.given {
			paths = append(paths, f.path)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.CategoryData)) {
		paths = append(paths, categoryPath(name))
	}
	return paths
}

// Without returns the edit without some fields, by their paths as in Fields,
// and whether there is anything left of it. Latitude and longitude go together.
// Paths of fields that stay as they are do not matter.
func (e Edit) Without(fields []string) (Edit, bool) {
	for _, f := range generalFields(&e) {
		if slices.ContainsFunc(fields, f.goesWith) {
			f.leave()
		}
	}
	e.CategoryData = maps.Clone(e.CategoryData)
	maps.DeleteFunc(e.CategoryData, func(name string, _ json.RawMessage) bool {
		return slices.Contains(fields, categoryPath(name))
	})
	if len(e.CategoryData) == 0 {
		e.CategoryData = nil
	}
	return e, len(e.Fields()) > 0
}

func categoryPath(name string) string { return "category_data." + name }

// A generalField is a field of the general data of an edit.
type generalField struct {
	path  string
	given bool   // it does not stay as it is
	leave func() // makes it stay
}

// Latitude and longitude are two fields of one place.
const (
	latitudePath  = "general_data.latitude"
	longitudePath = "general_data.longitude"
)

// goesWith reports whether a field is the one at path, or half of one place
// with it.
func (f generalField) goesWith(path string) bool {
	return path == f.path ||
		path == latitudePath && f.path == longitudePath ||
		path == longitudePath && f.path == latitudePath
}

// generalFields are the fields of an edit in the order of the update_mask.
func generalFields(e *Edit) []generalField {
	g := &e.GeneralData
	video := fieldOf("general_data.video", &g.Video)
	return []generalField{
		fieldOf("general_data.title", &g.Title),
		fieldOf("general_data.description", &g.Description),
		fieldOf("general_data.images", &g.Images),
		fieldOf("general_data.district", &g.District),
		fieldOf(latitudePath, &g.Latitude),
		fieldOf(longitudePath, &g.Longitude),
		fieldOf("general_data.location_type", &g.LocationType),
		fieldOf("general_data.hide_phone", &g.HidePhone),
		fieldOf("general_data.chat_enabled", &g.ChatEnabled),
		{video.path, video.given || e.VideoSource != nil, func() { video.leave(); e.VideoSource = nil }},
	}
}

func fieldOf[T any](path string, c *kenar.Change[T]) generalField {
	return generalField{path, !c.IsZero(), func() { *c = kenar.Change[T]{} }}
}

// Body returns the body of [kenar.Client.EditPost]. m has what the sources have
// become. The error is a [widgets.Faults] with paths as in the event.
func (e Edit) Body(m Media) ([]byte, error) {
	var faults widgets.Faults
	general := e.GeneralData
	if images, ok := general.Images.Value(); ok {
		general.Images = kenar.ChangeTo(m.imagePaths(images, &faults))
	}
	if e.VideoSource != nil {
		general.Video = kenar.ChangeTo(m.videoNames(*e.VideoSource, &faults))
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return inEvent(kenar.PostEdit{GeneralData: general, CategoryData: e.CategoryData}.Body())
}
