from _tykpp import Header, ResponseObject
