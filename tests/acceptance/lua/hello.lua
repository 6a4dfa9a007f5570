-- What this lua is, and what the build left: judged by the test that runs it.
local function line(name)
  local file <close> = assert(io.open(name))
  return file:read()
end

local long = ("0"):rep(200)
print(("hello %s from %s on %s"):format(arg[1], _VERSION, platform))
print(string.packsize("T") * 8, string.pack("=I2", 1):byte() == 1, 7 // -2, 2^53 + 1 == 2^53)
print((require(long .. "." .. long)))
for _, name in ipairs { "who", "root", "reads", "forks", "shm" } do
  print(line(name .. ".txt"))
end
