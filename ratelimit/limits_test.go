package ratelimit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseLimits(t *testing.T) {
	const week = 168 * time.Hour
	for _, tt := range []struct {
		in   string
		want Limits
	}{
		{"", Limits{}},
		{" ; ", Limits{}},
		{"ADD_ON_CREATE=100/168h", Limits{"ADD_ON_CREATE": {{Limit: 100, Every: week}}}},
		{"ADD_ON_CREATE=100/168h reserve 10; GET_POST=10000/168h; app=60/1m,5000/24h", Limits{
			"ADD_ON_CREATE": {{Limit: 100, Every: week, Reserve: 10}},
			"GET_POST":      {{Limit: 10000, Every: week}},
			"app":           {{Limit: 60, Every: time.Minute}, {Limit: 5000, Every: 24 * time.Hour}},
		}},
		{"  P = 1/1s reserve 0 , 2/1h30m ;", Limits{"P": {{Limit: 1, Every: time.Second}, {Limit: 2, Every: 90 * time.Minute}}}},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseLimits(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseLimitsNamesTheBadPart(t *testing.T) {
	for in, parts := range map[string][]string{
		"P":                           {`"P" has no "="`},
		"P=":                          {`window "" is not of the form`},
		"P=100":                       {`window "100" has no "/"`},
		"P=x/1h":                      {`"x" is not a whole number`},
		"P=5/week":                    {`"week" is not a duration`, "168h"},
		"P=5/7d":                      {`"7d" is not a duration`},
		"P=5/1h reserve":              {`window "5/1h reserve" is not of the form`},
		"P=5/1h reserve x":            {`reserve "x"`},
		"P=5/1h keep 3":               {`"5/1h keep 3"`, "reserve 10"},
		"P=0/1h":                      {"limit 0 is not within 1"},
		"P=5/1h reserve 5":            {"reserve 5", "within 0 and 4"},
		"P=5/1h reserve -1":           {"reserve -1"},
		"P=5/1us":                     {"1µs", "1ms"},
		"P=5/9000h":                   {"9000h", "8784h"},
		"P=5/1000001ns":               {"whole number of microseconds"},
		"P=5/1h,6/60m":                {"1h is given twice"},
		"P=5/1h; P=6/2h":              {"P is given twice"},
		"A B=5/1h":                    {`permission "A B"`},
		"=5/1h":                       {`permission ""`},
		"P=x/1h,5/y; Q; R=1/1h":       {`"x"`, `"y"`, `"Q"`}, // all at once
		"P=0/1h; Q=5/1h reserve 9":    {"P: limit 0", "Q: reserve 9"},
		"{x}=1/1h":                    {`"{x}"`},
		strings.Repeat("P", 65) + "=": {"not of the form"},
	} {
		t.Run(in, func(t *testing.T) {
			got, err := ParseLimits(in)
			if err == nil {
				t.Fatalf("no error, but %v", got)
			}
			for _, part := range parts {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not contain %q: %v", part, err)
				}
			}
		})
	}
}

func TestLimitsString(t *testing.T) {
	l := Limits{
		"app": {{Limit: 60, Every: time.Minute}, {Limit: 5000, Every: 24 * time.Hour}},
		"Z":   {{Limit: 3, Every: 1500 * time.Millisecond}},
		"B":   {{Limit: 100, Every: 168 * time.Hour, Reserve: 10}},
	}
	if got, want := l.String(), "B=100/168h reserve 10; Z=3/1.5s; app=60/1m,5000/24h"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	if got := l.Longest(); got != 168*time.Hour {
		t.Errorf("Longest = %s", got)
	}
	if got := (Limits)(nil).Longest(); got != 0 {
		t.Errorf("Longest of none = %s", got)
	}
}

func FuzzParseLimits(f *testing.F) {
	for _, s := range []string{"", "A=1/1h", "ADD_ON_CREATE=100/168h reserve 10; GET_POST=10000/168h; app=60/1m,5000/24h", "P=5/1h,,", "=;=", "app=1/1ms"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		limits, err := ParseLimits(s)
		if err != nil {
			return
		}
		again, err := ParseLimits(limits.String())
		if err != nil {
			t.Fatalf("%q becomes %q, which is refused: %v", s, limits, err)
		}
		if d := cmp.Diff(limits, again); d != "" {
			t.Errorf("%q changes on its way through String: %s", s, d)
		}
		// What goes to Redis and back.
		a, err := newAgreement(limitsText(limits), keys{prefix: "k", app: "a"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(limits, a.limits); d != "" {
			t.Errorf("%q changes on its way through Redis: %s", s, d)
		}
		for permission, windows := range limits {
			for _, w := range windows {
				if g := w.guard(); g < 0 || g > maxGuard || g > w.Every {
					t.Errorf("%s: guard of %s is %s", permission, w.Every, g)
				}
			}
		}
	})
}

func TestNewNamesTheBadField(t *testing.T) {
	_, err := New(Config{App: "{x}", Prefix: "a:b", Hold: 2 * time.Hour, Limits: Limits{"P": {{Limit: -1, Every: time.Hour}}}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"Redis is nil", `field App "{x}"`, `Prefix "a:b"`, "Hold 2h0m0s", "Call 0s", "limit -1"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not contain %q: %v", part, err)
		}
	}
}
