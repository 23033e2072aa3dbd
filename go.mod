module github.com/keystream-player/keystream

go 1.26

ignore ./web/node_modules

require (
	github.com/Eyevinn/dash-mpd v0.17.0
	github.com/Eyevinn/mp4ff v0.56.0
	github.com/hack-pad/safejs v0.1.0
)

require github.com/barkimedes/go-deepcopy v0.0.0-20220514131651-17c30cfc62df // indirect
