package kenartest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// editable are the general fields that an edit may change (Kenar docs,
// post/edit_post_v2, the table; video is in OpenAPI's example). The prose also
// promises the city, and nothing the category: both are refused.
var editable = []string{"title", "description", "images", "district", "latitude", "longitude",
	"location_type", "chat_enabled", "hide_phone", "video"}

// A change is one path of an update mask, with the value to set; nil clears.
type change struct {
	general bool // a general field, not one of the category
	name    string
	value   *node
}

// editPost changes what the mask names, and nothing when any of it is wrong. A
// published post stays published: that edits are reviewed is not simulated. A
// refused one is reviewed again.
func (s *Server) editPost(req *request) answer {
	l, refused, ok := s.changeable(req)
	if !ok {
		return refused
	}
	mask, _ := req.doc.field("update_mask")
	general, _ := req.doc.field("general_data")
	data, _ := req.doc.field("category_data")
	var changes []change
	for i, path := range mask.list() {
		c, v := s.changeOf(l, path, general, data)
		if v != nil {
			return invalidArgument.because("%s", v.in(fmt.Sprintf("update_mask[%d]", i)))
		}
		if !c.general && c.value != nil {
			if schema := s.schemas[l.Category]; schema != nil {
				if v := schema.Properties[c.name].check(c.value); v != nil {
					return invalidArgument.because("%s", v.in(c.name).in("category_data"))
				}
			}
		}
		changes = append(changes, c)
	}
	if v := s.checkMedia(masked(general, changes)); v != nil {
		return invalidArgument.because("%s", v.in("general_data"))
	}
	l.Fields = maps.Clone(l.Fields)
	for _, c := range changes {
		l.change(c)
	}
	s.edited(req, l)
	return success(nil)
}

// changeOf makes out one path of the mask.
func (s *Server) changeOf(l *Listing, path string, general, data *node) (change, *violation) {
	root, name, _ := strings.Cut(path, ".")
	switch root {
	case "general_data":
		if !slices.Contains(editable, name) {
			return change{}, violate("%s cannot be edited: want general_data. with one of %s",
				quote(path), strings.Join(editable, ", "))
		}
		value, _ := general.field(name)
		return change{true, name, value}, nil
	case "category_data":
		c := change{false, name, data.exactly(name)}
		schema := s.schemas[l.Category]
		switch {
		case name == "" || schema != nil && schema.Properties[name] == nil:
			return change{}, violate("%s names no field of the category %s", quote(path), quote(l.Category))
		case schema != nil && c.value == nil && slices.Contains(schema.Required, name):
			return change{}, violate("%s cannot be cleared: the submit schema requires it", quote(path))
		}
		return c, nil
	}
	return change{}, violate("%s cannot be edited: want a path that begins with general_data. or category_data.", quote(path))
}

// masked is of the general fields those that will be changed.
func masked(general *node, changes []change) *node {
	n := &node{kind: objectKind}
	if general == nil {
		return n
	}
	for _, m := range general.members {
		if slices.ContainsFunc(changes, func(c change) bool { return c.general && names(m.name, c.name) }) {
			n.members = append(n.members, m)
		}
	}
	return n
}

func (l *Listing) change(c change) {
	switch {
	case c.general:
		l.set(c.name, c.value)
	case c.value == nil:
		delete(l.Fields, c.name)
	default:
		if l.Fields == nil {
			l.Fields = make(map[string]json.RawMessage)
		}
		l.Fields[c.name] = c.value.raw
	}
}

// editPostV1 replaces title and description, and the images when there are any
// in the body.
func (s *Server) editPostV1(req *request) answer {
	l, refused, ok := s.changeable(req)
	if !ok {
		return refused
	}
	images, _ := req.doc.field("image_paths")
	if images != nil {
		general := &node{kind: objectKind, members: []member{{"images", *images}}}
		if v := s.checkMedia(general); v != nil {
			return invalidArgument.because("image_paths: %s", v.message)
		}
		l.set("images", images)
	}
	for _, name := range []string{"title", "description"} {
		value, _ := req.doc.field(name)
		l.set(name, value)
	}
	s.edited(req, l)
	return success(nil)
}

// changeable is managed for a post that has not expired.
func (s *Server) changeable(req *request) (l *Listing, refused answer, ok bool) {
	if l, refused, ok = s.managed(req); ok && l.State == PostRetired {
		return nil, wrongState.because("the post %s has expired and cannot be edited", quote(req.id)), false
	}
	return l, refused, ok
}

func (s *Server) edited(req *request, l *Listing) {
	if l.State == PostRejected || l.State == PostWaitingForEdit {
		s.enter(l, PostWaitingForReview, "", req.now)
	}
	s.show(l)
}
