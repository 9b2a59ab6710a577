package kenartest

import "strconv"

// A Video belongs to a post. Its Duration is in seconds.
type Video struct {
	Name          string `json:"name"`
	ThumbnailName string `json:"thumbnail_name"`
	Duration      uint64 `json:"duration,string,omitempty"`
}

// set changes one of the general fields to a value that was checked, or to
// nothing when there is none.
func (l *Listing) set(name string, value *node) {
	switch name {
	case "category_slug":
		l.Category = value.string()
	case "city":
		l.City = value.string()
	case "district":
		l.District = value.string()
	case "title":
		l.Title = value.string()
	case "description":
		l.Description = value.string()
	case "images":
		l.Images = value.list()
	case "location_type":
		l.LocationType = value.string()
	case "hide_phone":
		l.HidePhone = value != nil && value.truth
	case "chat_enabled":
		l.ChatEnabled = value != nil && value.truth
	case "latitude":
		l.Latitude = value.float()
	case "longitude":
		l.Longitude = value.float()
	case "video":
		l.Video = videoOf(value)
	}
}

// float is the value of a number; 0 for what is absent or too large.
func (n *node) float() float64 {
	f, err := strconv.ParseFloat(n.string(), 64)
	if err != nil {
		return 0
	}
	return f
}

func videoOf(n *node) *Video {
	if n == nil {
		return nil
	}
	name, _ := n.field("name")
	thumbnail, _ := n.field("thumbnail_name")
	duration, _ := n.field("duration")
	length, err := strconv.ParseUint(duration.string(), 10, 64)
	if err != nil {
		length = 0 // not reached: it was checked
	}
	return &Video{Name: name.string(), ThumbnailName: thumbnail.string(), Duration: length}
}
