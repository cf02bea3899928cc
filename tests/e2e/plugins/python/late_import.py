value = "found late"
