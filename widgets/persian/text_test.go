package persian_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"github.com/kenar-addons/kenar-addons/widgets/persian"
)

const rlm = "\u200f"

func TestDigits(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"۲۰۶ تیپ ۲":                     "۲۰۶ تیپ ۲",
		"206 تیپ 2":                     "۲۰۶ تیپ ۲",
		"٢٠٦ تیپ ٢":                     "۲۰۶ تیپ ۲",
		"مدل2015":                       "مدل۲۰۱۵",
		"کارکرد 92,000 کیلومتر":         "کارکرد ۹۲٬۰۰۰ کیلومتر",
		"1,250,000":                     "۱٬۲۵۰٬۰۰۰",
		"1,25":                          "۱,۲۵", // no group of three
		"1234,567":                      "۱۲۳۴,۵۶۷",
		"حجم 2.5 لیتر":                  "حجم ۲٫۵ لیتر",
		"12,500.75":                     "۱۲٬۵۰۰٫۷۵",
		"1405.05.27":                    "۱۴۰۵.۰۵.۲۷", // a date
		"سال 1398.":                     "سال ۱۳۹۸.",
		"85%":                           "۸۵٪",
		"۸۵%":                           "۸۵٪",
		"100 %":                         "۱۰۰ %",
		"12:30":                         "۱۲:۳۰",
		"BMW X3 مدل 2015":               "BMW X3 مدل ۲۰۱۵",
		"پژو 206i":                      "پژو 206i",
		"پژو (206i) سال (1398)":         "پژو (206i) سال (۱۳۹۸)",
		"ISO-9001 در 9001":              "ISO-9001 در ۹۰۰۱",
		"X٣":                            "X٣",
		"ببینید https://x.ir/v/پژو-206": "ببینید https://x.ir/v/پژو-206",
		"www.example.com/206 و 206":     "www.example.com/206 و ۲۰۶",
		"a.b1@example.com، 12":          "a.b1@example.com، ۱۲",
		"2 \n 3":                        "۲ \n ۳",
	} {
		if got := persian.Digits(in); got != want {
			t.Errorf("Digits(%q) = %q, want %q", in, got, want)
		}
		if got := persian.Digits(want); got != want {
			t.Errorf("Digits(%q) = %q, want no change", want, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[int64]string{
		0:                    "۰",
		7:                    "۷",
		999:                  "۹۹۹",
		1000:                 "۱٬۰۰۰",
		-92000:               "\u200e−۹۲٬۰۰۰",
		1234567890:           "۱٬۲۳۴٬۵۶۷٬۸۹۰",
		9223372036854775807:  "۹٬۲۲۳٬۳۷۲٬۰۳۶٬۸۵۴٬۷۷۵٬۸۰۷",
		-9223372036854775808: "\u200e−۹٬۲۲۳٬۳۷۲٬۰۳۶٬۸۵۴٬۷۷۵٬۸۰۸",
	} {
		if got := persian.Number(in); got != want {
			t.Errorf("Number(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestToman(t *testing.T) {
	for _, tt := range []struct {
		rials int64
		want  string
	}{
		{0, "۰ تومان"},
		{4, "۰ تومان"},
		{-4, "۰ تومان"},
		{5, "۱ تومان"},
		{8_500_000, "۸۵۰٬۰۰۰ تومان"},
		{9_999_990, "۹۹۹٬۹۹۹ تومان"},
		{9_999_995, "۱ میلیون تومان"},
		{10_000_000, "۱ میلیون تومان"},
		{10_004_990, "۱ میلیون تومان"},
		{10_005_000, "۱ میلیون و ۱ هزار تومان"},
		{4_100_000_000, "۴۱۰ میلیون تومان"},
		{4_125_000_000, "۴۱۲ میلیون و ۵۰۰ هزار تومان"},
		{9_999_999_990, "۱ میلیارد تومان"},
		{12_500_000_000, "۱ میلیارد و ۲۵۰ میلیون تومان"},
		{10_000_500_000, "۱ میلیارد و ۵۰ هزار تومان"},
		{12_504_000_000, "۱ میلیارد و ۲۵۰ میلیون و ۴۰۰ هزار تومان"},
		{25_000_000_000_000, "۲٬۵۰۰ میلیارد تومان"},
		{-4_100_000_000, "\u200e−۴۱۰ میلیون تومان"},
		{9_223_372_036_854_775_807, "۹۲۲٬۳۳۷٬۲۰۳ میلیارد و ۶۸۵ میلیون و ۴۷۸ هزار تومان"},
		{-9_223_372_036_854_775_808, "\u200e−۹۲۲٬۳۳۷٬۲۰۳ میلیارد و ۶۸۵ میلیون و ۴۷۸ هزار تومان"},
	} {
		if got := persian.Toman(tt.rials); got != tt.want {
			t.Errorf("Toman(%d) = %q, want %q", tt.rials, got, tt.want)
		}
	}
}

func TestDate(t *testing.T) {
	for in, want := range map[string]string{
		"2026-08-18T09:30:00+03:30": "۲۷ مرداد ۱۴۰۵",
		"2026-08-17T20:29:59Z":      "۲۶ مرداد ۱۴۰۵", // a second before midnight in Iran
		"2026-08-17T20:30:00Z":      "۲۷ مرداد ۱۴۰۵",
		"2025-03-20T12:00:00Z":      "۳۰ اسفند ۱۴۰۳", // a leap year
		"2025-03-21T12:00:00Z":      "۱ فروردین ۱۴۰۴",
		"2026-03-20T12:00:00Z":      "۲۹ اسفند ۱۴۰۴",
		"2026-03-21T12:00:00Z":      "۱ فروردین ۱۴۰۵",
		"2000-01-01T00:00:00Z":      "۱۱ دی ۱۳۷۸",
	} {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := persian.Date(at); got != want {
			t.Errorf("Date(%s) = %q, want %q", in, got, want)
		}
	}
	if got := persian.Date(time.Time{}); got != "" {
		t.Errorf("Date of the zero time is %q, want none", got)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"كارشناسي":                              "کارشناسی",
		"موسى":                                  "موسی",
		"ۀ خانۀ ما":                             "هٔ خانهٔ ما",
		"\u06c2":                                "هٔ",
		"بدنه\u0654":                            "بدنهٔ",
		"بدن\u06d5":                             "بدنه",
		"دایرةالمعارف":                          "دایرةالمعارف", // right as it is
		"\ufefb\ufee2":                          "لام",
		"ﭘﮋﻭ":                                   "پژو",
		"ي\u0654":                               "ئ", // composed before letters are folded
		"e\u0301":                               "é",
		"  خودرو \t سالم  ":                     "خودرو سالم",
		"خودرو\u00a0سالم\u3000است":              "خودرو سالم است",
		"یک\r\nدو\rسه\u2028چهار":                "یک\nدو\nسه\nچهار",
		"یک \n\n\n\n دو\n":                      "یک\n\nدو",
		"می\u200cشود":                           "می\u200cشود",
		"می\u200c\u200c\u200cشود":               "می\u200cشود",
		"\u200cمی\u200c شود\u200c":              "می شود",
		"ه\u200d.ش":                             "ه\u200d.ش",
		"ا\u200da\u200db":                       "ا\u200dab",
		"👨\u200d👩\u200d👧":                       "👨\u200d👩\u200d👧",
		"❤\ufe0f\u200d🔥":                        "❤\ufe0f\u200d🔥",
		"\u202eabc\u202c \u2066x\u2069\u200f":   "abc x",
		"a\u200bb\u2060c\u00add\ufeff":          "abcd",
		"a\x00b\x1bc\u0085d":                    "abc\nd",
		"\u3164\u2800":                          "",
		"\U000e0041\ue000\ufffe":                "",
		"a\u0300\u0301\u0302\u0303\u0304\u0305": "à\u0301\u0302\u0303",
		" \u0301a":                              "a",
		"مُحَمَّد":                              "مُحَمَّد",
		"\xffa":                                 "\ufffda",
		"<b>سلام</b>":                           "<b>سلام</b>", // Kenar shows it as it is
	} {
		if got := persian.Fold(in); got != want {
			t.Errorf("Fold(%+q) = %+q, want %+q", in, got, want)
		}
	}
}

func TestDirect(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"BMW X3 2015 (white)":   "BMW X3 2015 (white)",
		"۹۲٬۰۰۰":                "۹۲٬۰۰۰",
		"خودرو سالم است.":       "خودرو سالم است.",
		"BMW X3 مدل ۲۰۱۵":       rlm + "BMW X3 مدل ۲۰۱۵",
		"«BMW» سفید":            rlm + "«BMW» سفید",
		"۲۰۶ تیپ ۲":             "۲۰۶ تیپ ۲",
		"پژو (206i)":            "پژو (206i)" + rlm,
		"مدل X3.":               "مدل X3." + rlm,
		"از CarCheck، ۲۷ مرداد": "از CarCheck" + rlm + "، ۲۷ مرداد",
		"از X3: ۲۷ و Y، ۲ تا":   "از X3" + rlm + ": ۲۷ و Y" + rlm + "، ۲ تا",
		"گوشی iPhone ۱۳ Pro":    "گوشی iPhone ۱۳ Pro",
		"کد ME۷.۴.۴":            "کد ME۷.۴.۴",
		"مدل X3":                "مدل X3",
		"مدل X3 ۲۰۱۵":           "مدل X3 ۲۰۱۵",
		"مدل X3 (۲۰۱۵)":         "مدل X3 (۲۰۱۵)" + rlm,
		"ABS دارد، EBD!":        rlm + "ABS دارد، EBD!" + rlm,
		"یک\nABS دارد\nEnglish": "یک\n" + rlm + "ABS دارد\nEnglish",
		"Ünïcode":               "Ünïcode",
	} {
		got := persian.Direct(in)
		if got != want {
			t.Errorf("Direct(%q) = %+q, want %+q", in, got, want)
		}
		if again := persian.Direct(got); again != got {
			t.Errorf("Direct(%+q) = %+q, want no change", got, again)
		}
	}
}

// The marks do what they are for, by the bidirectional algorithm itself.
func TestDirectOrder(t *testing.T) {
	// With the mark a renderer that looks for the first strong character
	// takes the line for Persian: its first word is the rightmost.
	var p bidi.Paragraph
	if _, err := p.SetString(persian.Direct("BMW مدل")); err != nil {
		t.Fatal(err)
	}
	order, err := p.Order()
	if err != nil {
		t.Fatal(err)
	}
	if order.Direction() != bidi.RightToLeft && order.Direction() != bidi.Mixed || p.IsLeftToRight() {
		t.Errorf("the line is taken for a Latin one: %v", order.Direction())
	}

	// The bracket stays with the Persian sentence when Latin text follows.
	for text, want := range map[string]bidi.Direction{
		"پژو (206i":                bidi.LeftToRight,
		persian.Direct("مدل X3 !"): bidi.RightToLeft,
	} {
		if _, err := p.SetString(text+" ABC", bidi.DefaultDirection(bidi.RightToLeft)); err != nil {
			t.Fatal(err)
		}
		order, err := p.Order()
		if err != nil {
			t.Fatal(err)
		}
		if got := directionOf(order, text); got != want {
			t.Errorf("the end of %+q is set %v, want %v", text, got, want)
		}
	}
}

// directionOf is the direction of the run with the last visible character of
// the text.
func directionOf(order bidi.Ordering, text string) bidi.Direction {
	last := utf8.RuneCountInString(text) - 1
	if []rune(text)[last] == '\u200f' {
		last--
	}
	for i := range order.NumRuns() {
		run := order.Run(i)
		if start, end := run.Pos(); start <= last && last <= end {
			return run.Direction()
		}
	}
	return bidi.Neutral
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
		cut   bool
	}{
		{"", 0, "", false},
		{"خودرو", 5, "خودرو", false},
		{"خودرو", 0, "", true},
		{"خودرو", -3, "", true},
		{"خودرو", 1, "…", true},
		{"خودرو", 4, "خود…", true}, // one word, longer than the limit
		{"خودرو سالم است", 13, "خودرو سالم…", true},
		{"خودرو سالم است", 11, "خودرو سالم…", true},
		{"خودرو سالم است", 10, "خودرو…", true},
		{"خودرو سالم، بدون رنگ", 13, "خودرو سالم…", true},
		{"خودرو (سالم) است", 10, "خودرو…", true},
		{"می\u200cشود", 4, "می…", true}, // no non-joiner before the ellipsis
		{"aa e\u0301e\u0301e\u0301e\u0301e\u0301", 5, "aa…", true},
		{"e\u0301e\u0301e\u0301", 4, "e\u0301…", true},
		{"👨\u200d👩\u200d👧👨\u200d👩\u200d👧", 8, "👨\u200d👩\u200d👧…", true},
		{"👨\u200d👩\u200d👧", 4, "…", true},
		{"👍🏽👍🏽👍🏽", 4, "👍🏽…", true},
		{"🇮🇷🇮🇷🇮🇷", 4, "🇮🇷…", true},
		{"و supercalifragilistic", 8, "و super…", true}, // a long word is cut, not dropped
	} {
		if got, cut := persian.Shorten(tt.in, tt.limit); got != tt.want || cut != tt.cut {
			t.Errorf("Shorten(%+q, %d) = %+q, %v, want %+q, %v", tt.in, tt.limit, got, cut, tt.want, tt.cut)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
		cut   bool
	}{
		{"BMW X3 مدل 2015", 16, rlm + "BMW X3 مدل ۲۰۱۵", false},
		{"BMW X3 مدل 2015", 15, rlm + "BMW X3 مدل…", true}, // the mark counts
		{"BMW X3 مدل 2015", 9, "BMW X3…", true},            // what is left needs no mark
		{"پژو (206i)", 10, "پژو…", true},
		{"كارشناسي", 8, "کارشناسی", false},
		{"آ", 0, "", true},
		{"", 0, "", false},
	} {
		if got, cut := persian.Fit(tt.in, tt.limit); got != tt.want || cut != tt.cut {
			t.Errorf("Fit(%q, %d) = %+q, %v, want %+q, %v", tt.in, tt.limit, got, cut, tt.want, tt.cut)
		}
	}
}
