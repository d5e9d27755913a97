-- wrk -t 1 -s requests.lua URL -- TEXTS REQUESTS RATE
-- Sends the lines of the file TEXTS, each "PATH BODY", one after the other: REQUESTS of them, or with 0 until wrk's time is over. RATE
-- is that of the requests, a second; with 0 a connection sends the next as soon as it has its answer. Ends with lines
-- "result NAME NUMBER"; the rate of answers is that up to the last answer with 200.

local ffi = require("ffi")
ffi.cdef("struct timeval { long seconds; long micros; }; int gettimeofday(struct timeval *time, void *zone);")
ffi.cdef("int getpid(); int kill(int process, int signal);")
local INTERRUPT = 2
local clock = ffi.new("struct timeval")

local lines = {}
local sent = 0

-- answers by status, and by the milliseconds that the service itself tells; wrk hands tables over by keys that are strings
statuses = {}
engine = {}

-- when the round began and when its last answer with 200 came, in milliseconds
began, ended = 0, 0
local requests, given, answers = 0, 0, 0

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
  requests = tonumber(args[2])
  began = now()
  local rate = tonumber(args[3])
  if requests > 0 then
    -- called by a connection that has nothing to do: when all are given, it waits until wrk ends
    function delay()
      given = given + 1
      return given > requests and 3600000 or 0
    end
  elseif rate > 0 then
    local gap = 1000 / rate
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
  end
  answers = answers + 1
  if answers == requests then
    -- wrk ends as when somebody presses Ctrl-C
    ffi.C.kill(ffi.C.getpid(), INTERRUPT)
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
  print("result rate " .. (answered > 0 and answered * 1e3 / (one:get("ended") - one:get("began")) or 0))
  print("result answered " .. answered)
  print("result refused " .. (counts["429"] or 0))
  print("result errors " .. others)
  print("result p50 " .. latency:percentile(50) / 1e3)
  -- of those that were answered: no more than a hundredth of them can have taken longer
  print("result p99 " .. latency:percentile(100 - answered / math.max(summary.requests, 1)) / 1e3)
  print("result engine50 " .. median(one:get("engine")))
end
