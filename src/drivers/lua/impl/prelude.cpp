#include "drivers/lua/impl/prelude.hpp"

namespace tykpp::drivers::lua {

// Chunks see `env`, which stays empty: reading goes to the call's own globals, then to `base`;
// writing goes to the call's own globals, while files are loaded to `base`.
std::string_view preludeSource() noexcept {
  return R"lua(
local real, host, env = ...
local base = {}
local meta = {__metatable = false, __index = base, __newindex = base}
local rawmeta, isLazy, fill = real.debug.getmetatable, host.is_lazy, host.fill
local type, next, pairs, rawget, rawset = real.type, real.next, real.pairs, real.rawget, real.rawset
local error, pcall, tostring, select = real.error, real.pcall, real.tostring, real.select
local setmetatable, getfenv, setfenv = real.setmetatable, real.getfenv, real.setfenv
local loadstring, loadfile, require = real.loadstring, real.loadfile, real.require
local concat = real.table.concat

for _, name in real.ipairs {"_VERSION", "assert", "bit", "error", "getmetatable", "ipairs",
    "math", "module", "pcall", "rawequal", "select", "string", "table", "tonumber", "tostring", "type",
    "unpack", "xpcall", "gcinfo", "package"} do
  base[name] = real[name]
end
base._G = env

-- What the reference hands over as plain tables is filled when somebody looks at all of it.
local function merged()
  local all = {}
  for k, v in pairs(base) do all[k] = v end
  local own = meta.__index
  if own ~= base then for k, v in pairs(own) do all[k] = v end end
  return all
end
local function whole(t)
  if t == env then return merged() end
  if type(t) == "table" and isLazy(t) then fill(t) end
  return t
end
function base.pairs(t) return pairs(whole(t)) end
function base.next(t, k) return next(whole(t), k) end
function base.rawget(t, k)
  if t == env then return env[k] end
  return rawget(whole(t), k)
end
function base.rawset(t, k, v)
  if t == env then env[k] = v return t end
  return rawset(whole(t), k, v)
end
function base.setmetatable(t, m)
  if t ~= env then whole(t) end
  return setmetatable(t, m)
end

-- Environments: the real table of globals is out of reach.
local function visible(t) if t == real then return env end return t end
function base.getfenv(f)
  if f == 0 then return env end
  if f == nil then f = 1 end
  if type(f) == "number" then f = f + 1 end
  local found = getfenv(f)
  return visible(found)
end
function base.setfenv(f, t)
  if f == 0 then error("setfenv(0, …) is not available", 2) end
  if type(f) == "number" then f = f + 1 end
  local changed = setfenv(f, t)
  return changed
end
-- Text alone: bytecode that no compiler made can crash the process.
function base.load(chunk, name, _, own)
  if type(chunk) == "function" then
    local parts = {}
    for piece in chunk do
      if piece == "" then break end
      parts[#parts + 1] = piece
    end
    chunk = concat(parts)
    name = name or "=(load)"
  end
  return loadstring(chunk, name, "t", own)
end
function base.loadstring(chunk, name, _, own) return loadstring(chunk, name, "t", own) end
function base.loadfile(name, _, own)
  if name == nil then return nil, "there is no standard input" end
  return loadfile(name, "t", own)
end
function base.dofile(name)
  local chunk, why = base.loadfile(name)
  if not chunk then error(why, 2) end
  return chunk()
end

function base.print(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  host.log("info", concat(parts, "\t"))
end
function base.collectgarbage(what)
  if what == "count" then return real.collectgarbage("count") end
  return 0
end

-- Each coroutine has a Lua stack of its own, but all run on the one C stack of their call.
local check, resume, wrap = host.check_depth, real.coroutine.resume, real.coroutine.wrap
base.coroutine = real.coroutine
function real.coroutine.resume(...)
  check()
  return resume(...)
end
function real.coroutine.wrap(f)
  local co = wrap(f)
  return function(...)
    check()
    return co(...)
  end
end
-- Without a function to compare nothing could interrupt a long sort.
local sort = real.table.sort
local function less(a, b) return a < b end
function real.table.sort(t, f)
  check()
  return sort(t, f or (type(t) == "table" and #t > 1000 and less or nil))
end

-- Nothing that ends, blocks or reconfigures the process.
local function only(library, ...)
  local kept = {}
  for i = 1, select("#", ...) do
    local name = select(i, ...)
    kept[name] = real[library][name]
  end
  base[library] = kept
  real.package.loaded[library] = kept
end
only("os", "clock", "date", "difftime", "getenv", "remove", "rename", "time", "tmpname")
only("io", "open", "type", "close")
only("debug", "traceback", "getinfo")
local lines = real.io.lines
function base.io.lines(name)
  if name == nil then error("io.lines needs a file name", 2) end
  return lines(name)
end
base.jit = {version = "LuaJIT", status = function() return false end}
real.package.loaded.jit = base.jit
real.package.loaded._G = env
real.package.loadlib = nil

-- Modules are loaded once for all calls: so are the globals that they define.
local wrapCjson
function wrapCjson(m)
  local encode, new = m.encode, m.new
  function m.encode(v) fill() return encode(v) end
  if new then function m.new() return wrapCjson(new()) end end
  return m
end
local function loaded(name, ok, ...)
  host.loading(false)
  if not ok then error((...), 0) end
  if name == "cjson" or name == "cjson.safe" then
    wrapCjson(real.package.loaded[name])
  end
  return ...
end
function base.require(name)
  if real.package.loaded[name] ~= nil then return require(name) end
  host.loading(true)
  return loaded(name, pcall(require, name))
end

-- The reference's table of a call.
setmetatable(base, {__metatable = false, __index = function(_, name)
  if name ~= "object" then return nil end
  local object = host.object()
  if object then env.object = object end
  return object
end})
base.tyk = {req = host.tyk_req, session = {}}

base.tykpp = {
  req = host.req, resp = host.resp, session = host.session, config = host.config,
  log = host.log, exit = host.exit, now = host.now, no_body = host.no_body,
  encode_base64 = host.encode_base64, decode_base64 = host.decode_base64,
  http = {fetch = host.fetch},
  store = {get = host.store_get, set = host.store_set},
}
setmetatable(env, meta)
return base, meta
)lua";
}

}  // namespace tykpp::drivers::lua
