package listing

import "github.com/kenar-addons/kenar-addons/kenar"

// generalData reads what a submission says that posts of all categories have.
func (o *object) generalData() (g kenar.GeneralData, v video) {
	n := o.find("general_data")
	if n == nil {
		o.fault("data.general_data", "is missing: give what every post has, such as title and city")
		return g, v
	}
	read(o.findings, "data.general_data", n, func(o *object) {
		g = kenar.GeneralData{
			CategorySlug: value(o, "category_slug", o.text),
			Title:        value(o, "title", o.text),
			Description:  value(o, "description", o.text),
			Images:       value(o, "images", o.images),
			City:         value(o, "city", o.text),
			District:     value(o, "district", o.text),
			Latitude:     optional(o, "latitude", o.degrees),
			Longitude:    optional(o, "longitude", o.degrees),
			LocationType: value(o, "location_type", o.location),
			HidePhone:    optional(o, "hide_phone", o.boolean),
			ChatEnabled:  optional(o, "chat_enabled", o.boolean),
		}
		v = value(o, "video", o.video)
		g.Video = v.uploaded
		o.refuse("landline_numbers", "belong beside general_data, not into it")
	})
	return g, v
}
