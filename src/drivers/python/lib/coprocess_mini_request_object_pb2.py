from _tykpp import MiniRequestObject
