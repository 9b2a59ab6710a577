package kenartest

import "encoding/json"

// buttonType is what a customized button is for (Kenar OpenAPI,
// postCustomizedButtonType; the docs name the first two).
var buttonType = &enum{"type of button", set(
	"ACCOMMODATION_BOOKING", "EXTERNAL_PRODUCT_STORE", "RESUME_SUBMISSION", "ONLINE_CALL")}

var buttonBody = object(required("customized_button", object(
	required("type", oneOf(buttonType)), required("action", action))))

// A Button is the customized button of a post, or of all posts of a business.
type Button struct {
	App    string // slug of the app that set it
	Type   string
	Action json.RawMessage // as sent
}

// Button returns the customized button of a target, which is written as in
// [Call]: post/<token> or business/<token>.
func (s *Server) Button(target string) (Button, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buttons[target]
	return b, ok
}

func (s *Server) setPostButton(req *request) answer {
	if _, refused, ok := s.managed(req); !ok {
		return refused
	}
	return s.setButton(req)
}

func (s *Server) deletePostButton(req *request) answer {
	if _, refused, ok := s.managed(req); !ok {
		return refused
	}
	return s.deleteButton(req)
}

func (s *Server) setBusinessButton(req *request) answer {
	if _, ok := s.businesses[req.id]; !ok {
		return permissionDenied.because("the app may not use the business %s", quote(req.id))
	}
	return s.setButton(req)
}

func (s *Server) deleteBusinessButton(req *request) answer {
	if _, ok := s.businesses[req.id]; !ok {
		return permissionDenied.because("the app may not use the business %s", quote(req.id))
	}
	return s.deleteButton(req)
}

// setButton creates the button or replaces it.
func (s *Server) setButton(req *request) answer {
	button, _ := req.doc.field("customized_button")
	kind, _ := button.field("type")
	act, _ := button.field("action")
	b := Button{App: req.app.Slug, Type: kind.string()}
	if act != nil {
		b.Action = act.raw
	}
	s.buttons[req.target] = b
	return success(nil)
}

func (s *Server) deleteButton(req *request) answer {
	if _, ok := s.buttons[req.target]; !ok && s.cfg.MissingIsNotFound {
		return notFound.because("the %s %s has no customized button", req.op.kind, quote(req.id))
	}
	delete(s.buttons, req.target)
	return success(nil)
}
