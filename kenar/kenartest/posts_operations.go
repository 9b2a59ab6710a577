package kenartest

import "net/http"

// The operations of posts that are submitted, paid and managed through Kenar.
const (
	GetSubmitSchema      Op = "assets.submit_schema"
	GetMediaUploadURLs   Op = "assets.media_upload_urls"
	GetUploadURLs        Op = "post.upload_urls"
	UploadPostImage      Op = "post.upload_image"
	UploadPostVideo      Op = "post.upload_video"
	CanSubmit            Op = "post.can_submit"
	SubmitPost           Op = "post.submit_provider"
	SubmitUserPost       Op = "post.submit_user"
	GetPricing           Op = "post.pricing"
	PublishPost          Op = "post.publish"
	RenewPost            Op = "post.renew"
	ReorderPost          Op = "post.reorder"
	EditPostV1           Op = "post.edit_v1"
	EditPost             Op = "post.edit_v2"
	DeletePost           Op = "post.delete"
	GetUserPost          Op = "post.get_user_post"
	GetUserPosts         Op = "finder.get_user_posts"
	SetPostButton        Op = "post_button.set"
	DeletePostButton     Op = "post_button.delete"
	SetBusinessButton    Op = "business_button.set"
	DeleteBusinessButton Op = "business_button.delete"
	GetBalance           Op = "balance.get"
	GetTransaction       Op = "transaction.get"
	ListTransactions     Op = "transaction.list"
)

// Addresses of uploads. The first segment is a version, which changes with
// [Server.RotateUploads]; the method changes too, so both are routed.
const (
	imageUploadPath = "/{id}/upload/post/live-post-image"
	videoUploadPath = "/{id}/upload-video/"
)

// postOperations are the routes of Kenar's documents post/* and payment/*.
// Of a post's and of a business's customized button the one is under posts,
// plural, the other under business.
var postOperations = []operation{
	{GetSubmitSchema, http.MethodGet, "/v1/open-platform/assets/submit-schema/{id}", "category",
		"", nil, nil, (*Server).getSubmitSchema},
	{GetMediaUploadURLs, http.MethodGet, "/v1/open-platform/assets/media-upload-urls", "",
		"", nil, nil, (*Server).getMediaUploadURLs},
	{GetUploadURLs, http.MethodGet, "/v2/open-platform/post/upload-urls", "",
		"UPLOAD_POST_IMAGE", nil, nil, (*Server).getUploadURLs},
	{UploadPostImage, http.MethodPost, imageUploadPath, "", "", nil, nil, (*Server).uploadPostImage},
	{UploadPostImage, http.MethodPut, imageUploadPath, "", "", nil, nil, (*Server).uploadPostImage},
	{UploadPostVideo, http.MethodPost, videoUploadPath, "", "", nil, nil, (*Server).uploadPostVideo},
	{UploadPostVideo, http.MethodPut, videoUploadPath, "", "", nil, nil, (*Server).uploadPostVideo},

	{CanSubmit, http.MethodGet, "/experimental/open-platform/user-posts/can-submit", "",
		"CAN_USER_SUBMIT_POST", []string{"SUBMIT_USER_POST"}, nil, (*Server).canSubmit},
	{SubmitPost, http.MethodPost, "/experimental/open-platform/posts/new-v2", "",
		"SUBMIT_POST", nil, providerPostBody, (*Server).submitPost},
	{SubmitUserPost, http.MethodPost, "/experimental/open-platform/user-posts/new", "",
		"SUBMIT_USER_POST", []string{"SUBMIT_USER_POST"}, userPostBody, (*Server).submitUserPost},

	{GetPricing, http.MethodGet, "/v1/open-platform/post/{id}/pricing", "post",
		"POST_PRICING_RETRIEVE", []string{"PAYMENT_ALL_POSTS_PRICING_READ"}, nil, (*Server).getPricing},
	{PublishPost, http.MethodPost, "/experimental/open-platform/post/{id}/publish", "post",
		"PUBLISH_USER_POST", []string{"SUBMIT_USER_POST"}, paymentBody, (*Server).publishPost},
	{RenewPost, http.MethodPost, "/experimental/open-platform/post/{id}/renew", "post",
		"POST_RENEW", []string{"PAYMENT_ALL_POSTS_RENEW"}, paymentBody, (*Server).renewPost},
	{ReorderPost, http.MethodPost, "/experimental/open-platform/post/{id}/reorder", "post",
		"POST_REORDER", []string{"PAYMENT_ALL_POSTS_REORDER"}, paymentBody, (*Server).reorderPost},
	{GetBalance, http.MethodGet, "/experimental/open-platform/balance", "",
		"BALANCE_RETRIEVE", nil, nil, (*Server).getBalance},
	{GetTransaction, http.MethodGet, "/experimental/open-platform/transactions/{id}", "transaction",
		"TRANSACTION_RETRIEVE", nil, nil, (*Server).getTransaction},
	{ListTransactions, http.MethodGet, "/experimental/open-platform/transactions", "",
		"TRANSACTION_LIST", nil, nil, (*Server).listTransactions},

	{EditPost, http.MethodPut, "/v2/open-platform/post/{id}", "post",
		"EDIT_POST", []string{"EDIT_USER_POST", "POST_EDIT.{id}"}, editBodyV2, (*Server).editPost},
	{EditPostV1, http.MethodPut, "/v1/open-platform/post/{id}", "post",
		"EDIT_POST", []string{"POST_EDIT.{id}"}, editBodyV1, (*Server).editPostV1},
	{DeletePost, http.MethodDelete, "/v1/open-platform/post/{id}", "post",
		"DELETE_USER_POST", []string{"DELETE_USER_POST"}, nil, (*Server).deletePost},
	{GetUserPost, http.MethodGet, "/v1/open-platform/user-post/{id}", "post",
		"GET_USER_POST", []string{"USER_POSTS_GET"}, nil, (*Server).getUserPost},
	{GetUserPosts, http.MethodGet, "/v1/open-platform/finder/user-posts", "",
		"GET_USER_POSTS", []string{"USER_POSTS_GET"}, nil, (*Server).getUserPosts},

	{SetPostButton, http.MethodPost, "/experimental/open-platform/posts/{id}/customized-button", "post",
		"SET_CUSTOMIZED_BUTTON", []string{"USER_SET_CUSTOMIZED_BUTTON"}, buttonBody, (*Server).setPostButton},
	{DeletePostButton, http.MethodDelete, "/experimental/open-platform/posts/{id}/customized-button", "post",
		"SET_CUSTOMIZED_BUTTON", []string{"USER_SET_CUSTOMIZED_BUTTON"}, nil, (*Server).deletePostButton},
	{SetBusinessButton, http.MethodPost, "/experimental/open-platform/business/{id}/customized-button", "business",
		"BUSINESS_CUSTOMIZED_BUTTON_CREATE", []string{"BUSINESS_CREATE_CUSTOMIZED_BUTTON.{id}"}, buttonBody,
		(*Server).setBusinessButton},
	// The deletion has no scope (Kenar OpenAPI).
	{DeleteBusinessButton, http.MethodDelete, "/experimental/open-platform/business/{id}/customized-button", "business",
		"BUSINESS_CUSTOMIZED_BUTTON_CREATE", nil, nil, (*Server).deleteBusinessButton},
}
