package preview

import (
	"encoding/json"
	"strings"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// pixel is a picture of one grey pixel.
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNoaGj4DwAFhAKBu1ZQYQAAAABJRU5ErkJggg=="

// specimen is a page with all ten rows, in all their forms: short and long
// texts, with Latin words and numbers among the Persian ones, every colour, and
// every kind of picture, icon and action.
func specimen() Page {
	link := widgets.OpenDirectLink("https://sanj.example/r/88213?t=a&lang=fa&x=" + strings.Repeat("0123456789abcdef", 4))
	long := strings.Repeat("گلگیر جلو سمت راننده یک لکه رنگ دارد. دیاگ (OBD-II) خطایی ندارد. لاستیک\u200cها MICHELIN 175/70 R13 هستند. ", 5)
	address := "https://img.example/a/long/path/with-a-signature?X-Signature=" + strings.Repeat("0123456789abcdef", 8)
	section := func(text string, c widgets.Color) widgets.EvaluationSection {
		return widgets.EvaluationSection{Text: text, SectionColor: c}
	}
	rows := []widgets.Row{
		widgets.TitleRow{Text: "گزارش کارشناسی پژو ۲۰۶ تیپ ۲", HasDivider: true},
		widgets.SubtitleRow{Text: "کارشناسی در محل، ۲۷ مرداد ۱۴۰۵، توسط Sanj Auto Check (شعبهٔ غرب)"},
		widgets.ScoreRow{Title: "بدنه و رنگ", PercentageScore: new(86), ScoreColor: widgets.SuccessPrimary, IconName: "CAR_BODY", HasDivider: true},
		widgets.ScoreRow{Title: "موتور، گیربکس، دیفرانسیل", DescriptiveScore: "سالم و بدون ایراد", ScoreColor: widgets.SuccessSecondary, IconName: "CAR_ENGINE", HasDivider: true, Action: link},
		widgets.ScoreRow{Title: "لاستیک\u200cها", PercentageScore: new(45), ScoreColor: widgets.WarningPrimary, IconName: "CAR_TIRES"},
		widgets.ScoreRow{Title: "ABS / ESP", PercentageScore: new(0), ScoreColor: widgets.ErrorPrimary, IconName: "BRAND_PEUGEOT"},
		widgets.ScoreRow{Title: "برق", DescriptiveScore: "نیاز به بررسی", ScoreColor: widgets.WarningSecondary},
		widgets.ScoreRow{Title: "بدون رنگ", PercentageScore: new(100)},
		widgets.GroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "کارکرد", Value: "۹۲٬۰۰۰ کیلومتر"}, {Title: "رنگ\u200cشدگی", Value: "یک لکه"}, {Title: "شاسی", Value: "سالم"}}, HasDivider: true},
		widgets.GroupInfoRow{Items: []widgets.GroupInfoItem{{Title: "موتور", Value: "TU5JP4-1587cc-16valve-inline-four-petrol"}, {Title: "عنوان بلندی که باید شکسته شود", Value: "مقداری بلند که در چند خط شکسته می\u200cشود، بی\u200cآنکه از ستون بیرون بزند"}}},
		widgets.EvaluationRow{Left: section("پایین بازار", widgets.SuccessSecondary), Middle: section("منصفانه", widgets.SuccessPrimary), Right: section("بالای بازار", widgets.WarningPrimary), IndicatorText: "۴۱۰ میلیون تومان", IndicatorPercentage: 48, IconName: "CAR_INSPECTED"},
		widgets.EvaluationRow{Left: section("ارزان", widgets.SuccessSecondary), Middle: section("", widgets.WarningSecondary), Right: section("خیلی بالای بازار!!", widgets.ErrorPrimary), IndicatorText: "یک میلیارد و دویست و پنجاه میلیون تومان (قیمت آگهی)", IndicatorPercentage: 100},
		widgets.EvaluationRow{Left: section("ارزان", widgets.SuccessSecondary), Middle: section("منصفانه", widgets.WarningSecondary), Right: section("گران", widgets.ErrorPrimary), IndicatorText: "۹۰ میلیون", IndicatorPercentage: 0},
		widgets.DescriptionRow{Text: "نمونهٔ متن با واژهٔ English در میان. خط دوم:\n۱) سالم\n۲) نیاز به تعمیر", HasDivider: true},
		widgets.DescriptionRow{Text: long, Expandable: true, HasDivider: true},
		widgets.EventRow{Title: "بازدید کارشناس", Subtitle: "شعبهٔ غرب تهران، بلوار آیت\u200cالله کاشانی، پلاک ۱۲", Label: "۲۷ مرداد ۱۴۰۵", ImageID: widgets.Logo, HasDivider: true},
		widgets.EventRow{Title: "تعویض روغن", Subtitle: "TOTAL Quartz 9000 5W-40", IconName: "NOTE"},
		widgets.SelectorRow{Title: "تاریخچهٔ کامل کارشناسی\u200cهای این خودرو", IconName: "NOTE", HasDivider: true, Action: widgets.OpenServerLink{Data: json.RawMessage(`{"report":"88213"}`)}},
		widgets.SelectorRow{Title: "عکس از آدرس", ImageID: address, Action: widgets.GetDynamicAction{}},
		widgets.SelectorRow{Title: "عکس", ImageID: pixel, Action: widgets.OpenPostManagePage{PostToken: "gZ206tip"}},
		widgets.ImageCarouselRow{Items: []widgets.CarouselImage{{ImageID: pixel, Description: "گلگیر جلو"}, {ImageID: address, Description: "از پهلو"}, {ImageID: "uploaded-image-17.jpg"}, {ImageID: widgets.Logo}}, HasDivider: true},
		widgets.ButtonBar{Title: "مشاهدهٔ گزارش کامل کارشناسی", Action: link},
		widgets.ButtonBar{Title: "درخواست کارشناسی", Action: widgets.OpenPostPage{PostToken: "gZ206tip"}},
	}
	list := make(widgets.List, len(rows))
	for i, r := range rows {
		list[i].Row = r
	}
	list[21].SemanticPaths = map[string]string{"report": "action.open_direct_link"}
	return Page{
		Title:   "chk-88213 · کارشناسی پژو ۲۰۶",
		Target:  "post/gZ206tip",
		Widgets: list,
		Semantic: map[string]string{
			"inspection_result": "INSPECTION_APPROVED",
			"VIN":               strings.Repeat("0123456789abcdef", 4),
		},
		Warnings: []widgets.Warning{
			{Path: "widgets[3].score_row.title", Message: "was shortened from 31 to 25 characters"},
			{Path: "data.inspection.sections[7].note", Message: "was left out"},
		},
	}
}
