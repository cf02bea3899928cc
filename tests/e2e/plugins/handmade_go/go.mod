module handmade
go 1.21
