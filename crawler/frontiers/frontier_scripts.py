"""What happens in Redis at one stroke, in Lua: the steps of a frontier that several processes share.

Every script gets the run's prefix as its key, then the caller's name and the lease in seconds, and begins alike: where
the run is gone it returns nothing; otherwise the caller's lease is renewed by the server's clock, and what was held by
those whose lease has ended is put back. A name is a host, a process and a random part, without spaces.

| Key | What it is |
|---|---|
| `meta` | hash: `spec`, `version` of the spec, `tries`, `most_known`, `pictures_before`, `crawl` |
| `known` | set: digests of the pages that are known |
| `queue` | list: visits waiting, first to last |
| `taken` | hash: URL to holder and visit |
| `lapsed` | hash: URL to how often its holder died |
| `workers` | sorted set: processes by the end of their lease |
| `starts` | list: where the start redirected to |
| `contents` | hash: content of a page to its URL |
| `tally`, `examples`, `pictures` | what the run came to: hash of numbers, hash of URLs, set of digests |
| `fetching` | hash: URL of a picture to the process that fetches it |
| `orphans` | set: those of `fetching` whose process died |
| `done`, `moved` | hashes: URL to picture (empty: it is none); URL to where it redirects |
"""

from typing import Final

KEYS: Final = (
    *("meta", "known", "queue", "taken", "lapsed", "workers", "starts", "contents"),
    *("tally", "examples", "pictures", "fetching", "orphans", "done", "moved"),
)

# What a run left behind that nobody ended goes after this long.
TTL_SECONDS: Final = 7 * 24 * 3600

_BEGIN = (
    f"local keys, ttl = {{{str(KEYS)[1:-1]}}}, {TTL_SECONDS}"
    + """
local P, me, lease = KEYS[1], ARGV[1], tonumber(ARGV[2])
local call = redis.call
if call('EXISTS', P .. 'meta') == 0 then return false end
local time = call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function each(key)
  local flat, at = call('HGETALL', P .. key), -1
  return function() at = at + 2; return flat[at], flat[at + 1] end
end

local function holder(entry) return string.match(entry, '^(%S+) (.*)$') end

local function release(worker)
  call('ZREM', P .. 'workers', worker)
  for url, entry in each('taken') do
    local who, visit = holder(entry)
    if who == worker then
      call('HDEL', P .. 'taken', url)
      if worker == me or call('HINCRBY', P .. 'lapsed', url, 1) <= 3 then
        call('LPUSH', P .. 'queue', visit)
      else  -- whoever reads it dies
        call('HINCRBY', P .. 'tally', 'error:crashed', 1)
      end
    end
  end
  for url, who in each('fetching') do
    if who == worker then call('SADD', P .. 'orphans', url) end
  end
end

call('ZADD', P .. 'workers', now + lease, me)
for _, worker in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', now)) do release(worker) end

local function number(key, field) return tonumber(call('HGET', P .. key, field) or 0) end

-- What the caller counted since it last said so.
local function add(text)
  local delta = cjson.decode(text)
  for field, count in pairs(delta.counts) do call('HINCRBY', P .. 'tally', field, count) end
  for _, digest in ipairs(delta.pictures) do call('SADD', P .. 'pictures', digest) end
  for name, urls in pairs(delta.examples) do
    local kept = cjson.decode(call('HGET', P .. 'examples', name) or '[]')
    local has = {}
    for _, url in ipairs(kept) do has[url] = true end
    for _, url in ipairs(urls) do
      if #kept < 5 and not has[url] then kept[#kept + 1] = url end
    end
    if #kept > 0 then call('HSET', P .. 'examples', name, cjson.encode(kept)) end
  end
end

local function state(visits)
  for _, name in ipairs(keys) do call('EXPIRE', P .. name, ttl) end
  return {visits, call('LLEN', P .. 'queue') + call('HLEN', P .. 'taken'), number('meta', 'version'),
    call('LLEN', P .. 'starts'), call('ZCARD', P .. 'workers'), call('HGETALL', P .. 'tally'),
    number('meta', 'pictures_before') + call('SCARD', P .. 'pictures'), call('HGETALL', P .. 'examples')}
end

-- Whether one more page may be under way; `share` of one process, so that the first does not take them all.
local function places(most, max_pages)
  local total, mine = 0, 0
  for _, entry in each('taken') do
    total = total + 1
    if holder(entry) == me then mine = mine + 1 end
  end
  local share = math.max(1, math.floor(most / call('ZCARD', P .. 'workers')))
  return math.min(most - total, share - mine, max_pages - number('tally', 'pages') - total)
end
"""
)

# delta, most in flight, max pages, max tries, then the URLs the caller holds; no places wanted: most is 0
TAKE = (
    _BEGIN
    + """
add(ARGV[3])
local held, out = {}, {}
for at = 7, #ARGV do held[ARGV[at]] = true end
for url, entry in each('taken') do
  local who, visit = holder(entry)
  -- Ours, but we know nothing of it: an answer was lost.
  if who == me and not held[url] then out[#out + 1] = visit end
end
for _ = 1, places(tonumber(ARGV[4]), tonumber(ARGV[5])) do
  if number('meta', 'tries') >= tonumber(ARGV[6]) then break end
  local visit = call('LPOP', P .. 'queue')
  if not visit then break end
  call('HINCRBY', P .. 'meta', 'tries', 1)
  call('HSET', P .. 'taken', cjson.decode(visit).url, me .. ' ' .. visit)
  out[#out + 1] = visit
end
return state(out)
"""
)

