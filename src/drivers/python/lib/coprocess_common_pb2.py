"""Kinds of hooks."""
from _tykpp import StringSlice
from _tykpp_descriptors import HookType

Unknown = HookType.Value("Unknown")
Pre = HookType.Value("Pre")
Post = HookType.Value("Post")
PostKeyAuth = HookType.Value("PostKeyAuth")
CustomKeyCheck = HookType.Value("CustomKeyCheck")
Response = HookType.Value("Response")
