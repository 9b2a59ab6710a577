package widgets

// An ImageCarouselRow shows pictures to swipe through (Kenar docs,
// widgets/image_carousel_row).
type ImageCarouselRow struct {
	Items      []CarouselImage // at least 1
	HasDivider bool            // draw a line below
}

// A CarouselImage is one picture of an ImageCarouselRow.
type CarouselImage struct {
	// ImageID is an uploaded image, required. Logo comes with a warning: the
	// migration guide keeps it in a carousel, the widget's page has it no more.
	ImageID     string
	Description string
}

func (r ImageCarouselRow) fields(v visitor) Row {
	list(v, "items", &r.Items, bounds{least: 1}, (*CarouselImage).fields)
	v.flag("has_divider", &r.HasDivider)
	return r
}

func (i *CarouselImage) fields(v visitor) {
	v.image("image_id", "image_url", &i.ImageID, true)
	v.text("description", &i.Description, textLimit{})
}
