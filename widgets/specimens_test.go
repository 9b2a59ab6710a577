package widgets_test

import (
	"encoding/json"

	"github.com/kenar-addons/kenar-addons/widgets"
)

// specimens are one widget of each kind with every field set.
func specimens() widgets.List {
	return widgets.List{
		{
			Row:           widgets.TitleRow{Text: "گزارش کارشناسی خودرو", HasDivider: true},
			SemanticPaths: map[string]string{"heading of the report": "text"},
		},
		{Row: widgets.SubtitleRow{Text: "بازدید در محل، با حضور فروشنده", HasDivider: true}},
		{Row: widgets.DescriptionRow{
			Text:       "بدنه بدون رنگ است.\nموتور و گیربکس سالم\u200cاند؛ لاستیک\u200cها ۶۰٪ آج دارند.",
			HasDivider: true,
			Expandable: true,
		}},
		{
			Row: widgets.EvaluationRow{
				Left:                widgets.EvaluationSection{Text: "ارزان", SectionColor: widgets.SuccessPrimary},
				Middle:              widgets.EvaluationSection{Text: "منصفانه", SectionColor: widgets.WarningSecondary},
				Right:               widgets.EvaluationSection{Text: "گران", SectionColor: widgets.ErrorPrimary},
				IndicatorText:       "۸۴۰ میلیون تومان",
				IndicatorPercentage: 0,
				IconName:            "MONEY",
			},
			SemanticPaths: map[string]string{"price_level": "indicator_percentage", "low": "left.text"},
		},
		{
			Row:           widgets.ButtonBar{Title: "دیدن گزارش کامل", Action: widgets.OpenDirectLink("https://example.com/reports/17?lang=fa&p=1#summary")},
			SemanticPaths: map[string]string{"report": "action.open_direct_link"},
		},
		{
			Row: widgets.SelectorRow{
				Title:      "تصویر کارت خودرو",
				ImageID:    "0b54c8f6-3f0a-4a51-9d0e-7f2f4f1a2b3c.jpg",
				IconName:   "CAR_DOCUMENTS",
				HasDivider: true,
				Action:     widgets.OpenServerLink{Data: json.RawMessage(`{"report":"17","pages":[1,2.50,{"from":null}],"paid":true}`)},
			},
			SemanticPaths: map[string]string{"report": "action.open_server_link.data.report"},
		},
		{
			Row: widgets.EventRow{
				Title:      "کارشناس: ع. رضایی",
				Subtitle:   "شعبهٔ «تهران\u200cپارس»",
				Label:      "تأییدشده ✅",
				ImageID:    widgets.Logo,
				IconName:   "CAR_INSPECTED",
				HasDivider: true,
			},
			SemanticPaths: map[string]string{"expert": "title"},
		},
		{
			Row: widgets.GroupInfoRow{
				Items: []widgets.GroupInfoItem{
					{Title: "کارکرد", Value: "۱۲۰٬۰۰۰ کیلومتر"},
					{Title: "سال ساخت", Value: "۱۳۹۸"},
					{Title: "رنگ", Value: "سفید"},
				},
				HasDivider: true,
			},
			SemanticPaths: map[string]string{"facts": "items"},
		},
		{
			Row: widgets.ScoreRow{
				Title:           "ضربه\u200cپذیری شاسی",
				PercentageScore: new(0),
				ScoreColor:      widgets.ErrorPrimary,
				IconName:        "CAR_BODY",
				HasDivider:      true,
				Action:          widgets.GetDynamicAction{Data: json.RawMessage(`{"part":"chassis"}`)},
			},
			SemanticPaths: map[string]string{"chassis": "percentage_score"},
		},
		{Row: widgets.ScoreRow{
			Title:            "موتور",
			DescriptiveScore: "بسیار خوب",
			ScoreColor:       widgets.SuccessSecondary,
			Action:           widgets.OpenPostPage{PostToken: "gZ7nvW21"},
		}},
		{Row: widgets.SelectorRow{Title: "مدیریت آگهی", Action: widgets.OpenPostManagePage{PostToken: "gZ-7_vW2"}}},
		{Row: widgets.ImageCarouselRow{
			Items: []widgets.CarouselImage{
				{ImageID: "a91b.jpg", Description: "جلو"},
				{ImageID: "c27d.jpg"},
			},
			HasDivider: true,
		}},
	}
}

