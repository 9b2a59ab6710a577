package widgets

// A Color is the name of a colour of a text or of a section. Names are upper
// case and case-sensitive.
type Color string

// The colours of v2 widgets.
const (
	SuccessPrimary   Color = "SUCCESS_PRIMARY"
	SuccessSecondary Color = "SUCCESS_SECONDARY"
	WarningPrimary   Color = "WARNING_PRIMARY"
	WarningSecondary Color = "WARNING_SECONDARY"
	ErrorPrimary     Color = "ERROR_PRIMARY"
)

// color is the rule for a v2 colour (Kenar OpenAPI, addonsWidgetColor).
func color(required bool) enum {
	return enum{what: "a widget colour", names: colorNames[:], required: required}
}

var colorNames = [...]string{
	string(SuccessPrimary), string(SuccessSecondary),
	string(WarningPrimary), string(WarningSecondary), string(ErrorPrimary),
}

// legacyColor is the rule for a v1 colour. BRAND_PRIMARY is missing in the
// published list, but the documented samples of EVALUATION_ROW use it.
func legacyColor(required bool) enum {
	return enum{what: "a v1 widget colour", names: legacyColorNames[:], required: required}
}

var legacyColorNames = [...]string{
	string(SuccessPrimary), string(SuccessSecondary),
	string(WarningPrimary), string(WarningSecondary), string(ErrorPrimary),
	"TEXT_PRIMARY", "TEXT_SECONDARY", "TEXT_HINT", "TEXT_DIVIDER",
	"ICON_PRIMARY", "ICON_SECONDARY", "ICON_HINT", "ICON_DIVIDER",
	"WHITE_PRIMARY", "BRAND_PRIMARY",
}
