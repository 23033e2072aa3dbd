module github.com/keystream-player/keystream

go 1.26

ignore ./web/node_modules

require (
	github.com/Eyevinn/mp4ff v0.56.0
	github.com/hack-pad/safejs v0.1.0
)
