from _tykpp import Event, EventReply, Object
