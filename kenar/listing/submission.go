package listing

import (
	"cmp"
	"encoding/json"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/widgets"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// A Model says in whose name a post is submitted.
type Model string

// The models of submissions.
const (
	Provider Model = "provider" // the app's, by [kenar.Client.SubmitPost]
	User     Model = "user"     // the user's of a grant, by [kenar.Client.SubmitUserPost]
)

// A Submission is the data of a kenar.listing.submit.v1 event. As JSON it is
// not quite that data, which is read by [DecodeSubmission], but it is the same
// again afterwards.
type Submission struct {
	Model Model `json:"model"`

	// BusinessToken is that of the business the post will belong to. Kenar
	// wants one; whoever sends a submission without finds out which.
	BusinessToken string `json:"business_token,omitempty"`

	// GeneralData has Images as they are given: sources, or paths of earlier
	// uploads. Its Video is nil when there is a VideoSource.
	GeneralData kenar.GeneralData `json:"general_data"`
	VideoSource *VideoSource      `json:"video_source,omitempty"`

	// CategoryFields is an object. What must be in it depends on the category:
	// package schema of kenar tells.
	CategoryFields json.RawMessage `json:"category_fields"`

	LandlineNumbers []string `json:"landline_numbers,omitempty"` // of a provider only

	// MaxCost is the most that publishing may cost; at 0 only what is free is
	// published. It means nothing when Publish is false.
	MaxCost kenar.Rials `json:"max_cost_rials"`

	ExtraDetails string `json:"extra_details,omitempty"` // of the payment; at most 1024 bytes

	// Publish is whether the post is paid for after it has been submitted.
	Publish bool `json:"publish"`

	// AddOn and Button are for the post that is made: the data of a
	// kenar.addon.attach.v1 event, an object that has not been looked into,
	// and of a kenar.listing.button.v1 event that sets one. nil: none.
	AddOn  json.RawMessage `json:"addon,omitempty"`
	Button json.RawMessage `json:"button,omitempty"`
}

// DecodeSubmission reads the data of a kenar.listing.submit.v1 event.
func DecodeSubmission(data []byte) (Submission, error) {
	var f findings
	var s Submission
	readDocument(&f, data, func(o *object) { s = o.submission() })
	f.check(s)
	if err := f.err(); err != nil {
		return Submission{}, err
	}
	return s, nil
}

// submission reads the fields of a submission.
func (o *object) submission() Submission {
	s := Submission{Publish: true}
	model := optional(o, "model", o.model)
	if model != nil {
		s.Model = *model
	} else {
		o.fault("data.model", "is missing: write %s or %s", Provider, User)
	}
	s.BusinessToken = value(o, "business_token", o.businessToken)
	var v video
	s.GeneralData, v = o.generalData()
	s.VideoSource = v.source
	s.CategoryFields = value(o, "category_fields", o.categoryFields)
	if numbers := value(o, "landline_numbers", o.texts); len(numbers) > 0 {
		s.LandlineNumbers = numbers
	}
	if s.LandlineNumbers != nil && s.Model == User {
		o.fault("data.landline_numbers", "belong to the model %s: Kenar takes none from a %s", Provider, User)
	}
	cost := optional(o, "max_cost_rials", o.rials)
	s.ExtraDetails = value(o, "extra_details", o.extraDetails)
	if publish := optional(o, "publish", o.boolean); publish != nil {
		s.Publish = *publish
	}
	switch {
	case cost != nil:
		s.MaxCost = *cost
	case s.Publish:
		o.fault("data.max_cost_rials", maxCostMissing)
	}
	s.AddOn = value(o, "addon", o.anyObject)
	s.Button = value(o, "button", o.newButton)
	if !s.Publish {
		o.afterPublishing("addon", s.AddOn)
		o.afterPublishing("button", s.Button)
	}
	o.refuse("category_data", "is called category_fields in a submission")
	return s
}

func (f *findings) model(path string, n *strictjson.Node) Model {
	m := Model(f.text(path, n))
	if m != Provider && m != User {
		f.fault(path, "is %s: it must be %s or %s", quote(string(m)), Provider, User)
	}
	return m
}

func (f *findings) businessToken(path string, n *strictjson.Node) string {
	token := f.text(path, n)
	if err := kenar.ValidBusinessToken(token); err != nil {
		f.fault(path, "%v", err)
	}
	return token
}

func (f *findings) categoryFields(path string, n *strictjson.Node) json.RawMessage {
	f.noCredentials(&place{name: path}, n)
	return f.anyObject(path, n)
}

// afterPublishing records that something is wanted of a post that is not
// published.
func (o *object) afterPublishing(name string, data json.RawMessage) {
	if data != nil {
		o.fault(join(o.at, name), "needs the post to be published: set publish to true, or send it with an event of its own once the post is")
	}
}

// check records what Kenar's rules say against a submission.
func (f *findings) check(s Submission) {
	if s.Model != User {
		s.Model = Provider // which finds out what else is wrong
	}
	_, err := s.Body("business", standIns(s.Sources()))
	f.adopt(err, "", "")
}

// Sources returns what must be uploaded before the submission has a body, in
// the order of the data. A source that stands in two places is listed with the
// first.
func (s Submission) Sources() []Source { return sources(s.GeneralData.Images, s.VideoSource) }

// Body returns the body of the request that the model makes: of
// [kenar.Client.SubmitPost] or [kenar.Client.SubmitUserPost]. businessToken is
// for a submission that has none of its own, m has what the sources have
// become. The error is a [widgets.Faults] with paths as in the event.
func (s Submission) Body(businessToken string, m Media) ([]byte, error) {
	var faults widgets.Faults
	general := s.GeneralData
	general.Images = m.imagePaths(general.Images, &faults)
	if s.VideoSource != nil {
		general.Video = new(m.videoNames(*s.VideoSource, &faults))
	}
	if s.Model != Provider && s.Model != User {
		faults.Add("data.model", "is %s: it must be %s or %s", quote(string(s.Model)), Provider, User)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	post := kenar.PostSubmission{
		BusinessToken:   cmp.Or(s.BusinessToken, businessToken),
		GeneralData:     general,
		CategoryFields:  s.CategoryFields,
		LandlineNumbers: s.LandlineNumbers,
	}
	if s.Model == Provider {
		return inEvent(post.Body())
	}
	return inEvent(kenar.UserPostSubmission{
		BusinessToken:  post.BusinessToken,
		GeneralData:    post.GeneralData,
		CategoryFields: post.CategoryFields,
	}.Body())
}
