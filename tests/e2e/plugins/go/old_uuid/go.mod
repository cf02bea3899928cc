module example.com/olduuid

go 1.19

require github.com/google/uuid v1.1.0
