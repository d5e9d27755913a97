-- wrk -t 1 -s requests.lua URL -- TEXTS SKIP [RATE]
-- Sends the lines of the file TEXTS, each "PATH BODY", one after the other. The rate of answers is measured from answer SKIP on, or
-- from the start with 0. RATE is that of the requests, a second; without it a connection sends the next as soon as it has its
-- answer. Ends with lines "result NAME NUMBER".

local ffi = require("ffi")
ffi.cdef("struct timeval { long seconds; long micros; }; int gettimeofday(struct timeval *time, void *zone);")
local clock = ffi.new("struct timeval")

local lines = {}
local sent = 0

-- answers by status, and by the milliseconds that the service itself tells; wrk hands tables over by keys that are strings
statuses = {}
engine = {}

-- when the measured answers began and ended, in milliseconds, and how many they are
skip, skipped, began, ended, measured = 0, 0, 0, 0, 0

local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + tonumber(clock.micros) / 1000
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  for line in io.lines(args[1]) do
    table.insert(lines, line)
  end
  skip = tonumber(args[2])
  began = now()
  if args[3] then
    local gap = 1000 / tonumber(args[3])
    local due = now()
    -- called by a connection that has nothing to do: it gets the next place in a timetable that waits for nobody
    function delay()
      due = math.max(due + gap, now())
      return due - now()
    end
  end
end

function request()
  sent = sent + 1
  local path, body = lines[(sent - 1) % #lines + 1]:match("^(%S+) (.*)$")
  return wrk.format("POST", path, {["Content-Type"] = "application/json"}, body)
end

function response(status, headers)
  local key = tostring(status)
  statuses[key] = (statuses[key] or 0) + 1
  if status == 200 then
    ended = now()
    if skipped < skip then
      skipped = skipped + 1
      began = ended
    else
      measured = measured + 1
    end
  end
  if headers["X-Inference-Time"] then
    key = string.format("%.3f", headers["X-Tokenization-Time"] + headers["X-Inference-Time"])
    engine[key] = (engine[key] or 0) + 1
  end
end

local function median(counts)
  local values, total = {}, 0
  for value, count in pairs(counts) do
    table.insert(values, tonumber(value))
    total = total + count
  end
  table.sort(values)
  local below = 0
  for _, value in ipairs(values) do
    below = below + counts[string.format("%.3f", value)]
    if below >= total / 2 then
      return value
    end
  end
  return 0
end

function done(summary, latency)
  local one = threads[1]
  local counts = one:get("statuses")
  local errors = summary.errors
  local others = errors.connect + errors.read + errors.write + errors.timeout
  for status, count in pairs(counts) do
    if status ~= "200" and status ~= "429" then
      others = others + count
    end
  end
  local answered = counts["200"] or 0
  print("result seconds " .. summary.duration / 1e6)
  -- where too few came, all of them and all the time
  local skip = one:get("skip")
  local span = (one:get("ended") - one:get("began")) / 1e3
  local measured = one:get("measured")
  local rate = measured > 0 and measured >= skip and measured / span or answered / (summary.duration / 1e6)
  print("result rate " .. rate)
  print("result answered " .. answered)
  print("result refused " .. (counts["429"] or 0))
  print("result errors " .. others)
  print("result p50 " .. latency:percentile(50) / 1e3)
  -- of those that were answered: no more than a hundredth of them can have taken longer
  print("result p99 " .. latency:percentile(100 - answered / math.max(summary.requests, 1)) / 1e3)
  print("result engine50 " .. median(one:get("engine")))
end
