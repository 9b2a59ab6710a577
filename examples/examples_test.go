package examples_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// foundAtOnce are the reasons that need no call to find out.
var foundAtOnce = []pipeline.ReasonCode{pipeline.InvalidEvent, pipeline.InvalidWidgets, pipeline.UnknownType}

func TestEverySampleIsWhatItSays(t *testing.T) {
	build := builder(t)
	for _, s := range examples.Samples() {
		t.Run(s.File, func(t *testing.T) {
			raw, err := s.Read()
			if err != nil {
				t.Fatal(err)
			}
			e, _, err := build.Validate(raw)
			if want := "sample-" + s.Name(); e.ID != want {
				t.Errorf("id is %s, want %s after the name of the file", e.ID, want)
			}
			if !slices.Contains(foundAtOnce, s.Want.Reason) {
				if err != nil {
					t.Errorf("not valid: %v", err)
				}
				return
			}
			var reason *pipeline.Reason
			if !errors.As(err, &reason) {
				t.Fatalf("valid; want %s", s.Want.Reason)
			}
			if reason.Code != s.Want.Reason || reason.Field != s.Want.Field {
				t.Errorf("refused with %s, want %s: %s", reason, s.Want.Reason, s.Want.Field)
			}
		})
	}
}

// builder is that of a worker with the templates of the samples.
func builder(t *testing.T) pipeline.Builder {
	t.Helper()
	set, err := examples.Templates()
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.Builder{Templates: set}
}

// What is shortened on the way is told.
func TestTheInspectionReportIsWarnedOf(t *testing.T) {
	raw, err := examples.Files.ReadFile("24-inspection-report.json")
	if err != nil {
		t.Fatal(err)
	}
	_, warnings, err := builder(t).Validate(raw)
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].String(), "sections[2].title") {
		t.Errorf("warnings %q, %v; want one, of the long title", warnings, err)
	}
}

// operations are the calls that an event of a type makes in the name of a user.
func operations(typ string) []kenar.Operation {
	switch typ {
	case pipeline.TypeSubmit:
		return []kenar.Operation{kenar.OpSubmitUserPost, kenar.OpGetPostPricing, kenar.OpPublishPost,
			kenar.OpGetUserPosts, kenar.OpCreatePostAddon, kenar.OpSetPostButton}
	case pipeline.TypeEdit:
		return []kenar.Operation{kenar.OpEditPost}
	case pipeline.TypeReorder:
		return []kenar.Operation{kenar.OpGetPostPricing, kenar.OpReorderPost}
	case pipeline.TypeRenew:
		return []kenar.Operation{kenar.OpGetPostPricing, kenar.OpRenewPost}
	case pipeline.TypeButton:
		return []kenar.Operation{kenar.OpDeletePostButton}
	case pipeline.TypeDelete:
		return []kenar.Operation{kenar.OpDeletePost}
	}
	return []kenar.Operation{kenar.OpCreatePostAddon}
}

// The grants are what the samples that name them say.
func TestGrants(t *testing.T) {
	named := make(map[string]bool)
	for _, s := range examples.Samples() {
		raw, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		e, err := pipeline.DecodeEvent(raw)
		if err != nil || e.GrantID == "" {
			continue
		}
		named[e.GrantID] = true
		i := slices.IndexFunc(examples.Grants(), func(g examples.Grant) bool { return g.ID == e.GrantID })
		if (i < 0) != (s.Want.Reason == pipeline.GrantMissing) {
			t.Errorf("%s: the place of its grant is %d", s.File, i)
		}
		if i < 0 {
			continue
		}
		covered := true
		for _, op := range operations(e.Type) {
			scopes, err := kenar.ScopesFor(op, e.Target.Key)
			if err != nil {
				t.Fatal(err)
			}
			covered = covered && kenar.Covered(examples.Grants()[i].Scopes, scopes)
		}
		if covered == (s.Want.Reason == pipeline.Forbidden) {
			t.Errorf("%s: its grant has the scopes %v", s.File, examples.Grants()[i].Scopes)
		}
	}
	for _, g := range examples.Grants() {
		if !named[g.ID] {
			t.Errorf("no sample names grant %s", g.ID)
		}
	}
}

func TestInvalidWidgetsHaveSeveralFaults(t *testing.T) {
	raw, err := examples.Files.ReadFile("09-invalid-widgets.json")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = pipeline.Builder{}.Validate(raw)
	for _, want := range []string{
		"widgets[0].title_row.text: 57 characters, at most 49 allowed",
		"widgets[1].score_row.percentage_score", "widgets[2].score_row", "widgets[3].group_info_row.items", "widgets[4].button_bar.action",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in: %v", want, err)
		}
	}
}

func TestEveryFileIsASample(t *testing.T) {
	var files, listed []string
	for _, pattern := range []string{"*.json", "listings/*.json"} {
		found, err := fs.Glob(examples.Files, pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, s := range examples.Samples() {
		listed = append(listed, s.File)
	}
	if diff := cmp.Diff(files, listed); diff != "" {
		t.Errorf("files (-) and samples (+):\n%s", diff)
	}
}

func TestReadmeListsEverySample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range examples.Samples() {
		end := string(s.Want.Result)
		if s.Want.Reason != "" {
			end += ": " + string(s.Want.Reason)
		}
		if row := "| `" + s.File + "` | " + s.Shows + " | " + end + " |\n"; !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
}

func TestOutcomeDiffers(t *testing.T) {
	want := examples.Outcome{Result: pipeline.ResultDead, Reason: pipeline.Rejected, HTTPStatus: 400}
	got := pipeline.OutcomeData{Result: pipeline.ResultDead, HTTPStatus: 400, Attempts: 7, Reason: &pipeline.Reason{Code: pipeline.Rejected}}
	if d := want.Differs(got); d != "" {
		t.Errorf("a kept promise: %s", d)
	}
	got.HTTPStatus = 403
	if d := want.Differs(got); d != "status is 403, promised was 400" {
		t.Errorf("a broken promise: %q", d)
	}
	got.Reason = nil
	if d := want.Differs(got); d != "reason is , promised was rejected" {
		t.Errorf("a missing reason: %q", d)
	}
}
