// Package preview shows an add-on before it is sent, as one self-contained HTML
// page: roughly as the readers of an ad will see it, right to left, in a light
// and a dark column as wide as a phone, with what is wrong with it beside the
// rows it concerns.
//
// The page needs no network and no script, and a content security policy keeps
// a browser from using either, whatever the add-on holds. Pictures that are not
// in the page already are shown as their address.
//
// It looks plain on purpose: fonts, icons and exact measures are the business of
// Divar's apps and change with them. What it is for are texts that are too long,
// colours that say the wrong thing, and rows in the wrong order.
package preview
