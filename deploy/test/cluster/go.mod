module github.com/kenar-addons/kenar-addons/deploy/test/cluster

go 1.26.0

replace github.com/kenar-addons/kenar-addons => ../../..

require (
	github.com/google/go-cmp v0.7.0
	github.com/kenar-addons/kenar-addons v0.0.0-00010101000000-000000000000
)

require github.com/google/uuid v1.6.0 // indirect
