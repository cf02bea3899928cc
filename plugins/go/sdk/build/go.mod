module tykpp.dev/plugin/build

go 1.19
