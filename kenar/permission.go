package kenar

// operationPermissions holds for every operation the permission that the API
// key must have, "" for none (Kenar OpenAPI; Kenar docs, API key permissions).
//
// The key is sent where no permission is needed, too, except to the image
// service of widgets. The two uploads of a post's media are documented with
// the key and without the name of a permission; it is taken to be that of
// asking where to upload.
var operationPermissions = map[Operation]string{
	OpCreatePostAddon:     "ADD_ON_CREATE",
	OpCreatePostAddonV1:   "ADD_ON_CREATE",
	OpCreateBusinessAddon: "BUSINESS_ADDON_CREATE",
	OpCreateUserAddon:     "USER_ADDON_CREATE",
	OpDeletePostAddon:     "ADD_ON_DELETE",
	OpDeleteUserAddon:     "USER_ADDON_DELETE",
	OpUploadWidgetImage:   "",

	OpCreatePostSemantic: "POST_SEMANTIC_CREATE",
	OpCreateUserSemantic: "USER_SEMANTIC_CREATE",

	OpGetPost:           "GET_POST",
	OpGetUser:           "USER_RETRIEVE",
	OpGetUserPosts:      "GET_USER_POSTS",
	OpGetUserBusinesses: "GET_USER_BUSINESSES",
	OpGetUserPost:       "GET_USER_POST",

	OpSubmitPost:           "SUBMIT_POST",
	OpSubmitUserPost:       "SUBMIT_USER_POST",
	OpCanSubmitUserPost:    "CAN_USER_SUBMIT_POST",
	OpGetPostPricing:       "POST_PRICING_RETRIEVE",
	OpPublishPost:          "PUBLISH_USER_POST",
	OpRenewPost:            "POST_RENEW",
	OpReorderPost:          "POST_REORDER",
	OpPayPostPromotion:     "PAY_POST_PROMOTION",
	OpEditPost:             "EDIT_POST",
	OpEditPostV1:           "EDIT_POST",
	OpDeletePost:           "DELETE_USER_POST",
	OpSetPostButton:        "SET_CUSTOMIZED_BUTTON",
	OpDeletePostButton:     "SET_CUSTOMIZED_BUTTON",
	OpSetBusinessButton:    "BUSINESS_CUSTOMIZED_BUTTON_CREATE",
	OpDeleteBusinessButton: "BUSINESS_CUSTOMIZED_BUTTON_CREATE",

	OpGetSubmitSchema:   "",
	OpGetPostUploadURLs: "UPLOAD_POST_IMAGE",
	OpUploadPostImage:   "UPLOAD_POST_IMAGE",
	OpUploadPostVideo:   "UPLOAD_POST_IMAGE",
	OpGetBalance:        "BALANCE_RETRIEVE",
	OpGetTransaction:    "TRANSACTION_RETRIEVE",
	OpListTransactions:  "TRANSACTION_LIST",
}

// Permission returns the permission that the API key needs for an operation,
// which is also what Kenar counts calls by: "ADD_ON_CREATE" for
// [OpCreatePostAddon]. It is "" for an operation that needs none, and for one
// that is not one of the constants.
func Permission(op Operation) string { return operationPermissions[op] }
