// Package images turns the source of an image, an https URL or a data URI that
// a producer gave, into the JPEG that is uploaded for a widget.
//
// A source is hostile until proven otherwise. A URL is fetched only from the
// hosts that were listed, over https, and never from an address that is not on
// the public internet: that is judged when a connection is made, by the address
// the name has just been resolved to, so that no redirect and no DNS answer
// leads inside. What comes back is read up to a limit and for a limited time,
// judged by its bytes and not by what it is called, and decoded only when its
// header promises an image of bearable size.
//
// What goes out is always a new JPEG of the pixels alone: turned upright, on
// white, no larger than needed. The camera's metadata, such as the place the
// picture was taken at, stays behind. Videos are the exception: those of posts
// are fetched by the same rules, looked at no further than their first bytes,
// and handed on as they are.
//
// For most uses make one Fetcher with New; ask its Check before an event is
// queued, and its JPEG right before the upload.
package images
