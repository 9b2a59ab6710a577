package persian_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

func seeds(f *testing.F) {
	for _, s := range []string{
		"", " ", "كارشناسي ي\u200cك خودرو", "BMW X3 مدل 2015 (سفید)", "\u202eevil\u202c", "a\r\n\r\n\r\nb\t c",
		"ز\u0334\u0335\u0336\u0337\u0338الگو", "👨‍👩‍👧‍👦 خانواده", "🇮🇷🇮🇷🇮", "می\u200c\u200cشود\u200c", "ۀ\u0650", "ﻻﮎ", "e\u200d\u0301",
		"ی\u0654", "\u0654", "ه\u200d.ش", "\xff\xfe", "각\u11a8", "https://x.ir/12 12,345.6%", "\u0600\u0661",
	} {
		f.Add(s, 5)
	}
}

// A folded text is clean, and folding it again changes nothing.
func FuzzFold(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string, _ int) {
		got := persian.Fold(s)
		if again := persian.Fold(got); again != got {
			t.Errorf("Fold(%+q) = %+q, and folded again %+q", s, got, again)
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Errorf("Fold(%+q) = %+q: not valid or not in form C", s, got)
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") || strings.Contains(got, "\n\n\n") {
			t.Errorf("Fold(%+q) = %+q: blanks are left", s, got)
		}
		marks := 0
		for _, c := range got {
			switch {
			case c != '\n' && unicode.IsControl(c), '\u202a' <= c && c <= '\u202e', '\u2066' <= c && c <= '\u2069',
				c == '\u200e', c == '\u200f', c == '\u200b', c == '\ufeff', c == 'ي', c == 'ك':
				t.Errorf("Fold(%+q) = %+q: %U is left", s, got, c)
			}
			if marks++; !unicode.Is(unicode.M, c) {
				marks = 0
			}
			if marks > 3 {
				t.Errorf("Fold(%+q) = %+q: more than three marks on a character", s, got)
			}
		}
		for _, bad := range []string{"\u200c\u200c", " \u200c", "\u200c ", "\n\u200c", "\u200c\n", "\u200d\u200c", "\u200c\u200d"} {
			if strings.Contains(got, bad) || strings.Trim(got, "\u200c") != got {
				t.Errorf("Fold(%+q) = %+q: a useless joiner is left", s, got)
			}
		}
	})
}

// A shortened text fits, is a beginning of the text and an ellipsis, and ends
// between two characters as a reader sees them.
func FuzzShorten(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit %= 300
		s = strings.ToValidUTF8(s, "")
		got, cut := persian.Shorten(s, limit)
		n := utf8.RuneCountInString(got)
		switch {
		case !cut:
			if got != s || n > max(limit, 0) {
				t.Errorf("Shorten(%+q, %d) = %+q, unchanged", s, limit, got)
			}
			return
		case utf8.RuneCountInString(s) <= limit:
			t.Errorf("Shorten(%+q, %d) = %+q, but it fits", s, limit, got)
		case n > max(limit, 0):
			t.Errorf("Shorten(%+q, %d) = %+q has %d characters", s, limit, got, n)
		case limit < 1:
			return
		}
		kept, ok := strings.CutSuffix(got, "…")
		if !ok || !strings.HasPrefix(s, kept) {
			t.Fatalf("Shorten(%+q, %d) = %+q is not a beginning and an ellipsis", s, limit, got)
		}
		if kept == "" {
			return
		}
		next, _ := utf8.DecodeRuneInString(s[len(kept):])
		last, _ := utf8.DecodeLastRuneInString(kept)
		if unicode.Is(unicode.M, next) || next == '\u200d' || last == '\u200c' || last == '\u200d' && (unicode.IsLetter(next) || unicode.IsSymbol(next)) {
			t.Errorf("Shorten(%+q, %d) = %+q cuts between %U and %U", s, limit, got, last, next)
		}
	})
}

// Fitting is setting, as long as the text has room, and setting twice is
// setting once.
func FuzzFit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit %= 300
		set := persian.Text(s)
		if again := persian.Text(set); again != set {
			t.Errorf("Text(%+q) = %+q, and set again %+q", s, set, again)
		}
		got, cut := persian.Fit(s, limit)
		if n := utf8.RuneCountInString(got); n > max(limit, 0) {
			t.Errorf("Fit(%+q, %d) = %+q has %d characters", s, limit, got, n)
		}
		if !cut && got != set {
			t.Errorf("Fit(%+q, %d) = %+q, want %+q", s, limit, got, set)
		}
		if cut != (utf8.RuneCountInString(set) > limit) {
			t.Errorf("Fit(%+q, %d) shortened: %v", s, limit, cut)
		}
		if again, _ := persian.Fit(got, limit); cut && limit > 0 && utf8.RuneCountInString(again) > limit {
			t.Errorf("Fit(%+q, %d) is longer than it", got, limit)
		}
	})
}
