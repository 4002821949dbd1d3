/*
 * All documents are fields of one hash, so that a policy that evicts keys can't remove a single document:
 *
 *   v:<key>  the version
 *   d:<key>  the document, as JSON
 *   t:<key>  when it was put, in ms by the clock of the server
 *   x:<key>  the id of the last deletion, which stays, so that a deletion that is sent again finds itself
 *
 * Each script is one round trip. KEYS[1] is the hash.
 */

const NOW = `local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
`;

/** ARGV: key. Returns version, document, time of the put, time now; `nil` for each that is missing. */
export const GET = `${NOW}
local found = redis.call('HMGET', KEYS[1], 'v:' .. ARGV[1], 'd:' .. ARGV[1], 't:' .. ARGV[1])
return { found[1], found[2], found[3], now }
`;

/**
 * ARGV: key, the version that must be stored (empty: none), the id of this change, the document (empty: delete it).
 * Returns 1 when the change was made, now or by the same command before, and 0 when another version is stored, or half a
 * document.
 */
export const SWAP = `${NOW}
local version, document, put, deleted = 'v:' .. ARGV[1], 'd:' .. ARGV[1], 't:' .. ARGV[1], 'x:' .. ARGV[1]
local found = redis.call('HMGET', KEYS[1], version, deleted)
if found[1] == ARGV[3] or found[2] == ARGV[3] then return 1 end
if found[1] == '' or (found[1] or '') ~= ARGV[2] then return 0 end
if not found[1] and redis.call('HMGET', KEYS[1], document)[1] then return 0 end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[1], version, document, put)
  redis.call('HSET', KEYS[1], deleted, ARGV[3])
else
  redis.call('HSET', KEYS[1], version, ARGV[3], document, ARGV[4], put, now)
end
return 1
`;

const MARK = `local found = redis.call('HMGET', KEYS[1], 'v:' .. ARGV[1], 'd:' .. ARGV[1], 't:' .. ARGV[1])
local mark = redis.sha1hex((found[1] or '') .. ' ' .. (found[2] or ''))
`;

/** ARGV: key. Returns what `GET` returns, and a mark of it: a client shows bytes that are no text as other ones. */
export const LOOK = `${NOW}${MARK}
return { found[1], found[2], found[3], now, mark }
`;

/** ARGV: key, the mark of what is there. Returns 1 when it is gone, and 0 when something else is there by now. */
export const DISCARD = `${MARK}
if not found[1] and not found[2] then return 1 end
if mark ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], 'v:' .. ARGV[1], 'd:' .. ARGV[1], 't:' .. ARGV[1])
return 1
`;

const EACH_KEY = `local prefix = 'v:' .. ARGV[1]
local found = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, #prefix) == prefix then
    local key = string.sub(field, 3)
`;

/** ARGV: prefix. Returns the keys, in any order. */
export const LIST = `${EACH_KEY}
    found[#found + 1] = key
  end
end
return found
`;

/** ARGV: prefix. Returns for each key, in any order: the key, and what `GET` returns. */
export const ENTRIES = `${NOW}${EACH_KEY}
    local stored = redis.call('HMGET', KEYS[1], field, 'd:' .. key, 't:' .. key)
    found[#found + 1] = { key, stored[1], stored[2], stored[3], now }
  end
end
return found
`;
