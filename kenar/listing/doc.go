// Package listing reads the data of events about listings, the posts that an
// app makes and manages for a user or a business, and turns it into the bodies
// of Kenar's requests:
//
//	kenar.listing.submit.v1   [DecodeSubmission]
//	kenar.listing.edit.v1     [DecodeEdit]
//	kenar.listing.reorder.v1  [DecodePayment]
//	kenar.listing.renew.v1    [DecodePayment]
//	kenar.listing.button.v1   [DecodeButton]
//	kenar.listing.delete.v1   [DecodeDelete]
//
// A call costs money or a part of a small quota, and some cannot be repeated.
// So whatever can be known to be wrong without a call is told at once: every
// fault of the data, with its path from "data", in one [widgets.Faults]. A
// field that is not known is a fault, and so is one that is given twice; what
// readers of JSON disagree about is not sent.
//
// What has been decoded without an error makes a body as soon as its images and
// its video have been uploaded. Until then they stand in it as their sources,
// which [Submission.Sources] and [Edit.Sources] list. Submissions, edits and
// payments can be kept as JSON on the way and are the same afterwards.
package listing
