module example.com/with/module

go 1.19

require (
	github.com/TykTechnologies/tyk v1.9.2-0.20230330071232-370295d796b5
	github.com/google/uuid v1.3.0
)

replace github.com/TykTechnologies/tyk => ../no/such/folder