# delta, URL, visit, "1" where it was not asked for after all
RETURNED = (
    _BEGIN
    + """
add(ARGV[3])
if ARGV[6] == '1' then call('HINCRBY', P .. 'meta', 'tries', -1) end
local entry = call('HGET', P .. 'taken', ARGV[4])
if not entry then
  call('LREM', P .. 'queue', 1, ARGV[5])  -- our lease had ended, and nobody has begun it anew
elseif holder(entry) == me then
  call('HDEL', P .. 'taken', ARGV[4])
end
return state({})
"""
)

# digest, visit or empty, "first" or "last", "1" to queue it even if it is known
OFFER = (
    _BEGIN
    + """
local new = call('SCARD', P .. 'known') < number('meta', 'most_known') and call('SADD', P .. 'known', ARGV[3])
if ARGV[4] ~= '' and (new == 1 or ARGV[6] == '1') then
  call(ARGV[5] == 'first' and 'LPUSH' or 'RPUSH', P .. 'queue', ARGV[4])
end
return new == 1 and 1 or 0
"""
)

# digest, URL, visit, most in flight, max pages
CLAIM = (
    _BEGIN
    + """
if places(tonumber(ARGV[6]), tonumber(ARGV[7])) < 1 then return 0 end
if call('SADD', P .. 'known', ARGV[3]) == 0 then return 0 end
call('HSET', P .. 'taken', ARGV[4], me .. ' ' .. ARGV[5])
return 1
"""
)

# max pages, max tries
FINISHED = (
    _BEGIN
    + """
if call('HLEN', P .. 'taken') > 0 then return 0 end
-- Who cares for an orphan has its page taken, or will.
if call('HLEN', P .. 'fetching') > call('SCARD', P .. 'orphans') then return 0 end
local spent = number('tally', 'pages') >= tonumber(ARGV[3]) or number('meta', 'tries') >= tonumber(ARGV[4])
return (spent or call('LLEN', P .. 'queue') == 0) and 1 or 0
"""
)

# delta, "1" where the run is over
LEAVE = (
    _BEGIN
    + """
add(ARGV[3])
release(me)
local last = state({})
if ARGV[4] == '1' and call('ZCARD', P .. 'workers') == 0 then
  for _, name in ipairs(keys) do call('UNLINK', P .. name) end
end
return last
"""
)

# content hash, URL; the URL that had this content first
TWIN = (
    _BEGIN
    + """
call('HSETNX', P .. 'contents', ARGV[3], ARGV[4])
return call('HGET', P .. 'contents', ARGV[3])
"""
)

# spec
BECOME = (
    _BEGIN
    + """
call('HSET', P .. 'meta', 'spec', ARGV[3])
return call('HINCRBY', P .. 'meta', 'version', 1)
"""
)

# how many starts are known; the spec, and the other starts
NEWS = (
    _BEGIN
    + """
return {call('HGET', P .. 'meta', 'spec'), call('LRANGE', P .. 'starts', ARGV[3], -1)}
"""
)

# where the start redirected to
FOLLOW = (
    _BEGIN
    + """
return call('RPUSH', P .. 'starts', ARGV[3])
"""
)

# URL; a word and what it needs
SHOW = (
    _BEGIN
    + """
local target = call('HGET', P .. 'moved', ARGV[3])
if target then return {'moved', target} end
local image = call('HGET', P .. 'done', ARGV[3])
if image then return {'image', image} end
local who = call('HGET', P .. 'fetching', ARGV[3])
if who and who ~= me and call('SREM', P .. 'orphans', ARGV[3]) == 0 then return {'wait', ''} end
call('HSET', P .. 'fetching', ARGV[3], me)
return {'request', ''}
"""
)

# URL, picture: fetched by the caller, and written
SETTLE = (
    _BEGIN
    + """
call('HSET', P .. 'done', ARGV[3], ARGV[4])
call('HDEL', P .. 'fetching', ARGV[3])
return call('SREM', P .. 'orphans', ARGV[3])
"""
)

# URL, target
MOVE = (
    _BEGIN
    + """
call('HSET', P .. 'moved', ARGV[3], ARGV[4])
call('HDEL', P .. 'fetching', ARGV[3])
return call('SREM', P .. 'orphans', ARGV[3])
"""
)

# URLs; those that nobody is fetching any more
AGAIN = (
    _BEGIN
    + """
local out = {}
for at = 3, #ARGV do
  local fetched = call('HEXISTS', P .. 'fetching', ARGV[at]) == 1
  if not fetched or call('SISMEMBER', P .. 'orphans', ARGV[at]) == 1 then out[#out + 1] = ARGV[at] end
end
return out
"""
)