// legacySpecimens are one v1 widget of each type with every field set.
func legacySpecimens() widgets.LegacyList {
	webView := widgets.LegacyAction{
		Type:         widgets.LoadWebViewPage,
		Link:         "https://example.com/reports/17",
		FallbackLink: "https://example.com/old/reports/17",
	}
	browser := widgets.LegacyAction{
		Type:         widgets.OpenWebPage,
		Link:         "https://example.com/reports/17",
		FallbackLink: "https://example.com/reports/17",
	}
	icon := widgets.LegacyIcon{Name: "CAR_ENGINE", Color: "ICON_PRIMARY"}
	section := func(text string, c widgets.Color) widgets.LegacyEvaluationSection {
		return widgets.LegacyEvaluationSection{Text: text, TextColor: "WHITE_PRIMARY", SectionColor: c}
	}
	return widgets.LegacyList{
		widgets.LegacyLegendTitleRow{
			Title:      "کارشناسی خودرو",
			Subtitle:   "مرکز تهران\u200cپارس",
			HasDivider: true,
			Tags:       []widgets.LegacyTag{{Text: "نو", Icon: widgets.LegacyIcon{Name: "STAR"}, BackgroundColor: "GRAY"}},
		},
		widgets.LegacyTitleRow{Text: "گزارش کارشناسی", TextColor: "TEXT_PRIMARY", HasDivider: true},
		widgets.LegacySubtitleRow{Text: "بازدید در محل", HasDivider: true},
		widgets.LegacyDescriptionRow{
			Text: "بدنه بدون رنگ است.", HasDivider: true, Expandable: true,
			IsPrimary: true, Small: true, Padded: true, PreviewMaxLine: new(3),
		},
		widgets.LegacyEvaluationRow{
			IndicatorText:       "۸۴۰ میلیون تومان",
			IndicatorPercentage: 64,
			IndicatorIcon: widgets.LegacyIndicatorIcon{
				LegacyIcon:    widgets.LegacyIcon{Name: "MONEY", Color: "BRAND_PRIMARY"},
				ImageURLDark:  "dark.jpg",
				ImageURLLight: "light.jpg",
			},
			IndicatorColor: "BRAND_PRIMARY",
			Left:           section("ارزان", widgets.SuccessPrimary),
			Middle:         section("منصفانه", widgets.WarningPrimary),
			Right:          section("گران", widgets.ErrorPrimary),
		},
		widgets.LegacyWideButtonBar{Style: "SECONDARY", Title: "دیدن گزارش کامل", Action: browser},
		widgets.LegacySelectorRow{
			Title: "کارت خودرو", ImageURL: "a91b.jpg", HasDivider: true, HasNotification: true, Icon: icon,
			NotificationText: "۱", Description: "پشت و رو", HasArrow: true, Small: true, Action: &webView,
		},
		widgets.LegacyEventRow{
			Title: "کارشناس", Subtitle: "ع. رضایی", Label: "تأییدشده", HasDivider: true, Padded: true,
			HasIndicator: true, ImageURL: widgets.Logo, Icon: icon, Action: &webView,
		},
		widgets.LegacyGroupInfoRow{
			Items:      []widgets.GroupInfoItem{{Title: "کارکرد", Value: "۱۲۰٬۰۰۰"}, {Title: "رنگ", Value: "سفید"}},
			HasDivider: true,
		},
		widgets.LegacyScoreRow{
			Title: "شاسی", PercentageScore: new(0), ScoreColor: widgets.ErrorPrimary,
			HasDivider: true, Icon: icon, Action: &webView,
		},
		widgets.LegacyScoreRow{Title: "موتور", DescriptiveScore: "بسیار خوب"},
		widgets.LegacyImageCarouselRow{
			Items:      []widgets.LegacyCarouselImage{{ImageURL: "a91b.jpg", Description: "جلو"}, {ImageURL: widgets.Logo}},
			HasDivider: true,
		},
	}
}
