from _tykpp import ReturnOverrides
