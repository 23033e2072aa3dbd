module github.com/keystream-player/keystream

go 1.26

ignore ./web/node_modules

require github.com/hack-pad/safejs v0.1.0
